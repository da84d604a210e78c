//! Operations between two tensors, which broadcast, or a tensor and a number.

use std::borrow::Cow;

use crate::dtype::{with_real, with_working};
use crate::kernels::elementwise::{Op1, Op2, With, map_function2, map1, map2};
use crate::kernels::functions::{self, Function2};
use crate::kernels::{on_gpu, ops};
use crate::{DType, Element, Error, IntoOperand, Operand, Result, Scalar, Tensor, shape};

/// PyTorch's dtype for an operation between the two: a number, or a tensor without dimensions, gives
/// way to a tensor of the same kind.
pub(crate) fn promoted(a: &Tensor, b: Operand<'_>) -> DType {
    match b {
        Operand::Tensor(b) if a.dtype == b.dtype => a.dtype,
        Operand::Tensor(b) => match (a.dim(), b.dim()) {
            (0, n) if n > 0 && a.dtype.is_float() <= b.dtype.is_float() => b.dtype,
            (n, 0) if n > 0 && b.dtype.is_float() <= a.dtype.is_float() => a.dtype,
            _ => a.dtype.promote(b.dtype),
        },
        Operand::Scalar(v) => v.promote(a.dtype),
    }
}

impl Tensor {
    /// A result in the dtype that it is due in.
    pub(crate) fn cast(self, dtype: DType) -> Result<Self> {
        if self.dtype == dtype { Ok(self) } else { self.to_dtype(dtype) }
    }

    /// The tensor itself where it has the dtype, without touching its reference count.
    pub(crate) fn in_dtype(&self, dtype: DType) -> Result<Cow<'_, Self>> {
        if self.dtype == dtype { Ok(Cow::Borrowed(self)) } else { self.to_dtype(dtype).map(Cow::Owned) }
    }
}

/// `y[i] = f(a[i], b[i])` computed in `T`, the working type of the dtype that [`promoted`] gave.
pub(crate) fn binary<T: Element, Y: Element>(
    op: &'static str,
    a: &Tensor,
    b: Operand<'_>,
    f: impl Op2<T, T, Y>,
) -> Result<Tensor> {
    let a = a.in_dtype(T::TYPE)?;
    match b {
        Operand::Scalar(v) => {
            on_gpu!(a, y => Ok(y), elementwise::binary(op, &a, b, Y::TYPE));
            let v = T::from_scalar(v);
            a.result(a.lend_view(op, |a| map1(a, With(f, v)))?, a.size())
        }
        Operand::Tensor(b) => {
            a.expect_device(op, b)?;
            let b = b.in_dtype(T::TYPE)?;
            on_gpu!(a, y => Ok(y), elementwise::binary(op, &a, Operand::Tensor(&b), Y::TYPE));
            if a.size() == b.size() {
                return a.result(Tensor::view2(op, (&a, &b), a.size(), |a, b| map2(a, b, f))?, a.size());
            }
            let dims = shape::broadcast(op, a.size(), b.size())?;
            let y = Tensor::view2(op, (&a, &b), &dims, |a, b| map2(a, b, f))?;
            a.result(y, &dims)
        }
    }
}

/// `y[i] = f(a[i], b[i])` in a real dtype, the 16-bit ones through f32.
pub(crate) fn function2(
    op: &'static str,
    a: &Tensor,
    b: &Tensor,
    f: Function2,
    dtype: DType,
) -> Result<Tensor> {
    a.expect_device(op, b)?;
    let dims = shape::broadcast(op, a.size(), b.size())?;
    with_real!(dtype, T => {
        let (a, b) = (a.in_dtype(T::TYPE)?, b.in_dtype(T::TYPE)?);
        on_gpu!(a, y => y.cast(dtype), elementwise::binary(op, &a, Operand::Tensor(&b), T::TYPE));
        let y = Tensor::view2::<T, T, _>(op, (&a, &b), &dims, |a, b| map_function2(a, b, f, [0.0; 2]))?;
        a.result(y, &dims)?.cast(dtype)
    })
}

/// Methods whose result has the operands' dtype (`same`), or is a mask (`mask`).
macro_rules! binary {
    ($($(#[$doc:meta])* $name:ident = $kernel:expr, $kind:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the shapes do not broadcast, or the devices differ.
        pub fn $name(&self, other: impl IntoOperand) -> Result<Self> {
            let (op, other) = (stringify!($name), other.operand());
            let dtype = promoted(self, other);
            with_working!(dtype, T => binary!(@$kind dtype, T, op, self, other, $kernel))
        }
    )*};
    (@same $dtype:expr, $t:ty, $($args:expr),*) => { binary::<$t, $t>($($args),*)?.cast($dtype) };
    (@mask $dtype:expr, $t:ty, $($args:expr),*) => { binary::<$t, u8>($($args),*) };
}

impl Tensor {
    binary! {
        /// `self + other`; integers wrap around.
        add = ops::Add, same;
        /// `self - other`; integers wrap around.
        sub = ops::Sub, same;
        /// `self * other`, element by element; integers wrap around.
        mul = ops::Mul, same;
        /// The larger of the two, element by element; NaN where either is.
        maximum = ops::Maximum, same;
        /// The smaller of the two, element by element; NaN where either is.
        minimum = ops::Minimum, same;
        /// 1 where equal, else 0.
        eq = ops::Eq, mask;
        /// 1 where different, else 0.
        ne = ops::Ne, mask;
        /// 1 where `self < other`, else 0.
        lt = ops::Lt, mask;
        /// 1 where `self <= other`, else 0.
        le = ops::Le, mask;
        /// 1 where `self > other`, else 0.
        gt = ops::Gt, mask;
        /// 1 where `self >= other`, else 0.
        ge = ops::Ge, mask;
    }

    /// `self / other`; between integers too, the quotient is a real number.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    pub fn div(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        let dtype = real(promoted(self, other));
        with_real!(dtype, T => binary::<T, T>("div", self, other, ops::Div)?.cast(dtype))
    }

    /// `number - self` and `number / self`, for the operators.
    pub(crate) fn rsub_or_rdiv(&self, op: &'static str, number: Scalar) -> Result<Self> {
        let dtype = number.promote(self.dtype);
        let dtype = if op == "div" { real(dtype) } else { dtype };
        with_working!(dtype, T => {
            let (x, v) = (self.in_dtype(dtype.working())?, <T as Element>::from_scalar(number));
            on_gpu!(x, y => y.cast(dtype), elementwise::swapped(op, &x, number));
            let y: Vec<T> = if op == "sub" {
                x.lend_view(op, |x| map1(x, Swapped(ops::Sub, v)))?
            } else {
                x.lend_view(op, |x| map1(x, Swapped(ops::Div, v)))?
            };
            self.result(y, x.size())?.cast(dtype)
        })
    }
}

/// The dtype of a real-valued function of elements of `dtype`.
pub(crate) fn real(dtype: DType) -> DType {
    if dtype.is_float() { dtype } else { DType::F32 }
}

/// `op` with its first argument given: `2 - x`.
#[derive(Clone, Copy)]
struct Swapped<F, A>(F, A);

impl<A: Copy + Sync, B, Y, F: Op2<A, B, Y>> Op1<B, Y> for Swapped<F, A> {
    const NS: f64 = F::NS;
    const SIMD: bool = F::SIMD;
    #[inline(always)]
    fn call<const L: usize>(self, b: B) -> Y {
        self.0.call::<L>(self.1, b)
    }
}

/// Methods whose arithmetic is a closure over the kernels' wide numbers.
macro_rules! closures {
    ($($(#[$doc:meta])* $name:ident = $f:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the shapes do not broadcast, or the devices differ.
        pub fn $name(&self, other: impl IntoOperand) -> Result<Self> {
            let other = other.operand();
            with_working!(promoted(self, other), T => {
                binary::<T, u8>(stringify!($name), self, other, |a: T, b: T| {
                    let f: fn(bool, bool) -> bool = $f;
                    u8::from(f(a != T::default(), b != T::default()))
                })
            })
        }
    )*};
}

/// Division that rounds, powers and logic.
impl Tensor {
    /// `floor(self / other)`; an integer divided by 0 is an error.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ; on integers divided by 0.
    pub fn floor_divide(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        divisor("floor_divide", self, other)?;
        let dtype = promoted(self, other);
        with_working!(dtype, T => binary::<T, T>("floor_divide", self, other, ops::FloorDiv)?.cast(dtype))
    }

    /// `self - floor(self / other) · other`, which has the sign of `other`, as Python's `%`.
    ///
    /// # Errors
    /// As [`Tensor::floor_divide`].
    pub fn remainder(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        divisor("remainder", self, other)?;
        let dtype = promoted(self, other);
        with_working!(dtype, T => binary::<T, T>("remainder", self, other, ops::Remainder)?.cast(dtype))
    }

    /// `self` to the power of `other`. An integer to a negative power is 0, but for 1 and -1.
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ; on an integer tensor to the power of a
    /// negative number.
    pub fn pow(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        let dtype = promoted(self, other);
        if let Operand::Scalar(v) = other {
            if !dtype.is_float() && v.to_f64() < 0.0 {
                return Err(Error::value(
                    "pow",
                    "an integer to a negative power is no integer; convert it first",
                ));
            }
            // As PyTorch, whose results for these are exact to the last bit.
            match v.to_f64() {
                2.0 => return self.to_dtype(dtype)?.square(),
                0.5 => return self.to_dtype(dtype)?.sqrt(),
                _ => {}
            }
        }
        match (dtype.working(), other) {
            (DType::F32 | DType::F64, Operand::Scalar(power)) => {
                self.to_dtype(dtype)?.function("pow", functions::POWER, [power.to_f64(), 0.0])
            }
            (DType::F32 | DType::F64, Operand::Tensor(power)) => {
                function2("pow", self, power, functions::POW, dtype)
            }
            _ => {
                let power = |a: i64, b: i64| match u32::try_from(b) {
                    Ok(b) => a.wrapping_pow(b),
                    Err(_) if b < 0 => {
                        if a == 1 || a == -1 {
                            a.wrapping_pow((b % 2).unsigned_abs() as u32)
                        } else {
                            0
                        }
                    }
                    Err(_) => a.wrapping_pow((b % (1 << 31)) as u32),
                };
                binary("pow", self, other, power)?.cast(dtype)
            }
        }
    }

    /// The angle of the point (`other`, `self`) seen from the origin, in (-π, π].
    ///
    /// # Errors
    /// When the shapes do not broadcast, or the devices differ.
    pub fn atan2(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        let dtype = real(promoted(self, other));
        with_real!(dtype, T => binary("atan2", self, other, T::atan2)?.cast(dtype))
    }

    closures! {
        /// 1 where both are not 0, else 0.
        logical_and = |a, b| a & b;
        /// 1 where either is not 0, else 0.
        logical_or = |a, b| a | b;
        /// 1 where just one is not 0, else 0.
        logical_xor = |a, b| a ^ b;
    }
}

/// An integer divided by 0 is an error.
pub(crate) fn divisor(op: &'static str, a: &Tensor, b: Operand<'_>) -> Result<()> {
    if promoted(a, b).is_float() {
        return Ok(());
    }
    let zero = match b {
        Operand::Scalar(v) => v.to_f64() == 0.0,
        Operand::Tensor(b) => b.numel() > 0 && b.eq(0)?.any()?.item::<u8>()? != 0,
    };
    if zero { Err(Error::value(op, "an integer is divided by 0")) } else { Ok(()) }
}
