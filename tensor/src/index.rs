//! Elements by their indices.

use crate::{DType, Error, Result, Tensor, shape};

impl Tensor {
    /// `out[i][j] = self[i][index[i][j]]` for `dim` 1, and so on: the elements at `index` along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    pub fn gather(&self, dim: i64, index: &Self) -> Result<Self> {
        let dim = shape::dim("gather", dim, self.size())?;
        let index = check("gather", index, dim, self.size()[dim])?;
        let x = self.contiguous()?;
        Self::from_candle(x.inner.gather(&index.inner, dim).map_err(Error::backend("gather"))?)
    }

    /// The slices at `index`, a vector of integers, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    pub fn index_select(&self, dim: i64, index: &Self) -> Result<Self> {
        let dim = shape::dim("index_select", dim, self.size())?;
        let index = check("index_select", index, dim, self.size()[dim])?;
        let x = self.contiguous()?;
        Self::from_candle(x.inner.index_select(&index.inner, dim).map_err(Error::backend("index_select"))?)
    }

    /// A copy of `self` with `out[i][index[i][j]] += source[i][j]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn scatter_add(&self, dim: i64, index: &Self, source: &Self) -> Result<Self> {
        let dim = shape::dim("scatter_add", dim, self.size())?;
        let index = check("scatter_add", index, dim, self.size()[dim])?;
        let (x, source) = (self.contiguous()?, source.contiguous()?);
        Self::from_candle(
            x.inner.scatter_add(&index.inner, &source.inner, dim).map_err(Error::backend("scatter_add"))?,
        )
    }
}

/// Contiguous indices, all of them within the dimension.
fn check(op: &'static str, index: &Tensor, dim: usize, size: usize) -> Result<Tensor> {
    if index.dtype.is_float() {
        return Err(Error::dtype(op, index.dtype, "int64 or another integer dtype"));
    }
    let index = index.to_dtype(DType::I64)?.contiguous()?;
    if index.device().is_cpu()
        && let Some(&bad) = index.to_vec::<i64>()?.iter().find(|&&i| i < 0 || i >= size as i64)
    {
        return Err(Error::Index { op, index: bad, dim, size });
    }
    Ok(index)
}
