//! Random numbers: a counter-based generator, so that the n-th number is the same whatever the
//! number of threads, and a state of two integers that can be saved.

use std::cell::RefCell;
use std::sync::{Arc, LazyLock};

use parking_lot::Mutex;
use rand::rand_core::{Infallible, TryRng};

/// A source of random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as
/// 1, 2, 3", 2011), a function from (seed, stream, counter) to 128 bits. Clones share their state.
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
    // As PyTorch's, unseeded programs start from the same place: runs are repeatable by default.
    Generator::new(0)
});

thread_local! {
    /// What [`Generator::scope`] put in the default generator's place.
    static SCOPED: RefCell<Vec<Generator>> = const { RefCell::new(Vec::new()) };
}

/// Seeds the default generator, as `torch.manual_seed` does. Without it, the seed is 0.
pub fn manual_seed(seed: u64) {
    Generator::default_generator().manual_seed(seed);
}

impl Generator {
    /// A generator of its own, at the start of the seed's numbers.
    pub fn new(seed: u64) -> Self {
        Self::with_stream(seed, 0)
    }

    /// A generator at the start of one of a seed's 2^64 independent streams.
    pub fn with_stream(seed: u64, stream: u64) -> Self {
        Self(Arc::new(Mutex::new(State { seed, stream, counter: 0 })))
    }

    /// The generator that is used where none is given.
    pub fn default_generator() -> Self {
        SCOPED.with_borrow(|scoped| scoped.last().cloned()).unwrap_or_else(|| DEFAULT.clone())
    }

    /// Makes this the default generator of the calling thread while `f` runs. What other threads draw then
    /// does not change what `f` gets, and the default generator stays where it was.
    ///
    /// ```
    /// # use taper_tensor::{Generator, Tensor};
    /// let draw = || Generator::new(7).scope(|| Tensor::randn(3));
    /// assert!(draw()?.equal(&draw()?)?);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    pub fn scope<R>(&self, f: impl FnOnce() -> R) -> R {
        /// Puts the one before back, also when `f` panics.
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

    /// Goes to the start of the seed's numbers.
    pub fn manual_seed(&self, seed: u64) {
        *self.0.lock() = State { seed, stream: 0, counter: 0 };
    }

    /// The state, to go back to: seed, stream and counter.
    pub fn state(&self) -> [u64; 3] {
        let s = self.0.lock();
        [s.seed, s.stream, s.counter]
    }

    /// Goes back to a saved state.
    pub fn set_state(&self, [seed, stream, counter]: [u64; 3]) {
        *self.0.lock() = State { seed, stream, counter };
    }

    /// Takes `blocks` blocks of four 32-bit numbers: the caller computes them from the counter.
    pub(crate) fn reserve(&self, blocks: usize) -> Philox {
        let mut s = self.0.lock();
        let first = s.counter;
        s.counter = first.wrapping_add(blocks as u64);
        Philox { seed: s.seed, stream: s.stream, first }
    }

    /// A random integer below `n`, which must not be 0; each is equally likely.
    pub fn below(&self, n: u64) -> u64 {
        // Lemire's method: reject the few values that would make some results likelier.
        let threshold = n.wrapping_neg() % n.max(1);
        loop {
            let wide = u128::from(self.next()) * u128::from(n);
            if wide as u64 >= threshold {
                return (wide >> 64) as u64;
            }
        }
    }

    /// A random real number in [0, 1), a multiple of 2^-53.
    pub fn uniform(&self) -> f64 {
        unit_f64(self.next())
    }

    /// A random order of `0..n`: Fisher and Yates' shuffle.
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

/// `rand`'s distributions work on a generator.
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

/// A range of the generator's blocks.
#[derive(Clone, Copy)]
pub(crate) struct Philox {
    seed: u64,
    stream: u64,
    first: u64,
}

impl Philox {
    /// Four random 32-bit numbers: ten rounds over (counter, stream) with the seed as the key.
    #[inline]
    pub(crate) fn block(&self, i: u64) -> [u32; 4] {
        let (counter, key) = (self.first.wrapping_add(i), self.seed);
        let mut c = [counter as u32, (counter >> 32) as u32, self.stream as u32, (self.stream >> 32) as u32];
        let (mut k0, mut k1) = (key as u32, (key >> 32) as u32);
        for _ in 0..10 {
            let p0 = 0xD251_1F53u64 * u64::from(c[0]);
            let p1 = 0xCD9E_8D57u64 * u64::from(c[2]);
            c = [(p1 >> 32) as u32 ^ c[1] ^ k0, p1 as u32, (p0 >> 32) as u32 ^ c[3] ^ k1, p0 as u32];
            k0 = k0.wrapping_add(0x9E37_79B9);
            k1 = k1.wrapping_add(0xBB67_AE85);
        }
        c
    }
}

/// [0, 1) from 64 random bits, with the 53 that an f64 holds.
pub(crate) fn unit_f64(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// [0, 1) from 32 random bits, with the 24 that an f32 holds.
pub(crate) fn unit_f32(bits: u32) -> f32 {
    (bits >> 8) as f32 * (1.0 / (1u32 << 24) as f32)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known answers from the authors' reference implementation (Random123, `kat_vectors`).
    #[test]
    fn philox_known_answers() {
        let zero = Philox { seed: 0, stream: 0, first: 0 };
        assert_eq!(zero.block(0), [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let ones = Philox { seed: u64::MAX, stream: u64::MAX, first: u64::MAX };
        assert_eq!(ones.block(0), [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    }
}
