//! Decompositions, inverses and systems of equations.

use nalgebra::DMatrix;

use crate::{DType, Error, Result, Tensor, shape};

impl Tensor {
    /// The matrices of a batch `[.., rows, columns]`.
    fn to_matrices(&self, op: &'static str, square: bool) -> Result<Vec<DMatrix<f64>>> {
        self.expect_float(op)?;
        let &[ref batch @ .., rows, columns] = self.size() else {
            return Err(Error::shape(op, format!("shape {:?} is no matrix", self.size())));
        };
        if square && rows != columns {
            return Err(Error::shape(op, format!("shape {:?} is no square matrix", self.size())));
        }
        let x = self.to_dtype(DType::F64)?.to_vec::<f64>()?;
        if x.iter().any(|v| !v.is_finite()) {
            return Err(Error::value(op, "an element is infinite or NaN"));
        }
        let each = rows * columns;
        let matrix = |i: usize| DMatrix::from_row_slice(rows, columns, &x[i * each..][..each]);
        Ok((0..shape::numel(batch)).map(matrix).collect())
    }

    /// Matrices of one size as a batch in the dtype of `self`.
    fn batch_of_matrices(&self, matrices: &[DMatrix<f64>], size: [usize; 2]) -> Result<Self> {
        let batch = &self.size()[..self.dim() - 2];
        // nalgebra's matrices are column-major.
        let all = matrices.iter().flat_map(|m| m.transpose().as_slice().to_vec()).collect();
        self.result(all, &[batch, &size].concat())?.cast(self.dtype)
    }

    fn batch_of_vectors(&self, vectors: Vec<Vec<f64>>, n: usize) -> Result<Self> {
        let batch = &self.size()[..self.dim() - 2];
        self.result(vectors.concat(), &[batch, &[n]].concat())?.cast(self.dtype)
    }

    /// The inverse of each matrix.
    ///
    /// # Errors
    /// When one is singular or not square; on an integer dtype.
    pub fn inverse(&self) -> Result<Self> {
        let op = "inverse";
        let inverses: Option<Vec<_>> =
            self.to_matrices(op, true)?.into_iter().map(|m| m.lu().try_inverse()).collect();
        let inverses =
            inverses.ok_or_else(|| Error::value(op, "the matrix is singular, it has no inverse"))?;
        let n = self.size()[self.dim() - 1];
        self.batch_of_matrices(&inverses, [n, n])
    }

    /// The determinant of each matrix.
    ///
    /// # Errors
    /// When one is not square; on an integer dtype.
    pub fn det(&self) -> Result<Self> {
        let det = self.to_matrices("det", true)?.into_iter().map(|m| m.lu().determinant()).collect();
        self.result(det, &self.size()[..self.dim() - 2])?.cast(self.dtype)
    }

    /// The x with `self · x = right`, for each matrix; `right` holds matrices of columns, or one vector.
    ///
    /// # Errors
    /// When a matrix is singular or not square, or the shapes do not fit; on an integer dtype.
    pub fn solve(&self, right: &Self) -> Result<Self> {
        let op = "solve";
        if right.dim() == 1 {
            return self.solve(&right.unsqueeze(1)?)?.squeeze(-1);
        }
        let (left, columns) = (self.to_matrices(op, true)?, right.to_matrices(op, false)?);
        let batches = self.size()[..self.dim() - 2] == right.size()[..right.dim() - 2];
        if !batches || self.size()[self.dim() - 2] != right.size()[right.dim() - 2] {
            return Err(Error::shape(
                op,
                format!(
                    "shapes {:?} and {:?} do not fit, expected [.., n, n] and [.., n, k]",
                    self.size(),
                    right.size()
                ),
            ));
        }
        let solutions: Option<Vec<_>> =
            left.into_iter().zip(&columns).map(|(a, b)| a.lu().solve(b)).collect();
        let solutions =
            solutions.ok_or_else(|| Error::value(op, "the matrix is singular, there is no solution"))?;
        right.batch_of_matrices(&solutions, [right.size()[right.dim() - 2], right.size()[right.dim() - 1]])
    }

    /// The lower triangular L of each positive-definite symmetric matrix, with `L · Lᵀ` the matrix.
    ///
    /// # Errors
    /// When one is not positive-definite or not square; on an integer dtype.
    pub fn cholesky(&self) -> Result<Self> {
        let op = "cholesky";
        let factors: Option<Vec<_>> =
            self.to_matrices(op, true)?.into_iter().map(|m| m.cholesky().map(|c| c.l())).collect();
        let factors = factors.ok_or_else(|| Error::value(op, "the matrix is not positive-definite"))?;
        let n = self.size()[self.dim() - 1];
        self.batch_of_matrices(&factors, [n, n])
    }

    /// Q with orthonormal columns `[.., m, k]` and upper triangular R `[.., k, n]` with `Q · R` the matrix
    /// `[.., m, n]`; k is the smaller of m and n.
    ///
    /// # Errors
    /// When there are fewer than two dimensions; on an integer dtype.
    pub fn qr(&self) -> Result<(Self, Self)> {
        let parts: Vec<_> = self.to_matrices("qr", false)?.into_iter().map(|m| m.qr().unpack()).collect();
        let (q, r): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
        let (m, n) = (self.size()[self.dim() - 2], self.size()[self.dim() - 1]);
        Ok((self.batch_of_matrices(&q, [m, m.min(n)])?, self.batch_of_matrices(&r, [m.min(n), n])?))
    }

    /// U `[.., m, k]`, the singular values `[.., k]` in descending order, and Vᵀ `[.., k, n]`, with
    /// `U · diag(S) · Vᵀ` the matrix; k is the smaller of m and n.
    ///
    /// # Errors
    /// When there are fewer than two dimensions, or an element is not finite; on an integer dtype.
    pub fn svd(&self) -> Result<(Self, Self, Self)> {
        let op = "svd";
        let (mut us, mut ss, mut vs) = (vec![], vec![], vec![]);
        for m in self.to_matrices(op, false)? {
            if m.is_empty() {
                return Err(Error::shape(op, format!("shape {:?} is empty", self.size())));
            }
            let d = m.svd(true, true);
            let (Some(u), Some(v)) = (d.u, d.v_t) else {
                return Err(Error::value(op, "the decomposition did not converge"));
            };
            ss.push(d.singular_values.as_slice().to_vec());
            us.push(u);
            vs.push(v);
        }
        let (m, n) = (self.size()[self.dim() - 2], self.size()[self.dim() - 1]);
        let k = m.min(n);
        Ok((
            self.batch_of_matrices(&us, [m, k])?,
            self.batch_of_vectors(ss, k)?,
            self.batch_of_matrices(&vs, [k, n])?,
        ))
    }

    /// The eigenvalues `[.., n]` of each symmetric matrix in ascending order, and its eigenvectors, the
    /// columns of `[.., n, n]`. The lower triangle counts.
    ///
    /// # Errors
    /// When one is not square; on an integer dtype.
    pub fn eigh(&self) -> Result<(Self, Self)> {
        let (mut values, mut vectors) = (vec![], vec![]);
        for mut m in self.to_matrices("eigh", true)? {
            m.fill_upper_triangle_with_lower_triangle();
            let n = m.nrows();
            if n == 0 {
                // Of which nalgebra knows no eigenvalues.
                vectors.push(m);
                values.push(vec![]);
                continue;
            }
            let d = m.symmetric_eigen();
            let mut order: Vec<usize> = (0..n).collect();
            order.sort_by(|&a, &b| d.eigenvalues[a].total_cmp(&d.eigenvalues[b]));
            values.push(order.iter().map(|&i| d.eigenvalues[i]).collect());
            vectors.push(d.eigenvectors.select_columns(&order));
        }
        let n = self.size()[self.dim() - 1];
        Ok((self.batch_of_vectors(values, n)?, self.batch_of_matrices(&vectors, [n, n])?))
    }

    /// Square matrices multiplied by themselves `n` times; the inverse for a negative `n`.
    ///
    /// # Errors
    /// When they are not square, or have no inverse where it is asked for.
    pub fn matrix_power(&self, n: i64) -> Result<Self> {
        let [.., rows, columns] = *self.size() else {
            return Err(Error::shape("matrix_power", format!("shape {:?} is no matrix", self.size())));
        };
        if rows != columns {
            return Err(Error::shape("matrix_power", format!("shape {:?} is no square matrix", self.size())));
        }
        let mut base = if n < 0 { self.inverse()? } else { self.clone() };
        let mut y = self.like().eye(rows)?.expand(self.size())?.copy()?;
        let mut rest = n.unsigned_abs();
        while rest > 0 {
            if rest & 1 == 1 {
                y = y.matmul(&base)?;
            }
            rest >>= 1;
            if rest > 0 {
                base = base.matmul(&base)?;
            }
        }
        Ok(y)
    }

    /// The sign of each matrix's determinant, and the logarithm of its absolute value.
    ///
    /// # Errors
    /// When one is not square; on an integer dtype.
    pub fn slogdet(&self) -> Result<(Self, Self)> {
        let det = self.to_dtype(if self.dtype.is_float() { DType::F64 } else { self.dtype })?.det()?;
        Ok((det.sign()?.to_dtype(self.dtype)?, det.abs()?.log()?.to_dtype(self.dtype)?))
    }

    /// The singular values `[.., k]` of each matrix in descending order.
    ///
    /// # Errors
    /// As [`Tensor::svd`].
    pub fn svdvals(&self) -> Result<Self> {
        self.svd().map(|(_, s, _)| s)
    }

    /// The eigenvalues `[.., n]` of each symmetric matrix in ascending order.
    ///
    /// # Errors
    /// As [`Tensor::eigh`].
    pub fn eigvalsh(&self) -> Result<Self> {
        self.eigh().map(|(values, _)| values)
    }

    /// Moore and Penrose's inverse of each matrix `[.., m, n]`: `[.., n, m]`. Singular values below the
    /// largest times the larger size times the dtype's precision count as 0.
    ///
    /// # Errors
    /// As [`Tensor::svd`].
    pub fn pinv(&self) -> Result<Self> {
        let (u, s, vt) = self.svd()?;
        let precision = if self.dtype == DType::F64 { f64::EPSILON } else { f32::EPSILON.into() };
        let size = self.size()[self.dim() - 2..].iter().copied().max().unwrap_or(0) as f64;
        let least = s.amax(-1, true)?.mul(precision * size)?;
        let inverse = s.reciprocal()?.where_(&s.gt(least)?, &s.zeros_like()?)?;
        vt.mt()?.mul(inverse.unsqueeze(-2)?)?.matmul(&u.mt()?)
    }
}
