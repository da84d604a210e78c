//! Elements written at indices.

use std::borrow::Cow;

use crate::cpu::element::{Element as Kernel, Number};
use crate::dtype::{with_element, with_working};
use crate::ops::index::{around, indices, places, position};
use crate::{Element, Error, IntoOperand, Operand, Result, Scalar, Tensor, shape};

impl Tensor {
    /// A copy of `self` with `out[i][index[i][j]] = source[i][j]` for `dim` 1, and so on; the source may be
    /// one number. Of several sources for one place the last counts.
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn scatter(&self, dim: i64, index: &Self, source: impl IntoOperand) -> Result<Self> {
        let y = self.copy()?;
        y.scatter_(dim, index, source)?;
        Ok(y)
    }

    /// [`Tensor::scatter`] in place.
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn scatter_(&self, dim: i64, index: &Self, source: impl IntoOperand) -> Result<()> {
        let op = "scatter";
        let source = match source.operand() {
            Operand::Tensor(source) => source,
            Operand::Scalar(v) => Cow::Owned(self.like().full((), v)?.expand(index.size())?),
        };
        let (dim, at) = self.scatter_places(op, dim, index, &source)?;
        with_element!(self.dtype, T => {
            let mut y = self.to_vec::<T>()?;
            let x = source.to_vec::<T>()?;
            places(&at, index.size(), self.size(), dim, |i, place| {
                y[place] = x[position(i, index.size(), source.size())];
            });
            self.copy_(&self.result(y, self.size())?)
        })
    }

    /// A copy of `self` with `out[i][index[i][j]] += source[i][j]` for `dim` 1, and so on.
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn scatter_add(&self, dim: i64, index: &Self, source: &Self) -> Result<Self> {
        let op = "scatter_add";
        let (dim, at) = self.scatter_places(op, dim, index, source)?;
        with_working!(self.dtype, T => {
            let mut y = self.in_dtype(T::TYPE)?.to_vec::<T>()?;
            let x = source.in_dtype(T::TYPE)?.to_vec::<T>()?;
            places(&at, index.size(), self.size(), dim, |i, place| {
                y[place] = Number::add(y[place], x[position(i, index.size(), source.size())]);
            });
            self.result(y, self.size())?.cast(self.dtype)
        })
    }

    /// [`Tensor::scatter_add`] in place.
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn scatter_add_(&self, dim: i64, index: &Self, source: &Self) -> Result<()> {
        self.copy_(&self.scatter_add(dim, index, source)?)
    }

    pub(crate) fn scatter_places(
        &self,
        op: &'static str,
        dim: i64,
        index: &Self,
        source: &Self,
    ) -> Result<(usize, Vec<i64>)> {
        let dim = shape::dim(op, dim, self.size())?;
        self.expect_device(op, source)?;
        source.expect_dtype(op, self.dtype)?;
        self.expect_index(op, dim, index)?;
        let covers =
            source.dim() == index.dim() && index.size().iter().zip(source.size()).all(|(i, s)| i <= s);
        if !covers && index.numel() > 0 {
            return Err(Error::shape(
                op,
                format!(
                    "source of shape {:?} is smaller than the index of shape {:?}",
                    source.size(),
                    index.size()
                ),
            ));
        }
        Ok((dim, indices(op, index, dim, self.size()[dim], false)?))
    }

    /// A copy of `self` with the slices of `source` added at `index`, a vector of integers, along `dim`.
    ///
    /// # Errors
    /// When an index is out of range or no integer, or the shapes do not fit.
    pub fn index_add(&self, dim: i64, index: &Self, source: &Self) -> Result<Self> {
        let op = "index_add";
        let dim = shape::dim(op, dim, self.size())?;
        source.expect_dtype(op, self.dtype)?;
        let at = indices(op, index, dim, self.size()[dim], false)?;
        let mut expected = self.size().to_vec();
        expected[dim] = at.len();
        if source.size() != expected {
            return Err(Error::shape(
                op,
                format!("source has shape {:?}, expected {expected:?}", source.size()),
            ));
        }
        let (outer, n, inner) = around(self.size(), dim);
        with_working!(self.dtype, T => {
            let mut y = self.in_dtype(T::TYPE)?.to_vec::<T>()?;
            Self::lend::<T, _>(op, &[&*source.in_dtype(T::TYPE)?], |x| {
                for o in 0..outer {
                    for (j, &i) in at.iter().enumerate() {
                        let to = &mut y[(o * n + i as usize) * inner..][..inner];
                        let from = &x[0][(o * at.len() + j) * inner..][..inner];
                        to.iter_mut().zip(from).for_each(|(y, &x)| *y = Number::add(*y, x));
                    }
                }
            })?;
            self.result(y, self.size())?.cast(self.dtype)
        })
    }

    /// [`Tensor::index_add`] in place.
    ///
    /// # Errors
    /// As [`Tensor::index_add`].
    pub fn index_add_(&self, dim: i64, index: &Self, source: &Self) -> Result<()> {
        self.copy_(&self.index_add(dim, index, source)?)
    }

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
}

/// What [`Tensor::scatter_reduce`] makes of several elements for one place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// Their sum.
    Sum,
    /// Their product.
    Prod,
    /// Their mean; of integers, the integer below it.
    Mean,
    /// The largest; NaN where one is.
    Amax,
    /// The smallest; NaN where one is.
    Amin,
}

impl Tensor {
    /// A copy of `self` where element `[index[i][j]][j]` (for `dim` 0, and so on) is made of all
    /// `source[i][j]` for that place, and with `include_self` of the element itself.
    ///
    /// ```
    /// # use taper_tensor::{Reduce, Tensor};
    /// let (x, index) = (Tensor::new([1i64, 2, 3])?, Tensor::new([0i64, 0, 2])?);
    /// let source = Tensor::new([5i64, 7, 9])?;
    /// assert_eq!(x.scatter_reduce(0, &index, &source, Reduce::Prod, true)?.to_vec::<i64>()?, [35, 2, 27]);
    /// assert_eq!(x.scatter_reduce(0, &index, &source, Reduce::Mean, false)?.to_vec::<i64>()?, [6, 2, 9]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Tensor::gather`].
    pub fn scatter_reduce(
        &self,
        dim: i64,
        index: &Self,
        source: &Self,
        reduce: Reduce,
        include_self: bool,
    ) -> Result<Self> {
        let (dim, at) = self.scatter_places("scatter_reduce", dim, index, source)?;
        with_working!(self.dtype, T => {
            let f: fn(T, T) -> T = match reduce {
                Reduce::Sum | Reduce::Mean => Number::add,
                Reduce::Prod => Number::mul,
                Reduce::Amax => Number::maximum,
                Reduce::Amin => Number::minimum,
            };
            let mut y = self.in_dtype(T::TYPE)?.to_vec::<T>()?;
            let x = source.in_dtype(T::TYPE)?.to_vec::<T>()?;
            let mut count = vec![i64::from(include_self); y.len()];
            places(&at, index.size(), self.size(), dim, |i, place| {
                let x = x[position(i, index.size(), source.size())];
                y[place] = if count[place] == 0 { x } else { f(y[place], x) };
                count[place] += 1;
            });
            if reduce == Reduce::Mean {
                for (y, &n) in y.iter_mut().zip(count.iter()).filter(|(_, n)| **n > 1) {
                    let n = <T as Kernel>::from_i64(n);
                    *y = if self.dtype.is_float() { Number::div(*y, n) } else { Number::floor_div(*y, n) };
                }
            }
            self.result(y, self.size())?.cast(self.dtype)
        })
    }

    /// [`Tensor::scatter_reduce`] in place.
    ///
    /// # Errors
    /// As [`Tensor::scatter_reduce`] and [`Tensor::fill_`].
    pub fn scatter_reduce_(
        &self,
        dim: i64,
        index: &Self,
        source: &Self,
        reduce: Reduce,
        include_self: bool,
    ) -> Result<()> {
        self.copy_(&self.scatter_reduce(dim, index, source, reduce, include_self)?)
    }
}
