//! Optimisers' steps: `optim.cu`, one kernel over many parameters, their gradients and their state.

use super::gpu::Gpu;
use super::kernel::Optim as Kernel;
use super::launch::{Arg, MOST, Struct, THREADS, real, words};
use crate::cpu::optim::{Adam, Sgd};
use crate::step::{AdamStep, SgdStep, check};
use crate::{DType, Result, Tensor};

/// The maximum number of parameters of a call, and the elements of one that a block updates, as in
/// `optim.cu`.
const LISTED: usize = 64;
const CHUNK: usize = 2048;

/// The operands of one parameter's step: the parameter, its gradient, made contiguous, and its state.
struct Operands<'a, const STATES: usize> {
    param: &'a Tensor,
    grad: Tensor,
    states: [Option<&'a Tensor>; STATES],
}

impl<'a, const STATES: usize> Operands<'a, STATES> {
    fn new(
        op: &'static str,
        [param, grad]: [&'a Tensor; 2],
        states: [Option<&'a Tensor>; STATES],
    ) -> Result<Self> {
        check(op, param, grad, &states.iter().flatten().copied().collect::<Vec<_>>())?;
        Ok(Self { param, grad: grad.contiguous()?, states })
    }

    /// Returns true if the kernels support the operands: those that are written must be contiguous.
    fn fits(&self) -> bool {
        let written = |x: &Tensor| x.is_contiguous() && x.numel() <= MOST;
        written(self.param) && self.states.iter().flatten().all(|s| written(s))
    }
}

/// Steps all parameters with the same settings, as many per call as it supports. Returns false, having done
/// nothing, if the kernels do not support a parameter.
fn run<const STATES: usize>(
    gpu: &Gpu<'_>,
    op: &'static str,
    kernel: Kernel,
    settings: Struct,
    all: &[Operands<'_, STATES>],
) -> Result<bool> {
    let all: Vec<&Operands<'_, STATES>> = all.iter().filter(|o| o.param.numel() > 0).collect();
    let Some(first) = all.first() else { return Ok(true) };
    if all.iter().any(|o| !o.fits() || o.param.dtype != first.param.dtype) {
        return Ok(false);
    }
    let Some(of) = real(first.param.dtype) else { return through_f32(gpu, op, kernel, settings, &all) };
    for part in all.chunks(LISTED) {
        let (chunks, places) = list(part);
        let args = [Arg::List(places), Arg::Struct(settings)];
        // SAFETY: all are contiguous, of one dtype and the listed sizes, and do not share memory.
        unsafe { gpu.launch(op, kernel, of, chunks * THREADS, &args)? };
    }
    Ok(true)
}

/// Calls [`run`] for 16-bit parameters, on copies in f32 that are copied back.
fn through_f32<const STATES: usize>(
    gpu: &Gpu<'_>,
    op: &'static str,
    kernel: Kernel,
    settings: Struct,
    all: &[&Operands<'_, STATES>],
) -> Result<bool> {
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
    if !run(gpu, op, kernel, settings, &operands)? {
        return Ok(false);
    }
    for (o, (param, _, states)) in all.iter().zip(&copies) {
        o.param.copy_(param)?;
        let states = o.states.iter().flatten().zip(states.iter().flatten());
        states.into_iter().try_for_each(|(state, copy)| state.copy_(copy))?;
    }
    Ok(true)
}

/// Returns the number of chunks, and the struct `List` of `optim.cu`: columns of `LISTED` rows. Unused rows
/// are empty.
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

/// Returns the settings of a kernel: numbers followed by flags.
fn settings(numbers: &[f64], flags: &[bool]) -> Struct {
    let halves = numbers.iter().flat_map(|v| [v.to_bits() as u32, (v.to_bits() >> 32) as u32]);
    words(halves.chain(flags.iter().map(|&flag| u32::from(flag))))
}

/// Steps one parameter with its gradient and its states. Returns false if the kernel does not support it.
pub(crate) fn step<const STATES: usize>(
    op: &'static str,
    kernel: Kernel,
    numbers: &[f64],
    on: [&Tensor; 2],
    states: [Option<&Tensor>; STATES],
) -> Result<bool> {
    let Some(gpu) = Gpu::of(on[0]) else { return Ok(false) };
    run(&gpu, op, kernel, settings(numbers, &[]), &[Operands::new(op, on, states)?])
}

/// Makes steps of SGD. Either all or none of them are first steps.
pub(crate) fn sgd(s: &Sgd, steps: &[SgdStep<'_>]) -> Result<bool> {
    let Some((gpu, first)) = steps.first().and_then(|p| Some((Gpu::of(p.param)?, p.first))) else {
        return Ok(false);
    };
    let all = steps.iter().map(|p| Operands::new("sgd_", [p.param, p.grad], [p.momentum_buffer]));
    let settings = settings(&s.numbers(), &[s.nesterov, first]);
    run(&gpu, "sgd_", Kernel::Sgd, settings, &all.collect::<Result<Vec<_>>>()?)
}

/// Makes steps of Adam or AdamW, all with the same step number.
pub(crate) fn adam(s: &Adam, steps: &[AdamStep<'_>]) -> Result<bool> {
    let Some((gpu, step)) = steps.first().and_then(|p| Some((Gpu::of(p.param)?, p.step))) else {
        return Ok(false);
    };
    let all = steps.iter().map(|p| {
        let states = [Some(p.exp_avg), Some(p.exp_avg_sq), p.max_exp_avg_sq];
        Operands::new("adam_", [p.param, p.grad], states)
    });
    let settings = settings(&s.numbers(step), &[]);
    run(&gpu, "adam_", Kernel::Adam, settings, &all.collect::<Result<Vec<_>>>()?)
}
