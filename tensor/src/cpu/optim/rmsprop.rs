//! RMSprop.

use super::{Real, each_part, sign, simd};

/// The settings of `torch.optim.RMSprop`:
///
/// ```text
/// g = grad (or -grad to maximise) + weight_decay * param
/// square_avg = alpha * square_avg + (1 - alpha) * g²
/// grad_avg = grad_avg + (1 - alpha) * (g - grad_avg)                        (centered)
/// avg = sqrt(square_avg) + eps, or sqrt(square_avg - grad_avg²) + eps       (centered)
/// momentum_buffer = momentum * momentum_buffer + g / avg                    (momentum > 0)
/// param = param - lr * g / avg, or param - lr * momentum_buffer             (momentum > 0)
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// Learning rate.
    pub lr: f64,
    /// The share of the averages that is kept.
    pub alpha: f64,
    /// Added to the denominator.
    pub eps: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// The share of the last step that is kept.
    pub momentum: f64,
    /// Maximises instead of minimising.
    pub maximize: bool,
}

impl RmsProp {
    /// Returns the kernels' numbers.
    pub(crate) fn numbers(&self) -> [f64; 7] {
        let taken = 1.0 - self.alpha;
        [-self.lr, self.alpha, taken, self.eps, self.weight_decay, self.momentum, sign(self.maximize)]
    }

    /// Makes a step with the state `square_avg`, with `grad_avg` if centred, and with `momentum_buffer` if
    /// the momentum is not 0.
    pub fn step<T: Real>(
        &self,
        param: &mut [T],
        grad: &[T],
        square_avg: &mut [T],
        grad_avg: Option<&mut [T]>,
        momentum_buffer: Option<&mut [T]>,
    ) {
        let numbers = self.numbers().map(T::of);
        match (grad_avg, momentum_buffer) {
            (None, None) => plain(numbers, param, grad, square_avg),
            (Some(avg), None) => centered(numbers, param, grad, square_avg, avg),
            (None, Some(buf)) => momentum(numbers, param, grad, square_avg, buf),
            (Some(avg), Some(buf)) => centered_momentum(numbers, param, grad, square_avg, avg, buf),
        }
    }
}

/// Updates the average square and the average, if there is one. Returns the divided gradient.
#[inline(always)]
fn direction<const L: usize, T: Real>(
    [alpha, taken, eps, decay]: [T; 4],
    p: T,
    g: T,
    sq: &mut T,
    avg: Option<&mut T>,
) -> T {
    let g = p.fma::<L>(decay, g);
    *sq = (g * taken).fma::<L>(g, *sq * alpha).normal();
    let variance = match avg {
        None => *sq,
        Some(avg) => {
            *avg = (g - *avg).fma::<L>(taken, *avg).normal();
            (-*avg).fma::<L>(*avg, *sq)
        }
    };
    g / (variance.sqrt() + eps)
}

pass! {
    plain([lr, numbers @ .., _, sign]: [T; 7]; p, g, sq) {
        *p = direction::<L, T>(numbers, *p, g * sign, sq, None).fma::<L>(lr, *p);
    }
}

pass! {
    centered([lr, numbers @ .., _, sign]: [T; 7]; p, g, sq, avg) {
        *p = direction::<L, T>(numbers, *p, g * sign, sq, Some(avg)).fma::<L>(lr, *p);
    }
}

pass! {
    momentum([lr, numbers @ .., momentum, sign]: [T; 7]; p, g, sq, buf) {
        *buf = momentum.fma::<L>(*buf, direction::<L, T>(numbers, *p, g * sign, sq, None)).normal();
        *p = buf.fma::<L>(lr, *p);
    }
}

pass! {
    centered_momentum([lr, numbers @ .., momentum, sign]: [T; 7]; p, g, sq, avg, buf) {
        *buf = momentum.fma::<L>(*buf, direction::<L, T>(numbers, *p, g * sign, sq, Some(avg))).normal();
        *p = buf.fma::<L>(lr, *p);
    }
}
