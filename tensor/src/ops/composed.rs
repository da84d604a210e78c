//! Helpers of the macros `composed_FAMILY!`, which define the operations that are composed of other
//! operations. This crate expands them for tensors, `taper-autograd` for variables.

/// Declares aliases of methods of tensors and variables.
#[doc(hidden)]
#[macro_export]
macro_rules! aliases {
    ($($name:ident = $of:ident($($arg:ident: $ty:ty),*), $by:literal;)*) => {$(
        #[doc = concat!("Calls [`Self::", stringify!($of), "`]. This is ", $by, ".")]
        #[track_caller]
        pub fn $name(&self, $($arg: $ty),*) -> Result<Self> {
            self.$of($($arg),*)
        }
    )*};
}

/// Declares methods of tensors and variables that take their sizes from another tensor.
#[doc(hidden)]
#[macro_export]
macro_rules! sized_as_other {
    ($($name:ident = $of:ident;)*) => {$(
        #[doc = concat!("Calls [`Self::", stringify!($of), "`] with the shape of `other`.")]
        ///
        /// # Errors
        #[doc = concat!("If [`Self::", stringify!($of), "`] refuses that shape.")]
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
        /// If the shapes or dtypes do not fit.
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
