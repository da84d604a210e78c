//! Losses between vectors and of pairs: hinges, angles, triplets.

use taper_autograd::{Reduction, Variable};
use taper_tensor::Tensor;

use super::{loss, same_shape};
use crate::builder::{finite, positive};
use crate::{Error, Module, Place, Result};

loss! {
    /// Computes `input` where the label is 1, and `max(0, margin - input)` where it is -1; PyTorch's
    /// `nn.HingeEmbeddingLoss`.
    ///
    /// # Shapes
    /// Input and target `[...]`; the loss has no dimension, or with `Reduction::None` `[...]`.
    HingeEmbeddingLoss = "HingeEmbeddingLoss", HingeEmbeddingLossBuilder, over "element";
    options {
        /// Sets how large the input has to be where the label is -1; default 1.
        margin: f64 = 1.0;
    }
    check |loss: &HingeEmbeddingLossBuilder| finite("hinge_embedding_loss", "margin", loss.margin);
    /// Returns the loss of `input` against a target of the same shape.
    ///
    /// # Errors
    /// When the shapes differ.
    forward(input; target)
}

impl HingeEmbeddingLoss {
    #[track_caller]
    fn compute(&self, input: &Variable, target: &Variable) -> Result<Variable> {
        same_shape("hinge_embedding_loss", input, target)?;
        let (alike, different) = labels(input, target)?;
        let hinge = input.neg()?.add(self.margin)?.relu()?;
        Ok(input.mul(alike)?.add(hinge.mul(different)?)?.reduce(self.reduction)?)
    }
}

/// Returns labels of 1 and -1 as two masks of the input's dtype.
fn labels(input: &Variable, labels: &Variable) -> Result<(Tensor, Tensor)> {
    let dtype = input.dtype();
    Ok((labels.eq(1)?.to_dtype(dtype)?, labels.eq(-1)?.to_dtype(dtype)?))
}

/// Returns the length of each vector along the last dimension; `eps` is added to its square.
fn lengths(x: &Variable, eps: f64) -> Result<Variable> {
    Ok(x.square()?.sum_dim(-1)?.add(eps)?.sqrt()?)
}

loss! {
    /// Computes `max(0, -label · (first - second) + margin)`: the first should be larger where the label is 1,
    /// smaller where it is -1; PyTorch's `nn.MarginRankingLoss`.
    ///
    /// # Shapes
    /// All three `[N]`; the loss has no dimension, or with `Reduction::None` `[N]`.
    MarginRankingLoss = "MarginRankingLoss", MarginRankingLossBuilder, over "sample";
    options {
        /// Sets the distance that is enough; default 0.
        margin: f64 = 0.0;
    }
    check |loss: &MarginRankingLossBuilder| finite("margin_ranking_loss", "margin", loss.margin);
    /// Returns the loss.
    ///
    /// # Errors
    /// When the shapes do not fit.
    forward(first, second, label)
}

impl MarginRankingLoss {
    #[track_caller]
    fn compute(&self, first: &Variable, second: &Variable, label: &Variable) -> Result<Variable> {
        same_shape("margin_ranking_loss", first, second)?;
        same_shape("margin_ranking_loss", first, label)?;
        let label = Variable::new(label.data().to_dtype(first.dtype())?);
        let losses = second.sub(first)?.mul(label)?.add(self.margin)?.relu()?;
        Ok(losses.reduce(self.reduction)?)
    }
}

loss! {
    /// Computes `1 - cos` for pairs of vectors whose label is 1, and `max(0, cos - margin)` for those whose
    /// label is -1; PyTorch's `nn.CosineEmbeddingLoss`.
    ///
    /// # Shapes
    /// Vectors `[N, D]`, labels `[N]`; the loss has no dimension, or with `Reduction::None` `[N]`.
    CosineEmbeddingLoss = "CosineEmbeddingLoss", CosineEmbeddingLossBuilder, over "sample";
    options {
        /// Sets the distance that is enough; default 0.
        margin: f64 = 0.0;
    }
    check |loss: &CosineEmbeddingLossBuilder| finite("cosine_embedding_loss", "margin", loss.margin);
    /// Returns the loss.
    ///
    /// # Errors
    /// When the shapes do not fit.
    forward(first, second, label)
}

impl CosineEmbeddingLoss {
    #[track_caller]
    fn compute(&self, first: &Variable, second: &Variable, label: &Variable) -> Result<Variable> {
        same_shape("cosine_embedding_loss", first, second)?;
        if label.size()[..] != first.size()[..first.dim().saturating_sub(1)] {
            let message = format!(
                "vectors have shape {:?}, labels {:?}, expected one for each vector",
                first.size(),
                label.size()
            );
            return Err(Error::value("cosine_embedding_loss", message));
        }
        let dot = first.mul(second)?.sum_dim(-1)?;
        // PyTorch's ε; it keeps the derivative finite at vectors of zeros.
        let cos = dot.div(lengths(first, 1e-12)?.mul(lengths(second, 1e-12)?)?)?;
        let (alike, different) = labels(first, label)?;
        let hinge = cos.sub(self.margin)?.relu()?;
        let losses = cos.neg()?.add(1.0)?.mul(alike)?.add(hinge.mul(different)?)?;
        Ok(losses.reduce(self.reduction)?)
    }
}

loss! {
    /// Computes `max(0, |anchor - positive| - |anchor - negative| + margin)`; PyTorch's
    /// `nn.TripletMarginLoss`.
    ///
    /// # Shapes
    /// Vectors `[N, D]`; the loss has no dimension, or with `Reduction::None` `[N]`.
    TripletMarginLoss = "TripletMarginLoss", TripletMarginLossBuilder, over "sample";
    options {
        /// Sets the distance that is enough, above 0; default 1.
        margin: f64 = 1.0;
        /// Sets the norm of the differences; default 2, the length.
        p: f64 = 2.0;
        /// Sets what is added to each difference; default 1e-6.
        eps: f64 = 1e-6;
        /// Takes the distance from the positive to the negative where that is smaller; default false.
        swap: bool = false;
    }
    check |loss: &TripletMarginLossBuilder| {
        positive("triplet_margin_loss", "margin", loss.margin)?;
        finite("triplet_margin_loss", "eps", loss.eps)
    };
    /// Returns the loss.
    ///
    /// # Errors
    /// When the shapes do not fit.
    forward(anchor, positive, negative)
}

impl TripletMarginLoss {
    #[track_caller]
    fn compute(&self, anchor: &Variable, positive: &Variable, negative: &Variable) -> Result<Variable> {
        same_shape("triplet_margin_loss", anchor, positive)?;
        same_shape("triplet_margin_loss", anchor, negative)?;
        let distance = |from: &Variable, to: &Variable| -> Result<Variable> {
            let difference = from.sub(to)?.add(self.eps)?;
            if self.p == 2.0 {
                return lengths(&difference, 0.0);
            }
            Ok(difference.norm_p(self.p, -1)?)
        };
        let mut apart = distance(anchor, negative)?;
        if self.swap {
            apart = apart.minimum(&distance(positive, negative)?)?;
        }
        let losses = distance(anchor, positive)?.sub(apart)?.add(self.margin)?.relu()?;
        Ok(losses.reduce(self.reduction)?)
    }
}
