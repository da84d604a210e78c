//! Views of parts of a variable: ranges, slices, splits, diagonals and windows.

use smallvec::smallvec;
use taper_tensor::{IntoShape, Tensor};

use crate::record::record;
use crate::{Result, Variable};

/// A function that joins the gradients of parts along a dimension.
type Join = fn(&[Variable], i64) -> Result<Variable>;

impl Variable {
    operations! {
        /// Splits the variable into views of `size` slices along `dim`; the last may be smaller.
        pub fn split(&self, size: usize, dim: i64) -> Result<Vec<Self>> = parts("Split", dim, Self::cat);
        /// Splits the variable into views of the given sizes along `dim`.
        pub fn split_sizes(&self, sizes: &[usize], dim: i64) -> Result<Vec<Self>>
            = parts("SplitSizes", dim, Self::cat);
        /// Returns views of the slices along `dim`, without that dimension.
        pub fn unbind(&self, dim: i64) -> Result<Vec<Self>> = parts("Unbind", dim, Self::stack);
        /// Returns a view of `length` elements along `dim`, from `start` on.
        pub fn narrow(&self, dim: i64, start: i64, length: usize) -> Result<Self>
            = part("Narrow", move |x| x.narrow(dim, start, length));
        /// Returns a view of the slice at `index` along `dim`, without that dimension.
        pub fn select(&self, dim: i64, index: i64) -> Result<Self> = part("Select", move |x| x.select(dim, index));
        /// Returns a view of every `step`-th element along `dim` from `start` to before `end`: Python's
        /// `x[start:end:step]`. Negative bounds count from the end, and bounds out of range are clamped.
        pub fn slice(&self, dim: i64, start: Option<i64>, end: Option<i64>, step: usize) -> Result<Self>
            = part("Slice", move |x| x.slice(dim, start, end, step));
        /// Returns a view of the diagonals of the matrices in dimensions `dim1` and `dim2`, `offset` columns
        /// to the right of the main diagonal. The result does not have the two dimensions; the diagonal is
        /// its last one.
        pub fn diagonal(&self, offset: i64, dim1: i64, dim2: i64) -> Result<Self>
            = part("Diagonal", move |x| x.diagonal(offset, dim1, dim2));

        /// Returns a view of the windows of `size` elements along `dim`, one every `step` elements. `dim`
        /// counts the windows, and a new last dimension has their elements.
        pub fn unfold(&self, dim: i64, size: usize, step: usize) -> Result<Self> {
            let y = self.tensor().unfold(dim, size, step)?;
            // An element gets the gradients of all windows that contain it.
            self.gathered(record("Unfold", &[self]).view(), y, move |numbers| numbers.unfold(dim, size, step))
        }

        /// Returns a view of the whole memory with these sizes and strides, starting at element `offset`. The
        /// default offset is that of `self`. Elements that are neither in `self` nor in its base get no
        /// gradient.
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

    /// Records parts along `dim` as one operation, whose gradient is joined once. Separate operations would
    /// each pad their gradient with zeros.
    #[track_caller]
    fn parts(&self, parts: Vec<Tensor>, node: &'static str, dim: i64, join: Join) -> Result<Vec<Self>> {
        record(node, &[self]).view().many(parts, move |ctx| {
            let grads = (0..ctx.grads.len()).map(|i| ctx.grad_of(i)).collect::<Result<Vec<_>>>()?;
            Ok(smallvec![Some(join(&grads, dim)?)])
        })
    }

    /// Records the view `y = f(self)`, which contains each element at most once.
    #[track_caller]
    fn part<F>(&self, y: Tensor, node: &'static str, f: F) -> Result<Self>
    where
        F: Fn(&Tensor) -> taper_tensor::Result<Tensor> + Clone + Send + Sync + 'static,
    {
        let size = self.size();
        record(node, &[self]).view().unary(y, move |g, _| {
            let placed = g.zeros(&size)?.data();
            f(&placed)?.copy_(&g.tensor())?;
            let f = f.clone();
            g.linear_in(placed, "Place", move |g| g.part(f(&g.tensor())?, node, f.clone()))
        })
    }
}

taper_tensor::composed_slice!(Variable);
