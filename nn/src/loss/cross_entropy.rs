//! The loss of classification.

use taper_autograd::{Reduction, Variable};
use taper_tensor::Summed;

use super::classes::{Targets, check_weight, table};
use super::loss;
use crate::builder::fraction;
use crate::{Error, Module, Place, Result};

loss! {
    /// Computes the cross entropy between logits and classes or probabilities; PyTorch's
    /// `nn.CrossEntropyLoss`.
    ///
    /// For the class `y` of a sample, `loss = -weight[y] · log(softmax(logits)[y])`; the mean divides by the
    /// sum of the weights of the samples that count.
    ///
    /// # Shapes
    /// Logits `[N, C, ...]`, classes `[N, ...]` or probabilities `[N, C, ...]`; the loss has no dimension, or with
    /// `Reduction::None` `[N, ...]`.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::CrossEntropyLoss;
    /// use taper_tensor::Tensor;
    ///
    /// let logits = Variable::requires_grad(Tensor::zeros((2, 10))?);
    /// let loss = CrossEntropyLoss::new().forward(&logits, Tensor::new(&[3i64, 9])?)?;
    /// assert!((loss.item::<f64>()? - 10f64.ln()).abs() < 1e-6);
    /// let smooth = CrossEntropyLoss::builder().label_smoothing(0.1).build()?;
    /// assert_eq!(smooth.forward(&logits, Tensor::new(&[3i64, 9])?)?.size(), []);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    CrossEntropyLoss = "CrossEntropyLoss", CrossEntropyLossBuilder, over "sample";
    weights {
        /// Sets how much each class counts, `[C]`; default 1 for all.
        weight;
    }
    options {
        /// Sets the class of the samples that do not count; default -100.
        ignore_index: i64 = -100;
        /// Sets the part of each target, from 0 to 1, that all classes share equally; default 0.
        label_smoothing: f64 = 0.0;
    }
    check |loss: &CrossEntropyLossBuilder| {
        check_weight("cross_entropy", &loss.weight)?;
        fraction("cross_entropy", "label_smoothing", loss.label_smoothing)
    };
    /// Returns the loss of `logits` against integer classes or real probabilities.
    ///
    /// # Errors
    /// When the shapes do not fit, or a class is out of range. Classes on a GPU are not checked: reading
    /// them would synchronise. One out of range makes the loss NaN.
    forward(logits; target)
}

impl CrossEntropyLoss {
    #[track_caller]
    fn compute(&self, logits: &Variable, target: &Variable) -> Result<Variable> {
        let size = logits.size();
        let fail = |message: String| Err(Error::value("cross_entropy", message));
        if size.len() < 2 {
            return fail(format!(
                "logits have shape {size:?}, expected [batch, classes, ...]; give a single sample a batch \
                 dimension with .unsqueeze(0)"
            ));
        }
        if let Some(weight) = &self.weight
            && weight.size() != [size[1]]
        {
            return fail(format!(
                "weight has shape {:?}, expected [{}], one for each class",
                weight.size(),
                size[1]
            ));
        }
        let per_sample: Vec<usize> =
            size.iter().enumerate().filter(|(d, _)| *d != 1).map(|(_, &s)| s).collect();
        let integers = !target.dtype().is_float();
        if integers && target.size() == per_sample {
            let there = target.device().is_cuda() && target.device() == logits.device();
            let targets = if there && self.weight.is_none() {
                Targets::unread(&target.data(), logits, self.ignore_index, self.reduction)?
            } else {
                let table = table(&self.weight, size[1])?;
                Targets::read(
                    "cross_entropy",
                    &target.data(),
                    logits,
                    &table,
                    self.ignore_index,
                    self.reduction,
                )?
            };
            return self.hard(logits, &targets);
        }
        if !integers && target.size() == size {
            return self.soft(logits, target);
        }
        fail(format!(
            "target has shape {:?} and dtype {}, expected int64 classes of shape {per_sample:?}, or probabilities of \
             shape {size:?}",
            target.size(),
            target.dtype()
        ))
    }

    #[track_caller]
    fn hard(&self, logits: &Variable, targets: &Targets) -> Result<Variable> {
        let (summed, part) = (self.reduction != Reduction::None, self.label_smoothing);
        if part == 0.0 {
            return targets.or_nan(logits.cross_entropy(
                &targets.classes,
                &targets.factors,
                Summed(summed),
            )?);
        }
        let log_softmax = logits.log_softmax(1)?;
        let hard =
            log_softmax.nll_loss(&targets.classes, &targets.factors.mul(1.0 - part)?, Summed(summed))?;
        // The same part of each class. What an ignored sample gives does not count, not even its NaN.
        let even = self.times_weight(log_softmax)?.sum_dim(1)?;
        let even = even.masked_fill(&targets.shares.eq(0)?, 0.0)?;
        let even = even.mul(targets.shares.mul(-part / logits.size()[1] as f64)?)?;
        targets.or_nan(hard.add(if summed { even.sum()? } else { even })?)
    }

    #[track_caller]
    fn soft(&self, logits: &Variable, target: &Variable) -> Result<Variable> {
        let size = logits.size();
        let target = if self.label_smoothing == 0.0 {
            target.clone()
        } else {
            target.mul(1.0 - self.label_smoothing)?.add(self.label_smoothing / size[1] as f64)?
        };
        let target = self.times_weight(target)?;
        let samples =
            if self.reduction == Reduction::Mean { logits.numel() as f64 / size[1] as f64 } else { 1.0 };
        let products = logits.log_softmax(1)?.mul(target)?;
        Ok(match self.reduction {
            Reduction::None => products.sum_dim(1)?.neg()?,
            _ => products.sum()?.div(-samples)?,
        })
    }

    /// Multiplies `[N, C, …]` by the classes' weights, if there are some.
    #[track_caller]
    fn times_weight(&self, x: Variable) -> Result<Variable> {
        let Some(weight) = &self.weight else { return Ok(x) };
        let mut column = vec![1; x.dim() - 1];
        column[0] = x.size()[1];
        Ok(x.mul(weight.data().to_dtype(x.dtype())?.reshape(column)?)?)
    }
}

#[cfg(test)]
mod tests {
    use taper_tensor::{DType, Tensor};

    use super::*;

    #[test]
    fn classes_that_are_not_read_give_the_same_loss_and_gradient() {
        let classes = Tensor::new([[2i64, 0], [-100, 1], [1, 2]]).unwrap();
        for (smoothing, reduction) in [0.0, 0.1, 1.0].into_iter().flat_map(|part| {
            [Reduction::Mean, Reduction::Sum, Reduction::None].map(|reduction| (part, reduction))
        }) {
            let criterion = CrossEntropyLoss::builder().label_smoothing(smoothing).reduction(reduction);
            let criterion = criterion.build().unwrap();
            let logits = || {
                let ramp = Tensor::arange(0, 18, 1).unwrap().to_dtype(DType::F64).unwrap().sin().unwrap();
                Variable::requires_grad(ramp.reshape((3, 3, 2)).unwrap())
            };
            let (a, b) = (logits(), logits());
            let read = criterion.forward(&a, classes.clone()).unwrap();
            let unread = Targets::unread(&classes, &b, -100, reduction).unwrap();
            let unread = criterion.hard(&b, &unread).unwrap();
            assert!(read.data().allclose(unread.data(), 1e-12, 1e-12).unwrap(), "{smoothing} {reduction:?}");
            read.sum().unwrap().backward().unwrap();
            unread.sum().unwrap().backward().unwrap();
            let (a, b) = (a.grad().unwrap(), b.grad().unwrap());
            assert!(a.allclose(&b, 1e-12, 1e-12).unwrap(), "{smoothing} {reduction:?}: {a} {b}");
        }
    }
}
