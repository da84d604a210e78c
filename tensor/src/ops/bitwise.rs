//! Operations on the bits of integers, and their common divisors.

use crate::ops::arithmetic::{binary, binary_ops, promoted};
use crate::{DType, IntoOperand, Result, Scalar, Tensor};

/// Euclid's algorithm.
fn common_divisor(mut a: u64, mut b: u64) -> u64 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a
}

impl Tensor {
    binary_ops! {
        /// Returns the bits that both have; of bool, whether both are true.
        bitwise_and, bitwise_and_ = |a, b| a & b, bits;
        /// Returns the bits that either has; of bool, whether either is true.
        bitwise_or, bitwise_or_ = |a, b| a | b, bits;
        /// Returns the bits that just one has; of bool, whether just one is true.
        bitwise_xor, bitwise_xor_ = |a, b| a ^ b, bits;
        /// Returns the greatest common divisor.
        gcd, gcd_ = |a, b| common_divisor(a.unsigned_abs(), b.unsigned_abs()) as i64, integer;
        /// Returns the least common multiple.
        lcm, lcm_ = |a, b| {
            let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
            a.checked_div(common_divisor(a, b)).map_or(0, |a| a.wrapping_mul(b) as i64)
        }, integer;
        /// Returns the bits moved to the left by `other`; 0 where that is the dtype's width or more.
        bitwise_left_shift, bitwise_left_shift_ = |a, b| u32::try_from(b).ok().and_then(|b| a.checked_shl(b)).unwrap_or(0), integer;
        /// Returns the bits moved to the right by `other`, with copies of the sign.
        bitwise_right_shift, bitwise_right_shift_ = |a, b| a >> b.clamp(0, 63), integer;
    }

    /// Returns each bit inverted; of bool, the opposite.
    ///
    /// # Errors
    /// On a real dtype.
    pub fn bitwise_not(&self) -> Result<Self> {
        let op = "bitwise_not";
        match self.dtype {
            DType::Bool => self.logical_not(),
            dtype => binary_ops!(@integer dtype, op, self, Scalar::Int(-1).operand(), |a, b| a ^ b),
        }
    }
}
