//! The builders of samplers and transforms: the macro that declares one, and the checks that `build` makes.

use std::ops::RangeInclusive;

use crate::{Error, Result};

/// Declares `T::new`, `T::builder` and the builder itself with a method for each option. What is left to
/// write is `build`, and where `new` cannot fail, `make`, which `build` calls after its checks.
///
/// A field whose argument has another type says which, and what converts it: `scale: [f32; 2] = [1.0; 2],
/// (f32, f32) => Into::into`.
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

/// Checks that a number is within a range.
pub(crate) fn within(op: &'static str, setting: &str, value: f32, range: RangeInclusive<f32>) -> Result<()> {
    if range.contains(&value) && value.is_finite() {
        return Ok(());
    }
    let (least, most) = range.into_inner();
    let expected = match most {
        f32::INFINITY => format!("a finite number, at least {least}"),
        _ => format!("a number from {least} to {most}"),
    };
    Err(Error::invalid(op, format!("{setting} is {value}, expected {expected}")))
}

/// Checks that the ends of a range ascend within another one.
pub(crate) fn ascending(
    op: &'static str,
    setting: &str,
    ends: [f32; 2],
    all: RangeInclusive<f32>,
) -> Result<()> {
    within(op, setting, ends[0], all.clone())?;
    within(op, setting, ends[1], all)?;
    if ends[0] <= ends[1] {
        return Ok(());
    }
    Err(Error::invalid(op, format!("{setting} is {ends:?}, expected the smaller number first")))
}
