//! Rearrangements: flips, rolls, rotations, triangles and diagonals.

use taper_tensor::IntoShape;

use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Returns matrices `[.., m, m]` of zeros with the last dimension `[.., n]` on their `diagonal`.
        pub fn diag_embed(&self, diagonal: i64) -> Result<Self>
            = linear_in("DiagEmbed", move |g| g.diagonal(diagonal, -2, -1));
        /// Returns the lower triangle of each matrix `[.., n, m]`: the elements up to `diagonal`, where 0 is
        /// the main one, and zeros above it.
        pub fn tril(&self, diagonal: i64) -> Result<Self> = linear_in("Tril", move |g| g.tril(diagonal));
        /// Returns the upper triangle of each matrix `[.., n, m]`: the elements from `diagonal` on, and zeros
        /// below it.
        pub fn triu(&self, diagonal: i64) -> Result<Self> = linear_in("Triu", move |g| g.triu(diagonal));

        /// Returns the elements in reverse order along `dims`.
        pub fn flip(&self, dims: impl IntoShape) -> Result<Self> {
            let dims = dims.into_sizes();
            self.linear_in(self.tensor().flip(&dims)?, "Flip", move |g| g.flip(&dims))
        }

        /// Returns the elements moved cyclically by `shifts` along `dims`, one shift for each. Without
        /// dimensions, all elements are moved in row-major order.
        pub fn roll(&self, shifts: impl IntoShape, dims: impl IntoShape) -> Result<Self> {
            let (shifts, dims) = (shifts.into_sizes(), dims.into_sizes());
            let back: Vec<i64> = shifts.iter().map(|s| s.saturating_neg()).collect();
            self.linear_in(self.tensor().roll(shifts, &dims)?, "Roll", move |g| g.roll(&back, &dims))
        }
    }
}

taper_tensor::composed_rearrange!(Variable);
