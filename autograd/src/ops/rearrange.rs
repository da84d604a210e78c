//! The same elements elsewhere: flipped, rolled, of a triangle or a diagonal.

use smallvec::smallvec;
use taper_tensor::{Error, IntoShape};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The sum of a matrix's diagonal.
    ///
    /// # Errors
    /// When there are not two dimensions.
    #[track_caller]
    pub fn trace(&self) -> Result<Self> {
        if self.dim() != 2 {
            return Err(Error::shape("trace", format!("shape {:?} is no matrix", self.size())).into());
        }
        self.diagonal(0, 0, 1)?.sum()
    }

    /// The diagonal of a matrix, `offset` columns to the right; or a matrix of zeros with this vector
    /// on that diagonal.
    ///
    /// # Errors
    /// When there are neither one nor two dimensions.
    #[track_caller]
    pub fn diag(&self, offset: i64) -> Result<Self> {
        let size = self.size();
        let (down, right) = ((-offset).max(0) as usize, offset.max(0) as usize);
        let places = |count: usize, columns: usize| {
            self.indices((0..count).map(|i| ((i + down) * columns + i + right) as i64).collect())
        };
        match size[..] {
            [n] => {
                let m = n + down + right;
                let zeros = Self::new(self.data().like().zeros(m * m)?);
                zeros.index_add(0, &places(n, m)?, self)?.reshape((m, m))
            }
            [rows, columns] => {
                let count = rows.saturating_sub(down).min(columns.saturating_sub(right));
                self.reshape(rows * columns)?.index_select(0, &places(count, columns)?)
            }
            _ => Err(Error::shape(
                "diag",
                format!("input has shape {:?}, expected a vector or a matrix", &size[..]),
            )
            .into()),
        }
    }

    /// The elements in reverse order along some dimensions.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn flip(&self, dims: impl IntoShape) -> Result<Self> {
        let mut y = self.clone();
        for dim in dims.into_sizes() {
            let n = self.data().size_of(dim)? as i64;
            y = y.index_select(dim, &self.indices((0..n).rev().collect())?)?;
        }
        Ok(y)
    }

    /// The elements moved by `shifts` along dimensions, one for each; those pushed out at the end come in
    /// at the beginning. Without a dimension, the elements in their order.
    ///
    /// # Errors
    /// When there is no such dimension, or there are not as many shifts as dimensions.
    #[track_caller]
    pub fn roll(&self, shifts: impl IntoShape, dims: impl IntoShape) -> Result<Self> {
        let (shifts, dims) = (shifts.into_sizes(), dims.into_sizes());
        let y = self.data().roll(&shifts, &dims)?;
        let back: Vec<i64> = shifts.iter().map(|s| s.saturating_neg()).collect();
        record("Roll", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.roll(back.as_slice(), dims.as_slice())?)]))
    }

    /// The elements on and below a diagonal of the matrices in the last two dimensions, `diagonal`
    /// columns to the right; zeros elsewhere.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    #[track_caller]
    pub fn tril(&self, diagonal: i64) -> Result<Self> {
        let y = self.data().tril(diagonal)?;
        record("Tril", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.tril(diagonal)?)]))
    }

    /// The elements on and above a diagonal; see [`Variable::tril`].
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    #[track_caller]
    pub fn triu(&self, diagonal: i64) -> Result<Self> {
        let y = self.data().triu(diagonal)?;
        record("Triu", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.triu(diagonal)?)]))
    }
}
