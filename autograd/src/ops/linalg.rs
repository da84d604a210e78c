//! Decompositions, inverses and systems of linear equations.

use smallvec::smallvec;
use taper_tensor::{AsTensor, Tensor};

use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Returns the inverse `Y` of each matrix `[.., n, n]`: `dX = -Yᵀ dY Yᵀ`.
        pub fn inverse(&self) -> Result<Self> = of_output("Inverse", |g, y| {
            let y = y.mt()?;
            y.matmul(g)?.matmul(&y)?.neg()
        });

        /// Returns the determinant `y` of each matrix: `[.., n, n]` to `[..]`. `dX = dy · y · X⁻ᵀ`, which is
        /// `dy` times the cofactors.
        pub fn det(&self) -> Result<Self> = of_both("Det", |g, x, y| {
            if !y.eq(0)?.any()?.item::<bool>()? {
                x.inverse()?.mt()?.mul(g.mul(y)?.as_matrices()?)
            } else {
                x.cofactors()?.mul(g.as_matrices()?)
            }
        });

        /// Returns the sign of each matrix's determinant, and the natural logarithm `y` of its absolute
        /// value, which does not overflow: `[.., n, n]` to `[..]` and `[..]`. `dX = dy · X⁻ᵀ`.
        pub fn slogdet(&self) -> Result<(Self, Self)> {
            let (sign, log) = self.tensor().slogdet()?;
            let log = self.of_input(log, "Slogdet", |g, x| x.inverse()?.mt()?.mul(g.as_matrices()?))?;
            Ok((Self::new(sign), log))
        }

        /// Returns the solution `X` of `self · X = right` for each matrix `[.., n, n]`. `right` is `[.., n,
        /// k]`, or one vector `[n]`. `d right = self⁻ᵀ dX`, `d self = -d right · Xᵀ`.
        pub fn solve(&self, right: impl AsTensor<Self>) -> Result<Self> {
            let right = right.as_tensor();
            let (y, a, vector) = (self.tensor().solve(&*right.tensor())?, self.save(), right.dim() == 1);
            record("Solve", &[self, &right]).saves_output().output(y, move |ctx| {
                let (right, x) = (a.get(ctx)?.mt()?.solve(ctx.grad()?)?, ctx.output(0)?);
                let (column, x) =
                    if vector { (right.unsqueeze(1)?, x.unsqueeze(1)?) } else { (right.clone(), x) };
                Ok(smallvec![
                    ctx.need(0, || column.matmul(x.mt()?)?.neg())?,
                    ctx.need(1, || Ok(right.clone()))?
                ])
            })
        }

        /// Returns the lower triangular `L` with `L Lᵀ = self` for each positive-definite symmetric matrix:
        /// `dA = L⁻ᵀ P L⁻¹`, symmetrised, where `P` is `Lᵀ dL` on and below the diagonal, with the diagonal
        /// halved. Murray, "Differentiation of the Cholesky decomposition", 2016.
        pub fn cholesky(&self) -> Result<Self> = of_output("Cholesky", |g, l| {
            let p = l.mt()?.matmul(g)?;
            let p = p.tril(0)?.add(p.tril(-1)?)?.mul(0.5)?;
            let inverse = l.inverse()?;
            inverse.mt()?.matmul(p)?.matmul(inverse)?.symmetric()
        });

        /// Returns the Moore-Penrose inverse `P` of each matrix `A`: `[.., m, n]` to `[.., n, m]`; see
        /// [`Tensor::pinv`]. With `G = dP`, `dA = -Pᵀ G Pᵀ + (1 - A P) Gᵀ P Pᵀ + Pᵀ P Gᵀ (1 - P A)`. Golub
        /// and Pereyra, "The differentiation of pseudo-inverses", 1973.
        pub fn pinv(&self) -> Result<Self> = of_both("Pinv", |g, a, p| {
            let (pt, gt) = (p.mt()?, g.mt()?);
            let inside = pt.matmul(&g)?.matmul(&pt)?;
            let left = gt.matmul(&p)?.matmul(&pt)?;
            let right = pt.matmul(&p)?.matmul(&gt)?;
            let left = left.sub(a.matmul(p.matmul(&left)?)?)?;
            left.add(right.sub(right.matmul(&p)?.matmul(&a)?)?)?.sub(inside)
        });
    }

    /// Returns the number of each matrix as a matrix of one element.
    fn as_matrices(&self) -> Result<Self> {
        self.unsqueeze(-1)?.unsqueeze(-1)
    }

    /// Returns the cofactor of each element: the signed determinant of the matrix without its row and column.
    /// It exists for singular matrices too.
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

    /// Returns the symmetric part of each matrix.
    fn symmetric(&self) -> Result<Self> {
        self.add(self.mt()?)?.mul(0.5)
    }

    /// Returns `Q` `[.., m, k]` with orthonormal columns and the upper triangular `R` `[.., k, n]` with `Q R
    /// = self`, for each matrix `[.., m, n]`, with `k = min(m, n)`.
    ///
    /// For `M = R dRᵀ - dQᵀ Q`, with its lower triangle mirrored to the upper, `dA = (dQ + Q M) R⁻ᵀ`. Columns
    /// after the first `m` are `Q` times those of `R`.
    ///
    /// # Errors
    /// If there are fewer than two dimensions, or the dtype is not floating point.
    #[track_caller]
    pub fn qr(&self) -> Result<(Self, Self)> {
        let (q, r) = self.tensor().qr()?;
        let parts = record("Qr", &[self]).saves_outputs(&[0, 1]).outputs([q, r], |ctx| {
            let (q, r, mut gq, gr) = (ctx.output(0)?, ctx.output(1)?, ctx.grad_of(0)?, ctx.grad_of(1)?);
            let (k, n) = (r.size_of(-2)?, r.size_of(-1)?);
            let square = |x: &Self| x.narrow(-1, 0, k);
            let rest = |x: &Self| x.narrow(-1, k as i64, n - k);
            if n > k {
                gq = gq.add(q.matmul(rest(&r)?.matmul(rest(&gr)?.mt()?)?)?)?;
            }
            let left = square(&r)?;
            let m = left.matmul(square(&gr)?.mt()?)?.sub(gq.mt()?.matmul(&q)?)?;
            let mirrored = m.tril(0)?.add(m.tril(-1)?.mt()?)?;
            let dx = gq.add(q.matmul(mirrored)?)?.matmul(left.inverse()?.mt()?)?;
            Ok(smallvec![Some(if n > k { Self::cat(&[dx, q.matmul(rest(&gr)?)?], -1)? } else { dx })])
        })?;
        Ok(parts.into())
    }

    /// Returns the singular value decomposition `U` `[.., m, k]`, `S` `[.., k]` and `Vᵀ` `[.., k, n]` with `U
    /// diag(S) Vᵀ = self`, for each matrix `[.., m, n]`, with `k = min(m, n)`. The singular values `S` are in
    /// descending order. The gradients of `U` and `V` are correct if the singular values are distinct and not
    /// 0. Townsend, "Differentiating the singular value decomposition", 2016.
    ///
    /// # Errors
    /// If there are fewer than two dimensions, an element is not finite, or the dtype is not floating point.
    #[track_caller]
    pub fn svd(&self) -> Result<(Self, Self, Self)> {
        let (u, s, vt) = self.tensor().svd()?;
        let parts = record("Svd", &[self]).saves_outputs(&[0, 1, 2]).outputs([u, s, vt], |ctx| {
            let (u, s, vt) = (ctx.output(0)?, ctx.output(1)?, ctx.output(2)?);
            let (row, column) = (s.unsqueeze(-2)?, s.unsqueeze(-1)?);
            let mut core = s.diagonals(&ctx.grad_of(1)?)?;
            if ctx.grads[0].is_none() && ctx.grads[2].is_none() {
                return Ok(smallvec![Some(u.matmul(core)?.matmul(vt)?)]);
            }
            // 1 / (sⱼ² - sᵢ²), and 0 on the diagonal.
            let gaps = row.square()?.sub(column.square()?)?.over_gaps()?;
            let (gu, gv) = (ctx.grad_of(0)?, ctx.grad_of(2)?.mt()?);
            let skew = |x: Self| x.sub(x.mt()?)?.mul(&gaps);
            let (a, b) = (u.mt()?.matmul(&gu)?, vt.matmul(&gv)?);
            core = core.add(skew(a.clone())?.mul(&row)?)?.add(skew(b.clone())?.mul(&column)?)?;
            let mut dx = u.matmul(core)?.matmul(&vt)?;
            // The part of the gradient outside of the columns of U and V.
            if u.size_of(-2)? > s.size_of(-1)? {
                dx = dx.add(gu.sub(u.matmul(a)?)?.div(&row)?.matmul(&vt)?)?;
            }
            if vt.size_of(-1)? > s.size_of(-1)? {
                dx = dx.add(u.matmul(gv.sub(vt.mt()?.matmul(b)?)?.div(&row)?.mt()?)?)?;
            }
            Ok(smallvec![Some(dx)])
        })?;
        Ok(parts.into())
    }

    /// Returns the eigenvalues `λ` `[.., n]` of each symmetric matrix in ascending order, and the
    /// eigenvectors as the columns of `V` `[.., n, n]`. Only the lower triangle is read. `dA = V (diag(dλ) +
    /// (Vᵀ dV) / (λⱼ - λᵢ)) Vᵀ`, symmetrised, which is correct if the eigenvalues are distinct.
    ///
    /// # Errors
    /// If a matrix is not square, or the dtype is not floating point.
    #[track_caller]
    pub fn eigh(&self) -> Result<(Self, Self)> {
        let (values, vectors) = self.tensor().eigh()?;
        let parts = record("Eigh", &[self]).saves_outputs(&[0, 1]).outputs([values, vectors], |ctx| {
            let (l, v) = (ctx.output(0)?, ctx.output(1)?);
            let mut core = l.diagonals(&ctx.grad_of(0)?)?;
            if ctx.grads[1].is_some() {
                let gaps = l.unsqueeze(-2)?.sub(l.unsqueeze(-1)?)?.over_gaps()?;
                core = core.add(v.mt()?.matmul(ctx.grad_of(1)?)?.mul(gaps)?)?;
            }
            Ok(smallvec![Some(v.matmul(core)?.matmul(v.mt()?)?.symmetric()?)])
        })?;
        Ok(parts.into())
    }

    /// Returns diagonal matrices of `values`; the last dimension of `self` has their size.
    fn diagonals(&self, values: &Self) -> Result<Self> {
        values.unsqueeze(-1)?.mul(self.unit()?)
    }

    /// Returns an identity matrix of the size of the last dimension.
    fn unit(&self) -> Result<Tensor> {
        Ok(self.tensor().like().eye(self.size_of(-1)?)?)
    }

    /// Returns 1 divided by each element, and 0 on the diagonal.
    fn over_gaps(&self) -> Result<Self> {
        let unit = self.unit()?;
        self.add(&unit)?.reciprocal()?.sub(unit)
    }
}

taper_tensor::composed_linalg!(Variable);
