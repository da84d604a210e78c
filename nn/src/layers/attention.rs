//! Attention, and the transformer's encoder layer.

use taper_autograd::Variable;
use taper_tensor::Tensor;

use super::dropout::Dropout;
use super::linear::Linear;
use super::norm::LayerNorm;
use crate::{Error, Forward, Module, Result, in_layer, init};

/// Attention of several heads, `softmax(Q Kᵀ / sqrt(d)) V` each; PyTorch's `nn.MultiheadAttention`.
/// Sequences are `[length, batch, embed_dim]`, with `batch_first` `[batch, length, embed_dim]`.
#[derive(Module, Debug)]
pub struct MultiheadAttention {
    /// `[3 · embed_dim, embed_dim]`: for queries, keys and values, one below the other.
    pub in_proj_weight: Variable,
    /// `[3 · embed_dim]`, at first zeros.
    pub in_proj_bias: Variable,
    out_proj: Linear,
    #[module(skip)]
    heads: usize,
    #[module(skip)]
    batch_first: bool,
}

impl MultiheadAttention {
    /// A layer initialised as PyTorch's: `in_proj_weight` by `xavier_uniform_`, biases zero.
    ///
    /// # Errors
    /// When `embed_dim` does not split into the heads.
    pub fn new(embed_dim: usize, num_heads: usize) -> Result<Self> {
        if num_heads == 0 || embed_dim == 0 || !embed_dim.is_multiple_of(num_heads) {
            let message = format!("an embed_dim of {embed_dim} does not split into {num_heads} heads");
            return Err(Error::value("multihead_attention", message));
        }
        let in_proj_weight = Variable::requires_grad(Tensor::zeros((3 * embed_dim, embed_dim))?);
        init::xavier_uniform_(&in_proj_weight, 1.0)?;
        let out_proj = Linear::new(embed_dim, embed_dim)?;
        if let Some(bias) = &out_proj.bias {
            init::zeros_(bias)?;
        }
        Ok(Self {
            in_proj_weight,
            in_proj_bias: Variable::requires_grad(Tensor::zeros(3 * embed_dim)?),
            out_proj,
            heads: num_heads,
            batch_first: false,
        })
    }

    /// Whether the batch's dimension comes before the length's; by default not.
    pub fn batch_first(mut self, batch_first: bool) -> Self {
        self.batch_first = batch_first;
        self
    }

    /// Attends with queries to keys and values: the outputs, and the weights `[batch, target length,
    /// source length]`, the mean over the heads.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn attend(&self, query: &Variable, key: &Variable, value: &Variable) -> Result<(Variable, Variable)> {
        in_layer(&self.in_proj_weight, || self.attend_unnamed(query, key, value))
    }

    fn attend_unnamed(
        &self,
        query: &Variable,
        key: &Variable,
        value: &Variable,
    ) -> Result<(Variable, Variable)> {
        let width = self.in_proj_weight.size()[1];
        let sizes = [query.size(), key.size(), value.size()];
        let dims = sizes.each_ref().map(Vec::len);
        if dims != [3; 3] || sizes.iter().any(|size| size[2] != width) || sizes[1] != sizes[2] {
            let order = if self.batch_first { "[batch, length, " } else { "[length, batch, " };
            let message = format!(
                "query, key and value have shapes {:?}, {:?} and {:?}, expected {order}{width}]",
                sizes[0], sizes[1], sizes[2]
            );
            return Err(Error::value("multihead_attention", message));
        }
        let head = width / self.heads;
        // To [batch, heads, length, head].
        let project = |x: &Variable, part: usize| -> Result<Variable> {
            let weight = self.in_proj_weight.narrow(0, (part * width) as i64, width)?;
            let bias = self.in_proj_bias.narrow(0, (part * width) as i64, width)?;
            let x = if self.batch_first { x.clone() } else { x.transpose(0, 1)? };
            let (batch, length) = (x.size()[0], x.size()[1]);
            let heads = x.linear(&weight, Some(&bias))?.reshape([batch, length, self.heads, head])?;
            Ok(heads.transpose(1, 2)?)
        };
        let (q, k, v) = (project(query, 0)?, project(key, 1)?, project(value, 2)?);
        let scores = q.mul(1.0 / (head as f64).sqrt())?.matmul(&k.transpose(2, 3)?)?;
        let weights = scores.softmax(-1)?;
        let y = weights.matmul(&v)?.transpose(1, 2)?;
        let (batch, length) = (y.size()[0], y.size()[1]);
        let y = self.out_proj.forward(&y.reshape([batch, length, width])?)?;
        let y = if self.batch_first { y } else { y.transpose(0, 1)? };
        Ok((y, weights.mean_dim(1, false)?))
    }
}

impl Forward for MultiheadAttention {
    /// Self-attention: queries, keys and values are the same.
    fn forward(&self, x: &Variable) -> Result<Variable> {
        Ok(self.attend(x, x, x)?.0)
    }
}

/// Self-attention and two linear layers, each added to its input and then normalised; PyTorch's
/// `nn.TransformerEncoderLayer`, with ReLU and the norms last.
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
}

impl TransformerEncoderLayer {
    /// A layer for `d_model` features and `nhead` heads, with PyTorch's defaults: 2048 features
    /// between the linear layers, dropout 0.1, the length's dimension before the batch's.
    ///
    /// # Errors
    /// When `d_model` does not split into the heads.
    pub fn new(d_model: usize, nhead: usize) -> Result<Self> {
        let dropout = || Dropout::new(0.1);
        Ok(Self {
            self_attn: MultiheadAttention::new(d_model, nhead)?,
            linear1: Linear::new(d_model, 2048)?,
            dropout: dropout()?,
            linear2: Linear::new(2048, d_model)?,
            norm1: LayerNorm::new(&[d_model])?,
            norm2: LayerNorm::new(&[d_model])?,
            dropout1: dropout()?,
            dropout2: dropout()?,
        })
    }

    /// The features between the two linear layers, whose weights are drawn anew; by default 2048.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn dim_feedforward(mut self, features: usize) -> Result<Self> {
        let d_model = self.linear1.weight.size()[1];
        self.linear1 = Linear::new(d_model, features)?;
        self.linear2 = Linear::new(features, d_model)?;
        Ok(self)
    }

    /// The probability of the three dropouts; by default 0.1.
    ///
    /// # Errors
    /// When it is none.
    pub fn dropout(mut self, p: f64) -> Result<Self> {
        (self.dropout, self.dropout1, self.dropout2) = (Dropout::new(p)?, Dropout::new(p)?, Dropout::new(p)?);
        Ok(self)
    }

    /// Whether the batch's dimension comes before the length's; by default not.
    pub fn batch_first(mut self, batch_first: bool) -> Self {
        self.self_attn = self.self_attn.batch_first(batch_first);
        self
    }
}

impl Forward for TransformerEncoderLayer {
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let attended = self.dropout1.forward(&self.self_attn.forward(x)?)?;
        let x = self.norm1.forward(&x.add(attended)?)?;
        let hidden = self.dropout.forward(&self.linear1.forward(&x)?.relu()?)?;
        let fed = self.dropout2.forward(&self.linear2.forward(&hidden)?)?;
        self.norm2.forward(&x.add(fed)?)
    }
}
