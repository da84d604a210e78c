//! Attention of several heads.

use taper_autograd::Variable;
use taper_tensor::Tensor;

use super::linear::Linear;
use super::norm::zeros;
use crate::builder::{builder, fraction};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Result, Training, init};

/// Attends with several heads, `softmax(Q Kᵀ / sqrt(d)) V` in each; PyTorch's `nn.MultiheadAttention`.
///
/// # Shapes
/// Queries `[L, N, embed_dim]`, keys `[S, N, kdim]`, values `[S, N, vdim]`, output `[L, N, embed_dim]`, where
/// `L` and `S` are lengths; with `batch_first`, `N` comes before the length.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::MultiheadAttention;
/// use taper_tensor::Tensor;
///
/// let attention = MultiheadAttention::builder(8, 2).batch_first(true).build()?;
/// let x = Variable::new(Tensor::ones((3, 5, 8))?);
/// let (y, weights) = attention.attend(&x, &x, &x)?;
/// assert_eq!((&y.size()[..], &weights.size()[..]), (&[3, 5, 8][..], &[3, 5, 5][..]));
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
pub struct MultiheadAttention {
    /// `[3 · embed_dim, embed_dim]`: the rows for queries, for keys and for values; absent with `kdim` or
    /// `vdim`.
    pub in_proj_weight: Option<Variable>,
    /// With `kdim` or `vdim`, `[embed_dim, embed_dim]`.
    pub q_proj_weight: Option<Variable>,
    /// With `kdim` or `vdim`, `[embed_dim, kdim]`.
    pub k_proj_weight: Option<Variable>,
    /// With `kdim` or `vdim`, `[embed_dim, vdim]`.
    pub v_proj_weight: Option<Variable>,
    /// `[3 · embed_dim]`, initially zeros.
    pub in_proj_bias: Option<Variable>,
    out_proj: Linear,
    #[module(skip)]
    heads: usize,
    #[module(skip)]
    dropout: f64,
    #[module(skip)]
    batch_first: bool,
    training: Training,
}

builder! {
    MultiheadAttention, MultiheadAttentionBuilder;
    /// Makes a layer with PyTorch's defaults: `in_proj_weight` begins as `xavier_uniform_` draws it, the biases
    /// as zeros.
    ///
    /// # Errors
    /// When `num_heads` does not divide `embed_dim`.
    new(embed_dim: usize, num_heads: usize) -> Result;
    /// Sets the probability that a weight of the attention is dropped, in training; default 0.
    dropout: f64 = 0.0;
    /// Adds biases to the projections; default true.
    bias: bool = true;
    /// Sets the features of the keys; default `None`, `embed_dim`.
    kdim: Option<usize> = None, impl Into<Option<usize>> => Into::into;
    /// Sets the features of the values; default `None`, `embed_dim`.
    vdim: Option<usize> = None, impl Into<Option<usize>> => Into::into;
    /// Puts the batch's dimension before the length's; default false.
    batch_first: bool = false;
}

impl MultiheadAttentionBuilder {
    /// Makes the layer and draws its weights.
    ///
    /// # Errors
    /// When `num_heads` does not divide `embed_dim`, or `dropout` is not from 0 to 1.
    pub fn build(self) -> Result<MultiheadAttention> {
        let Self { embed_dim, num_heads, dropout, bias, kdim, vdim, batch_first } = self;
        if num_heads == 0 || embed_dim == 0 || !embed_dim.is_multiple_of(num_heads) {
            let message = format!("num_heads is {num_heads}, expected a divisor of embed_dim {embed_dim}");
            return Err(Error::value("multihead_attention", message));
        }
        fraction("multihead_attention", "dropout", dropout)?;
        let out_proj = Linear::builder(embed_dim, embed_dim).bias(bias).build()?;
        out_proj.bias.as_ref().map_or(Ok(()), init::zeros_)?;
        let together = kdim.is_none_or(|k| k == embed_dim) && vdim.is_none_or(|v| v == embed_dim);
        let own = |inputs: Option<usize>| {
            (!together).then(|| drawn(embed_dim, inputs.unwrap_or(embed_dim))).transpose()
        };
        Ok(MultiheadAttention {
            in_proj_weight: together.then(|| drawn(3 * embed_dim, embed_dim)).transpose()?,
            q_proj_weight: own(None)?,
            k_proj_weight: own(kdim)?,
            v_proj_weight: own(vdim)?,
            in_proj_bias: zeros(bias, &[3 * embed_dim])?,
            out_proj,
            heads: num_heads,
            dropout,
            batch_first,
            training: Training::default(),
        })
    }
}

impl MultiheadAttention {
    /// Returns the features of queries, keys and values.
    fn widths(&self) -> [usize; 3] {
        let embed_dim = self.out_proj.weight.size()[0];
        [&self.q_proj_weight, &self.k_proj_weight, &self.v_proj_weight].map(|weight| {
            weight.as_ref().and_then(|weight| weight.size().last().copied()).unwrap_or(embed_dim)
        })
    }

    /// The weights that turn queries, keys and values into those of the heads.
    fn projections(&self) -> Result<[Variable; 3]> {
        if let Some(all) = &self.in_proj_weight {
            return thirds(all);
        }
        match [&self.q_proj_weight, &self.k_proj_weight, &self.v_proj_weight] {
            [Some(q), Some(k), Some(v)] => Ok([q.clone(), k.clone(), v.clone()]),
            _ => Err(Error::value(
                "multihead_attention",
                "got neither in_proj_weight nor all of q_proj_weight, k_proj_weight and v_proj_weight",
            )),
        }
    }

    /// A parameter that says where this module is in the network.
    fn first(&self) -> &Variable {
        self.in_proj_weight.as_ref().or(self.q_proj_weight.as_ref()).unwrap_or(&self.out_proj.weight)
    }

    /// Attends with queries to keys and values. Returns the outputs, and the weights `[N, L, S]`, averaged
    /// over the heads.
    ///
    /// # Errors
    /// When the shapes do not fit.
    pub fn attend(&self, query: &Variable, key: &Variable, value: &Variable) -> Result<(Variable, Variable)> {
        self.attend_masked(query, key, value, None, None)
    }

    /// Attends as [`MultiheadAttention::attend`], but not everywhere: `attn_mask`, `[L, S]` or
    /// `[N · heads, L, S]`, masks pairs of positions, `key_padding_mask`, `[N, S]`, masks keys. A bool mask
    /// excludes where it is true; a mask of real numbers is added before the softmax. `Tensor::ones((L, L))?`
    /// `.triu(1)?.to_dtype(DType::Bool)?` is the causal mask.
    ///
    /// # Errors
    /// If the shapes do not fit, or a mask is of integers.
    pub fn attend_masked(
        &self,
        query: &Variable,
        key: &Variable,
        value: &Variable,
        attn_mask: Option<&Tensor>,
        key_padding_mask: Option<&Tensor>,
    ) -> Result<(Variable, Variable)> {
        let _scope = enter(self.first());
        named(self.first(), self.run([query, key, value], attn_mask, key_padding_mask))
    }

    fn run(
        &self,
        inputs: [&Variable; 3],
        attn_mask: Option<&Tensor>,
        key_padding_mask: Option<&Tensor>,
    ) -> Result<(Variable, Variable)> {
        let widths = self.widths();
        let sizes = inputs.map(Variable::size);
        let dims = sizes.each_ref().map(|size| size.len());
        let batch_at = usize::from(!self.batch_first);
        if dims != [3; 3]
            || (0..3).any(|i| sizes[i][2] != widths[i])
            || sizes[1][..2] != sizes[2][..2]
            || sizes[0][batch_at] != sizes[1][batch_at]
        {
            let order = if self.batch_first { "[batch, length, " } else { "[length, batch, " };
            let message = format!(
                "query, key and value have shapes {:?}, {:?} and {:?}, expected {order}{}], {order}{}] and \
                 {order}{}]",
                sizes[0], sizes[1], sizes[2], widths[0], widths[1], widths[2]
            );
            return Err(Error::value("multihead_attention", message));
        }
        let (width, head) = (widths[0], widths[0] / self.heads);
        let weights = self.projections()?;
        let biases = self.in_proj_bias.as_ref().map(thirds).transpose()?;
        // To [batch, heads, length, head].
        let project = |i: usize| -> Result<Variable> {
            let x = if self.batch_first { inputs[i].clone() } else { inputs[i].transpose(0, 1)? };
            let y = x.linear(&weights[i], biases.as_ref().map(|biases| &biases[i]))?;
            Ok(y.reshape([x.size()[0], x.size()[1], self.heads, head])?.transpose(1, 2)?)
        };
        let (q, k, v) = (project(0)?, project(1)?, project(2)?);
        let mut scores = q.mul(1.0 / (head as f64).sqrt())?.matmul(&k.transpose(2, 3)?)?;
        let [batch, heads, target, source] = scores.size()[..] else { return Err(no_scores()) };
        if let Some(mask) = key_padding_mask {
            expect_mask("key_padding_mask", mask, &[&[batch, source]])?;
            scores = masked(&scores, &mask.reshape([batch, 1, 1, source])?)?;
        }
        if let Some(mask) = attn_mask {
            expect_mask("attn_mask", mask, &[&[target, source], &[batch * heads, target, source]])?;
            let shape = if mask.dim() == 2 { [1, 1, target, source] } else { [batch, heads, target, source] };
            scores = masked(&scores, &mask.reshape(shape)?)?;
        }
        let mut weights = scores.softmax(-1)?;
        if self.training.get() && self.dropout > 0.0 {
            weights = weights.dropout(self.dropout, None)?;
        }
        let y = weights.matmul(&v)?.transpose(1, 2)?.reshape([batch, target, width])?;
        let y = self.out_proj.forward(&y)?;
        let y = if self.batch_first { y } else { y.transpose(0, 1)? };
        Ok((y, weights.mean_dim(1)?))
    }
}

/// Returns a weight that `xavier_uniform_` has drawn.
fn drawn(outputs: usize, inputs: usize) -> Result<Variable> {
    let weight = Variable::requires_grad(Tensor::zeros((outputs, inputs))?);
    init::xavier_uniform_(&weight, 1.0)?;
    Ok(weight)
}

/// Returns the rows for queries, for keys and for values.
fn thirds(all: &Variable) -> Result<[Variable; 3]> {
    let rows = all.size().first().map_or(0, |rows| rows / 3);
    let part = |i: usize| all.narrow(0, (i * rows) as i64, rows);
    Ok([part(0)?, part(1)?, part(2)?])
}

fn no_scores() -> Error {
    Error::value("multihead_attention", "the scores are not [batch, heads, target, source]")
}

fn expect_mask(name: &str, mask: &Tensor, shapes: &[&[usize]]) -> Result<()> {
    if shapes.contains(&mask.size()) {
        return Ok(());
    }
    let expected: Vec<String> = shapes.iter().map(|shape| format!("{shape:?}")).collect();
    let message = format!("{name} has shape {:?}, expected {}", mask.size(), expected.join(" or "));
    Err(Error::value("multihead_attention", message))
}

/// Sets the scores that the mask excludes to -∞, or adds a mask of real numbers.
fn masked(scores: &Variable, mask: &Tensor) -> Result<Variable> {
    if mask.dtype().is_float() {
        return Ok(scores.add(mask.to_dtype(scores.dtype())?)?);
    }
    Ok(scores.masked_fill(mask, f64::NEG_INFINITY)?)
}

impl Forward for MultiheadAttention {
    /// Self-attention: queries, keys and values are the same.
    fn forward(&self, x: &Variable) -> Result<Variable> {
        Ok(self.attend(x, x, x)?.0)
    }
}
