//! Losses that are worth a node of their own: one instead of the five that they are composed of.

use smallvec::smallvec;
use taper_tensor::{DType, Tensor};

use crate::node::record;
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
        Ok(record("MseLoss", &[self, target]).output(y, move |ctx| {
            let g = a.get(ctx)?.sub(b.get(ctx)?)?.mul(ctx.grad()?.mul(factor)?)?;
            Ok(smallvec![ctx.need(0, || Ok(g.clone()))?, ctx.need(1, || g.neg())?])
        }))
    }

    /// The cross entropy of logits `[N, C, …]` with a class for each sample, `classes` `[N, …]` of
    /// i64, times the sample's factor in `factors` `[N, …]`; their sum with `summed`.
    /// `d self = (softmax(self) - onehot) · factor · dy`.
    ///
    /// # Errors
    /// When a class is out of range, or the shapes do not fit.
    #[track_caller]
    pub fn cross_entropy(&self, classes: &Tensor, factors: &Tensor, summed: bool) -> Result<Self> {
        let logits = self.data();
        let log_softmax = logits.log_softmax(1)?;
        let index = classes.unsqueeze(1)?;
        let picked = log_softmax.gather(1, &index)?.to_dtype(DType::F64)?.to_vec::<f64>()?;
        let weights = factors.to_dtype(DType::F64)?.to_vec::<f64>()?;
        // Nothing of a sample whose factor is 0, also where its class is impossible: 0 and not 0 · ∞.
        let losses = picked.iter().zip(&weights).map(|(p, &w)| if w == 0.0 { 0.0 } else { -p * w });
        let y = if summed {
            Tensor::new(losses.sum::<f64>())?
        } else {
            Tensor::from_vec(losses.collect(), classes.size())?
        };
        let y = y.to_dtype(logits.dtype())?.to(&logits.device())?;
        let (x, factors) = (self.save(), Self::new(factors.to_dtype(logits.dtype())?.unsqueeze(1)?));
        Ok(record("CrossEntropyLoss", &[self]).output(y, move |ctx| {
            // For a second derivative, the softmax has to be part of the graph.
            let softmax =
                if is_grad_enabled() { x.get(ctx)?.softmax(1)? } else { Self::new(log_softmax.exp()?) };
            let one = Self::new(factors.data().ones_like()?.neg()?);
            let g = ctx.grad()?;
            let g = if summed { g } else { g.unsqueeze(1)? };
            Ok(smallvec![Some(softmax.scatter_add(1, &index, &one)?.mul(g.mul(&factors)?)?)])
        }))
    }
}
