//! Streams: batches, shuffling, errors, states.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use taper_data::{Error, IterableDataset, Result, Rng, Samples, StreamLoader};
use taper_tensor::Tensor;

/// Numbers from 0, some of them faults.
struct Count(usize, fn(usize) -> Result<i64>);

impl IterableDataset for Count {
    type Sample = i64;
    fn samples(&self, epoch: u64, _rng: Rng) -> Samples<i64> {
        let f = self.1;
        Box::new((0..self.0).map(move |i| Ok(f(i)? + 1000 * epoch as i64)))
    }
}

fn good(i: usize) -> Result<i64> {
    Ok(i as i64)
}

fn lists(batches: impl Iterator<Item = Result<Tensor>>) -> Vec<Vec<i64>> {
    batches.map(|batch| batch.unwrap().to_vec().unwrap()).collect()
}

#[test]
fn batches_in_line_and_in_the_background() {
    for background in [false, true] {
        let loader =
            StreamLoader::builder(Count(7, good)).batch_size(3).in_background(background).build().unwrap();
        assert_eq!(lists(loader.iter()), [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
        assert_eq!(lists(loader.iter()), [vec![1000, 1001, 1002], vec![1003, 1004, 1005], vec![1006]]);
        let loader = StreamLoader::builder(Count(7, good))
            .batch_size(3)
            .in_background(background)
            .drop_last(true)
            .build()
            .unwrap();
        assert_eq!(lists(loader.iter()).len(), 2);
    }
    assert!(StreamLoader::builder(Count(7, good)).batch_size(0).build().is_err());
}

#[test]
fn shuffling_is_the_same_each_time_and_keeps_every_sample() {
    let shuffled = |seed, background| {
        let loader = StreamLoader::builder(Count(100, good))
            .batch_size(10)
            .shuffle_buffer(20)
            .seed(seed)
            .in_background(background)
            .build()
            .unwrap();
        lists(loader.iter()).concat()
    };
    let first = shuffled(1, false);
    assert_eq!(first, shuffled(1, true));
    assert_ne!(first, shuffled(2, false));
    // No sample comes before it can have been read.
    assert!(first.iter().enumerate().all(|(at, &x)| x < at as i64 + 20));
    let mut sorted = first.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..100).collect::<Vec<_>>());
    assert_ne!(sorted, first);
}

#[test]
fn errors_and_panics_end_a_stream() {
    let faults: [fn(usize) -> Result<i64>; 2] = [
        |i| if i == 5 { Err(Error::other("line 5")) } else { Ok(i as i64) },
        |i| if i == 5 { panic!("line 5") } else { Ok(i as i64) },
    ];
    for (fault, message) in faults.into_iter().zip(["line 5", "panicked: line 5"]) {
        for background in [false, true] {
            let loader = StreamLoader::builder(Count(9, fault))
                .batch_size(2)
                .in_background(background)
                .build()
                .unwrap();
            let mut batches = loader.iter();
            assert!(batches.next().unwrap().is_ok() && batches.next().unwrap().is_ok());
            assert_eq!(batches.next().unwrap().unwrap_err().to_string(), message);
            assert!(batches.next().is_none());
        }
    }
}

#[test]
fn resumes_in_the_middle() {
    let make = || StreamLoader::builder(Count(50, good)).batch_size(4).shuffle_buffer(8).seed(5);
    let loader = make().build().unwrap();
    loader.iter().for_each(drop);
    let mut batches = loader.iter();
    batches.by_ref().take(6).for_each(drop);
    let other = make().in_background(true).build().unwrap();
    other.resume(batches.state());
    assert_eq!(lists(other.iter()), lists(batches.by_ref()));
    assert_eq!((batches.state().epoch, batches.state().position), (2, 0));
}

/// Counts what is taken from it.
struct Endless(Arc<AtomicUsize>);

impl IterableDataset for Endless {
    type Sample = i64;
    fn samples(&self, _epoch: u64, _rng: Rng) -> Samples<i64> {
        let count = self.0.clone();
        Box::new(std::iter::repeat_with(move || Ok(count.fetch_add(1, Ordering::Relaxed) as i64)))
    }
}

#[test]
fn dropping_the_batches_stops_the_thread() {
    let count = Arc::new(AtomicUsize::new(0));
    let loader =
        StreamLoader::builder(Endless(count.clone())).batch_size(10).in_background(true).build().unwrap();
    let mut batches = loader.iter();
    batches.next().unwrap().unwrap();
    drop(batches);
    let taken = count.load(Ordering::Relaxed);
    assert!(taken <= 50, "{taken}");
    drop(loader);
    assert_eq!(Arc::strong_count(&count), 1);
}
