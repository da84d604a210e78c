//! The training flag.

use std::sync::atomic::{AtomicBool, Ordering};

/// The flag that [`Module::train`](super::Module::train) and [`Module::eval`](super::Module::eval) set for a
/// whole tree. A layer that behaves differently in training and in evaluation holds it as a field; it starts in
/// training, as in PyTorch.
#[derive(Debug)]
pub struct Training(AtomicBool);

impl Training {
    /// Returns true in training.
    pub fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets this flag only.
    pub fn set(&self, training: bool) {
        self.0.store(training, Ordering::Relaxed);
    }
}

impl Default for Training {
    fn default() -> Self {
        Self(AtomicBool::new(true))
    }
}
