//! Adamax.

use super::{Real, each_part, gradient, sign, simd};

/// The settings of `torch.optim.Adamax`:
///
/// ```text
/// g = grad (or -grad to maximise) + weight_decay * param
/// exp_avg = exp_avg + (1 - beta1) * (g - exp_avg)
/// exp_inf = max(beta2 * exp_inf, |g| + eps)
/// param = param - lr / (1 - beta1^step) * exp_avg / exp_inf
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adamax {
    /// Learning rate.
    pub lr: f64,
    /// The shares of the average and of the largest gradient that are kept.
    pub betas: (f64, f64),
    /// Added to the absolute value of the gradient.
    pub eps: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// Maximises instead of minimising.
    pub maximize: bool,
}

impl Adamax {
    /// Returns the kernels' numbers for step number `step`.
    pub(crate) fn numbers(&self, step: u64) -> [f64; 6] {
        let (beta1, beta2) = self.betas;
        let lr = -self.lr / (1.0 - beta1.powf(step as f64));
        [self.weight_decay, sign(self.maximize), self.eps, lr, 1.0 - beta1, beta2]
    }

    /// Makes step number `step` with the state `exp_avg`, `exp_inf`.
    pub fn step<T: Real>(
        &self,
        step: u64,
        param: &mut [T],
        grad: &[T],
        exp_avg: &mut [T],
        exp_inf: &mut [T],
    ) {
        part(self.numbers(step).map(T::of), param, grad, exp_avg, exp_inf);
    }
}

pass! {
    part([decay, sign, eps, lr, taken, beta2]: [T; 6]; p, g, avg, inf) {
        let g = gradient::<L, T>(g, *p, decay, sign);
        *avg = (g - *avg).fma::<L>(taken, *avg).normal();
        let (kept, now) = (*inf * beta2, g.abs() + eps);
        *inf = if now > kept || now.is_nan() { now } else { kept };
        *p = (*avg / *inf).fma::<L>(lr, *p);
    }
}
