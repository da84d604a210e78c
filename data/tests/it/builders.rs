//! Options that builders refuse, and types that can be sent to threads.

use taper_data::{transforms::*, *};

fn said<T>(made: Result<T>) -> String {
    made.map(drop).unwrap_err().to_string()
}

#[test]
fn build_refuses_what_no_picture_fits() {
    let cases = [
        (
            said(Normalize::new([0.5; 2], [0.5, 0.0])),
            "normalize: std has an element 0, expected finite numbers other than 0",
        ),
        (said(Resize::new((0, 4))), "resize: size is Exact(0, 4), expected at least 1"),
        (said(CenterCrop::new(0)), "center_crop: size is (0, 0), expected at least 1 in each direction"),
        (said(RandomCrop::new((0, 4))), "random_crop: size is (0, 4), expected at least 1 in each direction"),
        (
            said(RandomResizedCrop::builder(4).scale((0.5, 0.1)).build()),
            "random_resized_crop: scale is [0.5, 0.1], expected the smaller number first",
        ),
        (
            said(Grayscale::builder().num_output_channels(2).build()),
            "grayscale: num_output_channels is 2, expected 1 or 3",
        ),
        (
            said(RandomHorizontalFlip::builder().p(1.5).build()),
            "random_horizontal_flip: p is 1.5, expected a number from 0 to 1",
        ),
        (
            said(ColorJitter::builder().hue(0.6).build()),
            "color_jitter: hue is 0.6, expected a number from 0 to 0.5",
        ),
        (
            said(ColorJitter::builder().contrast(-1.0).build()),
            "color_jitter: contrast is -1, expected a finite number, at least 0",
        ),
        (
            said(RandomRotation::new((9.0, -9.0))),
            "random_rotation: degrees is [9.0, -9.0], expected the smaller number first",
        ),
        (
            said(RandomAffine::builder(9.0).translate((2.0, 0.0)).build()),
            "random_affine: translate is 2, expected a number from 0 to 1",
        ),
        (
            said(RandAugment::builder().magnitude(31).build()),
            "rand_augment: magnitude is 31, expected a number from 0 to 30",
        ),
        (said(RandomApply::new(ToTensor, f32::NAN)), "random_apply: p is NaN, expected a number from 0 to 1"),
        (said(RandomChoice::new(vec![])), "random_choice: got no transforms, expected at least 1"),
        (said(Mixup::new(0)), "mixup: num_classes is 0, expected at least 1"),
        (said(CutMix::builder(3).alpha(0.0).build()), "cutmix: alpha is 0, expected a finite number above 0"),
        (
            said(WeightedRandomSampler::builder(&[0.0, 1.0], 2).replacement(false).build()),
            "weighted_random_sampler: num_samples is 2, expected at most 1, the number of weights above 0",
        ),
        (
            said(DistributedSampler::new(9, 3, 3)),
            "distributed_sampler: rank is 3, expected less than processes 3",
        ),
        (
            said(DataLoader::builder(Synthetic::train(9)).batch_size(0).build()),
            "data_loader: batch_size is 0, expected at least 1",
        ),
    ];
    for (got, expected) in cases {
        assert_eq!(got, expected);
    }
}

#[test]
fn sides_and_degrees_are_one_number_or_several() {
    assert_eq!(Sides::from((1, 2)), Sides::from([1, 2, 1, 2]));
    assert_eq!(Sides::from(3), Sides::from([3; 4]));
    assert_eq!(Degrees::from(9.0), Degrees::from((-9.0, 9.0)));
}

fn shared<T: Send + Sync + ?Sized>() {}

#[test]
fn threads_can_share_samplers_and_transforms() {
    shared::<Box<dyn Sampler>>();
    shared::<Box<dyn BatchSampler>>();
    shared::<Box<dyn Transform>>();
    shared::<DataLoader<Synthetic>>();
    shared::<RandomChoice>();
    shared::<Error>();
}

/// With everything imported, the standard library's methods are still the ones that are called.
#[test]
fn traits_shadow_no_method_of_the_standard_library() {
    let mut list = vec![3, 1, 2];
    list.push(4);
    list.sort();
    list.extend([5].iter().map(|x| x + 1));
    assert_eq!((list.iter().copied().max(), list.len(), list.is_empty()), (Some(6), 5, false));
    let mut bytes = vec![0u8];
    bytes.push(1);
    let mut text = String::from("a");
    text.push('b');
    let parts = Some(1).filter(|&x| x > 0).map(|x| x + 1);
    assert_eq!((bytes.len(), text.chars().count(), parts), (2, 2, Some(2)));
}
