//! Products of matrices and vectors.

use smallvec::smallvec;
use taper_tensor::AsTensor;

use crate::autocast::lowered;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The matrix product over the last two dimensions; those before broadcast. A vector on the left
    /// is a row, on the right a column. `dA = dY Bᵀ`, `dB = Aᵀ dY`.
    ///
    /// # Errors
    /// When the inner sizes or the dtypes differ, or an operand has no dimension.
    #[track_caller]
    pub fn matmul(&self, other: impl AsTensor<Self>) -> Result<Self> {
        let other = other.as_tensor();
        if let Some(scope) = lowered() {
            return scope.low(self)?.matmul(&*scope.low(&other)?);
        }
        let y = self.tensor().matmul(&*other.tensor())?;
        let (size, other_size) = (self.size(), other.size());
        let (a, b) = (self.save_for(&other), other.save_for(self));
        record("Matmul", &[self, &other]).output(y, move |ctx| {
            // As matrices: a vector was a row on the left, a column on the right.
            let mut g = ctx.grad()?;
            if other_size.len() == 1 {
                g = g.unsqueeze(-1)?;
            }
            if size.len() == 1 {
                g = g.unsqueeze(-2)?;
            }
            Ok(smallvec![
                ctx.need(0, || {
                    let b = b.get(ctx)?;
                    let b = if other_size.len() == 1 { b.unsqueeze(1)? } else { b };
                    let da = g.matmul(&b.transpose(-1, -2)?)?;
                    if size.len() == 1 {
                        da.sum_to(&[1, size[0]])?.reshape(&size[..])
                    } else {
                        da.sum_to(&size)
                    }
                })?,
                ctx.need(1, || {
                    let a = a.get(ctx)?;
                    let a = if size.len() == 1 { a.unsqueeze(0)? } else { a };
                    let db = a.transpose(-1, -2)?.matmul(&g)?;
                    if other_size.len() == 1 {
                        db.sum_to(&[other_size[0], 1])?.reshape(&other_size[..])
                    } else {
                        db.sum_to(&other_size)
                    }
                })?
            ])
        })
    }

    /// `self weightᵀ + bias` for rows `[…, in]`, `weight` `[out, in]` and `bias` `[out]`.
    ///
    /// # Errors
    /// When the shapes or dtypes do not fit.
    #[track_caller]
    pub fn linear(&self, weight: impl AsTensor<Self>, bias: Option<&Self>) -> Result<Self> {
        let weight = weight.as_tensor();
        if let Some(scope) = lowered() {
            return scope.low(self)?.linear(&*scope.low(&weight)?, scope.low_option(bias)?.as_deref());
        }
        let data = bias.map(Self::data);
        let y = self.tensor().linear(&*weight.tensor(), data.as_ref())?;
        let (x, w) = (self.save_for(&weight), weight.save_for(self));
        let rule = move |ctx: &crate::record::Context<'_>| {
            let g = ctx.grad()?;
            // As rows of one matrix.
            let rows = |v: &Variable| v.reshape([-1, *v.size().last().unwrap_or(&1) as i64]);
            let mut grads = smallvec![
                ctx.need(0, || g.matmul(&w.get(ctx)?))?,
                ctx.need(1, || rows(&g)?.t()?.matmul(&rows(&x.get(ctx)?)?))?
            ];
            if ctx.node.edges.len() == 3 {
                grads.push(ctx.need(2, || rows(&g)?.sum_dim(0, false))?);
            }
            Ok(grads)
        };
        match bias {
            Some(bias) => record("Linear", &[self, &weight, bias]).output(y, rule),
            None => record("Linear", &[self, &weight]).output(y, rule),
        }
    }
}

taper_tensor::composed_matmul!(Variable);
