//! Losses with a kernel of their own.

use crate::cpu::cross_entropy;
use crate::ops::index::around;
use crate::{AsTensor, DType, Error, Result, Summed, Tensor, cuda};

/// The reduction of the elements' losses to one number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduction {
    /// The mean of the losses.
    #[default]
    Mean,
    /// The sum of the losses.
    Sum,
    /// No reduction: a loss for each element.
    None,
}

impl Tensor {
    /// Returns the squared differences `(self - target)²`, reduced.
    ///
    /// # Errors
    /// If the shapes differ: broadcasting in a loss is nearly always a mistake.
    pub fn mse_loss(&self, target: impl AsTensor, reduction: Reduction) -> Result<Self> {
        let target = &*target.as_tensor();
        self.expect_target("mse_loss", target)?;
        self.sub(target)?.square()?.reduce(reduction)
    }

    /// Returns `-(t ln(p) + (1 - t) ln(1 - p))` for probabilities `p` in `self` and targets `t`. The
    /// logarithms are limited to at least -100.
    ///
    /// # Errors
    /// If the shapes differ, or an element of `self` is not a probability.
    pub fn binary_cross_entropy(&self, target: impl AsTensor) -> Result<Self> {
        let (op, target) = ("binary_cross_entropy", &*target.as_tensor());
        self.expect_target(op, target)?;
        let values = self.to_dtype(DType::F64)?.to_vec::<f64>()?;
        if let Some((i, value)) = values.iter().enumerate().find(|(_, v)| !(0.0..=1.0).contains(*v)) {
            bail!(value(op, "input element {i} is {value}, expected a probability in [0, 1]"));
        }
        let log_rest = self.rsub(1.0)?.log()?.maximum(-100.0)?;
        // ln(1-p) + t (ln(p) - ln(1-p)), negated
        let logit = self.log()?.maximum(-100.0)?.sub(&log_rest)?;
        target.mul(logit)?.add(log_rest)?.neg()
    }

    /// Returns the cross entropy of logits with the class of each sample, multiplied by the sample's factor.
    /// With `summed` it returns the sum over the samples.
    ///
    /// # Shapes
    /// Input `[N, C, …]`, classes (int64) and factors `[N, …]`, output `[N, …]`, or `[]` with `summed`.
    ///
    /// # Errors
    /// If the shapes do not fit, or a class is out of range. Classes on a GPU are not checked, because
    /// reading them would synchronise; there, the loss of such a class is NaN.
    pub fn cross_entropy(&self, classes: &Self, factors: &Self, summed: Summed) -> Result<Self> {
        self.log_softmax(1)?.nll_loss(classes, factors, summed)
    }

    /// Returns the negative log-likelihood `-score[class] · factor` of each sample, from scores that are
    /// logarithms of probabilities. With `summed` it returns the sum over the samples. A sample with factor 0
    /// adds nothing, even if the score of its class is minus infinity.
    ///
    /// # Shapes
    /// Input `[N, C, …]`, classes (int64) and factors `[N, …]`, output `[N, …]`, or `[]` with `summed`.
    ///
    /// # Errors
    /// If the shapes do not fit, or a class is out of range. Classes on a GPU are not checked, because
    /// reading them would synchronise; there, the loss of such a class is NaN.
    pub fn nll_loss(&self, classes: &Self, factors: &Self, summed: Summed) -> Result<Self> {
        let op = "nll_loss";
        self.expect_float(op)?;
        self.expect_classes(op, classes, factors)?;
        let classes = classes.to_dtype(DType::I64)?;
        if let Some(losses) = cuda::softmax::nll(self, &classes, factors)? {
            return if summed.0 { losses.sum()?.cast(self.dtype) } else { losses.cast(self.dtype) };
        }
        let values = self.gather(1, &classes.unsqueeze(1)?)?.to_dtype(DType::F64)?.to_vec::<f64>()?;
        let factors = factors.to_dtype(DType::F64)?.to_vec::<f64>()?;
        let losses = values.iter().zip(&factors).map(|(v, &f)| if f == 0.0 { 0.0 } else { -v * f });
        match summed.0 {
            true => self.result(vec![losses.sum::<f64>()], &[])?.cast(self.dtype),
            false => self.result(losses.collect(), classes.size())?.cast(self.dtype),
        }
    }

    /// Returns the gradient of the cross entropy with respect to the scores, from their log-softmax, `self`:
    /// `(exp(self) - onehot) · factor`.
    ///
    /// # Shapes
    /// Input `[N, C, …]`, classes (int64) and factors `[N, …]`, output `[N, C, …]`.
    ///
    /// # Errors
    /// If the shapes do not fit, a class is out of range, or the dtype is not floating point.
    pub fn cross_entropy_grad(&self, classes: &Self, factors: &Self) -> Result<Self> {
        let op = "cross_entropy_grad";
        self.expect_float(op)?;
        let size = self.size();
        self.expect_classes(op, classes, factors)?;
        let (_, n, inner) = around(size, 1);
        let classes = classes.to_dtype(DType::I64)?;
        if let Some(dx) = cuda::softmax::cross_entropy_grad(self, &classes, factors)? {
            return dx.cast(self.dtype);
        }
        let classes = classes.to_vec::<i64>()?;
        if let Some(&index) = classes.iter().find(|c| !(0..n as i64).contains(c)) {
            return Err(Error::Index { op, index, dim: 1, size: n });
        }
        real_kernel!(make, op, [self, factors], size, T => |x| {
            cross_entropy::gradient(x[0], &classes, x[1], n, inner)
        })
    }

    fn expect_target(&self, op: &'static str, target: &Self) -> Result<()> {
        if self.size() == target.size() {
            return Ok(());
        }
        let (size, other) = (self.size(), target.size());
        Err(Error::shape(op, format!("input has shape {size:?} and target {other:?}, expected equal shapes")))
    }

    /// Checks that there is a class and a factor for each sample of scores `[N, C, …]`.
    fn expect_classes(&self, op: &'static str, classes: &Self, factors: &Self) -> Result<()> {
        self.expect_device(op, factors)?;
        let size = self.size();
        let fits = |of: &Self| size.len() > 1 && of.dim() == size.len() - 1 && of.size()[1..] == size[2..];
        if fits(classes) && fits(factors) && classes.size()[0] == size[0] && factors.size()[0] == size[0] {
            return Ok(());
        }
        bail!(shape(
            op,
            "scores have shape {size:?}, classes {:?} and factors {:?}, expected [N, C, …], [N, …] and [N, …]",
            classes.size(),
            factors.size()
        ))
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_loss {
    ($T:ident) => {
        impl $T {
            /// Returns the mean or the sum of the losses, or the losses themselves.
            ///
            /// # Errors
            /// If the mean of integers is requested.
            #[track_caller]
            pub fn reduce(&self, reduction: $crate::Reduction) -> Result<Self> {
                match reduction {
                    $crate::Reduction::Mean => self.mean(),
                    $crate::Reduction::Sum => self.sum(),
                    $crate::Reduction::None => Ok(self.clone()),
                }
            }
        }
    };
}
composed_loss!(Tensor);
