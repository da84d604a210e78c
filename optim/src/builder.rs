//! The builders of optimisers' parts: the macro that declares one.

/// Declares `T::new`, `T::builder` and the builder itself with a method for each option. What is left to
/// write is `build`, and where `new` cannot fail, `make`, which `build` calls after its checks.
macro_rules! builder {
    (
        $name:ident, $builder:ident;
        $(#[$about:meta])*
        new($($required:ident: $type:ty),*) -> $returns:ident;
        $($(#[$doc:meta])* $option:ident: $kind:ty = $default:expr $(, $argument:ty => $convert:expr)?;)*
    ) => {
        #[doc = concat!("Builds a [`", stringify!($name), "`] with options: [`", stringify!($name), "::builder`] makes it.")]
        #[derive(Clone, Debug)]
        #[must_use = "a builder makes nothing before `build`"]
        pub struct $builder {
            $($required: $type,)*
            $($option: $kind,)*
        }

        impl $name {
            $crate::builder::new! { $returns; $(#[$about])* ($($required: $type,)*) }

            /// Returns a builder, which takes the options and then makes this with `build`.
            pub fn builder($($required: $type),*) -> $builder {
                $builder { $($required,)* $($option: $default,)* }
            }
        }

        $crate::builder::default! { $returns $name ($($required)*) }

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
