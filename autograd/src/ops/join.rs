//! Tensors joined, repeated and padded.

use std::borrow::Borrow;

use smallvec::smallvec;
use taper_tensor::{Error, IntoShape};

use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// [`Variable::repeat`], where missing numbers in front are 1.
    ///
    /// # Errors
    /// As [`Variable::repeat`].
    #[track_caller]
    pub fn tile(&self, repeats: impl IntoShape) -> Result<Self> {
        let repeats = repeats.into_sizes();
        let missing = self.dim().saturating_sub(repeats.len());
        self.repeat([vec![1; missing], repeats].concat())
    }

    /// Each slice along a dimension `repeats` times in a row.
    ///
    /// # Errors
    /// When there is no such dimension, or too many elements.
    #[track_caller]
    pub fn repeat_interleave(&self, repeats: usize, dim: i64) -> Result<Self> {
        let (y, mut apart) = (self.data().repeat_interleave(repeats, dim)?, self.size().to_vec());
        let d = index_of(dim, apart.len());
        apart.insert(d + 1, repeats);
        record("RepeatInterleave", &[self]).output(y, move |ctx| {
            Ok(smallvec![Some(ctx.grad()?.reshape(&apart)?.sum_dim(d as i64 + 1, false)?)])
        })
    }

    /// The grids of coordinates of vectors: the first varies along the first dimension, and so on
    /// (PyTorch's `indexing="ij"`).
    ///
    /// # Errors
    /// When one is no vector, or the grid is too large.
    #[track_caller]
    pub fn meshgrid<V: Borrow<Self>>(vectors: &[V]) -> Result<Vec<Self>> {
        let data: Vec<_> = vectors.iter().map(|v| v.borrow().data()).collect();
        let grids = taper_tensor::Tensor::meshgrid(&data)?;
        let grid = |(i, v): (usize, &V)| {
            let mut own = vec![1; vectors.len()];
            own[i] = v.borrow().numel();
            v.borrow().reshape(own)?.expand(grids[i].size())
        };
        vectors.iter().enumerate().map(grid).collect()
    }
}

/// What [`Variable::pad`] puts around a tensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum PadMode {
    /// A number.
    Constant(f64),
    /// The tensor mirrored at its border elements, which are not repeated.
    Reflect,
    /// The border element.
    Replicate,
    /// The tensor itself, as on a ring.
    Circular,
}

impl Variable {
    /// Joins tensors along a dimension; their other sizes are the same.
    ///
    /// # Errors
    /// When there is none, or the shapes or dtypes do not fit.
    #[track_caller]
    pub fn cat<V: Borrow<Self>>(inputs: &[V], dim: i64) -> Result<Self> {
        let inputs: Vec<&Self> = inputs.iter().map(Borrow::borrow).collect();
        let data: Vec<_> = inputs.iter().map(|v| v.data()).collect();
        let Some(first) = data.first() else {
            return Err(Error::value("cat", "no tensors were given, expected at least one").into());
        };
        let mut size = first.size().to_vec();
        first.size_of(dim)?;
        let d = index_of(dim, size.len());
        let lengths: Vec<usize> = data.iter().map(|t| t.size().get(d).copied().unwrap_or(0)).collect();
        for t in &data {
            let fits = t.dim() == size.len() && (0..size.len()).all(|i| i == d || t.size()[i] == size[i]);
            if !fits || t.dtype() != first.dtype() {
                let message = format!(
                    "{} of shape {:?} does not go with {} of shape {:?}: all but dimension {d} must be the same",
                    t.dtype(),
                    t.size(),
                    first.dtype(),
                    first.size()
                );
                return Err(Error::shape("cat", message).into());
            }
        }
        size[d] = lengths.iter().sum();
        let y = first.like().zeros(&size)?;
        let mut start = 0;
        for (t, &n) in data.iter().zip(&lengths) {
            y.narrow(dim, start, n)?.copy_(t)?;
            start += n as i64;
        }
        record("Cat", &inputs).output(y, move |ctx| {
            let (g, mut start) = (ctx.grad()?, 0);
            let part = |(i, &n): (usize, &usize)| {
                let at = start;
                start += n as i64;
                ctx.need(i, || g.narrow(dim, at, n))
            };
            lengths.iter().enumerate().map(part).collect()
        })
    }

    /// Joins tensors of one shape along a new dimension.
    ///
    /// # Errors
    /// As [`Variable::cat`].
    #[track_caller]
    pub fn stack<V: Borrow<Self>>(inputs: &[V], dim: i64) -> Result<Self> {
        let inputs = inputs.iter().map(|v| v.borrow().unsqueeze(dim)).collect::<Result<Vec<_>>>()?;
        Self::cat(&inputs, dim)
    }

    /// The tensor `repeats[d]` times along each dimension `d`; new dimensions may come first.
    ///
    /// # Errors
    /// When there are fewer numbers than dimensions, or one is negative.
    #[track_caller]
    pub fn repeat(&self, repeats: impl IntoShape) -> Result<Self> {
        let (repeats, size) = (repeats.into_sizes(), self.size());
        let Some(new) = repeats.len().checked_sub(size.len()).filter(|_| repeats.iter().all(|&r| r >= 0))
        else {
            let message = format!(
                "repeats {repeats:?} of shape {:?}: expected a number for each dimension, none negative",
                &size[..]
            );
            return Err(Error::shape("repeat", message).into());
        };
        // Each size n becomes (1, n), is expanded to (r, n), and joined to r·n.
        let (mut apart, mut expanded, mut joined) = (vec![], vec![], vec![]);
        for (d, &r) in repeats.iter().enumerate() {
            let n = if d < new { 1 } else { size[d - new] as i64 };
            apart.extend([1, n]);
            expanded.extend([r, n]);
            joined.push(r * n);
        }
        self.reshape(apart)?.expand(expanded)?.reshape(joined)
    }

    /// Puts `pad` = (before, after) around each of the last dimensions, the last dimension first;
    /// negative numbers cut off, in the constant mode.
    ///
    /// # Errors
    /// When there are more numbers than twice the dimensions, or an odd number of them; when the
    /// tensor is smaller than what it is to be mirrored or wrapped by.
    #[track_caller]
    pub fn pad(&self, pad: impl IntoShape, mode: PadMode) -> Result<Self> {
        let (pad, size) = (pad.into_sizes(), self.size());
        let fail = |why: &str| {
            Err(Error::shape("pad", format!("padding {pad:?} of shape {:?}: {why}", &size[..])).into())
        };
        if pad.len() % 2 == 1 || pad.len() > 2 * size.len() {
            return fail("expected (before, after) for each of the last dimensions, the last one first");
        }
        // A tensor has no more elements than this.
        if pad.iter().any(|p| p.unsigned_abs() > 1 << 60) {
            return fail("more elements than memory can hold");
        }
        let mut y = self.clone();
        for (k, p) in pad.chunks_exact(2).enumerate() {
            let d = size.len() - 1 - k;
            let (n, before, after) = (size[d] as i64, p[0], p[1]);
            if before == 0 && after == 0 {
                continue;
            }
            if n + before + after < 0 || (before < 0 && -before > n) || (after < 0 && -after > n) {
                return fail("more would be cut off than there is");
            }
            let limit = match mode {
                PadMode::Constant(value) => {
                    y = y.pad_constant(d, before, after, value)?;
                    continue;
                }
                PadMode::Reflect => n - 1,
                PadMode::Replicate => {
                    if n > 0 {
                        i64::MAX
                    } else {
                        0
                    }
                }
                PadMode::Circular => n,
            };
            if before.max(after) > limit {
                return fail("the tensor is smaller than the padding that is made of it");
            }
            let place = |i: i64| match mode {
                PadMode::Reflect => {
                    if i < 0 {
                        -i
                    } else if i >= n {
                        2 * (n - 1) - i
                    } else {
                        i
                    }
                }
                PadMode::Circular => i.rem_euclid(n),
                _ => i.clamp(0, n - 1),
            };
            y = y.index_select(d as i64, &self.indices((-before..n + after).map(place).collect())?)?;
        }
        Ok(y)
    }

    /// One dimension between two constants.
    #[track_caller]
    pub(crate) fn pad_constant(&self, d: usize, before: i64, after: i64, value: f64) -> Result<Self> {
        let (x, mut size, dim) = (self.data(), self.size(), d as i64);
        let n = size[d] as i64;
        let kept = (n + before.min(0) + after.min(0)).max(0) as usize;
        size[d] = (n + before + after) as usize;
        let y = x.like().full(&size, value)?;
        y.narrow(dim, before.max(0), kept)?.copy_(&x.narrow(dim, (-before).max(0), kept)?)?;
        record("Pad", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.pad_constant(d, -before, -after, 0.0)?)]))
    }
}
