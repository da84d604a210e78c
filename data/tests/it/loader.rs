//! The loader: the same batches with any number of workers, errors that name their sample, states.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use taper_data::{
    BatchSampler, DataLoader, Dataset, Error, Image, LoaderState, Result, Rng, Synthetic,
    transforms::{Compose, Lambda, Normalize, ToTensor},
};

/// A sample is its index and something random, so that each seed, epoch and index can be told.
struct Numbers(usize);

impl Dataset for Numbers {
    type Sample = (i64, f32);
    fn len(&self) -> usize {
        self.0
    }
    fn get(&self, index: usize, rng: &mut Rng) -> Result<(i64, f32)> {
        self.check(index)?;
        Ok((index as i64, rng.uniform()))
    }
}

type Epoch = Vec<(Vec<i64>, Vec<f32>)>;

fn collect(batches: impl Iterator<Item = Result<(taper_tensor::Tensor, taper_tensor::Tensor)>>) -> Epoch {
    batches
        .map(|batch| {
            let (a, b) = batch.unwrap();
            (a.to_vec().unwrap(), b.to_vec().unwrap())
        })
        .collect()
}

#[test]
fn same_batches_with_any_number_of_workers() {
    let epochs = |workers: usize| -> Vec<Epoch> {
        let loader = DataLoader::builder(Numbers(103)).batch_size(4).shuffle(true).num_workers(workers);
        let loader = loader.seed(9).build().unwrap();
        (0..3).map(|_| collect(loader.iter())).collect()
    };
    let expected = epochs(0);
    assert_eq!(expected[0].len(), 26);
    assert_eq!(expected[0][25].0.len(), 3);
    assert_ne!(expected[0], expected[1]);
    for epoch in &expected {
        let mut all: Vec<i64> = epoch.iter().flat_map(|(indices, _)| indices.clone()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..103).collect::<Vec<_>>());
    }
    for workers in [1, 2, 7] {
        assert_eq!(epochs(workers), expected, "{workers} workers");
    }
}

#[test]
fn a_sample_depends_on_seed_epoch_and_index_only() {
    let draw = |seed: u64, size: usize, shuffle: bool| {
        let loader =
            DataLoader::builder(Numbers(50)).batch_size(size).shuffle(shuffle).seed(seed).build().unwrap();
        let mut all: Vec<_> =
            collect(loader.iter()).into_iter().flat_map(|(a, b)| a.into_iter().zip(b)).collect();
        all.sort_by_key(|&(index, _)| index);
        all
    };
    assert_eq!(draw(1, 4, true), draw(1, 7, false));
    assert_ne!(draw(1, 4, true), draw(2, 4, true));
}

#[test]
fn resumes_in_the_middle_of_an_epoch() {
    for workers in [0, 2] {
        let make = || {
            DataLoader::builder(Numbers(40))
                .batch_size(4)
                .shuffle(true)
                .num_workers(workers)
                .seed(3)
                .build()
                .unwrap()
        };
        let loader = make();
        let first = collect(loader.iter());
        assert_eq!(loader.state(), LoaderState { seed: 3, epoch: 1, position: 0 });
        let mut second = loader.iter();
        let mut seen = collect(second.by_ref().take(4));
        let state = loader.state();
        assert_eq!(state, LoaderState { seed: 3, epoch: 1, position: 4 });
        let rest = collect(second);
        let third = collect(loader.iter());

        let json = serde_json::to_string(&state).unwrap();
        let other = DataLoader::builder(Numbers(40))
            .batch_size(4)
            .shuffle(true)
            .num_workers(5)
            .seed(77)
            .build()
            .unwrap();
        other.resume(serde_json::from_str(&json).unwrap()).unwrap();
        assert_eq!(other.iter().len(), 6);
        other.resume(state).unwrap();
        assert_eq!(collect(other.iter()), rest);
        assert_eq!(collect(other.iter()), third);
        other.set_epoch(0);
        assert_eq!(collect(other.iter()), first);
        seen.extend(rest);
        assert_eq!(collect(other.iter()), seen);

        let beyond = LoaderState { seed: 3, epoch: 0, position: 11 };
        let message = other.resume(beyond).unwrap_err().to_string();
        assert!(message.contains("the state is at batch 11, an epoch has 10"), "{message}");
    }
}

#[test]
fn drop_last_and_lengths() {
    let count = |samples, size, drop_last| {
        let loader =
            DataLoader::builder(Numbers(samples)).batch_size(size).drop_last(drop_last).build().unwrap();
        assert_eq!(loader.len(), loader.iter().count());
        assert_eq!(loader.iter().len(), loader.len());
        loader.len()
    };
    assert_eq!(
        (count(10, 4, false), count(10, 4, true), count(3, 4, true), count(0, 4, false)),
        (3, 2, 0, 0)
    );
}

#[test]
fn settings_that_make_no_sense() {
    let message = |built: Result<DataLoader<Numbers>>| built.err().expect("an error").to_string();
    let new = || DataLoader::builder(Numbers(10));
    assert_eq!(message(new().batch_size(0).build()), "data_loader: batch_size is 0, expected at least 1");
    assert_eq!(
        message(new().prefetch_factor(0).build()),
        "data_loader: prefetch_factor is 0, expected at least 1"
    );
    let both = new().shuffle(true).sampler(taper_data::SequentialSampler::new(10)).build();
    assert!(message(both).contains("shuffle is true, expected false with a sampler"));
    assert!(
        message(new().batch_size(2).batch_sampler(Pairs).build())
            .contains("expected neither batch_size, shuffle")
    );
}

struct Pairs;

impl BatchSampler for Pairs {
    fn batches(&self, _epoch: u64, _rng: &mut Rng) -> Vec<Vec<usize>> {
        vec![vec![5, 5], vec![0]]
    }
    fn len(&self) -> usize {
        2
    }
}

#[test]
fn batch_samplers_choose_the_batches() {
    let loader = DataLoader::builder(Numbers(10)).batch_sampler(Pairs).num_workers(2).build().unwrap();
    let indices: Vec<_> = collect(loader.iter()).into_iter().map(|(indices, _)| indices).collect();
    assert_eq!(indices, [vec![5, 5], vec![0]]);
}

/// Fails at one index, in one of several ways.
struct Faulty(fn() -> Result<(i64, f32)>);

impl Dataset for Faulty {
    type Sample = (i64, f32);
    fn len(&self) -> usize {
        64
    }
    fn get(&self, index: usize, _rng: &mut Rng) -> Result<(i64, f32)> {
        if index == 21 { self.0() } else { Ok((index as i64, 0.0)) }
    }
}

#[test]
fn an_error_or_panic_names_its_sample_and_ends_the_epoch() {
    type Fault = (fn() -> Result<(i64, f32)>, &'static str);
    let faults: [Fault; 2] = [
        (|| Err(Error::other("no such picture")), "sample 21: no such picture"),
        (|| panic!("index {} of a list", 7), "sample 21: panicked: index 7 of a list"),
    ];
    for workers in [0, 1, 3] {
        for (fault, message) in faults {
            let loader =
                DataLoader::builder(Faulty(fault)).batch_size(4).num_workers(workers).build().unwrap();
            let mut batches = loader.iter();
            for _ in 0..5 {
                batches.next().unwrap().unwrap();
            }
            assert_eq!(batches.next().unwrap().unwrap_err().to_string(), message, "{workers} workers");
            assert!(batches.next().is_none() && batches.len() == 0);
            // The state before the error is what can be saved.
            assert_eq!(loader.state().position, 5);
        }
    }
}

#[test]
fn unlike_pictures_do_not_make_a_batch() {
    let grow = Lambda::new(|image: Image, rng: &mut Rng| {
        let side = 2 + rng.below(2);
        Image::new([3, side, side], vec![image.channels() as u8; 3 * side * side])
    });
    let loader = DataLoader::builder(Synthetic::train(64).transform(grow))
        .batch_size(64)
        .num_workers(1)
        .build()
        .unwrap();
    let message = loader.iter().next().unwrap().unwrap_err().to_string();
    assert!(message.contains("a picture of shape [3, ") && message.starts_with("sample "), "{message}");
}

/// Counts what is asked of it, slowly.
struct Counting(Arc<AtomicUsize>);

impl Dataset for Counting {
    type Sample = i64;
    fn len(&self) -> usize {
        1_000_000
    }
    fn get(&self, index: usize, _rng: &mut Rng) -> Result<i64> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(index as i64)
    }
}

#[test]
fn dropping_the_iterator_stops_the_workers_and_they_are_never_far_ahead() {
    let asked = Arc::new(AtomicUsize::new(0));
    let loader =
        DataLoader::builder(Counting(asked.clone())).batch_size(10).num_workers(3).prefetch_factor(2);
    let loader = loader.build().unwrap();
    let mut batches = loader.iter();
    for _ in 0..5 {
        batches.next().unwrap().unwrap();
    }
    drop(batches);
    // Joined: nobody else holds the dataset, and nothing is asked of it any more.
    let after = asked.load(Ordering::Relaxed);
    assert!((50..=(5 + 6) * 10).contains(&after), "{after}");
    drop(loader);
    assert_eq!(Arc::strong_count(&asked), 1);
}

#[test]
fn the_tutorials_batches() {
    let transform = Compose::new((ToTensor, Normalize::new([0.5; 3], [0.5; 3]).unwrap()));
    let loader = DataLoader::builder(Synthetic::train(100).transform(transform)).batch_size(4).shuffle(true);
    let loader = loader.num_workers(2).build().unwrap();
    for batch in &loader {
        let (inputs, labels) = batch.unwrap();
        assert_eq!((inputs.size(), labels.size()), (&[4, 3, 32, 32][..], &[4][..]));
        let (inputs, labels): (Vec<f32>, Vec<i64>) = (inputs.to_vec().unwrap(), labels.to_vec().unwrap());
        assert!(inputs.iter().all(|x| (-1.0..=1.0).contains(x)) && inputs.iter().any(|&x| x < 0.0));
        assert!(labels.iter().all(|label| (0..10).contains(label)));
    }
}
