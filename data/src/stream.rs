//! Datasets that are streams, and the loader that batches them.

use crate::{Collate, Error, LoaderState, Result, Rng};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, sync_channel},
    },
    thread::JoinHandle,
};
use taper_tensor::builder_option;

/// The samples of one epoch, in order.
pub type Samples<S> = Box<dyn Iterator<Item = Result<S>> + Send>;

/// Returns samples one after the other: lines of a file too large to index, messages, simulations.
///
/// ```
/// use taper_data::{IterableDataset, Rng, Samples, StreamLoader};
///
/// /// Dice.
/// struct Throws(usize);
///
/// impl IterableDataset for Throws {
///     type Sample = i64;
///     fn samples(&self, _epoch: u64, mut rng: Rng) -> Samples<i64> {
///         Box::new((0..self.0).map(move |_| Ok(1 + rng.below(6) as i64)))
///     }
/// }
///
/// let loader = StreamLoader::builder(Throws(10)).batch_size(4).in_background(true).seed(1).build()?;
/// let sizes: Vec<_> = loader.iter().map(|batch| batch.unwrap().numel()).collect();
/// assert_eq!(sizes, [4, 4, 2]);
/// # Ok::<(), taper_data::Error>(())
/// ```
pub trait IterableDataset: Send + Sync {
    /// The type of a sample.
    type Sample;

    /// Returns the samples of an epoch. Draw random numbers from `rng` alone.
    fn samples(&self, epoch: u64, rng: Rng) -> Samples<Self::Sample>;
}

/// Builds a [`StreamLoader`] with options: [`StreamLoader::builder`] makes it.
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing before `build`"]
pub struct StreamLoaderBuilder<D> {
    dataset: D,
    batch_size: usize,
    drop_last: bool,
    shuffle_buffer: usize,
    in_background: bool,
    seed: u64,
}

impl<D: IterableDataset<Sample: Collate + Send + 'static>> StreamLoaderBuilder<D> {
    builder_option! {
        /// Sets the number of samples in a batch; default 1.
        batch_size: usize
    }
    builder_option! {
        /// Leaves out the last batch if it is smaller than the others; default false.
        drop_last: bool
    }
    builder_option! {
        /// Picks each sample at random among so many that are read ahead; default 0, which keeps their order.
        shuffle_buffer: usize
    }
    builder_option! {
        /// Makes batches ahead of time on a thread; a stream has an order, so one is enough. Default false.
        in_background: bool
    }
    builder_option! {
        /// Sets the seed of the stream and of the shuffling; default 0.
        seed: u64
    }

    /// Makes the loader.
    ///
    /// # Errors
    /// When `batch_size` is 0.
    pub fn build(self) -> Result<StreamLoader<D>> {
        let Self { dataset, batch_size, drop_last, shuffle_buffer: shuffle, in_background, seed } = self;
        if batch_size == 0 {
            return Err(Error::invalid("stream_loader", "batch_size is 0, expected at least 1"));
        }
        let next = Mutex::new(LoaderState { seed, epoch: 0, position: 0 });
        Ok(StreamLoader { dataset, batch_size, drop_last, shuffle, background: in_background, next })
    }
}

/// Loads an [`IterableDataset`] in mini-batches, the same each time for one seed.
pub struct StreamLoader<D> {
    dataset: D,
    batch_size: usize,
    drop_last: bool,
    shuffle: usize,
    background: bool,
    next: Mutex<LoaderState>,
}

impl<D: IterableDataset<Sample: Collate + Send + 'static>> StreamLoader<D> {
    /// Makes a loader of one sample a batch, in order, made when it is asked for, with seed 0.
    ///
    /// # Errors
    /// Never: `build` checks the options.
    pub fn new(dataset: D) -> Result<Self> {
        Self::builder(dataset).build()
    }

    /// Returns a builder, which takes the options and then makes this with `build`.
    pub fn builder(dataset: D) -> StreamLoaderBuilder<D> {
        StreamLoaderBuilder {
            dataset,
            batch_size: 1,
            drop_last: false,
            shuffle_buffer: 0,
            in_background: false,
            seed: 0,
        }
    }

    /// Returns the batches of the next epoch.
    pub fn iter(&self) -> StreamBatches<D::Sample> {
        let mut next = self.next();
        let state = *next;
        *next = LoaderState { epoch: state.epoch + 1, position: 0, ..state };
        drop(next);
        let samples = self.dataset.samples(state.epoch, Rng::for_sample(state.seed, state.epoch, 0));
        let mut batches = Batcher {
            samples: samples.fuse(),
            pool: Vec::new(),
            shuffle: self.shuffle.max(1),
            rng: Rng::for_sample(state.seed, state.epoch, u64::MAX),
            batch_size: self.batch_size,
            drop_last: self.drop_last,
            fault: None,
            failed: false,
        };
        // Samples before the position are drawn again and dropped.
        for _ in 0..state.position * self.batch_size {
            match batches.draw() {
                Some(Ok(_)) => {}
                Some(Err(error)) => batches.fault = Some(error),
                None => break,
            }
        }
        let source = if self.background { spawn(batches) } else { Source::Inline(batches) };
        StreamBatches { source, state, done: false }
    }

    /// Makes the next iterator continue where [`StreamBatches::state`] was taken: the samples before are read
    /// again and dropped.
    pub fn resume(&self, state: LoaderState) {
        *self.next() = state;
    }

    fn next(&self) -> std::sync::MutexGuard<'_, LoaderState> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The batches of one epoch of a [`StreamLoader`]. Dropping it early stops its thread.
pub struct StreamBatches<S: Collate> {
    source: Source<S>,
    state: LoaderState,
    done: bool,
}

enum Source<S: Collate> {
    Inline(Batcher<S>),
    /// The receiver goes first, so that the thread's next delivery fails and it ends.
    Thread(Option<Receiver<Result<S::Batch>>>, Option<JoinHandle<()>>),
}

struct Batcher<S> {
    samples: std::iter::Fuse<Samples<S>>,
    pool: Vec<S>,
    shuffle: usize,
    rng: Rng,
    batch_size: usize,
    drop_last: bool,
    fault: Option<Error>,
    failed: bool,
}

impl<S> Batcher<S> {
    fn draw(&mut self) -> Option<Result<S>> {
        while self.pool.len() < self.shuffle {
            match self.samples.next() {
                Some(Ok(sample)) => self.pool.push(sample),
                Some(Err(error)) => return Some(Err(error)),
                None => break,
            }
        }
        if self.pool.is_empty() {
            return None;
        }
        let at = if self.shuffle > 1 { self.rng.below(self.pool.len()) } else { 0 };
        Some(Ok(self.pool.swap_remove(at)))
    }
}

impl<S: Collate> Iterator for Batcher<S> {
    type Item = Result<S::Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(error) = self.fault.take() {
            self.failed = true;
            return Some(Err(error));
        }
        if self.failed {
            return None;
        }
        let make = || {
            let (mut stack, mut count) = (None, 0);
            while count < self.batch_size
                && let Some(sample) = self.draw()
            {
                let sample = sample?;
                let stack = stack.get_or_insert_with(|| sample.stack(self.batch_size));
                sample.stack_onto(stack)?;
                count += 1;
            }
            match stack {
                Some(stack) if count == self.batch_size || !self.drop_last => Ok(Some(S::finish(stack)?)),
                _ => Ok(None),
            }
        };
        let made =
            catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|payload| Err(Error::panicked(payload)));
        self.failed = made.is_err();
        made.transpose()
    }
}

/// Makes the batches on a thread, two ahead, or when they are asked for if no thread can be started.
fn spawn<S: Collate + Send + 'static>(batches: Batcher<S>) -> Source<S> {
    let (sender, receiver) = sync_channel(2);
    // A slot hands it over, so that it is not lost when no thread can be started.
    let slot = Arc::new(Mutex::new(Some(batches)));
    let take = |slot: &Mutex<Option<Batcher<S>>>| slot.lock().unwrap_or_else(PoisonError::into_inner).take();
    let theirs = slot.clone();
    let run = move || {
        for batch in take(&theirs).into_iter().flatten() {
            if sender.send(batch).is_err() {
                break;
            }
        }
    };
    match std::thread::Builder::new().name("taper-stream".into()).spawn(run) {
        Ok(thread) => Source::Thread(Some(receiver), Some(thread)),
        Err(_) => take(&slot).map_or(Source::Thread(None, None), Source::Inline),
    }
}

impl<S: Collate> StreamBatches<S> {
    /// Returns the state after the last batch taken.
    pub fn state(&self) -> LoaderState {
        match self.done {
            true => LoaderState { epoch: self.state.epoch + 1, position: 0, ..self.state },
            false => self.state,
        }
    }
}

impl<S: Collate> Iterator for StreamBatches<S> {
    type Item = Result<S::Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        let batch = match &mut self.source {
            Source::Inline(batches) => batches.next(),
            Source::Thread(receiver, _) => receiver.as_ref().and_then(|receiver| receiver.recv().ok()),
        };
        match &batch {
            Some(Ok(_)) => self.state.position += 1,
            Some(Err(_)) => {}
            None => self.done = true,
        }
        batch
    }
}

impl<S: Collate> Drop for StreamBatches<S> {
    fn drop(&mut self) {
        if let Source::Thread(receiver, thread) = &mut self.source {
            drop(receiver.take());
            if let Some(thread) = thread.take() {
                let _ = thread.join();
            }
        }
    }
}
