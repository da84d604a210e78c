//! Optimisers' steps on tensors, fused: one pass over a parameter, its gradient and its state. The
//! formulae stand beside the kernels, in each settings' documentation.

pub use crate::cpu::optim::{Adadelta, Adagrad, Adam, Adamax, Lion, NAdam, RAdam, RmsProp, Sgd};

use crate::cpu::optim::ema;
use crate::cuda::kernel::Optim;
use crate::storage::start;
use crate::{DType, Element, Error, Result, Tensor, cuda};

/// Runs a kernel on the memory of a parameter, its gradient and its states, of which the last may be missing; 16-bit
/// floats go through f32.
macro_rules! fused {
    ($op:literal, $param:ident, $grad:ident, $states:expr, $kernel:expr) => {{
        let states: &[Option<&Tensor>] = &$states;
        check($op, $param, $grad, &states.iter().flatten().copied().collect::<Vec<_>>())?;
        match $param.dtype() {
            DType::F64 => lend_all::<f64, _, _>($op, $param, $grad, states, $kernel),
            DType::F32 => lend_all::<f32, _, _>($op, $param, $grad, states, $kernel),
            half => {
                let wide = |x: &Tensor| x.to_dtype(DType::F32);
                let (param, grad) = (wide($param)?, wide($grad)?);
                let wide_states =
                    states.iter().map(|s| s.map(wide).transpose()).collect::<Result<Vec<_>>>()?;
                let lent: Vec<_> = wide_states.iter().map(Option::as_ref).collect();
                lend_all::<f32, _, _>($op, &param, &grad, &lent, $kernel)?;
                $param.copy_(&param.to_dtype(half)?)?;
                states.iter().flatten().zip(wide_states.iter().flatten()).try_for_each(|(s, w)| s.copy_(w))
            }
        }
    }};
}

/// Runs a step by the kernel of a GPU, with these numbers, or by [`fused!`].
macro_rules! step {
    ($op:literal, $gpu:ident, $numbers:expr, $param:ident, $grad:ident, $states:expr, $kernel:expr) => {{
        if cuda::optim::step($op, Optim::$gpu, $numbers, [$param, $grad], $states)? {
            return Ok(());
        }
        fused!($op, $param, $grad, $states, $kernel)
    }};
}

/// A step of stochastic gradient descent; `momentum_buffer` is for a momentum that is not 0, and
/// `first` tells that it holds nothing yet.
///
/// # Errors
/// When the shapes, dtypes or devices differ, the dtype is no real one, a parameter or state is not
/// contiguous, or two operands are the same memory; so for all that follow.
pub fn sgd_(
    s: &Sgd,
    param: &Tensor,
    grad: &Tensor,
    momentum_buffer: Option<&Tensor>,
    first: bool,
) -> Result<()> {
    if cuda::optim::sgd(s, &[SgdStep { param, grad, momentum_buffer, first }])? {
        return Ok(());
    }
    fused!("sgd_", param, grad, [momentum_buffer], |p, g, [], [buffer]| match buffer {
        None => s.step(p, g),
        Some(buffer) => s.step_momentum(p, g, buffer, first),
    })
}

/// Step number `step`, from 1, of Adam or AdamW; `max_exp_avg_sq` is for amsgrad.
///
/// # Errors
/// As [`sgd_`].
pub fn adam_(
    s: &Adam,
    step: u64,
    param: &Tensor,
    grad: &Tensor,
    exp_avg: &Tensor,
    exp_avg_sq: &Tensor,
    max_exp_avg_sq: Option<&Tensor>,
) -> Result<()> {
    if cuda::optim::adam(s, &[AdamStep { step, param, grad, exp_avg, exp_avg_sq, max_exp_avg_sq }])? {
        return Ok(());
    }
    let states = [Some(exp_avg), Some(exp_avg_sq), max_exp_avg_sq];
    fused!("adam_", param, grad, states, |p, g, [a, q], [max]| { s.step(step, p, g, a, q, max) })
}

/// The operands of [`sgd_`] for one parameter.
#[derive(Clone, Copy, Debug)]
pub struct SgdStep<'a> {
    /// What is changed.
    pub param: &'a Tensor,
    /// Its gradient.
    pub grad: &'a Tensor,
    /// For a momentum that is not 0.
    pub momentum_buffer: Option<&'a Tensor>,
    /// Whether the buffer holds nothing yet.
    pub first: bool,
}

/// [`sgd_`] of many parameters: on a GPU by one kernel for all that are alike.
///
/// # Errors
/// As [`sgd_`]; some parameters may have been changed then.
pub fn sgd_all_(s: &Sgd, steps: &[SgdStep<'_>]) -> Result<()> {
    steps.chunk_by(|a, b| alike(a.param, b.param) && a.first == b.first).try_for_each(|part| {
        if cuda::optim::sgd(s, part)? {
            return Ok(());
        }
        part.iter().try_for_each(|p| sgd_(s, p.param, p.grad, p.momentum_buffer, p.first))
    })
}

/// The operands of [`adam_`] for one parameter.
#[derive(Clone, Copy, Debug)]
pub struct AdamStep<'a> {
    /// The number of the step, from 1.
    pub step: u64,
    /// What is changed.
    pub param: &'a Tensor,
    /// Its gradient.
    pub grad: &'a Tensor,
    /// The average of the gradient.
    pub exp_avg: &'a Tensor,
    /// The average of its square.
    pub exp_avg_sq: &'a Tensor,
    /// The largest that this was, for amsgrad.
    pub max_exp_avg_sq: Option<&'a Tensor>,
}

/// [`adam_`] of many parameters: on a GPU by one kernel for all that are alike.
///
/// # Errors
/// As [`adam_`]; some parameters may have been changed then.
pub fn adam_all_(s: &Adam, steps: &[AdamStep<'_>]) -> Result<()> {
    steps.chunk_by(|a, b| alike(a.param, b.param) && a.step == b.step).try_for_each(|part| {
        if cuda::optim::adam(s, part)? {
            return Ok(());
        }
        part.iter()
            .try_for_each(|p| adam_(s, p.step, p.param, p.grad, p.exp_avg, p.exp_avg_sq, p.max_exp_avg_sq))
    })
}

fn alike(a: &Tensor, b: &Tensor) -> bool {
    a.dtype() == b.dtype() && a.device() == b.device()
}

/// A step of RMSprop; `grad_avg` is for the centred one, `momentum_buffer` for momentum.
///
/// # Errors
/// As [`sgd_`].
pub fn rmsprop_(
    s: &RmsProp,
    param: &Tensor,
    grad: &Tensor,
    square_avg: &Tensor,
    grad_avg: Option<&Tensor>,
    momentum_buffer: Option<&Tensor>,
) -> Result<()> {
    let states = [Some(square_avg), grad_avg, momentum_buffer];
    step!("rmsprop_", RmsProp, &s.numbers(), param, grad, states, |p, g, [q], [a, b]| {
        s.step(p, g, q, a, b)
    })
}

/// Step number `step`, from 1, of Adagrad.
///
/// # Errors
/// As [`sgd_`].
pub fn adagrad_(s: &Adagrad, step: u64, param: &Tensor, grad: &Tensor, sum: &Tensor) -> Result<()> {
    let states = [Some(sum)];
    step!("adagrad_", Adagrad, &s.numbers(step), param, grad, states, |p, g, [q], []| s.step(step, p, g, q))
}

/// A step of Adadelta.
///
/// # Errors
/// As [`sgd_`].
pub fn adadelta_(
    s: &Adadelta,
    param: &Tensor,
    grad: &Tensor,
    square_avg: &Tensor,
    acc_delta: &Tensor,
) -> Result<()> {
    let states = [Some(square_avg), Some(acc_delta)];
    step!("adadelta_", Adadelta, &s.numbers(), param, grad, states, |p, g, [q, d], []| s.step(p, g, q, d))
}

/// Step number `step`, from 1, of Adamax.
///
/// # Errors
/// As [`sgd_`].
pub fn adamax_(
    s: &Adamax,
    step: u64,
    param: &Tensor,
    grad: &Tensor,
    exp_avg: &Tensor,
    exp_inf: &Tensor,
) -> Result<()> {
    let states = [Some(exp_avg), Some(exp_inf)];
    step!("adamax_", Adamax, &s.numbers(step), param, grad, states, |p, g, [a, i], []| s
        .step(step, p, g, a, i))
}

/// Step number `step`, from 1, of NAdam; `mu_product` is 1 before the first.
///
/// # Errors
/// As [`sgd_`].
pub fn nadam_(
    s: &NAdam,
    step: u64,
    mu_product: &mut f64,
    param: &Tensor,
    grad: &Tensor,
    exp_avg: &Tensor,
    exp_avg_sq: &Tensor,
) -> Result<()> {
    let (numbers, next) = s.numbers(step, *mu_product);
    let states = [Some(exp_avg), Some(exp_avg_sq)];
    if cuda::optim::step("nadam_", Optim::NAdam, &numbers, [param, grad], states)? {
        *mu_product = next;
        return Ok(());
    }
    fused!("nadam_", param, grad, states, |p, g, [a, q], []| s.step(step, mu_product, p, g, a, q))
}

/// Step number `step`, from 1, of RAdam.
///
/// # Errors
/// As [`sgd_`].
pub fn radam_(
    s: &RAdam,
    step: u64,
    param: &Tensor,
    grad: &Tensor,
    exp_avg: &Tensor,
    exp_avg_sq: &Tensor,
) -> Result<()> {
    let states = [Some(exp_avg), Some(exp_avg_sq)];
    step!("radam_", RAdam, &s.numbers(step), param, grad, states, |p, g, [a, q], []| s.step(step, p, g, a, q))
}

/// A step of Lion.
///
/// # Errors
/// As [`sgd_`].
pub fn lion_(s: &Lion, param: &Tensor, grad: &Tensor, exp_avg: &Tensor) -> Result<()> {
    let states = [Some(exp_avg)];
    step!("lion_", Lion, &s.numbers(), param, grad, states, |p, g, [a], []| s.step(p, g, a))
}

/// An exponential moving average: `average = average + (1 - decay) * (param - average)`.
///
/// # Errors
/// As [`sgd_`].
pub fn ema_(decay: f64, average: &Tensor, param: &Tensor) -> Result<()> {
    step!("ema_", Ema, &[1.0 - decay], average, param, [], |a, p, [], []| ema(decay, a, p))
}

/// Whether a step can be made with these operands.
pub(crate) fn check(op: &'static str, param: &Tensor, grad: &Tensor, states: &[&Tensor]) -> Result<()> {
    param.expect_float(op)?;
    let all: Vec<&Tensor> = [param, grad].into_iter().chain(states.iter().copied()).collect();
    for (i, other) in all.iter().enumerate().skip(1) {
        other.expect_dtype(op, param.dtype())?;
        param.expect_device(op, other)?;
        bail_if!(
            other.size() != param.size(),
            shape(op, "the parameter has shape {:?}, its gradient or state {:?}", param.size(), other.size())
        );
        bail_if!(
            all[..i].iter().any(|a| a.shares_storage(other)),
            value(op, "the parameter, its gradient and its state must not share memory")
        );
    }
    Ok(())
}

/// Lends the memory of a parameter, its gradient and its states to `f`: `N` states, and `M` that may be missing.
fn lend_all<T: Element, const N: usize, const M: usize>(
    op: &'static str,
    param: &Tensor,
    grad: &Tensor,
    states: &[Option<&Tensor>],
    f: impl FnOnce(&mut [T], &[T], [&mut [T]; N], [Option<&mut [T]>; M]),
) -> Result<()> {
    let grad = grad.contiguous()?;
    let written: Vec<&Tensor> = [param].into_iter().chain(states.iter().copied().flatten()).collect();
    grad.read::<T, _>(op, |g, layout| {
        let g = &g[start(layout)..][..grad.numel()];
        let mut f = Some(f);
        lend(op, &written, Vec::with_capacity(written.len()), &mut |slices| {
            let mut slices = slices.into_iter();
            let mut next = || slices.next().unwrap_or_default(); // invariant: as many as tensors
            if let Some(f) = f.take() {
                let (p, required) = (next(), std::array::from_fn(|_| next()));
                f(p, g, required, std::array::from_fn(|i| states[N + i].map(|_| next())));
            }
        })
    })
}

/// Opens one tensor after the other for writing, and calls `f` when all are open.
fn lend<T: Element>(
    op: &'static str,
    tensors: &[&Tensor],
    open: Vec<&mut [T]>,
    f: &mut dyn FnMut(Vec<&mut [T]>),
) -> Result<()> {
    let Some((first, rest)) = tensors.split_first() else {
        f(open);
        return Ok(());
    };
    first.write_slice::<T, _>(op, move |data, layout| match layout.contiguous_offsets() {
        Some((start, end)) => {
            let mut open: Vec<&mut [T]> = open; // for the time that this one is open too
            open.push(&mut data[start..end]);
            lend(op, rest, open, f)
        }
        None => {
            Err(Error::value(op, "parameters and their state must be contiguous; make a .contiguous() copy"))
        }
    })
}
