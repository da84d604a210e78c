//! Adapters, samplers, collation, the drawn dataset.

use taper_data::{
    Collate, DataLoader, Dataset, DistributedSampler, Error, Image, Result, Rng, Sampler, Synthetic,
    TensorDataset, WeightedRandomSampler,
    transforms::{Compose, Normalize, ToTensor, Transform},
};
use taper_tensor::Tensor;

#[derive(Debug)]
struct Random(usize);

impl Dataset for Random {
    type Sample = (usize, u32);
    fn len(&self) -> usize {
        self.0
    }
    fn get(&self, index: usize, rng: &mut Rng) -> Result<(usize, u32)> {
        self.check(index)?;
        Ok((index, rng.bits()))
    }
}

#[test]
fn adapters() {
    let subset = Random(10).subset([7, 2, 2]).unwrap();
    assert_eq!((subset.len(), subset.at(0).unwrap().0, subset.at(2).unwrap().0), (3, 7, 2));
    assert!(subset.at(3).is_err());
    assert!(Random(10).subset([10]).is_err());

    let parts = Random(10).random_split(&[7, 3], 5).unwrap();
    let mut all: Vec<usize> = parts.iter().flat_map(|part| part.indices().to_vec()).collect();
    assert_ne!(all, (0..10).collect::<Vec<_>>());
    all.sort_unstable();
    assert_eq!((parts[0].len(), all), (7, (0..10).collect()));
    let message = Random(10).random_split(&[7, 4], 5).unwrap_err().to_string();
    assert_eq!(message, "random_split: lengths [7, 4] do not add up to 10 samples");

    let both = Random(3).concat(Random(4));
    assert_eq!((both.len(), both.at(2).unwrap().0, both.at(3).unwrap().0), (7, 2, 0));
    assert_eq!(both.at(7).unwrap_err().to_string(), "dataset: index 7 is out of range, there are 7 samples");

    let doubled =
        Random(4).map(|(index, _)| if index < 3 { Ok(2 * index) } else { Err(Error::other("three")) });
    assert_eq!((doubled.at(2).unwrap(), doubled.at(3).unwrap_err().to_string()), (4, "three".to_string()));
}

#[test]
fn a_cache_keeps_what_was_first_computed() {
    let cache = Random(5).cache();
    let first = cache.get(3, &mut Rng::for_sample(1, 1, 3)).unwrap();
    assert_eq!(cache.get(3, &mut Rng::for_sample(2, 9, 3)).unwrap(), first);
    assert_eq!(first, Random(5).at(3).unwrap());
    assert!(cache.at(5).is_err());
}

#[test]
fn tensor_datasets() {
    let inputs = Tensor::from_vec((0..12).map(|x| x as f32).collect::<Vec<_>>(), [4, 3]).unwrap();
    let targets = Tensor::from_vec(vec![0f32, 1.0, 2.0, 3.0], 4).unwrap();
    let dataset = TensorDataset::new(inputs.clone(), targets).unwrap();
    let loader = DataLoader::builder(dataset).batch_size(3).build().unwrap();
    let (x, y) = loader.iter().nth(1).unwrap().unwrap();
    assert_eq!((x.size(), x.to_vec::<f32>().unwrap()), (&[1, 3][..], vec![9.0, 10.0, 11.0]));
    assert_eq!((y.size(), y.to_vec::<f32>().unwrap()), (&[1][..], vec![3.0]));
    let message =
        TensorDataset::new(inputs, Tensor::from_vec(vec![1f32], 1).unwrap()).unwrap_err().to_string();
    assert!(message.contains("[4, 3] and targets [1]"), "{message}");
}

#[test]
fn distributed_samplers_share_the_samples() {
    for (samples, drop_last, each) in
        [(10, false, 4), (10, true, 3), (9, false, 3), (1, false, 1), (0, false, 0)]
    {
        let order = |rank, epoch| {
            let sampler =
                DistributedSampler::builder(samples, rank, 3).seed(4).drop_last(drop_last).build().unwrap();
            assert_eq!(sampler.len(), each);
            let order = sampler.order(epoch, &mut Rng::new(rank as u64, epoch));
            assert_eq!(order.len(), each);
            order
        };
        let mut all: Vec<usize> = (0..3).flat_map(|rank| order(rank, 0)).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), if drop_last { 9 } else { samples });
        if samples > 5 {
            assert_ne!(order(0, 0), order(0, 1));
        }
    }
    assert!(DistributedSampler::new(10, 3, 3).is_err());
}

#[test]
fn weighted_samplers() {
    let weights = [1.0, 0.0, 2.0, 4.0];
    let sampler = WeightedRandomSampler::builder(&weights, 3).replacement(false).build().unwrap();
    for epoch in 0..20 {
        let mut order = sampler.order(epoch, &mut Rng::new(1, epoch));
        order.sort_unstable();
        assert_eq!(order, [0, 2, 3]);
    }
    assert!(WeightedRandomSampler::builder(&weights, 4).replacement(false).build().is_err());
    assert!(WeightedRandomSampler::new(&[1.0, -1.0], 1).is_err());
    assert!(WeightedRandomSampler::new(&[1.0, f64::NAN], 1).is_err());
    assert!(WeightedRandomSampler::new(&[], 1).is_err());
}

fn batch<S: Collate>(samples: Vec<S>) -> Result<S::Batch> {
    let mut stack = samples[0].stack(samples.len());
    samples.into_iter().try_for_each(|sample| sample.stack_onto(&mut stack))?;
    S::finish(stack)
}

#[test]
fn collation() {
    let (numbers, (arrays, names)) =
        batch(vec![(1i64, ([0.5f32, 1.5], "a".to_string())), (2, ([2.5, 3.5], "b".to_string()))]).unwrap();
    assert_eq!((numbers.size(), numbers.to_vec::<i64>().unwrap()), (&[2][..], vec![1, 2]));
    assert_eq!((arrays.size(), arrays.to_vec::<f32>().unwrap()), (&[2, 2][..], vec![0.5, 1.5, 2.5, 3.5]));
    assert_eq!(names, ["a", "b"]);
    let vectors = batch(vec![vec![1u8, 2, 3], vec![4, 5, 6]]).unwrap();
    assert_eq!((vectors.size(), vectors.to_vec::<u8>().unwrap()), (&[2, 3][..], vec![1, 2, 3, 4, 5, 6]));
    assert!(
        batch(vec![vec![1.0f64], vec![]]).unwrap_err().to_string().contains("shape [0] among others of [1]")
    );
    let bytes = Image::new([1, 1, 2], vec![1, 2]).unwrap();
    let images = batch(vec![bytes.clone(), bytes.clone()]).unwrap();
    assert_eq!((images.size(), images.to_vec::<u8>().unwrap()), (&[2, 1, 1, 2][..], vec![1, 2, 1, 2]));
    let mixed = batch(vec![Image::from_floats([1, 1, 2], vec![0.5, 1.0]).unwrap(), bytes]);
    assert_eq!(mixed.unwrap_err().to_string(), "collate: a picture of u8 among pictures of f32");
}

#[test]
fn normalising_now_or_later_is_the_same() {
    let bytes = Image::new([2, 1, 3], vec![0, 10, 255, 3, 77, 128]).unwrap();
    let transform = Compose::new((ToTensor, Normalize::new([0.4914, 0.3], [0.2023, 0.7]).unwrap()));
    let rng = &mut Rng::new(0, 0);
    let later = transform.apply(bytes.clone(), rng).unwrap();
    let now =
        Image::from_floats([2, 1, 3], ToTensor.apply(bytes.clone(), rng).unwrap().into_floats()).unwrap();
    let now = Normalize::new([0.4914, 0.3], [0.2023, 0.7]).unwrap().apply(now, rng).unwrap();
    let floats = now.clone().into_floats();
    assert_eq!(later.clone().into_floats(), floats);
    assert_eq!(floats[1], (10.0f32 / 255.0 - 0.4914) / 0.2023);
    assert_eq!((later.pixel(1, 0, 1), now.pixel(1, 0, 1)), (floats[4], floats[4]));
    // A second normalisation works on the first one's result.
    let twice = Normalize::new([1.0; 2], [2.0; 2]).unwrap().apply(later, rng).unwrap().into_floats();
    assert_eq!(twice[5], (floats[5] - 1.0) / 2.0);

    let message = |image: &Image, normalize: Normalize| {
        normalize.apply(image.clone(), &mut Rng::new(0, 0)).unwrap_err()
    };
    assert!(
        message(&bytes, Normalize::new([0.5; 2], [0.5; 2]).unwrap())
            .to_string()
            .contains("put ToTensor before it")
    );
    assert!(
        message(&now, Normalize::new([0.5; 3], [0.5; 3]).unwrap())
            .to_string()
            .contains("the picture has 2 channels, expected 3")
    );
}

#[test]
fn drawn_pictures_are_the_same_each_time_and_differ_from_each_other() {
    let (train, test) = (Synthetic::train(40), Synthetic::test(40));
    let bytes = |dataset: &Synthetic, index| dataset.at(index).unwrap().0.bytes().unwrap().to_vec();
    assert_eq!(bytes(&train, 17), bytes(&Synthetic::train(18), 17));
    assert_ne!(bytes(&train, 17), bytes(&train, 27));
    assert_ne!(bytes(&train, 17), bytes(&test, 17));
    assert_eq!((train.at(17).unwrap().1, train.labels()[17]), (7, 7));
    assert!(train.at(40).is_err());
    for index in 0..40 {
        // Something is to be seen on each.
        let pixels = bytes(&train, index);
        let spread = (0..3).map(|c| {
            let plane = &pixels[c * 1024..(c + 1) * 1024];
            plane.iter().max().unwrap() - plane.iter().min().unwrap()
        });
        assert!(spread.max().unwrap() > 60, "{index}");
    }
}
