//! Random numbers of samplers, transforms and drawn datasets.
//!
//! The generator is counter-based: a number is a pure function of the seed, the epoch, the index and the count of
//! numbers drawn before. A sample is the same on every thread, and making a generator is free.

use taper_tensor::philox;

/// A stream of random numbers that belongs to one (seed, epoch, index).
///
/// ```
/// use taper_data::Rng;
/// let mut rng = Rng::for_sample(7, 0, 42);
/// let (a, b) = (rng.uniform(), rng.below(10));
/// assert!((0.0..1.0).contains(&a) && b < 10);
/// assert_eq!(Rng::for_sample(7, 0, 42).uniform(), a);
/// ```
#[derive(Clone, Debug)]
pub struct Rng {
    key: [u32; 2],
    counter: [u32; 4],
    block: [u32; 4],
    used: usize,
}

/// Makes the keys of orders and splits differ from those of samples.
const ORDER: u64 = 0x6f72_6465_7220_2121;

impl Rng {
    /// Makes the generator of a seed for an order or a split.
    pub fn new(seed: u64, stream: u64) -> Self {
        Self::for_sample(seed ^ ORDER, 0, stream)
    }

    /// Makes the generator of sample `index` in epoch `epoch` of a loader with this seed.
    pub fn for_sample(seed: u64, epoch: u64, index: u64) -> Self {
        let key = [seed as u32, (seed >> 32) as u32 ^ (epoch >> 32) as u32];
        let counter = [0, epoch as u32, index as u32, (index >> 32) as u32];
        Self { key, counter, block: [0; 4], used: 4 }
    }

    /// Returns 32 random bits.
    pub fn bits(&mut self) -> u32 {
        if self.used == 4 {
            self.block = philox(self.counter, self.key);
            self.counter[0] = self.counter[0].wrapping_add(1);
            self.used = 0;
        }
        self.used += 1;
        self.block[self.used - 1]
    }

    /// Returns 64 random bits.
    pub fn bits64(&mut self) -> u64 {
        u64::from(self.bits()) << 32 | u64::from(self.bits())
    }

    /// Returns a number in `[0, 1)`, a multiple of 2⁻²⁴.
    pub fn uniform(&mut self) -> f32 {
        (self.bits() >> 8) as f32 * (1.0 / (1u32 << 24) as f32)
    }

    /// Returns a number in `[low, high)`, or `low` if the two are equal.
    pub fn range(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.uniform()
    }

    /// Returns an integer in `[0, n)`, each equally likely, or 0 if `n` is 0.
    pub fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        // Lemire's method: the high half of a product, low halves below 2⁶⁴ mod n rejected.
        loop {
            let product = u128::from(self.bits64()) * u128::from(n);
            if product as u64 >= n || product as u64 >= n.wrapping_neg().checked_rem(n).unwrap_or(0) {
                return (product >> 64) as usize;
            }
        }
    }

    /// Returns true with probability `p`.
    pub fn chance(&mut self, p: f32) -> bool {
        self.uniform() < p
    }

    /// Returns a number of the normal distribution of mean 0 and deviation 1 (Box and Muller's method).
    pub fn normal(&mut self) -> f32 {
        let radius = (-2.0 * (1.0 - self.uniform()).ln()).sqrt();
        radius * (std::f32::consts::TAU * self.uniform()).cos()
    }

    /// Puts the items into a random order (Fisher and Yates).
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }

    /// Returns a random order of `0..n`, as `torch.randperm`.
    pub fn permutation(&mut self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        self.shuffle(&mut order);
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_and_ranges() {
        let mut rng = Rng::new(1, 2);
        let n = 20_000;
        let (mut uniform, mut normal, mut square, mut counts) = (0.0, 0.0, 0.0, [0usize; 7]);
        for _ in 0..n {
            uniform += f64::from(rng.uniform());
            let x = f64::from(rng.normal());
            (normal, square) = (normal + x, square + x * x);
            counts[rng.below(7)] += 1;
        }
        let n = f64::from(n);
        assert!((uniform / n - 0.5).abs() < 0.01);
        assert!((normal / n).abs() < 0.03 && (square / n - 1.0).abs() < 0.05);
        assert!(counts.iter().all(|&count| (count as f64 - n / 7.0).abs() < 250.0), "{counts:?}");
        assert_eq!(rng.below(0), 0);
    }
}
