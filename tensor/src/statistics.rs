//! Sums without NaN, spreads, differences and covariances.

use crate::{DType, Error, IntoShape, Result, Scalar, Tensor, shape};

impl Tensor {
    /// [`Tensor::sum_dim`], where NaN counts as 0.
    ///
    /// # Errors
    /// As [`Tensor::sum_dim`].
    pub fn nansum(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.masked_fill(&self.isnan()?, 0)?.sum_dim(dims, keepdim)
    }

    /// The means of the elements that are not NaN over some dimensions, all where none is given.
    ///
    /// # Errors
    /// As [`Tensor::mean_dim`].
    pub fn nanmean(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.expect_float("nanmean")?;
        let dims = dims.into_sizes();
        let count = self.isnan()?.logical_not()?.sum_dim(&dims, keepdim)?;
        self.nansum(dims, keepdim)?.div(count)
    }

    /// The smallest and the largest elements over some dimensions, all where none is given.
    ///
    /// # Errors
    /// As [`Tensor::amax`].
    pub fn aminmax(&self, dims: impl IntoShape, keepdim: bool) -> Result<(Self, Self)> {
        let dims = dims.into_sizes();
        Ok((self.amin(&dims, keepdim)?, self.amax(dims, keepdim)?))
    }

    /// The standard deviation and the mean, see [`Tensor::var`].
    ///
    /// # Errors
    /// As [`Tensor::var`].
    pub fn std_mean(&self, dims: impl IntoShape, correction: f64, keepdim: bool) -> Result<(Self, Self)> {
        let (var, mean) = self.var_mean(dims, correction, keepdim)?;
        Ok((var.sqrt()?, mean))
    }

    /// `ln(sum of e^x)` of the elements so far along a dimension, without overflow.
    ///
    /// # Errors
    /// When there is no such dimension; on an integer dtype.
    pub fn logcumsumexp(&self, dim: i64) -> Result<Self> {
        self.expect_float("logcumsumexp")?;
        if self.dim() == 0 && (-1..=0).contains(&dim) {
            return self.copy();
        }
        let d = shape::dim("logcumsumexp", dim, self.size())? as i64;
        let mut rows = self.unbind(d)?;
        for i in 1..rows.len() {
            rows[i] = rows[i - 1].logaddexp(&rows[i])?;
        }
        if rows.is_empty() { self.copy() } else { Self::stack(&rows, d) }
    }

    /// The differences between neighbours along a dimension, `n` times.
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::new(&[1i64, 4, 9, 16])?;
    /// assert_eq!(x.diff(1, 0)?.to_vec::<i64>()?, [3, 5, 7]);
    /// assert_eq!(x.diff(2, 0)?.to_vec::<i64>()?, [2, 2]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// When there is no such dimension.
    pub fn diff(&self, n: usize, dim: i64) -> Result<Self> {
        let d = shape::dim("diff", dim, self.size())?;
        let mut y = self.clone();
        for _ in 0..n.min(self.size()[d]) {
            let left = y.size()[d] as i64 - 1;
            y = y.narrow(dim, 1, left as usize)?.sub(y.narrow(dim, 0, left as usize)?)?;
        }
        if n == 0 { self.copy() } else { Ok(y) }
    }

    /// The vector product along a dimension of size 3; the others broadcast.
    ///
    /// # Errors
    /// When there is no such dimension, it is not 3 in both, or the shapes do not broadcast.
    pub fn cross(&self, other: &Self, dim: i64) -> Result<Self> {
        let op = "cross";
        let (d, e) = (shape::dim(op, dim, self.size())?, shape::dim(op, dim, other.size())?);
        if self.dim() != other.dim() || self.size()[d] != 3 || other.size()[e] != 3 {
            return Err(Error::shape(
                op,
                format!(
                    "shapes {:?} and {:?}: expected as many dimensions, with size 3 at {dim}",
                    self.size(),
                    other.size()
                ),
            ));
        }
        let part = |i: i64| -> Result<Self> {
            let (j, k) = ((i + 1) % 3, (i + 2) % 3);
            let first = self.select(dim, j)?.mul(other.select(dim, k)?)?;
            first.sub(self.select(dim, k)?.mul(other.select(dim, j)?)?)
        };
        Self::stack(&[part(0)?, part(1)?, part(2)?], d as i64)
    }

    /// The covariances of variables, the rows of a matrix, of which each column is an observation: over
    /// `observations - correction`, where PyTorch's default is 1. A vector is one variable.
    ///
    /// # Errors
    /// When there are more than two dimensions.
    pub fn cov(&self, correction: i64) -> Result<Self> {
        if self.dim() > 2 {
            return Err(Error::shape("cov", format!("shape {:?} has more than 2 dimensions", self.size())));
        }
        let x = if self.dtype.is_float() { self.clone() } else { self.to_dtype(DType::F32)? };
        let rows = if x.dim() < 2 { x.reshape((1, -1))? } else { x };
        let n = rows.size()[1];
        let centred = rows.sub(rows.mean_dim(1, true)?)?;
        let y = centred.matmul(&centred.t()?)?.div(((n as i64).saturating_sub(correction)).max(0))?;
        if self.dim() < 2 { y.reshape(()) } else { Ok(y) }
    }

    /// The correlations of variables, the rows of a matrix: [`Tensor::cov`] over the product of the standard
    /// deviations.
    ///
    /// # Errors
    /// As [`Tensor::cov`].
    pub fn corrcoef(&self) -> Result<Self> {
        let cov = self.cov(1)?;
        if cov.dim() == 0 {
            return cov.div(&cov);
        }
        let std = cov.diagonal(0, 0, 1)?.sqrt()?;
        cov.div(std.unsqueeze(1)?)?.div(std)?.clamp(-1.0, 1.0)
    }

    /// The p-norm of the difference of two tensors, which broadcast.
    ///
    /// # Errors
    /// When the shapes do not broadcast; on an integer dtype.
    pub fn dist(&self, other: &Self, p: f64) -> Result<Self> {
        self.sub(other)?.norm_p(p, (), false)
    }

    /// The indices of the elements on and below a diagonal of a matrix, row by row: `[2, n]`, i64.
    ///
    /// # Errors
    /// When the matrix would not fit in memory.
    pub fn tril_indices(rows: usize, columns: usize, diagonal: i64) -> Result<Self> {
        Self::full((rows, columns), Scalar::Int(1))?.tril(diagonal)?.nonzero()?.t()?.contiguous()
    }

    /// The indices of the elements on and above a diagonal of a matrix, row by row: `[2, n]`, i64.
    ///
    /// # Errors
    /// As [`Tensor::tril_indices`].
    pub fn triu_indices(rows: usize, columns: usize, diagonal: i64) -> Result<Self> {
        Self::full((rows, columns), Scalar::Int(1))?.triu(diagonal)?.nonzero()?.t()?.contiguous()
    }
}
