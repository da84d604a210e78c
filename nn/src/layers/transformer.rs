//! The transformer's encoder layer.

use taper_autograd::Variable;
use taper_tensor::Tensor;

use super::attention::MultiheadAttention;
use super::dropout::Dropout;
use super::linear::Linear;
use super::norm::LayerNorm;
use crate::builder::builder;
use crate::{Forward, Module, Result};

/// Applies self-attention and two linear layers, each added to its input and then normalised; PyTorch's
/// `nn.TransformerEncoderLayer`.
///
/// # Shapes
/// Input and output `[L, N, d_model]`; with `batch_first` `[N, L, d_model]`.
#[derive(Module, Debug)]
pub struct TransformerEncoderLayer {
    self_attn: MultiheadAttention,
    linear1: Linear,
    dropout: Dropout,
    linear2: Linear,
    norm1: LayerNorm,
    norm2: LayerNorm,
    dropout1: Dropout,
    dropout2: Dropout,
    #[module(skip)]
    activation: Function,
    #[module(skip)]
    norm_first: bool,
}

/// A function of each element.
type Function = fn(&Variable) -> taper_autograd::Result<Variable>;

builder! {
    TransformerEncoderLayer, TransformerEncoderLayerBuilder;
    /// Makes a layer for `d_model` features and `nhead` heads, with PyTorch's defaults.
    ///
    /// # Errors
    /// When `nhead` does not divide `d_model`.
    new(d_model: usize, nhead: usize) -> Result;
    /// Sets the number of features between the two linear layers; default 2048.
    dim_feedforward: usize = 2048;
    /// Sets the probability of the dropouts, that of the attention's weights included; default 0.1.
    dropout: f64 = 0.1;
    /// Sets the function between the two linear layers, such as `Variable::gelu`; default
    /// `Variable::relu`.
    activation: Function = Variable::relu;
    /// Sets what the norms add to the variance; default 1e-5.
    layer_norm_eps: f64 = 1e-5;
    /// Puts the batch's dimension before the length's; default false.
    batch_first: bool = false;
    /// Normalises the input of each part instead of its output; default false.
    norm_first: bool = false;
    /// Adds biases to linear layers and norms; default true.
    bias: bool = true;
}

impl TransformerEncoderLayerBuilder {
    /// Makes the layer and draws its weights.
    ///
    /// # Errors
    /// When `nhead` does not divide `d_model`, `dropout` is not from 0 to 1, or `layer_norm_eps` is negative.
    pub fn build(self) -> Result<TransformerEncoderLayer> {
        let Self { d_model, nhead, dim_feedforward, dropout, activation, norm_first, bias, .. } = self;
        let linear = |from, to| Linear::builder(from, to).bias(bias).build();
        let norm = || LayerNorm::builder([d_model]).eps(self.layer_norm_eps).bias(bias).build();
        let attention = MultiheadAttention::builder(d_model, nhead).dropout(dropout).bias(bias);
        Ok(TransformerEncoderLayer {
            self_attn: attention.batch_first(self.batch_first).build()?,
            linear1: linear(d_model, dim_feedforward)?,
            dropout: Dropout::new(dropout)?,
            linear2: linear(dim_feedforward, d_model)?,
            norm1: norm()?,
            norm2: norm()?,
            dropout1: Dropout::new(dropout)?,
            dropout2: Dropout::new(dropout)?,
            activation,
            norm_first,
        })
    }
}

impl TransformerEncoderLayer {
    /// Returns what [`Forward::forward`] does under masks as [`MultiheadAttention::attend_masked`] takes them.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn forward_masked(
        &self,
        x: &Variable,
        src_mask: Option<&Tensor>,
        src_key_padding_mask: Option<&Tensor>,
    ) -> Result<Variable> {
        let attend = |x: &Variable| {
            let (y, _) = self.self_attn.attend_masked(x, x, x, src_mask, src_key_padding_mask)?;
            self.dropout1.forward(&y)
        };
        let feed = |x: &Variable| {
            let hidden = (self.activation)(&self.linear1.forward(x)?)?;
            self.dropout2.forward(&self.linear2.forward(&self.dropout.forward(&hidden)?)?)
        };
        if self.norm_first {
            let x = x.add(attend(&self.norm1.forward(x)?)?)?;
            return Ok(x.add(feed(&self.norm2.forward(&x)?)?)?);
        }
        let x = self.norm1.forward(&x.add(attend(x)?)?)?;
        self.norm2.forward(&x.add(feed(&x)?)?)
    }
}

impl Forward for TransformerEncoderLayer {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        self.forward_masked(x, None, None)
    }
}
