//! Adam and AdamW.

use super::{each_part, gradient, sign};
use crate::cpu::real::Real;
use crate::cpu::simd::simd;

/// `torch.optim.Adam`, and `AdamW` where `decoupled`:
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
    /// How much of the averages of the gradient and of its square is kept.
    pub betas: (f64, f64),
    /// Added to the denominator.
    pub eps: f64,
    /// L2 penalty, or decay of the weights where `decoupled`.
    pub weight_decay: f64,
    /// Whether the decay is kept apart from the gradient: AdamW.
    pub decoupled: bool,
    /// Whether to climb instead of descending.
    pub maximize: bool,
}

/// What a step computes once.
#[derive(Clone, Copy)]
struct Step<T> {
    decay: T,
    sign: T,
    shrink: T,
    taken: T,
    beta2: T,
    taken_sq: T,
    step_size: T,
    eps: T,
}

impl Adam {
    /// What the kernels take for step number `step`.
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

    /// Step number `step`, with the state `exp_avg`, `exp_avg_sq`, and with amsgrad
    /// `max_exp_avg_sq`.
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
        // avg / (sqrt(sq) / correction + eps) with one division less, on which small steps spend their time.
        let (step_size, eps) = (step_size * correction, eps * correction);
        let [decay, sign, shrink, taken, beta2, taken_sq, step_size, eps] =
            [decay, sign, shrink, taken, beta2, taken_sq, step_size, eps].map(T::of);
        let s = Step { decay, sign, shrink, taken, beta2, taken_sq, step_size, eps };
        match max_exp_avg_sq {
            None => each_part(grad, [param, exp_avg, exp_avg_sq], |grad, [param, avg, sq]| {
                plain(s, param, grad, avg, sq);
            }),
            Some(max) => {
                each_part(grad, [param, exp_avg, exp_avg_sq, max], |grad, [param, avg, sq, max]| {
                    amsgrad(s, param, grad, avg, sq, max);
                });
            }
        }
    }
}

simd! {
    fn plain<T: Real>(s: Step<T>, param: &mut [T], grad: &[T], avg: &mut [T], sq: &mut [T]) = plain_body;
    fn amsgrad<T: Real>(
        s: Step<T>, param: &mut [T], grad: &[T], avg: &mut [T], sq: &mut [T], max: &mut [T],
    ) = amsgrad_body;
}

/// Updates the averages and the decayed parameter; returns the average and its square.
#[inline(always)]
fn averages<const L: usize, T: Real>(s: &Step<T>, p: &mut T, g: T, avg: &mut T, sq: &mut T) {
    let g = gradient::<L, T>(g, *p, s.decay, s.sign);
    *p = *p * s.shrink;
    *avg = (g - *avg).fma::<L>(s.taken, *avg).normal();
    *sq = (g * s.taken_sq).fma::<L>(g, *sq * s.beta2).normal();
}

#[inline(always)]
fn update<const L: usize, T: Real>(s: &Step<T>, p: T, avg: T, sq: T) -> T {
    (avg / (sq.sqrt() + s.eps)).fma::<L>(s.step_size, p)
}

#[inline(always)]
fn plain_body<const L: usize, T: Real>(s: Step<T>, param: &mut [T], grad: &[T], avg: &mut [T], sq: &mut [T]) {
    for (((p, &g), avg), sq) in param.iter_mut().zip(grad).zip(avg).zip(sq) {
        averages::<L, T>(&s, p, g, avg, sq);
        *p = update::<L, T>(&s, *p, *avg, *sq);
    }
}

#[inline(always)]
fn amsgrad_body<const L: usize, T: Real>(
    s: Step<T>,
    param: &mut [T],
    grad: &[T],
    avg: &mut [T],
    sq: &mut [T],
    max: &mut [T],
) {
    for ((((p, &g), avg), sq), max) in param.iter_mut().zip(grad).zip(avg).zip(sq).zip(max) {
        averages::<L, T>(&s, p, g, avg, sq);
        *max = if *sq > *max || sq.is_nan() { *sq } else { *max };
        *p = update::<L, T>(&s, *p, *avg, *max);
    }
}
