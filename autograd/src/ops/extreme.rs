//! The largest and smallest elements, and where they are.

use smallvec::smallvec;
use taper_tensor::{IntoShape, Tensor};

use crate::ops::reduce::kept;
use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The largest element; equal ones share the gradient.
    ///
    /// # Errors
    /// When there is no element.
    #[track_caller]
    pub fn max(&self) -> Result<Self> {
        self.shared("Max", self.data().max()?)
    }

    /// The smallest element; equal ones share the gradient.
    ///
    /// # Errors
    /// When there is no element.
    #[track_caller]
    pub fn min(&self) -> Result<Self> {
        self.shared("Min", self.data().min()?)
    }

    /// The largest elements over some dimensions, all where none is given; equal ones share the
    /// gradient.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    #[track_caller]
    pub fn amax(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let dims = dims.into_sizes();
        self.shared_over("Amax", self.data().amax(&dims, keepdim)?, &dims)
    }

    /// The smallest elements over some dimensions; see [`Variable::amax`].
    ///
    /// # Errors
    /// As [`Variable::amax`].
    #[track_caller]
    pub fn amin(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let dims = dims.into_sizes();
        self.shared_over("Amin", self.data().amin(&dims, keepdim)?, &dims)
    }

    /// One element of all, `y`, whose gradient the elements equal to it share; or if it is NaN, those that
    /// are.
    #[track_caller]
    pub(super) fn shared(&self, name: &'static str, y: Tensor) -> Result<Self> {
        let x = self.save();
        record(name, &[self]).saves_output().output(y, move |ctx| {
            let (x, y) = (x.get(ctx)?.data(), ctx.output_tensor(0)?);
            let equal = x.eq(y)?.logical_or(x.isnan()?.logical_and(y.isnan()?)?)?.to_dtype(x.dtype())?;
            Ok(smallvec![Some(ctx.grad()?.mul(Variable::new(equal.div(equal.sum()?)?))?)])
        })
    }

    /// Extremes `y` over `dims`, whose gradient the elements equal to them share.
    #[track_caller]
    fn shared_over(&self, name: &'static str, y: Tensor, dims: &[i64]) -> Result<Self> {
        let (size, kept, dims) = (self.size(), kept(dims, &self.size()), dims.to_vec());
        let x = self.save();
        record(name, &[self]).saves_output().output(y, move |ctx| {
            let (x, y) = (x.get(ctx)?.data(), ctx.output(0)?.data());
            let equal = x.eq(y.reshape(&kept[..])?)?.to_dtype(x.dtype())?;
            let share = Variable::new(equal.div(equal.sum_dim(&dims, true)?.reshape(&kept[..])?)?);
            Ok(smallvec![Some(ctx.grad()?.reshape(&kept[..])?.expand(&size[..])?.mul(share)?)])
        })
    }

    /// The largest elements along a dimension, and their indices: the first of equal ones, which gets
    /// the whole gradient. PyTorch's `x.max(dim)`.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    #[track_caller]
    pub fn max_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.data().max_dim(dim, keepdim)?;
        self.picked("MaxDim", dim, keepdim, values, index)
    }

    /// The smallest elements along a dimension, and their indices; see [`Variable::max_dim`].
    ///
    /// # Errors
    /// As [`Variable::max_dim`].
    #[track_caller]
    pub fn min_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.data().min_dim(dim, keepdim)?;
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
            let y = record(name, &[self]).output(values, |ctx| Ok(smallvec![Some(ctx.grad()?)]))?;
            return Ok((y, index));
        }
        let dim = index_of(dim, size.len()) as i64;
        let places = if kept { index.clone() } else { index.unsqueeze(dim)? };
        let y = record(name, &[self]).output(values, move |ctx| {
            let g = if kept { ctx.grad()? } else { ctx.grad()?.unsqueeze(dim)? };
            let zeros = Variable::new(g.data().like().zeros(&size[..])?);
            Ok(smallvec![Some(zeros.scatter_add(dim, &places, &g)?)])
        })?;
        Ok((y, index))
    }

    /// The index of the largest element along a dimension, the first of equal ones: no gradient flows
    /// through an index.
    ///
    /// # Errors
    /// As [`Variable::max_dim`].
    pub fn argmax(&self, dim: impl IntoShape, keepdim: bool) -> Result<Tensor> {
        Ok(self.data().argmax(dim, keepdim)?)
    }

    /// The index of the smallest element along a dimension, the first of equal ones.
    ///
    /// # Errors
    /// As [`Variable::max_dim`].
    pub fn argmin(&self, dim: impl IntoShape, keepdim: bool) -> Result<Tensor> {
        Ok(self.data().argmin(dim, keepdim)?)
    }
}
