//! Linear algebra: products of vectors, and the decompositions of the crate `nalgebra`, in f64.

use nalgebra::DMatrix;

use crate::{DType, Error, Result, Tensor, shape};

impl Tensor {
    /// The sum of the products of two vectors' elements.
    ///
    /// # Errors
    /// When they are no vectors of one length and dtype.
    pub fn dot(&self, other: &Self) -> Result<Self> {
        if self.dim() != 1 || self.size() != other.size() {
            return Err(Error::shape(
                "dot",
                format!(
                    "shapes {:?} and {:?}, expected two vectors of one length",
                    self.size(),
                    other.size()
                ),
            ));
        }
        self.matmul(other)
    }

    /// All products of an element of one vector with one of another: `[n, m]`.
    ///
    /// # Errors
    /// When one is no vector.
    pub fn outer(&self, other: &Self) -> Result<Self> {
        if self.dim() != 1 || other.dim() != 1 {
            return Err(Error::shape(
                "outer",
                format!("shapes {:?} and {:?}, expected two vectors", self.size(), other.size()),
            ));
        }
        self.unsqueeze(1)?.mul(other)
    }

    /// The matrix products of two batches `[b, n, m]` and `[b, m, p]`.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit; nothing broadcasts.
    pub fn bmm(&self, other: &Self) -> Result<Self> {
        if self.dim() != 3 || other.dim() != 3 || self.size()[0] != other.size()[0] {
            return Err(Error::shape(
                "bmm",
                format!("shapes {:?} and {:?}, expected [b, n, m] and [b, m, p]", self.size(), other.size()),
            ));
        }
        self.matmul(other)
    }

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
}
