//! The same elements elsewhere: flipped, rolled, of a triangle or a diagonal.

use crate::dtype::with_element;
use crate::{IntoShape, Result, Scalar, Tensor, shape};

impl Tensor {
    /// Returns matrices `[.., m, m]` of zeros with the last dimension `[.., n]` on their `diagonal`.
    ///
    /// # Errors
    /// When there is no dimension, or the matrices are too large.
    pub fn diag_embed(&self, diagonal: i64) -> Result<Self> {
        let op = "diag_embed";
        let &[ref batch @ .., n] = self.size() else {
            bail!(shape(op, "expected at least one dimension, got a number"));
        };
        let m = n.saturating_add(usize::try_from(diagonal.unsigned_abs()).unwrap_or(usize::MAX));
        let y = self.like().zeros([batch, &[m, m]].concat())?;
        y.diagonal(diagonal, -2, -1)?.copy_(self)?;
        Ok(y)
    }

    /// Returns the elements in reverse order along some dimensions.
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

    /// Returns the elements moved by `shifts` along dimensions, one for each; those that leave at the end
    /// come in at the start. Without a dimension, all elements are moved as one row.
    ///
    /// # Errors
    /// When there is no such dimension, or there are not as many shifts as dimensions.
    pub fn roll(&self, shifts: impl IntoShape, dims: impl IntoShape) -> Result<Self> {
        let (shifts, dims) = (shifts.into_sizes(), dims.into_sizes());
        if dims.is_empty() && shifts.len() == 1 {
            return self.reshape(-1)?.roll(shifts, 0)?.reshape(self.size());
        }
        bail_if!(
            shifts.len() != dims.len() || dims.is_empty(),
            shape("roll", "{} shifts of {} dimensions", shifts.len(), dims.len())
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

    /// Returns the lower triangle of each matrix `[.., n, m]`, up to `diagonal` (0 is the main one), with
    /// zeros above.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    pub fn tril(&self, diagonal: i64) -> Result<Self> {
        self.triangle("tril", |row, column| i128::from(column) - i128::from(row) <= diagonal.into())
    }

    /// Returns the upper triangle of each matrix `[.., n, m]`, from `diagonal` on, with zeros below.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    pub fn triu(&self, diagonal: i64) -> Result<Self> {
        self.triangle("triu", |row, column| i128::from(column) - i128::from(row) >= diagonal.into())
    }

    fn triangle(&self, op: &'static str, keep: impl Fn(i64, i64) -> bool) -> Result<Self> {
        let [.., rows, columns] = *self.size() else {
            bail!(shape(op, "shape {:?} has fewer than 2 dimensions", self.size()));
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

    /// Returns the indices of the elements on and below a diagonal of a matrix, row by row: `[2, n]`, i64.
    ///
    /// # Errors
    /// When the matrix would not fit in memory.
    pub fn tril_indices(rows: usize, columns: usize, diagonal: i64) -> Result<Self> {
        Self::full((rows, columns), Scalar::Int(1))?.tril(diagonal)?.nonzero()?.t()?.contiguous()
    }

    /// Returns the indices of the elements on and above a diagonal of a matrix, row by row: `[2, n]`, i64.
    ///
    /// # Errors
    /// As [`Tensor::tril_indices`].
    pub fn triu_indices(rows: usize, columns: usize, diagonal: i64) -> Result<Self> {
        Self::full((rows, columns), Scalar::Int(1))?.triu(diagonal)?.nonzero()?.t()?.contiguous()
    }
}

/// Returns the flat positions of the elements on a diagonal of a matrix.
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
            /// Returns the elements in reverse order along the second dimension: left and right change places.
            ///
            /// # Errors
            /// When there are fewer than two dimensions.
            #[track_caller]
            pub fn fliplr(&self) -> Result<Self> {
                self.flip(1)
            }

            /// Returns the elements in reverse order along the first dimension: up and down change places.
            ///
            /// # Errors
            /// When there is no dimension.
            #[track_caller]
            pub fn flipud(&self) -> Result<Self> {
                self.flip(0)
            }

            /// Returns the elements turned by `k` times 90 degrees in the plane of two dimensions, from the
            /// first to the second.
            ///
            /// # Errors
            /// When there are no such dimensions, or they are the same.
            #[track_caller]
            pub fn rot90(&self, k: i64, dims: (i64, i64)) -> Result<Self> {
                let (op, size) = ("rot90", self.size());
                let a = $crate::support::dim(op, dims.0, &size)?;
                let b = $crate::support::dim(op, dims.1, &size)?;
                $crate::bail_if!(a == b, shape(op, "dimensions {dims:?} are the same"));
                match k.rem_euclid(4) {
                    1 => self.flip(b)?.transpose(a as i64, b as i64),
                    2 => self.flip([a, b]),
                    3 => self.flip(a)?.transpose(a as i64, b as i64),
                    _ => self.copy(),
                }
            }

            /// Returns a matrix of zeros with this vector on its `diagonal`, or the diagonal of this matrix as
            /// a vector.
            ///
            /// # Errors
            /// When there are neither one nor two dimensions.
            #[track_caller]
            pub fn diag(&self, diagonal: i64) -> Result<Self> {
                match self.size()[..] {
                    [_] => self.diag_embed(diagonal),
                    [rows, columns] => {
                        let positions = $crate::support::diagonal_positions(rows, columns, diagonal)?;
                        self.reshape(-1)?.index_select(0, &positions.to(&self.device())?)
                    }
                    ref size => {
                        $crate::bail!(shape("diag", "expected a vector or a matrix, got shape {size:?}"))
                    }
                }
            }

            /// Returns the sum of a matrix's diagonal.
            ///
            /// # Errors
            /// When there are not two dimensions.
            #[track_caller]
            pub fn trace(&self) -> Result<Self> {
                $crate::bail_if!(
                    self.dim() != 2,
                    shape("trace", "expected a matrix, got shape {:?}", self.size())
                );
                self.diag(0)?.sum()
            }
        }
    };
}
composed_rearrange!(Tensor);
