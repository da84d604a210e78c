//! For tests: random views of random numbers, and the plain way to read them; each instruction set in turn,
//! and several numbers of threads.

use super::element::Element;
use super::strided::{Strided, StridedMut};

/// A small generator (SplitMix64): a test's cases follow from the seed that proptest chose.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }
    /// Returns a number in `0..n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
    /// Returns a number in [-1, 1).
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }
    /// Returns up to 4 dimensions, mostly small, some long enough for several tiles and tasks.
    pub fn dims(&mut self) -> Vec<usize> {
        let rank = self.below(5);
        let mut dims: Vec<usize> = (0..rank).map(|_| [1, 2, 3, 5, 8, 33][self.below(6)]).collect();
        if rank > 0 {
            let d = self.below(rank);
            dims[d] = [0, 1, 4, 70, 130, 1500, 9000][self.below(7)];
        }
        while dims.iter().product::<usize>() > 200_000 {
            dims.pop();
        }
        dims
    }
}

/// A view with data of its own.
#[derive(Debug, Clone)]
pub struct View<T> {
    pub data: Vec<T>,
    pub dims: Vec<usize>,
    pub strides: Vec<usize>,
    pub offset: usize,
}

impl<T: Element> View<T> {
    /// Values of `value` in a layout with permuted, stepped and (if `repeat`) broadcast dimensions.
    pub fn random(
        random: &mut Random,
        dims: &[usize],
        repeat: bool,
        mut value: impl FnMut(&mut Random) -> f64,
    ) -> Self {
        let mut order: Vec<usize> = (0..dims.len()).collect();
        if random.below(2) == 0 {
            for i in (1..order.len()).rev() {
                order.swap(i, random.below(i + 1));
            }
        }
        let mut strides = vec![0; dims.len()];
        let mut size = 1;
        for &d in order.iter().rev() {
            if !(repeat && random.below(5) == 0) {
                let step = [1, 1, 1, 2, 3][random.below(5)];
                strides[d] = size * step;
                size *= step * dims[d].max(1);
            }
        }
        let offset = [0, 0, 1, 17][random.below(4)];
        let data = (0..offset + size).map(|_| T::from_f64(value(random))).collect();
        Self { data, dims: dims.to_vec(), strides, offset }
    }

    pub fn view(&self) -> Strided<'_, T> {
        Strided::new(&self.data, &self.dims, &self.strides, self.offset)
    }

    pub fn view_mut(&mut self) -> StridedMut<'_, T> {
        StridedMut::new(&mut self.data, &self.dims, &self.strides, self.offset)
    }

    /// Returns the elements in row-major order.
    pub fn values(&self) -> Vec<T> {
        offsets(&self.dims, &self.strides).into_iter().map(|o| self.data[self.offset + o]).collect()
    }
}

/// Returns the offset of each element, in row-major order.
fn offsets(dims: &[usize], strides: &[usize]) -> Vec<usize> {
    dims.iter().zip(strides).fold(vec![0], |offsets, (&d, &s)| {
        offsets.iter().flat_map(|o| (0..d).map(move |i| o + i * s)).collect()
    })
}

/// Returns the elements of x, given row-major with `dims`, that reduce to each result: grouped by the
/// index without the dimensions `over`, both in row-major order.
pub fn groups<T: Copy>(x: &[T], dims: &[usize], over: &[usize]) -> Vec<Vec<T>> {
    let mut strides = vec![0; dims.len()];
    let mut results = 1;
    for d in (0..dims.len()).rev().filter(|d| !over.contains(d)) {
        strides[d] = results;
        results *= dims[d];
    }
    let mut groups = vec![Vec::new(); results];
    for (group, &x) in offsets(dims, &strides).into_iter().zip(x) {
        groups[group].push(x);
    }
    groups
}

/// Tests call kernels with each instruction set in turn.
pub mod forced {
    use std::sync::atomic::{AtomicU8, Ordering};

    use parking_lot::Mutex;

    use crate::cpu::simd::{Isa, detect};

    const ALL: [Isa; 3] = [Isa::Portable, Isa::Avx2, Isa::Avx512];
    static FORCED: AtomicU8 = AtomicU8::new(u8::MAX);
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

    pub fn get() -> Option<Isa> {
        ALL.get(usize::from(FORCED.load(Ordering::Relaxed))).copied()
    }

    /// Calls `f` once for each instruction set that the processor has, with all kernels of the
    /// process on that one. A test that compares bits of two runs must do so in here, as the set
    /// may change between them otherwise.
    pub fn each_isa(mut f: impl FnMut(Isa)) {
        let _lock = ONE_AT_A_TIME.lock();
        for isa in ALL.into_iter().filter(|&isa| isa <= detect()) {
            FORCED.store(isa as u8, Ordering::Relaxed);
            f(isa);
        }
        FORCED.store(u8::MAX, Ordering::Relaxed);
    }
}

/// Tests run the same with different numbers of threads.
pub mod given {
    use std::cell::RefCell;
    use std::rc::Rc;

    use crate::cpu::team::Team;

    thread_local! {
        static GIVEN: RefCell<Option<Rc<Team>>> = const { RefCell::new(None) };
    }

    pub fn threads() -> Option<usize> {
        GIVEN.with_borrow(|team| team.as_ref().map(|team| team.threads()))
    }

    pub fn run(n: usize, f: &(dyn Fn(usize) + Sync)) -> bool {
        let Some(team) = GIVEN.with_borrow(Clone::clone) else { return false };
        team.run(n, f);
        true
    }

    /// Calls `f` with `n` threads for what it computes on its own thread.
    pub fn with_threads<R>(n: usize, f: impl FnOnce() -> R) -> R {
        GIVEN.set(Some(Rc::new(Team::new(n))));
        let result = f();
        GIVEN.set(None);
        result
    }
}
