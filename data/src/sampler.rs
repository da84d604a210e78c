//! Samplers, which decide which samples an epoch visits, and in which order.

use crate::{Error, Result, Rng, builder::builder};

/// Decides which samples each epoch visits, and in which order.
pub trait Sampler: Send + Sync {
    /// Returns the indices of an epoch in order. `rng` belongs to the loader's seed and this epoch.
    fn order(&self, epoch: u64, rng: &mut Rng) -> Vec<usize>;

    /// Returns the number of indices of every epoch.
    fn len(&self) -> usize;

    /// Returns true if an epoch has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Decides which samples are in which batches of each epoch, such as texts of similar length.
pub trait BatchSampler: Send + Sync {
    /// Returns the batches of an epoch in order. `rng` belongs to the loader's seed and this epoch.
    fn batches(&self, epoch: u64, rng: &mut Rng) -> Vec<Vec<usize>>;

    /// Returns the number of batches of every epoch.
    fn len(&self) -> usize;

    /// Returns true if an epoch has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Visits `0, 1, 2, ..., n - 1`.
#[derive(Clone, Debug)]
pub struct SequentialSampler(usize);

impl SequentialSampler {
    /// Makes a sampler of the indices below `samples`.
    pub fn new(samples: usize) -> Self {
        Self(samples)
    }
}

impl Sampler for SequentialSampler {
    fn order(&self, _epoch: u64, _rng: &mut Rng) -> Vec<usize> {
        (0..self.0).collect()
    }

    fn len(&self) -> usize {
        self.0
    }
}

/// Visits `0..n` in a random order, another one each epoch.
#[derive(Clone, Debug)]
pub struct RandomSampler(usize);

impl RandomSampler {
    /// Makes a sampler of the indices below `samples`.
    pub fn new(samples: usize) -> Self {
        Self(samples)
    }
}

impl Sampler for RandomSampler {
    fn order(&self, _epoch: u64, rng: &mut Rng) -> Vec<usize> {
        rng.permutation(self.0)
    }

    fn len(&self) -> usize {
        self.0
    }
}

/// Draws indices with a probability in proportion to their weights, as
/// `torch.utils.data.WeightedRandomSampler`: balances classes of different sizes.
///
/// ```
/// use taper_data::{Rng, Sampler, WeightedRandomSampler};
/// let sampler = WeightedRandomSampler::new(&[0.0, 1.0, 3.0], 8000)?;
/// let order = sampler.order(0, &mut Rng::new(0, 0));
/// let count = |index| order.iter().filter(|&&i| i == index).count();
/// assert!(count(0) == 0 && (1800..2200).contains(&count(1)) && (5800..6200).contains(&count(2)));
/// let once = WeightedRandomSampler::builder(&[0.0, 1.0, 3.0], 2).replacement(false).build()?;
/// assert_eq!(once.order(0, &mut Rng::new(0, 0)).iter().sum::<usize>(), 1 + 2);
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WeightedRandomSampler {
    weights: Vec<f64>,
    count: usize,
    replacement: bool,
}

/// Builds a [`WeightedRandomSampler`] with options: [`WeightedRandomSampler::builder`] makes it.
#[derive(Clone, Debug)]
#[must_use = "a builder makes nothing before `build`"]
pub struct WeightedRandomSamplerBuilder(WeightedRandomSampler);

impl WeightedRandomSampler {
    /// Makes a sampler that draws `num_samples` indices an epoch, with replacement.
    ///
    /// # Errors
    /// When a weight is negative or not finite, or none is above 0.
    pub fn new(weights: &[f64], num_samples: usize) -> Result<Self> {
        Self::builder(weights, num_samples).build()
    }

    /// Returns a builder, which takes the options and then makes this with `build`.
    pub fn builder(weights: &[f64], num_samples: usize) -> WeightedRandomSamplerBuilder {
        let weights = weights.to_vec();
        WeightedRandomSamplerBuilder(Self { weights, count: num_samples, replacement: true })
    }
}

impl WeightedRandomSamplerBuilder {
    /// Lets an index come several times in an epoch; default true.
    pub fn replacement(mut self, replacement: bool) -> Self {
        self.0.replacement = replacement;
        self
    }

    /// Makes the sampler.
    ///
    /// # Errors
    /// When a weight is negative or not finite, none is above 0, or (without replacement) fewer than
    /// `num_samples` are above 0.
    pub fn build(self) -> Result<WeightedRandomSampler> {
        const OP: &str = "weighted_random_sampler";
        let WeightedRandomSampler { weights, count, replacement } = &self.0;
        if let Some(i) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
            let message = format!("weight {i} is {}, expected a finite number, at least 0", weights[i]);
            return Err(Error::invalid(OP, message));
        }
        let positive = weights.iter().filter(|&&w| w > 0.0).count();
        let most = if *replacement && positive > 0 { usize::MAX } else { positive };
        if *count > most {
            let message =
                format!("num_samples is {count}, expected at most {most}, the number of weights above 0");
            return Err(Error::invalid(OP, message));
        }
        Ok(self.0)
    }
}

impl Sampler for WeightedRandomSampler {
    fn order(&self, _epoch: u64, rng: &mut Rng) -> Vec<usize> {
        if self.replacement {
            let mut total = 0.0;
            let sum_up = |w: &f64| {
                total += w;
                total
            };
            let sums: Vec<f64> = self.weights.iter().map(sum_up).collect();
            // The last index that has a weight, for a draw that rounds up to the total.
            let last = self.weights.iter().rposition(|&w| w > 0.0).unwrap_or(0);
            let draws = (0..self.count).map(|_| unit(rng) * total);
            return draws.map(|draw| sums.partition_point(|&sum| sum <= draw).min(last)).collect();
        }
        // Efraimidis and Spirakis, 2006: the largest of u^(1/w) are a weighted draw without replacement.
        let key = |&w: &f64| if w > 0.0 { (1.0 - unit(rng)).ln() / w } else { f64::NEG_INFINITY };
        let keys: Vec<f64> = self.weights.iter().map(key).collect();
        let mut order: Vec<usize> = (0..keys.len()).collect();
        order.sort_by(|&a, &b| keys[b].total_cmp(&keys[a]));
        order.truncate(self.count);
        order
    }

    fn len(&self) -> usize {
        self.count
    }
}

/// Returns a number in `[0, 1)` with all the bits of an f64.
fn unit(rng: &mut Rng) -> f64 {
    (rng.bits64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Visits the part of one process among several that train together, as
/// `torch.utils.data.distributed.DistributedSampler`: every process gets as many indices, and together
/// they visit every sample. If the number does not divide, the first indices come twice, or with
/// `drop_last` the last ones not at all.
#[derive(Clone, Debug)]
pub struct DistributedSampler {
    samples: usize,
    rank: usize,
    processes: usize,
    seed: u64,
    shuffle: bool,
    drop_last: bool,
}

builder! {
    DistributedSampler, DistributedSamplerBuilder;
    /// Makes the sampler of process `rank`, counted from 0, of `processes`, over `samples` indices that are
    /// shuffled with seed 0.
    ///
    /// # Errors
    /// When `rank` is not below `processes`.
    new(samples: usize, rank: usize, processes: usize) -> Result;
    /// Sets the seed of the order, the same in all processes; default 0.
    seed: u64 = 0;
    /// Visits the samples in a random order, another one each epoch; default true.
    shuffle: bool = true;
    /// Leaves out the last samples if their number does not divide; default false.
    drop_last: bool = false;
}

impl DistributedSamplerBuilder {
    /// Makes the sampler.
    ///
    /// # Errors
    /// When `rank` is not below `processes`.
    pub fn build(self) -> Result<DistributedSampler> {
        let Self { samples, rank, processes, seed, shuffle, drop_last } = self;
        if rank >= processes {
            let message = format!("rank is {rank}, expected less than processes {processes}");
            return Err(Error::invalid("distributed_sampler", message));
        }
        Ok(DistributedSampler { samples, rank, processes, seed, shuffle, drop_last })
    }
}

impl Sampler for DistributedSampler {
    fn order(&self, epoch: u64, _rng: &mut Rng) -> Vec<usize> {
        let all: Vec<usize> = match self.shuffle {
            true => Rng::for_sample(self.seed, epoch, u64::MAX).permutation(self.samples),
            false => (0..self.samples).collect(),
        };
        let mine = all.iter().cycle().skip(self.rank).step_by(self.processes);
        mine.take(self.len()).copied().collect()
    }

    fn len(&self) -> usize {
        match self.drop_last {
            true => self.samples / self.processes,
            false => self.samples.div_ceil(self.processes),
        }
    }
}

/// Groups a sampler's indices into batches.
pub(crate) struct Chunks {
    pub sampler: Box<dyn Sampler>,
    pub batch_size: usize,
    pub drop_last: bool,
}

impl BatchSampler for Chunks {
    fn batches(&self, epoch: u64, rng: &mut Rng) -> Vec<Vec<usize>> {
        let order = self.sampler.order(epoch, rng);
        order.chunks(self.batch_size).take(self.len()).map(<[usize]>::to_vec).collect()
    }

    fn len(&self) -> usize {
        match self.drop_last {
            true => self.sampler.len() / self.batch_size,
            false => self.sampler.len().div_ceil(self.batch_size),
        }
    }
}
