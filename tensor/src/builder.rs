//! The macro that declares a builder, for the crates above: layers, losses, optimisers' parts, samplers, transforms.

/// Declares `T::new`, `T::builder` and the builder itself with a method for each option. What is left to
/// write is `build`, and where `new` cannot fail, `make`, which `build` calls after its checks.
///
/// A field whose argument has another type says which, and what converts it: `stride: (usize, usize) =
/// (1, 1), impl IntoPair => IntoPair::pair`.
#[doc(hidden)]
#[macro_export]
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
            $crate::builder_new! {
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

        $crate::builder_default! { $returns $name ($($required)* $($converted)?) }

        impl $builder {
            $($crate::builder_option! { $(#[$doc])* $option: $kind $(, $argument => $convert)? })*
        }
    };
}

/// A thing without required arguments, whose `new` cannot fail, has a default.
#[doc(hidden)]
#[macro_export]
macro_rules! builder_default {
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
#[doc(hidden)]
#[macro_export]
#[allow(clippy::crate_in_macro_def, reason = "the result of the crate that declares the builder")]
macro_rules! builder_new {
    (Result; $(#[$about:meta])* ($($argument:ident: $type:ty,)*)) => {
        $(#[$about])*
        pub fn new($($argument: $type),*) -> crate::Result<Self> {
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
#[doc(hidden)]
#[macro_export]
macro_rules! builder_option {
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
