//! Classes as targets: read, checked, weighted.

use taper_autograd::{Reduction, Variable};
use taper_tensor::{DType, Tensor};

use crate::{Error, Result};

/// The classes of the samples, none where one is ignored, and how much the loss of each counts.
pub(super) struct Classes {
    pub(super) indices: Vec<Option<usize>>,
    weights: Vec<f64>,
}

/// How much each of `count` classes counts: by default 1.
pub(super) fn table(weight: &Option<Variable>, count: usize) -> Result<Vec<f64>> {
    Ok(match weight {
        Some(weight) => weight.data().to_dtype(DType::F64)?.to_vec()?,
        None => vec![1.0; count],
    })
}

impl Classes {
    /// Reads and checks the classes; `table` holds the weight of each.
    pub(super) fn read(op: &'static str, target: &Tensor, table: &[f64], ignore_index: i64) -> Result<Self> {
        let class_of = |(i, class): (usize, i64)| match usize::try_from(class) {
            _ if class == ignore_index => Ok(None),
            Ok(index) if index < table.len() => Ok(Some(index)),
            _ => Err(Error::value(
                op,
                format!(
                    "target{:?} is class {class}, expected 0 to {} or the ignored {ignore_index}",
                    place(i, target.size()),
                    table.len() as i64 - 1,
                ),
            )),
        };
        let classes = target.to_dtype(DType::I64)?.to_vec::<i64>()?;
        let indices = classes.into_iter().enumerate().map(class_of).collect::<Result<Vec<_>>>()?;
        let weights = indices.iter().map(|class| class.map_or(0.0, |class| table[class])).collect();
        Ok(Self { indices, weights })
    }

    /// The weights' sum for the mean, else 1.
    pub(super) fn total(&self, reduction: Reduction) -> f64 {
        if reduction == Reduction::Mean { self.weights.iter().sum() } else { 1.0 }
    }

    /// The classes and the samples' factors as tensors of the shape `size`, beside `like`.
    pub(super) fn tensors(
        &self,
        like: &Variable,
        size: &[usize],
        reduction: Reduction,
    ) -> Result<(Tensor, Tensor)> {
        let total = self.total(reduction);
        let factors = Tensor::from_vec::<f64>(self.weights.iter().map(|w| w / total).collect(), size)?;
        // An ignored sample, whose factor is 0, can be of any class.
        let indices = self.indices.iter().map(|class| class.unwrap_or(0) as i64).collect();
        let indices = Tensor::from_vec::<i64>(indices, size)?;
        Ok((indices.to(&like.device())?, factors.to_dtype(like.dtype())?.to(&like.device())?))
    }
}

/// The indices of the `i`-th element.
fn place(mut i: usize, size: &[usize]) -> Vec<usize> {
    let mut indices: Vec<usize> = size.iter().rev().map(|&s| (i % s, i /= s).0).collect();
    indices.reverse();
    indices
}
