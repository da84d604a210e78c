//! Attention of several heads.

use taper_autograd::Variable;
use taper_tensor::Tensor;

use super::linear::Linear;
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Result, Training, init};

/// Attention of several heads, `softmax(Q Kᵀ / sqrt(d)) V` each; PyTorch's `nn.MultiheadAttention`.
/// Sequences are `[length, batch, embed_dim]`, with `batch_first` `[batch, length, embed_dim]`.
#[derive(Module, Debug)]
pub struct MultiheadAttention {
    /// `[3 · embed_dim, embed_dim]`: for queries, keys and values, one below the other; none where
    /// keys or values have features of their own number.
    pub in_proj_weight: Option<Variable>,
    /// With `kdim` or `vdim`, `[embed_dim, embed_dim]`.
    pub q_proj_weight: Option<Variable>,
    /// With `kdim` or `vdim`, `[embed_dim, kdim]`.
    pub k_proj_weight: Option<Variable>,
    /// With `kdim` or `vdim`, `[embed_dim, vdim]`.
    pub v_proj_weight: Option<Variable>,
    /// `[3 · embed_dim]`, at first zeros.
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
        let out_proj = Linear::new(embed_dim, embed_dim)?;
        if let Some(bias) = &out_proj.bias {
            init::zeros_(bias)?;
        }
        Ok(Self {
            in_proj_weight: Some(drawn(3 * embed_dim, embed_dim)?),
            q_proj_weight: None,
            k_proj_weight: None,
            v_proj_weight: None,
            in_proj_bias: Some(Variable::requires_grad(Tensor::zeros(3 * embed_dim)?)),
            out_proj,
            heads: num_heads,
            dropout: 0.0,
            batch_first: false,
            training: Training::default(),
        })
    }

    /// The features of the keys; by default as many as the queries'. Draws weights of their own for
    /// queries, keys and values.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn kdim(self, kdim: usize) -> Result<Self> {
        let [_, _, vdim] = self.widths();
        self.separate(kdim, vdim)
    }

    /// The features of the values; by default as many as the queries'. Draws weights of their own for
    /// queries, keys and values.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn vdim(self, vdim: usize) -> Result<Self> {
        let [_, kdim, _] = self.widths();
        self.separate(kdim, vdim)
    }

    fn separate(mut self, kdim: usize, vdim: usize) -> Result<Self> {
        let [embed_dim, _, _] = self.widths();
        self.in_proj_weight = None;
        self.q_proj_weight = Some(drawn(embed_dim, embed_dim)?);
        self.k_proj_weight = Some(drawn(embed_dim, kdim)?);
        self.v_proj_weight = Some(drawn(embed_dim, vdim)?);
        Ok(self)
    }

    /// The features of queries, keys and values.
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
                "neither in_proj_weight nor all of q_proj_weight, k_proj_weight and v_proj_weight are there",
            )),
        }
    }

    /// A parameter that says where this module is in the network.
    fn first(&self) -> &Variable {
        self.in_proj_weight.as_ref().or(self.q_proj_weight.as_ref()).unwrap_or(&self.out_proj.weight)
    }

    /// The probability that a weight of the attention is dropped, in training; by default 0.
    ///
    /// # Errors
    /// When it is no probability.
    pub fn dropout(mut self, p: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&p) {
            let message = format!("dropout is {p}, expected a probability from 0 to 1");
            return Err(Error::value("multihead_attention", message));
        }
        self.dropout = p;
        Ok(self)
    }

    /// Whether the projections have biases; by default they have. `bias(false)` removes them.
    pub fn bias(mut self, bias: bool) -> Self {
        self.in_proj_bias = self.in_proj_bias.filter(|_| bias);
        self.out_proj = self.out_proj.bias(bias);
        self
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
        self.attend_masked(query, key, value, None, None)
    }

    /// [`MultiheadAttention::attend`], but not everywhere: `attn_mask`, of the shape `[target length,
    /// source length]` or `[batch · heads, target length, source length]`, says it for each pair of
    /// positions, `key_padding_mask`, `[batch, source length]`, for each key. A mask of integers is not
    /// 0 where there is to be no attention; one of real numbers is added before the softmax.
    ///
    /// # Errors
    /// When the shapes do not fit.
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

/// A weight as `xavier_uniform_` draws it.
fn drawn(outputs: usize, inputs: usize) -> Result<Variable> {
    let weight = Variable::requires_grad(Tensor::zeros((outputs, inputs))?);
    init::xavier_uniform_(&weight, 1.0)?;
    Ok(weight)
}

/// The rows for queries, for keys and for values.
fn thirds(all: &Variable) -> Result<[Variable; 3]> {
    let rows = all.size().first().map_or(0, |rows| rows / 3);
    let part = |i: usize| all.narrow(0, (i * rows) as i64, rows);
    Ok([part(0)?, part(1)?, part(2)?])
}

fn no_scores() -> Error {
    Error::value("multihead_attention", "the scores are no [batch, heads, target, source]")
}

fn expect_mask(name: &str, mask: &Tensor, shapes: &[&[usize]]) -> Result<()> {
    if shapes.contains(&mask.size()) {
        return Ok(());
    }
    let expected: Vec<String> = shapes.iter().map(|shape| format!("{shape:?}")).collect();
    let message = format!("{name} has shape {:?}, expected {}", mask.size(), expected.join(" or "));
    Err(Error::value("multihead_attention", message))
}

/// Scores of which those that the mask excludes are -∞, or with what it adds.
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
