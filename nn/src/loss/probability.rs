//! Losses between probabilities.

use taper_autograd::{Reduction, Variable};
use taper_tensor::Tensor;

use super::same_shape;
use crate::module::{enter, named};
use crate::{Error, Module, Place, Result};

/// `-(t ln(p) + (1 - t) ln(1 - p))` for probabilities `p`, by default their mean; PyTorch's
/// `nn.BCELoss`. Where the probabilities are a sigmoid's, [`BceWithLogitsLoss`] is more exact.
#[derive(Module, Debug, Default)]
#[module(rename = "BCELoss")]
pub struct BceLoss {
    #[module(buffer)]
    weight: Option<Variable>,
    #[module(skip)]
    reduction: Reduction,
    place: Place,
}

impl BceLoss {
    /// The mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// How much each element counts; it broadcasts, and is 1 by default.
    pub fn weight(mut self, weight: Tensor) -> Self {
        self.weight = Some(Variable::new(weight));
        self
    }

    /// How the elements' losses become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of probabilities against targets of the same shape, from 0 to 1.
    ///
    /// # Errors
    /// When the shapes differ, or a value is out of range.
    #[track_caller]
    pub fn forward(&self, input: &Variable, target: impl Into<Variable>) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, self.compute(input, &target.into()))
    }

    #[track_caller]
    fn compute(&self, input: &Variable, target: &Variable) -> Result<Variable> {
        let losses = input.binary_cross_entropy(target)?;
        Ok(self.reduction.apply(&weighted("binary_cross_entropy", losses, &self.weight)?)?)
    }
}

/// Losses times weights that broadcast to them.
#[track_caller]
fn weighted(op: &'static str, losses: Variable, weight: &Option<Variable>) -> Result<Variable> {
    let Some(weight) = weight else { return Ok(losses) };
    let products = losses.mul(weight)?;
    if products.size() != losses.size() {
        let message =
            format!("weight has shape {:?}, which does not broadcast to {:?}", weight.size(), losses.size());
        return Err(Error::value(op, message));
    }
    Ok(products)
}

/// The binary cross entropy of logits: `-(w t ln(σ(x)) + (1 - t) ln(1 - σ(x)))`, without overflow, by
/// default their mean; PyTorch's `nn.BCEWithLogitsLoss`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::BceWithLogitsLoss;
/// use taper_tensor::Tensor;
///
/// let logits = Variable::requires_grad(Tensor::new(&[1e4f32, -1e4])?);
/// let loss = BceWithLogitsLoss::new().forward(&logits, Tensor::new(&[1.0f32, 1.0])?)?;
/// assert_eq!(loss.item::<f32>()?, 5e3);
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug, Default)]
#[module(rename = "BCEWithLogitsLoss")]
pub struct BceWithLogitsLoss {
    #[module(buffer)]
    weight: Option<Variable>,
    #[module(buffer)]
    pos_weight: Option<Variable>,
    #[module(skip)]
    reduction: Reduction,
    place: Place,
}

impl BceWithLogitsLoss {
    /// The mean over all elements.
    pub fn new() -> Self {
        Self::default()
    }

    /// How much each element counts; it broadcasts, and is 1 by default.
    pub fn weight(mut self, weight: Tensor) -> Self {
        self.weight = Some(Variable::new(weight));
        self
    }

    /// How much more the target 1 counts than 0; it broadcasts, and is 1 by default.
    pub fn pos_weight(mut self, weight: Tensor) -> Self {
        self.pos_weight = Some(Variable::new(weight));
        self
    }

    /// How the elements' losses become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of logits against targets of the same shape, from 0 to 1.
    ///
    /// # Errors
    /// When the shapes differ.
    #[track_caller]
    pub fn forward(&self, logits: &Variable, target: impl Into<Variable>) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, self.compute(logits, &target.into()))
    }

    #[track_caller]
    fn compute(&self, logits: &Variable, t: &Variable) -> Result<Variable> {
        let (logits, t) = (logits.autocast_full()?, t.autocast_full()?);
        let (logits, t) = (&*logits, &*t);
        same_shape("binary_cross_entropy_with_logits", logits, t)?;
        // ln σ(x) and ln σ(-x) are the log-softmax of x and 0, which neither overflows.
        let zero = Variable::new(logits.data().zeros_like()?);
        let pair = Variable::stack(&[&zero, logits], -1)?.log_softmax(-1)?;
        let (negative, positive) = (pair.select(-1, 0)?, pair.select(-1, 1)?);
        let positive = match &self.pos_weight {
            Some(weight) => positive.mul(weight)?,
            None => positive,
        };
        // t · positive + (1 - t) · negative, negated
        let losses = t.mul(positive)?.add(negative.sub(t.mul(&negative)?)?)?.neg()?;
        let losses = weighted("binary_cross_entropy_with_logits", losses, &self.weight)?;
        Ok(self.reduction.apply(&losses)?)
    }
}

/// The divergence of Kullback and Leibler between log-probabilities and a target distribution,
/// `t (ln(t) - input)`; PyTorch's `nn.KLDivLoss`, whose mean too is over all elements.
#[derive(Module, Debug, Default)]
pub struct KLDivLoss {
    #[module(skip)]
    reduction: Reduction,
    #[module(skip)]
    batchmean: bool,
    #[module(skip)]
    log_target: bool,
    place: Place,
}

impl KLDivLoss {
    /// The mean over all elements, of targets that are probabilities.
    pub fn new() -> Self {
        Self::default()
    }

    /// How the elements' losses become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// Whether the sum is divided by the number of samples, which is the divergence itself, in the place
    /// of [`reduction`](Self::reduction); PyTorch's `reduction="batchmean"`. By default not.
    pub fn batchmean(mut self, batchmean: bool) -> Self {
        self.batchmean = batchmean;
        self
    }

    /// Whether the targets are logarithms of probabilities; by default not.
    pub fn log_target(mut self, log_target: bool) -> Self {
        self.log_target = log_target;
        self
    }

    /// The loss of log-probabilities against a target of the same shape.
    ///
    /// # Errors
    /// When the shapes differ.
    #[track_caller]
    pub fn forward(&self, input: &Variable, target: impl Into<Variable>) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, self.compute(input, &target.into()))
    }

    #[track_caller]
    fn compute(&self, input: &Variable, t: &Variable) -> Result<Variable> {
        let (input, t) = (input.autocast_full()?, t.autocast_full()?);
        let (input, t) = (&*input, &*t);
        same_shape("kl_div", input, t)?;
        if !t.dtype().is_float() {
            let message = format!("target has dtype {}, expected probabilities", t.dtype());
            return Err(Error::value("kl_div", message));
        }
        let losses = if self.log_target {
            t.exp()?.mul(t.sub(input)?)?
        } else {
            // t ln(t) is 0 at t = 0: there the logarithm's argument is 1.
            let zero = Variable::new(t.data().eq(0.0)?.to_dtype(t.dtype())?);
            t.mul(t.add(zero)?.log()?.sub(input)?)?
        };
        if self.batchmean {
            return Ok(losses.sum()?.div(input.size().first().copied().unwrap_or(1) as f64)?);
        }
        Ok(self.reduction.apply(&losses)?)
    }
}
