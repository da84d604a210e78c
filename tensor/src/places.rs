//! Slices and elements changed at indices, as copies and in place.

use crate::gather::indices;
use crate::{DType, Error, Result, Scalar, Tensor, shape};

impl Tensor {
    /// A copy of `self` with `value` in the slices at `index`, a vector of integers, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or `index` is no vector.
    pub fn index_fill(&self, dim: i64, index: &Self, value: impl Into<Scalar>) -> Result<Self> {
        let y = self.copy()?;
        y.index_fill_(dim, index, value)?;
        Ok(y)
    }

    /// [`Tensor::index_fill`] in place.
    ///
    /// # Errors
    /// As [`Tensor::index_fill`] and [`Tensor::fill_`].
    pub fn index_fill_(&self, dim: i64, index: &Self, value: impl Into<Scalar>) -> Result<()> {
        let value = value.into();
        for i in self.slices("index_fill_", dim, index)? {
            self.select(dim, i)?.fill_(value)?;
        }
        Ok(())
    }

    /// A copy of `self` with the slices of `source` at `index`, a vector of integers, along `dim`; of
    /// several for one place the last counts.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes or dtypes do not fit.
    pub fn index_copy(&self, dim: i64, index: &Self, source: &Self) -> Result<Self> {
        let y = self.copy()?;
        y.index_copy_(dim, index, source)?;
        Ok(y)
    }

    /// [`Tensor::index_copy`] in place.
    ///
    /// # Errors
    /// As [`Tensor::index_copy`] and [`Tensor::fill_`].
    pub fn index_copy_(&self, dim: i64, index: &Self, source: &Self) -> Result<()> {
        let op = "index_copy_";
        source.expect_dtype(op, self.dtype)?;
        let at = self.slices(op, dim, index)?;
        let mut expected = self.size().to_vec();
        expected[shape::dim(op, dim, self.size())?] = at.len();
        if source.size() != expected {
            return Err(Error::shape(
                op,
                format!("source has shape {:?}, expected {expected:?}", source.size()),
            ));
        }
        let source = if self.shares_storage(source) { source.copy()? } else { source.clone() };
        for (j, i) in at.into_iter().enumerate() {
            self.select(dim, i)?.copy_(&source.select(dim, j as i64)?)?;
        }
        Ok(())
    }

    /// Checked indices of slices along a dimension.
    fn slices(&self, op: &'static str, dim: i64, index: &Self) -> Result<Vec<i64>> {
        let d = shape::dim(op, dim, self.size())?;
        if index.dim() > 1 {
            return Err(Error::shape(op, format!("index has shape {:?}, expected a vector", index.size())));
        }
        indices(op, index, d, self.size()[d], true)
    }

    /// A copy of `self` where the mask, which broadcasts, puts the elements of `source` in their order where
    /// it is not 0.
    ///
    /// # Errors
    /// When the mask does not broadcast to the shape, the dtypes differ, or `source` has not as many
    /// elements as the mask asks for.
    pub fn masked_scatter(&self, mask: &Self, source: &Self) -> Result<Self> {
        let y = self.copy()?;
        y.masked_scatter_(mask, source)?;
        Ok(y)
    }

    /// [`Tensor::masked_scatter`] in place.
    ///
    /// # Errors
    /// As [`Tensor::masked_scatter`] and [`Tensor::fill_`].
    pub fn masked_scatter_(&self, mask: &Self, source: &Self) -> Result<()> {
        let op = "masked_scatter_";
        source.expect_dtype(op, self.dtype)?;
        let places = mask.expand(self.size())?.reshape(-1)?.nonzero()?.reshape(-1)?;
        if places.numel() > source.numel() {
            return Err(Error::shape(
                op,
                format!("the mask has {} places for {} elements", places.numel(), source.numel()),
            ));
        }
        self.put_(&places, &source.reshape(-1)?.narrow(0, 0, places.numel())?)
    }

    /// Puts the elements of `source` at flat positions, row-major; of several for one place the last counts.
    ///
    /// # Errors
    /// When a position is out of range or no integer, the dtypes differ, or there are not as many elements as
    /// positions.
    pub fn put_(&self, index: &Self, source: &Self) -> Result<()> {
        let op = "put_";
        source.expect_dtype(op, self.dtype)?;
        if index.numel() != source.numel() {
            return Err(Error::shape(
                op,
                format!("{} positions for {} elements", index.numel(), source.numel()),
            ));
        }
        let at = Self::own(indices(op, index, 0, self.numel(), true)?, &[index.numel()]);
        let y = self.reshape(-1)?.copy()?;
        y.scatter_(0, &at, &source.reshape(-1)?)?;
        self.copy_(&y.reshape(self.size())?)
    }

    /// The elements at `index` along `dim`, where the other dimensions of both broadcast: what
    /// [`Tensor::argsort`] and [`Tensor::argmax`] give. As [`Tensor::gather`], but for that.
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn take_along_dim(&self, index: &Self, dim: i64) -> Result<Self> {
        let op = "take_along_dim";
        let d = shape::dim(op, dim, self.size())?;
        if index.dim() != self.dim() {
            return Err(Error::shape(
                op,
                format!(
                    "index has shape {:?}, expected as many dimensions as {:?}",
                    index.size(),
                    self.size()
                ),
            ));
        }
        let (mut own, mut at) = (self.size().to_vec(), index.size().to_vec());
        (own[d], at[d]) = (1, 1);
        let mut size = shape::broadcast(op, &own, &at)?;
        size[d] = self.size()[d];
        let x = self.expand(&size)?;
        size[d] = index.size()[d];
        x.gather(dim, &index.expand(&size)?)
    }

    /// The indices of the elements that are not 0, a row for each: [`Tensor::nonzero`] by its name in NumPy.
    ///
    /// # Errors
    /// As [`Tensor::nonzero`].
    pub fn argwhere(&self) -> Result<Self> {
        self.nonzero()
    }

    /// Sets the main diagonal of a matrix to `value`.
    ///
    /// # Errors
    /// When there are not two dimensions; as [`Tensor::fill_`].
    pub fn fill_diagonal_(&self, value: impl Into<Scalar>) -> Result<()> {
        if self.dim() != 2 {
            return Err(Error::shape("fill_diagonal_", format!("shape {:?} is no matrix", self.size())));
        }
        self.diagonal(0, 0, 1)?.fill_(value)
    }

    /// Sets each element to 1 with probability `p`, else to 0.
    ///
    /// # Errors
    /// When `p` is no probability; as [`Tensor::fill_`].
    pub fn bernoulli_(&self, p: f64) -> Result<()> {
        if !(0.0..=1.0).contains(&p) {
            return Err(Error::value("bernoulli_", format!("{p} is no probability, expected 0 to 1")));
        }
        let uniform = self.like().dtype(DType::F64).rand(self.size())?;
        self.copy_(&uniform.lt(p)?)
    }
}
