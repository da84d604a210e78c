//! Dropout: in training, parts of the input become zero at random.

use taper_autograd::Variable;

use crate::builder::fraction;
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result, Training};

macro_rules! dropout {
    ($(#[$doc:meta])* $name:ident, $op:literal, $shape:literal, $drop:expr) => {
        $(#[$doc])*
        /// The rest is scaled by `1 / (1 - p)`; in evaluation nothing happens. The numbers come
        /// from the default generator.
        ///
        /// # Shapes
        #[doc = concat!("Input and output ", $shape, ".")]
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            #[module(skip)]
            p: f64,
            training: Training,
            place: Place,
        }

        impl $name {
            /// Makes a layer that drops with the probability `p`; PyTorch's default is 0.5.
            ///
            /// # Errors
            /// When `p` is not from 0 to 1.
            pub fn new(p: f64) -> Result<Self> {
                fraction($op, "p", p)?;
                Ok(Self { p, training: Training::default(), place: Place::new() })
            }

            fn describe(&self) -> String {
                // As Python prints numbers: 0.5, but 1.0 where Rust's shortest form would be 1.
                format!("p={:?}, inplace=False", self.p)
            }
        }

        impl Forward for $name {
            #[track_caller]
            fn forward(&self, x: &Variable) -> Result<Variable> {
                if !self.training.get() || self.p == 0.0 {
                    return Ok(x.clone());
                }
                let _scope = enter(&self.place);
                named(&self.place, $drop(x, self.p))
            }
        }
    };
}

dropout! {
    /// Drops elements at random; PyTorch's `nn.Dropout`.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::{Dropout, Forward, Module};
    /// use taper_tensor::Tensor;
    ///
    /// let layer = Dropout::new(0.2)?;
    /// let x = Variable::new(Tensor::ones(1000)?);
    /// let kept = layer.forward(&x)?.data().to_vec::<f32>()?.iter().filter(|&&v| v == 1.25).count();
    /// assert!((700..900).contains(&kept));
    /// layer.eval();
    /// assert!(layer.forward(&x)?.data().equal(&x.data())?);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    Dropout, "dropout", "`[...]`", |x: &Variable, p: f64| x.dropout(p, None)
}

dropout! {
    /// Drops whole channels of images at random; PyTorch's `nn.Dropout2d`.
    Dropout2d, "dropout2d", "`[N, C, H, W]`", |x: &Variable, p: f64| match x.dim() {
        4 => x.feature_dropout(p, None).map_err(Error::from),
        _ => {
            let message = format!("input has shape {:?}, expected [batch, channels, height, width]", x.size());
            Err(Error::value("dropout2d", message))
        }
    }
}
