//! The use of threads by estimated cost.
//!
//! Splits depend on shapes alone, never on the number of threads, so neither do results.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::OnceLock;

use parking_lot::Mutex;

use super::team::Team;

/// The cost, in nanoseconds, below which work runs serially. Waking a sleeping thread takes some 5 µs of the
/// caller's time, and handing tasks to an awake one below 1 µs.
pub const SERIAL_NS: f64 = 20_000.0;

static THREADS: OnceLock<usize> = OnceLock::new();
static TEAM: OnceLock<Team> = OnceLock::new();

/// Sets the number of threads, unless it is set already. Returns the number in use.
pub fn decide_threads(n: usize) -> usize {
    *THREADS.get_or_init(|| n)
}

/// Returns the number of threads that compute together: all processors, unless [`decide_threads`] has set
/// another number.
pub fn num_threads() -> usize {
    #[cfg(test)]
    if let Some(n) = super::tests::given::threads() {
        return n;
    }
    *THREADS.get_or_init(|| std::thread::available_parallelism().map_or(1, |n| n.get()))
}

/// Returns true if `ns` nanoseconds of serial work are worth distributing over the threads.
pub fn worth(ns: f64) -> bool {
    ns > SERIAL_NS && num_threads() > 1
}

/// Calls `f(i)` for each `i` in `0..n`, in parallel if `n * ns_each` is worth it. The calls must be
/// independent.
pub fn for_each(n: usize, ns_each: f64, f: impl Fn(usize) + Sync + Send) {
    each(n, n > 1 && worth(n as f64 * ns_each), &f);
}

/// Implements [`for_each`]; it is not generic, so that it is compiled once.
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

/// Calls both functions, in parallel if there are threads.
pub fn join<A: Send, B: Send>(a: impl FnOnce() -> A + Send, b: impl FnOnce() -> B + Send) -> (A, B) {
    let (mut a, mut b, mut x, mut y) = (Some(a), Some(b), None, None);
    both(&mut || x = a.take().map(|a| a()), &mut || y = b.take().map(|b| b()));
    // invariant: `both` calls both
    let (Some(x), Some(y)) = (x, y) else { unreachable!("a task was not called") };
    (x, y)
}

/// Implements [`join`]; it is not generic, so that it is compiled once.
fn both<'a>(a: &'a mut (dyn FnMut() + Send + 'a), b: &'a mut (dyn FnMut() + Send + 'a)) {
    let tasks = [Mutex::new(a), Mutex::new(b)];
    each(2, num_threads() > 1, &|i| (*tasks[i].lock())());
}

/// Calls `f(range)` for consecutive ranges that cover `0..n`, in parallel if `n * ns_each` is worth it. The
/// ranges have `grain` elements, except for the last one.
pub fn for_each_range(n: usize, grain: usize, ns_each: f64, f: impl Fn(Range<usize>) + Sync + Send) {
    let grain = grain.max(1);
    let range = |i: usize| i * grain..((i + 1) * grain).min(n);
    for_each(n.div_ceil(grain), ns_each * grain as f64, |i| f(range(i)));
}

/// Calls `f(i, chunk)` for consecutive chunks of `y`, in parallel if the total is worth it. The chunks have
/// `chunk` elements, except for the last one.
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

/// A slice whose parts several threads write at once. Use it if the parts are not the consecutive chunks of
/// [`for_each_chunk`].
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

// SAFETY: it is a mutable slice, and the caller of `part` guarantees that nothing else uses that part.
unsafe impl<T: Send> Send for Disjoint<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    /// Borrows `y` as long as its parts are in use.
    pub fn new(y: &'a mut [T]) -> Self {
        Self { ptr: y.as_mut_ptr(), len: y.len(), slice: PhantomData }
    }

    /// Returns the elements `start..start + len`.
    ///
    /// # Safety
    /// No other part that overlaps this one may be in use.
    #[inline(always)]
    pub unsafe fn part(&self, start: usize, len: usize) -> &'a mut [T] {
        assert!(start <= self.len && len <= self.len - start);
        // SAFETY: within the slice, by the line above; the caller keeps the parts disjoint.
        unsafe { std::slice::from_raw_parts_mut(self.ptr.add(start), len) }
    }

    /// Returns a share of the slice, whose parts can be borrowed one at a time.
    ///
    /// # Safety
    /// Parts of the share must not overlap any part in use elsewhere.
    pub unsafe fn share(&self) -> Share<'a, T> {
        Share(*self)
    }

    /// Returns the address of a matrix of `rows` by `cols` with `stride` elements from row to row, whose
    /// first element is `start`.
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
    /// Returns the elements `start..start + len`, which must belong to this share.
    #[inline(always)]
    pub fn part(&mut self, start: usize, len: usize) -> &mut [T] {
        // SAFETY: the creator of the share guarantees that nothing overlaps its parts, and it lends one part
        // at a time.
        unsafe { self.0.part(start, len) }
    }

    /// Returns the address of a matrix of this share; see [`Disjoint::matrix`].
    pub fn matrix(&mut self, start: usize, rows: usize, cols: usize, stride: usize) -> *mut T {
        self.0.matrix(start, rows, cols, stride)
    }
}
