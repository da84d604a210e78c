//! A table of vectors, looked up by integers.

use std::collections::BTreeSet;

use taper_autograd::Variable;
use taper_tensor::{DType, Tensor};

use crate::builder::{builder, not_negative, positive};
use crate::module::{enter, named};
use crate::{Error, Forward, Module, Result};

/// Looks up a vector for each integer; PyTorch's `nn.Embedding`.
///
/// # Shapes
/// Input `[...]` of an integer dtype, output `[..., embedding_dim]`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Embedding, Forward};
/// use taper_tensor::Tensor;
///
/// let table = Embedding::new(10, 3)?;
/// let y = table.forward(&Variable::new(Tensor::new(&[[1i64, 2], [4, 9]])?))?;
/// assert_eq!(y.size(), [2, 2, 3]);
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[derive(Module, Debug)]
#[module(extra_repr = "Self::describe")]
pub struct Embedding {
    /// `[num_embeddings, embedding_dim]`.
    pub weight: Variable,
    #[module(skip)]
    padding_idx: Option<usize>,
    #[module(skip)]
    max_norm: Option<f64>,
    #[module(skip)]
    norm_type: f64,
}

builder! {
    Embedding, EmbeddingBuilder;
    /// Makes a table of vectors that begin normal with mean 0 and variance 1.
    ///
    /// # Errors
    /// When the table's size overflows.
    new(num_embeddings: usize, embedding_dim: usize) -> Result;
    /// Takes these vectors `[num_embeddings, embedding_dim]` instead of random ones; default none.
    weight: Option<Tensor> = None, Tensor => Some;
    /// Keeps the vectors out of the training; default false.
    freeze: bool = false;
    /// Sets the index of a vector that is not trained, and that begins as zeros unless `weight` is given;
    /// default none.
    padding_idx: Option<usize> = None, impl Into<Option<usize>> => Into::into;
    /// Sets the norm that no vector exceeds: a longer one is scaled down, in place, when it is looked up;
    /// default none.
    max_norm: Option<f64> = None, impl Into<Option<f64>> => Into::into;
    /// Sets the `p` of that norm; default 2.
    norm_type: f64 = 2.0;
}

impl EmbeddingBuilder {
    /// Makes the table.
    ///
    /// # Errors
    /// When `weight` is not a floating tensor of the table's shape, `padding_idx` is not an index of the
    /// table, or `max_norm` or `norm_type` is out of its range.
    pub fn build(self) -> Result<Embedding> {
        let Self { num_embeddings, embedding_dim, padding_idx, max_norm, norm_type, .. } = self;
        if let Some(index) = padding_idx
            && index >= num_embeddings
        {
            let message =
                format!("padding_idx is {index}, expected less than num_embeddings {num_embeddings}");
            return Err(Error::value("embedding", message));
        }
        max_norm.map_or(Ok(()), |norm| not_negative("embedding", "max_norm", norm))?;
        positive("embedding", "norm_type", norm_type)?;
        let given = self.weight.is_some();
        let table = match self.weight {
            Some(table) if table.size() == [num_embeddings, embedding_dim] && table.dtype().is_float() => {
                table
            }
            Some(other) => return Err(no_table(&other, &[num_embeddings, embedding_dim])),
            None => Tensor::randn((num_embeddings, embedding_dim))?,
        };
        if let Some(index) = padding_idx
            && !given
        {
            table.select(0, index as i64)?.zero_()?;
        }
        let weight = Variable::requires_grad(table);
        weight.set_requires_grad(!self.freeze)?;
        Ok(Embedding { weight, padding_idx, max_norm, norm_type })
    }
}

fn no_table(got: &Tensor, expected: &dyn std::fmt::Debug) -> Error {
    let message = format!(
        "weight has shape {:?} and dtype {}, expected shape {expected:?} and a floating dtype",
        got.size(),
        got.dtype()
    );
    Error::value("embedding", message)
}

impl Embedding {
    /// Makes a table of given vectors `[num_embeddings, embedding_dim]`, which are not trained, as in
    /// PyTorch; `Embedding::builder(…).weight(…)` makes one that is.
    ///
    /// # Errors
    /// When the tensor is not a matrix of a floating dtype.
    pub fn from_pretrained(embeddings: Tensor) -> Result<Self> {
        let &[num_embeddings, embedding_dim] = embeddings.size() else {
            return Err(no_table(&embeddings, &"[num_embeddings, embedding_dim]"));
        };
        Self::builder(num_embeddings, embedding_dim).weight(embeddings).freeze(true).build()
    }

    /// Scales down the vectors at these indices that are too long.
    fn renormalise(&self, index: &Tensor, max: f64) -> Result<()> {
        let weight = self.weight.data();
        let index = index.to_dtype(DType::I64)?.to_vec::<i64>()?.into_iter().collect::<BTreeSet<_>>();
        // What is out of range, the lookup reports.
        for i in index.into_iter().filter(|&i| (0..weight.size()[0] as i64).contains(&i)) {
            let row = weight.select(0, i)?;
            let values = row.to_dtype(DType::F64)?.abs()?;
            let norm = values.pow(self.norm_type)?.sum()?.item::<f64>()?.powf(1.0 / self.norm_type);
            if norm > max {
                row.mul_(max / (norm + 1e-7))?; // as PyTorch
            }
        }
        Ok(())
    }

    #[track_caller]
    fn look_up(&self, index: &Tensor) -> Result<Variable> {
        if let Some(max) = self.max_norm
            && !index.dtype().is_float()
        {
            self.renormalise(index, max)?;
        }
        Ok(self.weight.embedding(index, self.padding_idx)?)
    }

    fn describe(&self) -> String {
        let sizes: Vec<String> = self.weight.size().iter().map(usize::to_string).collect();
        let padding = self.padding_idx.map_or(String::new(), |i| format!(", padding_idx={i}"));
        let max = self.max_norm.map_or(String::new(), |norm| format!(", max_norm={norm:?}"));
        let p =
            if self.norm_type == 2.0 { String::new() } else { format!(", norm_type={:?}", self.norm_type) };
        sizes.join(", ") + &padding + &max + &p
    }
}

impl Forward for Embedding {
    /// `x` holds indices, of an integer dtype.
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.weight);
        named(&self.weight, self.look_up(&x.data()))
    }
}
