//! The registry: the properties of each operation, and calls of it on samples.
//!
//! It is one table with a file for each family, as in `ops/`. A row becomes an [`Operation`], which the
//! library reads (for `autocast`, for example), and calls of the operation, which the tests make: on tensors
//! and on variables, with usual arguments, hostile ones and those of reference cases.
//!
//! ```text
//! name "PyTorch's name" [dtypes gradient autocast CPU GPU] { (input, input) |v, c| call; … }
//! ```
//!
//! In a call, `v` are the inputs, of the type `T`, and `c` returns the arguments: `c.int("dim", 1)` is 1, or
//! the `dim` of a reference case, or a hostile number. `as name` before a call selects its reference cases if
//! they do not have the operation's own name. The rows of `activations!` and `functions!` are added to the
//! registry automatically.

mod activation;
mod arithmetic;
mod bitwise;
mod cast;
mod compare;
mod conv;
mod extreme;
mod index;
mod join;
mod linalg;
mod loss;
mod mask;
mod matmul;
mod normalization;
mod pool;
mod random;
mod rearrange;
mod reduce;
mod scan;
mod scatter;
mod slice;
mod softmax;
mod sort;
mod statistics;
mod unary;
mod upsample;
mod view;

use crate::formula::Elementwise;

/// Describes an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The method's name, on tensors and on variables.
    pub name: &'static str,
    /// The family: the file in `ops/`.
    pub family: &'static str,
    /// PyTorch's name, without `torch.`, and in the family `activation` without `nn.functional.`.
    pub torch: &'static str,
    /// The supported dtypes.
    pub dtypes: Dtypes,
    /// The number of derivatives.
    pub gradient: Gradient,
    /// The conversion of the operands by `autocast`.
    pub autocast: Autocast,
    /// The computation on the CPU.
    pub cpu: Kernel,
    /// The computation on a GPU.
    pub gpu: Kernel,
}

/// Declares an enum whose variants are words of the registry.
macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $word:ident = $text:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(non_camel_case_types)]
        pub enum $name {
            $($(#[$of])* $word,)*
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self {
                    $(Self::$word => $text,)*
                })
            }
        }
    )*};
}

words! {
    /// The dtypes that an operation supports.
    Dtypes {
        /// All.
        any = "any",
        /// All but bool.
        number = "numbers",
        /// f64, f32, f16 and bf16.
        float = "float",
        /// i64, i32, u32 and u8.
        int = "integer",
        /// i64, i32, u32, u8 and bool.
        bits = "integer, bool",
    }
    /// The number of derivatives of an operation.
    Gradient {
        /// None: the result is a mask, an index, a count, or constant.
        none = "none",
        /// One: the second derivative is discontinuous or 0 everywhere.
        once = "first",
        /// Two or more.
        twice = "second",
    }
    /// The conversion of an operation's operands by `autocast`.
    Autocast {
        /// No conversion.
        keep = "",
        /// Conversion to the scope's 16-bit dtype.
        low = "16 bits",
        /// Conversion to float32.
        full = "f32",
        /// Conversion to float32 on a GPU, as in PyTorch's list for CUDA.
        full_on_gpu = "f32 on a GPU",
    }
    /// The computation of an operation on a device.
    Kernel {
        /// A kernel of its own.
        kernel = "kernel",
        /// The operations that it is composed of.
        composed = "composed",
        /// A view; nothing is computed.
        view = "view",
        /// The CPU's kernel, on copies of the operands.
        fallback = "on the CPU",
    }
}

/// Calls `$rows!` with the rows of each family, and `$elementwise!` with those of each table of elementwise
/// functions, each in a module of the family's name.
#[doc(hidden)]
#[macro_export]
macro_rules! operations {
    ($rows:ident, $elementwise:ident) => {
        $crate::operations!(@families $rows
            operations_activation operations_unary operations_arithmetic operations_bitwise operations_compare
            operations_mask operations_cast operations_reduce operations_extreme operations_statistics
            operations_sort operations_scan operations_view operations_slice operations_join
            operations_rearrange operations_index operations_scatter operations_matmul operations_linalg
            operations_conv operations_pool operations_upsample operations_normalization operations_softmax
            operations_loss operations_random);
        mod activations {
            #[allow(unused_imports)]
            use super::*;
            const FAMILY: &str = "activation";
            $crate::activations!($elementwise);
        }
        mod functions {
            #[allow(unused_imports)]
            use super::*;
            const FAMILY: &str = "unary";
            $crate::functions!($elementwise);
        }
    };
    (@families $rows:ident $($family:ident)*) => {
        $(mod $family {
            #[allow(unused_imports)]
            use super::*;
            $crate::$family!($rows);
        }
        #[allow(unused_imports)]
        pub use $family::*;)*
        #[allow(unused_imports)]
        pub use {activations::*, functions::*};
        /// The rows of each family.
        pub const FAMILIES: &[&[Row]] = &[activations::ROWS, functions::ROWS $(, $family::ROWS)*];
    };
}

/// Makes constants from rows.
macro_rules! describe {
    ($family:ident $($name:ident $torch:literal [$dtypes:ident $gradient:ident $autocast:ident $cpu:ident $gpu:ident]
        { $($samples:tt)* })*) => {
        $(#[allow(non_upper_case_globals, missing_docs)]
        pub const $name: Operation = Operation {
            name: stringify!($name),
            family: stringify!($family),
            torch: $torch,
            dtypes: Dtypes::$dtypes,
            gradient: Gradient::$gradient,
            autocast: Autocast::$autocast,
            cpu: Kernel::$cpu,
            gpu: Kernel::$gpu,
        };)*
        pub(super) const ROWS: &[Operation] = &[$($name),*];
    };
}

macro_rules! describe_elementwise {
    ($($(#[$doc:meta])* $Type:ident $name:ident $name_:ident ($($p:ident = $default:literal),*) $costs:tt
        value |$x:ident| $value:expr; gradient of $saved:ident |$g:ident, $s:ident| $gradient:expr;)*) => {
        $(#[allow(non_upper_case_globals, missing_docs)]
        pub const $name: Operation = Operation {
            name: stringify!($name),
            family: FAMILY,
            torch: stringify!($name),
            dtypes: Dtypes::any,
            gradient: Gradient::twice,
            autocast: crate::elementwise::$Type::AUTOCAST,
            cpu: Kernel::kernel,
            gpu: if crate::elementwise::$Type::GPU.is_some() { Kernel::kernel } else { Kernel::composed },
        };)*
        pub(super) const ROWS: &[Operation] = &[$($name),*];
    };
}

type Row = Operation;

operations!(describe, describe_elementwise);

/// Returns all operations.
pub fn operations() -> impl Iterator<Item = &'static Operation> {
    FAMILIES.iter().copied().flatten()
}
