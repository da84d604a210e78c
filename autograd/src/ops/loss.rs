//! Losses that have a kernel.

use smallvec::smallvec;
use taper_tensor::{DType, Tensor};

use crate::autocast::widened;
use crate::record::record;
use crate::{Result, Variable, is_grad_enabled};

/// How the losses of the samples become one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// Their mean.
    #[default]
    Mean,
    /// Their sum.
    Sum,
    /// Not at all: a loss for each element.
    None,
}

impl Reduction {
    /// The mean, the sum, or the losses themselves.
    ///
    /// # Errors
    /// On an integer dtype, or where memory runs out.
    #[track_caller]
    pub fn apply(self, losses: &Variable) -> Result<Variable> {
        match self {
            Self::Mean => losses.mean(),
            Self::Sum => losses.sum(),
            Self::None => Ok(losses.clone()),
        }
    }
}

impl Variable {
    /// `(self - target)²`, reduced: `d self = 2 (self - target) · dy`, over the number of elements
    /// for the mean, and `d target` its negative.
    ///
    /// # Errors
    /// When the shapes differ: a broadcast here is nearly always a mistake.
    #[track_caller]
    pub fn mse_loss(&self, target: &Self, reduction: Reduction) -> Result<Self> {
        if let Some(scope) = widened("mse_loss", self) {
            return scope.full(self)?.mse_loss(&*scope.full(target)?, reduction);
        }
        let size = self.size();
        if size != target.size() {
            return Err(taper_tensor::Error::shape(
                "mse_loss",
                format!("input has shape {size:?}, target {:?}, expected the same", target.size()),
            )
            .into());
        }
        let square = self.data().sub(target.data())?.square()?;
        let (y, factor) = match reduction {
            Reduction::Mean => (square.mean()?, 2.0 / self.numel() as f64),
            Reduction::Sum => (square.sum()?, 2.0),
            Reduction::None => (square, 2.0),
        };
        let (a, b) = (self.save(), target.save());
        record("MseLoss", &[self, target]).output(y, move |ctx| {
            let g = a.get(ctx)?.sub(b.get(ctx)?)?.mul(ctx.grad()?.mul(factor)?)?;
            Ok(smallvec![ctx.need(0, || Ok(g.clone()))?, ctx.need(1, || g.neg())?])
        })
    }

    /// The cross entropy of logits `[N, C, …]` with a class for each sample, `classes` `[N, …]` of
    /// i64, times the sample's factor in `factors` `[N, …]`; their sum with `summed`.
    /// `d self = (softmax(self) - onehot) · factor · dy`.
    ///
    /// # Errors
    /// When a class is out of range, or the shapes do not fit.
    #[track_caller]
    pub fn cross_entropy(&self, classes: &Tensor, factors: &Tensor, summed: bool) -> Result<Self> {
        if let Some(scope) = widened("cross_entropy", self) {
            return scope.full(self)?.cross_entropy(classes, factors, summed);
        }
        let logits = self.data();
        let log_softmax = logits.log_softmax(1)?;
        let (index, y) = (classes.unsqueeze(1)?, log_softmax.nll_loss(classes, factors, summed)?);
        let (x, classes, factors) = (self.save(), classes.clone(), factors.to_dtype(logits.dtype())?);
        record("CrossEntropyLoss", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?;
            if !is_grad_enabled() {
                let dx = log_softmax.cross_entropy_grad(&classes, &factors.mul(g.data())?)?;
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

    /// The negative of the log-probability `[N, C, …]` of each sample's class, times its factor; as
    /// [`Variable::cross_entropy`], but `self` went through `log_softmax` already.
    /// `d self = -onehot · factor · dy`.
    ///
    /// # Errors
    /// As [`Variable::cross_entropy`].
    #[track_caller]
    pub fn nll_loss(&self, classes: &Tensor, factors: &Tensor, summed: bool) -> Result<Self> {
        if let Some(scope) = widened("nll_loss", self) {
            return scope.full(self)?.nll_loss(classes, factors, summed);
        }
        let x = self.data();
        let (index, y) = (classes.unsqueeze(1)?, x.nll_loss(classes, factors, summed)?);
        let (size, factors) = (self.size(), Self::new(factors.to_dtype(x.dtype())?.unsqueeze(1)?.neg()?));
        record("NllLoss", &[self]).output(y, move |ctx| {
            let g = ctx.grad()?;
            let g = if summed { g } else { g.unsqueeze(1)? };
            let zeros = Self::new(g.data().like().zeros(&size)?);
            Ok(smallvec![Some(zeros.scatter_add(1, &index, &factors.mul(g)?)?)])
        })
    }

    /// `-(t ln(p) + (1 - t) ln(1 - p))` for probabilities `p` in `self`, where no logarithm counts for
    /// less than -100: `dp = (p - t) / max(p (1 - p), 1e-12) · dy`.
    ///
    /// # Errors
    /// When the shapes differ, or a value is no probability.
    #[track_caller]
    pub fn binary_cross_entropy(&self, target: &Self) -> Result<Self> {
        if let Some(scope) = widened("binary_cross_entropy", self) {
            return scope.full(self)?.binary_cross_entropy(&*scope.full(target)?);
        }
        let (p, t) = (self.data(), target.data());
        let fail = |message: String| Err(taper_tensor::Error::value("binary_cross_entropy", message).into());
        if p.size() != t.size() {
            return fail(format!("input has shape {:?}, target {:?}, expected the same", p.size(), t.size()));
        }
        let values = p.to_dtype(DType::F64)?.to_vec::<f64>()?;
        if let Some((i, value)) = values.iter().enumerate().find(|(_, v)| !(0.0..=1.0).contains(*v)) {
            return fail(format!("input element {i} is {value}, expected a probability from 0 to 1"));
        }
        let rest = p.neg()?.add(1.0)?;
        let (log, log_rest) = (p.log()?.maximum(-100.0)?, rest.log()?.maximum(-100.0)?);
        // ln(1-p) + t (ln(p) - ln(1-p)), negated
        let logit = log.sub(&log_rest)?;
        let y = t.mul(&logit)?.add(log_rest)?.neg()?;
        let (p, t) = (self.save(), target.save());
        record("BinaryCrossEntropy", &[self, target]).output(y, move |ctx| {
            let (g, p) = (ctx.grad()?, p.get(ctx)?);
            Ok(smallvec![
                ctx.need(0, || {
                    let spread = p.mul(p.neg()?.add(1.0)?)?;
                    // The larger of the two, in operations that can be differentiated.
                    let spread = spread.sub(1e-12)?.relu()?.add(1e-12)?;
                    g.mul(p.sub(t.get(ctx)?)?.div(spread)?)
                })?,
                ctx.need(1, || {
                    // For a second derivative, the logarithms have to be part of the graph.
                    let log = |p: &Self| p.log()?.clamp_min(-100.0);
                    let logit = match is_grad_enabled() {
                        true => log(&p)?.sub(log(&p.neg()?.add(1.0)?)?)?,
                        false => Self::new(logit.clone()),
                    };
                    g.mul(logit.neg()?)
                })?
            ])
        })
    }
}
