//! Optimisers' steps, fused: one pass over a parameter, its gradient and its state.

use crate::dtype::with_element;
use crate::{Element, Error, Result, Tensor};

/// The settings of one step of [`sgd_`].
#[derive(Clone, Copy, Debug)]
pub struct SgdStep {
    /// The learning rate.
    pub lr: f64,
    /// How much of the earlier steps' direction is kept.
    pub momentum: f64,
    /// How much of the gradient does not enter that direction.
    pub dampening: f64,
    /// The factor of the L2 penalty.
    pub weight_decay: f64,
    /// Whether to look ahead along the direction.
    pub nesterov: bool,
    /// Whether to climb instead of descending.
    pub maximize: bool,
    /// Whether this is the first step, at which the direction is the gradient.
    pub first: bool,
}

/// `g = ±grad + weight_decay · param`, `direction = momentum · direction + (1 - dampening) · g`, then
/// `param -= lr · direction` (with Nesterov's `lr · (g + momentum · direction)`), in place. Without
/// momentum, `direction` is `None` and `param -= lr · g`. As PyTorch's `torch.optim.SGD`.
///
/// # Errors
/// When the shapes or dtypes differ, or two operands are the same memory.
pub fn sgd_(param: &Tensor, grad: &Tensor, direction: Option<&Tensor>, s: SgdStep) -> Result<()> {
    with_element!(param.dtype, T => {
        let c = |v: f64| T::from_scalar(v.into());
        let (lr, momentum, rest, decay) = (c(s.lr), c(s.momentum), c(1.0 - s.dampening), c(s.weight_decay));
        let sign = c(if s.maximize { -1.0 } else { 1.0 });
        match direction {
            None => fused::<T, 0>("sgd_", param, grad, [], |p, g, []| {
                for (p, &g) in p.iter_mut().zip(g) {
                    *p -= lr * (sign * g + decay * *p);
                }
            }),
            Some(direction) => fused::<T, 1>("sgd_", param, grad, [direction], |p, g, [d]| {
                for ((p, &g), d) in p.iter_mut().zip(g).zip(d) {
                    let g = sign * g + decay * *p;
                    *d = if s.first { g } else { momentum * *d + rest * g };
                    *p -= lr * if s.nesterov { g + momentum * *d } else { *d };
                }
            }),
        }
    })
}

/// Lends the memory of a parameter, its gradient and its states to `f`.
fn fused<T: Element, const N: usize>(
    op: &'static str,
    param: &Tensor,
    grad: &Tensor,
    states: [&Tensor; N],
    f: impl FnOnce(&mut [T], &[T], [&mut [T]; N]),
) -> Result<()> {
    param.expect_float(op)?;
    let all: Vec<&Tensor> = [param, grad].into_iter().chain(states).collect();
    for (i, other) in all.iter().enumerate().skip(1) {
        other.expect_dtype(op, param.dtype)?;
        param.expect_device(op, other)?;
        if other.size() != param.size() {
            return Err(Error::shape(
                op,
                format!(
                    "the parameter has shape {:?}, its gradient or state {:?}",
                    param.size(),
                    other.size()
                ),
            ));
        }
        if all[..i].iter().any(|a| a.shares_storage(other)) {
            return Err(Error::value(op, "the parameter, its gradient and its state must not share memory"));
        }
    }
    let grad = grad.contiguous()?;
    let written: Vec<&Tensor> = [param].into_iter().chain(states).collect();
    grad.read::<T, _>(op, |g, layout| {
        let g = &g[layout.start_offset()..][..grad.numel()];
        let mut f = Some(f);
        lend(op, &written, Vec::with_capacity(N + 1), &mut |mut slices| {
            let states = slices.split_off(1);
            if let (Some(f), Some(p), Ok(states)) = (f.take(), slices.pop(), states.try_into()) {
                f(p, g, states);
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
    first.write::<T, _>(op, move |data, layout| match layout.contiguous_offsets() {
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
