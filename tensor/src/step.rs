//! Fused steps of the optimisers: one pass over a parameter, its gradient and its state. The documentation of
//! each optimiser's settings has its formulae.
//!
//! The functions return an error if the shapes, dtypes or devices of the operands differ, the dtype is not
//! floating point, an operand is not contiguous, or two operands share memory.

pub use crate::cpu::optim::{Adadelta, Adagrad, Adam, Adamax, Lion, NAdam, RAdam, RmsProp, Sgd};

use crate::cpu::optim::ema;
use crate::cuda::kernel::Optim;
use crate::storage::start;
use crate::{DType, Element, Error, Result, Tensor, cuda};

/// Runs a kernel on the memory of a parameter, its gradient and its states. The last state may be missing.
/// 16-bit floats are computed in f32.
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

/// Runs a step by a GPU's kernel with these numbers, or by [`fused!`].
macro_rules! step {
    ($op:literal, $gpu:ident, $numbers:expr, $param:ident, $grad:ident, $states:expr, $kernel:expr) => {{
        if cuda::optim::step($op, Optim::$gpu, $numbers, [$param, $grad], $states)? {
            return Ok(());
        }
        fused!($op, $param, $grad, $states, $kernel)
    }};
}

/// Updates `param` by a step of stochastic gradient descent. `momentum_buffer` is required if the momentum is
/// not 0; `first` says that it is not initialised yet.
///
/// # Errors
/// If the shapes, dtypes or devices of the operands differ, the dtype is not floating point, an operand is
/// not contiguous, or two operands share memory.
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

/// Updates `param` by step number `step`, counted from 1, of Adam or AdamW. `max_exp_avg_sq` is required for
/// amsgrad.
///
/// # Errors
/// If the shapes, dtypes or devices of the operands differ, the dtype is not floating point, an operand is
/// not contiguous, or two operands share memory.
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
    /// The parameter, which is updated.
    pub param: &'a Tensor,
    /// Its gradient.
    pub grad: &'a Tensor,
    /// The momentum buffer, if the momentum is not 0.
    pub momentum_buffer: Option<&'a Tensor>,
    /// True if the buffer is not initialised yet.
    pub first: bool,
}

/// Updates many parameters as [`sgd_`] does. On a GPU, one kernel updates all parameters with the same
/// settings.
///
/// # Errors
/// If [`sgd_`] returns an error for one of them; parameters before it may have been updated.
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
    /// The parameter, which is updated.
    pub param: &'a Tensor,
    /// Its gradient.
    pub grad: &'a Tensor,
    /// The moving average of the gradient.
    pub exp_avg: &'a Tensor,
    /// The moving average of the squared gradient.
    pub exp_avg_sq: &'a Tensor,
    /// The maximum of `exp_avg_sq` so far, for amsgrad.
    pub max_exp_avg_sq: Option<&'a Tensor>,
}

/// Updates many parameters as [`adam_`] does. On a GPU, one kernel updates all parameters with the same
/// settings.
///
/// # Errors
/// If [`adam_`] returns an error for one of them; parameters before it may have been updated.
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

/// Updates `param` by a step of RMSprop. `grad_avg` is required for the centred form, `momentum_buffer` for
/// momentum.
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

/// Updates `param` by step number `step`, counted from 1, of Adagrad.
pub fn adagrad_(s: &Adagrad, step: u64, param: &Tensor, grad: &Tensor, sum: &Tensor) -> Result<()> {
    let states = [Some(sum)];
    step!("adagrad_", Adagrad, &s.numbers(step), param, grad, states, |p, g, [q], []| s.step(step, p, g, q))
}

/// Updates `param` by a step of Adadelta.
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

/// Updates `param` by step number `step`, counted from 1, of Adamax.
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

/// Updates `param` by step number `step`, counted from 1, of NAdam. `mu_product` is 1 before the first step.
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

/// Updates `param` by step number `step`, counted from 1, of RAdam.
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

/// Updates `param` by a step of Lion.
pub fn lion_(s: &Lion, param: &Tensor, grad: &Tensor, exp_avg: &Tensor) -> Result<()> {
    let states = [Some(exp_avg)];
    step!("lion_", Lion, &s.numbers(), param, grad, states, |p, g, [a], []| s.step(p, g, a))
}

/// Updates an exponential moving average: `average = average + (1 - decay) * (param - average)`.
pub fn ema_(decay: f64, average: &Tensor, param: &Tensor) -> Result<()> {
    step!("ema_", Ema, &[1.0 - decay], average, param, [], |a, p, [], []| ema(decay, a, p))
}

/// Checks that a step can be made with these operands.
pub(crate) fn check(op: &'static str, param: &Tensor, grad: &Tensor, states: &[&Tensor]) -> Result<()> {
    param.expect_float(op)?;
    let all: Vec<&Tensor> = [param, grad].into_iter().chain(states.iter().copied()).collect();
    for (i, other) in all.iter().enumerate().skip(1) {
        Tensor::expect_one_dtype(op, &[("the parameter", param), ("its gradient or state", other)])?;
        param.expect_device(op, other)?;
        bail_if!(
            other.size() != param.size(),
            shape(
                op,
                "got a parameter of shape {:?} and a gradient or state of shape {:?}, expected equal shapes",
                param.size(),
                other.size()
            )
        );
        bail_if!(
            all[..i].iter().any(|a| a.shares_storage(other)),
            value(op, "the parameter, its gradient and its state must not share memory")
        );
    }
    Ok(())
}

/// Lends the memory of a parameter, its gradient and its states to `f`: `N` required states, and `M` optional
/// ones.
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
            let mut next = || slices.next().unwrap_or_default(); // invariant: there are as many slices as tensors
            if let Some(f) = f.take() {
                let (p, required) = (next(), std::array::from_fn(|_| next()));
                f(p, g, required, std::array::from_fn(|i| states[N + i].map(|_| next())));
            }
        })
    })
}

/// Opens the tensors for writing, one after the other, and calls `f` when all are open.
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
            let mut open: Vec<&mut [T]> = open; // shortens the lifetime to that of this loan
            open.push(&mut data[start..end]);
            lend(op, rest, open, f)
        }
        None => {
            Err(Error::value(op, "got an operand that is not contiguous; make a .contiguous() copy of it"))
        }
    })
}
