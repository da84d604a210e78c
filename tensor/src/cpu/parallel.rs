//! When to use threads, and how many.
//!
//! Splits depend on shapes alone, never on the number of threads, so that results do not.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::OnceLock;

use parking_lot::Mutex;

use super::team::Team;

/// Work estimated below this many nanoseconds is done serially: to wake a thread that sleeps takes
/// some 5 µs of the caller's time, and to hand tasks to one that does not below 1 µs.
pub const SERIAL_NS: f64 = 20_000.0;

static THREADS: OnceLock<usize> = OnceLock::new();
static TEAM: OnceLock<Team> = OnceLock::new();

/// Decides how many threads there are, unless that has been decided; returns how many there are.
pub fn decide_threads(n: usize) -> usize {
    *THREADS.get_or_init(|| n)
}

/// How many threads compute together: all processors, unless [`decide_threads`] said otherwise.
pub fn num_threads() -> usize {
    #[cfg(test)]
    if let Some(n) = super::tests::given::threads() {
        return n;
    }
    *THREADS.get_or_init(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
}

/// Whether `ns` nanoseconds of serial work are worth spreading over the threads.
pub fn worth(ns: f64) -> bool {
    ns > SERIAL_NS && num_threads() > 1
}

/// Calls `f(i)` for each `i` in `0..n`, in parallel where `n * ns_each` is worth it.
/// The calls must not depend on each other.
pub fn for_each(n: usize, ns_each: f64, f: impl Fn(usize) + Sync + Send) {
    each(n, n > 1 && worth(n as f64 * ns_each), &f);
}

/// Not generic, and so compiled once.
fn each(n: usize, parallel: bool, f: &(dyn Fn(usize) + Sync)) {
    if !parallel {
        return (0..n).for_each(f);
    }
    #[cfg(test)]
    if super::tests::given::run(n, f) {
        return;
    }
    TEAM.get_or_init(|| Team::new(num_threads())).run(n, f);
}

/// Calls both, in parallel where there are threads.
pub fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let (mut a, mut b, mut x, mut y) = (Some(a), Some(b), None, None);
    both(&mut || x = a.take().map(|a| a()), &mut || y = b.take().map(|b| b()));
    // invariant: `both` calls both
    let (Some(x), Some(y)) = (x, y) else { unreachable!("a task was not called") };
    (x, y)
}

/// Not generic, as [`each`].
fn both<'a>(a: &'a mut (dyn FnMut() + Send + 'a), b: &'a mut (dyn FnMut() + Send + 'a)) {
    let tasks = [Mutex::new(a), Mutex::new(b)];
    each(2, num_threads() > 1, &|i| (*tasks[i].lock())());
}

/// Calls `f(range)` over consecutive ranges that cover `0..n`, in parallel where
/// `n * ns_each` is worth it; `grain` is the ranges' length, but for the last one.
pub fn for_each_range(n: usize, grain: usize, ns_each: f64, f: impl Fn(Range<usize>) + Sync + Send) {
    let grain = grain.max(1);
    let range = |i: usize| i * grain..((i + 1) * grain).min(n);
    for_each(n.div_ceil(grain), ns_each * grain as f64, |i| f(range(i)));
}

/// Calls `f(i, chunk)` for consecutive chunks of `y`, each `chunk` long but for the last one,
/// in parallel where the whole is worth it.
pub fn for_each_chunk<T: Send>(
    y: &mut [T],
    chunk: usize,
    ns_each: f64,
    f: impl Fn(usize, &mut [T]) + Sync + Send,
) {
    let (len, y) = (y.len(), Disjoint::new(y));
    for_each_range(len, chunk, ns_each, |range| {
        // SAFETY: the ranges of different calls do not overlap.
        f(range.start / chunk.max(1), unsafe { y.part(range.start, range.len()) });
    });
}

/// A slice of which several threads write different parts at once, where the parts are not the
/// consecutive chunks that [`for_each_chunk`] hands out.
pub struct Disjoint<'a, T> {
    ptr: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

impl<T> Clone for Disjoint<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Disjoint<'_, T> {}

// SAFETY: only a mutable slice is behind it, and whoever takes a part of it promises (see `part`)
// that nobody else has that part.
unsafe impl<T: Send> Send for Disjoint<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    /// Takes `y` for as long as its parts are in use.
    pub fn new(y: &'a mut [T]) -> Self {
        Self { ptr: y.as_mut_ptr(), len: y.len(), slice: PhantomData }
    }

    /// The elements `start..start + len`.
    ///
    /// # Safety
    /// No other part that overlaps this one may be in use.
    #[inline(always)]
    pub unsafe fn part(&self, start: usize, len: usize) -> &'a mut [T] {
        assert!(start <= self.len && len <= self.len - start);
        // SAFETY: within the slice, by the line above; the caller keeps the parts apart.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.add(start), len) }
    }

    /// A share of the slice, of which parts can be taken one at a time.
    ///
    /// # Safety
    /// What is taken from the share must not overlap any part in use elsewhere.
    pub unsafe fn share(&self) -> Share<'a, T> {
        Share(*self)
    }

    /// The address of a matrix of `rows` by `cols`, `stride` elements from row to row, whose first
    /// element is `start`.
    pub fn matrix(&self, start: usize, rows: usize, cols: usize, stride: usize) -> *mut T {
        let reach = if rows == 0 || cols == 0 { 0 } else { (rows - 1) * stride + cols };
        assert!(start <= self.len && reach <= self.len - start, "a matrix beyond its slice");
        // SAFETY: within the slice, by the line above.
        unsafe { self.ptr.add(start) }
    }
}

/// One task's share of a [`Disjoint`] slice.
pub struct Share<'a, T>(Disjoint<'a, T>);

impl<T> Share<'_, T> {
    /// The elements `start..start + len`, which must be of this share.
    #[inline(always)]
    pub fn part(&mut self, start: usize, len: usize) -> &mut [T] {
        // SAFETY: whoever made the share promised that nothing overlaps what is taken from it, and
        // it hands out one part at a time.
        unsafe { self.0.part(start, len) }
    }

    /// The address of a matrix of this share, as [`Disjoint::matrix`].
    pub fn matrix(&mut self, start: usize, rows: usize, cols: usize, stride: usize) -> *mut T {
        self.0.matrix(start, rows, cols, stride)
    }
}
