//! One output written by several threads, each its own part.

use std::marker::PhantomData;

/// A mutable slice whose parts are handed to tasks that may run at the same time.
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
    #[inline(always)]
    pub unsafe fn part(&self, at: usize, len: usize) -> &'a mut [T] {
        assert!(at <= self.len && len <= self.len - at, "a part beyond its slice");
        // SAFETY: inside the slice, as checked, and used by nobody else, as the caller promises.
        unsafe { std::slice::from_raw_parts_mut(self.start.add(at), len) }
    }

    /// A share of the slice.
    ///
    /// # Safety
    /// What is written through the share must not overlap any other part in use.
    pub unsafe fn share(&self) -> Share<'a, T> {
        Share(Self { ..*self })
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

/// One task's share of a [`Disjoint`] slice.
pub struct Share<'a, T>(Disjoint<'a, T>);

impl<T> Share<'_, T> {
    /// The `len` elements from `at` on, which must be of this share.
    #[inline(always)]
    pub fn part(&mut self, at: usize, len: usize) -> &mut [T] {
        // SAFETY: whoever made the share promised that no other part overlaps it, and it hands out
        // one part at a time.
        unsafe { self.0.part(at, len) }
    }
}
