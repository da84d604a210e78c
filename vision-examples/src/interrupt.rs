//! Ctrl-C: once to end a training with a checkpoint, twice to end it at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::Result;

/// The exit status of a program that Ctrl-C has ended: 128 and the signal's number.
pub const STATUS: u8 = 130;

/// Whether the training is to stop.
static STOP: AtomicBool = AtomicBool::new(false);
/// Whether there is a training that could.
static TRAINING: AtomicBool = AtomicBool::new(false);

/// Runs a training with the flag that the first Ctrl-C raises; before and after it, one ends the program.
///
/// # Errors
/// Those of the training; or when the system lets nobody listen.
pub fn listening<R>(train: impl FnOnce(&AtomicBool) -> Result<R>) -> Result<R> {
    ctrlc::set_handler(|| {
        if !TRAINING.load(Ordering::Relaxed) || STOP.swap(true, Ordering::Relaxed) {
            std::process::exit(STATUS.into());
        }
        eprintln!("\nEnding with a checkpoint; Ctrl-C again ends at once");
    })?;
    TRAINING.store(true, Ordering::Relaxed);
    let result = train(&STOP);
    TRAINING.store(false, Ordering::Relaxed);
    result
}
