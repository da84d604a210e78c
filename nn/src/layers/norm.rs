//! Normalisation layers that look at one sample at a time.

use taper_autograd::Variable;
use taper_tensor::Tensor;

use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result};

pub(super) fn ones(shape: &[usize]) -> Result<Option<Variable>> {
    Ok(Some(Variable::requires_grad(Tensor::ones(shape)?)))
}

pub(super) fn zeros(shape: &[usize]) -> Result<Option<Variable>> {
    Ok(Some(Variable::requires_grad(Tensor::zeros(shape)?)))
}

pub(super) fn python(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}

/// As Python prints a tuple: `(3,)`.
pub(super) fn tuple(sizes: &[usize]) -> String {
    let comma = if sizes.len() == 1 { "," } else { "" };
    let sizes: Vec<String> = sizes.iter().map(usize::to_string).collect();
    format!("({}{comma})", sizes.join(", "))
}

/// As Python prints small numbers: `1e-05`.
pub(super) fn scientific(x: f64) -> String {
    if x == 0.0 || x.abs() >= 1e-4 {
        return x.to_string();
    }
    let text = format!("{x:e}");
    let (digits, exponent) = text.split_once("e-").unwrap_or((&text, "0"));
    format!("{digits}e-{exponent:0>2}")
}

/// Standardises over the last dimensions; PyTorch's `nn.LayerNorm`.
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct LayerNorm {
    /// Of the shape that is standardised over, at first ones.
    pub weight: Option<Variable>,
    /// Of the same shape, at first zeros.
    pub bias: Option<Variable>,
    #[module(skip)]
    shape: Vec<usize>,
    #[module(skip)]
    eps: f64,
    place: Place,
}

impl LayerNorm {
    /// A layer over the last dimensions, which have the sizes `normalized_shape`; `eps` is 1e-5.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn new(normalized_shape: &[usize]) -> Result<Self> {
        let shape = normalized_shape.to_vec();
        Ok(Self { weight: ones(&shape)?, bias: zeros(&shape)?, shape, eps: 1e-5, place: Place::new() })
    }

    /// What is added to the variance before its root; by default 1e-5.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// Whether there are weight and bias; by default there are.
    pub fn elementwise_affine(mut self, affine: bool) -> Self {
        self.weight = self.weight.filter(|_| affine);
        self.bias(affine)
    }

    /// Whether there is a bias; by default there is.
    pub fn bias(mut self, bias: bool) -> Self {
        self.bias = self.bias.filter(|_| bias);
        self
    }

    fn describe(&self) -> String {
        let (shape, eps) = (tuple(&self.shape), scientific(self.eps));
        let (affine, bias) = (python(self.weight.is_some()), python(self.bias.is_some()));
        format!("{shape}, eps={eps}, elementwise_affine={affine}, bias={bias}")
    }
}

impl Forward for LayerNorm {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.place);
        let (weight, bias) = (self.weight.as_ref(), self.bias.as_ref());
        named(&self.place, x.layer_norm(&self.shape, weight, bias, self.eps))
    }
}

/// Standardises groups of channels of each sample; PyTorch's `nn.GroupNorm`.
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct GroupNorm {
    /// `[num_channels]`, at first ones.
    pub weight: Option<Variable>,
    /// `[num_channels]`, at first zeros.
    pub bias: Option<Variable>,
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    channels: usize,
    #[module(skip)]
    eps: f64,
    place: Place,
}

impl GroupNorm {
    /// A layer for `num_channels` channels in `num_groups` groups; `eps` is 1e-5.
    ///
    /// # Errors
    /// When the channels do not split into the groups.
    pub fn new(num_groups: usize, num_channels: usize) -> Result<Self> {
        if num_groups == 0 || !num_channels.is_multiple_of(num_groups) {
            let message = format!("{num_channels} channels do not split into {num_groups} groups");
            return Err(Error::value("group_norm", message));
        }
        let shape = [num_channels];
        let (weight, bias) = (ones(&shape)?, zeros(&shape)?);
        Ok(Self { weight, bias, groups: num_groups, channels: num_channels, eps: 1e-5, place: Place::new() })
    }

    /// What is added to the variance before its root; by default 1e-5.
    pub fn eps(mut self, eps: f64) -> Self {
        self.eps = eps;
        self
    }

    /// Whether there are weight and bias; by default there are.
    pub fn affine(mut self, affine: bool) -> Self {
        self.weight = self.weight.filter(|_| affine);
        self.bias = self.bias.filter(|_| affine);
        self
    }

    fn describe(&self) -> String {
        let (affine, bias) = (python(self.weight.is_some()), python(self.bias.is_some()));
        format!(
            "{}, {}, eps={}, affine={affine}, bias={bias}",
            self.groups,
            self.channels,
            scientific(self.eps)
        )
    }
}

impl GroupNorm {
    #[track_caller]
    fn standardise(&self, x: &Variable) -> Result<Variable> {
        if x.size().get(1) != Some(&self.channels) {
            let message = format!(
                "input has shape {:?}, expected [batch, channels, ...] with {} channels",
                x.size(),
                self.channels
            );
            return Err(Error::value("group_norm", message));
        }
        if x.numel() == self.groups {
            let message = format!("input has shape {:?}, expected more than one value in a group", x.size());
            return Err(Error::value("group_norm", message));
        }
        Ok(x.group_norm(self.groups, self.weight.as_ref(), self.bias.as_ref(), self.eps)?)
    }
}

impl Forward for GroupNorm {
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.place);
        named(&self.place, self.standardise(x))
    }
}
