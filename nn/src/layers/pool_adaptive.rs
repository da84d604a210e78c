//! Pooling into outputs of a given size.

use taper_autograd::Variable;
use taper_tensor::Tensor;

use super::IntoPair;
use super::pool::{as_images, short};
use crate::module::{enter, named};
use crate::{Forward, Module, Place, Result};

macro_rules! adaptive {
    ($(#[$doc:meta])* $name:ident, $argument:ty, $size:ty, |$given:ident| $stored:expr, $show:expr, |$x:ident, $to:ident| $forward:expr) => {
        $(#[$doc])*
        #[derive(Module, Debug)]
        #[module(extra_repr = "Self::describe")]
        pub struct $name {
            #[module(skip)]
            size: $size,
            place: Place,
        }

        impl $name {
            /// Makes a layer for outputs of this size.
            pub fn new(output_size: $argument) -> Self {
                let $given = output_size;
                Self { size: $stored, place: Place::new() }
            }

            #[track_caller]
            fn pool(&self, $x: &Variable) -> Result<Variable> {
                let $to = self.size;
                Ok($forward)
            }

            fn describe(&self) -> String {
                format!("output_size={}", $show(self.size))
            }
        }

        impl Forward for $name {
            #[track_caller]
            fn forward(&self, x: &Variable) -> Result<Variable> {
                let _scope = enter(&self.place);
                named(&self.place, self.pool(x))
            }
        }
    };
}

adaptive! {
    /// Takes the means of parts of images, so many that the output has a given size, square from one
    /// number; PyTorch's `nn.AdaptiveAvgPool2d`.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, output `[N, C, output_size]`.
    ///
    /// ```
    /// use taper_autograd::Variable;
    /// use taper_nn::{AdaptiveAvgPool2d, Forward};
    /// use taper_tensor::Tensor;
    ///
    /// let layer = AdaptiveAvgPool2d::new((1, 3));
    /// assert_eq!(layer.forward(&Variable::new(Tensor::ones((1, 2, 8, 8))?))?.size(), [1, 2, 1, 3]);
    /// # Ok::<(), taper_nn::Error>(())
    /// ```
    AdaptiveAvgPool2d, impl IntoPair, (usize, usize), |size| size.pair(), short,
    |x, size| x.adaptive_avg_pool2d(size)?
}

adaptive! {
    /// Takes the largest elements of parts of images, so many that the output has a given size;
    /// PyTorch's `nn.AdaptiveMaxPool2d`.
    ///
    /// # Shapes
    /// Input `[N, C, H, W]`, output `[N, C, output_size]`.
    AdaptiveMaxPool2d, impl IntoPair, (usize, usize), |size| size.pair(), short,
    |x, size| x.adaptive_max_pool2d(size)?.0
}

impl AdaptiveMaxPool2d {
    /// Returns the largest elements, and the place of each in its image, `row · W + column`; PyTorch's
    /// `return_indices=True`.
    ///
    /// # Errors
    /// As [`Forward::forward`].
    #[track_caller]
    pub fn forward_with_indices(&self, x: &Variable) -> Result<(Variable, Tensor)> {
        let _scope = enter(&self.place);
        named(&self.place, x.adaptive_max_pool2d(self.size))
    }
}

adaptive! {
    /// Takes the means of parts of sequences, so many that the output has a given length; PyTorch's
    /// `nn.AdaptiveAvgPool1d`.
    ///
    /// # Shapes
    /// Input `[N, C, L]`, output `[N, C, output_size]`.
    AdaptiveAvgPool1d, usize, usize, |size| size, |size| size,
    |x, size| as_images("adaptive_avg_pool1d", x)?.adaptive_avg_pool2d((1, size))?.squeeze(2)?
}

adaptive! {
    /// Takes the largest elements of parts of sequences, so many that the output has a given length;
    /// PyTorch's `nn.AdaptiveMaxPool1d`.
    ///
    /// # Shapes
    /// Input `[N, C, L]`, output `[N, C, output_size]`.
    AdaptiveMaxPool1d, usize, usize, |size| size, |size| size,
    |x, size| as_images("adaptive_max_pool1d", x)?.adaptive_max_pool2d((1, size))?.0.squeeze(2)?
}
