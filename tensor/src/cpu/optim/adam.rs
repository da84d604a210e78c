//! Adam and AdamW.

use super::{Real, each_part, gradient, sign, simd};

/// The settings of `torch.optim.Adam`, and of `AdamW` with `decoupled`:
///
/// ```text
/// g = grad (or -grad to maximise) + weight_decay * param          (Adam)
/// param = param - lr * weight_decay * param                       (AdamW)
/// exp_avg = exp_avg + (1 - beta1) * (g - exp_avg)
/// exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g²
/// max_exp_avg_sq = max(max_exp_avg_sq, exp_avg_sq)                (amsgrad, used in its place)
/// param = param - lr / (1 - beta1^step) * exp_avg / (sqrt(exp_avg_sq) / sqrt(1 - beta2^step) + eps)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Learning rate.
    pub lr: f64,
    /// The shares of the averages of the gradient and of its square that are kept.
    pub betas: (f64, f64),
    /// Added to the denominator.
    pub eps: f64,
    /// L2 penalty, or decay of the weights with `decoupled`.
    pub weight_decay: f64,
    /// Separates the decay from the gradient: AdamW.
    pub decoupled: bool,
    /// Maximises instead of minimising.
    pub maximize: bool,
}

impl Adam {
    /// Returns the kernels' numbers for step number `step`.
    pub(crate) fn numbers(&self, step: u64) -> [f64; 9] {
        let ((beta1, beta2), t) = (self.betas, step as f64);
        [
            if self.decoupled { 0.0 } else { self.weight_decay },
            sign(self.maximize),
            if self.decoupled { 1.0 - self.lr * self.weight_decay } else { 1.0 },
            1.0 - beta1,
            beta2,
            1.0 - beta2,
            -self.lr / (1.0 - beta1.powf(t)),
            (1.0 - beta2.powf(t)).sqrt(),
            self.eps,
        ]
    }

    /// Makes step number `step` with the state `exp_avg`, `exp_avg_sq`, and with amsgrad `max_exp_avg_sq`.
    pub fn step<T: Real>(
        &self,
        step: u64,
        param: &mut [T],
        grad: &[T],
        exp_avg: &mut [T],
        exp_avg_sq: &mut [T],
        max_exp_avg_sq: Option<&mut [T]>,
    ) {
        let [decay, sign, shrink, taken, beta2, taken_sq, step_size, correction, eps] = self.numbers(step);
        // This computes avg / (sqrt(sq) / correction + eps) with one division less; divisions limit the speed
        // of small steps.
        let (step_size, eps) = (step_size * correction, eps * correction);
        let numbers = [decay, sign, shrink, taken, beta2, taken_sq, step_size, eps].map(T::of);
        match max_exp_avg_sq {
            None => plain(numbers, param, grad, exp_avg, exp_avg_sq),
            Some(max) => amsgrad(numbers, param, grad, exp_avg, exp_avg_sq, max),
        }
    }
}

/// Updates the averages and decays the parameter; returns the gradient.
#[inline(always)]
pub(super) fn averages<const L: usize, T: Real>(
    [decay, sign, shrink, taken, beta2, taken_sq]: [T; 6],
    g: T,
    [p, avg, sq]: [&mut T; 3],
) -> T {
    let g = gradient::<L, T>(g, *p, decay, sign);
    *p = *p * shrink;
    *avg = (g - *avg).fma::<L>(taken, *avg).normal();
    *sq = (g * taken_sq).fma::<L>(g, *sq * beta2).normal();
    g
}

pass! {
    plain([numbers @ .., step_size, eps]: [T; 8]; p, g, avg, sq) {
        averages::<L, T>(numbers, g, [p, avg, sq]);
        *p = (*avg / (sq.sqrt() + eps)).fma::<L>(step_size, *p);
    }
}

pass! {
    amsgrad([numbers @ .., step_size, eps]: [T; 8]; p, g, avg, sq, max) {
        averages::<L, T>(numbers, g, [p, avg, sq]);
        *max = if *sq > *max || sq.is_nan() { *sq } else { *max };
        *p = (*avg / (max.sqrt() + eps)).fma::<L>(step_size, *p);
    }
}
