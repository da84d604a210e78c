//! Lion (Chen et al., "Symbolic Discovery of Optimization Algorithms", 2023).

use super::{Real, each_part, sign, simd};

/// ```text
/// g = grad (or -grad to maximise)
/// param = param - lr * weight_decay * param
/// param = param - lr * sign(beta1 * exp_avg + (1 - beta1) * g)
/// exp_avg = beta2 * exp_avg + (1 - beta2) * g
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lion {
    /// Learning rate.
    pub lr: f64,
    /// The share of the average in the direction of the step, and the share that is kept after it.
    pub betas: (f64, f64),
    /// Decay of the weights.
    pub weight_decay: f64,
    /// Maximises instead of minimising.
    pub maximize: bool,
}

impl Lion {
    /// Returns the kernels' numbers.
    pub(crate) fn numbers(&self) -> [f64; 7] {
        let (beta1, beta2) = self.betas;
        let shrink = 1.0 - self.lr * self.weight_decay;
        [self.lr, shrink, sign(self.maximize), beta1, 1.0 - beta1, beta2, 1.0 - beta2]
    }

    /// Makes a step with the state `exp_avg`.
    pub fn step<T: Real>(&self, param: &mut [T], grad: &[T], exp_avg: &mut [T]) {
        part(self.numbers().map(T::of), param, grad, exp_avg);
    }
}

pass! {
    part([lr, shrink, sign, beta1, taken1, beta2, taken2]: [T; 7]; p, g, avg) {
        let g = g * sign;
        let direction = g.fma::<L>(taken1, *avg * beta1);
        // A direction of 0 gives no step, and NaN gives NaN.
        let step = if direction > T::ZERO {
            lr
        } else if direction < T::ZERO {
            -lr
        } else {
            direction
        };
        *p = *p * shrink - step;
        *avg = g.fma::<L>(taken2, *avg * beta2).normal();
    }
}
