//! Losses between vectors and of pairs: hinges, angles, triplets.

use taper_autograd::{Reduction, Variable};

use super::regression::loss;
use super::same_shape;
use crate::module::{enter, named};
use crate::{Error, Module, Place, Result};

loss! {
    /// For labels 1 and -1: `input` where 1, `max(0, margin - input)` where -1; PyTorch's
    /// `nn.HingeEmbeddingLoss`.
    HingeEmbeddingLoss = "HingeEmbeddingLoss", margin: 1.0, "How large the input has to be where the label is -1; by default 1.";
    |this, a, b| {
        same_shape("hinge_embedding_loss", a, b)?;
        let (alike, different) = labels(a, b)?;
        let hinge = a.neg()?.add(this.margin)?.relu()?;
        Ok(this.reduction.apply(&a.mul(alike)?.add(hinge.mul(different)?)?)?)
    }
}

/// Labels of 1 and -1 as two masks of the input's dtype.
fn labels(input: &Variable, labels: &Variable) -> Result<(Variable, Variable)> {
    let labels = labels.data();
    let mask = |value: f64| Ok::<_, Error>(Variable::new(labels.eq(value)?.to_dtype(input.dtype())?));
    Ok((mask(1.0)?, mask(-1.0)?))
}

/// The length of each vector along the last dimension; `eps` is added to its square.
fn lengths(x: &Variable, eps: f64) -> Result<Variable> {
    Ok(x.square()?.sum_dim(-1, false)?.add(eps)?.sqrt()?)
}

macro_rules! margin_loss {
    ($(#[$doc:meta])* $name:ident, $default:literal, ($($argument:ident),*), [$($option:ident: $type:ty = $value:expr, $meaning:literal);*], $this:ident => $body:expr) => {
        $(#[$doc])*
        #[derive(Module, Debug)]
        pub struct $name {
            #[module(skip)]
            margin: f64,
            #[module(skip)]
            reduction: Reduction,
            $(
                #[module(skip)]
                $option: $type,
            )*
            place: Place,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { margin: $default, reduction: Reduction::Mean, $($option: $value,)* place: Place::new() }
            }
        }

        impl $name {
            /// The loss with PyTorch's defaults: the mean over the samples.
            pub fn new() -> Self {
                Self::default()
            }

            #[doc = concat!("The distance that is enough; by default ", stringify!($default), ".")]
            pub fn margin(mut self, margin: f64) -> Self {
                self.margin = margin;
                self
            }

            $(
                #[doc = $meaning]
                pub fn $option(mut self, $option: $type) -> Self {
                    self.$option = $option;
                    self
                }
            )*

            /// How the samples' losses become one number.
            pub fn reduction(mut self, reduction: Reduction) -> Self {
                self.reduction = reduction;
                self
            }

            /// The loss.
            ///
            /// # Errors
            /// When the shapes do not fit.
            #[track_caller]
            pub fn forward(&self, $($argument: &Variable),*) -> Result<Variable> {
                let _scope = enter(&self.place);
                named(&self.place, self.compute($($argument),*))
            }

            #[track_caller]
            fn compute(&self, $($argument: &Variable),*) -> Result<Variable> {
                let $this = self;
                $(
                    let $argument = $argument.autocast_full()?;
                    let $argument = &*$argument;
                )*
                let losses: Variable = $body;
                Ok(self.reduction.apply(&losses)?)
            }
        }
    };
}

margin_loss! {
    /// `max(0, -label · (first - second) + margin)`: whether the first is to be larger (label 1) or
    /// smaller (-1); PyTorch's `nn.MarginRankingLoss`.
    MarginRankingLoss, 0.0, (first, second, label), [], this => {
        same_shape("margin_ranking_loss", first, second)?;
        same_shape("margin_ranking_loss", first, label)?;
        let label = Variable::new(label.data().to_dtype(first.dtype())?);
        second.sub(first)?.mul(label)?.add(this.margin)?.relu()?
    }
}

margin_loss! {
    /// For pairs of vectors `[N, D]` and labels `[N]`: `1 - cos` where the label is 1,
    /// `max(0, cos - margin)` where it is -1; PyTorch's `nn.CosineEmbeddingLoss`.
    CosineEmbeddingLoss, 0.0, (first, second, label), [], this => {
        same_shape("cosine_embedding_loss", first, second)?;
        if label.size()[..] != first.size()[..first.dim().saturating_sub(1)] {
            let message = format!(
                "vectors have shape {:?}, labels {:?}, expected one for each vector", first.size(), label.size()
            );
            return Err(Error::value("cosine_embedding_loss", message));
        }
        let dot = first.mul(second)?.sum_dim(-1, false)?;
        // PyTorch's ε; it keeps the derivative finite at vectors of zeros.
        let cos = dot.div(lengths(first, 1e-12)?.mul(lengths(second, 1e-12)?)?)?;
        let (alike, different) = labels(first, label)?;
        let hinge = cos.sub(this.margin)?.relu()?;
        cos.neg()?.add(1.0)?.mul(alike)?.add(hinge.mul(different)?)?
    }
}

margin_loss! {
    /// `max(0, |anchor - positive| - |anchor - negative| + margin)` for vectors `[N, D]`; PyTorch's
    /// `nn.TripletMarginLoss`.
    TripletMarginLoss, 1.0, (anchor, positive, negative), [
        p: f64 = 2.0, "The norm of the differences; by default 2, the length.";
        eps: f64 = 1e-6, "What is added to each difference; by default 1e-6.";
        swap: bool = false, "Whether the distance from the positive to the negative counts, where it is the smaller; by default not."
    ], this => {
        same_shape("triplet_margin_loss", anchor, positive)?;
        same_shape("triplet_margin_loss", anchor, negative)?;
        let distance = |from: &Variable, to: &Variable| -> Result<Variable> {
            let difference = from.sub(to)?.add(this.eps)?;
            if this.p == 2.0 {
                return lengths(&difference, 0.0);
            }
            Ok(difference.norm_p(this.p, -1, false)?)
        };
        let mut apart = distance(anchor, negative)?;
        if this.swap {
            apart = apart.minimum(&distance(positive, negative)?)?;
        }
        distance(anchor, positive)?.sub(apart)?.add(this.margin)?.relu()?
    }
}
