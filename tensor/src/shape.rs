//! Shapes and lists of dimensions as arguments: integers, tuples, arrays, slices and vectors.

use std::fmt;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::{Error, Result};

/// The sizes of a tensor, one per dimension: PyTorch's `torch.Size`. It dereferences to a slice, and does not
/// allocate for up to four dimensions.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Shape(SmallVec<[usize; 4]>);

impl Deref for Shape {
    type Target = [usize];
    fn deref(&self) -> &[usize] {
        &self.0
    }
}

impl std::ops::DerefMut for Shape {
    fn deref_mut(&mut self) -> &mut [usize] {
        &mut self.0
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&[usize]> for Shape {
    fn from(sizes: &[usize]) -> Self {
        Self(SmallVec::from_slice(sizes))
    }
}

impl<S: AsRef<[usize]> + ?Sized> PartialEq<S> for Shape {
    fn eq(&self, other: &S) -> bool {
        **self == *other.as_ref()
    }
}

impl<'a> IntoIterator for &'a Shape {
    type Item = &'a usize;
    type IntoIter = std::slice::Iter<'a, usize>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

/// A shape or a list of dimensions as an argument: an integer, a tuple, an array, a slice or a vector of
/// integers, or `()` for none. A negative dimension counts from the end. A size of -1 in
/// [`Tensor::reshape`](crate::Tensor::reshape) is inferred from the other sizes.
pub trait IntoShape {
    /// Returns the numbers, in order.
    fn into_sizes(self) -> Vec<i64>;
}

/// An integer type of sizes and dimensions.
pub trait Size: Copy {
    /// Returns the value. A value too large for `i64` becomes `i64::MAX`, a size that no memory holds.
    fn size(self) -> i64;
}

macro_rules! size {
    ($($t:ty),*) => {$(
        impl Size for $t {
            fn size(self) -> i64 {
                i64::try_from(self).unwrap_or(i64::MAX)
            }
        }
    )*};
}
size!(usize, isize, u32, i32, u64, i64);

impl<S: Size> IntoShape for S {
    fn into_sizes(self) -> Vec<i64> {
        vec![self.size()]
    }
}

macro_rules! tuples {
    ($($name:ident)*) => {
        impl<$($name: Size),*> IntoShape for ($($name,)*) {
            #[allow(non_snake_case)]
            fn into_sizes(self) -> Vec<i64> {
                let ($($name,)*) = self;
                vec![$($name.size()),*]
            }
        }
        tuples!(@shorter $($name)*);
    };
    (@shorter) => {};
    (@shorter $first:ident $($rest:ident)*) => { tuples!($($rest)*); };
}
tuples!(A B C D E F);

macro_rules! slices {
    ($([$($g:tt)*] $t:ty),*) => {$(
        impl<$($g)*> IntoShape for $t {
            fn into_sizes(self) -> Vec<i64> {
                self.iter().map(|s| s.size()).collect()
            }
        }
    )*};
}
slices!([S: Size] &[S], [S: Size] Vec<S>, [S: Size] &Vec<S>, [] Shape, [] &Shape);
slices!([S: Size, const N: usize] [S; N], [S: Size, const N: usize] &[S; N]);

/// The maximum number of dimensions of a tensor, as in PyTorch.
pub(crate) const MAX_RANK: usize = 64;

/// Checks that a tensor can have `rank` dimensions.
pub(crate) fn expect_rank(op: &'static str, rank: usize) -> Result<()> {
    if rank <= MAX_RANK {
        return Ok(());
    }
    Err(Error::shape(op, format!("got {rank} dimensions, expected at most {MAX_RANK}")))
}

/// Checks that no size is negative and that the byte count fits in `isize`.
pub fn shape(op: &'static str, sizes: impl IntoShape) -> Result<Vec<usize>> {
    let sizes = sizes.into_sizes();
    expect_rank(op, sizes.len())?;
    let dims: Option<Vec<usize>> = sizes.iter().map(|&s| usize::try_from(s).ok()).collect();
    let dims = dims
        .ok_or_else(|| Error::shape(op, format!("got the sizes {sizes:?}, expected none to be negative")))?;
    expect_countable(op, &dims)?;
    Ok(dims)
}

/// Checks that the byte count of a tensor of these sizes fits in `isize`.
fn expect_countable(op: &'static str, dims: &[usize]) -> Result<()> {
    // An element has at most 8 bytes, and an allocation at most `isize::MAX`. A size of 0 counts as 1, so
    // that the strides of an empty tensor fit as well.
    let bytes = dims.iter().try_fold(8usize, |n, &d| n.checked_mul(d.max(1)));
    if bytes.is_some_and(|b| b <= isize::MAX as usize) {
        return Ok(());
    }
    Err(Error::shape(op, format!("got the sizes {dims:?}, expected fewer elements than memory can hold")))
}

/// Checks sizes as [`shape`] does, and that memory for a tensor of them can be allocated.
pub(crate) fn new_shape(op: &'static str, sizes: impl IntoShape) -> Result<Vec<usize>> {
    let sizes = shape(op, sizes)?;
    room::<u64>(op, numel(&sizes))?;
    Ok(sizes)
}

/// Checks that memory for `n` elements of type `T` can be allocated. `Vec` aborts when allocation fails; this
/// returns an error.
pub(crate) fn room<T>(op: &'static str, n: usize) -> Result<()> {
    let bytes = n.saturating_mul(size_of::<T>());
    if bytes < 1 << 28 {
        return Ok(());
    }
    // The system does not commit memory that is never touched.
    let mut probe = Vec::<u8>::new();
    let there = probe.try_reserve_exact(bytes).is_ok();
    std::hint::black_box(&probe);
    if there {
        Ok(())
    } else {
        Err(Error::value(op, format!("got {n} elements, expected fewer: they do not fit in memory")))
    }
}

/// Returns the index of dimension `dim` in this shape. A negative `dim` counts from the end.
pub fn dim(op: &'static str, dim: i64, shape: &[usize]) -> Result<usize> {
    let rank = shape.len() as i64;
    match dim {
        d if (0..rank).contains(&d) => Ok(d as usize),
        d if (-rank..0).contains(&d) => Ok((d + rank) as usize),
        _ => Err(Error::Dim { op, dim, shape: shape.to_vec() }),
    }
}

/// Returns a set of dimensions in ascending order. Each may be given once.
pub(crate) fn dims(op: &'static str, dims: impl IntoShape, shape: &[usize]) -> Result<Vec<usize>> {
    let mut dims = dims.into_sizes();
    if shape.is_empty() {
        dims.retain(|d| !(-1..=0).contains(d)); // PyTorch allows dimensions 0 and -1 of a scalar
    }
    let mut out = dims.into_iter().map(|d| dim(op, d, shape)).collect::<Result<Vec<_>>>()?;
    out.sort_unstable();
    if let Some(w) = out.windows(2).find(|w| w[0] == w[1]) {
        bail!(shape(op, "got dimension {} more than once, expected each once", w[0]));
    }
    Ok(out)
}

/// Returns the shape that two shapes broadcast to. They are aligned at the last dimension; sizes must be
/// equal, or one of them 1.
pub fn broadcast(op: &'static str, a: &[usize], b: &[usize]) -> Result<Vec<usize>> {
    let rank = a.len().max(b.len());
    let at = |s: &[usize], i: usize| if i + s.len() < rank { 1 } else { s[i + s.len() - rank] };
    let dims = (0..rank)
        .map(|i| match (at(a, i), at(b, i)) {
            (m, n) if m == n || n == 1 => Ok(m),
            (1, n) => Ok(n),
            (m, n) => bail!(shape(
                op,
                "shapes {a:?} and {b:?} do not broadcast: sizes {m} and {n} at dimension {i} of the \
                     result must be equal, or one of them 1"
            )),
        })
        .collect::<Result<Vec<_>>>()?;
    expect_countable(op, &dims)?;
    Ok(dims)
}

/// Returns the number of elements.
pub(crate) fn numel(shape: &[usize]) -> usize {
    shape.iter().product()
}
