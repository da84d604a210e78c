//! RAdam: Adam with rectified first steps.

use super::adam::averages;
use super::{Real, each_part, sign, simd};

/// The settings of `torch.optim.RAdam`:
///
/// ```text
/// g = grad (or -grad to maximise) + weight_decay * param
/// param = param - lr * weight_decay * param                (decoupled_weight_decay, instead)
/// exp_avg = exp_avg + (1 - beta1) * (g - exp_avg)
/// exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g²
/// rho_inf = 2 / (1 - beta2) - 1
/// rho = rho_inf - 2 step beta2^step / (1 - beta2^step)
/// rect = sqrt((rho - 4) (rho - 2) rho_inf / ((rho_inf - 4) (rho_inf - 2) rho))
/// m = exp_avg / (1 - beta1^step)
/// param = param - lr * m * rect * sqrt(1 - beta2^step) / (sqrt(exp_avg_sq) + eps)   (rho > 5)
/// param = param - lr * m                                                            (otherwise)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RAdam {
    /// Learning rate.
    pub lr: f64,
    /// The shares of the averages of the gradient and of its square that are kept.
    pub betas: (f64, f64),
    /// Added to the denominator.
    pub eps: f64,
    /// L2 penalty, or decay of the weights with `decoupled`.
    pub weight_decay: f64,
    /// Separates the decay from the gradient.
    pub decoupled: bool,
    /// Maximises instead of minimising.
    pub maximize: bool,
}

impl RAdam {
    /// Returns the kernels' numbers for step number `step`. The factor of a step that is not yet rectified is
    /// 0.
    pub(crate) fn numbers(&self, step: u64) -> [f64; 9] {
        let ((beta1, beta2), t) = (self.betas, step as f64);
        let correction = 1.0 - beta2.powf(t);
        let rho_inf = 2.0 / (1.0 - beta2) - 1.0;
        let rho = rho_inf - 2.0 * t * beta2.powf(t) / correction;
        let rect = ((rho - 4.0) * (rho - 2.0) * rho_inf / ((rho_inf - 4.0) * (rho_inf - 2.0) * rho)).sqrt();
        [
            if self.decoupled { 0.0 } else { self.weight_decay },
            sign(self.maximize),
            if self.decoupled { 1.0 - self.lr * self.weight_decay } else { 1.0 },
            1.0 - beta1,
            beta2,
            1.0 - beta2,
            -self.lr / (1.0 - beta1.powf(t)),
            if rho > 5.0 { rect * correction.sqrt() } else { 0.0 },
            self.eps,
        ]
    }

    /// Makes step number `step` with the state `exp_avg`, `exp_avg_sq`.
    pub fn step<T: Real>(
        &self,
        step: u64,
        param: &mut [T],
        grad: &[T],
        exp_avg: &mut [T],
        exp_avg_sq: &mut [T],
    ) {
        part(self.numbers(step).map(T::of), param, grad, exp_avg, exp_avg_sq);
    }
}

pass! {
    part([numbers @ .., step_size, factor, eps]: [T; 9]; p, g, avg, sq) {
        averages::<L, T>(numbers, g, [p, avg, sq]);
        let direction = if factor > T::ZERO { *avg * (factor / (sq.sqrt() + eps)) } else { *avg };
        *p = direction.fma::<L>(step_size, *p);
    }
}
