//! The same elements elsewhere: flipped, rolled, padded, of a triangle or a diagonal.

use crate::dtype::with_element;
use crate::{Error, IntoShape, Result, Scalar, Tensor, shape};

/// What [`Tensor::pad`] puts around a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pad {
    /// This number.
    Constant(f64),
    /// The mirrored elements, without the outermost.
    Reflect,
    /// The outermost element, again and again.
    Replicate,
    /// The elements of the opposite side.
    Circular,
}

impl Tensor {
    /// The elements in reverse order along some dimensions.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    pub fn flip(&self, dims: impl IntoShape) -> Result<Self> {
        shape::room::<u64>("flip", self.numel())?;
        let mut y = self.clone();
        for d in shape::dims("flip", dims, self.size())? {
            let order: Vec<i64> = (0..self.size()[d] as i64).rev().collect();
            y = y.slices_at("flip", d, &order)?;
        }
        if y.shares_storage(self) { y.copy() } else { Ok(y) }
    }

    /// The elements moved on by `shifts` along dimensions, one for each; those that leave at the end come
    /// in at the start. Without a dimension, the elements in their order.
    ///
    /// # Errors
    /// When there is no such dimension, or there are not as many shifts as dimensions.
    pub fn roll(&self, shifts: impl IntoShape, dims: impl IntoShape) -> Result<Self> {
        let (shifts, dims) = (shifts.into_sizes(), dims.into_sizes());
        if dims.is_empty() && shifts.len() == 1 {
            return self.reshape(-1)?.roll(shifts, 0)?.reshape(self.size());
        }
        if shifts.len() != dims.len() || dims.is_empty() {
            return Err(Error::shape(
                "roll",
                format!("{} shifts of {} dimensions", shifts.len(), dims.len()),
            ));
        }
        shape::room::<u64>("roll", self.numel())?;
        let mut y = self.clone();
        for (shift, dim) in shifts.into_iter().zip(dims) {
            let d = shape::dim("roll", dim, self.size())?;
            let n = self.size()[d] as i64;
            let order: Vec<i64> =
                (0..n).map(|i| (i128::from(i) - i128::from(shift)).rem_euclid(n.into()) as i64).collect();
            y = y.slices_at("roll", d, &order)?;
        }
        Ok(y)
    }

    /// Elements added before and after: `pad` holds a pair for the last dimension, then for the one
    /// before it, and so on. Negative numbers cut elements off.
    ///
    /// # Errors
    /// When there are more pairs than dimensions, a size becomes negative, or there are not enough
    /// elements to reflect.
    pub fn pad(&self, pad: &[i64], mode: Pad) -> Result<Self> {
        let fail = |why: &str| {
            Err(Error::shape("pad", format!("shape {:?} cannot be padded by {pad:?}: {why}", self.size())))
        };
        if !pad.len().is_multiple_of(2) || pad.len() / 2 > self.dim() {
            return fail("expected a pair of numbers for each of the last dimensions");
        }
        if pad.contains(&i64::MIN) {
            return fail("a size becomes negative");
        }
        if let Pad::Constant(value) = mode {
            return self.pad_constant(pad, value);
        }
        let mut y = self.clone();
        for (i, pair) in pad.chunks_exact(2).enumerate() {
            let d = self.dim() - 1 - i;
            let n = self.size()[d] as i64;
            let (before, after) = (pair[0], pair[1]);
            let most = match mode {
                Pad::Reflect => n - 1,
                Pad::Circular => n,
                _ => i64::MAX,
            };
            if before.max(after) > most || (n == 0 && before.max(after) > 0) {
                return fail("there are not enough elements");
            }
            let end = n
                .checked_add(after)
                .filter(|&end| end >= 0 && end.checked_add(before).is_some_and(|s| s >= 0));
            let Some(end) = end else { return fail("a size becomes negative") };
            let mut size = y.size().to_vec();
            size[d] = (end + before) as usize;
            shape::room::<u64>("pad", shape::numel(&shape::shape("pad", size)?))?;
            let from = |j: i64| match mode {
                Pad::Reflect if j < 0 => -j,
                Pad::Reflect if j >= n => 2 * (n - 1) - j,
                Pad::Circular => j.rem_euclid(n),
                _ => j.clamp(0, n - 1),
            };
            let order: Vec<i64> = (-before..end).map(from).collect();
            y = y.slices_at("pad", d, &order)?;
        }
        Ok(y)
    }

    fn pad_constant(&self, pad: &[i64], value: f64) -> Result<Self> {
        let mut size: Vec<i64> = self.size().iter().map(|&n| n as i64).collect();
        let (mut inside, mut source) = (vec![], self.clone());
        for (i, pair) in pad.chunks_exact(2).enumerate() {
            let d = self.dim() - 1 - i;
            let (n, cut) = (size[d], [(-pair[0]).max(0), (-pair[1]).max(0)]);
            size[d] = n.saturating_add(pair[0]).saturating_add(pair[1]);
            if cut[0].saturating_add(cut[1]) > n || size[d] < 0 {
                return Err(Error::shape(
                    "pad",
                    format!("shape {:?} cannot be padded by {pad:?}: a size becomes negative", self.size()),
                ));
            }
            let left = n - cut[0] - cut[1];
            source = source.narrow(d as i64, cut[0], left as usize)?;
            inside.push((d as i64, pair[0].max(0), left as usize));
        }
        let y = self.like().full(
            size,
            if self.dtype.is_float() { Scalar::Float(value) } else { Scalar::Int(value as i64) },
        )?;
        let mut view = y.clone();
        for (d, start, n) in inside {
            view = view.narrow(d, start, n)?;
        }
        view.copy_(&source)?;
        Ok(y)
    }

    /// The lower triangle of each matrix, up to `diagonal` (0 is the main one); zeros above.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    pub fn tril(&self, diagonal: i64) -> Result<Self> {
        self.triangle("tril", |row, column| i128::from(column) - i128::from(row) <= diagonal.into())
    }

    /// The upper triangle of each matrix, from `diagonal` on; zeros below.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    pub fn triu(&self, diagonal: i64) -> Result<Self> {
        self.triangle("triu", |row, column| i128::from(column) - i128::from(row) >= diagonal.into())
    }

    fn triangle(&self, op: &'static str, keep: impl Fn(i64, i64) -> bool) -> Result<Self> {
        let [.., rows, columns] = *self.size() else {
            return Err(Error::shape(op, format!("shape {:?} has fewer than 2 dimensions", self.size())));
        };
        with_element!(self.dtype, T => Self::compute::<T, T>(op, &[self], self.size(), |x, y| {
            for (i, (y, &x)) in y.iter_mut().zip(x[0]).enumerate() {
                if keep((i / columns % rows) as i64, (i % columns) as i64) {
                    *y = x;
                }
            }
        }))
    }

    /// A matrix with this vector on its `diagonal`, or the diagonal of this matrix as a vector.
    ///
    /// # Errors
    /// When there are neither one nor two dimensions.
    pub fn diag(&self, diagonal: i64) -> Result<Self> {
        let shift = usize::try_from(diagonal.unsigned_abs()).unwrap_or(usize::MAX);
        let (down, right) = if diagonal < 0 { (shift, 0) } else { (0, shift) };
        match *self.size() {
            [n] => {
                let size = n.saturating_add(shift);
                let y = self.like().full([size, size], Scalar::Int(0))?;
                let width = y.size()[1];
                let places: Vec<i64> = (0..n).map(|i| ((i + down) * width + i + right) as i64).collect();
                y.reshape(-1)?.scatter_(0, &Self::own(places, &[n]), self)?;
                Ok(y)
            }
            [rows, columns] => {
                let n = rows.saturating_sub(down).min(columns.saturating_sub(right));
                let places: Vec<i64> = (0..n).map(|i| ((i + down) * columns + i + right) as i64).collect();
                self.reshape(-1)?.slices_at("diag", 0, &places)
            }
            _ => {
                Err(Error::shape("diag", format!("shape {:?} is neither a vector nor a matrix", self.size())))
            }
        }
    }

    /// The sum of a matrix's diagonal.
    ///
    /// # Errors
    /// When there are not two dimensions.
    pub fn trace(&self) -> Result<Self> {
        if self.dim() != 2 {
            return Err(Error::shape("trace", format!("shape {:?} is no matrix", self.size())));
        }
        self.diag(0)?.sum()
    }

    /// The grids of coordinates of vectors: the first varies along the first dimension, and so on
    /// (PyTorch's `indexing="ij"`); views.
    ///
    /// # Errors
    /// When one is no vector, or the grid is too large.
    pub fn meshgrid<T: AsRef<Self>>(vectors: &[T]) -> Result<Vec<Self>> {
        let mut size = vec![];
        for v in vectors {
            let v = v.as_ref();
            if v.dim() > 1 {
                return Err(Error::shape("meshgrid", format!("shape {:?} is no vector", v.size())));
            }
            size.push(v.numel());
        }
        let size = shape::shape("meshgrid", size)?;
        let grid = |(i, v): (usize, &T)| {
            let mut own = vec![1; size.len()];
            own[i] = size[i];
            v.as_ref().reshape(own)?.expand(&size)
        };
        vectors.iter().enumerate().map(grid).collect()
    }

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

    /// Vectors of 0 and 1: 1 at the index of each class; a new last dimension of size `classes`.
    ///
    /// # Errors
    /// When an index is out of range or no integer.
    pub fn one_hot(&self, classes: usize) -> Result<Self> {
        let at = crate::gather::indices("one_hot", self, self.dim(), classes, false)?;
        let size = shape::shape("one_hot", [self.size(), &[classes]].concat())?;
        shape::room::<u64>("one_hot", shape::numel(&size))?;
        let mut y = vec![0i64; shape::numel(&size)];
        for (row, i) in at.into_iter().enumerate() {
            y[row * classes + i as usize] = 1;
        }
        self.result(y, &size)
    }
}
