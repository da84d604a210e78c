//! Parts of a tensor as views: ranges, single slices, pieces, diagonals.

use crate::strides::too_long;
use crate::{Error, Result, Tensor, shape};

impl Tensor {
    /// Parts of a dimension, as equal in size as they can be, the larger ones first; views.
    ///
    /// # Errors
    /// When `parts` is 0, or there is no such dimension.
    pub fn tensor_split(&self, parts: usize, dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("tensor_split", dim, self.size())?;
        let n = self.size()[d];
        if parts == 0 {
            return Err(Error::value("tensor_split", "the number of parts must be at least 1"));
        }
        shape::room::<[Self; 4]>("tensor_split", parts)?;
        let start = |i: usize| (n / parts) * i + i.min(n % parts);
        (0..parts).map(|i| self.narrow(dim, start(i) as i64, start(i + 1) - start(i))).collect()
    }

    /// Parts of `size` along a dimension, the last perhaps smaller; views.
    ///
    /// # Errors
    /// When `size` is 0, or there is no such dimension.
    pub fn split(&self, size: usize, dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("split", dim, self.size())?;
        let n = self.size()[d];
        if size == 0 && n > 0 {
            return Err(Error::value("split", "parts of size 0 never fill a dimension"));
        }
        shape::room::<[Self; 8]>("split", n / size.max(1))?;
        let starts = (0..n.max(1)).step_by(size.max(1));
        starts.map(|i| self.narrow(dim, i as i64, size.min(n - i))).collect()
    }

    /// Parts of the given sizes along a dimension; views.
    ///
    /// # Errors
    /// When the sizes do not add up to the dimension's.
    pub fn split_sizes(&self, sizes: &[usize], dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("split", dim, self.size())?;
        let total = sizes.iter().try_fold(0usize, |n, &s| n.checked_add(s));
        if total != Some(self.size()[d]) {
            return Err(Error::shape(
                "split",
                format!("sizes {sizes:?} do not add up to dimension {d} of shape {:?}", self.size()),
            ));
        }
        let mut start = 0;
        let mut part = |n: usize| {
            start += n;
            self.narrow(dim, (start - n) as i64, n)
        };
        sizes.iter().map(|&n| part(n)).collect()
    }

    /// At most `chunks` parts of equal size along a dimension, the last perhaps smaller; views.
    ///
    /// # Errors
    /// When `chunks` is 0, or there is no such dimension.
    pub fn chunk(&self, chunks: usize, dim: i64) -> Result<Vec<Self>> {
        if chunks == 0 {
            return Err(Error::value("chunk", "the number of parts must be at least 1"));
        }
        let d = shape::dim("chunk", dim, self.size())?;
        self.split(self.size()[d].div_ceil(chunks).max(1), dim)
    }

    /// The slices along a dimension, which disappears; views.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn unbind(&self, dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("unbind", dim, self.size())?;
        shape::room::<[Self; 8]>("unbind", self.size()[d])?;
        (0..self.size()[d] as i64).map(|i| self.select(dim, i)).collect()
    }
}

impl Tensor {
    /// The elements from `start` on before `end`, every `step`-th, along a dimension: Python's
    /// `x[start:end:step]`, where negative bounds count from the end and others are cut to the size.
    /// A view.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::arange(0, 10, 1)?.reshape((2, 5))?;
    /// assert_eq!(x.slice(-1, Some(-4), None, 2)?.to_vec::<i64>()?, [1, 3, 6, 8]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such dimension, or `step` is 0.
    pub fn slice(&self, dim: i64, start: Option<i64>, end: Option<i64>, step: usize) -> Result<Self> {
        let d = shape::dim("slice", dim, self.size())?;
        if step == 0 {
            return Err(Error::value("slice", "the step must be at least 1"));
        }
        let n = self.size()[d] as i64;
        let place = |i: i64| if i < 0 { i.saturating_add(n) } else { i }.clamp(0, n);
        let (start, end) = (start.map_or(0, place), end.map_or(n, place));
        let count = ((end - start).max(0) as usize).div_ceil(step);
        if step == 1 || count <= 1 {
            return self.narrow(dim, start.min(n), count);
        }
        // Where there are elements after the last one up to its step, candle's windows, which it counts in
        // f32, cannot come out too few.
        let part = self.narrow(dim, start, (count * step).min((n - start) as usize))?;
        let view = part.view_of(part.inner.unfold(d, 1, step).map_err(Error::backend("slice"))?);
        if view.size()[d] < count {
            return Err(crate::strides::too_long("slice", self));
        }
        view.narrow(d as i64, 0, count)?.squeeze(-1)
    }

    /// The diagonal of the matrices in two dimensions, `offset` columns to the right: those two
    /// dimensions go, and one comes last. A view.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::zeros((2, 3))?;
    /// x.diagonal(1, 0, 1)?.fill_(5)?;
    /// assert_eq!(x.to_vec::<f32>()?, [0.0, 5.0, 0.0, 0.0, 0.0, 5.0]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there are no such dimensions, or they are the same.
    pub fn diagonal(&self, offset: i64, dim1: i64, dim2: i64) -> Result<Self> {
        let op = "diagonal";
        let (a, b) = (shape::dim(op, dim1, self.size())?, shape::dim(op, dim2, self.size())?);
        if a == b {
            return Err(Error::shape(op, format!("dimensions {dim1} and {dim2} are the same")));
        }
        let shift = usize::try_from(offset.unsigned_abs()).unwrap_or(usize::MAX);
        let (down, right) = if offset < 0 { (shift, 0) } else { (0, shift) };
        let (rows, columns) = (self.size()[a].saturating_sub(down), self.size()[b].saturating_sub(right));
        let length = rows.min(columns);
        let rest = |d: &usize| *d != a && *d != b;
        let mut dims: Vec<usize> = (0..self.dim()).filter(rest).map(|d| self.size()[d]).collect();
        let mut strides: Vec<usize> = (0..self.dim()).filter(rest).map(|d| self.stride()[d]).collect();
        dims.push(length);
        strides.push(self.stride()[a].saturating_add(self.stride()[b]));
        let start = if length == 0 { 0 } else { down * self.stride()[a] + right * self.stride()[b] };
        self.strided(&dims, &strides, self.storage_offset() + start).ok_or_else(|| too_long(op, self))
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
