//! Functions of each element.

use crate::{Error, Result, Tensor};

macro_rules! unary {
    ($($(#[$doc:meta])* $name:ident = $candle:ident;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// On an integer dtype.
        pub fn $name(&self) -> Result<Self> {
            self.expect_float(stringify!($name))?;
            Self::from_candle(self.inner.$candle().map_err(Error::backend(stringify!($name)))?)
        }
    )*};
}

impl Tensor {
    unary! {
        /// The negative of each element.
        neg = neg;
        /// The absolute value.
        abs = abs;
        /// The square.
        square = sqr;
        /// The square root.
        sqrt = sqrt;
        /// e to the power of each element.
        exp = exp;
        /// The natural logarithm.
        log = log;
        /// The hyperbolic tangent.
        tanh = tanh;
        /// `max(x, 0)`.
        relu = relu;
    }
}
