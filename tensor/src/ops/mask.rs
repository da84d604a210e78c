//! Selection of elements by a mask.

use crate::cpu::operators::Where;
use crate::dtype::with_working;
use crate::ops::arithmetic::{promoted, ternary};
use crate::{DType, Error, IntoOperand, Operand, Result, Scalar, Tensor, shape};

impl Tensor {
    /// Returns the elements, replaced by `value` where the mask is true. The mask broadcasts.
    ///
    /// # Errors
    /// If the shapes do not broadcast, or the mask is not bool.
    pub fn masked_fill(&self, mask: &Self, value: impl Into<Scalar>) -> Result<Self> {
        let value = self.like().full((), value.into())?;
        value.where_(mask, self)
    }

    /// Returns the int64 indices of the elements that are not 0, one row for each element: `[n, dimensions]`.
    pub fn nonzero(&self) -> Result<Self> {
        let at = positions(&self.to_dtype(DType::Bool)?.elements()?);
        let strides = crate::cpu::strided::contiguous_strides(self.size());
        let index = |p: i64, d: usize| p / strides[d] as i64 % self.size()[d] as i64;
        let all = at.iter().flat_map(|&p| (0..self.dim()).map(move |d| index(p, d))).collect();
        self.result(all, &[at.len(), self.dim()])
    }

    /// Returns [`Tensor::nonzero`]; NumPy's name.
    pub fn argwhere(&self) -> Result<Self> {
        self.nonzero()
    }

    /// Returns the element of `self` where the condition is true, else that of `other`: PyTorch's
    /// `x.where(condition, other)`. All three broadcast.
    ///
    /// # Errors
    /// If the shapes do not broadcast, the devices differ, or the condition is not bool.
    pub fn where_(&self, condition: &Self, other: impl IntoOperand) -> Result<Self> {
        let (op, other) = ("where", other.operand());
        let dtype = promoted(self, &other);
        let other = match other {
            Operand::Tensor(other) => other.into_owned(),
            Operand::Scalar(v) => self.like().dtype(dtype).full((), v)?,
        };
        self.expect_device(op, &other)?;
        self.expect_device(op, condition)?;
        condition.expect_mask(op)?;
        with_working!(dtype, T => {
            let (a, b) = (self.in_dtype(dtype.working())?, other.in_dtype(dtype.working())?);
            ternary::<u8, T>(op, [condition, &a, &b], Where)?.cast(dtype)
        })
    }
}

impl Tensor {
    /// Checks that the tensor is a mask.
    fn expect_mask(&self, op: &'static str) -> Result<()> {
        if self.dtype == DType::Bool {
            return Ok(());
        }
        Err(Error::value(
            op,
            format!(
                "the mask is {}, expected bool; compare, as in x.gt(0), or convert with .to_dtype(DType::Bool)",
                self.dtype
            ),
        ))
    }
}

/// Returns the indices of the elements of a mask that are not 0.
fn positions(mask: &[u8]) -> Vec<i64> {
    mask.iter().zip(0..).filter(|(m, _)| **m != 0).map(|(_, i)| i).collect()
}

/// Returns the size that `mask` and a tensor of this `size` broadcast to, and the positions, in row-major
/// order, where the mask is not 0.
#[doc(hidden)]
pub fn mask_indices(op: &'static str, mask: &Tensor, size: &[usize]) -> Result<(Vec<usize>, Tensor)> {
    mask.expect_mask(op)?;
    let size = shape::broadcast(op, size, mask.size())?;
    let at = positions(&mask.expand(&size)?.elements()?);
    let n = at.len();
    Ok((size, mask.result(at, &[n])?))
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_mask {
    ($T:ident) => {
        impl $T {
            /// Returns the elements where the mask is true, as a vector. The mask broadcasts.
            ///
            /// # Errors
            /// If the shapes do not broadcast, or the mask is not bool.
            #[track_caller]
            pub fn masked_select(&self, mask: &$crate::Tensor) -> Result<Self> {
                let (size, index) = $crate::support::mask_indices("masked_select", mask, &self.size())?;
                self.expand(size)?.reshape(-1)?.index_select(0, &index)
            }

            /// Returns the elements, replaced one after the other by those of `source` where the mask is
            /// true. The mask broadcasts.
            ///
            /// # Errors
            /// If the shapes do not broadcast, the dtypes differ, `source` has fewer elements than the mask
            /// has true ones, or the mask is not bool.
            #[track_caller]
            pub fn masked_scatter(
                &self,
                mask: &$crate::Tensor,
                source: impl $crate::AsTensor<Self>,
            ) -> Result<Self> {
                let (op, source) = ("masked_scatter", source.as_tensor());
                let (size, index) = $crate::support::mask_indices(op, mask, &self.size())?;
                let (n, given) = (index.numel(), source.numel());
                $crate::bail_if!(
                    n > given,
                    shape(
                        op,
                        "source has {given} elements, expected at least the {n} true elements of the mask"
                    )
                );
                self.expand(size)?.put(&index, source.reshape(-1)?.narrow(0, 0, n)?)
            }
        }
    };
}
composed_mask!(Tensor);
