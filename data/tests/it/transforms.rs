//! The random choices of transforms, and the arguments that they refuse. The golden cases test their results.

use proptest::prelude::*;
use taper_data::{
    Dataset, Image, Result, Rng, Synthetic,
    transforms::{
        CenterCrop, ColorJitter, Compose, CutMix, Erase, Interpolation, Mixup, Normalize, Pad, PadMode,
        RandAugment, RandomAffine, RandomApply, RandomChoice, RandomCrop, RandomErasing, RandomGrayscale,
        RandomHorizontalFlip, RandomResizedCrop, RandomRotation, RandomVerticalFlip, Resize, ResizeOptions,
        ToTensor, Transform, TrivialAugmentWide,
    },
};
use taper_tensor::Tensor;

/// A picture whose value at row `y`, column `x` of channel `c` is `100 c + 10 y + x`.
fn numbered(channels: usize, height: usize, width: usize) -> Image {
    let value = |at: usize| (100 * (at / (height * width)) + 10 * (at / width % height) + at % width) as u8;
    Image::new([channels, height, width], (0..channels * height * width).map(value).collect()).unwrap()
}

fn rng(index: u64) -> Rng {
    Rng::for_sample(1, 2, index)
}

fn message(result: Result<Image>) -> String {
    result.unwrap_err().to_string()
}

#[test]
fn random_crops_visit_every_place_and_no_other() {
    let mut corners = std::collections::BTreeSet::new();
    for index in 0..500 {
        let image = RandomCrop::builder((2, 3))
            .padding(1)
            .fill(99.0)
            .build()
            .unwrap()
            .apply(numbered(1, 4, 5), &mut rng(index))
            .unwrap();
        assert_eq!(image.size(), [1, 2, 3]);
        // Of the six pixels those within tell where the crop lies.
        let place = (0..6).find_map(|at| {
            let value = image.pixel(0, at / 3, at % 3) as i64;
            (value != 99).then(|| (value / 10 - at as i64 / 3, value % 10 - at as i64 % 3))
        });
        let (top, left) = place.unwrap();
        for at in 0..6 {
            let (y, x) = (top + at / 3, left + at % 3);
            let expected = if (0..4).contains(&y) && (0..5).contains(&x) { 10 * y + x } else { 99 };
            assert_eq!(image.pixel(0, at as usize / 3, at as usize % 3), expected as f32);
        }
        corners.insert((top, left));
    }
    assert_eq!(corners.len(), 5 * 5);
    assert_eq!((corners.first(), corners.last()), (Some(&(-1, -1)), Some(&(3, 3))));
    // With a mirror in the place of a fill value.
    let crop = RandomCrop::builder(8).padding(2).padding_mode(PadMode::Reflect).build().unwrap();
    assert_eq!(crop.apply(numbered(1, 4, 4), &mut rng(0)).unwrap().size(), [1, 8, 8]);
    let crop = RandomCrop::builder(9).pad_if_needed(true).build().unwrap();
    assert_eq!(crop.apply(numbered(3, 4, 6), &mut rng(0)).unwrap().size(), [3, 9, 9]);
    let text =
        message(RandomCrop::builder(9).padding(1).build().unwrap().apply(numbered(3, 4, 4), &mut rng(0)));
    assert_eq!(text, "random_crop: cannot cut 9x9 out of 6x6");
}

#[test]
fn probabilities() {
    let share = |transform: &dyn Transform| {
        let changed = |&index: &u64| {
            let image = transform.apply(numbered(3, 3, 4), &mut rng(index)).unwrap();
            image.into_floats() != numbered(3, 3, 4).into_floats()
        };
        (0..2_000).filter(changed).count() as f64 / 2_000.0
    };
    let flip = |p: f32| RandomHorizontalFlip::builder().p(p).build().unwrap();
    let vertical = |p: f32| RandomVerticalFlip::builder().p(p).build().unwrap();
    assert_eq!((share(&flip(0.0)), share(&flip(1.0))), (0.0, 1.0));
    assert!((share(&RandomHorizontalFlip::new()) - 0.5).abs() < 0.04);
    assert!((share(&vertical(0.2)) - 0.2).abs() < 0.04);
    assert!((share(&RandomGrayscale::builder().p(0.3).build().unwrap()) - 0.3).abs() < 0.04);
    let both = RandomApply::new((flip(1.0), vertical(1.0)), 0.7).unwrap();
    assert!((share(&both) - 0.7).abs() < 0.04);
    let choice = RandomChoice::new(vec![Box::new(flip(1.0)), Box::new(flip(0.0))]).unwrap();
    assert!((share(&choice) - 0.5).abs() < 0.04);
}

#[test]
fn resized_crops_have_the_areas_and_proportions_asked_for() {
    // On a picture whose values are its columns, the range of values tells the width of the part.
    let wide = Image::new([1, 100, 100], (0..10_000).map(|at| (at % 100) as u8).collect()).unwrap();
    let crop = RandomResizedCrop::builder(20)
        .scale((0.25, 0.25))
        .ratio((1.0, 1.0))
        .interpolation(Interpolation::Nearest)
        .build()
        .unwrap();
    let mut lefts = Vec::new();
    for index in 0..200 {
        let part = crop.apply(wide.clone(), &mut rng(index)).unwrap();
        assert_eq!(part.size(), [1, 20, 20]);
        let (left, right) = (part.pixel(0, 0, 0), part.pixel(0, 0, 19));
        assert!((46.0..50.0).contains(&(right - left)), "{left} to {right}");
        lefts.push(left as i64);
    }
    assert!(*lefts.iter().min().unwrap() < 5 && *lefts.iter().max().unwrap() > 45);
    // Where nothing fits, the middle.
    let thin = RandomResizedCrop::new(4).unwrap().apply(numbered(1, 1, 9), &mut rng(0)).unwrap();
    assert_eq!(thin.size(), [1, 4, 4]);
}

#[test]
fn erasing_erases_a_rectangle() {
    let erasing = RandomErasing::builder().p(1.0).scale((0.1, 0.3)).ratio((0.5, 2.0)).build().unwrap();
    let image = Image::from_floats([3, 20, 20], vec![1.0; 1200]).unwrap();
    for index in 0..100 {
        let erased = erasing.apply(image.clone(), &mut rng(index)).unwrap();
        let gone: Vec<(usize, usize)> =
            (0..400).map(|at| (at / 20, at % 20)).filter(|&(y, x)| erased.pixel(1, y, x) == 0.0).collect();
        let ends = |f: fn(&(usize, usize)) -> usize| {
            (gone.iter().map(f).min().unwrap(), gone.iter().map(f).max().unwrap())
        };
        let ((top, bottom), (left, right)) = (ends(|p| p.0), ends(|p| p.1));
        assert_eq!(gone.len(), (bottom - top + 1) * (right - left + 1));
        assert!((30..=135).contains(&gone.len()), "{}", gone.len());
    }
    let erasing = RandomErasing::builder().p(1.0).scale((0.1, 0.3)).ratio((0.5, 2.0));
    let noise = erasing
        .value(Erase::Random)
        .build()
        .unwrap()
        .apply(image.clone(), &mut rng(0))
        .unwrap()
        .into_floats();
    assert!(noise.iter().filter(|&&x| x != 1.0).count() > 90);
    assert!(
        message(image.erase([15, 0, 6, 1], Erase::Value(0.0), &mut rng(0)))
            .contains("leaves the picture of 20x20")
    );
}

#[test]
fn padding_a_normalised_picture_fills_with_the_value_itself() {
    let transform = Compose::new((ToTensor, Normalize::new([0.5], [0.5]).unwrap(), Pad::new(1)));
    let image = transform.apply(Image::new([1, 1, 1], vec![255]).unwrap(), &mut rng(0)).unwrap();
    assert_eq!(image.into_floats(), [0.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
    // What only moves pixels leaves the normalisation for later, and is the same.
    let late = Compose::new((
        ToTensor,
        Normalize::new([0.3; 3], [0.2; 3]).unwrap(),
        RandomHorizontalFlip::builder().p(1.0).build().unwrap(),
        CenterCrop::new(2).unwrap(),
    ));
    let early = Compose::new((
        RandomHorizontalFlip::builder().p(1.0).build().unwrap(),
        CenterCrop::new(2).unwrap(),
        ToTensor,
        Normalize::new([0.3; 3], [0.2; 3]).unwrap(),
    ));
    let [late, early] =
        [&late as &dyn Transform, &early].map(|t| t.apply(numbered(3, 4, 5), &mut rng(0)).unwrap());
    assert_eq!(late.into_floats(), early.into_floats());
}

#[test]
fn what_transforms_refuse() {
    let image = || numbered(2, 3, 4);
    assert_eq!(message(image().crop(0, 0, 0, 4)), "crop: size is 0x4, expected at least 1 in each direction");
    assert!(message(image().pad([4, 0, 0, 0], 0.0, PadMode::Reflect)).contains("at most 3"));
    assert!(message(image().grayscale(1)).contains("the picture has 2 channels, expected 1 or 3"));
    assert!(message(numbered(3, 2, 2).grayscale(2)).contains("channels is 2, expected 1 or 3"));
    assert!(message(image().adjust_contrast(1.0)).contains("adjust_contrast"));
    assert!(
        message(numbered(3, 2, 2).adjust_hue(0.6))
            .contains("factor is 0.6, expected a number from -0.5 to 0.5")
    );
    assert!(message(image().posterize(9)).contains("bits is 9, expected 0 to 8"));
    let floats = ToTensor.apply(image(), &mut rng(0)).unwrap();
    assert!(message(floats.equalize()).contains("put it before ToTensor"));
    let options = ResizeOptions::default();
    assert!(message(image().resize(0, 4, options)).contains("size is 0x4 from 3x4, expected from 1 to"));
    assert!(
        message(Image::new([3, 2, 2], vec![0; 11]))
            .contains("got 11 values, expected as many as [channels, height, width] = [3, 2, 2] has")
    );
    assert!(message(Image::new([usize::MAX, 2, 2], vec![])).contains("got 0 values"));
}

#[test]
fn mixing_batches() {
    let inputs =
        Tensor::from_vec((0..4 * 2 * 6 * 6).map(|i| (i / 72) as f32).collect::<Vec<_>>(), [4, 2, 6, 6])
            .unwrap();
    let labels = Tensor::from_vec(vec![0i64, 1, 2, 3], 4).unwrap();
    let mut shares = Vec::new();
    for index in 0..300 {
        let (mixed, targets) =
            Mixup::builder(5).alpha(0.4).build().unwrap().apply(&inputs, &labels, &mut rng(index)).unwrap();
        let (mixed, targets): (Vec<f32>, Vec<f32>) = (mixed.to_vec().unwrap(), targets.to_vec().unwrap());
        let lambda = targets[5 + 1];
        assert!((targets[5] + lambda - 1.0).abs() < 1e-6 && (mixed[72] - lambda).abs() < 1e-6);
        shares.push(lambda);

        let (cut, targets) = CutMix::new(5).unwrap().apply(&inputs, &labels, &mut rng(index)).unwrap();
        let (cut, targets): (Vec<f32>, Vec<f32>) = (cut.to_vec().unwrap(), targets.to_vec().unwrap());
        let stayed = cut[72..144].iter().filter(|&&x| x == 1.0).count() as f32 / 72.0;
        assert!(cut[72..144].iter().all(|&x| x == 1.0 || x == 0.0));
        assert!((targets[5 + 1] - stayed).abs() < 1e-6, "{stayed}");
    }
    // Beta(0.4, 0.4): mean 1/2, variance 1 / (4 (2 * 0.4 + 1)).
    let mean = shares.iter().sum::<f32>() / 300.0;
    let variance = shares.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / 300.0;
    assert!((mean - 0.5).abs() < 0.07 && (variance - 0.139).abs() < 0.03, "{mean} {variance}");
    let refused = |inputs: &Tensor, labels: &Tensor, classes| {
        Mixup::new(classes).unwrap().apply(inputs, labels, &mut rng(0)).unwrap_err().to_string()
    };
    assert!(refused(&inputs, &labels, 3).contains("label is 3, expected 0 to 2"));
    assert!(refused(&inputs, &Tensor::from_vec(vec![0i64; 3], 3).unwrap(), 3).contains("labels [3] of"));
}

/// Every random transform, on whatever picture.
fn all(which: usize) -> Box<dyn Transform> {
    match which {
        0 => Box::new(RandAugment::new()),
        1 => Box::new(TrivialAugmentWide),
        2 => Box::new(
            ColorJitter::builder().brightness(0.8).contrast(0.8).saturation(0.8).hue(0.5).build().unwrap(),
        ),
        3 => Box::new(
            RandomAffine::builder(180.0)
                .translate((0.5, 0.5))
                .scale((0.3, 3.0))
                .shear([-30.0, 30.0, -30.0, 30.0])
                .build()
                .unwrap(),
        ),
        4 => Box::new(
            RandomRotation::builder(180.0)
                .expand(true)
                .interpolation(Interpolation::Bilinear)
                .build()
                .unwrap(),
        ),
        5 => Box::new(
            RandomResizedCrop::builder((5, 7)).interpolation(Interpolation::Bicubic).build().unwrap(),
        ),
        6 => Box::new(RandomErasing::builder().p(1.0).value(Erase::Random).build().unwrap()),
        7 => Box::new(Compose::new((
            RandomCrop::builder(6).pad_if_needed(true).build().unwrap(),
            RandomVerticalFlip::new(),
        ))),
        _ => Box::new(Compose::new((
            Resize::new(4).unwrap(),
            CenterCrop::new((3, 9)).unwrap(),
            Pad::builder(1).padding_mode(PadMode::Symmetric).build().unwrap(),
        ))),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_transform_panics_and_each_depends_on_its_generator_alone(
        (which, channels, height, width) in (0..9usize, 0..2usize, 1..12usize, 1..12usize),
        index in 0..1000u64,
    ) {
        let channels = [1, 3][channels];
        let run = || {
            let image = numbered(channels, height, width);
            all(which).apply(image, &mut rng(index)).map(|image| (image.size(), image.into_floats())).map_err(|e| e.to_string())
        };
        let first = run();
        if let Ok((size, values)) = &first {
            prop_assert_eq!(size.iter().product::<usize>(), values.len());
            prop_assert!(which == 6 || values.iter().all(|x| (0.0..=255.0).contains(x)));
        }
        prop_assert_eq!(first, run());
    }
}

#[test]
fn augmented_pictures_differ_from_epoch_to_epoch() {
    let image = || Synthetic::train(1).at(0).unwrap().0;
    let augment = |epoch| RandAugment::new().apply(image(), &mut Rng::for_sample(0, epoch, 0)).unwrap();
    let pictures: std::collections::HashSet<Vec<u8>> =
        (0..50).map(|epoch| augment(epoch).bytes().unwrap().to_vec()).collect();
    assert!(pictures.len() > 40, "{}", pictures.len());
}
