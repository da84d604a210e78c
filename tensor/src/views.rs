//! Other shapes over the same memory.

use crate::{Error, IntoShape, Result, Tensor, shape};

impl Tensor {
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
        let dims = crate::reduce::over("squeeze", dims, self.size())?;
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

    /// The elements from `start` on, `length` of them, along a dimension; a view.
    ///
    /// # Errors
    /// When they do not all exist.
    pub fn narrow(&self, dim: i64, start: i64, length: usize) -> Result<Self> {
        let dim = shape::dim("narrow", dim, self.size())?;
        let size = self.size()[dim];
        let first = if start < 0 { start + size as i64 } else { start };
        if first < 0 || (first as usize).checked_add(length).is_none_or(|end| end > size) {
            return Err(Error::shape(
                "narrow",
                format!("{length} elements from {start} on are not within dimension {dim} of size {size}"),
            ));
        }
        let inner = self.inner.narrow(dim, first as usize, length).map_err(Error::backend("narrow"))?;
        Ok(self.view_of(inner))
    }

    /// The slice at an index of a dimension, which disappears; a view.
    ///
    /// # Errors
    /// When there is no such index.
    pub fn select(&self, dim: i64, index: i64) -> Result<Self> {
        let d = shape::dim("select", dim, self.size())?;
        let size = self.size()[d];
        if index < -(size as i64) || index >= size as i64 {
            return Err(Error::Index { op: "select", index, dim: d, size });
        }
        self.narrow(dim, index, 1)?.squeeze(dim)
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
