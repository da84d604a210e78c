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
        self.copy()?.reshape(dims)
    }

    fn infer(&self, op: &'static str, sizes: Vec<i64>) -> Result<Vec<usize>> {
        shape::expect_rank(op, sizes.len())?;
        let fail = |why: &str| {
            Err(Error::shape(
                op,
                format!(
                    "shape {:?} of {} elements does not become {sizes:?}: {why}",
                    self.size(),
                    self.numel()
                ),
            ))
        };
        let known: Option<i64> = sizes
            .iter()
            .filter(|&&s| s != -1)
            .try_fold(1i64, |n, &s| (s >= 0).then(|| n.checked_mul(s)).flatten());
        let Some(known) = known else { return fail("a size is negative, or there are too many elements") };
        let numel = self.numel() as i64;
        let left = match sizes.iter().filter(|&&s| s == -1).count() {
            0 if known == numel => 0,
            1 if known == 0 => return fail("-1 could be any size where another size is 0"),
            1 if numel % known == 0 => numel / known,
            0 | 1 => return fail("the numbers of elements differ"),
            _ => return fail("only one size can be -1"),
        };
        Ok(sizes.iter().map(|&s| if s == -1 { left as usize } else { s as usize }).collect())
    }

    /// Joins the dimensions from `start` to the last into one; `flatten(0)` gives one dimension.
    ///
    /// # Errors
    /// When there is no dimension `start`.
    pub fn flatten(&self, start: i64) -> Result<Self> {
        if self.dim() == 0 && (start == 0 || start == -1) {
            return self.reshape(1);
        }
        let start = shape::dim("flatten", start, self.size())?;
        let mut dims = self.size()[..start].to_vec();
        dims.push(shape::numel(&self.size()[start..]));
        self.reshape(dims)
    }

    /// Swaps two dimensions; a view.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn transpose(&self, dim0: i64, dim1: i64) -> Result<Self> {
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

    /// Without the dimension `dim` where its size is 1; a view.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn squeeze(&self, dim: i64) -> Result<Self> {
        let dim = shape::dim("squeeze", dim, self.size())?;
        if self.size()[dim] != 1 {
            return Ok(self.clone());
        }
        let inner = self.inner.squeeze(dim).map_err(Error::backend("squeeze"))?;
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
