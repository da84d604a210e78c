//! One output written by several threads, each its own part.

use std::marker::PhantomData;

/// A mutable slice whose parts are handed to tasks that may run at the same time.
#[derive(Clone, Copy)]
pub struct Disjoint<'a, T> {
    start: *mut T,
    len: usize,
    slice: PhantomData<&'a mut [T]>,
}

// SAFETY: parts are handed out only by methods whose callers promise that no two overlap.
unsafe impl<T: Send> Send for Disjoint<'_, T> {}
// SAFETY: as above.
unsafe impl<T: Send> Sync for Disjoint<'_, T> {}

impl<'a, T> Disjoint<'a, T> {
    /// All of `slice`.
    pub fn new(slice: &'a mut [T]) -> Self {
        Self { start: slice.as_mut_ptr(), len: slice.len(), slice: PhantomData }
    }

    /// The `len` elements from `at` on.
    ///
    /// # Safety
    /// No other part in use may overlap this one.
    pub unsafe fn part(&self, at: usize, len: usize) -> &'a mut [T] {
        assert!(at <= self.len && len <= self.len - at, "a part beyond its slice");
        // SAFETY: inside the slice, as checked, and used by nobody else, as the caller promises.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(at), len) }
    }

    /// The place of a matrix of `rows` by `cols` with `stride` elements from row to row, whose
    /// first element is at `at`.
    pub fn matrix(&self, at: usize, rows: usize, cols: usize, stride: usize) -> *mut T {
        let reach = if rows == 0 || cols == 0 { 0 } else { (rows - 1) * stride + cols };
        assert!(at <= self.len && reach <= self.len - at, "a matrix beyond its slice");
        // SAFETY: inside the slice, as checked.
        unsafe { self.start.add(at) }
    }
}
