//! Several elements for one place: how they become one.

use crate::dtype::with_working;
use crate::gather::{places, position};
use crate::kernels::element::{Element as Kernel, Number};
use crate::{Element, Result, Tensor};

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
