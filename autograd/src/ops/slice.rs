//! Parts of a tensor as views: ranges, single slices, pieces, diagonals.

use smallvec::smallvec;
use taper_tensor::{IntoShape, Tensor};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Returns views of the parts of `size` along a dimension; the last may be smaller.
    ///
    /// # Errors
    /// When `size` is 0, or there is no such dimension.
    #[track_caller]
    pub fn split(&self, size: usize, dim: i64) -> Result<Vec<Self>> {
        self.parts("Split", self.tensor().split(size, dim)?, dim)
    }

    /// Returns views of the parts of these sizes along a dimension.
    ///
    /// # Errors
    /// When there is no such dimension, or the sizes do not add up to its size.
    #[track_caller]
    pub fn split_sizes(&self, sizes: &[usize], dim: i64) -> Result<Vec<Self>> {
        self.parts("SplitSizes", self.tensor().split_sizes(sizes, dim)?, dim)
    }

    /// Records parts along a dimension as one operation, whose gradient is joined once: those of separate
    /// ones would each be filled up with zeros.
    #[track_caller]
    fn parts(&self, name: &'static str, parts: Vec<Tensor>, dim: i64) -> Result<Vec<Self>> {
        record(name, &[self]).view().many(parts, move |ctx| {
            let grads = (0..ctx.grads.len()).map(|i| ctx.grad_of(i)).collect::<Result<Vec<_>>>()?;
            Ok(smallvec![Some(Self::cat(&grads, dim)?)])
        })
    }

    /// Returns views of the slices along a dimension, which disappears.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn unbind(&self, dim: i64) -> Result<Vec<Self>> {
        record("Unbind", &[self]).view().many(self.tensor().unbind(dim)?, move |ctx| {
            let grads = (0..ctx.grads.len()).map(|i| ctx.grad_of(i)).collect::<Result<Vec<_>>>()?;
            Ok(smallvec![Some(Self::stack(&grads, dim)?)])
        })
    }

    /// Returns a view of `length` elements from `start` on along a dimension.
    ///
    /// # Errors
    /// When there is no such dimension, or it has fewer elements.
    #[track_caller]
    pub fn narrow(&self, dim: i64, start: i64, length: usize) -> Result<Self> {
        self.part("Narrow", move |x| x.narrow(dim, start, length))
    }

    /// Returns a view of the slice at an index of a dimension, which disappears.
    ///
    /// # Errors
    /// When there is no such index.
    #[track_caller]
    pub fn select(&self, dim: i64, index: i64) -> Result<Self> {
        self.part("Select", move |x| x.select(dim, index))
    }

    /// Returns a view of every `step`-th element from `start` to before `end` along a dimension: Python's
    /// `x[start:end:step]`. Negative bounds count from the end, and all are cut to the size.
    ///
    /// # Errors
    /// When there is no such dimension, or `step` is 0.
    #[track_caller]
    pub fn slice(&self, dim: i64, start: Option<i64>, end: Option<i64>, step: usize) -> Result<Self> {
        self.part("Slice", move |x| x.slice(dim, start, end, step))
    }

    /// Returns a view of the diagonal, `offset` columns to the right, of the matrices in two dimensions.
    /// These disappear, and the diagonal is the last dimension.
    ///
    /// # Errors
    /// When there are no such dimensions, or they are the same.
    #[track_caller]
    pub fn diagonal(&self, offset: i64, dim1: i64, dim2: i64) -> Result<Self> {
        self.part("Diagonal", move |x| x.diagonal(offset, dim1, dim2))
    }

    /// Records the view by `f`, which shows each element at most once.
    #[track_caller]
    fn part<F>(&self, name: &'static str, f: F) -> Result<Self>
    where
        F: Fn(&Tensor) -> taper_tensor::Result<Tensor> + Clone + Send + Sync + 'static,
    {
        let (y, size) = (f(&self.tensor())?, self.size());
        record(name, &[self]).view().unary(y, move |g, _| {
            let placed = g.tensor().like().zeros(&size)?;
            f(&placed)?.copy_(&g.tensor())?;
            let f = f.clone();
            record("Place", &[&g]).unary(placed, move |g, _| g.part(name, f.clone()))
        })
    }

    /// Returns the windows of `size` elements along a dimension, one every `step` elements; a view. The
    /// dimension counts the windows, and a new last dimension has the elements of each.
    ///
    /// # Errors
    /// When the dimension has fewer elements than a window, or `step` is 0.
    #[track_caller]
    pub fn unfold(&self, dim: i64, size: usize, step: usize) -> Result<Self> {
        let (y, sizes, numel) = (self.tensor().unfold(dim, size, step)?, self.size(), self.numel());
        record("Unfold", &[self]).view().unary(y, move |g, _| {
            // An element gets the gradients of all windows that it is in.
            let numbers = Tensor::arange(0, numel as i64, 1)?.reshape(&sizes)?;
            let numbers = numbers.unfold(dim, size, step)?.reshape(-1)?.to(&g.device())?;
            let zeros = Self::new(g.tensor().like().zeros(numel)?);
            zeros.index_add(0, &numbers, &g.reshape(-1)?)?.reshape(&sizes)
        })
    }

    /// Returns a view of the whole memory with these sizes and strides, from its element `offset` on;
    /// without an offset, from the first element of `self` on. Elements that are neither in
    /// `self` nor in the variable that it is a view of get no gradient.
    ///
    /// # Errors
    /// When it would reach out of the memory, a number is negative, or there are not as many strides as
    /// sizes.
    #[track_caller]
    pub fn as_strided(
        &self,
        sizes: impl IntoShape,
        strides: impl IntoShape,
        offset: Option<usize>,
    ) -> Result<Self> {
        let y = self.tensor().as_strided(sizes, strides, offset)?;
        self.strided(y)
    }
}

taper_tensor::composed_slice!(Variable);
