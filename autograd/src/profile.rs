//! Profiling: the time of each operation, forward and backward.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::mode::Restore;

thread_local! {
    static PROFILING: Cell<bool> = const { Cell::new(false) };
    static LAPS: RefCell<Option<Laps>> = const { RefCell::new(None) };
}

/// The times so far, and the end of the last lap.
struct Laps {
    spent: BTreeMap<(&'static str, Pass), Lap>,
    last: Instant,
}

/// A pass of a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pass {
    /// The pass from the inputs to the loss.
    Forward,
    /// The pass from the loss to the gradients.
    Backward,
}

/// The total time of an operation in one pass.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lap {
    /// The number of calls.
    pub calls: u64,
    /// The time in the operation, and in the program's own code just before it.
    pub time: Duration,
}

/// Runs `f`, and returns the time of each operation that this thread ran in it, by name and pass, the longest
/// first. Accumulation into leaves is listed as `AccumulateGrad`. The times are wall-clock times from the end
/// of one operation to the end of the next, so they add up to the total; kernels use all threads.
///
/// ```
/// use taper_autograd::{Pass, Variable, profile};
/// use taper_tensor::Tensor;
/// let x = Variable::requires_grad(Tensor::ones(1000)?);
/// let (result, laps) = profile(|| x.exp()?.sum()?.backward());
/// result?;
/// assert!(laps.iter().any(|&(op, pass, lap)| (op, pass, lap.calls) == ("Exp", Pass::Backward, 1)));
/// # Ok::<(), taper_autograd::Error>(())
/// ```
pub fn profile<R>(f: impl FnOnce() -> R) -> (R, Vec<(&'static str, Pass, Lap)>) {
    let outer = LAPS.replace(Some(Laps { spent: BTreeMap::new(), last: Instant::now() }));
    let restore = (Outer(outer), Restore::after(&PROFILING, true));
    let result = f();
    let spent = LAPS.take().map(|laps| laps.spent).unwrap_or_default();
    drop(restore);
    let mut laps: Vec<_> = spent.into_iter().map(|((op, pass), lap)| (op, pass, lap)).collect();
    laps.sort_by_key(|&(.., lap)| std::cmp::Reverse(lap.time));
    (result, laps)
}

/// A guard that restores the enclosing profile, also on a panic.
struct Outer(Option<Laps>);

impl Drop for Outer {
    fn drop(&mut self) {
        LAPS.set(self.0.take());
    }
}

/// Runs a gradient rule. The operations that it consists of belong to the rule's own lap.
pub(crate) fn timed<R>(rule: impl FnOnce() -> R) -> R {
    let _guard = Restore::after(&PROFILING, false);
    rule()
}

/// Ends the lap of `op`, which began at the end of the previous lap.
#[inline]
pub(crate) fn lap(op: &'static str, pass: Pass) {
    if PROFILING.get() {
        LAPS.with_borrow_mut(|laps| {
            let Some(laps) = laps else { return };
            let lap = laps.spent.entry((op, pass)).or_default();
            (lap.calls, lap.time) = (lap.calls + 1, lap.time + laps.last.elapsed());
            laps.last = Instant::now();
        });
    }
}
