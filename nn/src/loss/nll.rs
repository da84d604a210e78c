//! The loss of classification, after the logarithm of the softmax.

use taper_autograd::{Reduction, Variable};
use taper_tensor::Tensor;

use super::classes::{Classes, table};
use crate::module::{enter, named};
use crate::{Error, Module, Place, Result};

/// The negative log-likelihood of classes `[N, …]` under log-probabilities `[N, C, …]`; PyTorch's
/// `nn.NLLLoss`.
#[derive(Module, Debug)]
#[module(rename = "NLLLoss")]
pub struct NllLoss {
    #[module(buffer)]
    weight: Option<Variable>,
    #[module(skip)]
    ignore_index: i64,
    #[module(skip)]
    reduction: Reduction,
    place: Place,
}

impl Default for NllLoss {
    fn default() -> Self {
        Self { weight: None, ignore_index: -100, reduction: Reduction::Mean, place: Place::new() }
    }
}

impl NllLoss {
    /// The mean over the samples, each class as important as the others.
    pub fn new() -> Self {
        Self::default()
    }

    /// How much each class counts, `[C]`; by default all count 1.
    pub fn weight(mut self, weight: Tensor) -> Self {
        self.weight = Some(Variable::new(weight));
        self
    }

    /// The class of samples that do not count; by default -100.
    pub fn ignore_index(mut self, class: i64) -> Self {
        self.ignore_index = class;
        self
    }

    /// How the samples' losses become one number.
    pub fn reduction(mut self, reduction: Reduction) -> Self {
        self.reduction = reduction;
        self
    }

    /// The loss of log-probabilities against integer classes.
    ///
    /// # Errors
    /// When the shapes do not fit, or a class is out of range.
    #[track_caller]
    pub fn forward(&self, input: &Variable, target: impl Into<Variable>) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, self.compute(input, &target.into()))
    }

    #[track_caller]
    fn compute(&self, input: &Variable, target: &Variable) -> Result<Variable> {
        let size = input.size();
        let per_sample: Vec<usize> =
            size.iter().enumerate().filter(|(d, _)| *d != 1).map(|(_, &s)| s).collect();
        if size.len() < 2 || target.size() != per_sample || target.dtype().is_float() {
            let message = format!(
                "input has shape {size:?}, target {:?} and dtype {}, expected [batch, classes, ...] and int64 \
                 classes of shape [batch, ...]",
                target.size(),
                target.dtype()
            );
            return Err(Error::value("nll_loss", message));
        }
        let table = table(&self.weight, size[1])?;
        if table.len() != size[1] {
            let message = format!("weight has {} elements, {} classes expect as many", table.len(), size[1]);
            return Err(Error::value("nll_loss", message));
        }
        let classes = Classes::read("nll_loss", &target.data(), &table, self.ignore_index)?;
        let (indices, factors) = classes.tensors(input, &per_sample, self.reduction)?;
        Ok(input.nll_loss(&indices, &factors, self.reduction != Reduction::None)?)
    }
}
