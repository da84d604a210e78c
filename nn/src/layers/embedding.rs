//! A table of vectors, looked up by integers.

use std::collections::BTreeSet;

use taper_autograd::Variable;
use taper_tensor::{DType, Tensor};

use crate::module::{enter, named};
use crate::{Error, Forward, Module, Result};

/// A vector for each integer: from indices `[...]` to `[..., embedding_dim]`; PyTorch's `nn.Embedding`.
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

impl Embedding {
    /// A table of `num_embeddings` vectors, normal with mean 0 and variance 1 at first.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn new(num_embeddings: usize, embedding_dim: usize) -> Result<Self> {
        Self::from_pretrained(Tensor::randn((num_embeddings, embedding_dim))?, false)
    }

    /// A table of given vectors, `[num_embeddings, embedding_dim]`, which are trained unless `freeze`;
    /// PyTorch's default is true.
    ///
    /// # Errors
    /// When it is no matrix of real numbers.
    pub fn from_pretrained(embeddings: Tensor, freeze: bool) -> Result<Self> {
        if embeddings.dim() != 2 || !embeddings.dtype().is_float() {
            let message = format!(
                "embeddings have shape {:?} and dtype {}, expected [num_embeddings, embedding_dim] of real numbers",
                embeddings.size(),
                embeddings.dtype()
            );
            return Err(Error::value("embedding", message));
        }
        let weight = Variable::requires_grad(embeddings);
        weight.set_requires_grad(!freeze)?;
        Ok(Self { weight, padding_idx: None, max_norm: None, norm_type: 2.0 })
    }

    /// The norm that no vector exceeds: one that does is scaled down, in place, when it is looked up. By
    /// default there is none.
    pub fn max_norm(mut self, norm: f64) -> Self {
        self.max_norm = Some(norm);
        self
    }

    /// The p of the norm of [`max_norm`](Self::max_norm); by default 2.
    pub fn norm_type(mut self, p: f64) -> Self {
        self.norm_type = p;
        self
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

    /// The index of a vector that is zero at first and is not trained.
    ///
    /// # Errors
    /// When there is no such index.
    pub fn padding_idx(mut self, index: usize) -> Result<Self> {
        let count = self.weight.size()[0];
        if index >= count {
            let message = format!("padding_idx is {index}, expected less than the {count} embeddings");
            return Err(Error::value("embedding", message));
        }
        self.weight.data().select(0, index as i64)?.zero_()?;
        self.padding_idx = Some(index);
        Ok(self)
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
