//! The loss of classification.

use taper_autograd::{Reduction, Variable};
use taper_tensor::{DType, Tensor};

use super::classes::{Classes, table};
use super::loss;
use crate::{Error, Module, Place, Result};

loss! {
    /// The cross entropy between logits `[N, C, …]` and classes `[N, …]` or probabilities `[N, C, …]`;
    /// PyTorch's `nn.CrossEntropyLoss`.
    ///
    /// For the class `y` of a sample, `loss = -weight[y] · log(softmax(logits)[y])`; the mean is over the
    /// weights of the samples that count.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::CrossEntropyLoss;
    /// use taper_tensor::Tensor;
    ///
    /// let logits = Variable::requires_grad(Tensor::zeros((2, 10))?);
    /// let loss = CrossEntropyLoss::new().forward(&logits, Tensor::new(&[3i64, 9])?)?;
    /// assert!((loss.item::<f64>()? - 10f64.ln()).abs() < 1e-6);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    CrossEntropyLoss = "CrossEntropyLoss", over "sample";
    weights {
        /// How much each class counts, `[C]`; by default all count 1.
        weight;
    }
    options {
        /// The class of samples that do not count; by default -100.
        ignore_index: i64 = -100;
        /// The part of each target, from 0 to 1, that is shared equally by all classes; by default 0.
        label_smoothing: f64 = 0.0;
    }
    /// The loss of `logits` against integer classes or real probabilities.
    ///
    /// # Errors
    /// When the shapes do not fit, or a class is out of range; of classes on a GPU, which to look at would wait
    /// for it, one out of range makes the loss NaN.
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
        if !(0.0..=1.0).contains(&self.label_smoothing) {
            return fail(format!("label_smoothing is {}, expected 0 to 1", self.label_smoothing));
        }
        if let Some(weight) = &self.weight
            && weight.size() != [size[1]]
        {
            return fail(format!("weight has shape {:?}, {} classes expect [{1}]", weight.size(), size[1]));
        }
        let per_sample: Vec<usize> =
            size.iter().enumerate().filter(|(d, _)| *d != 1).map(|(_, &s)| s).collect();
        let integers = !target.dtype().is_float();
        if integers && target.size() == per_sample {
            let there = target.device().is_cuda() && target.device() == logits.device();
            if there && self.weight.is_none() {
                return self.unread(logits, &target.data());
            }
            let classes = Classes::read(
                "cross_entropy",
                &target.data(),
                &table(&self.weight, size[1])?,
                self.ignore_index,
            )?;
            return if self.label_smoothing == 0.0 {
                self.hard(logits, &classes, &per_sample)
            } else {
                self.smoothed(logits, &classes)
            };
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
    fn hard(&self, logits: &Variable, classes: &Classes, per_sample: &[usize]) -> Result<Variable> {
        let (indices, factors) = classes.tensors(logits, per_sample, self.reduction)?;
        Ok(logits.cross_entropy(&indices, &factors, self.reduction != Reduction::None)?)
    }

    /// As [`Self::hard`] and [`Self::smoothed`] for classes on a GPU, which computes their factors: to read them
    /// would wait for it.
    #[track_caller]
    fn unread(&self, logits: &Variable, target: &Tensor) -> Result<Variable> {
        let classes = target.to_dtype(DType::I64)?;
        let counts = classes.ne(self.ignore_index)?;
        // An ignored sample, whose factor is 0, can be of any class.
        let classes = classes.mul(&counts.to_dtype(DType::I64)?)?;
        let counts = counts.to_dtype(DType::F32)?.to_dtype(logits.dtype())?;
        let factors = match self.reduction {
            Reduction::Mean => counts.div(&counts.sum()?)?,
            Reduction::Sum | Reduction::None => counts,
        };
        let (summed, part) = (self.reduction != Reduction::None, self.label_smoothing);
        if part == 0.0 {
            return Ok(logits.cross_entropy(&classes, &factors, summed)?);
        }
        let hard = logits.cross_entropy(&classes, &factors.mul(1.0 - part)?, summed)?;
        let even = factors.mul(-part / logits.size()[1] as f64)?;
        let even = logits.log_softmax(1)?.sum_dim(1, false)?.mul(Variable::new(even))?;
        Ok(hard.add(if summed { even.sum()? } else { even })?)
    }

    #[track_caller]
    fn smoothed(&self, logits: &Variable, classes: &Classes) -> Result<Variable> {
        let size = logits.size();
        let (count, inner) = (size[1], size[2..].iter().product::<usize>());
        let weight = table(&self.weight, count)?;
        let share = self.label_smoothing / count as f64;
        let mut coefficients = vec![0.0; logits.numel()];
        for (i, class) in classes.indices.iter().enumerate() {
            let Some(class) = *class else { continue };
            let start = i / inner * count * inner + i % inner;
            for (c, weight) in weight.iter().enumerate() {
                let one = if c == class { 1.0 - self.label_smoothing } else { 0.0 };
                coefficients[start + c * inner] = weight * (one + share);
            }
        }
        let total = classes.total(self.reduction);
        self.weighted(
            logits,
            Tensor::from_vec(coefficients, size)?.to_dtype(logits.dtype())?.to(&logits.device())?.into(),
            total,
        )
    }

    #[track_caller]
    fn soft(&self, logits: &Variable, target: &Variable) -> Result<Variable> {
        let size = logits.size();
        let target = if self.label_smoothing == 0.0 {
            target.clone()
        } else {
            target.mul(1.0 - self.label_smoothing)?.add(self.label_smoothing / size[1] as f64)?
        };
        let target = match &self.weight {
            None => target,
            Some(weight) => {
                let mut column = vec![1; size.len() - 1];
                column[0] = size[1];
                target.mul(Variable::new(weight.data().to_dtype(target.dtype())?.reshape(column)?))?
            }
        };
        let samples =
            if self.reduction == Reduction::Mean { logits.numel() as f64 / size[1] as f64 } else { 1.0 };
        self.weighted(logits, target, samples)
    }

    /// `-Σ coefficients · log_softmax(logits)` over the classes, reduced, over `total`.
    #[track_caller]
    fn weighted(&self, logits: &Variable, coefficients: Variable, total: f64) -> Result<Variable> {
        let products = logits.log_softmax(1)?.mul(coefficients)?;
        Ok(match self.reduction {
            Reduction::None => products.sum_dim(1, false)?.neg()?,
            _ => products.sum()?.div(-total)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_that_are_not_read_give_the_same_loss_and_gradient() {
        let classes = Tensor::new([[2i64, 0], [-100, 1], [1, 2]]).unwrap();
        for (smoothing, reduction) in [0.0, 0.1, 1.0].into_iter().flat_map(|part| {
            [Reduction::Mean, Reduction::Sum, Reduction::None].map(|reduction| (part, reduction))
        }) {
            let criterion = CrossEntropyLoss::new().label_smoothing(smoothing).reduction(reduction);
            let logits = || {
                let ramp = Tensor::arange(0, 18, 1).unwrap().to_dtype(DType::F64).unwrap().sin().unwrap();
                Variable::requires_grad(ramp.reshape((3, 3, 2)).unwrap())
            };
            let (a, b) = (logits(), logits());
            let read = criterion.forward(&a, classes.clone()).unwrap();
            let unread = criterion.unread(&b, &classes).unwrap();
            assert!(read.data().allclose(&unread.data(), 1e-12, 1e-12).unwrap(), "{smoothing} {reduction:?}");
            read.sum().unwrap().backward().unwrap();
            unread.sum().unwrap().backward().unwrap();
            let (a, b) = (a.grad().unwrap(), b.grad().unwrap());
            assert!(a.allclose(&b, 1e-12, 1e-12).unwrap(), "{smoothing} {reduction:?}: {a} {b}");
        }
    }
}
