//! Whether operations are recorded.

use std::cell::Cell;
use std::marker::PhantomData;
use std::thread::LocalKey;

thread_local! {
    static ENABLED: Cell<bool> = const { Cell::new(true) };
    static INFERENCE: Cell<bool> = const { Cell::new(false) };
}

/// Puts back what a flag of this thread was, also on a panic.
#[derive(Debug)]
pub(crate) struct Restore {
    flag: &'static LocalKey<Cell<bool>>,
    before: bool,
    // The flag is the thread's own, so the guard must end on the thread it began on.
    not_send: PhantomData<*const ()>,
}

impl Restore {
    /// Sets the flag until the guard is dropped.
    pub(crate) fn after(flag: &'static LocalKey<Cell<bool>>, value: bool) -> Self {
        Self { flag, before: flag.replace(value), not_send: PhantomData }
    }
}

impl Drop for Restore {
    fn drop(&mut self) {
        self.flag.set(self.before);
    }
}

/// Whether operations on this thread are recorded.
pub fn is_grad_enabled() -> bool {
    ENABLED.get() && !INFERENCE.get()
}

/// Records operations, or not, on this thread for as long as the guard lives. Guards nest, and end
/// with their scope also on an early return or a panic.
///
/// ```
/// use taper_autograd::{GradMode, is_grad_enabled};
/// {
///     let _guard = GradMode::set(false);
///     assert!(!is_grad_enabled());
/// }
/// assert!(is_grad_enabled());
/// ```
#[must_use = "the mode ends when the guard is dropped: bind it to a name"]
#[derive(Debug)]
pub struct GradMode {
    _restore: Restore,
}

impl GradMode {
    /// Switches recording on or off.
    pub fn set(enabled: bool) -> Self {
        Self { _restore: Restore::after(&ENABLED, enabled) }
    }
}

/// Runs `f` without recording: what it makes requires no gradient.
pub fn no_grad<R>(f: impl FnOnce() -> R) -> R {
    let _guard = GradMode::set(false);
    f()
}

/// Runs `f` with recording, also inside of [`no_grad`].
pub fn enable_grad<R>(f: impl FnOnce() -> R) -> R {
    let _guard = GradMode::set(true);
    f()
}

/// Runs `f` for its values alone: nothing in it is recorded, not even under [`enable_grad`].
///
/// ```
/// use taper_autograd::{enable_grad, inference, is_grad_enabled};
/// assert!(!inference(|| enable_grad(is_grad_enabled)));
/// assert!(is_grad_enabled());
/// ```
pub fn inference<R>(f: impl FnOnce() -> R) -> R {
    let _guard = InferenceMode::enter();
    f()
}

/// [`inference`] for as long as the guard lives; PyTorch's `inference_mode`.
#[must_use = "the mode ends when the guard is dropped: bind it to a name"]
#[derive(Debug)]
pub struct InferenceMode {
    _restore: Restore,
}

impl InferenceMode {
    /// Enters the mode.
    pub fn enter() -> Self {
        Self { _restore: Restore::after(&INFERENCE, true) }
    }
}
