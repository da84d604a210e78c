//! Random numbers from a counter-based generator. The n-th number does not depend on the number of threads,
//! and the state is three integers that can be saved.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use rand::rand_core::{Infallible, TryRng};

/// A generator of random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2,
/// 3", 2011), a function from (seed, stream, counter) to 128 bits. Clones share their state.
///
/// ```
/// use taper_tensor::{Generator, Tensor};
/// let g = Generator::new(42);
/// let state = g.state();
/// let a = Tensor::options().generator(&g).randn(1000)?;
/// g.set_state(state);
/// let b = Tensor::options().generator(&g).randn(1000)?;
/// assert!(a.equal(&b)?);
/// # Ok::<(), taper_tensor::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Generator(Arc<Mutex<State>>);

#[derive(Clone, Copy, Debug)]
struct State {
    seed: u64,
    stream: u64,
    counter: u64,
}

static DEFAULT: LazyLock<Generator> = LazyLock::new(|| {
    // A fixed seed makes unseeded programs repeatable. PyTorch draws one instead.
    Generator::new(0)
});

thread_local! {
    /// The generators that [`Generator::scope`] puts in place of the default one.
    static SCOPED: RefCell<Vec<Generator>> = const { RefCell::new(Vec::new()) };
}

/// Seeds the default generator, as `torch.manual_seed` does. The initial seed is 0.
pub fn manual_seed(seed: u64) {
    Generator::default_generator().manual_seed(seed);
}

impl Generator {
    /// Returns a new generator, at the start of the numbers of `seed`.
    pub fn new(seed: u64) -> Self {
        Self::with_stream(seed, 0)
    }

    /// Returns a new generator at the start of one of the 2^64 independent streams of a seed.
    pub fn with_stream(seed: u64, stream: u64) -> Self {
        Self(Arc::new(Mutex::new(State { seed, stream, counter: 0 })))
    }

    /// Returns the default generator, which operations use when none is given.
    pub fn default_generator() -> Self {
        SCOPED.with_borrow(|scoped| scoped.last().cloned()).unwrap_or_else(|| DEFAULT.clone())
    }

    /// Makes this the default generator of the calling thread while `f` runs. Random numbers drawn by other
    /// threads do not affect `f`, and the state of the previous default generator does not change.
    ///
    /// ```
    /// # use taper_tensor::{Generator, Tensor};
    /// let draw = || Generator::new(7).scope(|| Tensor::randn(3));
    /// assert!(draw()?.equal(&draw()?)?);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    pub fn scope<R>(&self, f: impl FnOnce() -> R) -> R {
        /// Restores the previous generator on drop, also when `f` panics.
        struct Scope;
        impl Drop for Scope {
            fn drop(&mut self) {
                SCOPED.with_borrow_mut(Vec::pop);
            }
        }
        SCOPED.with_borrow_mut(|scoped| scoped.push(self.clone()));
        let _scope = Scope;
        f()
    }

    /// Seeds the generator and returns to the start of its numbers.
    pub fn manual_seed(&self, seed: u64) {
        *self.0.lock() = State { seed, stream: 0, counter: 0 };
    }

    /// Returns the state, to be restored later: seed, stream and counter.
    pub fn state(&self) -> [u64; 3] {
        let s = self.0.lock();
        [s.seed, s.stream, s.counter]
    }

    /// Restores a saved state.
    pub fn set_state(&self, [seed, stream, counter]: [u64; 3]) {
        *self.0.lock() = State { seed, stream, counter };
    }

    /// Reserves `blocks` blocks of four 32-bit numbers. The caller computes them from the counter.
    pub(crate) fn reserve(&self, blocks: usize) -> Philox {
        let mut s = self.0.lock();
        let first = s.counter;
        s.counter = first.wrapping_add(blocks as u64);
        Philox { seed: s.seed, stream: s.stream, first }
    }

    /// Returns a random integer below `n`, uniformly distributed. For `n` = 0 it returns 0.
    pub fn below(&self, n: u64) -> u64 {
        // Lemire's method rejects the few values that would make some results more likely.
        let threshold = n.wrapping_neg() % n.max(1);
        loop {
            let wide = u128::from(self.next()) * u128::from(n);
            if wide as u64 >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }

    /// Returns a random number, uniform in [0, 1), a multiple of 2^-53.
    pub fn uniform(&self) -> f64 {
        unit_f64(self.next())
    }

    /// Returns `0..n` in random order, by the Fisher-Yates shuffle.
    pub fn permutation(&self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i as u64 + 1) as usize);
        }
        order
    }

    fn next(&self) -> u64 {
        let [a, b, ..] = self.reserve(1).block(0);
        u64::from(a) | u64::from(b) << 32
    }
}

/// Lets the distributions of the crate `rand` draw from a generator.
impl TryRng for Generator {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.next() as u32)
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.next())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        for chunk in bytes.chunks_mut(8) {
            chunk.copy_from_slice(&self.next().to_le_bytes()[..chunk.len()]);
        }
        Ok(())
    }
}

/// A range of blocks of a generator.
#[derive(Clone, Copy)]
pub(crate) struct Philox {
    seed: u64,
    stream: u64,
    first: u64,
}

impl Philox {
    /// Returns four random 32-bit numbers: ten rounds over (counter, stream), with the seed as the key.
    #[inline]
    pub(crate) fn block(&self, i: u64) -> [u32; 4] {
        let (counter, stream, key) = (self.first.wrapping_add(i), self.stream, self.seed);
        let halves = |x: u64| [x as u32, (x >> 32) as u32];
        let ([c0, c1], [c2, c3]) = (halves(counter), halves(stream));
        philox([c0, c1, c2, c3], halves(key))
    }
}

/// Computes one block of Philox 4x32 with ten rounds (Salmon et al., "Parallel random numbers: as easy as 1,
/// 2, 3", 2011): 128 random bits, a pure function of the counter and the key. [`Generator`] is built on it;
/// use it to build other generators.
#[inline]
pub fn philox(mut counter: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let [c0, c1, c2, c3] = counter;
        let (a, b) = (0xD251_1F53 * u64::from(c0), 0xCD9E_8D57 * u64::from(c2));
        counter = [(b >> 32) as u32 ^ c1 ^ key[0], b as u32, (a >> 32) as u32 ^ c3 ^ key[1], a as u32];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

/// Returns a number in [0, 1) from 64 random bits, with the 53 bits of precision of `f64`.
pub(crate) fn unit_f64(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// Returns a number in [0, 1) from 32 random bits, with the 24 bits of precision of `f32`.
pub(crate) fn unit_f32(bits: u32) -> f32 {
    (bits >> 8) as f32 * (1.0 / (1u32 << 24) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers are from the authors' own test file (Random123, `kat_vectors`).
    #[test]
    fn philox_known_answers() {
        assert_eq!(philox([0; 4], [0; 2]), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        assert_eq!(philox([!0; 4], [!0; 2]), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
        let counter = [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344];
        let known = [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1];
        assert_eq!(philox(counter, [0xa409_3822, 0x299f_31d0]), known);
        let all = Philox {
            seed: 0x299f_31d0_a409_3822,
            stream: 0x0370_7344_1319_8a2e,
            first: 0x85a3_08d3_243f_6a88,
        };
        assert_eq!(all.block(0), known);
    }
}
