//! Losses that have a kernel.

use smallvec::smallvec;
pub use taper_tensor::Reduction;
use taper_tensor::{AsTensor, Tensor};

use crate::autocast::widened;
use crate::record::record;
use crate::{Result, Variable, is_grad_enabled};
use taper_tensor::registry;

impl Variable {
    /// Returns the squared differences `(self - target)²`, reduced: `d self = 2 (self - target) · dy`, over the
    /// number of elements for the mean, and `d target` its negative.
    ///
    /// # Errors
    /// When the shapes differ: a broadcast here is nearly always a mistake.
    #[track_caller]
    pub fn mse_loss(&self, target: impl AsTensor<Self>, reduction: Reduction) -> Result<Self> {
        let target = &*target.as_tensor();
        if let Some(scope) = widened(&registry::mse_loss, self) {
            return scope.full(self)?.mse_loss(&*scope.full(target)?, reduction);
        }
        let y = self.tensor().mse_loss(&*target.tensor(), reduction)?;
        let factor = if reduction == Reduction::Mean { 2.0 / self.numel() as f64 } else { 2.0 };
        let (a, b) = (self.save(), target.save());
        record("MseLoss", &[self, target]).output(y, move |ctx| {
            let g = a.get(ctx)?.sub(b.get(ctx)?)?.mul(ctx.grad()?.mul(factor)?)?;
            Ok(smallvec![ctx.need(0, || Ok(g.clone()))?, ctx.need(1, || g.neg())?])
        })
    }

    /// Returns the cross entropy of logits `[N, C, …]` with the class (i64) of each sample, times the sample's
    /// factor, both `[N, …]`; the sum over the samples with `summed`.
    /// `d self = (softmax(self) - onehot) · factor · dy`.
    ///
    /// # Errors
    /// As [`Variable::nll_loss`].
    #[track_caller]
    pub fn cross_entropy(&self, classes: &Tensor, factors: &Tensor, summed: bool) -> Result<Self> {
        if let Some(scope) = widened(&registry::cross_entropy, self) {
            return scope.full(self)?.cross_entropy(classes, factors, summed);
        }
        // As `Tensor::cross_entropy`, of which the rule needs the first half.
        let log_softmax = self.tensor().log_softmax(1)?;
        let (index, y) = (classes.unsqueeze(1)?, log_softmax.nll_loss(classes, factors, summed)?);
        let (x, classes, factors) = (self.save(), classes.clone(), factors.to_dtype(self.dtype())?);
        record("CrossEntropyLoss", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?;
            if !is_grad_enabled() {
                let dx = log_softmax.cross_entropy_grad(&classes, &factors.mul(&*g.tensor())?)?;
                return Ok(smallvec![Some(Self::new(dx))]);
            }
            let factors = Self::new(factors.unsqueeze(1)?);
            // For a second derivative, the softmax has to be part of the graph.
            let softmax = x.get(ctx)?.softmax(1)?;
            let one = Self::new(factors.data().ones_like()?.neg()?);
            let g = if summed { g } else { g.unsqueeze(1)? };
            Ok(smallvec![Some(softmax.scatter_add(1, &index, &one)?.mul(g.mul(&factors)?)?)])
        })
    }

    /// Returns the negative log-likelihoods: of scores `[N, C, …]`, which are logarithms of probabilities,
    /// `-score[class] · factor` for the class (i64) and the factor of each sample, both `[N, …]`; their sum with
    /// `summed`. `d self = -onehot · factor · dy`.
    ///
    /// # Errors
    /// When the shapes do not fit, or a class is out of range; on a GPU, where to find it would need to wait,
    /// the loss of such a class is NaN.
    #[track_caller]
    pub fn nll_loss(&self, classes: &Tensor, factors: &Tensor, summed: bool) -> Result<Self> {
        if let Some(scope) = widened(&registry::nll_loss, self) {
            return scope.full(self)?.nll_loss(classes, factors, summed);
        }
        let (index, y) = (classes.unsqueeze(1)?, self.tensor().nll_loss(classes, factors, summed)?);
        let (size, factors) = (self.size(), Self::new(factors.to_dtype(self.dtype())?.unsqueeze(1)?.neg()?));
        record("NllLoss", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?;
            let g = if summed { g } else { g.unsqueeze(1)? };
            let zeros = Self::new(g.tensor().like().zeros(&size)?);
            Ok(smallvec![Some(zeros.scatter_add(1, &index, &factors.mul(g)?)?)])
        })
    }

    /// Returns `-(t ln(p) + (1 - t) ln(1 - p))` for probabilities `p` in `self` and targets `t`, where no
    /// logarithm counts for less than -100: `dp = (p - t) / max(p (1 - p), 1e-12) · dy`.
    ///
    /// # Errors
    /// When the shapes differ, or a value is not a probability.
    #[track_caller]
    pub fn binary_cross_entropy(&self, target: impl AsTensor<Self>) -> Result<Self> {
        let target = &*target.as_tensor();
        if let Some(scope) = widened(&registry::binary_cross_entropy, self) {
            return scope.full(self)?.binary_cross_entropy(&*scope.full(target)?);
        }
        let y = self.tensor().binary_cross_entropy(&*target.tensor())?;
        let (p, t) = (self.save(), target.save());
        record("BinaryCrossEntropy", &[self, target]).output(y, move |ctx| {
            let (g, p) = (ctx.grad()?, p.get(ctx)?);
            Ok(smallvec![
                ctx.need(0, || {
                    let spread = p.mul(p.rsub(1.0)?)?;
                    // The larger of the two, in operations that can be differentiated.
                    let spread = spread.sub(1e-12)?.relu()?.add(1e-12)?;
                    g.mul(p.sub(t.get(ctx)?)?.div(spread)?)
                })?,
                ctx.need(1, || {
                    let log = |p: &Self| p.log()?.clamp_min(-100.0);
                    g.mul(log(&p.rsub(1.0)?)?.sub(log(&p)?)?)
                })?
            ])
        })
    }
}

taper_tensor::composed_loss!(Variable);
