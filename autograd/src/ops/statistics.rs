//! Variances, covariances, quantiles and counts.

use taper_tensor::{IntoDims, Keepdim, Tensor};

use super::extreme::same;
use super::reduce::{count, kept};
use crate::record::record;
use crate::{Result, Variable};

impl Variable {
    operations! {
        /// Returns the most frequent elements along `dim`, the smallest of equally frequent ones, and the
        /// int64 index of the last occurrence of each, which gets the gradient.
        pub fn mode(&self, dim: impl IntoDims) -> Result<(Self, Tensor)> {
            let dims = dim.into_dims();
            self.picked(self.tensor().mode(&dims)?, "Mode", &dims)
        }

        /// Returns the median of all elements, the lower of two middle ones. Equal elements share the
        /// gradient.
        pub fn median(&self) -> Result<Self> = shared("Median", vec![], same);
        /// Returns the medians along `dim`, the lower of two middle elements, and their int64 indices. If
        /// there is a NaN, the first one is the median.
        pub fn median_dim(&self, dim: impl IntoDims) -> Result<(Self, Tensor)> {
            let dims = dim.into_dims();
            self.picked(self.tensor().median_dim(&dims)?, "Median", &dims)
        }

        /// Returns the variances over `dims`, or over all dimensions if none is given: the sums of squared
        /// differences from the mean, divided by `n - correction`. `dx = 2 (x - mean) / (n - correction) ·
        /// dy`.
        pub fn var(&self, dims: impl IntoDims, correction: f64) -> Result<Self> {
            let dims = dims.into_dims();
            self.variances(self.tensor().var(&dims, correction)?, "Var", &dims.dims, correction)
        }

        /// Returns the variances and the means; see [`Variable::var`].
        pub fn var_mean(&self, dims: impl IntoDims, correction: f64) -> Result<(Self, Self)> {
            let dims = dims.into_dims();
            let (var, mean) = self.tensor().var_mean(&dims, correction)?;
            Ok((self.variances(var, "Var", &dims.dims, correction)?, self.means(mean, &dims.dims)?))
        }

        /// Returns the standard deviations `y`, the square roots of [`Variable::var`]: `dvar = dy / 2y`, and
        /// 0 if y is 0.
        pub fn std(&self, dims: impl IntoDims, correction: f64) -> Result<Self> {
            let dims = dims.into_dims();
            self.variances(self.tensor().std(&dims, correction)?, "Std", &dims.dims, correction)
        }

        /// Returns the standard deviations and the means; see [`Variable::std`].
        pub fn std_mean(&self, dims: impl IntoDims, correction: f64) -> Result<(Self, Self)> {
            let dims = dims.into_dims();
            let (std, mean) = self.tensor().std_mean(&dims, correction)?;
            Ok((self.variances(std, "Std", &dims.dims, correction)?, self.means(mean, &dims.dims)?))
        }

        /// Returns the number of elements in each of `bins` equal parts of `[min, max]`, in the dtype of
        /// `self`. If both bounds are equal, the smallest and the largest elements are the bounds. Elements
        /// outside are not counted. It has no gradient; if one is required, it returns an error.
        pub fn histc(&self, bins: usize, min: f64, max: f64) -> Result<Self> {
            self.without_gradient("histc", |x| x.histc(bins, min, max))
        }
    }

    of_data! { bincount(minlength: usize) -> Tensor; }

    /// Records the variances `y` over `dims`, or for "Std" their square roots.
    #[track_caller]
    fn variances(&self, y: Tensor, node: &'static str, dims: &[i64], correction: f64) -> Result<Self> {
        let (dims, size, x, root) = (dims.to_vec(), self.size(), self.save(), node == "Std");
        let (kept, scale) = (kept(&dims, &size), 2.0 / (count(&dims, &size) - correction).max(0.0));
        record(node, &[self]).saves_output_if(root).unary(y, move |g, ctx| {
            x.get(ctx)?.in_f32(|x| {
                let mut g = g.to_dtype(x.dtype())?.reshape(&kept[..])?;
                if root {
                    let y = ctx.output(0)?.to_dtype(x.dtype())?.reshape(&kept[..])?;
                    g = g.div(2.0)?.over_or_0(&y)?;
                }
                x.sub(x.mean_dim(Keepdim(&dims))?.reshape(&kept[..])?)?.mul(g.mul(scale)?)
            })
        })
    }
}

taper_tensor::composed_statistics!(Variable);
