//! Stochastic gradient descent.

use super::{Real, each_part, gradient, sign, simd};

/// The settings of `torch.optim.SGD`:
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
    /// The share of the last step's direction that is kept.
    pub momentum: f64,
    /// The share of the gradient that momentum leaves out.
    pub dampening: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// Looks ahead along the momentum.
    pub nesterov: bool,
    /// Maximises instead of minimising.
    pub maximize: bool,
}

impl Sgd {
    /// Returns the kernels' numbers.
    pub(crate) fn numbers(&self) -> [f64; 5] {
        [-self.lr, self.momentum, 1.0 - self.dampening, self.weight_decay, sign(self.maximize)]
    }

    /// Makes a step without momentum, which has no state.
    pub fn step<T: Real>(&self, param: &mut [T], grad: &[T]) {
        plain(self.numbers().map(T::of), param, grad);
    }

    /// Makes a step with momentum. `first` says that `momentum_buffer` is not initialised yet.
    pub fn step_momentum<T: Real>(
        &self,
        param: &mut [T],
        grad: &[T],
        momentum_buffer: &mut [T],
        first: bool,
    ) {
        momentum((self.numbers().map(T::of), self.nesterov, first), param, grad, momentum_buffer);
    }
}

pass! {
    plain([lr, _, _, decay, sign]: [T; 5]; p, g) {
        *p = gradient::<L, T>(g, *p, decay, sign).fma::<L>(lr, *p);
    }
}

pass! {
    momentum(([lr, momentum, taken, decay, sign], nesterov, first): ([T; 5], bool, bool); p, g, buf) {
        let g = gradient::<L, T>(g, *p, decay, sign);
        // At the first step the buffer's content is ignored, even a NaN.
        let (kept, taken) = if first { (T::ZERO, T::ONE) } else { (momentum * *buf, taken) };
        *buf = g.fma::<L>(taken, kept).normal();
        let g = if nesterov { momentum.fma::<L>(*buf, g) } else { *buf };
        *p = g.fma::<L>(lr, *p);
    }
}
