//! Anomaly detection: the first NaN or infinity in a gradient is reported with the operation, its location in
//! the program, and its module.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use crate::mode::Restore;

thread_local! {
    static DETECTING: Cell<bool> = const { Cell::new(false) };
    /// The paths of the entered modules, the innermost last.
    static SCOPES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Returns true if backward on this thread checks that gradients are finite.
pub fn is_detecting_anomaly() -> bool {
    DETECTING.get()
}

/// Runs `f` with anomaly detection: backward returns an error at the first gradient with a NaN or an
/// infinity. The error names the forward operation, its location and its module. Detection costs time,
/// because each gradient is read once more.
///
/// ```
/// use taper_autograd::{Variable, detect_anomaly};
/// use taper_tensor::Tensor;
/// let x = Variable::requires_grad(Tensor::new(0.0f32)?);
/// let error = detect_anomaly(|| x.log()?.backward()).unwrap_err().to_string();
/// assert!(error.contains("Log returned a gradient that is not finite"));
/// # Ok::<(), taper_autograd::Error>(())
/// ```
pub fn detect_anomaly<R>(f: impl FnOnce() -> R) -> R {
    let _guard = Restore::after(&DETECTING, true);
    f()
}

/// Enters the module `name`, inside the modules entered before, until the guard is dropped. Entering
/// `features` and then `3` gives the path `features.3`; entering the whole path `features.3` also does. It
/// costs nothing without anomaly detection.
#[must_use = "the scope ends when the guard is dropped: bind it to a name"]
#[derive(Debug)]
pub struct ModuleScope {
    entered: bool,
    // The scopes are thread-local, so the guard must be dropped on its own thread.
    not_send: PhantomData<*const ()>,
}

impl ModuleScope {
    /// Enters the module.
    pub fn enter(name: &str) -> Self {
        let entered = is_detecting_anomaly();
        if entered {
            SCOPES.with_borrow_mut(|s| {
                let path = match s.last() {
                    Some(outer) if !name.strip_prefix(outer.as_str()).is_some_and(|n| n.starts_with('.')) => {
                        format!("{outer}.{name}")
                    }
                    _ => name.to_owned(),
                };
                s.push(path);
            });
        }
        Self { entered, not_send: PhantomData }
    }
}

impl Drop for ModuleScope {
    fn drop(&mut self) {
        if self.entered {
            SCOPES.with_borrow_mut(Vec::pop);
        }
    }
}

/// Returns the dotted path of the innermost entered module, if anomaly detection is on.
pub(crate) fn module_path() -> Option<Box<str>> {
    if !is_detecting_anomaly() {
        return None;
    }
    SCOPES.with_borrow(|s| s.last().map(|path| path.as_str().into()))
}
