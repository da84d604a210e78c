//! Inverse, determinant, systems of equations, Cholesky's root. `G` is the output's gradient.

use smallvec::smallvec;

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The inverse Y of a square matrix: `dX = -Yᵀ G Yᵀ`.
    ///
    /// # Errors
    /// When the matrix is not square, or has no inverse.
    #[track_caller]
    pub fn inverse(&self) -> Result<Self> {
        let y = self.data().inverse()?;
        record("Inverse", &[self]).saves_output().output(y, |ctx| {
            let y = ctx.output(0)?.mt()?;
            Ok(smallvec![Some(y.matmul(&ctx.grad()?)?.matmul(&y)?.neg()?)])
        })
    }

    /// The determinant of a square matrix: `dX = G det(X) X⁻ᵀ`.
    ///
    /// # Errors
    /// When the matrix is not square; in the gradient, when it has no inverse.
    #[track_caller]
    pub fn det(&self) -> Result<Self> {
        let (y, x) = (self.data().det()?, self.save());
        record("Det", &[self]).saves_output().output(y, move |ctx| {
            let scale = ctx.grad()?.mul(ctx.output(0)?)?.unsqueeze(-1)?.unsqueeze(-1)?;
            Ok(smallvec![Some(x.get(ctx)?.inverse()?.mt()?.mul(scale)?)])
        })
    }

    /// The X with `self · X = right`: `dRight = self⁻ᵀ G`, `dSelf = -dRight Xᵀ`.
    ///
    /// # Errors
    /// When `self` is not square or has no inverse, or the shapes do not fit.
    #[track_caller]
    pub fn solve(&self, right: &Self) -> Result<Self> {
        let (y, a, vector) = (self.data().solve(&right.data())?, self.save(), right.dim() == 1);
        record("Solve", &[self, right]).saves_output().output(y, move |ctx| {
            let (a, g) = (a.get(ctx)?, ctx.grad()?);
            let right = a.mt()?.solve(&g)?;
            let x = ctx.output(0)?;
            let (column, x) =
                if vector { (right.unsqueeze(1)?, x.unsqueeze(1)?) } else { (right.clone(), x) };
            Ok(smallvec![ctx.need(0, || column.matmul(&x.mt()?)?.neg())?, ctx.need(1, || Ok(right.clone()))?])
        })
    }

    /// The lower triangular L with `L Lᵀ = self`, for a symmetric matrix with positive eigenvalues:
    /// `dA = L⁻ᵀ P L⁻¹`, made symmetric, where P is `Lᵀ G` on and below the diagonal, with the
    /// diagonal halved. Murray, "Differentiation of the Cholesky decomposition", 2016.
    ///
    /// # Errors
    /// When the matrix is not square, or not positive definite.
    #[track_caller]
    pub fn cholesky(&self) -> Result<Self> {
        let y = self.data().cholesky()?;
        record("Cholesky", &[self]).saves_output().output(y, |ctx| {
            let l = ctx.output(0)?;
            let p = l.mt()?.matmul(&ctx.grad()?)?;
            let p = p.tril(0)?.add(p.tril(-1)?)?.mul(0.5)?;
            let inverse = l.inverse()?;
            let s = inverse.mt()?.matmul(&p)?.matmul(&inverse)?;
            Ok(smallvec![Some(s.add(s.mt()?)?.mul(0.5)?)])
        })
    }
}
