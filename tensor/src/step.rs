//! An optimiser's step, fused: one pass over a parameter, its gradient and its state.

use crate::dtype::with_element;
use crate::{DType, Element, Error, Result, Tensor};

/// The settings of one step of stochastic gradient descent; see [`sgd_`].
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
    let op = "sgd_";
    param.expect_float(op)?;
    for other in [Some(grad), direction].into_iter().flatten() {
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
        if param.shares_storage(other) {
            return Err(Error::value(op, "the parameter shares memory with its gradient or state"));
        }
    }
    match param.dtype {
        DType::F32 => sgd::<f32>(param, grad, direction, s),
        dtype => with_element!(dtype, T => sgd::<T>(param, grad, direction, s)),
    }
}

fn sgd<T: Element>(param: &Tensor, grad: &Tensor, direction: Option<&Tensor>, s: SgdStep) -> Result<()> {
    let op = "sgd_";
    let c = |v: f64| T::from_f64(v);
    let (lr, momentum, rest, decay) = (c(s.lr), c(s.momentum), c(1.0 - s.dampening), c(s.weight_decay));
    let sign = c(if s.maximize { -1.0 } else { 1.0 });
    let grad = grad.contiguous()?;
    grad.read::<T, _>(op, |g, gl| {
        let g = &g[gl.start_offset()..][..grad.numel()];
        param.write::<T, _>(op, |p, pl| {
            let p = dense(op, p, pl)?;
            let Some(direction) = direction else {
                for (p, &g) in p.iter_mut().zip(g) {
                    *p -= lr * (sign * g + decay * *p);
                }
                return Ok(());
            };
            direction.write::<T, _>(op, |d, dl| {
                let d = dense(op, d, dl)?;
                for ((p, &g), d) in p.iter_mut().zip(g).zip(d) {
                    let g = sign * g + decay * *p;
                    *d = if s.first { g } else { momentum * *d + rest * g };
                    *p -= lr * if s.nesterov { g + momentum * *d } else { *d };
                }
                Ok(())
            })
        })
    })
}

fn dense<'a, T>(op: &'static str, data: &'a mut [T], layout: &candle_core::Layout) -> Result<&'a mut [T]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&mut data[start..end]),
        None => {
            Err(Error::value(op, "parameters and their state must be contiguous; make a .contiguous() copy"))
        }
    }
}
