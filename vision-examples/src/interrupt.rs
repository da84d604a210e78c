//! Ctrl-C: once to end a training with a checkpoint, twice to end it at once. So also the signals by which a system
//! ends a program, but for those that it was started without, as `nohup` does with that of a closed terminal.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::Result;
use crate::output::warn;

#[cfg(unix)]
const SIGNALS: [i32; 3] = [SIGINT, SIGTERM, signal_hook::consts::SIGHUP];
#[cfg(not(unix))]
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// The signal that has come.
static RECEIVED: LazyLock<Arc<AtomicUsize>> = LazyLock::new(|| Arc::new(AtomicUsize::new(SIGINT as usize)));

/// The exit status of a program that a signal has ended: 128 and the signal's number, 130 for Ctrl-C.
pub fn status() -> u8 {
    128 + RECEIVED.load(Ordering::Relaxed) as u8
}

/// Runs a training with the flag that the first Ctrl-C raises; before and after it, one ends the program.
///
/// # Errors
/// Those of the training; or when the system lets nobody listen.
pub fn listening<R>(train: impl FnOnce(&AtomicBool) -> Result<R>) -> Result<R> {
    let stop = Arc::new(AtomicBool::new(false));
    for signal in SIGNALS.into_iter().filter(|&signal| !is_ignored(signal)) {
        // In this order: what finds the flag raised ends the program, else it raises it.
        flag::register_conditional_shutdown(signal, 128 + signal, stop.clone())?;
        flag::register_usize(signal, RECEIVED.clone(), signal as usize)?;
        flag::register(signal, stop.clone())?;
    }
    let over = AtomicBool::new(false);
    let result = std::thread::scope(|scope| {
        // A mini-batch or a test may take long, and the answer is not to wait for it.
        scope.spawn(|| {
            loop {
                // Looked at first: a training that the flag has ended is not over before the flag is up.
                let ended = over.load(Ordering::Acquire);
                if stop.load(Ordering::Acquire) {
                    return warn("\nEnding with a checkpoint; Ctrl-C again ends at once");
                }
                if ended {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let _over = Over(&over);
        train(&stop)
    });
    stop.store(true, Ordering::Relaxed);
    result
}

/// Says that the training is over, also when it panics: the thread beside it would else wait for ever.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Whether the program was started with this signal ignored, where the system tells (Linux does).
fn is_ignored(signal: i32) -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}
