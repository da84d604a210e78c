//! Adagrad.

use super::{Real, each_part, gradient, sign, simd};

/// The settings of `torch.optim.Adagrad`:
///
/// ```text
/// g = grad (or -grad to maximise) + weight_decay * param
/// sum = sum + g²
/// param = param - lr / (1 + (step - 1) * lr_decay) * g / (sqrt(sum) + eps)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adagrad {
    /// Learning rate.
    pub lr: f64,
    /// The decay of the learning rate.
    pub lr_decay: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// Added to the denominator.
    pub eps: f64,
    /// Maximises instead of minimising.
    pub maximize: bool,
}

impl Adagrad {
    /// Returns the kernels' numbers for step number `step`.
    pub(crate) fn numbers(&self, step: u64) -> [f64; 4] {
        let lr = -self.lr / (1.0 + (step as f64 - 1.0) * self.lr_decay);
        [self.weight_decay, sign(self.maximize), self.eps, lr]
    }

    /// Makes step number `step` with the state `sum`, whose initial value is the optimiser's
    /// `initial_accumulator_value`.
    pub fn step<T: Real>(&self, step: u64, param: &mut [T], grad: &[T], sum: &mut [T]) {
        part(self.numbers(step).map(T::of), param, grad, sum);
    }
}

pass! {
    part([decay, sign, eps, lr]: [T; 4]; p, g, sum) {
        let g = gradient::<L, T>(g, *p, decay, sign);
        *sum = g.fma::<L>(g, *sum);
        *p = (g / (sum.sqrt() + eps)).fma::<L>(lr, *p);
    }
}
