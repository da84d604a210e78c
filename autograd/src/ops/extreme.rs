//! Maxima and minima, and their indices.

use taper_tensor::{DType, Dims, IntoDims, Keepdim, Tensor};

use super::reduce::kept;
use super::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Returns the largest element. Equal elements share the gradient.
        pub fn max(&self) -> Result<Self> = shared("Max", vec![], same);
        /// Returns the smallest element. Equal elements share the gradient.
        pub fn min(&self) -> Result<Self> = shared("Min", vec![], same);

        /// Returns the largest elements over `dims`, or over all dimensions if none is given. Equal elements
        /// share the gradient.
        pub fn amax(&self, dims: impl IntoDims) -> Result<Self> {
            let dims = dims.into_dims();
            self.shared(self.tensor().amax(&dims)?, "Amax", dims.dims, |x, y| x.eq(y))
        }

        /// Returns the smallest elements over `dims`; see [`Variable::amax`].
        pub fn amin(&self, dims: impl IntoDims) -> Result<Self> {
            let dims = dims.into_dims();
            self.shared(self.tensor().amin(&dims)?, "Amin", dims.dims, |x, y| x.eq(y))
        }

        /// Returns the largest elements along `dim` and their int64 indices: the first of equal elements,
        /// which gets the gradient. PyTorch's `x.max(dim)`.
        pub fn max_dim(&self, dim: impl IntoDims) -> Result<(Self, Tensor)> {
            let dims = dim.into_dims();
            self.picked(self.tensor().max_dim(&dims)?, "MaxDim", &dims)
        }

        /// Returns the smallest elements along `dim` and their int64 indices; see [`Variable::max_dim`].
        pub fn min_dim(&self, dim: impl IntoDims) -> Result<(Self, Tensor)> {
            let dims = dim.into_dims();
            self.picked(self.tensor().min_dim(&dims)?, "MinDim", &dims)
        }
    }

    of_data! {
        argmax(dim: impl IntoDims) -> Tensor;
        argmin(dim: impl IntoDims) -> Tensor;
    }

    /// Records selected elements `y` over `dims`. The elements that are `equal` to them share the gradient.
    #[track_caller]
    pub(super) fn shared(&self, y: Tensor, node: &'static str, dims: Vec<i64>, equal: Equal) -> Result<Self> {
        let kept = kept(&dims, &self.size());
        self.of_both(y, node, move |g, x, y| {
            let equal = equal(&x.tensor(), &y.tensor().reshape(&kept[..])?)?;
            g.reshape(&kept[..])?.mul(shares(equal, g.dtype(), &dims, &kept)?)
        })
    }

    /// Records elements selected by indices along a dimension, which the result keeps with size 1 if `kept`.
    #[track_caller]
    pub(super) fn picked(
        &self,
        (values, index): (Tensor, Tensor),
        node: &'static str,
        dims: &Dims,
    ) -> Result<(Self, Tensor)> {
        let (size, kept) = (self.size(), dims.keepdim);
        if size.is_empty() {
            return Ok((self.linear_in(values, node, Ok)?, index));
        }
        let dim = index_of(dims.one(node)?, size.len()) as i64;
        let places = if kept { index.clone() } else { index.unsqueeze(dim)? };
        let y = record(node, &[self]).unary(values, move |g, _| {
            let g = if kept { g } else { g.unsqueeze(dim)? };
            g.zeros(&size)?.scatter_add(dim, &places, &g)
        })?;
        Ok((y, index))
    }
}

taper_tensor::composed_extreme!(Variable);

/// A comparison of elements with those of another tensor, which broadcasts.
type Equal = fn(&Tensor, &Tensor) -> taper_tensor::Result<Tensor>;

/// Compares elements, with NaN equal to NaN.
pub(super) fn same(x: &Tensor, y: &Tensor) -> taper_tensor::Result<Tensor> {
    x.eq(y)?.logical_or(x.isnan()?.logical_and(y.isnan()?)?)
}

/// Returns the share of each of the `equal` elements over `dims`. `kept` is the shape with those dimensions
/// as 1.
pub(super) fn shares(equal: Tensor, dtype: DType, dims: &[i64], kept: &[usize]) -> Result<Variable> {
    let count = equal.sum_dim(Keepdim(dims))?.reshape(kept)?;
    Ok(Variable::new(equal.to_dtype(dtype)?.div(count)?))
}
