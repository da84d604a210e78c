//! Operations on the bits of integers, and their common divisors.

use crate::ops::arithmetic::{binary, promoted};
use crate::{Error, IntoOperand, Result, Tensor};

/// Functions of two integers, as i64.
macro_rules! integers {
    ($($(#[$doc:meta])* $name:ident |$a:ident, $b:ident| $e:expr;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// When the shapes do not broadcast, the devices differ, or a dtype is real.
        pub fn $name(&self, other: impl IntoOperand) -> Result<Self> {
            let (op, other) = (stringify!($name), other.operand());
            let dtype = promoted(self, &other);
            if dtype.is_float() {
                return Err(Error::dtype(op, dtype, "int64 or another integer dtype"));
            }
            let f: fn(i64, i64) -> i64 = |$a, $b| $e;
            binary(op, self, other, f)?.cast(dtype)
        }
    )*};
}

impl Tensor {
    integers! {
        /// Returns the bits that both have.
        bitwise_and |a, b| a & b;
        /// Returns the bits that either has.
        bitwise_or |a, b| a | b;
        /// Returns the bits that just one has.
        bitwise_xor |a, b| a ^ b;
        /// Returns the greatest common divisor.
        gcd |a, b| {
            let (mut a, mut b) = (a.unsigned_abs(), b.unsigned_abs());
            while b != 0 {
                (a, b) = (b, a % b);
            }
            a as i64
        };
        /// Returns the least common multiple.
        lcm |a, b| {
            let (mut g, mut rest) = (a.unsigned_abs(), b.unsigned_abs());
            while rest != 0 {
                (g, rest) = (rest, g % rest);
            }
            a.unsigned_abs().checked_div(g).map_or(0, |a| a.wrapping_mul(b.unsigned_abs()) as i64)
        };
        /// Returns the bits moved to the left by `other`; 0 where that is the dtype's width or more.
        bitwise_left_shift |a, b| u32::try_from(b).ok().and_then(|b| a.checked_shl(b)).unwrap_or(0);
        /// Returns the bits moved to the right by `other`, with copies of the sign.
        bitwise_right_shift |a, b| a >> b.clamp(0, 63);
    }

    /// Returns each bit inverted. For a mask of 0 and 1, see [`Tensor::logical_not`].
    ///
    /// # Errors
    /// On a real dtype.
    pub fn bitwise_not(&self) -> Result<Self> {
        self.bitwise_xor(-1i64)
    }
}
