//! The same elements elsewhere: flipped, rolled, of a triangle or a diagonal.

use crate::dtype::with_element;
use crate::{Error, IntoShape, Result, Scalar, Tensor, shape};

impl Tensor {
    /// The elements in reverse order along the second dimension: left and right change places.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    pub fn fliplr(&self) -> Result<Self> {
        self.flip(1)
    }

    /// The elements in reverse order along the first dimension: up and down change places.
    ///
    /// # Errors
    /// When there is no dimension.
    pub fn flipud(&self) -> Result<Self> {
        self.flip(0)
    }

    /// Turned by `k` times 90 degrees in the plane of two dimensions, from the first to the second.
    ///
    /// # Errors
    /// When there are no such dimensions, or they are the same.
    pub fn rot90(&self, k: i64, dims: (i64, i64)) -> Result<Self> {
        let (a, b) = (shape::dim("rot90", dims.0, self.size())?, shape::dim("rot90", dims.1, self.size())?);
        if a == b {
            return Err(Error::shape("rot90", format!("dimensions {dims:?} are the same")));
        }
        match k.rem_euclid(4) {
            1 => self.flip(b)?.transpose(a as i64, b as i64),
            2 => self.flip([a, b]),
            3 => self.flip(a)?.transpose(a as i64, b as i64),
            _ => self.copy(),
        }
    }

    /// A tensor with this one's last dimension on the `diagonal` of matrices in the last two dimensions.
    ///
    /// # Errors
    /// When there is no dimension, or the matrices are too large.
    pub fn diag_embed(&self, diagonal: i64) -> Result<Self> {
        let op = "diag_embed";
        let &[ref batch @ .., n] = self.size() else {
            return Err(Error::shape(op, "a number has no dimension that could be a diagonal"));
        };
        let m = n.saturating_add(usize::try_from(diagonal.unsigned_abs()).unwrap_or(usize::MAX));
        let y = self.like().zeros([batch, &[m, m]].concat())?;
        y.diagonal(diagonal, -2, -1)?.copy_(self)?;
        Ok(y)
    }

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

    /// The indices of the elements on and below a diagonal of a matrix, row by row: `[2, n]`, i64.
    ///
    /// # Errors
    /// When the matrix would not fit in memory.
    pub fn tril_indices(rows: usize, columns: usize, diagonal: i64) -> Result<Self> {
        Self::full((rows, columns), Scalar::Int(1))?.tril(diagonal)?.nonzero()?.t()?.contiguous()
    }

    /// The indices of the elements on and above a diagonal of a matrix, row by row: `[2, n]`, i64.
    ///
    /// # Errors
    /// As [`Tensor::tril_indices`].
    pub fn triu_indices(rows: usize, columns: usize, diagonal: i64) -> Result<Self> {
        Self::full((rows, columns), Scalar::Int(1))?.triu(diagonal)?.nonzero()?.t()?.contiguous()
    }
}
