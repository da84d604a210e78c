//! Convolutions that reduce to the two-dimensional one, and normalisation.

use crate::pool::images;
use crate::{Conv2dOptions, Error, Result, Tensor, shape};

/// The parameters of a transposed convolution, each as (vertical, horizontal).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ConvTranspose2dOptions {
    /// Of the convolution that this one reverses.
    pub conv: Conv2dOptions,
    /// Added to the size of the output at the bottom and on the right, which the reversed
    /// convolution's stride leaves open: smaller than stride or dilation.
    pub output_padding: (usize, usize),
}

impl Tensor {
    /// Correlates sequences `[N, C, L]` with kernels `[O, C/groups, l]`, and adds `bias` `[O]`. The
    /// options' horizontal parts count.
    ///
    /// # Errors
    /// As [`Tensor::conv2d`].
    pub fn conv1d(&self, weight: &Self, bias: Option<&Self>, options: Conv2dOptions) -> Result<Self> {
        if self.dim() != 3 || weight.dim() != 3 {
            return Err(Error::shape(
                "conv1d",
                format!(
                    "input has shape {:?} and weight {:?}, expected [batch, channels, length] and [out_channels, channels / groups, length]",
                    self.size(),
                    weight.size()
                ),
            ));
        }
        let flat = |(_, x): (usize, usize), other: usize| (other, x);
        let options = Conv2dOptions {
            stride: flat(options.stride, 1),
            padding: flat(options.padding, 0),
            dilation: flat(options.dilation, 1),
            groups: options.groups,
        };
        self.unsqueeze(2)?.conv2d(&weight.unsqueeze(2)?, bias, options)?.squeeze(2)
    }

    /// The reverse of a convolution's shapes: images `[N, C, H, W]` and kernels `[C, O/groups, h, w]` give
    /// `[N, O, H', W']` with `H' = (H - 1) stride - 2 padding + dilation (h - 1) + output_padding + 1`.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit, or the output padding is too large.
    pub fn conv_transpose2d(
        &self,
        weight: &Self,
        bias: Option<&Self>,
        options: ConvTranspose2dOptions,
    ) -> Result<Self> {
        let op = "conv_transpose2d";
        let ConvTranspose2dOptions { conv: o, output_padding } = options;
        let [n, c, h, w] = images(op, self.size())?;
        let &[wc, group_out, kh, kw] = weight.size() else {
            return Err(Error::shape(
                op,
                format!("weight has shape {:?}, expected 4 dimensions", weight.size()),
            ));
        };
        if wc != c || o.groups == 0 {
            return Err(Error::shape(
                op,
                format!(
                    "input has {c} channels, weight {:?} expects {wc} in {} groups",
                    weight.size(),
                    o.groups
                ),
            ));
        }
        let size = |i: usize, k: usize, s: usize, p: usize, d: usize, extra: usize| {
            let (i, k, s, p, d) = (i as i128, k as i128, s as i128, p as i128, d as i128);
            let fits = (extra as i128) < s.max(d) && i > 0 && k > 0;
            let size = (i - 1) * s - 2 * p + d * (k - 1) + extra as i128 + 1;
            if fits { usize::try_from(size).ok() } else { None }
        };
        let height = size(h, kh, o.stride.0, o.padding.0, o.dilation.0, output_padding.0);
        let width = size(w, kw, o.stride.1, o.padding.1, o.dilation.1, output_padding.1);
        let Some((height, width)) = height.zip(width) else {
            return Err(Error::shape(
                op,
                format!(
                    "an input of {h} x {w} and a kernel of {kh} x {kw} give no output with {options:?}; the output padding must be smaller than stride or dilation"
                ),
            ));
        };
        let channels = group_out.saturating_mul(o.groups);
        let out = shape::shape(op, [n, channels, height, width])?;
        let y = self.conv2d_input_grad(weight, &out, o)?;
        match bias {
            None => Ok(y),
            Some(b) if b.size() == [channels] => y.add(b.reshape([channels, 1, 1])?),
            Some(b) => Err(Error::shape(
                op,
                format!("bias has shape {:?}, {channels} output channels expect [{channels}]", b.size()),
            )),
        }
    }

    /// Normalises over the last dimensions, of sizes `shape`: `(x - mean) / √(variance + eps)`, then times
    /// `weight` plus `bias`, both of sizes `shape`.
    ///
    /// # Errors
    /// When the last sizes are not `shape`; on an integer dtype.
    pub fn layer_norm(
        &self,
        shape: &[usize],
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        let op = "layer_norm";
        self.expect_float(op)?;
        if !self.size().ends_with(shape) || shape.is_empty() {
            return Err(Error::shape(
                op,
                format!("input has shape {:?}, which does not end in {shape:?}", self.size()),
            ));
        }
        let over: Vec<usize> = (self.dim() - shape.len()..self.dim()).collect();
        self.standardised(over, eps)?.scaled(op, shape, weight, bias)
    }

    /// Normalises `[N, C, ..]` over `groups` of channels and all the rest, then times `weight` plus `bias`,
    /// one number for each channel.
    ///
    /// # Errors
    /// When the channels do not split into the groups; on an integer dtype.
    pub fn group_norm(
        &self,
        groups: usize,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        let op = "group_norm";
        self.expect_float(op)?;
        let &[n, c, ref rest @ ..] = self.size() else {
            return Err(Error::shape(
                op,
                format!("input has shape {:?}, expected [batch, channels, ..]", self.size()),
            ));
        };
        if groups == 0 || c % groups != 0 {
            return Err(Error::shape(op, format!("{c} channels do not split into {groups} groups")));
        }
        let y = self.reshape([n, groups, c / groups * shape::numel(rest)])?.standardised(vec![2], eps)?;
        let per_channel = [vec![c], vec![1; rest.len()]].concat();
        y.reshape(self.size())?.scaled(op, &per_channel, weight, bias)
    }

    fn standardised(&self, over: Vec<usize>, eps: f64) -> Result<Self> {
        let (var, mean) = self.var_mean(over, 0.0, true)?;
        self.sub(mean)?.mul(var.add(eps)?.rsqrt()?)
    }

    fn scaled(
        &self,
        op: &'static str,
        size: &[usize],
        weight: Option<&Self>,
        bias: Option<&Self>,
    ) -> Result<Self> {
        let fit = |t: &Self| {
            if t.numel() != shape::numel(size) {
                return Err(Error::shape(
                    op,
                    format!("weight or bias has shape {:?}, expected {size:?}", t.size()),
                ));
            }
            t.reshape(size)
        };
        let y = weight.map_or(Ok(self.clone()), |w| self.mul(fit(w)?))?;
        bias.map_or(Ok(y.clone()), |b| y.add(fit(b)?))
    }
}
