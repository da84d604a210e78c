//! NAdam: Adam with Nesterov's momentum.

use super::adam::averages;
use super::{Real, each_part, sign, simd};

/// The settings of `torch.optim.NAdam`:
///
/// ```text
/// g = grad (or -grad to maximise) + weight_decay * param
/// param = param - lr * weight_decay * param                (decoupled_weight_decay, instead)
/// mu = beta1 * (1 - 0.96^(step * momentum_decay) / 2), mu_next the same for step + 1
/// mu_product = mu_product * mu
/// exp_avg = exp_avg + (1 - beta1) * (g - exp_avg)
/// exp_avg_sq = beta2 * exp_avg_sq + (1 - beta2) * g²
/// denom = sqrt(exp_avg_sq / (1 - beta2^step)) + eps
/// param = param - lr * (1 - mu) / (1 - mu_product) * g / denom
///               - lr * mu_next / (1 - mu_product * mu_next) * exp_avg / denom
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NAdam {
    /// Learning rate.
    pub lr: f64,
    /// The shares of the averages of the gradient and of its square that are kept.
    pub betas: (f64, f64),
    /// Added to the denominator.
    pub eps: f64,
    /// L2 penalty, or decay of the weights with `decoupled`.
    pub weight_decay: f64,
    /// The speed at which the momentum approaches beta1.
    pub momentum_decay: f64,
    /// Separates the decay from the gradient.
    pub decoupled: bool,
    /// Maximises instead of minimising.
    pub maximize: bool,
}

impl NAdam {
    /// Returns the kernels' numbers for step number `step`, and `mu_product` after it.
    pub(crate) fn numbers(&self, step: u64, mu_product: f64) -> ([f64; 10], f64) {
        let ((beta1, beta2), t) = (self.betas, step as f64);
        let mu = |t: f64| beta1 * (1.0 - 0.5 * 0.96f64.powf(t * self.momentum_decay));
        let (mu, mu_next) = (mu(t), mu(t + 1.0));
        let mu_product = mu_product * mu;
        let numbers = [
            if self.decoupled { 0.0 } else { self.weight_decay },
            sign(self.maximize),
            if self.decoupled { 1.0 - self.lr * self.weight_decay } else { 1.0 },
            1.0 - beta1,
            beta2,
            1.0 - beta2,
            1.0 - beta2.powf(t),
            self.eps,
            -self.lr * (1.0 - mu) / (1.0 - mu_product),
            -self.lr * mu_next / (1.0 - mu_product * mu_next),
        ];
        (numbers, mu_product)
    }

    /// Makes step number `step` with the state `exp_avg`, `exp_avg_sq`, and the number `mu_product`, whose
    /// initial value is 1.
    pub fn step<T: Real>(
        &self,
        step: u64,
        mu_product: &mut f64,
        param: &mut [T],
        grad: &[T],
        exp_avg: &mut [T],
        exp_avg_sq: &mut [T],
    ) {
        let (numbers, product) = self.numbers(step, *mu_product);
        *mu_product = product;
        part(numbers.map(T::of), param, grad, exp_avg, exp_avg_sq);
    }
}

pass! {
    part([numbers @ .., correction, eps, of_gradient, of_average]: [T; 10]; p, g, avg, sq) {
        let g = averages::<L, T>(numbers, g, [p, avg, sq]);
        let denom = (*sq / correction).sqrt() + eps;
        let by_gradient = (g / denom).fma::<L>(of_gradient, *p);
        *p = (*avg / denom).fma::<L>(of_average, by_gradient);
    }
}
