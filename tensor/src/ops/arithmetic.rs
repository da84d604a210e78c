//! Arithmetic between two tensors, which broadcast, or a tensor and a number.

use std::borrow::Cow;

use crate::cpu::elementwise::{Op2, Op3, With, map_function2, map1, map2, map3};
use crate::cpu::functions::{self, Function2};
use crate::cpu::operators;
use crate::cuda::kernel::Elementwise as Kernel;
use crate::dtype::{with_real, with_working};
use crate::ops::reduce::expect_numbers;
use crate::{AsTensor, DType, Element, Error, IntoOperand, Operand, Result, Scalar, Tensor, cuda, shape};

impl Tensor {
    /// Returns `self + weight · (end - self)`, where the weight is a number or a tensor.
    ///
    /// # Errors
    /// If the shapes do not broadcast, the dtypes differ, or the dtype is not floating point.
    pub fn lerp(&self, end: impl AsTensor, weight: impl IntoOperand) -> Result<Self> {
        let (op, end) = ("lerp", end.as_tensor());
        self.expect_float(op)?;
        Self::expect_one_dtype(op, &[("input", self), ("end", &end)])?;
        self.expect_device(op, &end)?;
        let weight = match weight.operand() {
            Operand::Tensor(w) => w,
            Operand::Scalar(w) => Cow::Owned(self.like().full((), w)?),
        };
        Self::expect_one_dtype(op, &[("input", self), ("weight", &weight)])?;
        self.expect_device(op, &weight)?;
        with_real!(self.dtype, T => {
            let (a, b, w) = (self.in_dtype(T::TYPE)?, end.in_dtype(T::TYPE)?, weight.in_dtype(T::TYPE)?);
            ternary::<T, T>(op, [&a, &b, &w], operators::Lerp)?.cast(self.dtype)
        })
    }

    /// Returns `self + value · a · b`.
    ///
    /// # Errors
    /// If the shapes do not broadcast.
    pub fn addcmul(&self, a: impl AsTensor, b: impl AsTensor, value: impl Into<Scalar>) -> Result<Self> {
        self.addc("addcmul", &a.as_tensor(), &b.as_tensor(), value.into(), false)
    }

    /// Returns `self + value · a / b`.
    ///
    /// # Errors
    /// If the shapes do not broadcast, or the dtype is not floating point.
    pub fn addcdiv(&self, a: impl AsTensor, b: impl AsTensor, value: impl Into<Scalar>) -> Result<Self> {
        self.expect_float("addcdiv")?;
        self.addc("addcdiv", &a.as_tensor(), &b.as_tensor(), value.into(), true)
    }

    fn addc(&self, op: &'static str, a: &Self, b: &Self, value: Scalar, divide: bool) -> Result<Self> {
        let dtype = self.dtype.promote(a.dtype).promote(b.dtype);
        let dtype = value.promote(dtype);
        with_working!(dtype, T => {
            let (x, a, b) = (self.in_dtype(T::TYPE)?, a.in_dtype(T::TYPE)?, b.in_dtype(T::TYPE)?);
            ternary::<T, T>(op, [&x, &a, &b], operators::AddC(<T as Element>::from_scalar(value), divide))?.cast(dtype)
        })
    }
}

/// Returns `y[i] = f(a[i], b[i], c[i])`, where the three operands broadcast.
pub(super) fn ternary<A: Element, T: Element>(
    op: &'static str,
    [a, b, c]: [&Tensor; 3],
    f: impl Op3<A, T, T, T>,
) -> Result<Tensor> {
    let size = shape::broadcast(op, &shape::broadcast(op, a.size(), b.size())?, c.size())?;
    a.result(Tensor::view3::<A, T, T, _>(op, [a, b, c], &size, |a, b, c| map3(a, b, c, f))?, &size)
}

/// Returns PyTorch's dtype for an operation between the two. A number or a tensor without dimensions does not
/// affect the dtype of a tensor of the same kind.
pub(crate) fn promoted(a: &Tensor, b: &Operand<'_>) -> DType {
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

/// Returns `y[i] = f(a[i], b[i])` computed in `T`, the working type of the dtype from [`promoted`].
pub(crate) fn binary<T: Element, Y: Element>(
    op: &'static str,
    a: &Tensor,
    b: Operand<'_>,
    f: impl Op2<T, T, Y>,
) -> Result<Tensor> {
    let a = a.in_dtype(T::TYPE)?;
    match b {
        Operand::Scalar(v) => {
            if let Some(y) = cuda::elementwise::binary(op, f.on_gpu(), &a, b, Y::TYPE)? {
                return Ok(y);
            }
            let v = T::from_scalar(v);
            a.result(a.lend_view(op, |a| map1(a, With(f, v)))?, a.size())
        }
        Operand::Tensor(b) => {
            a.expect_device(op, &b)?;
            let b = b.in_dtype(T::TYPE)?;
            if let Some(y) = cuda::elementwise::binary(op, f.on_gpu(), &a, (&*b).into(), Y::TYPE)? {
                return Ok(y);
            }
            if a.size() == b.size() {
                return a.result(Tensor::view2(op, (&a, &b), a.size(), |a, b| map2(a, b, f))?, a.size());
            }
            let dims = shape::broadcast(op, a.size(), b.size())?;
            let y = Tensor::view2(op, (&a, &b), &dims, |a, b| map2(a, b, f))?;
            a.result(y, &dims)
        }
    }
}

/// Returns `y[i] = f(a[i], b[i])` in a floating-point dtype. 16-bit floats are computed in f32.
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
        if let Some(y) = cuda::elementwise::binary(op, f.gpu, &a, (&*b).into(), T::TYPE)? {
            return y.cast(dtype);
        }
        let y = Tensor::view2::<T, T, _>(op, (&a, &b), &dims, |a, b| map_function2(a, b, f, [0.0; 2]))?;
        a.result(y, &dims)?.cast(dtype)
    })
}

/// Declares methods `name` of two operands that broadcast, and their in-place forms `name_`. A row has the
/// dtype in which its kernel computes, and the dtype of the result:
///
/// - `same`: the dtype of the operands, for both;
/// - `numbers`: as `same`, but bool is an error;
/// - `divided`: as `numbers`, but an integer divided by 0 is an error;
/// - `mask`: computes in the dtype of the operands, and returns a mask;
/// - `real`: a floating-point dtype for both; integers are converted;
/// - `integer`: computes in i64; the operands must be integers;
/// - `bits`: as `integer`, but bool is allowed.
macro_rules! binary_ops {
    ($($(#[$doc:meta])* $name:ident $(, $name_:ident)? = $kernel:expr, $kind:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        #[doc = binary_ops!(@errors $kind)]
        pub fn $name(&self, other: impl IntoOperand) -> Result<Self> {
            let (op, other) = (stringify!($name), other.operand());
            let dtype = promoted(self, &other);
            binary_ops!(@$kind dtype, op, self, other, $kernel)
        }

        $(#[doc = concat!("Computes [`Tensor::", stringify!($name), "`] in place.")]
        ///
        /// # Errors
        #[doc = concat!("If [`Tensor::", stringify!($name), "`] returns an error, the result does not have the shape of `self`, elements of `self` share a place in memory, or the result is floating point and `self` is not.")]
        pub fn $name_(&self, other: impl IntoOperand) -> Result<()> {
            let op = stringify!($name_);
            binary_ops!(@$kind _ op, self, other, $kernel, $name)
        })?
    )*};
    (@errors divided) => { "If the shapes do not broadcast, the devices differ, or an integer is divided by 0." };
    (@errors numbers) => { "If the shapes do not broadcast, the devices differ, or both are bool." };
    (@errors bits) => { "If the shapes do not broadcast, the devices differ, or a dtype is floating point." };
    (@errors integer) => { "If the shapes do not broadcast, the devices differ, or a dtype is floating point or bool." };
    (@errors $kind:ident) => { "If the shapes do not broadcast, or the devices differ." };
    (@same $dtype:expr, $op:expr, $a:expr, $b:expr, $kernel:expr) => {
        with_working!($dtype, T => binary::<T, T>($op, $a, $b, $kernel)?.cast($dtype))
    };
    (@numbers $dtype:expr, $op:expr, $a:expr, $b:expr, $kernel:expr) => {{
        $crate::ops::reduce::expect_numbers($op, $dtype)?;
        binary_ops!(@same $dtype, $op, $a, $b, $kernel)
    }};
    (@divided $dtype:expr, $op:expr, $a:expr, $b:expr, $kernel:expr) => {{
        expect_divisor($op, $a, &$b)?;
        binary_ops!(@numbers $dtype, $op, $a, $b, $kernel)
    }};
    (@mask $dtype:expr, $op:expr, $a:expr, $b:expr, $kernel:expr) => {
        with_working!($dtype, T => Ok(binary::<T, u8>($op, $a, $b, $kernel)?.stored_as(DType::Bool)))
    };
    (@real $dtype:expr, $op:expr, $a:expr, $b:expr, $kernel:expr) => {{
        let dtype = real($dtype);
        with_real!(dtype, T => {
            // A function pointer: the loop is compiled once for all functions.
            let f: fn(T, T) -> T = $kernel;
            binary($op, $a, $b, f)?.cast(dtype)
        })
    }};
    (@integer $dtype:expr, $op:expr, $a:expr, $b:expr, $kernel:expr) => {{
        $crate::ops::reduce::expect_integer($op, $dtype)?;
        binary_ops!(@bits $dtype, $op, $a, $b, $kernel)
    }};
    (@bits $dtype:expr, $op:expr, $a:expr, $b:expr, $kernel:expr) => {{
        if $dtype != DType::Bool {
            $crate::ops::reduce::expect_integer($op, $dtype)?;
        }
        let f: fn(i64, i64) -> i64 = $kernel;
        binary($op, $a, $b, f)?.cast($dtype)
    }};
    (@same _ $op:expr, $a:expr, $b:expr, $kernel:expr, $name:ident) => {
        with_working!($a.dtype, T => $a.update::<T>($op, $b.operand(), $kernel))
    };
    (@numbers _ $op:expr, $a:expr, $b:expr, $kernel:expr, $name:ident) => {{
        $crate::ops::reduce::expect_numbers($op, $a.dtype)?;
        binary_ops!(@same _ $op, $a, $b, $kernel, $name)
    }};
    (@$kind:ident _ $op:expr, $a:expr, $b:expr, $kernel:expr, $name:ident) => { $a.accept($op, &$a.$name($b)?) };
}
pub(super) use binary_ops;

impl Tensor {
    binary_ops! {
        /// Returns `self + other`; integers wrap around.
        add, add_ = operators::Add, same;
        /// Returns `self - other`; integers wrap around.
        sub, sub_ = operators::Sub, numbers;
        /// Returns `self * other`, elementwise; integers wrap around.
        mul, mul_ = operators::Mul, same;
        /// Returns `floor(self / other)`; an integer divided by 0 is an error.
        floor_divide, floor_divide_ = operators::FloorDiv, divided;
        /// Returns `self - floor(self / other) · other`, which has the sign of `other`: Python's `%`.
        remainder, remainder_ = operators::Remainder, divided;
        /// Returns the angle of the point (`other`, `self`) from the origin, in (-π, π].
        atan2, atan2_ = |a, b| a.atan2(b), real;
        /// Returns the length of the vector (`self`, `other`), without overflow.
        hypot, hypot_ = |a, b| a.hypot(b), real;
        /// Returns `ln(e^self + e^other)`, without overflow.
        logaddexp = |a, b| {
            let (low, high) = if a < b { (a, b) } else { (b, a) };
            if low == high { high + (2.0 as T).ln() } else { high + (low - high).exp().ln_1p() }
        }, real;
        /// Returns `self` with the sign of `other`.
        copysign, copysign_ = |a, b| a.copysign(b), real;
        /// Returns `self · ln(other)`: NaN if `other` is NaN, else 0 if `self` is 0.
        xlogy, xlogy_ = |a, b| if b.is_nan() { b } else if a == 0.0 { 0.0 } else { a * b.ln() }, real;
        /// Returns 0 for negative or NaN elements, 1 for positive ones, and the element of `other` for 0.
        heaviside = |a, b| if a == 0.0 { b } else if a > 0.0 { 1.0 } else { 0.0 }, real;
    }

    /// Returns the remainder of the division rounded towards zero, which has the sign of `self`: C's `fmod`.
    /// For Python's `%`, see [`Tensor::remainder`].
    ///
    /// ```
    /// # use taper_tensor::Tensor;
    /// let x = Tensor::new(&[-3.0f32, 3.5])?;
    /// assert_eq!(x.fmod(2)?.to_vec::<f32>()?, [-1.0, 1.5]);
    /// assert_eq!(x.remainder(2)?.to_vec::<f32>()?, [1.0, 1.5]);
    /// # Ok::<(), taper_tensor::Error>(())
    /// ```
    ///
    /// # Errors
    /// If the shapes do not broadcast, the devices differ, or an integer is divided by 0.
    pub fn fmod(&self, other: impl IntoOperand) -> Result<Self> {
        let (op, other) = ("fmod", other.operand());
        expect_divisor(op, self, &other)?;
        match promoted(self, &other) {
            dtype if dtype.is_float() => binary_ops!(@real dtype, op, self, other, |a, b| a % b),
            dtype => binary_ops!(@integer dtype, op, self, other, |a, b| a.checked_rem(b).unwrap_or(0)),
        }
    }

    /// Returns `self / other`. The quotient of integers is floating point.
    ///
    /// # Errors
    /// If the shapes do not broadcast, or the devices differ.
    pub fn div(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        let dtype = real(promoted(self, &other));
        with_real!(dtype, T => binary::<T, T>("div", self, other, operators::Div)?.cast(dtype))
    }

    /// Returns `number - self`.
    pub fn rsub(&self, number: impl Into<Scalar>) -> Result<Self> {
        self.swapped("rsub", number.into(), operators::Sub, Kernel::Rsub, |dtype| dtype)
    }

    /// Returns `number / self`. The quotient of integers is floating point.
    pub fn rdiv(&self, number: impl Into<Scalar>) -> Result<Self> {
        self.swapped("rdiv", number.into(), operators::Div, Kernel::Rdiv, real)
    }

    fn swapped<F>(
        &self,
        op: &'static str,
        number: Scalar,
        f: F,
        kernel: Kernel,
        result: fn(DType) -> DType,
    ) -> Result<Self>
    where
        F: Op2<f32, f32, f32> + Op2<f64, f64, f64> + Op2<i64, i64, i64>,
    {
        let dtype = result(number.promote(self.dtype));
        expect_numbers(op, dtype)?;
        with_working!(dtype, T => {
            let (x, v) = (self.in_dtype(dtype.working())?, <T as Element>::from_scalar(number));
            if let Some(y) = cuda::elementwise::binary(op, Some(kernel), &x, Operand::Scalar(number), x.dtype)? {
                return y.cast(dtype);
            }
            let y: Vec<T> = x.lend_view(op, |x| map1(x, operators::Swapped(f, v)))?;
            self.result(y, x.size())?.cast(dtype)
        })
    }
}

/// Returns the dtype of a floating-point function of elements of `dtype`.
pub(crate) fn real(dtype: DType) -> DType {
    if dtype.is_float() { dtype } else { DType::F32 }
}

impl Tensor {
    /// Returns `self` to the power of `other`. An integer to a negative power is 0, except for 1 and -1.
    ///
    /// # Errors
    /// If the shapes do not broadcast, the devices differ, or `self` is an integer tensor and `other` a
    /// negative number.
    pub fn pow(&self, other: impl IntoOperand) -> Result<Self> {
        let other = other.operand();
        let dtype = promoted(self, &other);
        if let Operand::Scalar(v) = other {
            bail_if!(
                !dtype.is_float() && v.to_f64() < 0.0,
                value(
                    "pow",
                    "got integers and a negative exponent, expected a floating-point tensor; convert it with .to_dtype(DType::F32)"
                )
            );
            // PyTorch's results for these exponents are exact to the last bit.
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
                function2("pow", self, &power, functions::POW, dtype)
            }
            (_, other) => {
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
}

/// Checks that no integer is divided by 0.
fn expect_divisor(op: &'static str, a: &Tensor, b: &Operand<'_>) -> Result<()> {
    if promoted(a, b).is_float() {
        return Ok(());
    }
    let zero = match b {
        Operand::Scalar(v) => v.to_f64() == 0.0,
        Operand::Tensor(b) => b.numel() > 0 && b.eq(0)?.any()?.item()?,
    };
    if zero {
        Err(Error::value(
            op,
            "got integers and a divisor of 0; convert to floating point, or remove the zeros",
        ))
    } else {
        Ok(())
    }
}
