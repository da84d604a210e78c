//! Elements chosen by a mask.

use crate::cpu::operators::Where;
use crate::dtype::with_working;
use crate::ops::arithmetic::{promoted, ternary};
use crate::{DType, Error, IntoOperand, Operand, Result, Scalar, Tensor, shape};

impl Tensor {
    /// Returns `value` where the mask, which broadcasts, is not 0, and elsewhere the element.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn masked_fill(&self, mask: &Self, value: impl Into<Scalar>) -> Result<Self> {
        let value = self.like().full((), value.into())?;
        value.where_(mask, self)
    }

    /// Returns the indices of the elements that are not 0, a row for each: `[n, dimensions]`, i64.
    pub fn nonzero(&self) -> Result<Self> {
        let at = positions(&self.ne(0)?.to_vec()?);
        let strides = crate::cpu::strided::contiguous_strides(self.size());
        let index = |p: i64, d: usize| p / strides[d] as i64 % self.size()[d] as i64;
        let all = at.iter().flat_map(|&p| (0..self.dim()).map(move |d| index(p, d))).collect();
        self.result(all, &[at.len(), self.dim()])
    }

    /// Returns [`Tensor::nonzero`], by its name in NumPy.
    pub fn argwhere(&self) -> Result<Self> {
        self.nonzero()
    }

    /// Returns `self` where the condition is not 0, else `other`: PyTorch's `x.where(condition, other)`. All
    /// three broadcast.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    pub fn where_(&self, condition: &Self, other: impl IntoOperand) -> Result<Self> {
        let (op, other) = ("where", other.operand());
        let dtype = promoted(self, &other);
        let other = match other {
            Operand::Tensor(other) => other.into_owned(),
            Operand::Scalar(v) => self.like().dtype(dtype).full((), v)?,
        };
        self.expect_device(op, &other)?;
        self.expect_device(op, condition)?;
        let mask = if condition.dtype == DType::U8 { condition.clone() } else { condition.ne(0)? };
        with_working!(dtype, T => {
            let (a, b) = (self.in_dtype(dtype.working())?, other.in_dtype(dtype.working())?);
            ternary::<u8, T>(op, [&mask, &a, &b], Where)?.cast(dtype)
        })
    }
}

/// Returns the indices at which a mask is not 0.
fn positions(mask: &[u8]) -> Vec<i64> {
    mask.iter().zip(0..).filter(|(m, _)| **m != 0).map(|(_, i)| i).collect()
}

/// Returns the size that `mask` and a tensor of this `size` broadcast to, and there the flat positions where the
/// mask is not 0.
#[doc(hidden)]
pub fn mask_indices(op: &'static str, mask: &Tensor, size: &[usize]) -> Result<(Vec<usize>, Tensor)> {
    if mask.dtype.is_float() {
        return Err(Error::dtype(op, mask.dtype, "uint8 or another integer dtype"));
    }
    let size = shape::broadcast(op, size, mask.size())?;
    let truth = if mask.dtype == DType::U8 { mask.clone() } else { mask.ne(0)? };
    let at = positions(&truth.expand(&size)?.to_vec()?);
    let n = at.len();
    Ok((size, mask.result(at, &[n])?))
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_mask {
    ($T:ident) => {
        impl $T {
            /// Returns the elements where the mask, which broadcasts, is not 0: a vector.
            ///
            /// # Errors
            /// When the shapes do not broadcast.
            #[track_caller]
            pub fn masked_select(&self, mask: &$crate::Tensor) -> Result<Self> {
                let (size, index) =
                    $crate::support::mask_indices("masked_select", &mask.ne(0)?, &self.size())?;
                self.expand(size)?.reshape(-1)?.index_select(0, &index)
            }

            /// Returns the elements, but where the mask is not 0 those of `source`, one after the other. The
            /// mask broadcasts.
            ///
            /// # Errors
            /// When the shapes do not broadcast, the dtypes differ, or `source` has fewer elements than the
            /// mask asks for; on a mask of real numbers.
            #[track_caller]
            pub fn masked_scatter(
                &self,
                mask: &$crate::Tensor,
                source: impl $crate::AsTensor<Self>,
            ) -> Result<Self> {
                let (op, source) = ("masked_scatter", source.as_tensor());
                let (size, index) = $crate::support::mask_indices(op, mask, &self.size())?;
                let (n, given) = (index.numel(), source.numel());
                $crate::bail_if!(n > given, shape(op, "the mask has {n} places for {given} elements"));
                self.expand(size)?.put(&index, source.reshape(-1)?.narrow(0, 0, n)?)
            }
        }
    };
}
composed_mask!(Tensor);
