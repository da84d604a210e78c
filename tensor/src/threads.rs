//! The number of threads of the kernels.

use crate::Result;
use crate::cpu::parallel;

/// Returns the number of threads that the kernels use.
pub fn num_threads() -> usize {
    parallel::num_threads()
}

/// Sets the number of threads that the kernels use. Call it once, at the start of a program. The default is
/// the number of processors. Results do not depend on it.
///
/// # Errors
/// If `n` is 0, or the threads have already been started with another number.
pub fn set_num_threads(n: usize) -> Result<()> {
    bail_if!(n == 0, value("set_num_threads", "got 0 threads, expected at least 1"));
    let decided = parallel::decide_threads(n);
    bail_if!(
        decided != n,
        value(
            "set_num_threads",
            "got {n} threads, but the kernels already use {decided}; call it before the first operation"
        )
    );
    // Candle's few operations ask rayon. Its pool may have been started before; that only affects their
    // speed.
    let _ = rayon::ThreadPoolBuilder::new().num_threads(n).build_global();
    Ok(())
}
