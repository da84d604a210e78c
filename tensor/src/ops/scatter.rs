//! Writing elements at indices.

use std::borrow::Cow;

use crate::cpu::element::Number;
use crate::dtype::{with_element, with_working};
use crate::ops::index::{around, dimension, indices, offsets};
use crate::{AsTensor, Element, IncludeSelf, IntoOperand, Operand, Result, Scalar, Tensor};

impl Tensor {
    /// Returns a copy with the elements of `source`, or one number, written at `index` along `dim`. For `dim`
    /// 1 of a matrix, `out[i][index[i][j]] = source[i][j]`. If an index repeats, the last element is kept.
    ///
    /// # Shapes
    /// `index` has as many dimensions as `self`, and no larger size except along `dim`; `source` is at least
    /// as large as `index`. The output has the shape of `self`.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, or the shapes or dtypes do not fit.
    pub fn scatter(&self, dim: i64, index: &Self, source: impl IntoOperand) -> Result<Self> {
        let op = "scatter";
        let source = match source.operand() {
            Operand::Tensor(source) => source,
            Operand::Scalar(v) => Cow::Owned(self.like().full((), v)?.expand(index.size())?),
        };
        let y =
            with_element!(self.dtype, T => self.scattered::<T>(op, dim, index, &source, |y, x, _| *y = x))?;
        Ok(y.stored_as(self.dtype))
    }

    /// Returns a copy with the elements of `source` added at `index` along `dim`. For `dim` 1 of a matrix,
    /// `out[i][index[i][j]] += source[i][j]`.
    ///
    /// # Shapes
    /// `index` has as many dimensions as `self`, and no larger size except along `dim`; `source` is at least
    /// as large as `index`. The output has the shape of `self`.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, or the shapes or dtypes do not fit.
    pub fn scatter_add(&self, dim: i64, index: &Self, source: impl AsTensor) -> Result<Self> {
        let (op, source) = ("scatter_add", source.as_tensor());
        with_working!(self.dtype, T => {
            self.scattered::<T>(op, dim, index, &source, |y, x, _| *y = Number::add(*y, x))?.cast(self.dtype)
        })
    }

    /// Returns a copy in `T` in which `f(element, element of source, position)` has changed the elements at
    /// `index`.
    fn scattered<T: Element>(
        &self,
        op: &'static str,
        dim: i64,
        index: &Self,
        source: &Self,
        mut f: impl FnMut(&mut T, T, usize),
    ) -> Result<Self> {
        let (dim, n) = dimension(op, dim, self.size())?;
        self.expect_device(op, source)?;
        Self::expect_one_dtype(op, &[("the tensor", self), ("source", source)])?;
        self.expect_index(op, dim, index)?;
        if index.numel() == 0 {
            indices(op, index, dim, n, false)?;
            return self.copy()?.cast(T::TYPE);
        }
        let (size, given) = (index.size(), source.size());
        if given.len() != size.len() || size.iter().zip(given).any(|(i, s)| i > s) {
            bail!(shape(
                op,
                "source has shape {given:?}, expected at least the shape of the index, {size:?}"
            ));
        }
        let mut part = source.clone();
        for (d, &n) in size.iter().enumerate() {
            part = part.narrow(d as i64, 0, n)?;
        }
        let (x, at) = (part.in_dtype(T::TYPE)?.to_vec::<T>()?, indices(op, index, dim, n, false)?);
        let mut y = self.in_dtype(T::TYPE)?.to_vec::<T>()?;
        offsets(&at, size, self.size(), dim).zip(x).for_each(|(offset, x)| f(&mut y[offset], x, offset));
        self.result(y, self.size())
    }

    /// Returns a copy with the slices of `source` added at `index`, a vector of integers, along `dim`.
    ///
    /// # Shapes
    /// Input `[.., n, ..]`, index `[m]`, source `[.., m, ..]`, output `[.., n, ..]`.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, or the shapes do not fit.
    pub fn index_add(&self, dim: i64, index: &Self, source: impl AsTensor) -> Result<Self> {
        let (op, source) = ("index_add", source.as_tensor());
        let (d, at) = self.slices(op, dim, index, Some(&source), false)?;
        let (outer, n, inner) = around(self.size(), d);
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

    /// Returns a copy with `value` in the slices at `index`, a vector of integers, along `dim`.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, or `index` is not a vector.
    pub fn index_fill(&self, dim: i64, index: &Self, value: impl Into<Scalar>) -> Result<Self> {
        let y = self.copy()?;
        y.index_fill_(dim, index, value)?;
        Ok(y)
    }

    /// Applies [`Tensor::index_fill`] in place.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, `index` is not a vector, several elements of `self`
    /// share a place in memory, or an array view of it is held.
    pub fn index_fill_(&self, dim: i64, index: &Self, value: impl Into<Scalar>) -> Result<()> {
        let (value, (_, at)) = (value.into(), self.slices("index_fill_", dim, index, None, true)?);
        let x = self.as_vector()?;
        at.into_iter().try_for_each(|i| x.select(dim, i)?.fill_(value))
    }

    /// Returns a copy with the slices at `index`, a vector of integers, along `dim` replaced by those of
    /// `source`. If an index repeats, the last slice is kept.
    ///
    /// # Shapes
    /// Input `[.., n, ..]`, index `[m]`, source `[.., m, ..]`, output `[.., n, ..]`.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, or the shapes or dtypes do not fit.
    pub fn index_copy(&self, dim: i64, index: &Self, source: impl AsTensor) -> Result<Self> {
        let y = self.copy()?;
        y.index_copy_(dim, index, source)?;
        Ok(y)
    }

    /// Applies [`Tensor::index_copy`] in place.
    ///
    /// # Errors
    /// If an index is out of range or not an integer, the shapes or dtypes do not fit, several elements of
    /// `self` share a place in memory, or an array view of it is held.
    pub fn index_copy_(&self, dim: i64, index: &Self, source: impl AsTensor) -> Result<()> {
        let source = source.as_tensor();
        let (_, at) = self.slices("index_copy_", dim, index, Some(&source), true)?;
        let source = if self.shares_storage(&source) { source.copy()? } else { source.into_owned() };
        let (x, source) = (self.as_vector()?, source.as_vector()?);
        for (j, i) in at.into_iter().enumerate() {
            x.select(dim, i)?.copy_(&source.select(dim, j as i64)?)?;
        }
        Ok(())
    }

    /// Returns a view of one element if the tensor has no dimensions, else the tensor.
    fn as_vector(&self) -> Result<Self> {
        if self.dim() == 0 { self.unsqueeze(0) } else { Ok(self.clone()) }
    }

    /// Returns a dimension, counted from the front, and the checked indices of slices along it, one for each
    /// slice of `source`.
    fn slices(
        &self,
        op: &'static str,
        dim: i64,
        index: &Self,
        source: Option<&Self>,
        negative: bool,
    ) -> Result<(usize, Vec<i64>)> {
        let (d, n) = dimension(op, dim, self.size())?;
        if index.dim() > 1 || (self.dim() == 0 && index.numel() != 1) {
            let expected = if self.dim() == 0 { "one index" } else { "a vector" };
            bail!(shape(op, "index has shape {:?}, expected {expected}", index.size()));
        }
        let at = indices(op, index, d, n, negative)?;
        if let Some(source) = source {
            Self::expect_one_dtype(op, &[("the tensor", self), ("source", source)])?;
            let mut expected = self.size().to_vec();
            expected.get_mut(d).into_iter().for_each(|size| *size = at.len());
            bail_if!(
                source.size() != expected,
                shape(op, "source has shape {:?}, expected {expected:?}", source.size())
            );
        }
        Ok((d, at))
    }

    /// Sets the main diagonal of a matrix to `value`.
    ///
    /// # Errors
    /// If the tensor is not a matrix, several elements share a place in memory, or an array view of it is
    /// held.
    pub fn fill_diagonal_(&self, value: impl Into<Scalar>) -> Result<()> {
        bail_if!(self.dim() != 2, shape("fill_diagonal_", "got shape {:?}, expected a matrix", self.size()));
        self.diagonal(0, 0, 1)?.fill_(value)
    }
}

/// The reduction of elements with the same index in [`Tensor::scatter_reduce`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reduce {
    /// The sum.
    Sum,
    /// The product.
    Prod,
    /// The mean; for integers, rounded down.
    Mean,
    /// The maximum, or NaN if an element is NaN.
    Amax,
    /// The minimum, or NaN if an element is NaN.
    Amin,
}

impl Tensor {
    /// Returns a copy in which each element is the reduction of the elements of `source` at its index, and of
    /// the element itself with `include_self`. For `dim` 0 of a matrix, `source[i][j]` goes to
    /// `[index[i][j]][j]`.
    ///
    /// ```
    /// # use taper_tensor::{IncludeSelf, Reduce, Tensor};
    /// let (x, index) = (Tensor::new([1i64, 2, 3])?, Tensor::new([0i64, 0, 2])?);
    /// let source = Tensor::new([5i64, 7, 9])?;
    /// assert_eq!(x.scatter_reduce(0, &index, &source, Reduce::Prod, IncludeSelf(true))?.to_vec::<i64>()?, [35, 2, 27]);
    /// assert_eq!(x.scatter_reduce(0, &index, &source, Reduce::Mean, IncludeSelf(false))?.to_vec::<i64>()?, [6, 2, 9]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If an index is out of range or not an integer, or the shapes or dtypes do not fit.
    pub fn scatter_reduce(
        &self,
        dim: i64,
        index: &Self,
        source: impl AsTensor,
        reduce: Reduce,
        include_self: IncludeSelf,
    ) -> Result<Self> {
        let source = source.as_tensor();
        with_working!(self.dtype, T => {
            let f: fn(T, T) -> T = match reduce {
                Reduce::Sum | Reduce::Mean => Number::add,
                Reduce::Prod => Number::mul,
                Reduce::Amax => Number::maximum,
                Reduce::Amin => Number::minimum,
            };
            let mut count = vec![i64::from(include_self.0); self.numel()];
            let y = self.scattered::<T>("scatter_reduce", dim, index, &source, |y, x, offset| {
                *y = if count[offset] == 0 { x } else { f(*y, x) };
                count[offset] += 1;
            })?;
            if reduce != Reduce::Mean {
                return y.cast(self.dtype);
            }
            let count = self.result(count, self.size())?.maximum(1)?;
            let mean = if self.dtype.is_float() { y.div(count)? } else { y.floor_divide(count)? };
            mean.cast(self.dtype)
        })
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_scatter {
    ($T:ident) => {
        impl $T {
            /// Returns a copy with the elements of `source` written at positions among all elements in
            /// row-major order. Negative positions count from the end. If a position repeats, the last
            /// element is kept, but each of them gets the gradient.
            ///
            /// # Errors
            /// If a position is out of range or not an integer, the dtypes differ, or there are not as many
            /// elements as positions.
            #[track_caller]
            pub fn put(&self, index: &$crate::Tensor, source: impl $crate::AsTensor<Self>) -> Result<Self> {
                let (op, source) = ("put", source.as_tensor());
                let (places, given) = (index.numel(), source.numel());
                $crate::bail_if!(
                    places != given,
                    shape(op, "got {places} positions and {given} elements, expected as many of both")
                );
                let at = $crate::support::index_vector(op, index, 0, self.numel())?;
                self.reshape(-1)?.scatter(0, &at, source.reshape(-1)?)?.reshape(&self.size()[..])
            }
        }
    };
}
composed_scatter!(Tensor);
