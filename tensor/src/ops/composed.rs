//! What the macros `composed_FAMILY!` have in common. Each has the operations of a family that are composed of
//! others; this crate expands it for tensors, `taper-autograd` for variables.

/// Declares methods of tensors and variables that are others by another name.
#[doc(hidden)]
#[macro_export]
macro_rules! aliases {
    ($($name:ident = $of:ident($($arg:ident: $ty:ty),*), $by:literal;)*) => {$(
        #[doc = concat!("Calls [`Self::", stringify!($of), "`], by ", $by, ".")]
        ///
        /// # Errors
        #[doc = concat!("As [`Self::", stringify!($of), "`].")]
        #[track_caller]
        pub fn $name(&self, $($arg: $ty),*) -> Result<Self> {
            self.$of($($arg),*)
        }
    )*};
}

/// Declares methods of tensors and variables that take their sizes from another one.
#[doc(hidden)]
#[macro_export]
macro_rules! sized_as_other {
    ($($name:ident = $of:ident;)*) => {$(
        #[doc = concat!("Calls [`Self::", stringify!($of), "`] with the shape of `other`.")]
        ///
        /// # Errors
        #[doc = concat!("As [`Self::", stringify!($of), "`].")]
        #[track_caller]
        pub fn $name(&self, other: impl $crate::AsTensor<Self>) -> Result<Self> {
            self.$of(other.as_tensor().size())
        }
    )*};
}

/// Declares methods of tensors and variables that add a product to `self`.
#[doc(hidden)]
#[macro_export]
macro_rules! plus_products {
    ($($(#[$doc:meta])* $name:ident = $a:ident $product:ident $b:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the shapes or dtypes do not fit.
        #[track_caller]
        pub fn $name(
            &self,
            $a: impl $crate::AsTensor<Self>,
            $b: impl $crate::AsTensor<Self>,
            beta: impl Into<$crate::Scalar>,
            alpha: impl Into<$crate::Scalar>,
        ) -> Result<Self> {
            self.plus_product(stringify!($name), $a.as_tensor().$product($b)?, beta.into(), alpha.into())
        }
    )*};
}
