//! Datasets that adapt other datasets.

use crate::{Dataset, Error, Image, Result, Rng, transforms::Transform};
use std::sync::{Arc, OnceLock};

/// A dataset with transformed pictures: [`Dataset::transform`] makes it.
#[derive(Clone, Debug)]
pub struct Transformed<D, T> {
    dataset: D,
    transform: T,
}

impl<D, T> Transformed<D, T> {
    pub(crate) fn new(dataset: D, transform: T) -> Self {
        Self { dataset, transform }
    }

    /// Returns the dataset behind the transform.
    pub fn inner(&self) -> &D {
        &self.dataset
    }
}

impl<L, D: Dataset<Sample = (Image, L)>, T: Transform> Dataset for Transformed<D, T> {
    type Sample = (Image, L);

    fn len(&self) -> usize {
        self.dataset.len()
    }

    fn get(&self, index: usize, rng: &mut Rng) -> Result<(Image, L)> {
        let (image, label) = self.dataset.get(index, rng)?;
        Ok((self.transform.apply(image, rng)?, label))
    }
}

/// A dataset with a function applied to its samples: [`Dataset::map`] makes it.
#[derive(Clone, Debug)]
pub struct Map<D, F> {
    dataset: D,
    f: F,
}

impl<D, F> Map<D, F> {
    pub(crate) fn new(dataset: D, f: F) -> Self {
        Self { dataset, f }
    }
}

impl<D: Dataset, S, F: Fn(D::Sample) -> Result<S> + Send + Sync> Dataset for Map<D, F> {
    type Sample = S;

    fn len(&self) -> usize {
        self.dataset.len()
    }

    fn get(&self, index: usize, rng: &mut Rng) -> Result<S> {
        (self.f)(self.dataset.get(index, rng)?)
    }
}

/// Some samples of a dataset: [`Dataset::subset`] and [`Dataset::random_split`] make it.
#[derive(Clone, Debug)]
pub struct Subset<D> {
    dataset: Arc<D>,
    indices: Vec<usize>,
}

impl<D: Dataset> Subset<D> {
    pub(crate) fn new(dataset: Arc<D>, indices: Vec<usize>) -> Result<Self> {
        indices.iter().try_for_each(|&index| dataset.check(index))?;
        Ok(Self { dataset, indices })
    }

    /// Returns the indices in the whole dataset.
    pub fn indices(&self) -> &[usize] {
        &self.indices
    }
}

impl<D: Dataset> Dataset for Subset<D> {
    type Sample = D::Sample;

    fn len(&self) -> usize {
        self.indices.len()
    }

    fn get(&self, index: usize, rng: &mut Rng) -> Result<D::Sample> {
        self.check(index)?;
        self.dataset.get(self.indices[index], rng)
    }
}

/// One dataset after another: [`Dataset::concat`] makes it.
#[derive(Clone, Debug)]
pub struct Concat<A, B> {
    first: A,
    second: B,
}

impl<A, B> Concat<A, B> {
    pub(crate) fn new(first: A, second: B) -> Self {
        Self { first, second }
    }
}

impl<A: Dataset, B: Dataset<Sample = A::Sample>> Dataset for Concat<A, B> {
    type Sample = A::Sample;

    fn len(&self) -> usize {
        self.first.len() + self.second.len()
    }

    fn get(&self, index: usize, rng: &mut Rng) -> Result<A::Sample> {
        self.check(index)?;
        match index.checked_sub(self.first.len()) {
            None => self.first.get(index, rng),
            Some(index) => self.second.get(index, rng),
        }
    }
}

/// A dataset that keeps its samples in memory: [`Dataset::cache`] makes it.
#[derive(Debug)]
pub struct Cache<D: Dataset> {
    dataset: D,
    samples: Vec<OnceLock<D::Sample>>,
}

impl<D: Dataset> Cache<D> {
    pub(crate) fn new(dataset: D) -> Self {
        let samples = (0..dataset.len()).map(|_| OnceLock::new()).collect();
        Self { dataset, samples }
    }
}

impl<D: Dataset> Dataset for Cache<D>
where
    D::Sample: Clone + Send + Sync,
{
    type Sample = D::Sample;

    fn len(&self) -> usize {
        self.samples.len()
    }

    fn get(&self, index: usize, _rng: &mut Rng) -> Result<D::Sample> {
        self.check(index)?;
        if let Some(sample) = self.samples[index].get() {
            return Ok(sample.clone());
        }
        // The caller's generator is not used: the sample must not depend on the epoch that asked first.
        let sample = self.dataset.at(index)?;
        Ok(self.samples[index].get_or_init(|| sample).clone())
    }
}

/// A dataset of tensors: sample `i` is row `i` of each, as `torch.utils.data.TensorDataset`.
#[derive(Clone, Debug)]
pub struct TensorDataset {
    inputs: taper_tensor::Tensor,
    targets: taper_tensor::Tensor,
}

impl TensorDataset {
    /// Makes a dataset of inputs `[N, ...]` and targets `[N, ...]`.
    ///
    /// # Errors
    /// When the first dimensions differ, or a tensor has none.
    pub fn new(inputs: taper_tensor::Tensor, targets: taper_tensor::Tensor) -> Result<Self> {
        let (a, b) = (inputs.size().to_vec(), targets.size().to_vec());
        if a.is_empty() || a.first() != b.first() {
            let message = format!("inputs {a:?} and targets {b:?} need the same first dimension");
            return Err(Error::invalid("tensor_dataset", message));
        }
        Ok(Self { inputs, targets })
    }
}

impl Dataset for TensorDataset {
    type Sample = (taper_tensor::Tensor, taper_tensor::Tensor);

    fn len(&self) -> usize {
        self.inputs.size()[0]
    }

    fn get(&self, index: usize, _rng: &mut Rng) -> Result<Self::Sample> {
        self.check(index)?;
        Ok((self.inputs.select(0, index as i64)?, self.targets.select(0, index as i64)?))
    }
}
