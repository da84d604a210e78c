//! Anomaly detection: the first NaN or infinity in a gradient names the operation, its place in the
//! program, and the module it ran in.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;

use crate::mode::Restore;

thread_local! {
    static DETECTING: Cell<bool> = const { Cell::new(false) };
    /// The paths of the modules entered, the innermost last.
    static SCOPES: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Whether backward on this thread looks for gradients that are not finite.
pub fn is_detecting_anomaly() -> bool {
    DETECTING.get()
}

/// Runs `f`, in which backward fails at the first gradient with a NaN or an infinity, and the error
/// names the forward operation, where it was called, and in which module. It costs time: each
/// gradient is read once more.
///
/// ```
/// use taper_autograd::{Variable, detect_anomaly};
/// use taper_tensor::Tensor;
/// let x = Variable::requires_grad(Tensor::new(0.0f32)?);
/// let error = detect_anomaly(|| x.log()?.backward()).unwrap_err().to_string();
/// assert!(error.contains("Log gave a gradient that is not finite"));
/// # Ok::<(), taper_autograd::Error>(())
/// ```
pub fn detect_anomaly<R>(f: impl FnOnce() -> R) -> R {
    let _guard = Restore::after(&DETECTING, true);
    f()
}

/// Marks what runs until it is dropped as part of the module `name`, inside of those already entered:
/// `features`, then `3`, makes `features.3`; so does `features.3`, the whole path. Costs nothing where
/// anomalies are not looked for.
#[must_use = "the scope ends when the guard is dropped: bind it to a name"]
#[derive(Debug)]
pub struct ModuleScope {
    entered: bool,
    // The scopes are the thread's own, so the guard must end on the thread it began on.
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

/// The dotted path of the innermost module entered, where anomalies are looked for.
pub(crate) fn module_path() -> Option<Box<str>> {
    if !is_detecting_anomaly() {
        return None;
    }
    SCOPES.with_borrow(|s| s.last().map(|path| path.as_str().into()))
}
