//! The forward pass: from an input to an output.

use std::sync::Arc;

use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;

use crate::{Module, Result};

/// Computes an output from one input: the one method to write for a network.
///
/// Operations on variables return autograd's error: where the last line of `forward` is one, as in
/// `Ok(x.relu()?)`, the `?` converts it.
///
/// A type that implements it for a [`Variable`] takes a [`Tensor`] too, as a constant: `net.forward(&inputs)?`.
pub trait Forward<X: ?Sized = Variable> {
    /// Returns the output for a batch of inputs.
    ///
    /// # Errors
    /// When the input does not fit.
    fn forward(&self, x: &X) -> Result<Variable>;
}

impl<F: Forward + ?Sized> Forward<Tensor> for F {
    fn forward(&self, x: &Tensor) -> Result<Variable> {
        Forward::<Variable>::forward(self, &Variable::from(x))
    }
}

/// A module with a forward pass that threads can share, as an element of a list of different ones:
/// `Box<dyn Layer>`.
pub trait Layer: Module + Forward + Send + Sync {}

impl<L: Module + Forward + Send + Sync> Layer for L {}

macro_rules! pointer {
    ($($pointer:ty),*) => {$(
        impl<L: Forward + ?Sized> Forward for $pointer {
            fn forward(&self, x: &Variable) -> Result<Variable> {
                (**self).forward(x)
            }
        }
    )*};
}
pointer!(Box<L>, Arc<L>);
