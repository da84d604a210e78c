//! Einstein summation.

use crate::{Result, Variable};

taper_tensor::composed_einsum!(Variable);
