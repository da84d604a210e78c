//! Datasets: samples by index.

use crate::{
    Error, Result, Rng,
    adapters::{Cache, Concat, Map, Subset, Transformed},
    transforms::Transform,
};
use std::sync::Arc;

/// Returns samples by their index, to several threads at once.
///
/// ```
/// use taper_data::{Dataset, Error, Result, Rng};
///
/// /// The squares of the numbers below 10.
/// struct Squares;
///
/// impl Dataset for Squares {
///     type Sample = (f32, i64);
///     fn len(&self) -> usize {
///         10
///     }
///     fn get(&self, index: usize, _rng: &mut Rng) -> Result<(f32, i64)> {
///         self.check(index)?;
///         Ok((index as f32, (index * index) as i64))
///     }
/// }
///
/// assert_eq!(Squares.at(3)?, (3.0, 9));
/// assert_eq!(Squares.at(10).unwrap_err().to_string(), "dataset: index 10 is out of range, there are 10 samples");
/// assert_eq!(Squares.map(|(x, y)| Ok(x as f64 + y as f64)).at(2)?, 6.0);
/// # Ok::<(), Error>(())
/// ```
pub trait Dataset: Send + Sync {
    /// The type of a sample, such as `(Image, i64)`: a picture and the number of its class.
    type Sample;

    /// Returns the number of samples.
    fn len(&self) -> usize;

    /// Returns the sample at an index. Draw random numbers from `rng` alone, so that the sample is the same on
    /// every thread.
    ///
    /// # Errors
    /// When the index is out of range, or the sample cannot be read.
    fn get(&self, index: usize, rng: &mut Rng) -> Result<Self::Sample>;

    /// Returns true if there is no sample.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the sample at an index as epoch 0 of a loader with seed 0 sees it.
    ///
    /// # Errors
    /// When the index is out of range, or the sample cannot be read.
    fn at(&self, index: usize) -> Result<Self::Sample> {
        self.get(index, &mut Rng::for_sample(0, 0, index as u64))
    }

    /// Checks an index.
    ///
    /// # Errors
    /// When the index is out of range.
    fn check(&self, index: usize) -> Result<()> {
        if index < self.len() {
            return Ok(());
        }
        let message = format!("index {index} is out of range, there are {} samples", self.len());
        Err(Error::invalid("dataset", message))
    }

    /// Returns the samples with their pictures transformed.
    fn transform<T: Transform>(self, transform: T) -> Transformed<Self, T>
    where
        Self: Sized,
    {
        Transformed::new(self, transform)
    }

    /// Returns what a function makes of each sample.
    fn map<S, F: Fn(Self::Sample) -> Result<S> + Send + Sync>(self, f: F) -> Map<Self, F>
    where
        Self: Sized,
    {
        Map::new(self, f)
    }

    /// Returns the samples at these indices, in this order.
    ///
    /// # Errors
    /// When an index is out of range.
    fn subset(self, indices: impl IntoIterator<Item = usize>) -> Result<Subset<Self>>
    where
        Self: Sized,
    {
        Subset::new(Arc::new(self), indices.into_iter().collect())
    }

    /// Returns random parts of the given lengths, as `torch.utils.data.random_split`.
    ///
    /// # Errors
    /// When the lengths do not add up to the number of samples.
    fn random_split(self, lengths: &[usize], seed: u64) -> Result<Vec<Subset<Self>>>
    where
        Self: Sized,
    {
        let total = lengths.iter().try_fold(0usize, |sum, &n| sum.checked_add(n));
        if total != Some(self.len()) {
            let message = format!("lengths {lengths:?} do not add up to {} samples", self.len());
            return Err(Error::invalid("random_split", message));
        }
        let order = Rng::new(seed, 0).permutation(self.len());
        let (whole, mut rest) = (Arc::new(self), &order[..]);
        let part = |&length: &usize| {
            let (part, later) = rest.split_at(length);
            rest = later;
            Subset::new(whole.clone(), part.to_vec())
        };
        lengths.iter().map(part).collect()
    }

    /// Returns these samples, and then those of another dataset.
    fn concat<D: Dataset<Sample = Self::Sample>>(self, other: D) -> Concat<Self, D>
    where
        Self: Sized,
    {
        Concat::new(self, other)
    }

    /// Computes each sample once and then keeps it in memory. Its random numbers are drawn once, too: put random
    /// transforms after the cache.
    fn cache(self) -> Cache<Self>
    where
        Self: Sized,
        Self::Sample: Clone + Send + Sync,
    {
        Cache::new(self)
    }
}

/// Forwards to the dataset behind a pointer.
macro_rules! forward {
    ($($pointer:ty),*) => {$(
        impl<D: Dataset + ?Sized> Dataset for $pointer {
            type Sample = D::Sample;
            fn len(&self) -> usize {
                (**self).len()
            }
            fn get(&self, index: usize, rng: &mut Rng) -> Result<D::Sample> {
                (**self).get(index, rng)
            }
        }
    )*};
}
forward!(&D, Box<D>, Arc<D>);
