//! Reading elements at indices.

use crate::dtype::with_element;
use crate::ops::reduce::expect_integer;
use crate::{DType, Error, Result, Tensor, shape};

/// Returns `dim`, counted from the front, and its size. A tensor without dimensions counts as a vector of one
/// element.
pub(crate) fn dimension(op: &'static str, dim: i64, size: &[usize]) -> Result<(usize, usize)> {
    let dim = shape::dim(op, dim, if size.is_empty() { &[1] } else { size })?;
    Ok((dim, size.get(dim).copied().unwrap_or(1)))
}

/// Returns the number of elements before, along and after a dimension. A tensor without dimensions counts as
/// a vector of one element.
pub(crate) fn around(size: &[usize], dim: usize) -> (usize, usize, usize) {
    if size.is_empty() {
        return (1, 1, 1);
    }
    (shape::numel(&size[..dim]), size[dim], shape::numel(&size[dim + 1..]))
}

/// Returns the indices as contiguous i64, checked to be within `size`. With `negative`, negative indices
/// count from the end.
pub(crate) fn indices(
    op: &'static str,
    index: &Tensor,
    dim: usize,
    size: usize,
    negative: bool,
) -> Result<Vec<i64>> {
    expect_integer(op, index.dtype)?;
    let n = size as i64;
    let mut index = index.to_dtype(DType::I64)?.to_vec::<i64>()?;
    for i in &mut index {
        let at = if *i < 0 && negative { *i + n } else { *i };
        if at < 0 || at >= n {
            return Err(Error::Index { op, index: *i, dim, size });
        }
        *i = at;
    }
    Ok(index)
}

/// Returns `index` as a vector of i64, checked to be within `size`. Negative indices count from the end.
#[doc(hidden)]
pub fn index_vector(op: &'static str, index: &Tensor, dim: usize, size: usize) -> Result<Tensor> {
    index.result(indices(op, index, dim, size, true)?, &[index.numel()])
}

/// Returns the size to expand a tensor of this `size` to, and the expanded index, so that both agree in all
/// dimensions except `dim`.
#[doc(hidden)]
pub fn along(op: &'static str, size: &[usize], index: &Tensor, dim: i64) -> Result<(Vec<usize>, Tensor)> {
    let (d, n) = dimension(op, dim, size)?;
    bail_if!(
        index.dim() != size.len(),
        shape(op, "index has shape {:?}, expected as many dimensions as {size:?}", index.size())
    );
    let checked = index_vector(op, index, d, n)?.reshape(index.size())?;
    if size.is_empty() {
        return Ok((vec![], checked));
    }
    let (mut own, mut at) = (size.to_vec(), index.size().to_vec());
    (own[d], at[d]) = (1, 1);
    let mut all = shape::broadcast(op, &own, &at)?;
    all[d] = index.size()[d];
    let checked = checked.expand(&all)?;
    all[d] = n;
    Ok((all, checked))
}

/// Returns the position in a contiguous tensor of this `size` for each index of `gather` and similar
/// operations: the index along `dim`, and the index's own coordinates along the other dimensions.
pub(crate) fn offsets<'a>(
    index: &'a [i64],
    index_size: &'a [usize],
    size: &'a [usize],
    dim: usize,
) -> impl Iterator<Item = usize> + 'a {
    let strides = crate::cpu::strided::contiguous_strides(size);
    let mut at = vec![0usize; size.len()];
    index.iter().map(move |&i| {
        let along = |d: usize| if d == dim { i as usize } else { at[d] };
        let offset = (0..size.len()).map(|d| along(d) * strides[d]).sum();
        for d in (0..size.len().min(index_size.len())).rev() {
            at[d] += 1;
            if at[d] < index_size[d] {
                break;
            }
            at[d] = 0;
        }
        offset
    })
}

impl Tensor {
    /// Checks an index of `gather` and `scatter`: it must have as many dimensions as `self`, and no larger
    /// size except along `dim`.
    pub(super) fn expect_index(&self, op: &'static str, dim: usize, index: &Self) -> Result<()> {
        let fits = self.dim().max(1) == index.dim().max(1)
            && (0..self.dim()).all(|d| d == dim || index.size()[d] <= self.size()[d]);
        if fits || index.numel() == 0 {
            return Ok(());
        }
        bail!(shape(
            op,
            "index has shape {:?} and the tensor {:?}, expected as many dimensions and no larger size except in dimension {dim}",
            index.size(),
            self.size()
        ))
    }

    /// Returns the elements at `index` along `dim`. For `dim` 1 of a matrix, `out[i][j] =
    /// self[i][index[i][j]]`.
    ///
    /// # Shapes
    /// `index` has as many dimensions as `self`, and no larger size except along `dim`. The output has the
    /// shape of `index`.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, or the shapes do not fit.
    pub fn gather(&self, dim: i64, index: &Self) -> Result<Self> {
        let op = "gather";
        let (dim, n) = dimension(op, dim, self.size())?;
        self.expect_index(op, dim, index)?;
        let at = indices(op, index, dim, n, false)?;
        let y = with_element!(self.dtype, T => Self::compute::<T, T>(op, &[self], index.size(), |x, y| {
            let offsets = offsets(&at, index.size(), self.size(), dim);
            y.iter_mut().zip(offsets).for_each(|(y, offset)| *y = x[0][offset]);
        }))?;
        Ok(y.stored_as(self.dtype))
    }

    /// Returns the slices at `index`, a vector of integers, along `dim`.
    ///
    /// # Shapes
    /// Input `[.., n, ..]`, index `[m]`, output `[.., m, ..]`.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, or `index` is not a vector.
    pub fn index_select(&self, dim: i64, index: &Self) -> Result<Self> {
        let op = "index_select";
        let (dim, n) = dimension(op, dim, self.size())?;
        bail_if!(index.dim() > 1, shape(op, "index has shape {:?}, expected a vector", index.size()));
        let at = indices(op, index, dim, n, false)?;
        match (self.dim(), at.len()) {
            (0, 1) => self.copy(),
            (0, n) => Err(Error::shape(
                op,
                format!("got {n} indices into a tensor without dimensions, expected one"),
            )),
            _ => self.slices_at(op, dim, &at),
        }
    }

    /// Returns the slices at indices that have been checked.
    pub(crate) fn slices_at(&self, op: &'static str, dim: usize, at: &[i64]) -> Result<Self> {
        let (outer, n, inner) = around(self.size(), dim);
        let mut size = self.size().to_vec();
        size[dim] = at.len();
        let size = shape::new_shape(op, size)?;
        let y = with_element!(self.dtype, T => Self::make::<T, T>(op, &[self], &size, |x| {
            let mut y = Vec::with_capacity(shape::numel(&size));
            for o in 0..outer {
                for &i in at {
                    y.extend_from_slice(&x[0][(o * n + i as usize) * inner..][..inner]);
                }
            }
            y
        }))?;
        Ok(y.stored_as(self.dtype))
    }

    /// Returns the rows of the table `self` at `index`. No gradient flows to the row `padding_idx`.
    ///
    /// # Shapes
    /// Table `[rows, size]`, index `[..]`, output `[.., size]`.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, or the table does not have two dimensions.
    pub fn embedding(&self, index: &Self, padding_idx: Option<usize>) -> Result<Self> {
        let op = "embedding";
        let &[rows, width] = self.size() else {
            bail!(shape(op, "weight has shape {:?}, expected [rows, size]", self.size()));
        };
        if let Some(row) = padding_idx.filter(|&row| row >= rows) {
            bail!(value(op, "padding_idx is {row}, expected less than the {rows} rows"));
        }
        let size = [index.size(), &[width]].concat();
        self.index_select(0, &index.reshape(-1)?)?.reshape(size)
    }

    /// Returns a one-hot vector for each index: 1 at the index, else 0.
    ///
    /// # Shapes
    /// Input `[..]`, output `[.., classes]`.
    ///
    /// # Errors
    /// If an index is out of range or not an integer.
    pub fn one_hot(&self, classes: usize) -> Result<Self> {
        let at = indices("one_hot", self, self.dim(), classes, false)?;
        let size = shape::new_shape("one_hot", [self.size(), &[classes]].concat())?;
        let mut y = vec![0i64; shape::numel(&size)];
        for (row, i) in at.into_iter().enumerate() {
            y[row * classes + i as usize] = 1;
        }
        self.result(y, &size)
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_index {
    ($T:ident) => {
        impl $T {
            /// Returns the elements at positions among all elements in row-major order. Negative positions
            /// count from the end.
            ///
            /// # Shapes
            /// The output has the shape of `index`.
            ///
            /// # Errors
            /// If a position is out of range or not an integer.
            #[track_caller]
            pub fn take(&self, index: &$crate::Tensor) -> Result<Self> {
                let at = $crate::support::index_vector("take", index, 0, self.numel())?;
                self.reshape(-1)?.index_select(0, &at)?.reshape(index.size())
            }

            /// Returns the elements at `index` along `dim`, like [`Self::gather`], but the other dimensions
            /// of both broadcast, and negative indices count from the end. Use it with the results of
            /// `argsort` and [`Self::argmax`].
            ///
            /// # Errors
            /// If an index is out of range or not an integer, or the shapes do not fit.
            #[track_caller]
            pub fn take_along_dim(&self, index: &$crate::Tensor, dim: i64) -> Result<Self> {
                let (size, index) = $crate::support::along("take_along_dim", &self.size(), index, dim)?;
                self.expand(size)?.gather(dim, &index)
            }
        }
    };
}
composed_index!(Tensor);
