//! The largest and smallest elements along a dimension, and where they are.

use crate::dtype::with_working;
use crate::kernels::argmax::{End, Greatest, Least, extreme};
use crate::reduce::reduced;
use crate::{Element as _, Error, Result, Tensor, shape};

impl Tensor {
    /// The largest elements along a dimension, and their indices as i64: the first of equal ones, or
    /// the first NaN. PyTorch's `x.max(dim)`.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    pub fn max_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Self)> {
        self.extreme("max", dim, keepdim, Greatest)
    }

    /// The smallest elements along a dimension, and their indices; see [`Tensor::max_dim`].
    ///
    /// # Errors
    /// As [`Tensor::max_dim`].
    pub fn min_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Self)> {
        self.extreme("min", dim, keepdim, Least)
    }

    /// The index of the largest element along a dimension, the first of equal ones, as i64.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    pub fn argmax(&self, dim: i64, keepdim: bool) -> Result<Self> {
        self.extreme("argmax", dim, keepdim, Greatest).map(|(_, index)| index)
    }

    /// The index of the smallest element along a dimension, the first of equal ones, as i64.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    pub fn argmin(&self, dim: i64, keepdim: bool) -> Result<Self> {
        self.extreme("argmin", dim, keepdim, Least).map(|(_, index)| index)
    }

    fn extreme(&self, op: &'static str, dim: i64, keepdim: bool, end: impl End) -> Result<(Self, Self)> {
        if self.dim() == 0 && (dim == 0 || dim == -1) {
            return Ok((self.copy()?, self.like().dtype(crate::DType::I64).zeros(())?));
        }
        let dim = shape::dim(op, dim, self.size())?;
        if self.size()[dim] == 0 {
            return Err(Error::shape(op, format!("dimension {dim} of shape {:?} is empty", self.size())));
        }
        let size = reduced(self.size(), &[dim], keepdim);
        with_working!(self.dtype, T => {
            let (values, indices) = self.in_dtype(T::TYPE)?.view::<T, _>(op, |x| extreme(x, dim, end))?;
            Ok((Self::own(values, &size).cast(self.dtype)?, Self::own(indices, &size)))
        })
    }
}
