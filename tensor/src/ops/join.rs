//! Concatenation, repetition and padding.

use crate::cpu::join;
use crate::dtype::with_element;
use crate::{AsTensor, Error, IntoShape, Result, Tensor, shape};

impl Tensor {
    /// Concatenates tensors along `dim`. Their dtypes promote.
    ///
    /// # Shapes
    /// Inputs `[.., n₁, ..]`, `[.., n₂, ..]`, …, output `[.., n₁ + n₂ + …, ..]`. The other sizes must be
    /// equal.
    ///
    /// # Errors
    /// If there are no tensors, or the shapes differ in another dimension.
    pub fn cat(tensors: &[impl AsTensor], dim: i64) -> Result<Self> {
        let op = "cat";
        let tensors: Vec<_> = tensors.iter().map(|t| t.as_tensor()).collect();
        // PyTorch accepts an empty vector among tensors of any shape.
        let parts: Vec<&Self> = tensors.iter().map(|t| &**t).filter(|t| t.size() != [0]).collect();
        let Some(first) = parts.first().copied().or(tensors.first().map(|t| &**t)) else {
            bail!(value(op, "expected at least one tensor, got none"));
        };
        let d = shape::dim(op, dim, first.size())?;
        let dtype = tensors.iter().fold(tensors[0].dtype, |dtype, t| dtype.promote(t.dtype));
        let mut size = first.size().to_vec();
        size[d] = 0;
        for t in &parts {
            first.expect_device(op, t)?;
            let fits = t.dim() == size.len() && (0..size.len()).all(|i| i == d || t.size()[i] == size[i]);
            bail_if!(
                !fits,
                shape(
                    op,
                    "got the shapes {:?} and {:?}, expected them to differ in dimension {d} only",
                    first.size(),
                    t.size()
                )
            );
            size[d] = size[d].saturating_add(t.size()[d]);
        }
        let size = shape::new_shape(op, size)?;
        let parts = parts.iter().map(|t| t.to_dtype(dtype)).collect::<Result<Vec<_>>>()?;
        let outer = shape::numel(&size[..d]);
        with_element!(dtype, T => {
            let y = Self::lend::<T, _>(op, &parts.iter().collect::<Vec<_>>(), |x| join::cat(x, outer.max(1)))?;
            Ok(first.result(y, &size)?.stored_as(dtype))
        })
    }
}

/// The values of the elements that [`Tensor::pad`] adds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Pad {
    /// This number.
    Constant(f64),
    /// The elements next to the border, mirrored; the outermost element is not repeated.
    Reflect,
    /// The outermost element.
    Replicate,
    /// The elements of the opposite side.
    Circular,
}

impl Tensor {
    fn padded(&self, pad: &[i64], value: f64) -> Result<Self> {
        let mut size: Vec<i64> = self.size().iter().map(|&n| n as i64).collect();
        let (mut inside, mut source) = (vec![], self.clone());
        for (i, pair) in pad.chunks_exact(2).enumerate() {
            let d = self.dim() - 1 - i;
            let (n, cut) = (size[d], [(-pair[0]).max(0), (-pair[1]).max(0)]);
            size[d] = n.saturating_add(pair[0]).saturating_add(pair[1]);
            if cut[0].saturating_add(cut[1]) > n || size[d] < 0 {
                return Err(pad_error(self.size(), pad, "a size becomes negative"));
            }
            let left = n - cut[0] - cut[1];
            source = source.narrow(d as i64, cut[0], left as usize)?;
            inside.push((d as i64, pair[0].max(0), left as usize));
        }
        let y = self.like().full(size, value)?;
        let mut view = y.clone();
        for (d, start, n) in inside {
            view = view.narrow(d, start, n)?;
        }
        view.copy_(&source)?;
        Ok(y)
    }
}

fn pad_error(size: &[usize], pad: &[i64], why: &str) -> Error {
    Error::shape("pad", format!("got the padding {pad:?} for shape {size:?}: {why}"))
}

/// Checks a padding. Returns, for each dimension that is padded with its own elements, their indices.
#[doc(hidden)]
pub fn pad_indices(size: &[usize], pad: &[i64], mode: Pad) -> Result<Vec<(i64, Vec<i64>)>> {
    let fail = |why: &str| Err(pad_error(size, pad, why));
    if !pad.len().is_multiple_of(2) || pad.len() / 2 > size.len() {
        return fail("expected a pair of numbers for each of the last dimensions");
    }
    if pad.contains(&i64::MIN) {
        return fail("a size becomes negative");
    }
    let (mut all, mut padded) = (vec![], size.to_vec());
    for (i, pair) in pad.chunks_exact(2).enumerate().filter(|(_, pair)| *pair != [0, 0]) {
        let d = size.len() - 1 - i;
        let (n, before, after) = (size[d] as i64, pair[0], pair[1]);
        let most = match mode {
            Pad::Constant(_) => continue,
            Pad::Reflect => n - 1,
            Pad::Circular => n,
            Pad::Replicate => i64::MAX,
        };
        if before.max(after) > most || (n == 0 && before.max(after) > 0) {
            return fail("there are not enough elements");
        }
        let end = n.checked_add(after).filter(|&end| end >= 0);
        let Some(total) = end.and_then(|end| end.checked_add(before)).filter(|&total| total >= 0) else {
            return fail("a size becomes negative");
        };
        padded[d] = total as usize;
        shape::room::<u64>("pad", shape::numel(&shape::shape("pad", &padded)?))?;
        let from = |j: i64| match mode {
            Pad::Reflect if j < 0 => -j,
            Pad::Reflect if j >= n => 2 * (n - 1) - j,
            Pad::Circular => j.rem_euclid(n),
            _ => j.clamp(0, n - 1),
        };
        all.push((d as i64, (-before..n + after).map(from).collect()));
    }
    Ok(all)
}

/// Returns three shapes to repeat a tensor: with a size 1 before each dimension, with that size expanded, and
/// with both merged.
#[doc(hidden)]
pub fn repeated(size: &[usize], repeats: impl IntoShape) -> Result<[Vec<usize>; 3]> {
    let op = "repeat";
    let repeats = shape::shape(op, repeats)?;
    let Some(new) = repeats.len().checked_sub(size.len()) else {
        bail!(shape(
            op,
            "got the repeats {repeats:?}, expected at least one for each dimension of shape {size:?}"
        ));
    };
    // [a, b] becomes [1, a, 1, b], expands to [r, a, s, b], and is reshaped to [r·a, s·b].
    let (mut apart, mut wide, mut joined) = (vec![], vec![], vec![]);
    for (i, &r) in repeats.iter().enumerate() {
        let n = i.checked_sub(new).map_or(1, |d| size[d]);
        apart.extend([1, n]);
        wide.extend([r, n]);
        joined.push(r.saturating_mul(n));
    }
    Ok([apart, wide, shape::shape(op, joined)?])
}

/// Returns the shape with a dimension of `repeats` after `dim`, and the shape with the two merged.
#[doc(hidden)]
pub fn interleaved(size: &[usize], repeats: usize, dim: i64) -> Result<[Vec<usize>; 2]> {
    let op = "repeat_interleave";
    let d = shape::dim(op, dim, size)?;
    let (mut wide, mut joined) = (size.to_vec(), size.to_vec());
    wide.insert(d + 1, repeats);
    joined[d] = joined[d].saturating_mul(repeats);
    Ok([wide, shape::shape(op, joined)?])
}

/// The operations of the family that are composed of other operations, for tensors and variables alike.
#[doc(hidden)]
#[macro_export]
macro_rules! composed_join {
    ($T:ident) => {
        impl $T {
            /// Concatenates tensors of one shape along a new dimension. Their dtypes promote.
            ///
            /// # Shapes
            /// `k` inputs `[..]`, output `[.., k, ..]` with `k` at `dim`.
            ///
            /// # Errors
            /// If there are no tensors, the shapes differ, or `dim` is out of range.
            #[track_caller]
            pub fn stack(tensors: &[impl $crate::AsTensor<Self>], dim: i64) -> Result<Self> {
                let mut parts = Vec::with_capacity(tensors.len());
                for t in tensors {
                    let (t, first) = (t.as_tensor(), tensors[0].as_tensor());
                    $crate::bail_if!(
                        t.size() != first.size(),
                        shape(
                            "stack",
                            "got the shapes {:?} and {:?}, expected equal ones",
                            first.size(),
                            t.size()
                        )
                    );
                    parts.push(t.unsqueeze(dim)?);
                }
                Self::cat(&parts, dim)
            }

            /// Concatenates tensors along the second dimension, or vectors along their only dimension.
            ///
            /// # Errors
            /// If there are no tensors, or the shapes differ in another dimension.
            #[track_caller]
            pub fn hstack(tensors: &[impl $crate::AsTensor<Self>]) -> Result<Self> {
                let parts = Self::at_least(tensors, 1)?;
                Self::cat(&parts, if parts.first().is_some_and(|t| t.dim() > 1) { 1 } else { 0 })
            }

            /// Concatenates tensors along the first dimension; a vector counts as a row.
            ///
            /// # Errors
            /// If there are no tensors, or the shapes differ in another dimension.
            #[track_caller]
            pub fn vstack(tensors: &[impl $crate::AsTensor<Self>]) -> Result<Self> {
                Self::cat(&Self::at_least(tensors, 2)?, 0)
            }

            /// Concatenates tensors along the third dimension.
            ///
            /// # Errors
            /// If there are no tensors, or the shapes differ in another dimension.
            #[track_caller]
            pub fn dstack(tensors: &[impl $crate::AsTensor<Self>]) -> Result<Self> {
                Self::cat(&Self::at_least(tensors, 3)?, 2)
            }

            /// Returns views with at least `rank` dimensions. As in PyTorch, a vector becomes a row `[1, n]`,
            /// and with three dimensions `[1, n, 1]`.
            #[track_caller]
            fn at_least(tensors: &[impl $crate::AsTensor<Self>], rank: usize) -> Result<Vec<Self>> {
                let grown = |t: &Self| match (t.dim(), rank) {
                    (0, _) => t.reshape(vec![1usize; rank]),
                    (1, 2) => t.unsqueeze(0),
                    (1, 3) => t.unsqueeze(0)?.unsqueeze(2),
                    (2, 3) => t.unsqueeze(2),
                    _ => Ok(t.clone()),
                };
                tensors.iter().map(|t| grown(&t.as_tensor())).collect()
            }

            /// Repeats the tensor `repeats[d]` times along each dimension `d`. Additional repeats come first
            /// and add dimensions.
            ///
            /// # Shapes
            /// Input `[a, b]`, repeats `(r, s)`, output `[r·a, s·b]`.
            ///
            /// # Errors
            /// If there are fewer repeats than dimensions, a repeat is negative, or the result would not fit
            /// in memory.
            #[track_caller]
            pub fn repeat(&self, repeats: impl $crate::IntoShape) -> Result<Self> {
                let [apart, wide, joined] = $crate::support::repeated(&self.size(), repeats)?;
                self.reshape(apart)?.expand(wide)?.copy()?.reshape(joined)
            }

            /// Repeats as [`Self::repeat`] does, with a repeat of 1 for each missing leading one.
            ///
            /// # Errors
            /// If a repeat is negative, or the result would not fit in memory.
            #[track_caller]
            pub fn tile(&self, repeats: impl $crate::IntoShape) -> Result<Self> {
                let repeats = $crate::IntoShape::into_sizes(repeats);
                let missing = self.dim().saturating_sub(repeats.len());
                self.repeat([vec![1; missing], repeats].concat())
            }

            /// Repeats each slice along `dim` `repeats` times in a row.
            ///
            /// # Shapes
            /// Input `[.., n, ..]`, output `[.., n·repeats, ..]`.
            ///
            /// # Errors
            /// If `dim` is out of range, or the result would not fit in memory.
            #[track_caller]
            pub fn repeat_interleave(&self, repeats: usize, dim: i64) -> Result<Self> {
                let [wide, joined] = $crate::support::interleaved(&self.size(), repeats, dim)?;
                let after = if dim < 0 { dim } else { dim + 1 };
                self.unsqueeze(after)?.expand(wide)?.copy()?.reshape(joined)
            }

            /// Adds elements before and after each dimension. `pad` has a pair of numbers for the last
            /// dimension, then a pair for the one before it, and so on. Negative numbers remove elements.
            ///
            /// # Shapes
            /// Input `[.., n]`, pad `(before, after)`, output `[.., before + n + after]`.
            ///
            /// # Errors
            /// If there are more pairs than dimensions, a size would be negative, or there are not enough
            /// elements to reflect.
            #[track_caller]
            pub fn pad(&self, pad: impl $crate::IntoShape, mode: $crate::Pad) -> Result<Self> {
                let pad = $crate::IntoShape::into_sizes(pad);
                let padded = $crate::support::pad_indices(&self.size(), &pad, mode)?;
                if let $crate::Pad::Constant(value) = mode {
                    return self.padded(&pad, value);
                }
                if padded.is_empty() {
                    return self.copy();
                }
                let mut y = self.clone();
                for (dim, index) in padded {
                    let n = index.len();
                    y = y.index_select(dim, &$crate::Tensor::from_vec(index, n)?.to(&self.device())?)?;
                }
                Ok(y)
            }

            /// Returns the coordinate grids of vectors, as views: the first grid varies along the first
            /// dimension, and so on. PyTorch's `indexing="ij"`.
            ///
            /// # Shapes
            /// Vectors `[n]`, `[m]`, …, outputs `[n, m, …]`.
            ///
            /// # Errors
            /// If an input has more than one dimension, or the grid has too many elements.
            #[track_caller]
            pub fn meshgrid(vectors: &[impl $crate::AsTensor<Self>]) -> Result<Vec<Self>> {
                let mut size = vec![];
                for v in vectors {
                    let v = v.as_tensor();
                    $crate::bail_if!(
                        v.dim() > 1,
                        shape("meshgrid", "got shape {:?}, expected vectors", v.size())
                    );
                    size.push(v.numel());
                }
                let size = $crate::support::shape("meshgrid", size)?;
                let grid = |(i, v): (usize, &_)| -> Result<Self> {
                    let mut own = vec![1; size.len()];
                    own[i] = size[i];
                    $crate::AsTensor::<Self>::as_tensor(v).reshape(own)?.expand(&size)
                };
                vectors.iter().enumerate().map(grid).collect()
            }
        }
    };
}
composed_join!(Tensor);
