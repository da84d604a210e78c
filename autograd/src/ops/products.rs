//! What is composed of products: of matrices and vectors, running products, covariances.

use taper_tensor::{Error, IntoShape};

use crate::autocast::{lowered, widened};
use crate::ops::view::index_of;
use crate::{Result, Variable};

impl Variable {
    /// The product of two matrices.
    ///
    /// # Errors
    /// When they are no matrices, or the shapes or dtypes do not fit.
    #[track_caller]
    pub fn mm(&self, other: &Self) -> Result<Self> {
        self.expect_ranks("mm", 2, other, 2)?;
        self.matmul(other)
    }

    /// The product of a matrix and a vector.
    ///
    /// # Errors
    /// When they are not these, or the shapes or dtypes do not fit.
    #[track_caller]
    pub fn mv(&self, vector: &Self) -> Result<Self> {
        self.expect_ranks("mv", 2, vector, 1)?;
        self.matmul(vector)
    }

    fn expect_ranks(&self, op: &'static str, left: usize, other: &Self, right: usize) -> Result<()> {
        if self.dim() == left && other.dim() == right {
            return Ok(());
        }
        let message = format!(
            "shapes {:?} and {:?}, expected {left} and {right} dimensions",
            self.size(),
            other.size()
        );
        Err(Error::shape(op, message).into())
    }

    /// `self + a·b` for batches of matrices; `self` broadcasts.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit.
    #[track_caller]
    pub fn baddbmm(&self, a: &Self, b: &Self) -> Result<Self> {
        if let Some(scope) = lowered() {
            return scope.low(self)?.baddbmm(&*scope.low(a)?, &*scope.low(b)?);
        }
        self.add(a.bmm(b)?)
    }

    /// The sums of the products over the last `dims` dimensions of `self` and the first of `other`.
    ///
    /// # Errors
    /// When there are fewer dimensions, or their sizes or the dtypes differ.
    #[track_caller]
    pub fn tensordot(&self, other: &Self, dims: usize) -> Result<Self> {
        let y = self.data().tensordot(&other.data(), dims)?; // which checks the shapes
        let size = y.size().to_vec();
        let k: usize = other.size()[..dims].iter().product();
        let rows: usize = self.size()[..self.dim() - dims].iter().product();
        let columns: usize = other.size()[dims..].iter().product();
        self.reshape([rows, k])?.matmul(&other.reshape([k, columns])?)?.reshape(size)
    }

    /// The vector product along a dimension of size 3; the others broadcast.
    ///
    /// # Errors
    /// When there is no such dimension, it is not 3 in both, or the shapes do not broadcast.
    #[track_caller]
    pub fn cross(&self, other: &Self, dim: i64) -> Result<Self> {
        let d = index_of(dim, self.data().cross(&other.data(), dim)?.dim()) as i64; // checks the shapes
        let part = |i: i64| -> Result<Self> {
            let (j, k) = ((i + 1) % 3, (i + 2) % 3);
            let first = self.select(dim, j)?.mul(other.select(dim, k)?)?;
            first.sub(self.select(dim, k)?.mul(other.select(dim, j)?)?)
        };
        Self::stack(&[part(0)?, part(1)?, part(2)?], d)
    }

    /// The covariances of variables, the rows of a matrix, of which each column is an observation: over
    /// `observations - correction`. A vector is one variable.
    ///
    /// # Errors
    /// When there are more than two dimensions.
    #[track_caller]
    pub fn cov(&self, correction: i64) -> Result<Self> {
        if self.dim() > 2 {
            let message = format!("shape {:?} has more than 2 dimensions", self.size());
            return Err(Error::shape("cov", message).into());
        }
        let rows = if self.dim() < 2 { self.reshape([1, self.numel()])? } else { self.clone() };
        let left = (rows.size()[1] as i64).saturating_sub(correction).max(0);
        let centred = rows.sub(rows.mean_dim(1, true)?)?;
        let y = centred.matmul(&centred.t()?)?.div(left as f64)?;
        if self.dim() < 2 { y.reshape(()) } else { Ok(y) }
    }

    /// The differences between neighbours along a dimension, `n` times.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn diff(&self, n: usize, dim: i64) -> Result<Self> {
        let size = self.data().size_of(dim)?;
        let mut y = self.clone();
        for left in (0..size).rev().take(n) {
            y = y.narrow(dim, 1, left)?.sub(y.narrow(dim, 0, left)?)?;
        }
        Ok(y)
    }

    /// The running products along a dimension, by doubling: log n products of shifted tensors, whose
    /// gradients are right where elements are 0 too.
    ///
    /// # Errors
    /// When there is no such dimension.
    #[track_caller]
    pub fn cumprod(&self, dim: i64) -> Result<Self> {
        if let Some(scope) = widened("cumprod", self) {
            return scope.full(self)?.cumprod(dim);
        }
        if self.dim() == 0 && (-1..=0).contains(&dim) {
            return Ok(self.clone());
        }
        let n = self.data().size_of(dim)?;
        let d = index_of(dim, self.dim());
        let (mut y, mut shift) = (self.clone(), 1);
        while shift < n {
            y = y.mul(y.pad_constant(d, shift as i64, -(shift as i64), 1.0)?)?;
            shift *= 2;
        }
        Ok(y)
    }

    /// The products over some dimensions, all where none is given: halves by halves, so that the gradients
    /// are right where elements are 0 too.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    #[track_caller]
    pub fn prod_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        if let Some(scope) = widened("prod_dim", self) {
            return scope.full(self)?.prod_dim(dims, keepdim);
        }
        let dims = dims.into_sizes();
        let size = self.data().prod_dim(&dims, keepdim)?.size().to_vec(); // which checks the dimensions
        let mut over: Vec<usize> = dims.iter().map(|&d| index_of(d, self.dim())).collect();
        if dims.is_empty() {
            over = (0..self.dim()).collect();
        }
        let mut y = self.clone();
        for d in over {
            let mut n = y.size()[d];
            if n == 0 {
                y = y.pad_constant(d, 0, 1, 1.0)?;
            }
            while n > 1 {
                let (half, dim) = (n / 2, d as i64);
                let product = y.narrow(dim, 0, half)?.mul(y.narrow(dim, half as i64, half)?)?;
                y = if n % 2 == 1 { Self::cat(&[product, y.narrow(dim, -1, 1)?], dim)? } else { product };
                n = half + n % 2;
            }
        }
        y.reshape(size)
    }
}
