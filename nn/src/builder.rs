//! The builders of layers and losses: the macro that declares one, and the checks that `build` makes.

use crate::{Error, Result};

/// Declares `T::new`, `T::builder` and the builder itself with a method for each option. What is left to
/// write is `build`, and where `new` cannot fail, `make`, which `build` calls after its checks.
///
/// A field whose argument has another type says which, and what converts it: `stride: (usize, usize) =
/// (1, 1), impl IntoPair => IntoPair::pair`.
macro_rules! builder {
    (
        $name:ident, $builder:ident;
        $(#[$about:meta])*
        new(
            $($required:ident: $type:ty),* $(; $converted:ident: $stored:ty as $given:ty => $how:expr)?
        ) -> $returns:ident;
        $($(#[$doc:meta])* $option:ident: $kind:ty = $default:expr $(, $argument:ty => $convert:expr)?;)*
    ) => {
        #[doc = concat!("Builds a [`", stringify!($name), "`] with options: [`", stringify!($name), "::builder`] makes it.")]
        #[derive(Clone, Debug)]
        #[must_use = "a builder makes nothing before `build`"]
        pub struct $builder {
            $($required: $type,)*
            $($converted: $stored,)?
            $($option: $kind,)*
        }

        impl $name {
            $crate::builder::new! {
                $returns; $(#[$about])* ($($required: $type,)* $($converted: $given,)?)
            }

            /// Returns a builder, which takes the options and then makes this with `build`.
            pub fn builder($($required: $type,)* $($converted: $given)?) -> $builder {
                $builder {
                    $($required,)*
                    $($converted: ($how)($converted),)?
                    $($option: $default,)*
                }
            }
        }

        $crate::builder::default! { $returns $name ($($required)* $($converted)?) }

        impl $builder {
            $($crate::builder::option! { $(#[$doc])* $option: $kind $(, $argument => $convert)? })*
        }
    };
}

/// A thing without required arguments, whose `new` cannot fail, has a default.
macro_rules! default {
    (Self $name:ident ()) => {
        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
    ($returns:ident $name:ident ($($required:ident)*)) => {};
}

/// `T::new`, which is the builder without options.
macro_rules! new {
    (Result; $(#[$about:meta])* ($($argument:ident: $type:ty,)*)) => {
        $(#[$about])*
        pub fn new($($argument: $type),*) -> $crate::Result<Self> {
            Self::builder($($argument),*).build()
        }
    };
    (Self; $(#[$about:meta])* ($($argument:ident: $type:ty,)*)) => {
        $(#[$about])*
        pub fn new($($argument: $type),*) -> Self {
            Self::builder($($argument),*).make()
        }
    };
}

/// A builder's method for one option.
macro_rules! option {
    ($(#[$doc:meta])* $option:ident: $kind:ty) => {
        $(#[$doc])*
        pub fn $option(mut self, $option: $kind) -> Self {
            self.$option = $option;
            self
        }
    };
    ($(#[$doc:meta])* $option:ident: $kind:ty, $argument:ty => $convert:expr) => {
        $(#[$doc])*
        pub fn $option(mut self, $option: $argument) -> Self {
            self.$option = ($convert)($option);
            self
        }
    };
}
pub(crate) use {builder, default, new, option};

/// Checks that each size is at least 1.
pub(crate) fn at_least_1(op: &'static str, setting: &str, sizes: &[usize]) -> Result<()> {
    if !sizes.contains(&0) {
        return Ok(());
    }
    let (got, all) = match sizes {
        [one] => (one.to_string(), ""),
        _ => (tuple(sizes), " in each direction"),
    };
    Err(Error::value(op, format!("{setting} is {got}, expected at least 1{all}")))
}

/// Checks that a number is from 0 to 1.
pub(crate) fn fraction(op: &'static str, setting: &str, value: f64) -> Result<()> {
    expect(op, setting, value, (0.0..=1.0).contains(&value), "a number from 0 to 1")
}

/// Checks that a number is finite and not negative.
pub(crate) fn not_negative(op: &'static str, setting: &str, value: f64) -> Result<()> {
    expect(op, setting, value, value.is_finite() && value >= 0.0, "a finite number, at least 0")
}

/// Checks that a number is finite and above 0.
pub(crate) fn positive(op: &'static str, setting: &str, value: f64) -> Result<()> {
    expect(op, setting, value, value.is_finite() && value > 0.0, "a finite number above 0")
}

/// Checks that a number is finite.
pub(crate) fn finite(op: &'static str, setting: &str, value: f64) -> Result<()> {
    expect(op, setting, value, value.is_finite(), "a finite number")
}

fn expect(op: &'static str, setting: &str, value: f64, holds: bool, expected: &str) -> Result<()> {
    if holds {
        return Ok(());
    }
    Err(Error::value(op, format!("{setting} is {value}, expected {expected}")))
}

/// Prints sizes as Python prints a tuple: `(3,)`.
pub(crate) fn tuple(sizes: &[usize]) -> String {
    let comma = if sizes.len() == 1 { "," } else { "" };
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    format!("({}{comma})", sizes.join(", "))
}
