//! Decompositions, inverses and systems of linear equations.

use nalgebra::DMatrix;

use crate::{AsTensor, DType, Device, Error, Keepdim, Result, Tensor, shape};

/// Returns identity matrices of this size.
#[doc(hidden)]
pub fn unit_matrices(op: &'static str, size: &[usize], (dtype, device): (DType, &Device)) -> Result<Tensor> {
    match *size {
        [.., rows, columns] if rows == columns => {
            Tensor::options().dtype(dtype).device(device).eye(rows)?.expand(size)?.copy()
        }
        _ => Err(Error::shape(op, format!("got shape {size:?}, expected square matrices [.., n, n]"))),
    }
}

impl Tensor {
    /// Returns the matrices of a batch `[.., rows, columns]`.
    fn to_matrices(&self, op: &'static str, square: bool) -> Result<Vec<DMatrix<f64>>> {
        self.expect_float(op)?;
        let &[ref batch @ .., rows, columns] = self.size() else {
            bail!(shape(op, "got shape {:?}, expected matrices [.., rows, columns]", self.size()));
        };
        bail_if!(
            square && rows != columns,
            shape(op, "got shape {:?}, expected square matrices [.., n, n]", self.size())
        );
        let x = self.to_dtype(DType::F64)?.to_vec::<f64>()?;
        bail_if!(
            x.iter().any(|v| !v.is_finite()),
            value(op, "got an infinite or NaN element, expected finite elements")
        );
        let each = rows * columns;
        let matrix = |i: usize| DMatrix::from_row_slice(rows, columns, &x[i * each..][..each]);
        Ok((0..shape::numel(batch)).map(matrix).collect())
    }

    /// Calls `f` on the matrices of a batch. If it returns `None`, the error has the message `failure`.
    fn each_matrix<R>(
        &self,
        op: &'static str,
        square: bool,
        failure: &str,
        f: impl FnMut(DMatrix<f64>) -> Option<R>,
    ) -> Result<Vec<R>> {
        let results: Option<Vec<R>> = self.to_matrices(op, square)?.into_iter().map(f).collect();
        results.ok_or_else(|| Error::value(op, failure))
    }

    /// Makes a tensor of `numbers` with the batch dimensions of `self` followed by `size`, in the dtype of
    /// `self`.
    fn batch_of(&self, numbers: Vec<f64>, size: &[usize]) -> Result<Self> {
        let batch = &self.size()[..self.dim() - 2];
        self.result(numbers, &[batch, size].concat())?.cast(self.dtype)
    }

    fn batch_of_matrices(&self, matrices: &[DMatrix<f64>], size: [usize; 2]) -> Result<Self> {
        // nalgebra's matrices are column-major.
        self.batch_of(matrices.iter().flat_map(|m| m.transpose().as_slice().to_vec()).collect(), &size)
    }

    fn matrix_size(&self) -> [usize; 2] {
        [self.size()[self.dim() - 2], self.size()[self.dim() - 1]]
    }

    /// Returns the inverse of each matrix `[.., n, n]`.
    ///
    /// # Errors
    /// If a matrix is singular or not square, or the dtype is not floating point.
    pub fn inverse(&self) -> Result<Self> {
        let failure = "got a singular matrix, expected an invertible one; pinv takes any";
        let inverses = self.each_matrix("inverse", true, failure, |m| m.lu().try_inverse())?;
        self.batch_of_matrices(&inverses, self.matrix_size())
    }

    /// Returns the determinant of each matrix.
    ///
    /// # Shapes
    /// Input `[.., n, n]`, output `[..]`.
    ///
    /// # Errors
    /// If a matrix is not square, or the dtype is not floating point.
    pub fn det(&self) -> Result<Self> {
        let det = self.to_matrices("det", true)?.into_iter().map(|m| m.lu().determinant());
        self.batch_of(det.collect(), &[])
    }

    /// Returns the solution `x` of `self · x = right` for each matrix.
    ///
    /// # Shapes
    /// Input `[.., n, n]`, right `[.., n, k]` or one vector `[n]`, output of the shape of `right`.
    ///
    /// # Errors
    /// If a matrix is singular or not square, the shapes do not fit, or the dtype is not floating point.
    pub fn solve(&self, right: impl AsTensor) -> Result<Self> {
        let (op, right) = ("solve", &*right.as_tensor());
        if right.dim() == 1 {
            return self.solve(right.unsqueeze(1)?)?.squeeze(-1);
        }
        let (left, columns) = (self.to_matrices(op, true)?, right.to_matrices(op, false)?);
        let (a, b) = (self.size(), right.size());
        bail_if!(
            a[..a.len() - 1] != b[..b.len() - 1],
            shape(op, "got the shapes {a:?} and {b:?}, expected [.., n, n] and [.., n, k]")
        );
        let solution = |(a, b): (DMatrix<f64>, DMatrix<f64>)| match b.is_empty() {
            true => Some(b),
            false => a.lu().solve(&b),
        };
        let solutions: Option<Vec<_>> = left.into_iter().zip(columns).map(solution).collect();
        let solutions =
            solutions.ok_or_else(|| Error::value(op, "got a singular matrix, expected an invertible one"))?;
        right.batch_of_matrices(&solutions, right.matrix_size())
    }

    /// Returns the lower triangular `L` with `L · Lᵀ = self` for each positive-definite symmetric matrix
    /// `[.., n, n]`.
    ///
    /// # Errors
    /// If a matrix is not positive-definite or not square, or the dtype is not floating point.
    pub fn cholesky(&self) -> Result<Self> {
        let failure = "got a matrix that is not positive-definite";
        let factors = self.each_matrix("cholesky", true, failure, |m| m.cholesky().map(|c| c.l()))?;
        self.batch_of_matrices(&factors, self.matrix_size())
    }

    /// Returns `Q` with orthonormal columns and the upper triangular `R` with `Q · R = self`, for each
    /// matrix.
    ///
    /// # Shapes
    /// Input `[.., m, n]`, `Q` `[.., m, k]`, `R` `[.., k, n]`, with `k = min(m, n)`.
    ///
    /// # Errors
    /// If there are fewer than two dimensions, or the dtype is not floating point.
    pub fn qr(&self) -> Result<(Self, Self)> {
        let parts = self.to_matrices("qr", false)?.into_iter().map(|m| m.qr().unpack());
        let (q, r): (Vec<_>, Vec<_>) = parts.unzip();
        let [m, n] = self.matrix_size();
        Ok((self.batch_of_matrices(&q, [m, m.min(n)])?, self.batch_of_matrices(&r, [m.min(n), n])?))
    }

    /// Returns the singular value decomposition `U`, `S`, `Vᵀ` with `U · diag(S) · Vᵀ = self`, for each
    /// matrix. The singular values `S` are in descending order.
    ///
    /// # Shapes
    /// Input `[.., m, n]`, `U` `[.., m, k]`, `S` `[.., k]`, `Vᵀ` `[.., k, n]`, with `k = min(m, n)`.
    ///
    /// # Errors
    /// If there are fewer than two dimensions, an element is not finite, or the dtype is not floating point.
    pub fn svd(&self) -> Result<(Self, Self, Self)> {
        let (mut us, mut ss, mut vs) = (vec![], vec![], vec![]);
        self.each_matrix(
            "svd",
            false,
            "the decomposition did not converge; check the scale of the elements",
            |m| {
                if m.is_empty() {
                    us.push(DMatrix::zeros(m.nrows(), 0));
                    vs.push(DMatrix::zeros(0, m.ncols()));
                    return Some(());
                }
                let d = m.svd(true, true);
                us.push(d.u?);
                ss.extend(d.singular_values.iter());
                vs.push(d.v_t?);
                Some(())
            },
        )?;
        let [m, n] = self.matrix_size();
        let k = m.min(n);
        let (u, vt) = (self.batch_of_matrices(&us, [m, k])?, self.batch_of_matrices(&vs, [k, n])?);
        Ok((u, self.batch_of(ss, &[k])?, vt))
    }

    /// Returns the eigenvalues of each symmetric matrix in ascending order, and the eigenvectors as columns.
    /// Only the lower triangle is read.
    ///
    /// # Shapes
    /// Input `[.., n, n]`, eigenvalues `[.., n]`, eigenvectors `[.., n, n]`.
    ///
    /// # Errors
    /// If a matrix is not square, or the dtype is not floating point.
    pub fn eigh(&self) -> Result<(Self, Self)> {
        let (mut values, mut vectors) = (vec![], vec![]);
        for mut m in self.to_matrices("eigh", true)? {
            if m.is_empty() {
                vectors.push(m); // nalgebra refuses empty matrices
                continue;
            }
            m.fill_upper_triangle_with_lower_triangle();
            let d = m.symmetric_eigen();
            let mut order: Vec<usize> = (0..d.eigenvalues.len()).collect();
            order.sort_by(|&a, &b| d.eigenvalues[a].total_cmp(&d.eigenvalues[b]));
            values.extend(order.iter().map(|&i| d.eigenvalues[i]));
            vectors.push(d.eigenvectors.select_columns(&order));
        }
        let [n, _] = self.matrix_size();
        Ok((self.batch_of(values, &[n])?, self.batch_of_matrices(&vectors, [n, n])?))
    }

    /// Returns the sign of each matrix's determinant, and the natural logarithm of its absolute value, which
    /// does not overflow.
    ///
    /// # Shapes
    /// Input `[.., n, n]`, outputs `[..]` and `[..]`.
    ///
    /// # Errors
    /// If a matrix is not square, or the dtype is not floating point.
    pub fn slogdet(&self) -> Result<(Self, Self)> {
        let parts = self.to_matrices("slogdet", true)?.into_iter().map(|m| {
            let lu = m.lu();
            let (mut sign, mut log) = (lu.p().determinant::<f64>(), 0.0);
            for pivot in lu.u().diagonal().iter() {
                sign *= if *pivot == 0.0 { 0.0 } else { pivot.signum() };
                log += pivot.abs().ln();
            }
            (sign, log)
        });
        let (signs, logs) = parts.unzip();
        Ok((self.batch_of(signs, &[])?, self.batch_of(logs, &[])?))
    }

    /// Returns the Moore-Penrose inverse of each matrix. Singular values below the largest one times the
    /// larger size times the dtype's precision count as 0.
    ///
    /// # Shapes
    /// Input `[.., m, n]`, output `[.., n, m]`.
    ///
    /// # Errors
    /// If there are fewer than two dimensions, an element is not finite, or the dtype is not floating point.
    pub fn pinv(&self) -> Result<Self> {
        let (u, s, vt) = self.svd()?;
        if s.numel() == 0 {
            return vt.mt()?.matmul(&u.mt()?);
        }
        let precision = if self.dtype == DType::F64 { f64::EPSILON } else { f32::EPSILON.into() };
        let [m, n] = self.matrix_size();
        let least = s.amax(Keepdim(-1))?.mul(precision * m.max(n) as f64)?;
        let inverse = s.reciprocal()?.where_(&s.gt(least)?, 0.0)?;
        vt.mt()?.mul(inverse.unsqueeze(-2)?)?.matmul(&u.mt()?)
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_linalg {
    ($T:ident) => {
        impl $T {
            /// Returns square matrices `[.., n, n]` to the power of `n`. A negative `n` gives powers of the
            /// inverse.
            ///
            /// # Errors
            /// If a matrix is not square, or `n` is negative and a matrix is singular.
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

            /// Returns the singular values of each matrix in descending order.
            ///
            /// # Shapes
            /// Input `[.., m, n]`, output `[.., k]` with `k = min(m, n)`.
            ///
            /// # Errors
            /// If there are fewer than two dimensions, an element is not finite, or the dtype is not floating
            /// point.
            #[track_caller]
            pub fn svdvals(&self) -> Result<Self> {
                self.svd().map(|(_, s, _)| s)
            }

            /// Returns the eigenvalues of each symmetric matrix in ascending order.
            ///
            /// # Shapes
            /// Input `[.., n, n]`, output `[.., n]`.
            ///
            /// # Errors
            /// If a matrix is not square, or the dtype is not floating point.
            #[track_caller]
            pub fn eigvalsh(&self) -> Result<Self> {
                self.eigh().map(|(values, _)| values)
            }
        }
    };
}
composed_linalg!(Tensor);
