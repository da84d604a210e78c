//! Decompositions, inverses and systems of equations.

use nalgebra::DMatrix;

use crate::{AsTensor, DType, Device, Error, Result, Tensor, shape};

/// Returns unit matrices of this size.
#[doc(hidden)]
pub fn unit_matrices(op: &'static str, size: &[usize], (dtype, device): (DType, &Device)) -> Result<Tensor> {
    match *size {
        [.., rows, columns] if rows == columns => {
            Tensor::options().dtype(dtype).device(device).eye(rows)?.expand(size)?.copy()
        }
        _ => Err(Error::shape(op, format!("shape {size:?} is not a square matrix"))),
    }
}

impl Tensor {
    /// The matrices of a batch `[.., rows, columns]`.
    fn to_matrices(&self, op: &'static str, square: bool) -> Result<Vec<DMatrix<f64>>> {
        self.expect_float(op)?;
        let &[ref batch @ .., rows, columns] = self.size() else {
            bail!(shape(op, "shape {:?} is not a matrix", self.size()));
        };
        bail_if!(square && rows != columns, shape(op, "shape {:?} is not a square matrix", self.size()));
        let x = self.to_dtype(DType::F64)?.to_vec::<f64>()?;
        bail_if!(x.iter().any(|v| !v.is_finite()), value(op, "an element is infinite or NaN"));
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

    /// Returns the inverse of each matrix `[.., n, n]`.
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

    /// Returns the determinant of each matrix: `[.., n, n]` to `[..]`.
    ///
    /// # Errors
    /// When one is not square; on an integer dtype.
    pub fn det(&self) -> Result<Self> {
        let det = self.to_matrices("det", true)?.into_iter().map(|m| m.lu().determinant()).collect();
        self.result(det, &self.size()[..self.dim() - 2])?.cast(self.dtype)
    }

    /// Returns the x with `self · x = right`, for each matrix `[.., n, n]`; `right` holds matrices of columns
    /// `[.., n, k]`, or one vector `[n]`.
    ///
    /// # Errors
    /// When a matrix is singular or not square, or the shapes do not fit; on an integer dtype.
    pub fn solve(&self, right: impl AsTensor) -> Result<Self> {
        let (op, right) = ("solve", &*right.as_tensor());
        if right.dim() == 1 {
            return self.solve(right.unsqueeze(1)?)?.squeeze(-1);
        }
        let (left, columns) = (self.to_matrices(op, true)?, right.to_matrices(op, false)?);
        let batches = self.size()[..self.dim() - 2] == right.size()[..right.dim() - 2];
        bail_if!(
            !batches || self.size()[self.dim() - 2] != right.size()[right.dim() - 2],
            shape(
                op,
                "shapes {:?} and {:?} do not fit, expected [.., n, n] and [.., n, k]",
                self.size(),
                right.size()
            )
        );
        let solutions: Option<Vec<_>> = left
            .into_iter()
            .zip(columns)
            .map(|(a, b)| if b.is_empty() { Some(b) } else { a.lu().solve(&b) })
            .collect();
        let solutions =
            solutions.ok_or_else(|| Error::value(op, "the matrix is singular, there is no solution"))?;
        right.batch_of_matrices(&solutions, [right.size()[right.dim() - 2], right.size()[right.dim() - 1]])
    }

    /// Returns the lower triangular L of each positive-definite symmetric matrix, with `L · Lᵀ` the matrix.
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

    /// Returns Q with orthonormal columns `[.., m, k]` and upper triangular R `[.., k, n]` with `Q · R` the matrix
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

    /// Returns U `[.., m, k]`, the singular values `[.., k]` in descending order, and Vᵀ `[.., k, n]`, with
    /// `U · diag(S) · Vᵀ` the matrix; k is the smaller of m and n.
    ///
    /// # Errors
    /// When there are fewer than two dimensions, or an element is not finite; on an integer dtype.
    pub fn svd(&self) -> Result<(Self, Self, Self)> {
        let op = "svd";
        let (mut us, mut ss, mut vs) = (vec![], vec![], vec![]);
        for m in self.to_matrices(op, false)? {
            if m.is_empty() {
                us.push(DMatrix::zeros(m.nrows(), 0));
                ss.push(vec![]);
                vs.push(DMatrix::zeros(0, m.ncols()));
                continue;
            }
            let d = m.svd(true, true);
            let (Some(u), Some(v)) = (d.u, d.v_t) else {
                bail!(value(op, "the decomposition did not converge"));
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

    /// Returns the eigenvalues `[.., n]` of each symmetric matrix in ascending order, and its eigenvectors, the
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

    /// Returns the sign of each matrix's determinant, and the logarithm of its absolute value, which does not
    /// overflow: `[.., n, n]` to `[..]` and `[..]`.
    ///
    /// # Errors
    /// When one is not square; on an integer dtype.
    pub fn slogdet(&self) -> Result<(Self, Self)> {
        let (mut signs, mut logs) = (vec![], vec![]);
        for m in self.to_matrices("slogdet", true)? {
            let lu = m.lu();
            let (mut sign, mut log) = (lu.p().determinant::<f64>(), 0.0);
            for pivot in lu.u().diagonal().iter() {
                sign *= if *pivot == 0.0 { 0.0 } else { pivot.signum() };
                log += pivot.abs().ln();
            }
            signs.push(sign);
            logs.push(log);
        }
        let size = &self.size()[..self.dim() - 2];
        Ok((self.result(signs, size)?.cast(self.dtype)?, self.result(logs, size)?.cast(self.dtype)?))
    }

    /// Returns Moore and Penrose's inverse of each matrix: `[.., m, n]` to `[.., n, m]`. Singular values below
    /// the largest times the larger size times the dtype's precision count as 0.
    ///
    /// # Errors
    /// As [`Tensor::svd`].
    pub fn pinv(&self) -> Result<Self> {
        let (u, s, vt) = self.svd()?;
        if s.numel() == 0 {
            return vt.mt()?.matmul(&u.mt()?);
        }
        let precision = if self.dtype == DType::F64 { f64::EPSILON } else { f32::EPSILON.into() };
        let size = self.size()[self.dim() - 2..].iter().copied().max().unwrap_or(0) as f64;
        let least = s.amax(-1, true)?.mul(precision * size)?;
        let inverse = s.reciprocal()?.where_(&s.gt(least)?, 0.0)?;
        vt.mt()?.mul(inverse.unsqueeze(-2)?)?.matmul(&u.mt()?)
    }
}

/// Operations that are composed of others, for tensors and variables alike.
#[doc(hidden)]
#[macro_export]
macro_rules! composed_linalg {
    ($T:ident) => {
        impl $T {
            /// Returns square matrices `[.., n, n]` multiplied by themselves `n` times; for a negative `n`, the
            /// inverses.
            ///
            /// # Errors
            /// When they are not square, or have no inverse where it is asked for.
            #[track_caller]
            pub fn matrix_power(&self, n: i64) -> Result<Self> {
                let size = self.size();
                let unit =
                    $crate::support::unit_matrices("matrix_power", &size, (self.dtype(), &self.device()))?;
                let mut base = match n {
                    0 => return Ok(unit.into()),
                    1 => return self.mul(1), // a copy
                    ..0 => self.inverse()?,
                    _ => self.clone(),
                };
                let (mut y, mut rest) = (None, n.unsigned_abs());
                loop {
                    if rest & 1 == 1 {
                        y = Some(match y {
                            None => base.clone(),
                            Some(y) => base.matmul(&y)?,
                        });
                    }
                    rest >>= 1;
                    match y {
                        Some(y) if rest == 0 => return Ok(y),
                        _ => base = base.matmul(&base)?,
                    }
                }
            }

            /// Returns the singular values of each matrix in descending order: `[.., m, n]` to `[.., k]`.
            ///
            /// # Errors
            /// As [`Self::svd`].
            #[track_caller]
            pub fn svdvals(&self) -> Result<Self> {
                self.svd().map(|(_, s, _)| s)
            }

            /// Returns the eigenvalues of each symmetric matrix in ascending order: `[.., n, n]` to `[.., n]`.
            ///
            /// # Errors
            /// As [`Self::eigh`].
            #[track_caller]
            pub fn eigvalsh(&self) -> Result<Self> {
                self.eigh().map(|(values, _)| values)
            }
        }
    };
}
composed_linalg!(Tensor);
