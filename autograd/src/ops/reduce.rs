//! Sums, means, products and norms.

use taper_tensor::{DType, IntoShape, Shape, Tensor};

use crate::autocast::widened;
use crate::ops::extreme::{same, shares};
use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};
use taper_tensor::registry;

impl Variable {
    /// Returns the sum of all elements; integers are summed as i64. Each element gets the gradient.
    #[track_caller]
    pub fn sum(&self) -> Result<Self> {
        if let Some(scope) = widened(&registry::sum, self) {
            return scope.full(self)?.sum();
        }
        let (y, size) = (self.tensor().sum()?, self.size());
        record("Sum", &[self]).unary(y, move |g, _| g.expand(&size[..]))
    }

    /// Returns the sums over some dimensions, all where none is given; they become 1 with `keepdim`, or else
    /// disappear.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    #[track_caller]
    pub fn sum_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        if let Some(scope) = widened(&registry::sum_dim, self) {
            return scope.full(self)?.sum_dim(dims, keepdim);
        }
        let (dims, size) = (dims.into_sizes(), self.size());
        let (y, kept) = (self.tensor().sum_dim(&dims, keepdim)?, kept(&dims, &size));
        record("SumDim", &[self]).unary(y, move |g, _| g.reshape(&kept[..])?.expand(&size[..]))
    }

    /// Returns the mean of all elements; NaN of none.
    ///
    /// # Errors
    /// On an integer dtype.
    #[track_caller]
    pub fn mean(&self) -> Result<Self> {
        let (y, size, count) = (self.tensor().mean()?, self.size(), self.numel() as f64);
        record("Mean", &[self]).unary(y, move |g, _| g.div(count)?.expand(&size[..]))
    }

    /// Returns the means over some dimensions, all where none is given; they become 1 with `keepdim`, or else
    /// disappear.
    ///
    /// # Errors
    /// As [`Variable::sum_dim`]; and on an integer dtype.
    #[track_caller]
    pub fn mean_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let dims = dims.into_sizes();
        self.means(self.tensor().mean_dim(&dims, keepdim)?, &dims)
    }

    /// Records the means `y` over `dims`.
    #[track_caller]
    pub(super) fn means(&self, y: Tensor, dims: &[i64]) -> Result<Self> {
        let size = self.size();
        let (kept, count) = (kept(dims, &size), count(dims, &size));
        record("MeanDim", &[self]).unary(y, move |g, _| g.reshape(&kept[..])?.div(count)?.expand(&size[..]))
    }

    /// Returns the product of all elements; integers are multiplied as i64, and wrap around. The gradient of
    /// an element is the product of the others, also where elements are 0.
    #[track_caller]
    pub fn prod(&self) -> Result<Self> {
        if let Some(scope) = widened(&registry::prod, self) {
            return scope.full(self)?.prod();
        }
        let (y, x) = (self.tensor().prod()?, self.save());
        record("Prod", &[self]).unary(y, move |g, ctx| x.get(ctx)?.prod_gradient(&g, &[]))
    }

    /// Returns the products over some dimensions, all where none is given; they become 1 with `keepdim`, or
    /// else disappear. The gradient is as that of [`Variable::prod`].
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    #[track_caller]
    pub fn prod_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        if let Some(scope) = widened(&registry::prod_dim, self) {
            return scope.full(self)?.prod_dim(dims, keepdim);
        }
        let dims = dims.into_sizes();
        let (y, x) = (self.tensor().prod_dim(&dims, keepdim)?, self.save());
        record("ProdDim", &[self]).unary(y, move |g, ctx| x.get(ctx)?.prod_gradient(&g, &dims))
    }

    /// The product of the others times `g`: of those before and of those after, in f64, where they neither
    /// overflow nor vanish as long as their own product does not.
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

    /// Along the first dimension, the product of the elements before each.
    pub(super) fn products_before(&self) -> Result<Self> {
        let n = self.size()[0];
        if n == 0 {
            return Ok(self.clone());
        }
        let one = Self::new(self.tensor().narrow(0, 0, 1)?.ones_like()?);
        Self::cat(&[one, self.narrow(0, 0, n - 1)?], 0)?.cumprod(0)
    }

    /// Returns 1 where any element over some dimensions, all where none is given, is not 0, else 0.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    pub fn any_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Tensor> {
        Ok(self.tensor().any_dim(dims, keepdim)?)
    }

    /// Returns 1 where no element over some dimensions, all where none is given, is 0, else 0.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    pub fn all_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Tensor> {
        Ok(self.tensor().all_dim(dims, keepdim)?)
    }

    /// Returns how many elements over some dimensions, all where none is given, are not 0, as i64.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    pub fn count_nonzero_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Tensor> {
        Ok(self.tensor().count_nonzero_dim(dims, keepdim)?)
    }

    /// `self / y`, and 0 where y is 0.
    #[track_caller]
    pub(super) fn over_or_0(&self, y: &Self) -> Result<Self> {
        let zero = y.tensor().eq(0)?;
        self.div(y.masked_fill(&zero, 1.0)?)?.masked_fill(&zero, 0.0)
    }

    /// Returns the norm `y = (Σ |x|^p)^(1/p)` over some dimensions, all where none is given; the largest or the
    /// smallest `|x|` for an infinite p, the number of elements that are not 0 for a p of 0.
    /// `dx = sign(x) (|x| / y)^(p - 1) · dy`, and 0 where x or y is 0; extreme elements that are equal share
    /// the gradient.
    ///
    /// # Errors
    /// As [`Variable::mean_dim`].
    #[track_caller]
    pub fn norm_p(&self, p: f64, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        if let Some(scope) = widened(&registry::norm_p, self) {
            return scope.full(self)?.norm_p(p, dims, keepdim);
        }
        let dims = dims.into_sizes();
        let (y, x, kept) = (self.tensor().norm_p(p, &dims, keepdim)?, self.save(), kept(&dims, &self.size()));
        record("Norm", &[self]).saves_output().unary(y, move |g, ctx| {
            let (g, x, y) = (g.reshape(&kept[..])?, x.get(ctx)?, ctx.output(0)?.reshape(&kept[..])?);
            if p == 0.0 {
                Ok(Self::new(x.tensor().zeros_like()?))
            } else if p == 1.0 {
                x.sign()?.mul(g)
            } else if p == 2.0 {
                x.mul(g.over_or_0(&y)?)
            } else if p.is_infinite() {
                x.sign()?.mul(&g)?.mul(shares(
                    same(&x.tensor().abs()?, &y.tensor())?,
                    g.dtype(),
                    &dims,
                    &kept,
                )?)
            } else {
                let flat = x.tensor().eq(0)?; // where sign(x) is 0, and the power may be infinite
                let share = x.masked_fill(&flat, 1.0)?.abs()?.over_or_0(&y)?;
                share.pow(p - 1.0)?.masked_fill(&y.tensor().eq(0)?, 0.0)?.mul(x.sign()?)?.mul(g)
            }
        })
    }

    /// Returns `ln(Σ e^x)` over some dimensions, all where none is given, without overflow:
    /// `dx = e^(x - y) · dy`, the softmax.
    ///
    /// # Errors
    /// As [`Variable::mean_dim`].
    #[track_caller]
    pub fn logsumexp(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let (dims, x) = (dims.into_sizes(), self.save());
        let (y, kept) = (self.tensor().logsumexp(&dims, keepdim)?, kept(&dims, &self.size()));
        record("LogSumExp", &[self]).saves_output().unary(y, move |g, ctx| {
            let (x, y) = (x.get(ctx)?, ctx.output(0)?.reshape(&kept[..])?);
            x.sub(y)?.exp()?.mul(g.reshape(&kept[..])?)
        })
    }

    /// Sums what broadcasting repeated, so that the result has the shape `target`.
    ///
    /// # Errors
    /// When `target` does not broadcast to the shape of `self`.
    #[track_caller]
    pub fn sum_to(&self, target: &[usize]) -> Result<Self> {
        let size = self.size();
        if size[..] == *target {
            return Ok(self.clone());
        }
        record("SumTo", &[self]).unary(self.tensor().sum_to(target)?, move |g, _| g.expand(&size[..]))
    }
}

taper_tensor::composed_reduce!(Variable);

/// The shape with these dimensions, which the tensor operation has accepted, become 1; all of them
/// where none is named.
pub(crate) fn kept(dims: &[i64], size: &[usize]) -> Shape {
    let mut kept = Shape::from(size);
    if dims.is_empty() {
        kept.fill(1);
    }
    for &d in dims {
        // A number has dimension 0 to PyTorch, and no size.
        if let Some(n) = kept.get_mut(index_of(d, size.len())) {
            *n = 1;
        }
    }
    kept
}

/// How many elements each result over `dims` has.
pub(super) fn count(dims: &[i64], size: &[usize]) -> f64 {
    let kept = kept(dims, size);
    size.iter().zip(&kept[..]).filter(|(n, k)| n != k).map(|(&n, _)| n as f64).product()
}
