//! The losses, a file for each family.

mod classes;
pub(crate) mod cross_entropy;
pub(crate) mod nll;
pub(crate) mod probability;
pub(crate) mod regression;
pub(crate) mod similarity;

use std::sync::Arc;

use taper_autograd::Variable;

use crate::{Error, Module, Result};

/// Computes how far the outputs of a network are from what they should be: `Box<dyn Loss>`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Forward, Linear, Loss, MseLoss, Result};
/// use taper_tensor::Tensor;
///
/// fn gradients(net: &impl Forward, criterion: &dyn Loss, x: &Tensor, y: &Tensor) -> Result<()> {
///     Ok(criterion.forward(&net.forward(&x.into())?, &y.into())?.backward()?)
/// }
///
/// let net = Linear::new(3, 2)?;
/// gradients(&net, &MseLoss::new(), &Tensor::ones((4, 3))?, &Tensor::zeros((4, 2))?)?;
/// assert!(net.weight.grad().is_some());
/// # Ok::<(), taper_nn::Error>(())
/// ```
pub trait Loss: Module + Send + Sync {
    /// Returns the loss of `input` against `target`.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit.
    fn forward(&self, input: &Variable, target: &Variable) -> Result<Variable>;
}

macro_rules! pointer {
    ($($pointer:ty),*) => {$(
        impl<L: Loss + ?Sized> Loss for $pointer {
            fn forward(&self, input: &Variable, target: &Variable) -> Result<Variable> {
                (**self).forward(input, target)
            }
        }
    )*};
}
pointer!(Box<L>, Arc<L>);

/// Declares a loss: its weights and options, its builder, and `forward`, which casts under autocast as
/// PyTorch does. What is left to write is `compute`.
macro_rules! loss {
    (
        $(#[$doc:meta])*
        $name:ident = $printed:literal, $builder:ident, over $each:literal;
        $(weights { $($(#[$about_weight:meta])* $weight:ident;)+ })?
        $(options { $($(#[$about:meta])* $option:ident: $type:ty = $default:expr;)+ })?
        $(check $check:expr;)?
        $(#[$about_forward:meta])*
        forward($($argument:ident),+ $(; $target:ident)?)
    ) => {
        $(#[$doc])*
        #[derive(Module, Debug)]
        #[module(rename = $printed)]
        pub struct $name {
            $($(
                #[module(buffer)]
                $weight: Option<Variable>,
            )+)?
            $($(
                #[module(skip)]
                $option: $type,
            )+)?
            #[module(skip)]
            reduction: Reduction,
            place: Place,
        }

        $crate::builder::builder! {
            $name, $builder;
            #[doc = concat!("Makes the loss with PyTorch's defaults: the mean over the ", $each, "s.")]
            new() -> Self;
            $($($(#[$about_weight])* $weight: Option<taper_tensor::Tensor> = None, taper_tensor::Tensor => Some;)+)?
            $($($(#[$about])* $option: $type = $default;)+)?
            #[doc = concat!("Sets how the ", $each, "s' losses become one number; default the mean.")]
            reduction: Reduction = Reduction::Mean;
        }

        impl $builder {
            /// Makes the loss.
            ///
            /// # Errors
            /// When an option is out of its range.
            pub fn build(self) -> Result<$name> {
                $(($check)(&self)?;)?
                Ok(self.make())
            }

            fn make(self) -> $name {
                $name {
                    $($($weight: self.$weight.map(Variable::new),)+)?
                    $($($option: self.$option,)+)?
                    reduction: self.reduction,
                    place: Place::new(),
                }
            }
        }

        impl $name {
            $(#[$about_forward])*
            #[track_caller]
            pub fn forward(
                &self,
                $($argument: &Variable,)+
                $($target: impl Into<Variable>,)?
            ) -> Result<Variable> {
                let _scope = crate::module::enter(&self.place);
                crate::module::named(&self.place, self.cast($($argument,)+ $(&$target.into())?))
            }

            #[track_caller]
            fn cast(&self, $($argument: &Variable,)+ $($target: &Variable)?) -> Result<Variable> {
                self.compute($(&*$argument.autocast_full()?,)+ $(&*$target.autocast_full()?)?)
            }
        }

        $crate::loss::loss_of! { $name $($target)? }
    };
}

/// A loss of an input and a target is a [`Loss`]; one of three inputs is not.
macro_rules! loss_of {
    ($name:ident $target:ident) => {
        impl $crate::Loss for $name {
            #[track_caller]
            fn forward(&self, input: &Variable, target: &Variable) -> Result<Variable> {
                $name::forward(self, input, target)
            }
        }
    };
    ($name:ident) => {};
}
use {loss, loss_of};

/// Checks that input and target have one shape: a broadcast between them is nearly always a mistake.
fn same_shape(op: &'static str, input: &Variable, target: &Variable) -> Result<()> {
    let (a, b) = (input.size(), target.size());
    if a == b {
        return Ok(());
    }
    Err(Error::value(op, format!("input has shape {a:?}, target {b:?}, expected the same")))
}
