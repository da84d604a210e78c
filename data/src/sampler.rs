//! Samplers: which samples an epoch visits, in which order.

use crate::{Error, Result, Rng};

/// The indices of one epoch after the other.
pub trait Sampler: Send + Sync {
    /// The indices of an epoch in order. `rng` belongs to the loader's seed and this epoch.
    fn order(&self, epoch: u64, rng: &mut Rng) -> Vec<usize>;

    /// How many indices an epoch has, always.
    fn len(&self) -> usize;

    /// Whether an epoch has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The indices of one epoch after the other, batch by batch: for batches that belong together, e.g. of
/// texts of similar length.
pub trait BatchSampler: Send + Sync {
    /// The batches of an epoch in order. `rng` belongs to the loader's seed and this epoch.
    fn batches(&self, epoch: u64, rng: &mut Rng) -> Vec<Vec<usize>>;

    /// How many batches an epoch has, always.
    fn len(&self) -> usize;

    /// Whether an epoch has none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// `0, 1, 2, ..., n - 1`.
#[derive(Clone, Debug)]
pub struct SequentialSampler(pub usize);

impl Sampler for SequentialSampler {
    fn order(&self, _epoch: u64, _rng: &mut Rng) -> Vec<usize> {
        (0..self.0).collect()
    }

    fn len(&self) -> usize {
        self.0
    }
}

/// `0..n` in a random order, another one each epoch.
#[derive(Clone, Debug)]
pub struct RandomSampler(pub usize);

impl Sampler for RandomSampler {
    fn order(&self, _epoch: u64, rng: &mut Rng) -> Vec<usize> {
        rng.permutation(self.0)
    }

    fn len(&self) -> usize {
        self.0
    }
}

/// Indices drawn with a probability in proportion to their weights, as
/// `torch.utils.data.WeightedRandomSampler`: balances classes of different sizes.
///
/// ```
/// use taper_data::{Rng, Sampler, WeightedRandomSampler};
/// let sampler = WeightedRandomSampler::new(&[0.0, 1.0, 3.0], 8000, true)?;
/// let order = sampler.order(0, &mut Rng::new(0, 0));
/// let count = |index| order.iter().filter(|&&i| i == index).count();
/// assert!(count(0) == 0 && (1800..2200).contains(&count(1)) && (5800..6200).contains(&count(2)));
/// # Ok::<(), taper_data::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct WeightedRandomSampler {
    weights: Vec<f64>,
    count: usize,
    replacement: bool,
}

impl WeightedRandomSampler {
    /// `count` indices an epoch; with replacement, an index can come several times.
    ///
    /// # Errors
    /// When a weight is negative or not finite, none is above 0, or (without replacement) fewer than
    /// `count` are above 0.
    pub fn new(weights: &[f64], count: usize, replacement: bool) -> Result<Self> {
        const OP: &str = "weighted_random_sampler";
        if let Some(i) = weights.iter().position(|w| !w.is_finite() || *w < 0.0) {
            let message = format!("weight {i} is {}, expected a finite number from 0 up", weights[i]);
            return Err(Error::invalid(OP, message));
        }
        let positive = weights.iter().filter(|&&w| w > 0.0).count();
        if count > 0 && (positive == 0 || (!replacement && count > positive)) {
            return Err(Error::invalid(
                OP,
                format!("cannot draw {count} samples, {positive} weights are above 0"),
            ));
        }
        Ok(Self { weights: weights.to_vec(), count, replacement })
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

/// A number in `[0, 1)` with all the bits of an f64.
fn unit(rng: &mut Rng) -> f64 {
    (rng.bits64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// The part of one process among several that train together, as
/// `torch.utils.data.distributed.DistributedSampler`: every process gets as many indices, and together
/// they visit every sample. Where the number does not divide, the first indices come twice, or with
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

impl DistributedSampler {
    /// The part of process `rank` (from 0) of `processes`, of `samples` indices, shuffled with seed 0.
    ///
    /// # Errors
    /// When `rank` is not below `processes`.
    pub fn new(samples: usize, rank: usize, processes: usize) -> Result<Self> {
        if rank >= processes {
            let message = format!("rank {rank} of {processes} processes: ranks count from 0");
            return Err(Error::invalid("distributed_sampler", message));
        }
        Ok(Self { samples, rank, processes, seed: 0, shuffle: true, drop_last: false })
    }

    /// The seed of the order: the same in all processes, whatever their loaders' seeds.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Whether the order is random, another one each epoch (it is unless told otherwise).
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// Whether to leave out the last samples where their number does not divide.
    pub fn drop_last(mut self, drop_last: bool) -> Self {
        self.drop_last = drop_last;
        self
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

/// A sampler's indices, `batch_size` at a time.
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
