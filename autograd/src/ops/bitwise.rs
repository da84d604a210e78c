//! Bitwise operations on integers and masks, greatest common divisors and least common multiples.

use taper_tensor::Tensor;

use crate::{Result, Variable};

impl Variable {
    of_data! { operand: bitwise_and bitwise_or bitwise_xor bitwise_left_shift bitwise_right_shift gcd lcm }
    of_data! { bitwise_not() -> Tensor; }
}
