//! The losses, a file for each family.

mod classes;
pub(crate) mod cross_entropy;
pub(crate) mod nll;
pub(crate) mod probability;
pub(crate) mod regression;
pub(crate) mod similarity;

use taper_autograd::Variable;

use crate::{Error, Result};

/// Declares a loss: its weights and options, a builder method for each and for the reduction, and
/// `forward`, which casts under autocast as PyTorch does. What is left to write is `compute`.
macro_rules! loss {
    (
        $(#[$doc:meta])*
        $name:ident = $printed:literal, over $each:literal;
        $(weights { $($(#[$about_weight:meta])* $weight:ident;)+ })?
        $(options { $($(#[$about:meta])* $option:ident: $type:ty = $default:expr;)+ })?
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

        impl Default for $name {
            fn default() -> Self {
                Self {
                    $($($weight: None,)+)?
                    $($($option: $default,)+)?
                    reduction: Reduction::Mean,
                    place: Place::new(),
                }
            }
        }

        impl $name {
            #[doc = concat!("The loss with PyTorch's defaults: the mean over the ", $each, "s.")]
            pub fn new() -> Self {
                Self::default()
            }

            $($(
                $(#[$about_weight])*
                pub fn $weight(mut self, weight: taper_tensor::Tensor) -> Self {
                    self.$weight = Some(Variable::new(weight));
                    self
                }
            )+)?

            $($(
                $(#[$about])*
                pub fn $option(mut self, $option: $type) -> Self {
                    self.$option = $option;
                    self
                }
            )+)?

            #[doc = concat!("How the ", $each, "s' losses become one number.")]
            pub fn reduction(mut self, reduction: Reduction) -> Self {
                self.reduction = reduction;
                self
            }

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
    };
}
use loss;

/// A broadcast between input and target is nearly always a mistake.
fn same_shape(op: &'static str, input: &Variable, target: &Variable) -> Result<()> {
    let (a, b) = (input.size(), target.size());
    if a == b {
        return Ok(());
    }
    Err(Error::value(op, format!("input has shape {a:?}, target {b:?}, expected the same")))
}
