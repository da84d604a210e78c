//! Optimisers' steps: `optim.cu`, one kernel over many parameters, their gradients and their state.

use super::launch::{Arg, MOST, Module, Struct, THREADS, launch, module, real};
use crate::cpu::optim::{Adadelta, Adagrad, Adam, Adamax, Lion, NAdam, RAdam, RmsProp, Sgd};
use crate::step::{AdamStep, SgdStep, check};
use crate::{DType, Result, Tensor};

const MODULE: Module = module!("optim");

/// The most parameters of a call, and how many elements of one a block takes: as in `optim.cu`.
const LISTED: usize = 64;
const CHUNK: usize = 2048;

/// The memory that one parameter's step needs: itself, its gradient, made contiguous, and its state.
struct Operands<'a, const STATES: usize> {
    param: &'a Tensor,
    grad: Tensor,
    states: [Option<&'a Tensor>; STATES],
}

impl<'a, const STATES: usize> Operands<'a, STATES> {
    fn new(
        op: &'static str,
        param: &'a Tensor,
        grad: &Tensor,
        states: [Option<&'a Tensor>; STATES],
    ) -> Result<Self> {
        check(op, param, grad, &states.iter().flatten().copied().collect::<Vec<_>>())?;
        Ok(Self { param, grad: grad.contiguous()?, states })
    }

    /// Whether the kernels take these: what is written must be contiguous.
    fn fits(&self) -> bool {
        let written = |x: &Tensor| x.is_contiguous() && x.numel() <= MOST;
        written(self.param) && self.states.iter().flatten().all(|s| written(s))
    }
}

/// Steps of all parameters with the same settings, as many in a call as it takes. None where a parameter is
/// not for the kernels; then nothing was done.
fn run<const STATES: usize>(
    op: &'static str,
    kernel: &str,
    settings: Struct,
    all: &[Operands<'_, STATES>],
) -> Result<Option<()>> {
    let all: Vec<&Operands<'_, STATES>> = all.iter().filter(|o| o.param.numel() > 0).collect();
    let Some(first) = all.first() else { return Ok(Some(())) };
    if all.iter().any(|o| !o.fits() || o.param.dtype != first.param.dtype) {
        return Ok(None);
    }
    let Some(suffix) = real(first.param.dtype) else { return through_f32(op, kernel, settings, &all) };
    for part in all.chunks(LISTED) {
        let (chunks, places) = list(part);
        // SAFETY: all are contiguous, of one dtype and the size that the list says, in memory of their own.
        unsafe {
            launch(
                op,
                MODULE,
                &format!("{kernel}_{suffix}"),
                chunks * THREADS,
                &[Arg::List(places), Arg::Struct(settings)],
            )?
        };
    }
    Ok(Some(()))
}

/// [`run`] for parameters of 16 bits: on copies in f32, which are copied back.
fn through_f32<const STATES: usize>(
    op: &'static str,
    kernel: &str,
    settings: Struct,
    all: &[&Operands<'_, STATES>],
) -> Result<Option<()>> {
    let wide = |x: &Tensor| x.to_dtype(DType::F32);
    let mut copies = Vec::with_capacity(all.len());
    for o in all {
        let states: Vec<_> = o.states.iter().map(|s| s.map(wide).transpose()).collect::<Result<_>>()?;
        copies.push((wide(o.param)?, wide(&o.grad)?, states));
    }
    let operands = copies.iter().map(|(param, grad, states)| Operands {
        param,
        grad: grad.clone(),
        states: std::array::from_fn(|i| states[i].as_ref()),
    });
    let operands: Vec<Operands<'_, STATES>> = operands.collect();
    if run(op, kernel, settings, &operands)?.is_none() {
        return Ok(None);
    }
    for (o, (param, _, states)) in all.iter().zip(&copies) {
        o.param.copy_(param)?;
        let states = o.states.iter().flatten().zip(states.iter().flatten());
        states.into_iter().try_for_each(|(state, copy)| state.copy_(copy))?;
    }
    Ok(Some(()))
}

/// The number of chunks, and `List` of `optim.cu`: columns of `LISTED` rows, of which some may be empty.
fn list<'a, const STATES: usize>(part: &[&'a Operands<'a, STATES>]) -> (usize, Vec<Arg<'a>>) {
    let mut chunks = 0;
    let ends = part.iter().map(|o| {
        chunks += o.param.numel().div_ceil(CHUNK);
        Arg::count(chunks)
    });
    let mut columns = vec![ends.collect::<Vec<_>>()];
    columns.push(part.iter().map(|o| Arg::count(o.param.numel())).collect());
    columns.push(part.iter().map(|o| Arg::Write(o.param)).collect());
    columns.push(part.iter().map(|o| Arg::Read(&o.grad)).collect());
    for i in 0..STATES {
        columns.push(part.iter().map(|o| o.states[i].map_or(Arg::Null, Arg::Write)).collect());
    }
    let rows = |column: Vec<Arg<'a>>| column.into_iter().chain((part.len()..LISTED).map(|_| Arg::Null));
    (chunks, [Arg::count(part.len())].into_iter().chain(columns.into_iter().flat_map(rows)).collect())
}

/// A step of one parameter.
fn one<const STATES: usize>(
    op: &'static str,
    kernel: &str,
    numbers: &[f64],
    [param, grad]: [&Tensor; 2],
    states: [Option<&Tensor>; STATES],
) -> Result<Option<()>> {
    run(op, kernel, Struct::numbers(numbers, &[]), &[Operands::new(op, param, grad, states)?])
}

/// Steps of SGD, which are all first ones or none is.
pub(crate) fn sgd(s: &Sgd, steps: &[SgdStep<'_>]) -> Result<Option<()>> {
    let mut all = Vec::with_capacity(steps.len());
    for p in steps {
        all.push(Operands::new("sgd_", p.param, p.grad, [p.momentum_buffer])?);
    }
    let first = steps.first().is_some_and(|p| p.first);
    run("sgd_", "sgd", Struct::numbers(&s.numbers(), &[u32::from(s.nesterov), u32::from(first)]), &all)
}

/// Steps of Adam or AdamW, all of the same number.
pub(crate) fn adam(s: &Adam, steps: &[AdamStep<'_>]) -> Result<Option<()>> {
    let mut all = Vec::with_capacity(steps.len());
    for p in steps {
        let states = [Some(p.exp_avg), Some(p.exp_avg_sq), p.max_exp_avg_sq];
        all.push(Operands::new("adam_", p.param, p.grad, states)?);
    }
    let step = steps.first().map_or(1, |p| p.step);
    run("adam_", "adam", Struct::numbers(&s.numbers(step), &[]), &all)
}

/// A step of RMSprop, with the state `square_avg`, `grad_avg`, `momentum_buffer`.
pub(crate) fn rmsprop(s: &RmsProp, on: [&Tensor; 2], states: [Option<&Tensor>; 3]) -> Result<Option<()>> {
    one("rmsprop_", "rmsprop", &s.numbers(), on, states)
}

/// A step of Adagrad, with the state `sum`.
pub(crate) fn adagrad(s: &Adagrad, step: u64, on: [&Tensor; 2], sum: &Tensor) -> Result<Option<()>> {
    one("adagrad_", "adagrad", &s.numbers(step), on, [Some(sum)])
}

/// A step of Adadelta, with the state `square_avg`, `acc_delta`.
pub(crate) fn adadelta(s: &Adadelta, on: [&Tensor; 2], states: [&Tensor; 2]) -> Result<Option<()>> {
    one("adadelta_", "adadelta", &s.numbers(), on, states.map(Some))
}

/// A step of Adamax, with the state `exp_avg`, `exp_inf`.
pub(crate) fn adamax(s: &Adamax, step: u64, on: [&Tensor; 2], states: [&Tensor; 2]) -> Result<Option<()>> {
    one("adamax_", "adamax", &s.numbers(step), on, states.map(Some))
}

/// A step of NAdam, with the state `exp_avg`, `exp_avg_sq`; `mu_product` after it.
pub(crate) fn nadam(
    s: &NAdam,
    step: u64,
    mu_product: f64,
    on: [&Tensor; 2],
    states: [&Tensor; 2],
) -> Result<Option<f64>> {
    let (numbers, mu_product) = s.numbers(step, mu_product);
    Ok(one("nadam_", "nadam", &numbers, on, states.map(Some))?.map(|()| mu_product))
}

/// A step of RAdam, with the state `exp_avg`, `exp_avg_sq`.
pub(crate) fn radam(s: &RAdam, step: u64, on: [&Tensor; 2], states: [&Tensor; 2]) -> Result<Option<()>> {
    one("radam_", "radam", &s.numbers(step), on, states.map(Some))
}

/// A step of Lion, with the state `exp_avg`.
pub(crate) fn lion(s: &Lion, on: [&Tensor; 2], exp_avg: &Tensor) -> Result<Option<()>> {
    one("lion_", "lion", &s.numbers(), on, [Some(exp_avg)])
}

/// An exponential moving average of a parameter.
pub(crate) fn ema(decay: f64, average: &Tensor, param: &Tensor) -> Result<Option<()>> {
    one("ema_", "ema", &[1.0 - decay], [average, param], [])
}
