//! Tensors joined, repeated and padded.

use crate::cpu::join;
use crate::dtype::with_element;
use crate::{Error, IntoShape, Result, Scalar, Tensor, shape};

impl Tensor {
    /// Tensors side by side: along the second dimension, vectors along their only one.
    ///
    /// # Errors
    /// As [`Tensor::cat`].
    pub fn hstack<T: AsRef<Self>>(tensors: &[T]) -> Result<Self> {
        let parts = at_least(tensors, 1)?;
        Self::cat(&parts, if parts.first().is_some_and(|t| t.dim() > 1) { 1 } else { 0 })
    }

    /// Tensors one below the other: along the first dimension, vectors as rows.
    ///
    /// # Errors
    /// As [`Tensor::cat`].
    pub fn vstack<T: AsRef<Self>>(tensors: &[T]) -> Result<Self> {
        Self::cat(&at_least(tensors, 2)?, 0)
    }

    /// Tensors one behind the other: along the third dimension.
    ///
    /// # Errors
    /// As [`Tensor::cat`].
    pub fn dstack<T: AsRef<Self>>(tensors: &[T]) -> Result<Self> {
        Self::cat(&at_least(tensors, 3)?, 2)
    }
}

/// Tensors with so many dimensions at least: PyTorch's `atleast_2d` puts a vector first, and one of three
/// has it in the middle.
fn at_least<T: AsRef<Tensor>>(tensors: &[T], rank: usize) -> Result<Vec<Tensor>> {
    let grown = |t: &T| match (t.as_ref(), t.as_ref().dim(), rank) {
        (t, 0, _) => t.reshape(vec![1usize; rank]),
        (t, 1, 2) => t.unsqueeze(0),
        (t, 1, 3) => t.unsqueeze(0)?.unsqueeze(2),
        (t, 2, 3) => t.unsqueeze(2),
        (t, ..) => Ok(t.clone()),
    };
    tensors.iter().map(grown).collect()
}

impl Tensor {
    /// Tensors one after the other along a dimension; the other sizes must agree, the dtypes promote.
    ///
    /// # Errors
    /// When there is none, or the shapes do not fit.
    pub fn cat<T: AsRef<Self>>(tensors: &[T], dim: i64) -> Result<Self> {
        let op = "cat";
        // As in PyTorch, an empty vector fits everywhere.
        let parts: Vec<&Self> = tensors.iter().map(AsRef::as_ref).filter(|t| t.size() != [0]).collect();
        let Some(first) = parts.first().copied().or(tensors.first().map(AsRef::as_ref)) else {
            return Err(Error::value(op, "there is no tensor to join"));
        };
        let d = shape::dim(op, dim, first.size())?;
        let mut dtype = tensors[0].as_ref().dtype;
        for t in tensors {
            dtype = dtype.promote(t.as_ref().dtype);
        }
        let mut size = first.size().to_vec();
        size[d] = 0;
        for t in &parts {
            first.expect_device(op, t)?;
            let fits = t.dim() == size.len() && (0..size.len()).all(|i| i == d || t.size()[i] == size[i]);
            if !fits {
                return Err(Error::shape(
                    op,
                    format!(
                        "shapes {:?} and {:?} differ in another dimension than {d}",
                        first.size(),
                        t.size()
                    ),
                ));
            }
            size[d] = size[d].saturating_add(t.size()[d]);
        }
        let size = shape::shape(op, size)?;
        shape::room::<u64>(op, shape::numel(&size))?;
        let parts = parts.iter().map(|t| t.to_dtype(dtype)).collect::<Result<Vec<_>>>()?;
        let outer = shape::numel(&size[..d]);
        with_element!(dtype, T => {
            let y = Self::lend::<T, _>(op, &parts.iter().collect::<Vec<_>>(), |x| join::cat(x, outer.max(1)))?;
            first.result(y, &size)
        })
    }

    /// Tensors of one shape side by side along a new dimension.
    ///
    /// # Errors
    /// When there is none, or the shapes differ.
    pub fn stack<T: AsRef<Self>>(tensors: &[T], dim: i64) -> Result<Self> {
        if let Some(odd) = tensors.iter().find(|t| t.as_ref().size() != tensors[0].as_ref().size()) {
            return Err(Error::shape(
                "stack",
                format!("shapes {:?} and {:?} differ", tensors[0].as_ref().size(), odd.as_ref().size()),
            ));
        }
        let parts = tensors.iter().map(|t| t.as_ref().unsqueeze(dim)).collect::<Result<Vec<_>>>()?;
        Self::cat(&parts, dim)
    }

    /// Copies side by side: `repeats[d]` along each dimension, of which new ones may come first.
    ///
    /// # Errors
    /// When there are fewer numbers than dimensions, or too many elements.
    pub fn repeat(&self, repeats: impl IntoShape) -> Result<Self> {
        let repeats = shape::shape("repeat", repeats)?;
        let Some(new) = repeats.len().checked_sub(self.dim()) else {
            return Err(Error::shape(
                "repeat",
                format!("{repeats:?} has fewer numbers than shape {:?} dimensions", self.size()),
            ));
        };
        // [a, b] becomes [1, a, 1, b], expands to [r, a, s, b], and is read as [r·a, s·b].
        let (mut apart, mut wide, mut size) = (vec![], vec![], vec![]);
        for (i, &r) in repeats.iter().enumerate() {
            let n = i.checked_sub(new).map_or(1, |d| self.size()[d]);
            apart.extend([1, n]);
            wide.extend([r, n]);
            size.push(r.saturating_mul(n));
        }
        let size = shape::shape("repeat", size)?;
        self.reshape(apart)?.expand(wide)?.copy()?.reshape(size)
    }

    /// [`Tensor::repeat`], where missing numbers in front are 1.
    ///
    /// # Errors
    /// As [`Tensor::repeat`].
    pub fn tile(&self, repeats: impl IntoShape) -> Result<Self> {
        let repeats = repeats.into_sizes();
        let missing = self.dim().saturating_sub(repeats.len());
        self.repeat([vec![1; missing], repeats].concat())
    }

    /// Each slice along a dimension `repeats` times in a row.
    ///
    /// # Errors
    /// When there is no such dimension, or too many elements.
    pub fn repeat_interleave(&self, repeats: usize, dim: i64) -> Result<Self> {
        let d = shape::dim("repeat_interleave", dim, self.size())?;
        let mut size = self.size().to_vec();
        size[d] = size[d].saturating_mul(repeats);
        let size = shape::shape("repeat_interleave", size)?;
        let mut wide = self.size().to_vec();
        wide.insert(d + 1, repeats);
        self.unsqueeze(d as i64 + 1)?.expand(wide)?.copy()?.reshape(size)
    }
}

impl AsRef<Tensor> for Tensor {
    fn as_ref(&self) -> &Tensor {
        self
    }
}

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
}
