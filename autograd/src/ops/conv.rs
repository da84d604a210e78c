//! Convolution. The family is closed: each gradient is one of the three, so that second
//! derivatives need no rule of their own.

use smallvec::smallvec;
pub use taper_tensor::Conv2dOptions;

use crate::node::record;
use crate::{Result, Variable};

impl Variable {
    /// Correlates images `[N, C, H, W]` with kernels `[O, C/groups, h, w]`, and adds `bias` `[O]`.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit, or the kernel is larger than the padded image.
    #[track_caller]
    pub fn conv2d(&self, weight: &Self, bias: Option<&Self>, options: Conv2dOptions) -> Result<Self> {
        let y = self.data().conv2d(&weight.data(), bias.map(|b| b.data()).as_ref(), options)?;
        let (x_size, w_size) = (self.size(), weight.size());
        let (x, w) = (self.save_for(weight), weight.save_for(self));
        let rule = move |ctx: &crate::node::Context<'_>| {
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
        Ok(match bias {
            Some(bias) => record("Conv2d", &[self, weight, bias]).output(y, rule),
            None => record("Conv2d", &[self, weight]).output(y, rule),
        })
    }

    /// The gradient of [`Variable::conv2d`] with respect to an input of shape `input`.
    #[track_caller]
    pub(crate) fn conv2d_input_grad(
        &self,
        weight: &Self,
        input: &[usize],
        options: Conv2dOptions,
    ) -> Result<Self> {
        let y = self.data().conv2d_input_grad(&weight.data(), input, options)?;
        let w_size = weight.size();
        let (g, w) = (self.save_for(weight), weight.save_for(self));
        Ok(record("Conv2dInputGrad", &[self, weight]).output(y, move |ctx| {
            let dx = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || dx.conv2d(&w.get(ctx)?, None, options))?,
                ctx.need(1, || dx.conv2d_weight_grad(&g.get(ctx)?, &w_size, options))?
            ])
        }))
    }

    /// The gradient of [`Variable::conv2d`] with respect to a weight of shape `weight`.
    #[track_caller]
    pub(crate) fn conv2d_weight_grad(
        &self,
        grad: &Self,
        weight: &[usize],
        options: Conv2dOptions,
    ) -> Result<Self> {
        let y = self.data().conv2d_weight_grad(&grad.data(), weight, options)?;
        let x_size = self.size();
        let (x, g) = (self.save_for(grad), grad.save_for(self));
        Ok(record("Conv2dWeightGrad", &[self, grad]).output(y, move |ctx| {
            let dw = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || g.get(ctx)?.conv2d_input_grad(&dw, &x_size, options))?,
                ctx.need(1, || x.get(ctx)?.conv2d(&dw, None, options))?
            ])
        }))
    }
}
