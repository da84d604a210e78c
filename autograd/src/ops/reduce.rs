//! Sums, means, products and norms.

use taper_tensor::{DType, IntoDims, Shape, Tensor};

use super::extreme::{same, shares};
use super::view::index_of;
use crate::autocast::widened;
use crate::{Result, Variable};
use taper_tensor::registry;

impl Variable {
    operations! {
        /// Returns the sum of all elements. Integers are summed in int64. Each element gets the gradient.
        pub fn sum(&self) -> Result<Self> = spread("Sum", &[], 1.0);

        /// Returns the sums over `dims`, or over all dimensions if none is given.
        pub fn sum_dim(&self, dims: impl IntoDims) -> Result<Self> {
            if let Some(scope) = widened(&registry::sum_dim, self) {
                return scope.full(self)?.sum_dim(dims);
            }
            let dims = dims.into_dims();
            self.spread(self.tensor().sum_dim(&dims)?, "SumDim", &dims.dims, 1.0)
        }

        /// Returns the mean of all elements, or NaN if there are none.
        pub fn mean(&self) -> Result<Self> = spread("Mean", &[], self.numel() as f64);

        /// Returns the means over `dims`, or over all dimensions if none is given.
        pub fn mean_dim(&self, dims: impl IntoDims) -> Result<Self> {
            let dims = dims.into_dims();
            self.means(self.tensor().mean_dim(&dims)?, &dims.dims)
        }

        /// Returns the product of all elements. Integers are multiplied in int64 and wrap around. The
        /// gradient of an element is the product of the others, also if elements are 0.
        pub fn prod(&self) -> Result<Self> = of_input("Prod", |g, x| x.prod_gradient(&g, &[]));

        /// Returns the products over `dims`, or over all dimensions if none is given. The gradient of an
        /// element is the product of the others, also if elements are 0.
        pub fn prod_dim(&self, dims: impl IntoDims) -> Result<Self> {
            if let Some(scope) = widened(&registry::prod_dim, self) {
                return scope.full(self)?.prod_dim(dims);
            }
            let dims = dims.into_dims();
            let y = self.tensor().prod_dim(&dims)?;
            self.of_input(y, "ProdDim", move |g, x| x.prod_gradient(&g, &dims.dims))
        }

        /// Returns the norm `y = (Σ |x|^p)^(1/p)` over `dims`, or over all dimensions if none is given. For
        /// an infinite `p` it is the largest (or smallest, for `-inf`) `|x|`, and for `p = 0` the number of
        /// elements that are not 0. `dx = sign(x) (|x| / y)^(p - 1) · dy`, and 0 if x or y is 0. Equal
        /// largest or smallest elements share the gradient.
        pub fn norm_p(&self, p: f64, dims: impl IntoDims) -> Result<Self> {
            if let Some(scope) = widened(&registry::norm_p, self) {
                return scope.full(self)?.norm_p(p, dims);
            }
            let dims = dims.into_dims();
            let (y, kept) = (self.tensor().norm_p(p, &dims)?, kept(&dims.dims, &self.size()));
            self.of_both(y, "Norm", move |g, x, y| {
                let (g, y) = (g.reshape(&kept[..])?, y.reshape(&kept[..])?);
                if p == 0.0 {
                    Ok(Self::new(x.tensor().zeros_like()?))
                } else if p == 1.0 {
                    x.sign()?.mul(g)
                } else if p == 2.0 {
                    x.mul(g.over_or_0(&y)?)
                } else if p.is_infinite() {
                    let extreme = same(&x.tensor().abs()?, &y.tensor())?;
                    x.sign()?.mul(&g)?.mul(shares(extreme, g.dtype(), &dims.dims, &kept)?)
                } else {
                    let flat = x.tensor().eq(0)?; // sign(x) is 0 there, but the power may be infinite
                    let share = x.masked_fill(&flat, 1.0)?.abs()?.over_or_0(&y)?;
                    share.pow(p - 1.0)?.masked_fill(&y.tensor().eq(0)?, 0.0)?.mul(x.sign()?)?.mul(g)
                }
            })
        }

        /// Returns `ln(Σ e^x)` over `dims`, or over all dimensions if none is given, without overflow:
        /// `dx = e^(x - y) · dy`, the softmax.
        pub fn logsumexp(&self, dims: impl IntoDims) -> Result<Self> {
            let dims = dims.into_dims();
            let (y, kept) = (self.tensor().logsumexp(&dims)?, kept(&dims.dims, &self.size()));
            self.of_both(y, "LogSumExp", move |g, x, y| {
                x.sub(y.reshape(&kept[..])?)?.exp()?.mul(g.reshape(&kept[..])?)
            })
        }
    }

    of_data! {
        any_dim(dims: impl IntoDims) -> Tensor;
        all_dim(dims: impl IntoDims) -> Tensor;
        count_nonzero_dim(dims: impl IntoDims) -> Tensor;
    }

    /// Records the sums `y` over `dims`, divided by `count`.
    #[track_caller]
    fn spread(&self, y: Tensor, node: &'static str, dims: &[i64], count: f64) -> Result<Self> {
        let (size, kept) = (self.size(), kept(dims, &self.size()));
        self.linear_in(y, node, move |g| {
            let g = if count == 1.0 { g } else { g.div(count)? };
            g.reshape(&kept[..])?.expand(&size[..])
        })
    }

    /// Records the means `y` over `dims`.
    #[track_caller]
    pub(super) fn means(&self, y: Tensor, dims: &[i64]) -> Result<Self> {
        self.spread(y, "MeanDim", dims, count(dims, &self.size()))
    }

    /// Returns the product of the other elements times `g`: of those before and those after each element. It
    /// computes in f64, so that partial products neither overflow nor vanish unless the whole product does.
    fn prod_gradient(&self, g: &Self, dims: &[i64]) -> Result<Self> {
        let (size, kept) = (self.size(), kept(dims, &self.size()));
        let x = self.to_dtype(DType::F64)?;
        let x = if size.is_empty() { x.reshape(1)? } else { x };
        let rank = if dims.is_empty() { x.dim() } else { dims.len() };
        let front: Vec<i64> = (0..rank as i64).collect();
        let dims = if dims.is_empty() { &front } else { dims };
        let moved = x.movedim(dims, &front)?;
        let apart = moved.size();
        let rows = moved.reshape([&[apart[..rank].iter().product()], &apart[rank..]].concat())?;
        let after = rows.flip(0)?.products_before()?.flip(0)?;
        let others = rows.products_before()?.mul(after)?.reshape(&apart[..])?.movedim(&front, dims)?;
        let g = g.to_dtype(DType::F64)?.reshape(&kept[..])?;
        others.reshape(&size[..])?.mul(g)?.to_dtype(self.dtype())
    }

    /// Returns the product of the elements before each, along the first dimension.
    pub(super) fn products_before(&self) -> Result<Self> {
        let n = self.size()[0];
        if n == 0 {
            return Ok(self.clone());
        }
        let one = Self::new(self.tensor().narrow(0, 0, 1)?.ones_like()?);
        Self::cat(&[one, self.narrow(0, 0, n - 1)?], 0)?.cumprod(0)
    }

    /// Returns `self / y`, and 0 where y is 0.
    #[track_caller]
    pub(super) fn over_or_0(&self, y: &Self) -> Result<Self> {
        let zero = y.tensor().eq(0)?;
        self.div(y.masked_fill(&zero, 1.0)?)?.masked_fill(&zero, 0.0)
    }

    /// Sums over the dimensions that broadcasting expanded, so that the result has the shape `target`.
    ///
    /// # Errors
    /// If `target` does not broadcast to the shape of `self`.
    #[track_caller]
    pub fn sum_to(&self, target: &[usize]) -> Result<Self> {
        let size = self.size();
        if size[..] == *target {
            return Ok(self.clone());
        }
        self.linear_in(self.tensor().sum_to(target)?, "SumTo", move |g| g.expand(&size[..]))
    }
}

taper_tensor::composed_reduce!(Variable);

/// Returns the shape with these dimensions, or all of them if none is given, replaced by 1. The tensor's
/// operation has checked them.
pub(crate) fn kept(dims: &[i64], size: &[usize]) -> Shape {
    let mut kept = Shape::from(size);
    if dims.is_empty() {
        kept.fill(1);
    }
    for &d in dims {
        // PyTorch allows dimension 0 of a tensor without dimensions.
        if let Some(n) = kept.get_mut(index_of(d, size.len())) {
            *n = 1;
        }
    }
    kept
}

/// Returns the number of elements that each result over `dims` is computed from.
pub(super) fn count(dims: &[i64], size: &[usize]) -> f64 {
    let kept = kept(dims, size);
    size.iter().zip(&kept[..]).filter(|(n, k)| n != k).map(|(&n, _)| n as f64).product()
}
