//! Normalisation layers that look at one sample at a time.

use taper_autograd::Variable;
use taper_tensor::{IntoShape, Tensor};

use crate::builder::{builder, not_negative, tuple};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Place, Result};

/// A parameter of ones, where there is to be one.
pub(super) fn ones(present: bool, shape: &[usize]) -> Result<Option<Variable>> {
    Ok(present.then(|| Tensor::ones(shape)).transpose()?.map(Variable::requires_grad))
}

/// A parameter of zeros, where there is to be one.
pub(super) fn zeros(present: bool, shape: &[usize]) -> Result<Option<Variable>> {
    Ok(present.then(|| Tensor::zeros(shape)).transpose()?.map(Variable::requires_grad))
}

pub(super) fn python(flag: bool) -> &'static str {
    if flag { "True" } else { "False" }
}

/// Prints small numbers as Python does: `1e-05`.
pub(super) fn scientific(x: f64) -> String {
    if x == 0.0 || x.abs() >= 1e-4 {
        return x.to_string();
    }
    let text = format!("{x:e}");
    let (digits, exponent) = text.split_once("e-").unwrap_or((&text, "0"));
    format!("{digits}e-{exponent:0>2}")
}

/// Standardises over the last dimensions; PyTorch's `nn.LayerNorm`.
///
/// # Shapes
/// Input and output `[..., normalized_shape]`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Forward, LayerNorm};
/// use taper_tensor::{IntoShape, Tensor};
///
/// let layer = LayerNorm::builder(&[2]).eps(0.0).bias(false).build()?;
/// let y = layer.forward(&Variable::new(Tensor::new([[1.0f32, 5.0]])?))?;
/// assert_eq!(y.data().to_vec::<f32>()?, [-1.0, 1.0]);
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct LayerNorm {
    /// `normalized_shape`, initially ones.
    pub weight: Option<Variable>,
    /// `normalized_shape`, initially zeros.
    pub bias: Option<Variable>,
    #[module(skip)]
    shape: Vec<usize>,
    #[module(skip)]
    eps: f64,
    place: Place,
}

builder! {
    LayerNorm, LayerNormBuilder;
    /// Makes a layer over the last dimensions, whose sizes are `normalized_shape`, with PyTorch's defaults: a number,
    /// a tuple, an array, a slice or a vector.
    new(; normalized_shape: Vec<i64> as impl IntoShape => IntoShape::into_sizes) -> Result;
    /// Sets what is added to the variance before the root; default 1e-5.
    eps: f64 = 1e-5;
    /// Adds a weight and, unless `bias(false)` is said, a bias; default true.
    elementwise_affine: bool = true;
    /// Adds a bias, where there is a weight; default true.
    bias: bool = true;
}

/// Checks that no size of the last dimensions is negative.
pub(super) fn sizes(op: &'static str, given: &[i64]) -> Result<Vec<usize>> {
    let sizes: Result<Vec<usize>, _> = given.iter().map(|&n| usize::try_from(n)).collect();
    sizes.map_err(|_| {
        Error::value(op, format!("normalized_shape is {given:?}, expected sizes that are not negative"))
    })
}

impl LayerNormBuilder {
    /// Makes the layer.
    ///
    /// # Errors
    /// When a size or `eps` is negative, or `eps` is not finite.
    pub fn build(self) -> Result<LayerNorm> {
        let Self { normalized_shape, eps, elementwise_affine: affine, bias } = self;
        let shape = sizes("layer_norm", &normalized_shape)?;
        not_negative("layer_norm", "eps", eps)?;
        let (weight, bias) = (ones(affine, &shape)?, zeros(affine && bias, &shape)?);
        Ok(LayerNorm { weight, bias, shape, eps, place: Place::new() })
    }
}

impl LayerNorm {
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
///
/// # Shapes
/// Input and output `[N, num_channels, ...]`.
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct GroupNorm {
    /// `[num_channels]`, initially ones.
    pub weight: Option<Variable>,
    /// `[num_channels]`, initially zeros.
    pub bias: Option<Variable>,
    #[module(skip)]
    groups: usize,
    #[module(skip)]
    channels: usize,
    #[module(skip)]
    eps: f64,
    place: Place,
}

builder! {
    GroupNorm, GroupNormBuilder;
    /// Makes a layer with PyTorch's defaults.
    ///
    /// # Errors
    /// When `num_groups` does not divide `num_channels`.
    new(num_groups: usize, num_channels: usize) -> Result;
    /// Sets what is added to the variance before the root; default 1e-5.
    eps: f64 = 1e-5;
    /// Adds weight and bias; default true.
    affine: bool = true;
}

impl GroupNormBuilder {
    /// Makes the layer.
    ///
    /// # Errors
    /// When `num_groups` does not divide `num_channels`, or `eps` is negative or not finite.
    pub fn build(self) -> Result<GroupNorm> {
        let Self { num_groups: groups, num_channels: channels, eps, affine } = self;
        if groups == 0 || !channels.is_multiple_of(groups) {
            let message = format!("num_groups is {groups}, expected a divisor of num_channels {channels}");
            return Err(Error::value("group_norm", message));
        }
        not_negative("group_norm", "eps", eps)?;
        let (weight, bias) = (ones(affine, &[channels])?, zeros(affine, &[channels])?);
        Ok(GroupNorm { weight, bias, groups, channels, eps, place: Place::new() })
    }
}

impl GroupNorm {
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
