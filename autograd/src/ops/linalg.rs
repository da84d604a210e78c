//! Decompositions, inverses and systems of equations.

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

    /// The determinant of a square matrix: `dX = G det(X) X⁻ᵀ`, which are G times the cofactors.
    ///
    /// # Errors
    /// When the matrix is not square.
    #[track_caller]
    pub fn det(&self) -> Result<Self> {
        let (y, x) = (self.data().det()?, self.save());
        record("Det", &[self]).saves_output().output(y, move |ctx| {
            let (x, y, g) = (x.get(ctx)?, ctx.output(0)?, ctx.grad()?);
            let matrices = |v: Self| v.unsqueeze(-1)?.unsqueeze(-1);
            let dx = if y.data().eq(0)?.any()?.item::<u8>()? == 0 {
                x.inverse()?.mt()?.mul(matrices(g.mul(y)?)?)?
            } else {
                x.cofactors()?.mul(matrices(g)?)?
            };
            Ok(smallvec![Some(dx)])
        })
    }

    /// For each element the determinant of what is left without its row and its column, and its sign: also
    /// of a matrix without an inverse.
    #[track_caller]
    fn cofactors(&self) -> Result<Self> {
        let n = self.size()[self.dim() - 1] as i64;
        let without = |k: i64| self.indices((0..n).filter(|&i| i != k).collect());
        let cofactor = |i: i64, j: i64| {
            let rest = self.index_select(-2, &without(i)?)?.index_select(-1, &without(j)?)?;
            rest.det()?.mul(if (i + j) % 2 == 0 { 1.0 } else { -1.0 })
        };
        let row = |i: i64| Self::stack(&(0..n).map(|j| cofactor(i, j)).collect::<Result<Vec<_>>>()?, -1);
        Self::stack(&(0..n).map(row).collect::<Result<Vec<_>>>()?, -2)
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
