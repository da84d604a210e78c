//! Element types and PyTorch's rules for mixing them.

use std::fmt;

use half::{bf16, f16};

use crate::{Error, Result, Scalar};

/// The type of a tensor's elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DType {
    /// Boolean, the dtype of comparisons and masks. It is stored as a byte, 1 or 0.
    Bool,
    /// Unsigned 8-bit integer.
    U8,
    /// Unsigned 32-bit integer.
    U32,
    /// Signed 32-bit integer.
    I32,
    /// Signed 64-bit integer, the default for integers.
    I64,
    /// Half precision: 5 bits of exponent, 10 of fraction.
    F16,
    /// Brain float: the exponent of f32, 7 bits of fraction.
    BF16,
    /// Single precision, the default for real numbers.
    F32,
    /// Double precision.
    F64,
}

pub(crate) const ALL: [DType; 9] = [
    DType::U8,
    DType::U32,
    DType::I32,
    DType::I64,
    DType::F16,
    DType::BF16,
    DType::F32,
    DType::F64,
    DType::Bool,
];

impl DType {
    /// Returns PyTorch's name, without `torch.`: `float32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::U8 => "uint8",
            Self::U32 => "uint32",
            Self::I32 => "int32",
            Self::I64 => "int64",
            Self::F16 => "float16",
            Self::BF16 => "bfloat16",
            Self::F32 => "float32",
            Self::F64 => "float64",
        }
    }

    /// Returns true for floating-point dtypes.
    pub fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::BF16 | Self::F32 | Self::F64)
    }

    /// Returns the size of an element in bytes.
    pub fn size_in_bytes(self) -> usize {
        self.to_candle().size_in_bytes()
    }

    /// Returns the dtype that PyTorch promotes the two to. Floating point wins over integers, integers over
    /// bool, and the wider over the narrower. float16 with bfloat16 gives float32.
    pub fn promote(self, other: Self) -> Self {
        use DType::*;
        if self == other {
            return self;
        }
        match (self.is_float(), other.is_float()) {
            (true, false) => self,
            (false, true) => other,
            (true, true) => match (self, other) {
                (F64, _) | (_, F64) => F64,
                _ => F32, // f32 with a half, or f16 with bf16
            },
            (false, false) => match (self, other) {
                (Bool, o) | (o, Bool) => o,
                (U8, o) | (o, U8) => o,
                _ => I64, // int64 with anything, or int32 with uint32, which only int64 holds
            },
        }
    }

    /// Returns the dtype in which arithmetic on this one is computed, so that kernels are compiled for three
    /// types instead of eight. 16-bit floats compute in float32 and round once, at the end. Integers compute
    /// in int64, whose low bits are the same.
    pub(crate) fn working(self) -> Self {
        match self {
            Self::F64 => Self::F64,
            Self::F16 | Self::BF16 | Self::F32 => Self::F32,
            Self::Bool | Self::U8 | Self::U32 | Self::I32 | Self::I64 => Self::I64,
        }
    }

    /// Returns the dtype of the memory: uint8 for bool, else `self`.
    pub(crate) fn stored(self) -> Self {
        if self == Self::Bool { Self::U8 } else { self }
    }

    pub(crate) fn to_candle(self) -> candle_core::DType {
        with_element!(self, T => <T as candle_core::WithDType>::DTYPE)
    }

    pub(crate) fn from_candle(dtype: candle_core::DType) -> Result<Self> {
        ALL.into_iter()
            .find(|d| d.to_candle() == dtype)
            .ok_or_else(|| Error::value("from_candle", format!("dtype {dtype:?} is not supported")))
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A Rust type that tensors are created from and read as: each [`Element`], and `bool` for [`DType::Bool`].
pub trait Value: Copy {
    /// The dtype of a tensor of such values.
    const DTYPE: DType;
    /// The type of the elements in memory.
    #[doc(hidden)]
    type Stored: Element;
    #[doc(hidden)]
    fn into_stored(values: Vec<Self>) -> Vec<Self::Stored>;
    #[doc(hidden)]
    fn from_stored(stored: Vec<Self::Stored>) -> Vec<Self>;
}

impl<T: Element> Value for T {
    const DTYPE: DType = T::TYPE;
    type Stored = T;
    fn into_stored(values: Vec<T>) -> Vec<T> {
        values
    }
    fn from_stored(stored: Vec<T>) -> Vec<T> {
        stored
    }
}

impl Value for bool {
    const DTYPE: DType = DType::Bool;
    type Stored = u8;
    fn into_stored(values: Vec<bool>) -> Vec<u8> {
        values.into_iter().map(u8::from).collect()
    }
    fn from_stored(stored: Vec<u8>) -> Vec<bool> {
        stored.into_iter().map(|v| v != 0).collect()
    }
}

/// A Rust type of the elements in a tensor's memory.
pub trait Element: candle_core::WithDType + crate::cpu::element::Element {
    /// The dtype of a tensor of such elements.
    const TYPE: DType;

    /// Returns the elements of a storage, if they are of this type.
    #[doc(hidden)]
    fn slice_mut(storage: &mut candle_core::CpuStorage) -> Option<&mut [Self]>;

    /// Returns the nearest value. An integer is not converted through f64, which would round it beyond 2^53.
    #[doc(hidden)]
    fn from_scalar(value: Scalar) -> Self;
}

macro_rules! elements {
    ($($t:ty = $d:ident by $from_int:expr, $from_float:expr;)*) => {$(
        impl Element for $t {
            const TYPE: DType = DType::$d;

            fn slice_mut(storage: &mut candle_core::CpuStorage) -> Option<&mut [Self]> {
                match storage {
                    candle_core::CpuStorage::$d(v) => Some(v),
                    _ => None,
                }
            }

            fn from_scalar(value: Scalar) -> Self {
                match value {
                    Scalar::Bool(v) => $from_int(i64::from(v)),
                    Scalar::Int(v) => $from_int(v),
                    Scalar::Float(v) => $from_float(v),
                }
            }
        }
    )*};
}
elements! {
    u8 = U8 by |v| v as u8, |v| v as u8;
    u32 = U32 by |v| v as u32, |v| v as u32;
    i32 = I32 by |v| v as i32, |v| v as i32;
    i64 = I64 by |v| v, |v| v as i64;
    f16 = F16 by |v| f16::from_f64(v as f64), f16::from_f64;
    bf16 = BF16 by |v| bf16::from_f64(v as f64), bf16::from_f64;
    f32 = F32 by |v| v as f32, |v| v as f32;
    f64 = F64 by |v| v as f64, |v| v;
}

/// Runs the body with a type alias bound to the type of the pattern that a dtype matches.
macro_rules! with_type {
    ($dtype:expr, $T:ident, $body:expr; $($dtypes:pat => $t:ty),*) => {
        match $dtype {
            $($dtypes => {
                type $T = $t;
                $body
            })*
        }
    };
}
pub(crate) use with_type;

/// Runs the body with a type alias bound to the Rust type of a dtype.
macro_rules! with_element {
    ($dtype:expr, $T:ident => $body:expr) => {
        $crate::dtype::with_type!($dtype, $T, $body;
            $crate::DType::Bool | $crate::DType::U8 => u8,
            $crate::DType::U32 => u32,
            $crate::DType::I32 => i32,
            $crate::DType::I64 => i64,
            $crate::DType::F16 => half::f16,
            $crate::DType::BF16 => half::bf16,
            $crate::DType::F32 => f32,
            $crate::DType::F64 => f64)
    };
}
pub(crate) use with_element;

/// Runs the body with a type alias bound to the Rust type of a dtype's [`DType::working`].
macro_rules! with_working {
    ($dtype:expr, $T:ident => $body:expr) => {
        $crate::dtype::with_type!($dtype.working(), $T, $body;
            $crate::DType::F32 => f32, $crate::DType::F64 => f64, _ => i64)
    };
}
pub(crate) use with_working;

/// Runs the body with a type alias bound to f64, or to f32 for the other real dtypes.
macro_rules! with_real {
    ($dtype:expr, $T:ident => $body:expr) => {
        $crate::dtype::with_type!($dtype, $T, $body; $crate::DType::F64 => f64, _ => f32)
    };
}
pub(crate) use with_real;
