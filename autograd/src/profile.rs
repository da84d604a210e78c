//! Where the time goes: what each operation takes, forward and backward.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::mode::Restore;

thread_local! {
    static PROFILING: Cell<bool> = const { Cell::new(false) };
    static LAPS: RefCell<Option<Laps>> = const { RefCell::new(None) };
}

/// The times so far, and when the last lap ended.
struct Laps {
    spent: BTreeMap<(&'static str, Pass), Lap>,
    last: Instant,
}

/// Half of a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pass {
    /// From the inputs to the loss.
    Forward,
    /// From the loss to the gradients.
    Backward,
}

/// What one operation took in one pass, over all its calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lap {
    /// How often it ran.
    pub calls: u64,
    /// The time in it, and in the program's own code just before it.
    pub time: Duration,
}

/// Runs `f`, and says what each operation took that this thread ran in it: by the operation's name and
/// its pass, the longest first. Gradients that reach the leaves count as `AccumulateGrad`. Kernels run
/// on all threads; it is the time that passes which counts, from the end of one operation to the end of
/// the next, and so the sum is the whole.
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

/// Puts back what a profile around this one has, also on a panic.
struct Outer(Option<Laps>);

impl Drop for Outer {
    fn drop(&mut self) {
        LAPS.set(self.0.take());
    }
}

/// Runs a gradient rule, which operations on variables make up: they are parts of its own lap.
pub(crate) fn timed<R>(rule: impl FnOnce() -> R) -> R {
    let _guard = Restore::after(&PROFILING, false);
    rule()
}

/// Ends the lap of `op`, which began when the one before ended.
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
