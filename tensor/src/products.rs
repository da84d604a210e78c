//! Products of matrices and vectors, and what is composed of them.

use crate::{DType, Error, Result, Scalar, Tensor, shape};

impl Tensor {
    /// The product of two matrices. For all other ranks, see [`Tensor::matmul`].
    ///
    /// # Errors
    /// When they are no matrices, or the shapes or dtypes do not fit.
    pub fn mm(&self, other: &Self) -> Result<Self> {
        self.expect_ranks("mm", 2, other, 2)?;
        self.matmul(other)
    }

    /// The product of a matrix and a vector.
    ///
    /// # Errors
    /// When they are not these, or the shapes or dtypes do not fit.
    pub fn mv(&self, vector: &Self) -> Result<Self> {
        self.expect_ranks("mv", 2, vector, 1)?;
        self.matmul(vector)
    }

    fn expect_ranks(&self, op: &'static str, left: usize, other: &Self, right: usize) -> Result<()> {
        if self.dim() == left && other.dim() == right {
            return Ok(());
        }
        Err(Error::shape(
            op,
            format!(
                "shapes {:?} and {:?}, expected {left} and {right} dimensions",
                self.size(),
                other.size()
            ),
        ))
    }

    /// `beta · self + alpha · (a · b)`, where `self` broadcasts to the product of two matrices. With a `beta`
    /// of 0, `self` does not count, not even its NaN.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit.
    pub fn addmm(
        &self,
        a: &Self,
        b: &Self,
        beta: impl Into<Scalar>,
        alpha: impl Into<Scalar>,
    ) -> Result<Self> {
        self.plus("addmm", &a.mm(b)?, beta.into(), alpha.into())
    }

    /// `beta · self + alpha · (matrix · vector)`; see [`Tensor::addmm`].
    ///
    /// # Errors
    /// As [`Tensor::addmm`].
    pub fn addmv(
        &self,
        matrix: &Self,
        vector: &Self,
        beta: impl Into<Scalar>,
        alpha: impl Into<Scalar>,
    ) -> Result<Self> {
        self.plus("addmv", &matrix.mv(vector)?, beta.into(), alpha.into())
    }

    /// `beta · self + alpha · (a · b)` for batches of matrices; see [`Tensor::addmm`].
    ///
    /// # Errors
    /// As [`Tensor::addmm`].
    pub fn baddbmm(
        &self,
        a: &Self,
        b: &Self,
        beta: impl Into<Scalar>,
        alpha: impl Into<Scalar>,
    ) -> Result<Self> {
        self.plus("baddbmm", &a.bmm(b)?, beta.into(), alpha.into())
    }

    fn plus(&self, op: &'static str, product: &Self, beta: Scalar, alpha: Scalar) -> Result<Self> {
        product.expect_fits(op, self)?;
        let scaled = |x: &Self, by: Scalar| match by.to_f64() {
            1.0 => Ok(x.clone()),
            _ => x.mul(by),
        };
        let product = scaled(product, alpha)?;
        if beta.to_f64() == 0.0 { Ok(product) } else { scaled(self, beta)?.add(product) }
    }

    /// The sums of the products along the last dimensions of both: `[.., n]` and `[.., n]` to `[.., ..]`.
    ///
    /// # Errors
    /// When the last sizes or the dtypes differ.
    pub fn inner(&self, other: &Self) -> Result<Self> {
        if self.dim() == 0 || other.dim() == 0 {
            return self.mul(other);
        }
        self.tensordot(&other.movedim(-1, 0)?, 1)
    }

    /// The sums of the products over the last `dims` dimensions of `self` and the first of `other`.
    ///
    /// # Errors
    /// When there are fewer dimensions, or their sizes or the dtypes differ.
    pub fn tensordot(&self, other: &Self, dims: usize) -> Result<Self> {
        let fits = dims <= self.dim()
            && dims <= other.dim()
            && self.size()[self.dim() - dims..] == other.size()[..dims];
        if !fits {
            return Err(Error::shape(
                "tensordot",
                format!("the last {dims} sizes of {:?} are not the first of {:?}", self.size(), other.size()),
            ));
        }
        let (left, inner) = self.size().split_at(self.dim() - dims);
        let right = &other.size()[dims..];
        let k = shape::numel(inner);
        let a = self.reshape([shape::numel(left), k])?;
        a.matmul(&other.reshape([k, shape::numel(right)])?)?.reshape([left, right].concat())
    }

    /// Kronecker's product: each element times the whole of `other`, in its place.
    ///
    /// # Errors
    /// When the result is too large.
    pub fn kron(&self, other: &Self) -> Result<Self> {
        let rank = self.dim().max(other.dim());
        let (mut a, mut b, mut size) = (vec![], vec![], vec![]);
        let at = |t: &Self, d: usize| (d + t.dim()).checked_sub(rank).map_or(1, |d| t.size()[d]);
        for d in 0..rank {
            a.extend([at(self, d), 1]);
            b.extend([1, at(other, d)]);
            size.push(at(self, d).saturating_mul(at(other, d)));
        }
        self.reshape(a)?.mul(other.reshape(b)?)?.reshape(size)
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
