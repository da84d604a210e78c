//! Conversions between dtypes and devices, and copies.

use std::borrow::Cow;

use crate::cpu::element::Element as Kernel;
use crate::cpu::elementwise::{Op1, map1};
use crate::cpu::operators::{Cast, Copied};
use crate::dtype::with_element;
use crate::{DType, Device, Element, Result, Tensor, cuda};

/// Converts the elements to another dtype. Rare pairs take two steps, over f32 or i64, so that fewer
/// conversions are compiled.
pub(crate) fn cast(x: &Tensor, dtype: DType) -> Result<Tensor> {
    use DType::*;
    if dtype == Bool {
        return x.ne(0);
    }
    if let Some(y) = cuda::elementwise::cast(x, dtype)? {
        return Ok(y);
    }
    match (x.dtype.stored(), dtype) {
        (U8, U8) => Ok(x.copy()?.stored_as(dtype)),
        (U8, F32) => run::<u8, f32>(x, Cast),
        (I64, F32) => run::<i64, f32>(x, Cast),
        (F16, F32) => run::<half::f16, f32>(x, Cast),
        (BF16, F32) => run::<half::bf16, f32>(x, Cast),
        (F64, F32) => run::<f64, f32>(x, Cast),
        (F32, U8) => run::<f32, u8>(x, Cast),
        (F32, I64) => run::<f32, i64>(x, Cast),
        (F32, F16) => run::<f32, half::f16>(x, Cast),
        (F32, BF16) => run::<f32, half::bf16>(x, Cast),
        (F32, F64) => run::<f32, f64>(x, Cast),
        (U8, I64) => plain::<u8, i64>(x),
        (I64, U8) => plain::<i64, u8>(x),
        (I32, I64) => plain::<i32, i64>(x),
        (I64, I32) => plain::<i64, i32>(x),
        (U32, I64) => plain::<u32, i64>(x),
        (I64, U32) => plain::<i64, u32>(x),
        (I64, F64) => plain::<i64, f64>(x),
        (F64, I64) => plain::<f64, i64>(x),
        (F64, F16) => plain::<f64, half::f16>(x),
        (F64, BF16) => plain::<f64, half::bf16>(x),
        // Integers are converted to floats, and floats to integers, over i64 and f64 or f32.
        (U8 | I32 | U32, U8 | I32 | U32) => cast(&cast(x, I64)?, dtype),
        (U8 | I32 | U32, F16 | BF16 | F32 | F64) => cast(&cast(x, I64)?, dtype),
        (F16 | BF16 | F32 | F64, I32 | U32) => cast(&cast(x, I64)?, dtype),
        (F64, U8) => cast(&cast(x, I64)?, dtype),
        (I64, F16 | BF16) => cast(&cast(x, F64)?, dtype),
        (F16 | BF16, _) => cast(&cast(x, F32)?, dtype),
        (from, to) => {
            debug_assert_eq!(from, to);
            Ok(x.clone())
        }
    }
}

/// Runs a conversion that has vector instructions.
fn run<T: Element, U: Element>(x: &Tensor, f: impl Op1<T, U>) -> Result<Tensor> {
    x.unary::<T, U>("to_dtype", f)
}

fn plain<T: Element, U: Element>(x: &Tensor) -> Result<Tensor> {
    x.unary::<T, U>("to_dtype", |v: T| Kernel::cast::<U>(v))
}

impl Tensor {
    /// Converts a result to its final dtype.
    pub(crate) fn cast(self, dtype: DType) -> Result<Self> {
        if self.dtype == dtype { Ok(self) } else { self.to_dtype(dtype) }
    }

    /// Returns the tensor in `dtype`, borrowed if it already has it, which saves a change of its reference
    /// count.
    pub(crate) fn in_dtype(&self, dtype: DType) -> Result<Cow<'_, Self>> {
        if self.dtype == dtype { Ok(Cow::Borrowed(self)) } else { self.to_dtype(dtype).map(Cow::Owned) }
    }

    /// Returns the elements converted to `dtype`, or the tensor itself if it has that dtype. Floating-point
    /// numbers are truncated towards zero when they become integers.
    pub fn to_dtype(&self, dtype: DType) -> Result<Self> {
        if dtype == self.dtype {
            return Ok(self.clone());
        }
        crate::ops::cast::cast(self, dtype)
    }

    /// Returns a copy on `device`, or the tensor itself if it is on that device.
    pub fn to(&self, device: &Device) -> Result<Self> {
        if *device == self.device() {
            return Ok(self.clone());
        }
        self.moved("to", device)
    }

    /// Returns a contiguous tensor of the same elements: the tensor itself if it is contiguous, else a copy.
    pub fn contiguous(&self) -> Result<Self> {
        if self.is_contiguous() { Ok(self.clone()) } else { self.copy() }
    }

    /// Returns a contiguous copy in new memory: PyTorch's `clone()`.
    pub fn copy(&self) -> Result<Self> {
        if let Some(y) = cuda::elementwise::copy(self)? {
            return Ok(y);
        }
        if !self.inner.device().is_cpu() {
            return self.copy_there();
        }
        with_element!(self.dtype, T => {
            let y = self.lend_view::<T, Vec<T>>("copy", |x| map1(x, Copied))?;
            Ok(Self::own(y, self.size()).stored_as(self.dtype))
        })
    }
}

#[doc(hidden)]
#[macro_export]
macro_rules! composed_cast {
    ($T:ident) => {
        impl $T {
            /// Applies `f` in f32 to 16-bit floats, so that the result is rounded once, and directly to other
            /// dtypes.
            pub(crate) fn in_f32(&self, f: impl FnOnce(&Self) -> Result<Self>) -> Result<Self> {
                match self.dtype() {
                    from @ ($crate::DType::F16 | $crate::DType::BF16) => {
                        f(&self.to_dtype($crate::DType::F32)?)?.to_dtype(from)
                    }
                    _ => f(self),
                }
            }
        }
    };
}
composed_cast!(Tensor);
