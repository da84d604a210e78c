//! Softmax and its logarithm, without overflow: the largest element is subtracted first.

use crate::dtype::with_real;
use crate::gather::around;
use crate::kernels::{cross_entropy, on_gpu, softmax};
use crate::{DType, Element, Error, Result, Tensor, shape};

/// A kernel over slabs of `n` rows of `inner` elements.
macro_rules! along {
    ($op:expr, $operands:expr, $dim:expr, $kernel:expr) => {{
        let (op, dim, operands) = ($op, $dim, $operands);
        let x = operands[0];
        x.expect_float(op)?;
        let dim = if x.dim() == 0 && (dim == 0 || dim == -1) { 0 } else { shape::dim(op, dim, x.size())? };
        let (_, n, inner) = around(x.size(), dim);
        with_real!(x.dtype, T => {
            let wide = operands.map(|x| x.in_dtype(T::TYPE)).into_iter().collect::<Result<Vec<_>>>()?;
            let wide: Vec<&Tensor> = wide.iter().map(|x| &**x).collect();
            on_gpu!(x, y => y.cast(x.dtype), softmax::along(op, &wide, dim));
            let y = Tensor::lend::<T, _>(op, &wide, |x| $kernel(x, n, inner))?;
            x.result(y, x.size())?.cast(x.dtype)
        })
    }};
}

impl Tensor {
    /// `exp(x) / sum(exp(x))` along a dimension.
    ///
    /// # Errors
    /// When there is no such dimension; on an integer dtype.
    pub fn softmax(&self, dim: i64) -> Result<Self> {
        along!("softmax", [self], dim, |x: &[&[T]], n, inner| softmax::softmax(x[0], n, inner))
    }

    /// `x - log(sum(exp(x)))` along a dimension.
    ///
    /// # Errors
    /// As [`Tensor::softmax`].
    pub fn log_softmax(&self, dim: i64) -> Result<Self> {
        along!("log_softmax", [self], dim, |x: &[&[T]], n, inner| softmax::log_softmax(x[0], n, inner))
    }

    /// The gradient of [`Tensor::softmax`] from its result `y`: `y · (dy - sum(y · dy))`, where `dy` is
    /// `self`.
    ///
    /// # Errors
    /// As [`Tensor::softmax`]; when the shapes or dtypes differ.
    pub fn softmax_grad(&self, y: &Self, dim: i64) -> Result<Self> {
        self.expect_like("softmax_grad", y)?;
        along!("softmax_grad", [y, self], dim, |x: &[&[T]], n, inner| {
            softmax::softmax_grad(x[0], x[1], n, inner)
        })
    }

    /// The gradient of [`Tensor::log_softmax`] from its result `y`: `dy - exp(y) · sum(dy)`, where `dy`
    /// is `self`.
    ///
    /// # Errors
    /// As [`Tensor::softmax_grad`].
    pub fn log_softmax_grad(&self, y: &Self, dim: i64) -> Result<Self> {
        self.expect_like("log_softmax_grad", y)?;
        along!("log_softmax_grad", [y, self], dim, |x: &[&[T]], n, inner| {
            softmax::log_softmax_grad(x[0], x[1], n, inner)
        })
    }

    /// The negative log-likelihoods: of scores `[N, C, …]`, which are logarithms of probabilities,
    /// `-score[class] · factor` for the class (i64) and the factor of each sample, `[N, …]`; their sum with
    /// `summed`. A sample whose factor is 0 counts nothing, also where its class is impossible.
    ///
    /// # Errors
    /// When the shapes do not fit, or a class is out of range; on a GPU, where to find it would need to
    /// wait, the loss of such a class is NaN.
    pub fn nll_loss(&self, classes: &Self, factors: &Self, summed: bool) -> Result<Self> {
        let op = "nll_loss";
        self.expect_float(op)?;
        self.expect_classes(op, classes, factors)?;
        let classes = classes.to_dtype(DType::I64)?;
        on_gpu!(
            self,
            losses => if summed { losses.sum()?.cast(self.dtype) } else { losses.cast(self.dtype) },
            softmax::nll(self, &classes, &*factors.in_dtype(self.dtype.working())?)
        );
        let values = self.gather(1, &classes.unsqueeze(1)?)?.to_dtype(DType::F64)?.to_vec::<f64>()?;
        let factors = factors.to_dtype(DType::F64)?.to_vec::<f64>()?;
        let losses = values.iter().zip(&factors).map(|(v, &f)| if f == 0.0 { 0.0 } else { -v * f });
        match summed {
            true => self.result(vec![losses.sum::<f64>()], &[])?.cast(self.dtype),
            false => self.result(losses.collect(), classes.size())?.cast(self.dtype),
        }
    }

    /// Whether there is a class and a factor for each sample of scores `[N, C, …]`.
    fn expect_classes(&self, op: &'static str, classes: &Self, factors: &Self) -> Result<()> {
        self.expect_device(op, factors)?;
        let size = self.size();
        let fits = |of: &Self| size.len() > 1 && of.dim() == size.len() - 1 && of.size()[1..] == size[2..];
        if fits(classes) && fits(factors) && classes.size()[0] == size[0] && factors.size()[0] == size[0] {
            return Ok(());
        }
        let message = format!(
            "scores have shape {size:?}, classes {:?}, factors {:?}, expected [N, C, …] and twice [N, …]",
            classes.size(),
            factors.size()
        );
        Err(Error::shape(op, message))
    }

    /// The gradient of the cross entropy of scores `[N, C, …]` from their log-softmax, which is `self`:
    /// `(exp(self) - onehot) · factor`, with the class (i64) and the factor of each sample, `[N, …]`.
    ///
    /// # Errors
    /// When the shapes do not fit, or a class is out of range; on an integer dtype.
    pub fn cross_entropy_grad(&self, classes: &Self, factors: &Self) -> Result<Self> {
        let op = "cross_entropy_grad";
        self.expect_float(op)?;
        let size = self.size();
        self.expect_classes(op, classes, factors)?;
        let (_, n, inner) = around(size, 1);
        let classes = classes.to_dtype(DType::I64)?;
        on_gpu!(
            self,
            dx => dx.cast(self.dtype),
            softmax::cross_entropy_grad(self, &classes, &*factors.in_dtype(self.dtype.working())?)
        );
        let classes = classes.to_vec::<i64>()?;
        if let Some(&index) = classes.iter().find(|c| !(0..n as i64).contains(c)) {
            return Err(Error::Index { op, index, dim: 1, size: n });
        }
        with_real!(self.dtype, T => {
            let (y, factors) = (self.in_dtype(T::TYPE)?, factors.in_dtype(T::TYPE)?);
            let dx = Self::lend::<T, _>(op, &[&*y, &*factors], |x| {
                cross_entropy::gradient(x[0], &classes, x[1], n, inner)
            })?;
            self.result(dx, size)?.cast(self.dtype)
        })
    }

    /// Whether a result has the shape, dtype and device of `self`, its gradient.
    pub(crate) fn expect_like(&self, op: &'static str, y: &Self) -> Result<()> {
        self.expect_device(op, y)?;
        y.expect_dtype(op, self.dtype)?;
        if self.size() == y.size() {
            return Ok(());
        }
        Err(Error::shape(op, format!("the gradient has shape {:?}, the result {:?}", self.size(), y.size())))
    }
}
