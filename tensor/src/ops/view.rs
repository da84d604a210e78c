//! Other shapes and orders of dimensions over the same memory.

use crate::strides::too_long;
use crate::{Error, IntoShape, Result, Tensor, shape};

impl Tensor {
    /// The dimensions `from` at the places `to`, the others in their order; a view.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::zeros((2, 3, 4, 5))?;
    /// assert_eq!(x.movedim(1, -1)?.size(), [2, 4, 5, 3]);
    /// assert_eq!(x.movedim((0, 1), (3, 0))?.size(), [3, 4, 5, 2]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are no such dimensions, one is given twice, or there are not as many of both.
    pub fn movedim(&self, from: impl IntoShape, to: impl IntoShape) -> Result<Self> {
        let op = "movedim";
        let (from, to) = (from.into_sizes(), to.into_sizes());
        if self.dim() == 0 && from.iter().chain(&to).all(|d| (-1..=0).contains(d)) {
            return Ok(self.clone());
        }
        let mut order = vec![None; self.dim()];
        let mut moved = vec![];
        for (&a, &b) in from.iter().zip(&to) {
            let (a, b) = (shape::dim(op, a, self.size())?, shape::dim(op, b, self.size())?);
            if moved.contains(&a) || order[b].is_some() {
                return Err(Error::shape(op, format!("{from:?} to {to:?}: a dimension is given twice")));
            }
            moved.push(a);
            order[b] = Some(a);
        }
        if from.len() != to.len() {
            return Err(Error::shape(
                op,
                format!("{from:?} to {to:?}: expected as many places as dimensions"),
            ));
        }
        let mut others = (0..self.dim()).filter(|d| !moved.contains(d));
        let order: Vec<usize> = order.into_iter().filter_map(|d| d.or_else(|| others.next())).collect();
        self.permute(order)
    }

    /// [`Tensor::movedim`] by its name in NumPy.
    ///
    /// # Errors
    /// As [`Tensor::movedim`].
    pub fn moveaxis(&self, from: impl IntoShape, to: impl IntoShape) -> Result<Self> {
        self.movedim(from, to)
    }

    /// [`Tensor::transpose`] by its name in NumPy.
    ///
    /// # Errors
    /// As [`Tensor::transpose`].
    pub fn swapaxes(&self, axis0: i64, axis1: i64) -> Result<Self> {
        self.transpose(axis0, axis1)
    }

    /// [`Tensor::transpose`] by another name.
    ///
    /// # Errors
    /// As [`Tensor::transpose`].
    pub fn swapdims(&self, dim0: i64, dim1: i64) -> Result<Self> {
        self.transpose(dim0, dim1)
    }

    /// The transposed matrices of a batch `[.., n, m]`: PyTorch's `x.mT`; a view.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    pub fn mt(&self) -> Result<Self> {
        if self.dim() < 2 {
            return Err(Error::shape("mt", format!("shape {:?} has fewer than 2 dimensions", self.size())));
        }
        self.transpose(-2, -1)
    }

    /// One dimension as several, of whose sizes one may be -1: what is left. A view where the memory
    /// allows it.
    ///
    /// # Errors
    /// When there is no such dimension, or the sizes do not multiply to its own.
    pub fn unflatten(&self, dim: i64, sizes: impl IntoShape) -> Result<Self> {
        let op = "unflatten";
        let d = shape::dim(op, dim, self.size())?;
        let sizes = crate::ops::view::infer(op, &self.size()[d..=d], sizes.into_sizes())?;
        self.reshape([&self.size()[..d], &sizes, &self.size()[d + 1..]].concat())
    }

    /// [`Tensor::flatten`] over all dimensions: a vector.
    ///
    /// # Errors
    /// When memory runs out.
    pub fn ravel(&self) -> Result<Self> {
        self.reshape(-1)
    }

    /// [`Tensor::reshape`] to the shape of another tensor.
    ///
    /// # Errors
    /// As [`Tensor::reshape`].
    pub fn reshape_as(&self, other: &Self) -> Result<Self> {
        self.reshape(other.size())
    }

    /// [`Tensor::expand`] to the shape of another tensor.
    ///
    /// # Errors
    /// As [`Tensor::expand`].
    pub fn expand_as(&self, other: &Self) -> Result<Self> {
        self.expand(other.size())
    }

    /// [`Tensor::expand`] by its name in NumPy.
    ///
    /// # Errors
    /// As [`Tensor::expand`].
    pub fn broadcast_to(&self, sizes: impl IntoShape) -> Result<Self> {
        self.expand(sizes)
    }

    /// Tensors expanded to the one shape that they broadcast to; views.
    ///
    /// # Errors
    /// When they do not broadcast.
    pub fn broadcast_tensors<T: AsRef<Self>>(tensors: &[T]) -> Result<Vec<Self>> {
        let op = "broadcast_tensors";
        let size =
            tensors.iter().try_fold(vec![], |size, t| shape::broadcast(op, &size, t.as_ref().size()))?;
        tensors.iter().map(|t| t.as_ref().expand(&size)).collect()
    }

    /// The same memory in another shape, of which one size may be -1: what is left. Unlike
    /// [`Tensor::reshape`], it never copies.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::arange(0, 12, 1)?.reshape((3, 4))?;
    /// x.view((2, -1))?.select(0, 0)?.zero_()?;
    /// assert_eq!(x.view(-1)?.to_vec::<i64>()?, [0, 0, 0, 0, 0, 0, 6, 7, 8, 9, 10, 11]);
    /// assert!(x.t()?.view(12).is_err());
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the shape has another number of elements, or the strides do not allow a view: then
    /// `reshape` makes a copy.
    pub fn view(&self, sizes: impl IntoShape) -> Result<Self> {
        let dims = self.infer("view", sizes.into_sizes())?;
        if self.is_contiguous() {
            let inner = self.inner.reshape(dims).map_err(Error::backend("view"))?;
            return Ok(self.view_of(inner));
        }
        self.strided_as(&dims).ok_or_else(|| {
            Error::shape(
                "view",
                format!(
                    "shape {:?} with strides {:?} is not {dims:?} without a copy; use reshape({dims:?})",
                    self.size(),
                    self.stride()
                ),
            )
        })
    }

    /// [`Tensor::view`] in the shape of another tensor.
    ///
    /// # Errors
    /// As [`Tensor::view`].
    pub fn view_as(&self, other: &Self) -> Result<Self> {
        self.view(other.size())
    }

    /// A view of the whole memory with these sizes and strides, from its element `offset` on; without an
    /// offset, from the first element of `self` on. PyTorch's `as_strided`.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::arange(0, 9, 1)?;
    /// let y = x.as_strided((2, 2), (1, 2), Some(1))?;
    /// assert_eq!(y.to_vec::<i64>()?, [1, 3, 2, 4]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When it would reach out of the memory, a number is negative, or there are not as many strides as
    /// sizes.
    pub fn as_strided(
        &self,
        sizes: impl IntoShape,
        strides: impl IntoShape,
        offset: Option<usize>,
    ) -> Result<Self> {
        let op = "as_strided";
        let dims = shape::shape(op, sizes)?;
        let strides = shape::shape(op, strides.into_sizes())?;
        let offset = offset.unwrap_or(self.storage_offset());
        let view = if dims.len() == strides.len() { self.strided(&dims, &strides, offset) } else { None };
        view.ok_or_else(|| {
            Error::shape(
                op,
                format!("sizes {dims:?} with strides {strides:?} from {offset} on are not in the memory"),
            )
        })
    }

    /// The windows of `size` elements along a dimension, every `step` elements one: the dimension counts
    /// them, and a new last one is within the window. A view.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::arange(0, 5, 1)?.unfold(0, 3, 2)?;
    /// assert_eq!((x.size(), x.to_vec::<i64>()?), (&[2, 3][..], vec![0, 1, 2, 2, 3, 4]));
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When the dimension has fewer elements than a window, or `step` is 0.
    pub fn unfold(&self, dim: i64, size: usize, step: usize) -> Result<Self> {
        let op = "unfold";
        let d = shape::dim(op, dim, self.size())?;
        let n = self.size()[d];
        if size > n || step == 0 {
            return Err(Error::shape(
                op,
                format!("windows of {size} elements every {step} do not fit dimension {d} of size {n}"),
            ));
        }
        shape::expect_rank(op, self.dim() + 1)?;
        let (mut dims, mut strides) = (self.size().to_vec(), self.stride().to_vec());
        dims[d] = (n - size) / step + 1;
        dims.push(size);
        strides.push(strides[d]);
        strides[d] = strides[d].saturating_mul(step);
        self.strided(&dims, &strides, self.storage_offset()).ok_or_else(|| too_long(op, self))
    }

    /// The elements in another shape, of which one size may be -1: what is left. A view where the
    /// memory allows it, or else a copy.
    ///
    /// # Errors
    /// When the shape has another number of elements.
    pub fn reshape(&self, sizes: impl IntoShape) -> Result<Self> {
        let dims = self.infer("reshape", sizes.into_sizes())?;
        if self.is_contiguous() {
            let inner = self.inner.reshape(dims).map_err(Error::backend("reshape"))?;
            return Ok(self.view_of(inner));
        }
        if let Some(view) = self.strided_as(&dims) {
            return Ok(view);
        }
        self.copy()?.reshape(dims)
    }

    pub(crate) fn infer(&self, op: &'static str, sizes: Vec<i64>) -> Result<Vec<usize>> {
        infer(op, self.size(), sizes)
    }

    /// Joins the dimensions from `start` to the last into one, or from the first to the second of a pair;
    /// `flatten(0)` gives one dimension.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::zeros((2, 3, 4))?;
    /// assert_eq!(x.flatten(1)?.size(), [2, 12]);
    /// assert_eq!(x.flatten((0, 1))?.size(), [6, 4]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are no such dimensions, or the second is before the first.
    pub fn flatten(&self, dims: impl IntoShape) -> Result<Self> {
        let op = "flatten";
        let (start, end) = match *dims.into_sizes() {
            [] => (0, -1),
            [start] => (start, -1),
            [start, end] => (start, end),
            ref more => return Err(Error::shape(op, format!("{more:?} are more than a first and a last"))),
        };
        let size = if self.dim() == 0 { &[1] } else { self.size() };
        let (first, last) = (shape::dim(op, start, size)?, shape::dim(op, end, size)?);
        if first > last {
            return Err(Error::shape(
                op,
                format!("dimension {start} is after {end} in shape {:?}", self.size()),
            ));
        }
        let joined = shape::numel(&size[first..=last]);
        self.reshape([&size[..first], &[joined], &size[last + 1..]].concat())
    }

    /// Swaps two dimensions; a view.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn transpose(&self, dim0: i64, dim1: i64) -> Result<Self> {
        if self.dim() == 0 && (-1..=0).contains(&dim0) && (-1..=0).contains(&dim1) {
            return Ok(self.clone());
        }
        let dim0 = shape::dim("transpose", dim0, self.size())?;
        let dim1 = shape::dim("transpose", dim1, self.size())?;
        let inner = self.inner.transpose(dim0, dim1).map_err(Error::backend("transpose"))?;
        Ok(self.view_of(inner))
    }

    /// The transposed matrix; a view. A vector or a number stays as it is.
    ///
    /// # Errors
    /// When there are more than two dimensions.
    pub fn t(&self) -> Result<Self> {
        match self.dim() {
            0 | 1 => Ok(self.clone()),
            2 => self.transpose(0, 1),
            _ => Err(Error::shape(
                "t",
                format!("shape {:?} has more than 2 dimensions; use transpose(dim0, dim1)", self.size()),
            )),
        }
    }

    /// The dimensions in another order; a view.
    ///
    /// # Errors
    /// When `dims` does not name each dimension once.
    pub fn permute(&self, dims: impl IntoShape) -> Result<Self> {
        let order = dims.into_sizes();
        let order =
            order.into_iter().map(|d| shape::dim("permute", d, self.size())).collect::<Result<Vec<_>>>()?;
        let mut seen = order.clone();
        seen.sort_unstable();
        if !seen.iter().copied().eq(0..self.dim()) {
            return Err(Error::shape(
                "permute",
                format!("{order:?} does not name each dimension of shape {:?} once", self.size()),
            ));
        }
        let inner = self.inner.permute(order).map_err(Error::backend("permute"))?;
        Ok(self.view_of(inner))
    }

    /// A new dimension of size 1 before `dim`, which may be the number of dimensions; a view.
    ///
    /// # Errors
    /// When `dim` is further out.
    pub fn unsqueeze(&self, dim: i64) -> Result<Self> {
        let mut longer = self.size().to_vec();
        longer.push(1);
        shape::expect_rank("unsqueeze", longer.len())?;
        let dim = shape::dim("unsqueeze", dim, &longer)?;
        let inner = self.inner.unsqueeze(dim).map_err(Error::backend("unsqueeze"))?;
        Ok(self.view_of(inner))
    }

    /// Without those of these dimensions whose size is 1, of all dimensions where none is given; a view.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn squeeze(&self, dims: impl IntoShape) -> Result<Self> {
        let dims = crate::ops::reduce::over("squeeze", dims, self.size())?;
        let mut inner = self.inner.clone();
        for &d in dims.iter().rev().filter(|&&d| self.size()[d] == 1) {
            inner = inner.squeeze(d).map_err(Error::backend("squeeze"))?;
        }
        Ok(self.view_of(inner))
    }

    /// The tensor repeated along dimensions of size 1, without a copy; -1 keeps a size. New
    /// dimensions may come first. A view.
    ///
    /// # Errors
    /// When another size than 1 would change.
    pub fn expand(&self, sizes: impl IntoShape) -> Result<Self> {
        let sizes = sizes.into_sizes();
        let fail = || {
            Error::shape(
                "expand",
                format!("shape {:?} does not expand to {sizes:?}: only sizes of 1 can change", self.size()),
            )
        };
        let new = sizes.len().checked_sub(self.dim()).ok_or_else(fail)?;
        let mut dims = Vec::with_capacity(sizes.len());
        for (i, &s) in sizes.iter().enumerate() {
            let old = i.checked_sub(new).map(|i| self.size()[i]);
            dims.push(match (old, usize::try_from(s)) {
                (Some(old), Err(_)) if s == -1 => old,
                (Some(old), Ok(s)) if old == s || old == 1 => s,
                (None, Ok(s)) => s,
                _ => return Err(fail()),
            });
        }
        let inner =
            self.inner.broadcast_as(shape::shape("expand", dims)?).map_err(Error::backend("expand"))?;
        Ok(self.view_of(inner))
    }
}

/// The sizes asked for, of as many elements as `size`; a -1 among them is what is left.
pub(crate) fn infer(op: &'static str, size: &[usize], sizes: Vec<i64>) -> Result<Vec<usize>> {
    shape::expect_rank(op, sizes.len())?;
    let numel = shape::numel(size) as i64;
    let fail = |why: &str| {
        Err(Error::shape(op, format!("shape {size:?} of {numel} elements does not become {sizes:?}: {why}")))
    };
    let known: Option<i64> = sizes
        .iter()
        .filter(|&&s| s != -1)
        .try_fold(1i64, |n, &s| (s >= 0).then(|| n.checked_mul(s)).flatten());
    let Some(known) = known else { return fail("a size is negative, or there are too many elements") };
    let left = match sizes.iter().filter(|&&s| s == -1).count() {
        0 if known == numel => 0,
        1 if known == 0 => return fail("-1 could be any size where another size is 0"),
        1 if numel % known == 0 => numel / known,
        0 | 1 => return fail("the numbers of elements differ"),
        _ => return fail("only one size can be -1"),
    };
    let dims: Vec<usize> = sizes.iter().map(|&s| if s == -1 { left as usize } else { s as usize }).collect();
    if numel == 0 { shape::shape(op, dims) } else { Ok(dims) } // with a 0, the others could be anything
}
