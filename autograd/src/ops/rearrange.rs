//! The same elements elsewhere: flipped, rolled, of a triangle or a diagonal.

use taper_tensor::IntoShape;

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Returns matrices `[.., m, m]` of zeros with the last dimension `[.., n]` on their `diagonal`.
    ///
    /// # Errors
    /// When there is no dimension, or the matrices are too large.
    #[track_caller]
    pub fn diag_embed(&self, diagonal: i64) -> Result<Self> {
        let y = self.tensor().diag_embed(diagonal)?;
        record("DiagEmbed", &[self]).unary(y, move |g, _| g.diagonal(diagonal, -2, -1))
    }

    /// Returns the elements in reverse order along some dimensions.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    #[track_caller]
    pub fn flip(&self, dims: impl IntoShape) -> Result<Self> {
        let dims = dims.into_sizes();
        record("Flip", &[self]).unary(self.tensor().flip(&dims)?, move |g, _| g.flip(&dims))
    }

    /// Returns the elements moved by `shifts` along dimensions, one for each; those that leave at the end
    /// come in at the start. Without a dimension, all elements are moved as one row.
    ///
    /// # Errors
    /// When there is no such dimension, or there are not as many shifts as dimensions.
    #[track_caller]
    pub fn roll(&self, shifts: impl IntoShape, dims: impl IntoShape) -> Result<Self> {
        let (shifts, dims) = (shifts.into_sizes(), dims.into_sizes());
        let back: Vec<i64> = shifts.iter().map(|s| s.saturating_neg()).collect();
        record("Roll", &[self]).unary(self.tensor().roll(shifts, &dims)?, move |g, _| g.roll(&back, &dims))
    }

    /// Returns the lower triangle of each matrix `[.., n, m]`, up to `diagonal` (0 is the main one), with
    /// zeros above.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    #[track_caller]
    pub fn tril(&self, diagonal: i64) -> Result<Self> {
        record("Tril", &[self]).unary(self.tensor().tril(diagonal)?, move |g, _| g.tril(diagonal))
    }

    /// Returns the upper triangle of each matrix `[.., n, m]`, from `diagonal` on, with zeros below.
    ///
    /// # Errors
    /// When there are fewer than two dimensions.
    #[track_caller]
    pub fn triu(&self, diagonal: i64) -> Result<Self> {
        record("Triu", &[self]).unary(self.tensor().triu(diagonal)?, move |g, _| g.triu(diagonal))
    }
}

taper_tensor::composed_rearrange!(Variable);
