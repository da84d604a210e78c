//! Loads a dataset in mini-batches, which worker threads make ahead of time.

mod iter;
mod window;

pub use iter::Batches;

use crate::{
    Collate, Dataset, Error, Result, Rng,
    sampler::{BatchSampler, Chunks, RandomSampler, Sampler, SequentialSampler},
};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Loads a dataset in mini-batches.
///
/// The batches depend on the seed, the epoch and the samples' indices alone: more workers make the same batches
/// faster.
///
/// ```
/// use taper_data::{DataLoader, Dataset, Synthetic, transforms::{Compose, Normalize, ToTensor}};
/// let transform = Compose::new((ToTensor, Normalize::new([0.5; 3], [0.5; 3])?));
/// let train = Synthetic::train(1000).transform(transform);
/// let loader = DataLoader::builder(train).batch_size(4).shuffle(true).num_workers(2).seed(0).build()?;
/// for batch in loader.iter().take(10) {
///     let (inputs, labels) = batch?;
///     assert_eq!((inputs.size(), labels.size()), (&[4, 3, 32, 32][..], &[4][..]));
/// }
/// # Ok::<(), taper_data::Error>(())
/// ```
pub struct DataLoader<D> {
    dataset: Arc<D>,
    batches: Box<dyn BatchSampler>,
    workers: usize,
    window: usize,
    progress: Arc<Mutex<Progress>>,
}

/// The position of a loader; save it with a checkpoint and give it to [`DataLoader::resume`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoaderState {
    /// The seed of all epochs.
    pub seed: u64,
    /// The epoch, from 0.
    pub epoch: u64,
    /// The number of batches of the epoch that were taken.
    pub position: usize,
}

/// `current` is the state after the batch taken last, `next` the one where the next iterator starts.
struct Progress {
    current: LoaderState,
    next: LoaderState,
}

impl<D: Dataset<Sample: Collate> + 'static> DataLoader<D> {
    /// Makes a loader with PyTorch's defaults: one sample a batch, in order, made when it is asked for.
    ///
    /// # Errors
    /// Never: `build` checks the options.
    pub fn new(dataset: D) -> Result<Self> {
        Self::builder(dataset).build()
    }

    /// Returns a builder, which takes the options and then makes this with `build`.
    pub fn builder(dataset: D) -> DataLoaderBuilder<D> {
        DataLoaderBuilder {
            dataset,
            batch_size: 1,
            shuffle: false,
            drop_last: false,
            sampler: None,
            batch_sampler: None,
            workers: 0,
            prefetch: None,
            seed: None,
        }
    }

    /// Returns the batches of the next epoch: each call begins another one with another order.
    pub fn iter(&self) -> Batches<D> {
        let mut progress = self.progress();
        let state = progress.next;
        *progress =
            Progress { current: state, next: LoaderState { epoch: state.epoch + 1, position: 0, ..state } };
        drop(progress);
        // The stream of the order has a number that no sample has.
        let batches =
            self.batches.batches(state.epoch, &mut Rng::for_sample(state.seed, state.epoch, u64::MAX));
        let workers = (self.workers, self.window);
        Batches::start(self.dataset.clone(), batches, state, workers, self.progress.clone())
    }

    /// Returns the number of batches in an epoch.
    pub fn len(&self) -> usize {
        self.batches.len()
    }

    /// Returns true if an epoch has no batch.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the dataset.
    pub fn dataset(&self) -> &D {
        &self.dataset
    }

    /// Makes the next iterator start that epoch (from 0).
    pub fn set_epoch(&self, epoch: u64) {
        let mut progress = self.progress();
        let state = LoaderState { epoch, position: 0, ..progress.next };
        *progress = Progress { current: state, next: state };
    }

    /// Returns the state after the batch taken last, in the middle of an epoch too.
    pub fn state(&self) -> LoaderState {
        self.progress().current
    }

    /// Makes the next iterator continue where the state was taken.
    ///
    /// ```
    /// use taper_data::{DataLoader, Synthetic};
    /// let make = || DataLoader::builder(Synthetic::train(100)).batch_size(8).shuffle(true).build();
    /// let loader = make()?;
    /// let mut batches = loader.iter();
    /// batches.by_ref().take(5).for_each(drop);
    /// let state = loader.state();
    /// let again = make()?;
    /// again.resume(state)?;
    /// let (rest, same) = (batches.next().unwrap()?, again.iter().next().unwrap()?);
    /// assert!(rest.0.equal(&same.0)? && rest.1.equal(&same.1)?);
    /// # Ok::<(), taper_data::Error>(())
    /// ```
    ///
    /// # Errors
    /// When an epoch of this loader has fewer batches than the state has seen.
    pub fn resume(&self, state: LoaderState) -> Result<()> {
        if state.position > self.len() {
            let message = format!(
                "the state is at batch {}, an epoch has {}: another dataset?",
                state.position,
                self.len()
            );
            return Err(Error::invalid("data_loader", message));
        }
        *self.progress() = Progress { current: state, next: state };
        Ok(())
    }

    fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<D: Dataset<Sample: Collate> + 'static> IntoIterator for &DataLoader<D> {
    type Item = <Batches<D> as Iterator>::Item;
    type IntoIter = Batches<D>;

    fn into_iter(self) -> Batches<D> {
        self.iter()
    }
}

/// Builds a [`DataLoader`] with options: [`DataLoader::builder`] makes it.
#[must_use = "a builder makes nothing before `build`"]
pub struct DataLoaderBuilder<D> {
    dataset: D,
    batch_size: usize,
    shuffle: bool,
    drop_last: bool,
    sampler: Option<Box<dyn Sampler>>,
    batch_sampler: Option<Box<dyn BatchSampler>>,
    workers: usize,
    prefetch: Option<usize>,
    seed: Option<u64>,
}

impl<D: Dataset<Sample: Collate> + 'static> DataLoaderBuilder<D> {
    /// Sets the number of samples in a batch; default 1.
    pub fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// Visits the samples in a random order, another one each epoch; default false.
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Leaves out the last batch if it is smaller than the others; default false.
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.drop_last = drop_last;
        self
    }

    /// Sets which samples are visited, and in which order, instead of `shuffle`; default all in order.
    pub fn sampler(mut self, sampler: impl Sampler + 'static) -> Self {
        self.sampler = Some(Box::new(sampler));
        self
    }

    /// Sets which samples are in which batches, instead of `batch_size`, `shuffle`, `drop_last` and
    /// `sampler`; default none.
    pub fn batch_sampler(mut self, sampler: impl BatchSampler + 'static) -> Self {
        self.batch_sampler = Some(Box::new(sampler));
        self
    }

    /// Sets the number of threads that make batches ahead of time; default 0, which makes a batch when it is
    /// asked for.
    pub fn num_workers(mut self, workers: usize) -> Self {
        self.workers = workers;
        self
    }

    /// Sets how many batches each worker may be ahead; default 2, or with small batches as many as make 64
    /// samples.
    pub fn prefetch_factor(mut self, batches: usize) -> Self {
        self.prefetch = Some(batches);
        self
    }

    /// Sets the seed of orders and random transforms; by default the default generator gives one, so that
    /// `taper_tensor::manual_seed` makes loaders repeat themselves, too.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Makes the loader.
    ///
    /// # Errors
    /// When `batch_size` or `prefetch_factor` is 0, or options exclude each other.
    pub fn build(self) -> Result<DataLoader<D>> {
        let invalid = |message: &str| Err(Error::invalid("data_loader", message));
        if self.batch_size == 0 {
            return invalid("batch_size is 0, expected at least 1");
        }
        if self.prefetch == Some(0) {
            return invalid("prefetch_factor is 0, expected at least 1");
        }
        if self.shuffle && self.sampler.is_some() {
            return invalid("shuffle is true, expected false with a sampler, which decides on the order");
        }
        let plain = self.batch_size == 1 && !self.shuffle && !self.drop_last && self.sampler.is_none();
        if self.batch_sampler.is_some() && !plain {
            return invalid(
                "batch_sampler is given, expected neither batch_size, shuffle, drop_last nor sampler with it",
            );
        }
        let samples = self.dataset.len();
        let sampler = self.sampler.unwrap_or_else(|| match self.shuffle {
            true => Box::new(RandomSampler::new(samples)),
            false => Box::new(SequentialSampler::new(samples)),
        });
        let chunks = Chunks { sampler, batch_size: self.batch_size, drop_last: self.drop_last };
        let prefetch = self.prefetch.unwrap_or((64 / self.batch_size).max(2));
        let seed = self.seed.unwrap_or_else(default_seed);
        let state = LoaderState { seed, epoch: 0, position: 0 };
        Ok(DataLoader {
            dataset: Arc::new(self.dataset),
            batches: self.batch_sampler.unwrap_or(Box::new(chunks)),
            workers: self.workers,
            window: self.workers.saturating_mul(prefetch),
            progress: Arc::new(Mutex::new(Progress { current: state, next: state })),
        })
    }
}

impl<D: std::fmt::Debug> std::fmt::Debug for DataLoaderBuilder<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataLoaderBuilder")
            .field("dataset", &self.dataset)
            .field("batch_size", &self.batch_size)
            .field("shuffle", &self.shuffle)
            .field("drop_last", &self.drop_last)
            .field("num_workers", &self.workers)
            .field("prefetch_factor", &self.prefetch)
            .field("seed", &self.seed)
            .finish_non_exhaustive()
    }
}

/// Returns a seed from the generator that `manual_seed` sets.
fn default_seed() -> u64 {
    taper_tensor::Generator::default_generator().below(u64::MAX)
}
