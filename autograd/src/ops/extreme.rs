//! The largest and smallest elements, and where they are.

use taper_tensor::{DType, IntoShape, Tensor};

use crate::ops::reduce::kept;
use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Returns the largest element; equal ones share the gradient.
    ///
    /// # Errors
    /// When there is no element.
    #[track_caller]
    pub fn max(&self) -> Result<Self> {
        self.shared("Max", self.tensor().max()?, vec![], same)
    }

    /// Returns the smallest element; equal ones share the gradient.
    ///
    /// # Errors
    /// When there is no element.
    #[track_caller]
    pub fn min(&self) -> Result<Self> {
        self.shared("Min", self.tensor().min()?, vec![], same)
    }

    /// Returns the largest elements over some dimensions, all where none is given; equal ones share the
    /// gradient.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    #[track_caller]
    pub fn amax(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let dims = dims.into_sizes();
        self.shared("Amax", self.tensor().amax(&dims, keepdim)?, dims, |x, y| x.eq(y))
    }

    /// Returns the smallest elements over some dimensions; see [`Variable::amax`].
    ///
    /// # Errors
    /// As [`Variable::amax`].
    #[track_caller]
    pub fn amin(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let dims = dims.into_sizes();
        self.shared("Amin", self.tensor().amin(&dims, keepdim)?, dims, |x, y| x.eq(y))
    }

    /// Records elements `y` of those over `dims`, whose gradient those that are `equal` to them share.
    #[track_caller]
    pub(super) fn shared(&self, name: &'static str, y: Tensor, dims: Vec<i64>, equal: Equal) -> Result<Self> {
        let (kept, x) = (kept(&dims, &self.size()), self.save());
        record(name, &[self]).saves_output().unary(y, move |g, ctx| {
            let y = ctx.output_tensor(0)?.reshape(&kept[..])?;
            g.reshape(&kept[..])?.mul(shares(equal(&x.get(ctx)?.tensor(), &y)?, g.dtype(), &dims, &kept)?)
        })
    }

    /// Returns the largest elements along a dimension, and their indices: the first of equal ones, which gets
    /// the whole gradient. PyTorch's `x.max(dim)`.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    #[track_caller]
    pub fn max_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.tensor().max_dim(dim, keepdim)?;
        self.picked("MaxDim", dim, keepdim, values, index)
    }

    /// Returns the smallest elements along a dimension, and their indices; see [`Variable::max_dim`].
    ///
    /// # Errors
    /// As [`Variable::max_dim`].
    #[track_caller]
    pub fn min_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.tensor().min_dim(dim, keepdim)?;
        self.picked("MinDim", dim, keepdim, values, index)
    }

    /// Elements that were at `index` along a dimension, which still is there where `kept`.
    #[track_caller]
    pub(super) fn picked(
        &self,
        name: &'static str,
        dim: i64,
        kept: bool,
        values: Tensor,
        index: Tensor,
    ) -> Result<(Self, Tensor)> {
        let size = self.size();
        if size.is_empty() {
            let y = record(name, &[self]).unary(values, |g, _| Ok(g))?;
            return Ok((y, index));
        }
        let dim = index_of(dim, size.len()) as i64;
        let places = if kept { index.clone() } else { index.unsqueeze(dim)? };
        let y = record(name, &[self]).unary(values, move |g, _| {
            let g = if kept { g } else { g.unsqueeze(dim)? };
            let zeros = Self::new(g.tensor().like().zeros(&size[..])?);
            zeros.scatter_add(dim, &places, &g)
        })?;
        Ok((y, index))
    }

    /// Returns the index of the largest element along a dimension, the first of equal ones, as i64; without a
    /// dimension, that among all elements in their order.
    ///
    /// # Errors
    /// When there is no such dimension, it is empty, or there are several.
    pub fn argmax(&self, dim: impl IntoShape, keepdim: bool) -> Result<Tensor> {
        Ok(self.tensor().argmax(dim, keepdim)?)
    }

    /// Returns the index of the smallest element along a dimension; see [`Variable::argmax`].
    ///
    /// # Errors
    /// As [`Variable::argmax`].
    pub fn argmin(&self, dim: impl IntoShape, keepdim: bool) -> Result<Tensor> {
        Ok(self.tensor().argmin(dim, keepdim)?)
    }
}

taper_tensor::composed_extreme!(Variable);

/// Where the elements of one are equal to those of another, which broadcasts.
type Equal = fn(&Tensor, &Tensor) -> taper_tensor::Result<Tensor>;

/// An [`Equal`] for which NaN is equal to NaN.
pub(super) fn same(x: &Tensor, y: &Tensor) -> taper_tensor::Result<Tensor> {
    x.eq(y)?.logical_or(x.isnan()?.logical_and(y.isnan()?)?)
}

/// The share of each of the `equal` elements over `dims`; `kept` is the shape with those dimensions as 1.
pub(super) fn shares(equal: Tensor, dtype: DType, dims: &[i64], kept: &[usize]) -> Result<Variable> {
    let count = equal.sum_dim(dims, true)?.reshape(kept)?;
    Ok(Variable::new(equal.to_dtype(dtype)?.div(count)?))
}
