//! Adadelta.

use super::{Real, each_part, gradient, sign, simd};

/// The settings of `torch.optim.Adadelta`:
///
/// ```text
/// g = grad (or -grad to maximise) + weight_decay * param
/// square_avg = rho * square_avg + (1 - rho) * g²
/// delta = sqrt(acc_delta + eps) / sqrt(square_avg + eps) * g
/// acc_delta = rho * acc_delta + (1 - rho) * delta²
/// param = param - lr * delta
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adadelta {
    /// Learning rate.
    pub lr: f64,
    /// The share of the averages that is kept.
    pub rho: f64,
    /// Added under the roots.
    pub eps: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// Maximises instead of minimising.
    pub maximize: bool,
}

impl Adadelta {
    /// Returns the kernels' numbers.
    pub(crate) fn numbers(&self) -> [f64; 6] {
        [self.weight_decay, sign(self.maximize), self.eps, -self.lr, self.rho, 1.0 - self.rho]
    }

    /// Makes a step with the state `square_avg`, `acc_delta`.
    pub fn step<T: Real>(&self, param: &mut [T], grad: &[T], square_avg: &mut [T], acc_delta: &mut [T]) {
        part(self.numbers().map(T::of), param, grad, square_avg, acc_delta);
    }
}

pass! {
    part([decay, sign, eps, lr, rho, taken]: [T; 6]; p, g, sq, acc) {
        let g = gradient::<L, T>(g, *p, decay, sign);
        *sq = (g * taken).fma::<L>(g, *sq * rho).normal();
        let delta = (*acc + eps).sqrt() / (*sq + eps).sqrt() * g;
        *acc = (delta * taken).fma::<L>(delta, *acc * rho).normal();
        *p = delta.fma::<L>(lr, *p);
    }
}
