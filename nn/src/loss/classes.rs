//! Reads, checks and weighs classes as targets.

use taper_autograd::{Reduction, Variable};
use taper_tensor::{DType, Tensor};

use crate::{Error, Result};

/// The classes of the samples, and how much the loss of each counts; all tensors are `[N, …]`.
pub(super) struct Targets {
    /// The class; any one for an ignored sample, whose factor is 0.
    pub(super) classes: Tensor,
    /// The weight of the sample's class; for the mean, divided by the sum of these weights.
    pub(super) factors: Tensor,
    /// 1, for the mean divided by the sum of the weights; 0 for an ignored sample.
    pub(super) shares: Tensor,
    /// A number to add to the loss: NaN for the mean over nothing, whose gradient is still 0.
    nothing: Option<Tensor>,
}

/// Checks that the classes' weights are a list.
pub(super) fn check_weight(op: &'static str, weight: &Option<Tensor>) -> Result<()> {
    match weight {
        Some(weight) if weight.dim() != 1 => {
            let message = format!("weight has shape {:?}, expected [classes]", weight.size());
            Err(Error::value(op, message))
        }
        _ => Ok(()),
    }
}

/// Returns how much each of `count` classes counts: 1 without weights.
pub(super) fn table(weight: &Option<Variable>, count: usize) -> Result<Vec<f64>> {
    Ok(match weight {
        Some(weight) => weight.data().to_dtype(DType::F64)?.to_vec()?,
        None => vec![1.0; count],
    })
}

impl Targets {
    /// Reads and checks the classes; `table` holds the weight of each.
    pub(super) fn read(
        op: &'static str,
        target: &Tensor,
        scores: &Variable,
        table: &[f64],
        ignore_index: i64,
        reduction: Reduction,
    ) -> Result<Self> {
        let mut classes = target.to_dtype(DType::I64)?.to_vec::<i64>()?;
        let (mut weights, mut counts) = (vec![0.0; classes.len()], vec![0.0; classes.len()]);
        for (i, class) in classes.iter_mut().enumerate() {
            match usize::try_from(*class).ok().and_then(|c| table.get(c)) {
                _ if *class == ignore_index => *class = 0,
                Some(weight) => (weights[i], counts[i]) = (*weight, 1.0),
                None => {
                    let message = format!(
                        "target{:?} is class {class}, expected 0 to {} or the ignored {ignore_index}",
                        place(i, target.size()),
                        table.len() as i64 - 1,
                    );
                    return Err(Error::value(op, message));
                }
            }
        }
        let total = if reduction == Reduction::Mean { weights.iter().sum() } else { 1.0 };
        let over = if total == 0.0 { 1.0 } else { total };
        let beside = |values: Vec<f64>| {
            let values = values.into_iter().map(|v| v / over).collect();
            Tensor::from_vec::<f64>(values, target.size())?.to_dtype(scores.dtype())?.to(&scores.device())
        };
        Ok(Self {
            classes: Tensor::from_vec::<i64>(classes, target.size())?.to(&scores.device())?,
            factors: beside(weights)?,
            shares: beside(counts)?,
            nothing: (total == 0.0).then(|| scores.data().like().full((), f64::NAN)).transpose()?,
        })
    }

    /// Does the same for classes on a GPU, without weights: the GPU computes how much they count, as reading them
    /// would synchronise.
    pub(super) fn unread(
        target: &Tensor,
        scores: &Variable,
        ignore_index: i64,
        reduction: Reduction,
    ) -> Result<Self> {
        let classes = target.to_dtype(DType::I64)?;
        let counts = classes.ne(ignore_index)?;
        let classes = classes.mul(&counts.to_dtype(DType::I64)?)?;
        let counts = counts.to_dtype(DType::F32)?.to_dtype(match scores.dtype() {
            DType::F64 => DType::F64,
            _ => DType::F32,
        })?;
        let (factors, nothing) = match reduction {
            Reduction::Mean => {
                let total = counts.sum()?;
                // 0, or NaN where the total is 0.
                let nothing = total.div(&total)?.sub(1.0)?.to_dtype(scores.dtype())?;
                (counts.div(total.maximum(1.0)?)?, Some(nothing))
            }
            Reduction::Sum | Reduction::None => (counts, None),
        };
        let factors = factors.to_dtype(scores.dtype())?;
        Ok(Self { classes, shares: factors.clone(), factors, nothing })
    }

    /// Returns the loss, or NaN if it is the mean over nothing.
    #[track_caller]
    pub(super) fn or_nan(&self, loss: Variable) -> Result<Variable> {
        Ok(match &self.nothing {
            Some(nothing) => loss.add(nothing)?,
            None => loss,
        })
    }
}

/// Returns the indices of the `i`-th element.
fn place(mut i: usize, size: &[usize]) -> Vec<usize> {
    let mut indices: Vec<usize> = size.iter().rev().map(|&s| (i % s, i /= s).0).collect();
    indices.reverse();
    indices
}
