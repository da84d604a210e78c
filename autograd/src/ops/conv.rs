//! Convolution.

use smallvec::smallvec;
pub use taper_tensor::Conv2dOptions;

use crate::autocast::lowered;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Correlates images `[N, C, H, W]` with kernels `[O, C/groups, h, w]`, and adds `bias` `[O]`.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit, or the kernel is larger than the padded image.
    #[track_caller]
    pub fn conv2d(&self, weight: &Self, bias: Option<&Self>, options: Conv2dOptions) -> Result<Self> {
        if let Some(scope) = lowered() {
            let bias = scope.low_option(bias)?;
            return scope.low(self)?.conv2d(&*scope.low(weight)?, bias.as_deref(), options);
        }
        let y = self.data().conv2d(&weight.data(), bias.map(|b| b.data()).as_ref(), options)?;
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

    /// Correlates sequences `[N, C, L]` with kernels `[O, C/groups, l]`, and adds `bias` `[O]`. Of the
    /// options, the second (horizontal) numbers count.
    ///
    /// # Errors
    /// As [`Variable::conv2d`].
    #[track_caller]
    pub fn conv1d(&self, weight: &Self, bias: Option<&Self>, options: Conv2dOptions) -> Result<Self> {
        let flat = Conv2dOptions {
            stride: (1, options.stride.1),
            padding: (0, options.padding.1),
            dilation: (1, options.dilation.1),
            groups: options.groups,
        };
        if self.dim() != 3 || weight.dim() != 3 {
            let message = format!(
                "input has shape {:?} and weight {:?}, expected [batch, channels, length] and \
                 [out_channels, channels / groups, length]",
                self.size(),
                weight.size()
            );
            return Err(taper_tensor::Error::shape("conv1d", message).into());
        }
        self.unsqueeze(2)?.conv2d(&weight.unsqueeze(2)?, bias, flat)?.squeeze(2)
    }

    /// The transposed convolution of images `[N, C, H, W]` with kernels `[C, O/groups, h, w]`, and
    /// `bias` `[O]` added: the gradient of a convolution with respect to its input. Each size becomes
    /// `(H - 1)·stride - 2·padding + dilation·(h - 1) + output_padding + 1`.
    ///
    /// # Errors
    /// As [`Variable::conv2d`]; and when `output_padding` is not less than the stride or the dilation.
    #[track_caller]
    pub fn conv_transpose2d(
        &self,
        weight: &Self,
        bias: Option<&Self>,
        options: Conv2dOptions,
        output_padding: (usize, usize),
    ) -> Result<Self> {
        if let Some(scope) = lowered() {
            let (x, weight, bias) = (scope.low(self)?, scope.low(weight)?, scope.low_option(bias)?);
            return x.conv_transpose2d(&weight, bias.as_deref(), options, output_padding);
        }
        let (x, w) = (self.size(), weight.size());
        let fail = |why: &str| {
            let message = format!("input has shape {:?}, weight {:?}, {options:?}: {why}", &x[..], &w[..]);
            Err(taper_tensor::Error::shape("conv_transpose2d", message).into())
        };
        let (&[n, c, h, width], &[wc, o, kh, kw]) = (&x[..], &w[..]) else {
            return fail(
                "expected [batch, channels, height, width] and [channels, out_channels / groups, height, width]",
            );
        };
        if c != wc || options.groups == 0 {
            return fail("the channels must be the same, and the groups at least 1");
        }
        let size = |n: usize, k: usize, s: usize, p: usize, d: usize, extra: usize| {
            let full = n.checked_sub(1)?.checked_mul(s)?.checked_add(d.checked_mul(k.checked_sub(1)?)?)?;
            full.checked_add(extra)?
                .checked_add(1)?
                .checked_sub(p.checked_mul(2)?)
                .filter(|_| extra < s.max(d))
        };
        let o2 = options;
        let rows = size(h, kh, o2.stride.0, o2.padding.0, o2.dilation.0, output_padding.0);
        let columns = size(width, kw, o2.stride.1, o2.padding.1, o2.dilation.1, output_padding.1);
        let Some((rows, columns)) = rows.zip(columns) else {
            return fail("the padding leaves nothing, or the output padding is not less than the stride");
        };
        let y = self.conv2d_input_grad(weight, &[n, o * options.groups, rows, columns], options)?;
        match bias {
            Some(b) => y.add(b.reshape([1, -1, 1, 1])?),
            None => Ok(y),
        }
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
        record("Conv2dInputGrad", &[self, weight]).output(y, move |ctx| {
            let dx = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || dx.conv2d(&w.get(ctx)?, None, options))?,
                ctx.need(1, || dx.conv2d_weight_grad(&g.get(ctx)?, &w_size, options))?
            ])
        })
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
        record("Conv2dWeightGrad", &[self, grad]).output(y, move |ctx| {
            let dw = ctx.grad()?;
            Ok(smallvec![
                ctx.need(0, || g.get(ctx)?.conv2d_input_grad(&dw, &x_size, options))?,
                ctx.need(1, || x.get(ctx)?.conv2d(&dw, None, options))?
            ])
        })
    }
}
