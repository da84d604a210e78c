//! Sums, means, products and norms.

use crate::cpu::element::{Element as Kernel, Number};
use crate::cpu::on_gpu;
use crate::cpu::reduce::reduce;
use crate::cpu::reducers::{self, All, Any, CountNonzero, Max, Prod, Sum, SumOf};
use crate::dtype::{with_real, with_working};
use crate::{DType, Element, Error, IntoShape, Result, Tensor, shape};

/// The shape without the dimensions `over`, or with 1 for each with `keepdim`.
pub(crate) fn reduced(op: &'static str, size: &[usize], over: &[usize], keepdim: bool) -> Result<Vec<usize>> {
    let left = size.iter().enumerate().filter_map(|(d, &n)| match over.contains(&d) {
        true => keepdim.then_some(1),
        false => Some(n),
    });
    let left: Vec<usize> = left.collect();
    // Of no elements there may be many sums.
    shape::room::<f64>(op, shape::numel(&left))?;
    Ok(left)
}

/// All dimensions where none is given, as PyTorch's `dim=None` and `dim=[]`.
pub(crate) fn over(op: &'static str, dims: impl IntoShape, size: &[usize]) -> Result<Vec<usize>> {
    let dims = shape::dims(op, dims, size)?;
    Ok(if dims.is_empty() { (0..size.len()).collect() } else { dims })
}

pub(super) fn all(x: &Tensor) -> Vec<usize> {
    (0..x.dim()).collect()
}

macro_rules! over_all {
    ($($(#[$doc:meta])* $name:ident, $name_dim:ident = $fold:expr, $out:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When memory runs out.
        pub fn $name(&self) -> Result<Self> {
            self.$name_dim(all(self), false)
        }

        #[doc = concat!("[`Tensor::", stringify!($name), "`] over some dimensions, all where none is given; they become 1 with `keepdim`, or else disappear.")]
        ///
        /// # Errors
        /// When there is no such dimension, or one is given twice.
        pub fn $name_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
            let op = stringify!($name);
            let over = over(op, dims, self.size())?;
            let size = reduced(op, self.size(), &over, keepdim)?;
            with_working!(self.dtype, T => {
                let y = self.in_dtype(T::TYPE)?.lend_view::<T, _>(op, |x| reduce(x, &over, $fold))?;
                self.result(y, &size)?.cast(self.$out())
            })
        }
    )*};
}

impl Tensor {
    /// The sum of all elements; integers are summed as i64.
    ///
    /// # Errors
    /// When the device runs out of memory; so for all that follow.
    pub fn sum(&self) -> Result<Self> {
        self.sum_over(&all(self), false)
    }

    /// The sums over some dimensions, all where none is given; they become 1 with `keepdim`, or else
    /// disappear.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    pub fn sum_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.sum_over(&over("sum", dims, self.size())?, keepdim)
    }

    /// The dtype of a sum or a product.
    fn total(&self) -> DType {
        if self.dtype.is_float() { self.dtype } else { DType::I64 }
    }

    fn mask(&self) -> DType {
        DType::U8
    }

    fn count(&self) -> DType {
        DType::I64
    }

    fn sum_over(&self, over: &[usize], keepdim: bool) -> Result<Self> {
        if over.is_empty() {
            return if self.dtype.is_float() { Ok(self.clone()) } else { self.to_dtype(DType::I64) };
        }
        let size = reduced("sum", self.size(), over, keepdim)?;
        with_working!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            on_gpu!(x, y => y.cast(self.total()), reduce::sum("sum", &x, over, 1.0, &size));
            let y = x.lend_view::<T, _>("sum", |x| reduce(x, over, Sum))?;
            self.result(y, &size)?.cast(self.total())
        })
    }

    /// The mean of all elements; NaN of none.
    ///
    /// # Errors
    /// On an integer dtype.
    pub fn mean(&self) -> Result<Self> {
        self.mean_over(&all(self), false)
    }

    /// The means over some dimensions, all where none is given.
    ///
    /// # Errors
    /// As [`Tensor::sum_dim`]; and on an integer dtype.
    pub fn mean_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.mean_over(&over("mean", dims, self.size())?, keepdim)
    }

    fn mean_over(&self, over: &[usize], keepdim: bool) -> Result<Self> {
        self.expect_float("mean")?;
        let size = reduced("mean", self.size(), over, keepdim)?;
        with_real!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            on_gpu!(x, y => y.cast(self.dtype), reduce::mean("mean", &x, over, &size));
            let y = x.lend_view::<T, _>("mean", |x| reducers::mean(x, over))?;
            self.result(y, &size)?.cast(self.dtype)
        })
    }

    over_all! {
        /// The product of all elements; integers are multiplied as i64, and wrap around.
        prod, prod_dim = Prod, total;
        /// 1 where any element is not 0, else 0.
        any, any_dim = Any, mask;
        /// 1 where no element is 0, else 0.
        all, all_dim = All, mask;
        /// How many elements are not 0, as i64.
        count_nonzero, count_nonzero_dim = CountNonzero, count;
    }

    pub(super) fn not_empty(&self, op: &'static str, over: Vec<usize>) -> Result<Vec<usize>> {
        match over.iter().find(|&&d| self.size()[d] == 0) {
            None => Ok(over),
            Some(d) => Err(Error::shape(
                op,
                format!(
                    "dimension {d} of shape {:?} is empty, and nothing has no largest element",
                    self.size()
                ),
            )),
        }
    }

    /// `ln(sum of e^x)` over some dimensions, without overflow.
    ///
    /// # Errors
    /// As [`Tensor::sum_dim`]; and on an integer dtype.
    pub fn logsumexp(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.expect_float("logsumexp")?;
        let over = over("logsumexp", dims, self.size())?;
        let size = reduced("logsumexp", self.size(), &over, keepdim)?;
        with_real!(self.dtype, T => {
            let x = self.in_dtype(T::TYPE)?;
            let mut shift = x.lend_view::<T, _>("logsumexp", |x| reduce(x, &over, Max))?;
            // Where all are -inf, or one is inf, there is nothing to shift by.
            shift.iter_mut().filter(|m| m.is_infinite()).for_each(|m| *m = 0.0);
            let shift = self.result(shift, &reduced("logsumexp", self.size(), &over, true)?)?;
            let y = x.sub(&shift)?;
            y.exp_()?;
            let y = y.sum_over(&over, true)?;
            y.log_()?;
            y.add(shift)?.reshape(size.as_slice())?.cast(self.dtype)
        })
    }

    /// The Euclidean norm of all elements.
    ///
    /// # Errors
    /// On an integer dtype.
    pub fn norm(&self) -> Result<Self> {
        self.norm_p(2.0, (), false)
    }

    /// The p-norm over some dimensions, all where none is given: `(sum of |x|^p)^(1/p)`; the largest or
    /// smallest `|x|` for an infinite p, the number of elements that are not 0 for p = 0.
    ///
    /// # Errors
    /// As [`Tensor::sum_dim`]; and on an integer dtype.
    pub fn norm_p(&self, p: f64, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        self.expect_float("norm")?;
        let over = over("norm", dims, self.size())?;
        if p.is_infinite() {
            return if p > 0.0 { self.abs()?.amax(over, keepdim) } else { self.abs()?.amin(over, keepdim) };
        }
        let size = reduced("norm_p", self.size(), &over, keepdim)?;
        if self.inner.device().is_cuda() && (p == 1.0 || p == 2.0) {
            // Of operations that have kernels there.
            let x = self.to_dtype(DType::F64)?;
            let x = if p == 1.0 { x.abs()? } else { x.square()? };
            let y = x.sum_over(&over, keepdim)?;
            let y = if p == 1.0 { y } else { y.sqrt()? };
            return y.cast(self.dtype.working())?.cast(self.dtype);
        }
        with_real!(self.dtype, T => {
            self.result(norm::<T>(&*self.in_dtype(T::TYPE)?, &over, p)?, &size)?.cast(self.dtype)
        })
    }

    /// Sums what broadcasting to the shape of `self` repeated: the result has the shape `target`.
    ///
    /// # Errors
    /// When `target` does not broadcast to the shape of `self`.
    pub fn sum_to(&self, target: &[usize]) -> Result<Self> {
        if self.size() == target {
            return Ok(self.clone());
        }
        if shape::broadcast("sum_to", self.size(), target)? != self.size() {
            return Err(Error::shape(
                "sum_to",
                format!("shape {target:?} does not broadcast to {:?}", self.size()),
            ));
        }
        let new = self.dim() - target.len();
        let repeated = |&d: &usize| d < new || (target[d - new] == 1 && self.size()[d] != 1);
        let dims: Vec<usize> = (0..self.dim()).filter(repeated).collect();
        let y = self.sum_over(&dims, true)?;
        if new == 0 { Ok(y) } else { y.reshape(target) }
    }
}

fn norm<T: Element + Number>(x: &Tensor, over: &[usize], p: f64) -> Result<Vec<T>> {
    let of = |x: T| Kernel::to_f64(x).abs();
    let to = |x: f64| <T as Kernel>::from_f64(x);
    x.lend_view::<T, _>("norm", |x| match p {
        0.0 => {
            let of = move |x: T, ()| f64::from(u8::from(of(x) != 0.0));
            reduce(x, over, SumOf { of, finish: move |s, ()| to(s) })
        }
        1.0 => reduce(x, over, SumOf { of: move |x: T, ()| of(x), finish: move |s, ()| to(s) }),
        2.0 => {
            let of = move |x: T, ()| of(x) * of(x);
            reduce(x, over, SumOf { of, finish: move |s: f64, ()| to(s.sqrt()) })
        }
        p => {
            let of = move |x: T, ()| of(x).powf(p);
            reduce(x, over, SumOf { of, finish: move |s: f64, ()| to(s.powf(1.0 / p)) })
        }
    })
}

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

    /// The p-norm of the difference of two tensors, which broadcast.
    ///
    /// # Errors
    /// When the shapes do not broadcast; on an integer dtype.
    pub fn dist(&self, other: &Self, p: f64) -> Result<Self> {
        self.sub(other)?.norm_p(p, (), false)
    }
}
