//! Variances, covariances, quantiles and counts.

use smallvec::smallvec;
use taper_tensor::{Error, IntoShape, Tensor};

use crate::ops::reduce::kept;
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// The most frequent elements along a dimension, of equally frequent ones the smallest, and the index
    /// where each is last, which gets the gradient.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    #[track_caller]
    pub fn mode(&self, dim: i64, keepdim: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.data().mode(dim, keepdim)?;
        self.picked("Mode", dim, keepdim, values, index)
    }

    /// The middle element of all, the lower of two; equal ones share the gradient.
    ///
    /// # Errors
    /// When there is no element.
    #[track_caller]
    pub fn median(&self) -> Result<Self> {
        self.shared("Median", self.data().median()?)
    }

    /// The middle elements along a dimension, the lower of two, and their indices.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    #[track_caller]
    pub fn median_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.data().median_dim(dim, keepdim)?;
        self.picked("Median", dim, keepdim, values, index)
    }

    /// The covariances of variables, the rows of a matrix, of which each column is an observation: over
    /// `observations - correction`. A vector is one variable.
    ///
    /// # Errors
    /// When there are more than two dimensions.
    #[track_caller]
    pub fn cov(&self, correction: i64) -> Result<Self> {
        if self.dim() > 2 {
            let message = format!("shape {:?} has more than 2 dimensions", self.size());
            return Err(Error::shape("cov", message).into());
        }
        let rows = if self.dim() < 2 { self.reshape([1, self.numel()])? } else { self.clone() };
        let left = (rows.size()[1] as i64).saturating_sub(correction).max(0);
        let centred = rows.sub(rows.mean_dim(1, true)?)?;
        let y = centred.matmul(&centred.t()?)?.div(left as f64)?;
        if self.dim() < 2 { y.reshape(()) } else { Ok(y) }
    }

    /// The variances over some dimensions, all where none is given: the squared distances from the
    /// mean, summed, and divided by the number of elements less `correction`. dx = 2 (x - mean) / n.
    ///
    /// # Errors
    /// As [`Variable::mean_dim`].
    #[track_caller]
    pub fn var(&self, dims: impl IntoShape, correction: f64, keepdim: bool) -> Result<Self> {
        let (dims, size, x) = (dims.into_sizes(), self.size(), self.save());
        let y = self.data().var(&dims, correction, keepdim)?;
        let kept = kept(&dims, &size);
        let count = (size.iter().product::<usize>() / kept.iter().product::<usize>().max(1)) as f64;
        record("Var", &[self]).output(y, move |ctx| {
            let x = x.get(ctx)?;
            let centred = x.sub(x.mean_dim(&dims, true)?.reshape(&kept[..])?)?;
            let g = ctx.grad()?.reshape(&kept[..])?.mul(2.0 / (count - correction).max(0.0))?;
            Ok(smallvec![Some(centred.mul(g)?)])
        })
    }

    /// The standard deviations over some dimensions: the roots y of [`Variable::var`]. `dvar = dy / 2y`, and
    /// 0 where y is 0.
    ///
    /// # Errors
    /// As [`Variable::mean_dim`].
    #[track_caller]
    pub fn std(&self, dims: impl IntoShape, correction: f64, keepdim: bool) -> Result<Self> {
        let var = self.var(dims, correction, keepdim)?;
        let y = var.data().sqrt()?;
        record("Std", &[&var]).saves_output().output(y, |ctx| {
            let (y, g) = (ctx.output(0)?, ctx.grad()?.div(2.0)?);
            Ok(smallvec![Some(g.over_or_0(&y)?)])
        })
    }
}
