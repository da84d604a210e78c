//! The one team of threads that all kernels share.

use crate::Result;
use crate::cpu::parallel;

/// How many threads the kernels use.
pub fn num_threads() -> usize {
    parallel::num_threads()
}

/// Sets how many threads the kernels use; once, at the start of a program.
/// Without it, all processors are used.
/// Results do not depend on the number.
///
/// # Errors
/// When `n` is 0, or the threads have been started with another number.
pub fn set_num_threads(n: usize) -> Result<()> {
    bail_if!(n == 0, value("set_num_threads", "got 0 threads, expected at least 1"));
    let decided = parallel::decide_threads(n);
    bail_if!(decided != n, value("set_num_threads", "the kernels already use {decided} threads"));
    // Candle's own operations ask rayon. That its pool has been started before is no error: they are few.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(n).build_global();
    Ok(())
}
