//! Optimisers' steps: `optim.cu`, one kernel over many parameters, their gradients and their state.

use super::{Arg, MOST, Module, Struct, THREADS, launch, module, real};
use crate::kernels::optim::{Adam, Sgd};
use crate::step::{AdamStep, SgdStep, check};
use crate::{Result, Tensor};

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
    let Some(suffix) = real(first.param.dtype) else { return Ok(None) };
    if all.iter().any(|o| !o.fits() || o.param.dtype != first.param.dtype) {
        return Ok(None);
    }
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

fn sign(maximize: bool) -> f64 {
    if maximize { -1.0 } else { 1.0 }
}

/// Steps of SGD, which are all first ones or none is.
pub(crate) fn sgd(s: &Sgd, steps: &[SgdStep<'_>]) -> Result<Option<()>> {
    let mut all = Vec::with_capacity(steps.len());
    for p in steps {
        all.push(Operands::new("sgd_", p.param, p.grad, [p.momentum_buffer])?);
    }
    let numbers = [s.lr, s.momentum, 1.0 - s.dampening, s.weight_decay, sign(s.maximize)];
    let first = steps.first().is_some_and(|p| p.first);
    run("sgd_", "sgd", Struct::numbers(&numbers, &[u32::from(s.nesterov), u32::from(first)]), &all)
}

/// Steps of Adam or AdamW, all of the same number.
pub(crate) fn adam(s: &Adam, steps: &[AdamStep<'_>]) -> Result<Option<()>> {
    let mut all = Vec::with_capacity(steps.len());
    for p in steps {
        let states = [Some(p.exp_avg), Some(p.exp_avg_sq), p.max_exp_avg_sq];
        all.push(Operands::new("adam_", p.param, p.grad, states)?);
    }
    let ((beta1, beta2), t) = (s.betas, steps.first().map_or(1.0, |p| p.step as f64));
    let numbers = [
        if s.decoupled { 0.0 } else { s.weight_decay },
        sign(s.maximize),
        if s.decoupled { 1.0 - s.lr * s.weight_decay } else { 1.0 },
        1.0 - beta1,
        beta2,
        1.0 - beta2,
        -s.lr / (1.0 - beta1.powf(t)),
        (1.0 - beta2.powf(t)).sqrt(),
        s.eps,
    ];
    run("adam_", "adam", Struct::numbers(&numbers, &[]), &all)
}
