//! RMSprop.

use super::{each_part, gradient, sign};
use crate::cpu::real::Real;
use crate::cpu::simd::simd;

/// `torch.optim.RMSprop`:
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
    /// How much of the averages is kept.
    pub alpha: f64,
    /// Added to the denominator.
    pub eps: f64,
    /// L2 penalty.
    pub weight_decay: f64,
    /// Share of the last step that is kept.
    pub momentum: f64,
    /// Whether to climb instead of descending.
    pub maximize: bool,
}

/// The settings in the parameter's type.
#[derive(Clone, Copy)]
struct Settings<T> {
    lr: T,
    alpha: T,
    taken: T,
    eps: T,
    decay: T,
    momentum: T,
    sign: T,
}

impl RmsProp {
    /// What the kernels take.
    pub(crate) fn numbers(&self) -> [f64; 7] {
        let taken = 1.0 - self.alpha;
        [-self.lr, self.alpha, taken, self.eps, self.weight_decay, self.momentum, sign(self.maximize)]
    }

    /// A step with the state `square_avg`, where centered `grad_avg`, and where the momentum is
    /// not 0 `momentum_buffer`.
    pub fn step<T: Real>(
        &self,
        param: &mut [T],
        grad: &[T],
        square_avg: &mut [T],
        grad_avg: Option<&mut [T]>,
        momentum_buffer: Option<&mut [T]>,
    ) {
        let [lr, alpha, taken, eps, decay, share, sign] = self.numbers().map(T::of);
        let s = Settings { lr, alpha, taken, eps, decay, momentum: share, sign };
        match (grad_avg, momentum_buffer) {
            (None, None) => {
                each_part(grad, [param, square_avg], |g, [p, sq]| plain(s, p, g, sq));
            }
            (Some(avg), None) => {
                each_part(grad, [param, square_avg, avg], |g, [p, sq, avg]| centered(s, p, g, sq, avg));
            }
            (None, Some(buf)) => {
                each_part(grad, [param, square_avg, buf], |g, [p, sq, buf]| momentum(s, p, g, sq, buf));
            }
            (Some(avg), Some(buf)) => {
                each_part(grad, [param, square_avg, avg, buf], |g, [p, sq, avg, buf]| {
                    centered_momentum(s, p, g, sq, avg, buf);
                });
            }
        }
    }
}

simd! {
    fn plain<T: Real>(s: Settings<T>, param: &mut [T], grad: &[T], sq: &mut [T]) = plain_body;
    fn centered<T: Real>(
        s: Settings<T>, param: &mut [T], grad: &[T], sq: &mut [T], avg: &mut [T],
    ) = centered_body;
    fn momentum<T: Real>(
        s: Settings<T>, param: &mut [T], grad: &[T], sq: &mut [T], buf: &mut [T],
    ) = momentum_body;
    fn centered_momentum<T: Real>(
        s: Settings<T>, param: &mut [T], grad: &[T], sq: &mut [T], avg: &mut [T], buf: &mut [T],
    ) = centered_momentum_body;
}

/// Updates the average square; returns the gradient.
#[inline(always)]
fn square<const L: usize, T: Real>(s: &Settings<T>, p: T, g: T, sq: &mut T) -> T {
    let g = gradient::<L, T>(g, p, s.decay, s.sign);
    *sq = (g * s.taken).fma::<L>(g, *sq * s.alpha).normal();
    g
}

/// Updates the average; returns the variance.
#[inline(always)]
fn variance<const L: usize, T: Real>(s: &Settings<T>, g: T, sq: T, avg: &mut T) -> T {
    *avg = (g - *avg).fma::<L>(s.taken, *avg).normal();
    (-*avg).fma::<L>(*avg, sq)
}

#[inline(always)]
fn plain_body<const L: usize, T: Real>(s: Settings<T>, param: &mut [T], grad: &[T], sq: &mut [T]) {
    for ((p, &g), sq) in param.iter_mut().zip(grad).zip(sq) {
        let g = square::<L, T>(&s, *p, g, sq);
        *p = (g / (sq.sqrt() + s.eps)).fma::<L>(s.lr, *p);
    }
}

#[inline(always)]
fn centered_body<const L: usize, T: Real>(
    s: Settings<T>,
    param: &mut [T],
    grad: &[T],
    sq: &mut [T],
    avg: &mut [T],
) {
    for (((p, &g), sq), avg) in param.iter_mut().zip(grad).zip(sq).zip(avg) {
        let g = square::<L, T>(&s, *p, g, sq);
        let variance = variance::<L, T>(&s, g, *sq, avg);
        *p = (g / (variance.sqrt() + s.eps)).fma::<L>(s.lr, *p);
    }
}

#[inline(always)]
fn momentum_body<const L: usize, T: Real>(
    s: Settings<T>,
    param: &mut [T],
    grad: &[T],
    sq: &mut [T],
    buf: &mut [T],
) {
    for (((p, &g), sq), buf) in param.iter_mut().zip(grad).zip(sq).zip(buf) {
        let g = square::<L, T>(&s, *p, g, sq);
        *buf = s.momentum.fma::<L>(*buf, g / (sq.sqrt() + s.eps)).normal();
        *p = buf.fma::<L>(s.lr, *p);
    }
}

#[inline(always)]
fn centered_momentum_body<const L: usize, T: Real>(
    s: Settings<T>,
    param: &mut [T],
    grad: &[T],
    sq: &mut [T],
    avg: &mut [T],
    buf: &mut [T],
) {
    for ((((p, &g), sq), avg), buf) in param.iter_mut().zip(grad).zip(sq).zip(avg).zip(buf) {
        let g = square::<L, T>(&s, *p, g, sq);
        let variance = variance::<L, T>(&s, g, *sq, avg);
        *buf = s.momentum.fma::<L>(*buf, g / (variance.sqrt() + s.eps)).normal();
        *p = buf.fma::<L>(s.lr, *p);
    }
}
