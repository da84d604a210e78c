//! Variances, covariances, quantiles and counts.

use taper_tensor::{IntoShape, Tensor};

use crate::ops::extreme::same;
use crate::ops::reduce::{count, kept};
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    /// Returns the most frequent elements along a dimension, of equally frequent ones the smallest, and the index
    /// where each is last, which gets the gradient.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    #[track_caller]
    pub fn mode(&self, dim: i64, keepdim: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.tensor().mode(dim, keepdim)?;
        self.picked("Mode", dim, keepdim, values, index)
    }

    /// Returns the middle element of all, the lower of two; equal ones share the gradient.
    ///
    /// # Errors
    /// When there is no element.
    #[track_caller]
    pub fn median(&self) -> Result<Self> {
        self.shared("Median", self.tensor().median()?, vec![], same)
    }

    /// Returns the middle elements along a dimension, the lower of two, and their indices; the first NaN
    /// where there is one.
    ///
    /// # Errors
    /// When there is no such dimension, or it is empty.
    #[track_caller]
    pub fn median_dim(&self, dim: i64, keepdim: bool) -> Result<(Self, Tensor)> {
        let (values, index) = self.tensor().median_dim(dim, keepdim)?;
        self.picked("Median", dim, keepdim, values, index)
    }

    /// Returns the variances over some dimensions, all where none is given: the squared distances from the
    /// mean, summed, over `n - correction`. `dx = 2 (x - mean) / (n - correction) · dy`.
    ///
    /// # Errors
    /// As [`Variable::mean_dim`].
    #[track_caller]
    pub fn var(&self, dims: impl IntoShape, correction: f64, keepdim: bool) -> Result<Self> {
        let dims = dims.into_sizes();
        self.variances(self.tensor().var(&dims, correction, keepdim)?, &dims, correction, false)
    }

    /// Returns the variances and the means; see [`Variable::var`].
    ///
    /// # Errors
    /// As [`Variable::var`].
    #[track_caller]
    pub fn var_mean(&self, dims: impl IntoShape, correction: f64, keepdim: bool) -> Result<(Self, Self)> {
        let dims = dims.into_sizes();
        let (var, mean) = self.tensor().var_mean(&dims, correction, keepdim)?;
        Ok((self.variances(var, &dims, correction, false)?, self.means(mean, &dims)?))
    }

    /// Returns the standard deviations, the square roots `y` of [`Variable::var`]: `dvar = dy / 2y`, and 0
    /// where y is 0.
    ///
    /// # Errors
    /// As [`Variable::var`].
    #[track_caller]
    pub fn std(&self, dims: impl IntoShape, correction: f64, keepdim: bool) -> Result<Self> {
        let dims = dims.into_sizes();
        self.variances(self.tensor().std(&dims, correction, keepdim)?, &dims, correction, true)
    }

    /// Returns the standard deviations and the means; see [`Variable::std`].
    ///
    /// # Errors
    /// As [`Variable::var`].
    #[track_caller]
    pub fn std_mean(&self, dims: impl IntoShape, correction: f64, keepdim: bool) -> Result<(Self, Self)> {
        let dims = dims.into_sizes();
        let (std, mean) = self.tensor().std_mean(&dims, correction, keepdim)?;
        Ok((self.variances(std, &dims, correction, true)?, self.means(mean, &dims)?))
    }

    /// Records the variances `y` over `dims`, or their square roots.
    #[track_caller]
    fn variances(&self, y: Tensor, dims: &[i64], correction: f64, root: bool) -> Result<Self> {
        let (dims, size, x) = (dims.to_vec(), self.size(), self.save());
        let (kept, scale) = (kept(&dims, &size), 2.0 / (count(&dims, &size) - correction).max(0.0));
        let name = if root { "Std" } else { "Var" };
        record(name, &[self]).saves_output_if(root).unary(y, move |g, ctx| {
            x.get(ctx)?.in_f32(|x| {
                let mut g = g.to_dtype(x.dtype())?.reshape(&kept[..])?;
                if root {
                    let y = ctx.output(0)?.to_dtype(x.dtype())?.reshape(&kept[..])?;
                    g = g.div(2.0)?.over_or_0(&y)?;
                }
                x.sub(x.mean_dim(&dims, true)?.reshape(&kept[..])?)?.mul(g.mul(scale)?)
            })
        })
    }

    /// Returns how often each of the numbers 0, 1, … occurs: at least `minlength` counts, as i64.
    ///
    /// # Errors
    /// On a negative number, a real dtype, or numbers too large to count.
    pub fn bincount(&self, minlength: usize) -> Result<Tensor> {
        Ok(self.tensor().bincount(minlength)?)
    }

    /// Returns how many elements are in each of `bins` equal parts of `[min, max]`, in the dtype of `self`; from
    /// the smallest to the largest element where the bounds are equal. Elements outside are not counted.
    ///
    /// # Errors
    /// When `bins` is 0, the bounds are not finite or in the wrong order; on an integer dtype; where a gradient
    /// is required, as there is none.
    pub fn histc(&self, bins: usize, min: f64, max: f64) -> Result<Self> {
        self.without_gradient("histc", |x| x.histc(bins, min, max))
    }
}

taper_tensor::composed_statistics!(Variable);
