//! Convolutions.

use smallvec::SmallVec;
use taper_tensor::AsTensor;
pub use taper_tensor::{Conv2dOptions, ConvTranspose2dOptions};

use crate::autocast::lowered;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Computes the cross-correlation of images `[N, C, H, W]` with kernels `[O, C/groups, h, w]`, and
        /// adds `bias` `[O]`. The output is `[N, O, H', W']` with `H' = floor((H + 2·padding - dilation·(h -
        /// 1) - 1) / stride) + 1`.
        pub fn conv2d(
            &self,
            weight: impl AsTensor<Self>,
            bias: Option<&Self>,
            options: Conv2dOptions,
        ) -> Result<Self> {
            let weight = &*weight.as_tensor();
            if let Some(scope) = lowered() {
                let bias = scope.low_option(bias)?;
                return scope.low(self)?.conv2d(&*scope.low(weight)?, bias.as_deref(), options);
            }
            let y = self.tensor().conv2d(&*weight.tensor(), bias.map(Self::data).as_ref(), options)?;
            let (x_size, w_size) = (self.size(), weight.size());
            let (x, w) = (self.save_for(weight), weight.save_for(self));
            let inputs: SmallVec<[&Self; 3]> = [self, weight].into_iter().chain(bias).collect();
            record("Conv2d", &inputs).each(y, move |g, i, ctx| match i {
                0 => g.conv2d_input_grad(&w.get(ctx)?, &x_size, options),
                1 => x.get(ctx)?.conv2d_weight_grad(g, &w_size, options),
                _ => g.sum_dim((0, 2, 3)),
            })
        }
    }

    /// Returns the gradient of [`Variable::conv2d`] with respect to an input of shape `input`.
    #[track_caller]
    pub(crate) fn conv2d_input_grad(
        &self,
        weight: &Self,
        input: &[usize],
        options: Conv2dOptions,
    ) -> Result<Self> {
        if let Some(scope) = lowered() {
            return scope.low(self)?.conv2d_input_grad(&*scope.low(weight)?, input, options);
        }
        let y = self.tensor().conv2d_input_grad(&weight.tensor(), input, options)?;
        let w_size = weight.size();
        let (g, w) = (self.save_for(weight), weight.save_for(self));
        record("Conv2dInputGrad", &[self, weight]).each(y, move |dx, i, ctx| match i {
            0 => dx.conv2d(&w.get(ctx)?, None, options),
            _ => dx.conv2d_weight_grad(&g.get(ctx)?, &w_size, options),
        })
    }

    /// Returns the gradient of [`Variable::conv2d`] with respect to a weight of shape `weight`.
    #[track_caller]
    pub(crate) fn conv2d_weight_grad(
        &self,
        grad: &Self,
        weight: &[usize],
        options: Conv2dOptions,
    ) -> Result<Self> {
        let y = self.tensor().conv2d_weight_grad(&grad.tensor(), weight, options)?;
        let x_size = self.size();
        let (x, g) = (self.save_for(grad), grad.save_for(self));
        record("Conv2dWeightGrad", &[self, grad]).each(y, move |dw, i, ctx| match i {
            0 => g.get(ctx)?.conv2d_input_grad(dw, &x_size, options),
            _ => x.get(ctx)?.conv2d(dw, None, options),
        })
    }
}

taper_tensor::composed_conv!(Variable);
