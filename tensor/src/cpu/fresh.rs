//! New memory for results that are completely written: zeroing it first would cost as much as a cheap kernel.

/// Returns `len` elements that `fill` writes.
///
/// # Safety
/// `fill` must write every element, and read none that it has not written.
pub(super) unsafe fn overwritten<T: Copy>(len: usize, fill: impl FnOnce(&mut [T])) -> Vec<T> {
    let mut y = Vec::with_capacity(len);
    let room: *mut T = y.spare_capacity_mut()[..len].as_mut_ptr().cast();
    // SAFETY: the memory is the vector's own; it is written before it is read, as guaranteed.
    fill(unsafe { std::slice::from_raw_parts_mut(room, len) });
    // SAFETY: `fill` has written all of it.
    unsafe { y.set_len(len) };
    y
}
