//! The batches of one epoch, in the same order with the same content for any number of workers.

use super::{LoaderState, Progress, window::Window};
use crate::{Collate, Dataset, Error, Result, Rng};
use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::{Duration, Instant},
};

type Batch<D> = <<D as Dataset>::Sample as Collate>::Batch;

/// The batches of one epoch. After an error there is none. Dropping it early stops its workers.
pub struct Batches<D: Dataset<Sample: Collate>> {
    work: Arc<Work<D>>,
    next: usize,
    workers: Option<Workers<Batch<D>>>,
    progress: Arc<Mutex<Progress>>,
    waited: Duration,
}

/// The parts from which each batch of the epoch is made.
struct Work<D> {
    dataset: Arc<D>,
    batches: Vec<Vec<usize>>,
    seed: u64,
    epoch: u64,
}

/// The threads, and the window to which they deliver.
struct Workers<B> {
    window: Arc<Window<Result<B>>>,
    threads: Vec<JoinHandle<()>>,
}

impl<D: Dataset<Sample: Collate> + 'static> Batches<D> {
    /// Starts the state's epoch at its position with `workers` threads, which are at most `window` batches ahead
    /// of the consumer.
    pub(super) fn start(
        dataset: Arc<D>,
        batches: Vec<Vec<usize>>,
        state: LoaderState,
        (workers, window): (usize, usize),
        progress: Arc<Mutex<Progress>>,
    ) -> Self {
        let LoaderState { seed, epoch, position } = state;
        let (total, next) = (batches.len(), position);
        let work = Arc::new(Work { dataset, batches, seed, epoch });
        let window = Arc::new(Window::new(window, next, total));
        let spawn = |number| {
            let (work, window) = (work.clone(), window.clone());
            let thread = std::thread::Builder::new().name(format!("taper-loader-{number}"));
            thread.spawn(move || {
                while let Some(number) = window.claim() {
                    window.deliver(number, work.make(number, || window.is_closed()));
                }
            })
        };
        // If no thread can be started, batches are made when they are asked for: slower, but the same.
        let threads: Vec<_> =
            (0..workers.min(total.saturating_sub(next))).map_while(|n| spawn(n).ok()).collect();
        let workers = (!threads.is_empty()).then_some(Workers { window, threads });
        Self { work, next, workers, progress, waited: Duration::ZERO }
    }
}

impl<D: Dataset<Sample: Collate>> Work<D> {
    /// Makes batch `number`; stops between two samples if the batch is not wanted any more.
    fn make(&self, number: usize, unwanted: impl Fn() -> bool) -> Result<Batch<D>> {
        let indices = &self.batches[number];
        let current = Cell::new(indices.first().copied().unwrap_or(0));
        let make = || {
            let mut stack = None;
            for &index in indices {
                current.set(index);
                if unwanted() {
                    return Err(Error::invalid("data_loader", "closed"));
                }
                let sample =
                    self.dataset.get(index, &mut Rng::for_sample(self.seed, self.epoch, index as u64))?;
                let stack = stack.get_or_insert_with(|| sample.stack(indices.len()));
                sample.stack_onto(stack)?;
            }
            let stack =
                stack.ok_or_else(|| Error::invalid("data_loader", "the sampler gave an empty batch"))?;
            D::Sample::finish(stack)
        };
        let made =
            catch_unwind(AssertUnwindSafe(make)).unwrap_or_else(|payload| Err(Error::panicked(payload)));
        made.map_err(|source| Error::Sample { index: current.get(), source: Box::new(source) })
    }
}

impl<B> Drop for Workers<B> {
    fn drop(&mut self) {
        self.window.close();
        for thread in self.threads.drain(..) {
            // A worker catches the panics of samples, so that the result says nothing.
            let _ = thread.join();
        }
    }
}

impl<D: Dataset<Sample: Collate>> Batches<D> {
    /// Returns the epoch of these batches.
    pub fn epoch(&self) -> u64 {
        self.work.epoch
    }

    /// Returns the time that callers of `next` have waited so far.
    pub fn waited(&self) -> Duration {
        self.waited
    }

    /// Returns the state after the last batch taken: a loader that resumes from it yields the batches after it.
    pub fn state(&self) -> LoaderState {
        let (seed, epoch, position) = (self.work.seed, self.work.epoch, self.next);
        match position < self.work.batches.len() {
            true => LoaderState { seed, epoch, position },
            false => LoaderState { seed, epoch: epoch + 1, position: 0 },
        }
    }
}

impl<D: Dataset<Sample: Collate>> Iterator for Batches<D> {
    type Item = Result<Batch<D>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.next >= self.work.batches.len() {
            return None;
        }
        let start = Instant::now();
        let batch = match &self.workers {
            Some(workers) => workers.window.take(),
            None => self.work.make(self.next, || false),
        };
        self.waited += start.elapsed();
        if batch.is_err() {
            self.next = self.work.batches.len();
            self.workers = None;
            return Some(batch);
        }
        self.next += 1;
        self.progress.lock().unwrap_or_else(PoisonError::into_inner).current = self.state();
        Some(batch)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let rest = self.work.batches.len() - self.next;
        (rest, Some(rest))
    }
}

impl<D: Dataset<Sample: Collate>> ExactSizeIterator for Batches<D> {}
