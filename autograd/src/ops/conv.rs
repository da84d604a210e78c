//! Convolution.

use smallvec::smallvec;
use taper_tensor::AsTensor;
pub use taper_tensor::{Conv2dOptions, ConvTranspose2dOptions};

use crate::autocast::lowered;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Correlates images `[N, C, H, W]` with kernels `[O, C/groups, h, w]`, and adds `bias` `[O]`:
    /// `[N, O, H', W']` with `H' = (H + 2·padding - dilation·(h-1) - 1) / stride + 1`.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit, or the kernel is larger than the padded image.
    #[track_caller]
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
        let bias_data = bias.map(Self::data);
        let y = self.tensor().conv2d(&*weight.tensor(), bias_data.as_ref(), options)?;
        let (x_size, w_size) = (self.size(), weight.size());
        let (x, w) = (self.save_for(weight), weight.save_for(self));
        let rule = move |ctx: &crate::record::Context<'_>| {
            let g = ctx.grad()?;
            let mut grads = smallvec![
                ctx.need(0, || g.conv2d_input_grad(&w.get(ctx)?, &x_size, options))?,
                ctx.need(1, || x.get(ctx)?.conv2d_weight_grad(&g, &w_size, options))?
            ];
            if ctx.node.edges.len() == 3 {
                grads.push(ctx.need(2, || g.sum_dim((0, 2, 3), false))?);
            }
            Ok(grads)
        };
        match bias {
            Some(bias) => record("Conv2d", &[self, weight, bias]).output(y, rule),
            None => record("Conv2d", &[self, weight]).output(y, rule),
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
        record("Conv2dInputGrad", &[self, weight]).output(y, move |ctx| {
            let dx = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || dx.conv2d(&w.get(ctx)?, None, options))?,
                ctx.need(1, || dx.conv2d_weight_grad(&g.get(ctx)?, &w_size, options))?
            ])
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
        record("Conv2dWeightGrad", &[self, grad]).output(y, move |ctx| {
            let dw = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || g.get(ctx)?.conv2d_input_grad(&dw, &x_size, options))?,
                ctx.need(1, || x.get(ctx)?.conv2d(&dw, None, options))?
            ])
        })
    }
}

taper_tensor::composed_conv!(Variable);
