//! Bitwise operations on integers and masks, greatest common divisors and least common multiples.

use crate::ops::arithmetic::{binary, binary_ops, promoted};
use crate::{DType, IntoOperand, Result, Scalar, Tensor};

/// Returns the greatest common divisor, by Euclid's algorithm.
fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Tensor {
    binary_ops! {
        /// Returns the bits set in both; for bool, true if both are true.
        bitwise_and, bitwise_and_ = |a, b| a & b, bits;
        /// Returns the bits set in either; for bool, true if either is true.
        bitwise_or, bitwise_or_ = |a, b| a | b, bits;
        /// Returns the bits set in exactly one; for bool, true if exactly one is true.
        bitwise_xor, bitwise_xor_ = |a, b| a ^ b, bits;
        /// Returns the greatest common divisor.
        gcd, gcd_ = |a, b| common_divisor(a.unsigned_abs(), b.unsigned_abs()) as i64, integer;
        /// Returns the least common multiple.
        lcm, lcm_ = |a, b| {
            let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
            a.checked_div(common_divisor(a, b)).map_or(0, |a| a.wrapping_mul(b) as i64)
        }, integer;
        /// Returns the bits shifted left by `other`; 0 if `other` is the dtype's width or more.
        bitwise_left_shift, bitwise_left_shift_ = |a, b| u32::try_from(b).ok().and_then(|b| a.checked_shl(b)).unwrap_or(0), integer;
        /// Returns the bits shifted right by `other`, filled with copies of the sign.
        bitwise_right_shift, bitwise_right_shift_ = |a, b| a >> b.clamp(0, 63), integer;
    }

    /// Returns each bit inverted; for bool, the logical negation.
    ///
    /// # Errors
    /// If the dtype is floating point.
    pub fn bitwise_not(&self) -> Result<Self> {
        let op = "bitwise_not";
        match self.dtype {
            DType::Bool => self.logical_not(),
            dtype => binary_ops!(@integer dtype, op, self, Scalar::Int(-1).operand(), |a, b| a ^ b),
        }
    }
}
