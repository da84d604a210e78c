//! The transformer's encoder layer.

use taper_autograd::Variable;
use taper_tensor::Tensor;

use super::attention::MultiheadAttention;
use super::dropout::Dropout;
use super::linear::Linear;
use super::norm::LayerNorm;
use crate::{Forward, Module, Result};

/// Self-attention and two linear layers, each added to its input and then normalised; PyTorch's
/// `nn.TransformerEncoderLayer`.
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

impl TransformerEncoderLayer {
    /// A layer for `d_model` features and `nhead` heads, with PyTorch's defaults: 2048 features
    /// between the linear layers, dropout 0.1, ReLU, the norms last, the length's dimension before the
    /// batch's.
    ///
    /// # Errors
    /// When `d_model` does not split into the heads.
    pub fn new(d_model: usize, nhead: usize) -> Result<Self> {
        let dropout = || Dropout::new(0.1);
        Ok(Self {
            self_attn: MultiheadAttention::new(d_model, nhead)?.dropout(0.1)?,
            linear1: Linear::new(d_model, 2048)?,
            dropout: dropout()?,
            linear2: Linear::new(2048, d_model)?,
            norm1: LayerNorm::new(&[d_model])?,
            norm2: LayerNorm::new(&[d_model])?,
            dropout1: dropout()?,
            dropout2: dropout()?,
            activation: Variable::relu,
            norm_first: false,
        })
    }

    /// The features between the two linear layers, whose weights are drawn anew; by default 2048.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn dim_feedforward(mut self, features: usize) -> Result<Self> {
        let (d_model, bias) = (self.linear1.weight.size()[1], self.linear1.bias.is_some());
        self.linear1 = Linear::new(d_model, features)?.bias(bias);
        self.linear2 = Linear::new(features, d_model)?.bias(bias);
        Ok(self)
    }

    /// The probability of the dropouts, that of the attention's weights included; by default 0.1.
    ///
    /// # Errors
    /// When it is none.
    pub fn dropout(mut self, p: f64) -> Result<Self> {
        (self.dropout, self.dropout1, self.dropout2) = (Dropout::new(p)?, Dropout::new(p)?, Dropout::new(p)?);
        self.self_attn = self.self_attn.dropout(p)?;
        Ok(self)
    }

    /// The function between the two linear layers, such as `Variable::gelu`; by default
    /// `Variable::relu`.
    pub fn activation(mut self, activation: fn(&Variable) -> taper_autograd::Result<Variable>) -> Self {
        self.activation = activation;
        self
    }

    /// What the norms add to the variance; by default 1e-5.
    pub fn layer_norm_eps(mut self, eps: f64) -> Self {
        (self.norm1, self.norm2) = (self.norm1.eps(eps), self.norm2.eps(eps));
        self
    }

    /// Whether each part normalises its input, in the place of its output; by default not.
    pub fn norm_first(mut self, norm_first: bool) -> Self {
        self.norm_first = norm_first;
        self
    }

    /// Whether linear layers and norms have biases; by default they have. `bias(false)` removes them.
    pub fn bias(mut self, bias: bool) -> Self {
        self.self_attn = self.self_attn.bias(bias);
        (self.linear1, self.linear2) = (self.linear1.bias(bias), self.linear2.bias(bias));
        (self.norm1, self.norm2) = (self.norm1.bias(bias), self.norm2.bias(bias));
        self
    }

    /// Whether the batch's dimension comes before the length's; by default not.
    pub fn batch_first(mut self, batch_first: bool) -> Self {
        self.self_attn = self.self_attn.batch_first(batch_first);
        self
    }

    /// [`Forward::forward`] with masks, as in [`MultiheadAttention::attend_masked`].
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
