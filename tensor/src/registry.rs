//! The registry: what is known of each operation, and how to call it on samples.
//!
//! It is one table in pieces: each family's rows stand beside its operations in `ops/`, as a macro that calls
//! another with them. [`operations!`] hands all rows to one macro: here each becomes an [`Operation`], which
//! autocast and the dispatch to GPUs look at; the tests of `taper-autograd` make calls of them, on tensors
//! and on variables.
//!
//! A row is
//!
//! ```text
//! name: "PyTorch's name", dtypes, gradient, autocast, CPU / GPU { domain [sizes] [sizes] |v| call; … }
//! ```

/// What is known of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// The method's name, on tensors and on variables.
    pub name: &'static str,
    /// The file of `ops/` that it is in.
    pub family: &'static str,
    /// PyTorch's name, without `torch.`.
    pub torch: &'static str,
    /// The dtypes that it takes.
    pub dtypes: Dtypes,
    /// How often it can be differentiated.
    pub gradient: Gradient,
    /// What `autocast` does with its operands.
    pub autocast: Autocast,
    /// How it is computed on the CPU.
    pub cpu: Kernel,
    /// How it is computed on a GPU.
    pub gpu: Kernel,
}

/// The dtypes that an operation takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Dtypes {
    /// All.
    any,
    /// f64, f32, f16 and bf16.
    float,
    /// i64, i32, u32 and u8.
    int,
}

/// How often an operation can be differentiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Gradient {
    /// Not at all: the result does not vary, or is a mask or an index.
    none,
    /// Once; the second derivative jumps or is 0 everywhere.
    once,
    /// Twice, and more.
    twice,
}

/// What `autocast` does with an operation's operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Autocast {
    /// Nothing.
    keep,
    /// Converts them to the scope's 16-bit dtype.
    low,
    /// Converts them to f32.
    full,
    /// Converts them to f32 on a GPU, as PyTorch's list for it has them.
    full_on_gpu,
}

/// How an operation is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(non_camel_case_types)]
pub enum Kernel {
    /// By a kernel of its own.
    kernel,
    /// By operations that it is composed of.
    composed,
    /// As a view: nothing is computed.
    view,
    /// On the CPU, to which the operands are copied.
    through_cpu,
}

/// Makes each row of a family a constant of that name.
macro_rules! describe {
    ($family:ident; $($name:ident: $torch:literal, $dtypes:ident, $gradient:ident, $autocast:ident, $cpu:ident / $gpu:ident { $($samples:tt)* })*) => {
        $(#[doc = concat!("[`Tensor::", stringify!($name), "`](crate::Tensor::", stringify!($name), ").")]
        #[allow(non_upper_case_globals)]
        pub const $name: $crate::registry::Operation = $crate::registry::Operation {
            name: stringify!($name),
            family: stringify!($family),
            torch: $torch,
            dtypes: $crate::registry::Dtypes::$dtypes,
            gradient: $crate::registry::Gradient::$gradient,
            autocast: $crate::registry::Autocast::$autocast,
            cpu: $crate::registry::Kernel::$cpu,
            gpu: $crate::registry::Kernel::$gpu,
        };)*
        /// The operations of this family.
        pub const ALL: &[$crate::registry::Operation] = &[$($name),*];
    };
}
pub(crate) use describe;
