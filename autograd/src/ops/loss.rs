//! Losses with a kernel of their own.

pub use taper_tensor::Reduction;
use taper_tensor::{AsTensor, Keepdim, Shape, Summed, Tensor};

use crate::autocast::widened;
use crate::record::record;
use crate::{Result, Variable, is_grad_enabled};
use taper_tensor::registry;

impl Variable {
    operations! {
        /// Returns the squared differences `(self - target)²`, reduced: `d self = 2 (self - target) · dy`,
        /// divided by the number of elements for the mean, and `d target = -d self`.
        pub fn mse_loss(&self, target: impl AsTensor<Self>, reduction: Reduction) -> Result<Self> {
            let target = &*target.as_tensor();
            if let Some(scope) = widened(&registry::mse_loss, self) {
                return scope.full(self)?.mse_loss(&*scope.full(target)?, reduction);
            }
            let y = self.tensor().mse_loss(&*target.tensor(), reduction)?;
            let factor = if reduction == Reduction::Mean { 2.0 / self.numel() as f64 } else { 2.0 };
            let (a, b) = (self.save(), target.save());
            record("MseLoss", &[self, target]).each(y, move |g, i, ctx| {
                let g = g.mul(if i == 0 { factor } else { -factor })?;
                a.get(ctx)?.sub(b.get(ctx)?)?.mul(g)
            })
        }

        /// Returns the cross entropy of logits `[N, C, …]` with the class (int64) of each sample, multiplied
        /// by the sample's factor, both `[N, …]`. With `summed` it returns the sum over the samples. `d self
        /// = (softmax(self) - onehot) · factor · dy`.
        pub fn cross_entropy(&self, classes: &Tensor, factors: &Tensor, summed: Summed) -> Result<Self> {
            if let Some(scope) = widened(&registry::cross_entropy, self) {
                return scope.full(self)?.cross_entropy(classes, factors, summed);
            }
            // These are the two halves of `Tensor::cross_entropy`; the rule needs the first one.
            let log_softmax = self.tensor().log_softmax(1)?;
            let y = log_softmax.nll_loss(classes, factors, summed)?;
            let (classes, factors, size) = (classes.clone(), factors.to_dtype(self.dtype())?, self.size());
            self.of_input(y, "CrossEntropyLoss", move |g, x| {
                if !is_grad_enabled() {
                    let factors = factors.mul(&*g.tensor())?;
                    return Ok(Self::new(log_softmax.cross_entropy_grad(&classes, &factors)?));
                }
                // For a second derivative, the softmax must be part of the graph.
                let g = g.nll_grad(&classes, &factors, &size)?;
                g.sub(x.softmax(1)?.mul(g.sum_dim(Keepdim(1))?)?)
            })
        }

        /// Returns the negative log-likelihood `-score[class] · factor` of each sample, from scores `[N, C,
        /// …]` that are logarithms of probabilities, with the class (int64) and the factor of each sample,
        /// both `[N, …]`. With `summed` it returns the sum over the samples. `d self = -onehot · factor ·
        /// dy`.
        pub fn nll_loss(&self, classes: &Tensor, factors: &Tensor, summed: Summed) -> Result<Self> {
            if let Some(scope) = widened(&registry::nll_loss, self) {
                return scope.full(self)?.nll_loss(classes, factors, summed);
            }
            let y = self.tensor().nll_loss(classes, factors, summed)?;
            let (classes, factors, size) = (classes.clone(), factors.to_dtype(self.dtype())?, self.size());
            self.linear_in(y, "NllLoss", move |g| g.nll_grad(&classes, &factors, &size))
        }

        /// Returns `-(t ln(p) + (1 - t) ln(1 - p))` for probabilities `p` in `self` and targets `t`. The
        /// logarithms are limited to at least -100. `dp = (p - t) / max(p (1 - p), 1e-12) · dy`.
        pub fn binary_cross_entropy(&self, target: impl AsTensor<Self>) -> Result<Self> {
            let target = &*target.as_tensor();
            if let Some(scope) = widened(&registry::binary_cross_entropy, self) {
                return scope.full(self)?.binary_cross_entropy(&*scope.full(target)?);
            }
            let y = self.tensor().binary_cross_entropy(&*target.tensor())?;
            let (p, t) = (self.save(), target.save());
            record("BinaryCrossEntropy", &[self, target]).each(y, move |g, i, ctx| {
                let p = p.get(ctx)?;
                if i == 0 {
                    let spread = p.mul(p.rsub(1.0)?)?;
                    // The larger of the two, computed by differentiable operations.
                    let spread = spread.sub(1e-12)?.relu()?.add(1e-12)?;
                    return g.mul(p.sub(t.get(ctx)?)?.div(spread)?);
                }
                let log = |p: &Self| p.log()?.clamp_min(-100.0);
                g.mul(log(&p.rsub(1.0)?)?.sub(log(&p)?)?)
            })
        }
    }

    /// Returns the gradient of [`Variable::nll_loss`] with respect to scores of this size, where `self` is
    /// the gradient with respect to the losses or their sum.
    #[track_caller]
    fn nll_grad(&self, classes: &Tensor, factors: &Tensor, size: &Shape) -> Result<Self> {
        let losses = self.mul(factors)?.neg()?.unsqueeze(1)?;
        self.zeros(size)?.scatter_add(1, &classes.unsqueeze(1)?, losses)
    }
}

taper_tensor::composed_loss!(Variable);
