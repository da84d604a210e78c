//! Scratch memory that stays with its thread, so that a training step pays for its page faults once.

use std::cell::RefCell;

use super::Element;

/// One cache line: the alignment of scratch memory, and of the widest vector.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Line {
    _bytes: [u8; 64],
}

/// The maximum memory that a thread keeps, in lines: 64 MiB.
const KEPT: usize = 1 << 20;

thread_local! {
    /// The buffers that no call on this thread uses, the most recently used last.
    static FREE: RefCell<Vec<Vec<Line>>> = const { RefCell::new(Vec::new()) };
}

/// Calls `f` with `len` elements of unspecified values, aligned to 64 bytes.
///
/// Calls nest, and a thread that runs another task inside `f` gets another buffer.
pub fn with<T: Element, R>(len: usize, f: impl FnOnce(&mut [T]) -> R) -> R {
    let lines = (len * size_of::<T>()).div_ceil(size_of::<Line>());
    let mut buffer = FREE.with_borrow_mut(|free| take(free, lines));
    if buffer.len() < lines {
        buffer = vec![Line { _bytes: [0; 64] }; lines];
    }
    // SAFETY: the lines hold at least `len` elements, are aligned for any element, initialised,
    // and every bit pattern is an `Element` (f32 and f64 alone are). `buffer` outlives the slice.
    let slice = unsafe { std::slice::from_raw_parts_mut(buffer.as_mut_ptr().cast::<T>(), len) };
    let result = f(slice);
    FREE.with_borrow_mut(|free| {
        free.push(buffer);
        while free.len() > 1 && free.iter().map(Vec::len).sum::<usize>() > KEPT {
            free.remove(0);
        }
    });
    result
}

/// Returns the smallest free buffer that is large enough, or any other, to be replaced by a larger one.
fn take(free: &mut Vec<Vec<Line>>, lines: usize) -> Vec<Line> {
    let fits = (0..free.len()).filter(|&i| free[i].len() >= lines).min_by_key(|&i| free[i].len());
    match fits.or_else(|| (0..free.len()).max_by_key(|&i| free[i].len())) {
        Some(i) => free.remove(i),
        None => Vec::new(),
    }
}
