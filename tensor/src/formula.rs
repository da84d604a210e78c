//! Declarations of elementwise operations: a formula for the value, and one for the gradient.
//!
//! A formula is written once, over [`Formula`]. It is compiled into vector loops over `f32` and a function of
//! `f64` (`cpu/functions.rs`). It runs over whole tensors or variables where a device has no kernel, or where
//! the gradient itself is to be differentiated (`symbols!`).

use std::mem::MaybeUninit;
use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::cuda::kernel;
use crate::registry::Autocast;

/// An operand of formulas: a number, or a symbol that stands for a whole tensor.
pub trait Formula:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    /// Returns the nearest number of this type.
    fn of(value: f64) -> Self;
    /// Returns `e^x`.
    fn exp(self) -> Self;
    /// Returns `e^x - 1`.
    fn expm1(self) -> Self;
    /// Returns the natural logarithm.
    fn log(self) -> Self;
    /// Returns `ln(1 + x)`.
    fn log1p(self) -> Self;
    /// Returns the square root.
    fn sqrt(self) -> Self;
    /// Returns the hyperbolic tangent.
    fn tanh(self) -> Self;
    /// Returns `1 / (1 + e^-x)`.
    fn sigmoid(self) -> Self;
    /// Returns the error function.
    fn erf(self) -> Self;
    /// Returns the cumulative distribution function of the standard normal distribution.
    fn normal_cdf(self) -> Self;
    /// Returns the absolute value.
    fn abs(self) -> Self;
    /// Returns -1, 0 or 1.
    fn sign(self) -> Self;
    /// Returns the larger number, or NaN if either is NaN.
    fn maximum(self, other: Self) -> Self;
    /// Returns the smaller number, or NaN if either is NaN.
    fn minimum(self, other: Self) -> Self;
    /// Returns `yes` if `self > other`, else `no`, also for NaN.
    fn where_greater(self, other: Self, yes: Self, no: Self) -> Self;
    /// Returns `yes` if `self <= other`, else `no`, also for NaN.
    fn where_at_most(self, other: Self, yes: Self, no: Self) -> Self;

    /// Returns 0.
    #[inline(always)]
    fn zero() -> Self {
        Self::of(0.0)
    }
    /// Returns 1.
    #[inline(always)]
    fn one() -> Self {
        Self::of(1.0)
    }
}

/// The parameters of an elementwise function: up to two numbers, equal for all elements.
pub type Params = [f64; 2];

/// A loop over slices for one instruction set. It returns false if the processor lacks that set.
pub type WideLoop = fn(&[f32], &mut [MaybeUninit<f32>]) -> bool;

/// The argument of the gradient's formula.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Saves {
    /// The input x.
    Input,
    /// The output y.
    Output,
}

/// An elementwise operation, declared by a row of a table.
pub trait Elementwise: Copy + Send + Sync + 'static {
    /// The method's name.
    const NAME: &'static str;
    /// The name of its node in a graph.
    const NODE: &'static str;
    /// The tensor that the gradient needs.
    const SAVES: Saves;
    /// The cost per element of `f32`, in nanoseconds.
    const NS: f64;
    /// A faster loop, if there is one.
    const WIDE: Option<WideLoop> = None;
    /// The GPU's kernel for the value.
    const GPU: Option<kernel::Elementwise> = None;
    /// The treatment of the operand by `autocast`.
    const AUTOCAST: Autocast = Autocast::keep;
    /// Returns the value.
    fn value<M: Formula>(x: M, params: [M; 2]) -> M;
    /// Returns the gradient with respect to the input, from `g`, the gradient with respect to the output, and
    /// the saved tensor.
    fn gradient<M: Formula>(g: M, saved: M, params: [M; 2]) -> M;
}

/// Declares the types of a table's rows; `elementwise_methods!` and `taper-autograd` make methods from them.
///
/// A row is `Type name name_(parameter = default, …) [ns, wide loop; gpu kernel; autocast what] value |x|
/// formula; gradient of input |g, x| formula;`. The parameters have PyTorch's names and defaults, with which
/// the tests call the operation. In a formula, `M` is the type of the numbers.
macro_rules! elementwise_types {
    ($($(#[$doc:meta])* $Type:ident $name:ident $name_:ident ($($p:ident = $default:literal),*)
        [$ns:literal $(, $wide:ident)? $(; gpu $gpu:ident)? $(; autocast $autocast:ident)?]
        value |$x:ident| $value:expr; gradient of $saved:ident |$g:ident, $s:ident| $gradient:expr;)*) => {$(
        #[doc = concat!("The elementwise operation `", stringify!($name), "`.")]
        #[derive(Clone, Copy, Debug)]
        pub struct $Type;

        impl $crate::formula::Elementwise for $Type {
            const NAME: &'static str = stringify!($name);
            const NODE: &'static str = stringify!($Type);
            const SAVES: $crate::formula::Saves = elementwise_types!(@saves $saved);
            const NS: f64 = $ns;
            $(#[cfg(target_arch = "x86_64")]
            const WIDE: Option<$crate::formula::WideLoop> = Some($crate::cpu::functions::wide::$wide);)?
            $(const GPU: Option<$crate::cuda::kernel::Elementwise> = Some($crate::cuda::kernel::Elementwise::$gpu);)?
            $(const AUTOCAST: $crate::registry::Autocast = $crate::registry::Autocast::$autocast;)?
            #[inline(always)]
            fn value<M: $crate::formula::Formula>($x: M, params: [M; 2]) -> M {
                let [$($p,)* ..]: [M; 2] = params;
                $(let _ = $p;)* // unused in some formulas
                $value
            }
            #[inline(always)]
            fn gradient<M: $crate::formula::Formula>($g: M, $s: M, params: [M; 2]) -> M {
                let [$($p,)* ..]: [M; 2] = params;
                $(let _ = $p;)*
                $gradient
            }
        }
    )*};
    (@saves input) => { $crate::formula::Saves::Input };
    (@saves output) => { $crate::formula::Saves::Output };
}
pub(crate) use elementwise_types;

/// Makes methods of [`Tensor`](crate::Tensor) from the rows of a table, with their in-place forms.
macro_rules! elementwise_methods {
    ($($(#[$doc:meta])* $Type:ident $name:ident $name_:ident ($($p:ident = $default:literal),*) $costs:tt
        value |$x:ident| $value:expr; gradient of $saved:ident |$g:ident, $s:ident| $gradient:expr;)*) => {
        impl $crate::Tensor {$(
            $(#[$doc])*
            pub fn $name(&self $(, $p: f64)*) -> Result<Self> {
                self.elementwise::<$Type>($crate::formula::params(&[$($p),*]))
            }

            #[doc = concat!("Applies [`Tensor::", stringify!($name), "`] in place.")]
            ///
            /// # Errors
            /// If elements share a place in memory, an array view is held, or the result is floating point
            /// and the dtype is not.
            pub fn $name_(&self $(, $p: f64)*) -> Result<()> {
                self.elementwise_::<$Type>($crate::formula::params(&[$($p),*]))
            }
        )*}
    };
}
pub(crate) use elementwise_methods;

/// Returns the parameters of a function, padded with zeros.
pub fn params(given: &[f64]) -> Params {
    let mut params = [0.0; 2];
    params[..given.len()].copy_from_slice(given);
    params
}

/// Declares `run`, which applies a formula to whole tensors of a type, by operations of that type. `$data`
/// returns the plain tensor that masks are computed from.
#[doc(hidden)]
#[macro_export]
macro_rules! symbols {
    ($T:ident, $data:expr) => {
        use std::cell::RefCell;

        /// A value of a formula: an index into the thread's values.
        #[derive(Clone, Copy)]
        pub(crate) struct Symbol(usize);

        thread_local! {
            static VALUES: RefCell<(Vec<$T>, Option<Error>)> = const { RefCell::new((Vec::new(), None)) };
        }

        impl Symbol {
            /// Stores a result. After an error it stores another value in its place; `run` returns the error.
            fn keep(result: Result<$T>) -> Self {
                VALUES.with_borrow_mut(|(values, error)| {
                    let value = result.unwrap_or_else(|e| {
                        error.get_or_insert(e);
                        values[values.len() - 1].clone()
                    });
                    values.push(value);
                    Self(values.len() - 1)
                })
            }

            fn value(self) -> $T {
                VALUES.with_borrow(|(values, _)| values[self.0].clone())
            }

            fn choose(
                self,
                other: Self,
                [yes, no]: [Self; 2],
                compare: impl FnOnce(&$crate::Tensor, &$crate::Tensor) -> $crate::Result<$crate::Tensor>,
            ) -> Self {
                let chosen = || {
                    let (yes, no) = (yes.value(), no.value());
                    yes.where_(&compare(&$data(&self.value()), &$data(&other.value()))?, &no)
                };
                Self::keep(chosen())
            }
        }

        $crate::symbols!(@operators Add add, Sub sub, Mul mul, Div div);
        $crate::symbols!(@functions $T, $data, exp expm1 log log1p sqrt tanh sigmoid erf abs sign);

        /// Runs a formula over whole tensors.
        pub(crate) fn run<const N: usize>(
            inputs: [&$T; N],
            formula: impl FnOnce([Symbol; N]) -> Symbol,
        ) -> Result<$T> {
            let start = VALUES.with_borrow(|(values, _)| values.len());
            let result = formula(inputs.map(|x| Symbol::keep(Ok(x.clone())))).value();
            VALUES.with_borrow_mut(|(values, error)| {
                values.truncate(start);
                error.take().map_or(Ok(result), Err)
            })
        }
    };
    (@operators $($trait:ident $method:ident),*) => {
        $(impl std::ops::$trait for Symbol {
            type Output = Self;
            fn $method(self, other: Self) -> Self {
                Self::keep(self.value().$method(&other.value()))
            }
        })*
        impl std::ops::Neg for Symbol {
            type Output = Self;
            fn neg(self) -> Self {
                Self::keep(self.value().neg())
            }
        }
    };
    (@functions $T:ident, $data:expr, $($name:ident)*) => {
        impl $crate::formula::Formula for Symbol {
            fn of(value: f64) -> Self {
                let like = $data(&VALUES.with_borrow(|(values, _)| values[values.len() - 1].clone())).like();
                Self::keep(like.full((), value).map($T::from).map_err(Error::from))
            }
            $(fn $name(self) -> Self {
                Self::keep(self.value().$name())
            })*
            fn normal_cdf(self) -> Self {
                ((self * Self::of(std::f64::consts::FRAC_1_SQRT_2)).erf() + Self::one()) * Self::of(0.5)
            }
            fn maximum(self, other: Self) -> Self {
                Self::keep(self.value().maximum(&other.value()))
            }
            fn minimum(self, other: Self) -> Self {
                Self::keep(self.value().minimum(&other.value()))
            }
            fn where_greater(self, other: Self, yes: Self, no: Self) -> Self {
                self.choose(other, [yes, no], |a, b| a.gt(b))
            }
            fn where_at_most(self, other: Self, yes: Self, no: Self) -> Self {
                self.choose(other, [yes, no], |a, b| a.le(b))
            }
        }
    };
}

/// Formulas over whole tensors, for devices that have no kernel.
pub(crate) mod over_tensors {
    use crate::{Error, Result, Tensor};
    symbols!(Tensor, Tensor::clone);
}
