//! The training flag.

use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a module trains or is evaluated, as [`Module::train`](super::Module::train) and
/// [`Module::eval`](super::Module::eval) set it for a whole tree. A layer that behaves
/// differently in the two has it as a field; it starts in training mode, as in PyTorch.
#[derive(Debug)]
pub struct Training(AtomicBool);

impl Training {
    /// Whether it is training mode.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets this flag alone.
    pub fn set(&self, training: bool) {
        self.0.store(training, Ordering::Relaxed);
    }
}

impl Default for Training {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}
