//! The loss of classification, after the logarithm of the softmax.

use taper_autograd::{Reduction, Variable};
use taper_tensor::Summed;

use super::classes::{Targets, check_weight, table};
use super::loss;
use crate::{Error, Module, Place, Result};

loss! {
    /// Computes the negative log-likelihood of classes under log-probabilities; PyTorch's `nn.NLLLoss`.
    ///
    /// # Shapes
    /// Input `[N, C, ...]`, target `[N, ...]`; the loss has no dimension, or with `Reduction::None` `[N, ...]`.
    NllLoss = "NLLLoss", NllLossBuilder, over "sample";
    weights {
        /// Sets how much each class counts, `[C]`; default 1 for all.
        weight;
    }
    options {
        /// Sets the class of the samples that do not count; default -100.
        ignore_index: i64 = -100;
    }
    check |loss: &NllLossBuilder| check_weight("nll_loss", &loss.weight);
    /// Returns the loss of log-probabilities against integer classes.
    ///
    /// # Errors
    /// When the shapes do not fit, or a class is out of range.
    forward(input; target)
}

impl NllLoss {
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
            let message =
                format!("weight has {} elements, expected {}, one for each class", table.len(), size[1]);
            return Err(Error::value("nll_loss", message));
        }
        let (ignore, reduction) = (self.ignore_index, self.reduction);
        let targets = Targets::read("nll_loss", &target.data(), input, &table, ignore, reduction)?;
        targets.or_nan(input.nll_loss(
            &targets.classes,
            &targets.factors,
            Summed(reduction != Reduction::None),
        )?)
    }
}
