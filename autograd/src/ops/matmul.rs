//! Products of matrices and vectors.

use smallvec::SmallVec;
use taper_tensor::AsTensor;

use crate::autocast::lowered;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Returns the matrix product over the last two dimensions; the other dimensions broadcast. A vector
        /// on the left is a row, a vector on the right is a column. `dA = dY Bᵀ`, `dB = Aᵀ dY`.
        pub fn matmul(&self, other: impl AsTensor<Self>) -> Result<Self> {
            let other = other.as_tensor();
            if let Some(scope) = lowered() {
                return scope.low(self)?.matmul(&*scope.low(&other)?);
            }
            let y = self.tensor().matmul(&*other.tensor())?;
            let (row, column) = (self.dim() == 1, other.dim() == 1);
            let (a, b) = (self.save_for(&other), other.save_for(self));
            record("Matmul", &[self, &other]).each(y, move |g, i, ctx| {
                let g = if column { &g.unsqueeze(-1)? } else { g };
                let g = if row { &g.unsqueeze(-2)? } else { g };
                if i == 0 {
                    let b = b.get(ctx)?;
                    let b = if column { b.unsqueeze(1)? } else { b };
                    return g.matmul(&b.transpose(-1, -2)?);
                }
                let a = a.get(ctx)?;
                let a = if row { a.unsqueeze(0)? } else { a };
                let db = a.transpose(-1, -2)?.matmul(g)?;
                if column { db.squeeze(-1) } else { Ok(db) }
            })
        }

        /// Returns `self weightᵀ + bias` for rows `[…, in]`, `weight` `[out, in]` and `bias` `[out]`.
        pub fn linear(&self, weight: impl AsTensor<Self>, bias: Option<&Self>) -> Result<Self> {
            let weight = &*weight.as_tensor();
            if let Some(scope) = lowered() {
                return scope.low(self)?.linear(&*scope.low(weight)?, scope.low_option(bias)?.as_deref());
            }
            let y = self.tensor().linear(&*weight.tensor(), bias.map(Self::data).as_ref())?;
            let (x, w) = (self.save_for(weight), weight.save_for(self));
            let inputs: SmallVec<[&Self; 3]> = [self, weight].into_iter().chain(bias).collect();
            record("Linear", &inputs).each(y, move |g, i, ctx| {
                // All rows form one matrix.
                let rows = |v: &Variable| v.reshape([-1, *v.size().last().unwrap_or(&1) as i64]);
                match i {
                    0 => g.matmul(&w.get(ctx)?),
                    1 => rows(g)?.t()?.matmul(&rows(&x.get(ctx)?)?),
                    _ => rows(g)?.sum_dim(0),
                }
            })
        }
    }
}

taper_tensor::composed_matmul!(Variable);
