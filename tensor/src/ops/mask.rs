//! Elements chosen by a mask.

use crate::dtype::with_working;
use crate::ops::arithmetic::promoted;
use crate::{DType, Element, Error, Result, Scalar, Tensor, shape};

impl Tensor {
    /// Where the mask is not 0, `value`; elsewhere the element.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn masked_fill(&self, mask: &Self, value: impl Into<Scalar>) -> Result<Self> {
        let value = self.like().full((), value.into())?;
        value.where_(mask, self)
    }

    /// [`Tensor::masked_fill`] in place.
    ///
    /// # Errors
    /// When the mask does not broadcast to the shape.
    pub fn masked_fill_(&self, mask: &Self, value: impl Into<Scalar>) -> Result<()> {
        let y = self.masked_fill(mask, value)?;
        self.expect_fits("masked_fill_", &y)?;
        self.copy_(&y)
    }

    /// The elements where the mask, which broadcasts, is not 0: a vector.
    ///
    /// # Errors
    /// When the shapes do not broadcast.
    pub fn masked_select(&self, mask: &Self) -> Result<Self> {
        let size = shape::broadcast("masked_select", self.size(), mask.size())?;
        let at: Vec<i64> = positions(&mask.ne(0)?.expand(&size)?.to_vec()?);
        self.expand(&size)?.reshape(-1)?.slices_at("masked_select", 0, &at)
    }

    /// The indices of the elements that are not 0: `[n, dimensions]`, i64.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn nonzero(&self) -> Result<Self> {
        let at = positions(&self.ne(0)?.to_vec()?);
        let strides = crate::cpu::strided::contiguous_strides(self.size());
        let index = |p: i64, d: usize| p / strides[d] as i64 % self.size()[d] as i64;
        let all = at.iter().flat_map(|&p| (0..self.dim()).map(move |d| index(p, d))).collect();
        self.result(all, &[at.len(), self.dim()])
    }

    /// `self` where the condition is not 0, else `other`: PyTorch's `x.where(condition, other)`. All
    /// three broadcast.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    pub fn where_(&self, condition: &Self, other: &Self) -> Result<Self> {
        use crate::cpu::elementwise::map3;
        use crate::cpu::operators::Where;
        let op = "where";
        self.expect_device(op, other)?;
        self.expect_device(op, condition)?;
        let dtype = promoted(self, &other.into());
        let mask = if condition.dtype == DType::U8 { condition.clone() } else { condition.ne(0)? };
        let size = shape::broadcast(op, self.size(), other.size())?;
        let size = shape::broadcast(op, &size, mask.size())?;
        with_working!(dtype, T => {
            let (a, b) = (self.in_dtype(T::TYPE)?, other.in_dtype(T::TYPE)?);
            let y = Self::view3::<u8, T, T, _>(op, [&mask, &a, &b], &size, |m, a, b| map3(m, a, b, Where))?;
            self.result(y, &size)?.cast(dtype)
        })
    }

    /// A copy of `self` where the mask, which broadcasts, puts the elements of `source` in their order where
    /// it is not 0.
    ///
    /// # Errors
    /// When the mask does not broadcast to the shape, the dtypes differ, or `source` has not as many
    /// elements as the mask asks for.
    pub fn masked_scatter(&self, mask: &Self, source: &Self) -> Result<Self> {
        let y = self.copy()?;
        y.masked_scatter_(mask, source)?;
        Ok(y)
    }

    /// [`Tensor::masked_scatter`] in place.
    ///
    /// # Errors
    /// As [`Tensor::masked_scatter`] and [`Tensor::fill_`].
    pub fn masked_scatter_(&self, mask: &Self, source: &Self) -> Result<()> {
        let op = "masked_scatter_";
        source.expect_dtype(op, self.dtype)?;
        let places = mask.expand(self.size())?.reshape(-1)?.nonzero()?.reshape(-1)?;
        if places.numel() > source.numel() {
            return Err(Error::shape(
                op,
                format!("the mask has {} places for {} elements", places.numel(), source.numel()),
            ));
        }
        self.put_(&places, &source.reshape(-1)?.narrow(0, 0, places.numel())?)
    }

    /// The indices of the elements that are not 0, a row for each: [`Tensor::nonzero`] by its name in NumPy.
    ///
    /// # Errors
    /// As [`Tensor::nonzero`].
    pub fn argwhere(&self) -> Result<Self> {
        self.nonzero()
    }
}

/// Returns the indices at which a mask is not 0.
fn positions(mask: &[u8]) -> Vec<i64> {
    mask.iter().zip(0..).filter(|(m, _)| **m != 0).map(|(_, i)| i).collect()
}
