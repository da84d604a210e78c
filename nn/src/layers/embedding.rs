//! A table of vectors, looked up by integers.

use taper_autograd::Variable;
use taper_tensor::Tensor;

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
}

impl Embedding {
    /// A table of `num_embeddings` vectors, normal with mean 0 and variance 1 at first.
    ///
    /// # Errors
    /// When memory does not suffice.
    pub fn new(num_embeddings: usize, embedding_dim: usize) -> Result<Self> {
        let weight = Tensor::randn((num_embeddings, embedding_dim))?;
        Ok(Self { weight: Variable::requires_grad(weight), padding_idx: None })
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
        sizes.join(", ") + &padding
    }
}

impl Forward for Embedding {
    /// `x` holds indices, of an integer dtype.
    #[track_caller]
    fn forward(&self, x: &Variable) -> Result<Variable> {
        let _scope = enter(&self.weight);
        named(&self.weight, self.weight.embedding(&x.data(), self.padding_idx))
    }
}
