//! Losses between numbers.

use taper_autograd::{Reduction, Variable};

use super::same_shape;
use crate::module::{enter, named};
use crate::{Module, Place, Result};

macro_rules! loss {
    ($(#[$doc:meta])* $name:ident = $printed:literal $(, $field:ident: $default:literal, $meaning:literal)?; |$this:ident, $a:ident, $b:ident| $body:expr) => {
        $(#[$doc])*
        #[derive(Module, Debug)]
        #[module(rename = $printed)]
        pub struct $name {
            #[module(skip)]
            reduction: Reduction,
            $(
                #[module(skip)]
                $field: f64,
            )?
            place: Place,
        }

        impl Default for $name {
            fn default() -> Self {
                Self { reduction: Reduction::Mean, $($field: $default,)? place: Place::new() }
            }
        }

        impl $name {
            /// The loss with PyTorch's defaults: the mean over all elements.
            pub fn new() -> Self {
                Self::default()
            }

            $(
                #[doc = $meaning]
                pub fn $field(mut self, $field: f64) -> Self {
                    self.$field = $field;
                    self
                }
            )?

            /// How the elements' losses become one number.
            pub fn reduction(mut self, reduction: Reduction) -> Self {
                self.reduction = reduction;
                self
            }

            /// The loss of `input` against a target of the same shape.
            ///
            /// # Errors
            /// When the shapes differ, or a value is out of range.
            #[track_caller]
            pub fn forward(&self, input: &Variable, target: impl Into<Variable>) -> Result<Variable> {
                let _scope = enter(&self.place);
                named(&self.place, self.compute(input, &target.into()))
            }

            #[track_caller]
            fn compute(&self, $a: &Variable, $b: &Variable) -> Result<Variable> {
                let $this = self;
                let ($a, $b) = ($a.autocast_full()?, $b.autocast_full()?);
                let ($a, $b) = (&*$a, &*$b);
                $body
            }
        }
    };
}
pub(super) use loss;

loss! {
    /// `(input - target)²`, by default their mean; PyTorch's `nn.MSELoss`.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::MseLoss;
    /// use taper_tensor::Tensor;
    ///
    /// let input = Variable::requires_grad(Tensor::new(&[1.0f32, 2.0])?);
    /// let loss = MseLoss::new().forward(&input, Tensor::new(&[1.0f32, 5.0])?)?;
    /// assert_eq!(loss.item::<f32>()?, 4.5);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    MseLoss = "MSELoss"; |this, a, b| Ok(a.mse_loss(b, this.reduction)?)
}

/// `|a - b|` and the part of it up to `limit`.
fn distance(op: &'static str, a: &Variable, b: &Variable, limit: f64) -> Result<(Variable, Variable)> {
    same_shape(op, a, b)?;
    let distance = absolute(&a.sub(b)?)?;
    let near = distance.sub(distance.sub(limit)?.relu()?)?;
    Ok((distance, near))
}

/// `|x|`, with the derivative 0 at 0.
fn absolute(x: &Variable) -> Result<Variable> {
    Ok(x.relu()?.add(x.neg()?.relu()?)?)
}

loss! {
    /// `|input - target|`, by default their mean; PyTorch's `nn.L1Loss`.
    L1Loss = "L1Loss"; |this, a, b| {
        same_shape("l1_loss", a, b)?;
        Ok(this.reduction.apply(&absolute(&a.sub(b)?)?)?)
    }
}

loss! {
    /// With `d = |input - target|`: `d² / 2beta` for `d < beta`, else `d - beta / 2`; PyTorch's
    /// `nn.SmoothL1Loss`.
    SmoothL1Loss = "SmoothL1Loss", beta: 1.0, "Where the square ends and the line begins; by default 1. With 0 it is the [`L1Loss`].";
    |this, a, b| {
        let (d, near) = distance("smooth_l1_loss", a, b, this.beta)?;
        if this.beta == 0.0 {
            return Ok(this.reduction.apply(&d)?);
        }
        // The near part's square, and the rest on the line.
        let losses = near.square()?.mul(0.5 / this.beta)?.add(d.sub(near)?)?;
        Ok(this.reduction.apply(&losses)?)
    }
}

loss! {
    /// With `d = |input - target|`: `d² / 2` for `d < delta`, else `delta (d - delta / 2)`; PyTorch's
    /// `nn.HuberLoss`.
    HuberLoss = "HuberLoss", delta: 1.0, "Where the square ends and the line begins; by default 1.";
    |this, a, b| {
        let (d, near) = distance("huber_loss", a, b, this.delta)?;
        let losses = near.square()?.mul(0.5)?.add(d.sub(near)?.mul(this.delta)?)?;
        Ok(this.reduction.apply(&losses)?)
    }
}
