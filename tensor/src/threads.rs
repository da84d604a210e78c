//! The one pool of threads that all kernels share.

use crate::{Error, Result};

/// How many threads the kernels use.
pub fn num_threads() -> usize {
    rayon::current_num_threads()
}

/// Sets how many threads the kernels use; once, at the start of a program.
/// Without it, all processors are used.
/// Results do not depend on the number.
///
/// # Errors
/// When `n` is 0, or the pool has been started with another number.
pub fn set_num_threads(n: usize) -> Result<()> {
    if n == 0 {
        return Err(Error::value("set_num_threads", "got 0 threads, expected at least 1"));
    }
    match rayon::ThreadPoolBuilder::new().num_threads(n).build_global() {
        Ok(()) => Ok(()),
        Err(_) if num_threads() == n => Ok(()),
        Err(e) => Err(Error::value(
            "set_num_threads",
            format!("the pool already has {} threads: {e}", num_threads()),
        )),
    }
}
