//! Views of parts of a tensor: ranges, slices, splits, diagonals and windows.

use crate::strides::too_long;
use crate::{Error, IntoShape, Result, Tensor, shape};

impl Tensor {
    /// Splits the tensor into views of `size` slices along `dim`; the last may be smaller.
    ///
    /// # Shapes
    /// Input `[.., n, ..]`, outputs `[.., size, ..]`.
    ///
    /// # Errors
    /// If `size` is 0, or `dim` is out of range.
    pub fn split(&self, size: usize, dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("split", dim, self.size())?;
        let n = self.size()[d];
        bail_if!(size == 0 && n > 0, value("split", "got a size of 0, expected at least 1"));
        shape::room::<[Self; 8]>("split", n / size.max(1))?;
        let starts = (0..n.max(1)).step_by(size.max(1));
        starts.map(|i| self.narrow(dim, i as i64, size.min(n - i))).collect()
    }

    /// Splits the tensor into views of the given sizes along `dim`.
    ///
    /// # Errors
    /// If `dim` is out of range, or the sizes do not add up to its size.
    pub fn split_sizes(&self, sizes: &[usize], dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("split", dim, self.size())?;
        let total = sizes.iter().try_fold(0usize, |n, &s| n.checked_add(s));
        bail_if!(
            total != Some(self.size()[d]),
            shape(
                "split",
                "got the sizes {sizes:?}, expected them to add up to dimension {d} of shape {:?}",
                self.size()
            )
        );
        let mut start = 0;
        let mut part = |n: usize| {
            start += n;
            self.narrow(dim, (start - n) as i64, n)
        };
        sizes.iter().map(|&n| part(n)).collect()
    }

    /// Returns views of the slices along `dim`, without that dimension.
    ///
    /// # Errors
    /// If `dim` is out of range.
    pub fn unbind(&self, dim: i64) -> Result<Vec<Self>> {
        let d = shape::dim("unbind", dim, self.size())?;
        shape::room::<[Self; 8]>("unbind", self.size()[d])?;
        (0..self.size()[d] as i64).map(|i| self.select(dim, i)).collect()
    }

    /// Returns a view of every `step`-th element along `dim` from `start` to before `end`: Python's
    /// `x[start:end:step]`. Negative bounds count from the end, and bounds out of range are clamped.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::arange(0, 10, 1)?.reshape((2, 5))?;
    /// assert_eq!(x.slice(-1, Some(-4), None, 2)?.to_vec::<i64>()?, [1, 3, 6, 8]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `dim` is out of range, or `step` is 0.
    pub fn slice(&self, dim: i64, start: Option<i64>, end: Option<i64>, step: usize) -> Result<Self> {
        let d = shape::dim("slice", dim, self.size())?;
        bail_if!(step == 0, value("slice", "got a step of 0, expected at least 1"));
        let n = self.size()[d] as i64;
        let place = |i: i64| if i < 0 { i.saturating_add(n) } else { i }.clamp(0, n);
        let (start, end) = (start.map_or(0, place), end.map_or(n, place));
        let count = ((end - start).max(0) as usize).div_ceil(step);
        if step == 1 || count <= 1 {
            return self.narrow(dim, start.min(n), count);
        }
        // candle counts windows in f32. With elements after the last window, rounding cannot lose one.
        let part = self.narrow(dim, start, (count * step).min((n - start) as usize))?;
        let view = part.view_by("slice", |x| x.unfold(d, 1, step))?;
        if view.size()[d] < count {
            return Err(crate::strides::too_long("slice", self));
        }
        view.narrow(d as i64, 0, count)?.squeeze(-1)
    }

    /// Returns a view of the diagonals of the matrices in dimensions `dim1` and `dim2`, `offset` columns to
    /// the right of the main diagonal.
    ///
    /// # Shapes
    /// Input `[.., n, .., m, ..]`, output `[.., .., .., k]`: without the two dimensions, and with the
    /// diagonal last.
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
    /// If a dimension is out of range, or both are the same.
    pub fn diagonal(&self, offset: i64, dim1: i64, dim2: i64) -> Result<Self> {
        let op = "diagonal";
        let (a, b) = (shape::dim(op, dim1, self.size())?, shape::dim(op, dim2, self.size())?);
        bail_if!(a == b, shape(op, "got the dimensions {dim1} and {dim2}, expected two different ones"));
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

    /// Returns a view of the whole memory with these sizes and strides, starting at element `offset`. The
    /// default offset is that of `self`.
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
    /// If the view would exceed the memory, a number is negative, or there are not as many strides as sizes.
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
                format!("got sizes {dims:?} with strides {strides:?} and offset {offset}, expected a stride for each size, within the memory"),
            )
        })
    }

    /// Returns a view of the windows of `size` elements along `dim`, one every `step` elements.
    ///
    /// # Shapes
    /// Input `[.., n, ..]`, output `[.., (n - size) / step + 1, .., size]`: `dim` counts the windows, and a
    /// new last dimension has their elements.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::arange(0, 5, 1)?.unfold(0, 3, 2)?;
    /// assert_eq!((x.size(), x.to_vec::<i64>()?), (&[2, 3][..], vec![0, 1, 2, 2, 3, 4]));
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If `dim` is out of range, it has fewer elements than a window, or `step` is 0.
    pub fn unfold(&self, dim: i64, size: usize, step: usize) -> Result<Self> {
        let op = "unfold";
        let d = shape::dim(op, dim, self.size())?;
        let n = self.size()[d];
        bail_if!(
            size > n || step == 0,
            shape(
                op,
                "got windows of {size} elements every {step}, expected them to fit dimension {d} of size {n}, and a step of at least 1"
            )
        );
        shape::expect_rank(op, self.dim() + 1)?;
        let (mut dims, mut strides) = (self.size().to_vec(), self.stride().to_vec());
        dims[d] = (n - size) / step + 1;
        dims.push(size);
        strides.push(strides[d]);
        strides[d] = strides[d].saturating_mul(step);
        self.strided(&dims, &strides, self.storage_offset()).ok_or_else(|| too_long(op, self))
    }

    /// Returns a view of `length` elements along `dim`, from `start` on.
    ///
    /// # Errors
    /// If `dim` is out of range, or it has fewer elements.
    pub fn narrow(&self, dim: i64, start: i64, length: usize) -> Result<Self> {
        let dim = shape::dim("narrow", dim, self.size())?;
        let size = self.size()[dim];
        let first = if start < 0 { start + size as i64 } else { start };
        bail_if!(
            first < 0 || (first as usize).checked_add(length).is_none_or(|end| end > size),
            shape(
                "narrow",
                "got {length} elements from {start} on, expected them within dimension {dim} of size {size}"
            )
        );
        self.view_by("narrow", |x| x.narrow(dim, first as usize, length))
    }

    /// Returns a view of the slice at `index` along `dim`, without that dimension.
    ///
    /// # Errors
    /// If `dim` or `index` is out of range.
    pub fn select(&self, dim: i64, index: i64) -> Result<Self> {
        let d = shape::dim("select", dim, self.size())?;
        let size = self.size()[d];
        if index < -(size as i64) || index >= size as i64 {
            return Err(Error::Index { op: "select", index, dim: d, size });
        }
        self.narrow(dim, index, 1)?.squeeze(dim)
    }
}

/// Returns the sizes of `parts` nearly equal parts of a dimension, the larger ones first.
#[doc(hidden)]
pub fn equal_parts(size: &[usize], parts: usize, dim: i64) -> Result<Vec<usize>> {
    let op = "tensor_split";
    let n = size[shape::dim(op, dim, size)?];
    bail_if!(parts == 0, value(op, "got 0 parts, expected at least 1"));
    shape::room::<[Tensor; 4]>(op, parts)?;
    Ok((0..parts).map(|i| n / parts + usize::from(i < n % parts)).collect())
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_slice {
    ($T:ident) => {
        impl $T {
            /// Splits the tensor into at most `chunks` views of equal size along `dim`; the last may be
            /// smaller.
            ///
            /// # Errors
            /// If `chunks` is 0, or `dim` is out of range.
            #[track_caller]
            pub fn chunk(&self, chunks: usize, dim: i64) -> Result<Vec<Self>> {
                $crate::bail_if!(chunks == 0, value("chunk", "got 0 chunks, expected at least 1"));
                let n = self.size()[$crate::support::dim("chunk", dim, &self.size())?];
                self.split(n.div_ceil(chunks).max(1), dim)
            }

            /// Splits the tensor into `parts` views of nearly equal size along `dim`, the larger ones first.
            ///
            /// # Errors
            /// If `parts` is 0, or `dim` is out of range.
            #[track_caller]
            pub fn tensor_split(&self, parts: usize, dim: i64) -> Result<Vec<Self>> {
                self.split_sizes(&$crate::support::equal_parts(&self.size(), parts, dim)?, dim)
            }
        }
    };
}
composed_slice!(Tensor);
