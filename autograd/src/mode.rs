//! Switching the recording of operations on and off.

use std::cell::Cell;
use std::marker::PhantomData;
use std::thread::LocalKey;

thread_local! {
    static ENABLED: Cell<bool> = const { Cell::new(true) };
    static INFERENCE: Cell<bool> = const { Cell::new(false) };
}

/// A guard that restores a thread-local flag when it is dropped, also on a panic.
#[derive(Debug)]
pub(crate) struct Restore {
    flag: &'static LocalKey<Cell<bool>>,
    before: bool,
    // The flag is thread-local, so the guard must be dropped on its own thread.
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

/// Returns true if operations on this thread are recorded.
pub fn is_grad_enabled() -> bool {
    ENABLED.get() && !INFERENCE.get()
}

/// A guard that switches recording on this thread on or off until it is dropped. Guards nest. They also end
/// on an early return or a panic.
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

/// Runs `f` without recording: its results do not require gradients.
pub fn no_grad<R>(f: impl FnOnce() -> R) -> R {
    let _guard = GradMode::set(false);
    f()
}

/// Runs `f` with recording, also inside of [`no_grad`].
pub fn enable_grad<R>(f: impl FnOnce() -> R) -> R {
    let _guard = GradMode::set(true);
    f()
}

/// Runs `f` in inference mode: nothing is recorded, even inside of [`enable_grad`].
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

/// A guard for [`inference`] mode until it is dropped; PyTorch's `inference_mode`.
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
