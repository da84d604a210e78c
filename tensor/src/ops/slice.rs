//! Parts of a tensor as views: ranges, single slices, pieces, diagonals.

use crate::strides::too_long;
use crate::{Error, IntoShape, Result, Tensor, shape};

impl Tensor {
    /// Returns views of the parts of `size` along a dimension; the last may be smaller.
    ///
    /// # Errors
    /// When `size` is 0, or there is no such dimension.
    pub fn split(&self, size: usize, dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("split", dim, self.size())?;
        let n = self.size()[d];
        bail_if!(size == 0 && n > 0, value("split", "the size of a part must be at least 1"));
        shape::room::<[Self; 8]>("split", n / size.max(1))?;
        let starts = (0..n.max(1)).step_by(size.max(1));
        starts.map(|i| self.narrow(dim, i as i64, size.min(n - i))).collect()
    }

    /// Returns views of the parts of these sizes along a dimension.
    ///
    /// # Errors
    /// When there is no such dimension, or the sizes do not add up to its size.
    pub fn split_sizes(&self, sizes: &[usize], dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("split", dim, self.size())?;
        let total = sizes.iter().try_fold(0usize, |n, &s| n.checked_add(s));
        bail_if!(
            total != Some(self.size()[d]),
            shape("split", "sizes {sizes:?} do not add up to dimension {d} of shape {:?}", self.size())
        );
        let mut start = 0;
        let mut part = |n: usize| {
            start += n;
            self.narrow(dim, (start - n) as i64, n)
        };
        sizes.iter().map(|&n| part(n)).collect()
    }

    /// Returns views of the slices along a dimension, which disappears.
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn unbind(&self, dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("unbind", dim, self.size())?;
        shape::room::<[Self; 8]>("unbind", self.size()[d])?;
        (0..self.size()[d] as i64).map(|i| self.select(dim, i)).collect()
    }

    /// Returns a view of every `step`-th element from `start` to before `end` along a dimension: Python's
    /// `x[start:end:step]`. Negative bounds count from the end, and all are cut to the size.
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
        bail_if!(step == 0, value("slice", "the step must be at least 1"));
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
        let view = part.view_by("slice", |x| x.unfold(d, 1, step))?;
        if view.size()[d] < count {
            return Err(crate::strides::too_long("slice", self));
        }
        view.narrow(d as i64, 0, count)?.squeeze(-1)
    }

    /// Returns a view of the diagonal, `offset` columns to the right, of the matrices in two dimensions.
    /// These disappear, and the diagonal is the last dimension.
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
        bail_if!(a == b, shape(op, "dimensions {dim1} and {dim2} are the same"));
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

    /// Returns a view of the whole memory with these sizes and strides, from its element `offset` on;
    /// without an offset, from the first element of `self` on.
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

    /// Returns the windows of `size` elements along a dimension, one every `step` elements; a view. The
    /// dimension counts the windows, and a new last dimension has the elements of each.
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
        bail_if!(
            size > n || step == 0,
            shape(op, "windows of {size} elements every {step} do not fit dimension {d} of size {n}")
        );
        shape::expect_rank(op, self.dim() + 1)?;
        let (mut dims, mut strides) = (self.size().to_vec(), self.stride().to_vec());
        dims[d] = (n - size) / step + 1;
        dims.push(size);
        strides.push(strides[d]);
        strides[d] = strides[d].saturating_mul(step);
        self.strided(&dims, &strides, self.storage_offset()).ok_or_else(|| too_long(op, self))
    }

    /// Returns a view of `length` elements from `start` on along a dimension.
    ///
    /// # Errors
    /// When there is no such dimension, or it has fewer elements.
    pub fn narrow(&self, dim: i64, start: i64, length: usize) -> Result<Self> {
        let dim = shape::dim("narrow", dim, self.size())?;
        let size = self.size()[dim];
        let first = if start < 0 { start + size as i64 } else { start };
        bail_if!(
            first < 0 || (first as usize).checked_add(length).is_none_or(|end| end > size),
            shape(
                "narrow",
                "{length} elements from {start} on are not within dimension {dim} of size {size}"
            )
        );
        self.view_by("narrow", |x| x.narrow(dim, first as usize, length))
    }

    /// Returns a view of the slice at an index of a dimension, which disappears.
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

/// Returns the sizes of `parts` parts of a dimension, as equal as they can be, the larger ones first.
#[doc(hidden)]
pub fn equal_parts(size: &[usize], parts: usize, dim: i64) -> Result<Vec<usize>> {
    let op = "tensor_split";
    let n = size[shape::dim(op, dim, size)?];
    bail_if!(parts == 0, value(op, "the number of parts must be at least 1"));
    shape::room::<[Tensor; 4]>(op, parts)?;
    Ok((0..parts).map(|i| n / parts + usize::from(i < n % parts)).collect())
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_slice {
    ($T:ident) => {
        impl $T {
            /// Returns views of at most `chunks` parts of equal size along a dimension; the last may be
            /// smaller.
            ///
            /// # Errors
            /// When `chunks` is 0, or there is no such dimension.
            #[track_caller]
            pub fn chunk(&self, chunks: usize, dim: i64) -> Result<Vec<Self>> {
                $crate::bail_if!(chunks == 0, value("chunk", "the number of parts must be at least 1"));
                let n = self.size()[$crate::support::dim("chunk", dim, &self.size())?];
                self.split(n.div_ceil(chunks).max(1), dim)
            }

            /// Returns views of `parts` parts of a dimension, as equal in size as they can be, the larger
            /// ones first.
            ///
            /// # Errors
            /// When `parts` is 0, or there is no such dimension.
            #[track_caller]
            pub fn tensor_split(&self, parts: usize, dim: i64) -> Result<Vec<Self>> {
                self.split_sizes(&$crate::support::equal_parts(&self.size(), parts, dim)?, dim)
            }
        }
    };
}
composed_slice!(Tensor);
