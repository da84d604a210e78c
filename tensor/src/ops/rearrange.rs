//! Rearrangements: flips, rolls, rotations, triangles and diagonals.

use crate::dtype::with_element;
use crate::{IntoShape, Result, Scalar, Tensor, shape};

impl Tensor {
    /// Returns matrices of zeros with the last dimension of `self` on their `diagonal`.
    ///
    /// # Shapes
    /// Input `[.., n]`, output `[.., m, m]` with `m = n + |diagonal|`.
    ///
    /// # Errors
    /// If there are no dimensions, or the matrices are too large.
    pub fn diag_embed(&self, diagonal: i64) -> Result<Self> {
        let op = "diag_embed";
        let &[ref batch @ .., n] = self.size() else {
            bail!(shape(op, "got a tensor without dimensions, expected at least one"));
        };
        let m = n.saturating_add(usize::try_from(diagonal.unsigned_abs()).unwrap_or(usize::MAX));
        let y = self.like().zeros([batch, &[m, m]].concat())?;
        y.diagonal(diagonal, -2, -1)?.copy_(self)?;
        Ok(y)
    }

    /// Returns the elements in reverse order along `dims`.
    ///
    /// # Errors
    /// If a dimension is out of range or given twice.
    pub fn flip(&self, dims: impl IntoShape) -> Result<Self> {
        shape::room::<u64>("flip", self.numel())?;
        let mut y = self.clone();
        for d in shape::dims("flip", dims, self.size())? {
            let order: Vec<i64> = (0..self.size()[d] as i64).rev().collect();
            y = y.slices_at("flip", d, &order)?;
        }
        if y.shares_storage(self) { y.copy() } else { Ok(y) }
    }

    /// Returns the elements moved cyclically by `shifts` along `dims`, one shift for each. Without
    /// dimensions, all elements are moved in row-major order.
    ///
    /// # Errors
    /// If a dimension is out of range, or there are not as many shifts as dimensions.
    pub fn roll(&self, shifts: impl IntoShape, dims: impl IntoShape) -> Result<Self> {
        let (shifts, dims) = (shifts.into_sizes(), dims.into_sizes());
        if dims.is_empty() && shifts.len() == 1 {
            return self.reshape(-1)?.roll(shifts, 0)?.reshape(self.size());
        }
        bail_if!(
            shifts.len() != dims.len() || dims.is_empty(),
            shape("roll", "got {} shifts for {} dimensions, expected one for each", shifts.len(), dims.len())
        );
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

    /// Returns the lower triangle of each matrix `[.., n, m]`: the elements up to `diagonal`, where 0 is the
    /// main one, and zeros above it.
    ///
    /// # Errors
    /// If there are fewer than two dimensions.
    pub fn tril(&self, diagonal: i64) -> Result<Self> {
        self.triangle("tril", |row, column| i128::from(column) - i128::from(row) <= diagonal.into())
    }

    /// Returns the upper triangle of each matrix `[.., n, m]`: the elements from `diagonal` on, where 0 is
    /// the main one, and zeros below it.
    ///
    /// # Errors
    /// If there are fewer than two dimensions.
    pub fn triu(&self, diagonal: i64) -> Result<Self> {
        self.triangle("triu", |row, column| i128::from(column) - i128::from(row) >= diagonal.into())
    }

    fn triangle(&self, op: &'static str, keep: impl Fn(i64, i64) -> bool) -> Result<Self> {
        let [.., rows, columns] = *self.size() else {
            bail!(shape(op, "got shape {:?}, expected at least 2 dimensions", self.size()));
        };
        let y = with_element!(self.dtype, T => Self::compute::<T, T>(op, &[self], self.size(), |x, y| {
            for (i, (y, &x)) in y.iter_mut().zip(x[0]).enumerate() {
                if keep((i / columns % rows) as i64, (i % columns) as i64) {
                    *y = x;
                }
            }
        }))?;
        Ok(y.stored_as(self.dtype))
    }

    /// Returns the int64 indices of the elements on and below a diagonal of a matrix, row by row: `[2, n]`.
    ///
    /// # Errors
    /// If the matrix would not fit in memory.
    pub fn tril_indices(rows: usize, columns: usize, diagonal: i64) -> Result<Self> {
        Self::full((rows, columns), Scalar::Int(1))?.tril(diagonal)?.nonzero()?.t()?.contiguous()
    }

    /// Returns the int64 indices of the elements on and above a diagonal of a matrix, row by row: `[2, n]`.
    ///
    /// # Errors
    /// If the matrix would not fit in memory.
    pub fn triu_indices(rows: usize, columns: usize, diagonal: i64) -> Result<Self> {
        Self::full((rows, columns), Scalar::Int(1))?.triu(diagonal)?.nonzero()?.t()?.contiguous()
    }
}

/// Returns the positions, in row-major order, of the elements on a diagonal of a matrix.
#[doc(hidden)]
pub fn diagonal_positions(rows: usize, columns: usize, diagonal: i64) -> Result<Tensor> {
    let shift = usize::try_from(diagonal.unsigned_abs()).unwrap_or(usize::MAX);
    let (down, right) = if diagonal < 0 { (shift, 0) } else { (0, shift) };
    let n = rows.saturating_sub(down).min(columns.saturating_sub(right));
    Tensor::from_vec((0..n).map(|i| ((i + down) * columns + i + right) as i64).collect(), n)
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_rearrange {
    ($T:ident) => {
        impl $T {
            /// Returns the elements in reverse order along the second dimension, swapping left and right.
            ///
            /// # Errors
            /// If there are fewer than two dimensions.
            #[track_caller]
            pub fn fliplr(&self) -> Result<Self> {
                self.flip(1)
            }

            /// Returns the elements in reverse order along the first dimension, swapping up and down.
            ///
            /// # Errors
            /// If there are no dimensions.
            #[track_caller]
            pub fn flipud(&self) -> Result<Self> {
                self.flip(0)
            }

            /// Rotates the elements by `k` times 90 degrees in the plane of two dimensions, from the first
            /// towards the second.
            ///
            /// # Errors
            /// If a dimension is out of range, or both are the same.
            #[track_caller]
            pub fn rot90(&self, k: i64, dims: (i64, i64)) -> Result<Self> {
                let (op, size) = ("rot90", self.size());
                let a = $crate::support::dim(op, dims.0, &size)?;
                let b = $crate::support::dim(op, dims.1, &size)?;
                $crate::bail_if!(
                    a == b,
                    shape(op, "got the dimensions {dims:?}, expected two different ones")
                );
                match k.rem_euclid(4) {
                    1 => self.flip(b)?.transpose(a as i64, b as i64),
                    2 => self.flip([a, b]),
                    3 => self.flip(a)?.transpose(a as i64, b as i64),
                    _ => self.copy(),
                }
            }

            /// Returns a matrix of zeros with this vector on its `diagonal`, or the diagonal of this matrix
            /// as a vector.
            ///
            /// # Shapes
            /// Input `[n]`, output `[n + |diagonal|, n + |diagonal|]`; or input `[n, m]`, output `[k]`.
            ///
            /// # Errors
            /// If the tensor is neither a vector nor a matrix.
            #[track_caller]
            pub fn diag(&self, diagonal: i64) -> Result<Self> {
                match self.size()[..] {
                    [_] => self.diag_embed(diagonal),
                    [rows, columns] => {
                        let positions = $crate::support::diagonal_positions(rows, columns, diagonal)?;
                        self.reshape(-1)?.index_select(0, &positions.to(&self.device())?)
                    }
                    ref size => {
                        $crate::bail!(shape("diag", "got shape {size:?}, expected a vector or a matrix"))
                    }
                }
            }

            /// Returns the sum of the diagonal of a matrix.
            ///
            /// # Errors
            /// If the tensor is not a matrix.
            #[track_caller]
            pub fn trace(&self) -> Result<Self> {
                $crate::bail_if!(
                    self.dim() != 2,
                    shape("trace", "got shape {:?}, expected a matrix", self.size())
                );
                self.diag(0)?.sum()
            }
        }
    };
}
composed_rearrange!(Tensor);
