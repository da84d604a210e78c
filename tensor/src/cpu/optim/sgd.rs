//! Stochastic gradient descent.

use super::{each_part, gradient, sign};
use crate::cpu::real::Real;
use crate::cpu::simd::simd;

/// `torch.optim.SGD`:
///
/// ```text
/// g = grad (or -grad to maximise) + weight_decay * param
/// momentum_buffer = momentum * momentum_buffer + (1 - dampening) * g     (g itself at first)
/// g = g + momentum * momentum_buffer (nesterov) or momentum_buffer
/// param = param - lr * g
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Learning rate.
    pub lr: f64,
    /// Share of the last step's direction that is kept.
    pub momentum: f64,
    /// Share of the gradient that momentum leaves out.
    pub dampening: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// Whether to look ahead along the momentum.
    pub nesterov: bool,
    /// Whether to climb instead of descending.
    pub maximize: bool,
}

impl Sgd {
    /// What the kernels take.
    pub(crate) fn numbers(&self) -> [f64; 5] {
        [-self.lr, self.momentum, 1.0 - self.dampening, self.weight_decay, sign(self.maximize)]
    }

    /// A step without momentum, which has no state.
    pub fn step<T: Real>(&self, param: &mut [T], grad: &[T]) {
        each_part(grad, [param], |grad, [param]| plain(self, param, grad));
    }

    /// A step with momentum; `first` tells that `momentum_buffer` holds nothing yet.
    pub fn step_momentum<T: Real>(
        &self,
        param: &mut [T],
        grad: &[T],
        momentum_buffer: &mut [T],
        first: bool,
    ) {
        each_part(grad, [param, momentum_buffer], |grad, [param, buf]| {
            momentum(self, param, grad, buf, first)
        });
    }
}

simd! {
    fn plain<T: Real>(s: &Sgd, param: &mut [T], grad: &[T]) = plain_body;
    fn momentum<T: Real>(s: &Sgd, param: &mut [T], grad: &[T], buf: &mut [T], first: bool) = momentum_body;
}

#[inline(always)]
fn plain_body<const L: usize, T: Real>(s: &Sgd, param: &mut [T], grad: &[T]) {
    let [lr, _, _, decay, sign] = s.numbers().map(T::of);
    for (p, &g) in param.iter_mut().zip(grad) {
        *p = gradient::<L, T>(g, *p, decay, sign).fma::<L>(lr, *p);
    }
}

#[inline(always)]
fn momentum_body<const L: usize, T: Real>(s: &Sgd, param: &mut [T], grad: &[T], buf: &mut [T], first: bool) {
    let [lr, momentum, taken, decay, sign] = s.numbers().map(T::of);
    // What the buffer held before does not count at first: not even a NaN.
    let (kept, taken) = if first { (T::ZERO, T::ONE) } else { (momentum, taken) };
    if first {
        buf.fill(T::ZERO);
    }
    for ((p, &g), buf) in param.iter_mut().zip(grad).zip(buf) {
        let g = gradient::<L, T>(g, *p, decay, sign);
        *buf = g.fma::<L>(taken, kept * *buf).normal();
        let g = if s.nesterov { momentum.fma::<L>(*buf, g) } else { *buf };
        *p = g.fma::<L>(lr, *p);
    }
}
