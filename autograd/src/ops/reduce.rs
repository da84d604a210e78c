//! Sums, means, products and norms.

use smallvec::smallvec;
use taper_tensor::{IntoShape, Pad};

use crate::autocast::widened;

use crate::ops::view::index_of;
use crate::record::record;
use crate::{Result, Variable};
use taper_tensor::Shape;

impl Variable {
    /// The products over some dimensions, all where none is given: halves by halves, so that the gradients
    /// are right where elements are 0 too.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    #[track_caller]
    pub fn prod_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        if let Some(scope) = widened("prod_dim", self) {
            return scope.full(self)?.prod_dim(dims, keepdim);
        }
        let dims = dims.into_sizes();
        let size = self.data().prod_dim(&dims, keepdim)?.size().to_vec(); // which checks the dimensions
        let mut over: Vec<usize> = dims.iter().map(|&d| index_of(d, self.dim())).collect();
        if dims.is_empty() {
            over = (0..self.dim()).collect();
        }
        let mut y = self.clone();
        for d in over {
            let mut n = y.size()[d];
            if n == 0 {
                y = y.pad_constant(d, 0, 1, 1.0)?;
            }
            while n > 1 {
                let (half, dim) = (n / 2, d as i64);
                let product = y.narrow(dim, 0, half)?.mul(y.narrow(dim, half as i64, half)?)?;
                y = if n % 2 == 1 { Self::cat(&[product, y.narrow(dim, -1, 1)?], dim)? } else { product };
                n = half + n % 2;
            }
        }
        y.reshape(size)
    }

    /// The sum of all elements.
    ///
    /// # Errors
    /// When the device runs out of memory; so for all that follow.
    #[track_caller]
    pub fn sum(&self) -> Result<Self> {
        if let Some(scope) = widened("sum", self) {
            return scope.full(self)?.sum();
        }
        let (y, size) = (self.data().sum()?, self.size());
        record("Sum", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.expand(&size[..])?)]))
    }

    /// The sums over some dimensions, all where none is given; they become 1 with `keepdim`, or else
    /// disappear.
    ///
    /// # Errors
    /// When there is no such dimension, or one is given twice.
    #[track_caller]
    pub fn sum_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        if let Some(scope) = widened("sum_dim", self) {
            return scope.full(self)?.sum_dim(dims, keepdim);
        }
        let (dims, size) = (dims.into_sizes(), self.size());
        let y = self.data().sum_dim(dims.as_slice(), keepdim)?;
        let kept = kept(&dims, &size);
        record("SumDim", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.reshape(&kept[..])?.expand(&size[..])?)]))
    }

    /// The mean of all elements.
    ///
    /// # Errors
    /// On an integer dtype.
    #[track_caller]
    pub fn mean(&self) -> Result<Self> {
        let (y, size) = (self.data().mean()?, self.size());
        let count = self.numel() as f64;
        record("Mean", &[self])
            .output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.div(count)?.expand(&size[..])?)]))
    }

    /// The means over some dimensions, all where none is given; they become 1 with `keepdim`, or else
    /// disappear.
    ///
    /// # Errors
    /// As [`Variable::sum_dim`]; and on an integer dtype.
    #[track_caller]
    pub fn mean_dim(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let (dims, size) = (dims.into_sizes(), self.size());
        let y = self.data().mean_dim(&dims, keepdim)?;
        let kept = kept(&dims, &size);
        let count = size.iter().zip(&kept).filter(|(n, k)| n != k).map(|(n, _)| *n as f64).product::<f64>();
        record("MeanDim", &[self]).output(y, move |ctx| {
            Ok(smallvec![Some(ctx.grad()?.reshape(&kept[..])?.div(count)?.expand(&size[..])?)])
        })
    }

    /// `self / y`, and 0 where y is 0.
    #[track_caller]
    pub(super) fn over_or_0(&self, y: &Self) -> Result<Self> {
        let zero = y.data().eq(0)?;
        self.div(y.masked_fill(&zero, 1.0)?)?.masked_fill(&zero, 0.0)
    }

    /// The Euclidean norm of all elements: dx = x / norm · dy, and 0 where the norm is 0.
    ///
    /// # Errors
    /// On an integer dtype.
    #[track_caller]
    pub fn norm(&self) -> Result<Self> {
        if let Some(scope) = widened("norm", self) {
            return scope.full(self)?.norm();
        }
        let (y, x) = (self.data().norm()?, self.save());
        record("Norm", &[self]).saves_output().output(y, move |ctx| {
            let (x, y) = (x.get(ctx)?, ctx.output(0)?);
            Ok(smallvec![Some(x.mul(ctx.grad()?.over_or_0(&y)?)?)])
        })
    }

    /// The norm `y = (Σ |x|^p)^(1/p)` over some dimensions, all where none is given; the largest or the
    /// smallest `|x|` for an infinite p, the number of elements that are not 0 for p = 0.
    /// `dx = sign(x) (|x| / y)^(p - 1) · dy`, and 0 where x or y is 0.
    ///
    /// # Errors
    /// As [`Variable::mean_dim`].
    #[track_caller]
    pub fn norm_p(&self, p: f64, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        if let Some(scope) = widened("norm_p", self) {
            return scope.full(self)?.norm_p(p, dims, keepdim);
        }
        let dims = dims.into_sizes();
        match p {
            1.0 => self.abs()?.sum_dim(&dims, keepdim),
            f64::INFINITY => self.abs()?.amax(&dims, keepdim),
            f64::NEG_INFINITY => self.abs()?.amin(&dims, keepdim),
            2.0 if dims.is_empty() && !keepdim => self.norm(),
            _ => self.finite_norm(p, &dims, keepdim),
        }
    }

    #[track_caller]
    fn finite_norm(&self, p: f64, dims: &[i64], keepdim: bool) -> Result<Self> {
        let (y, x, kept) = (self.data().norm_p(p, dims, keepdim)?, self.save(), kept(dims, &self.size()));
        record("Norm", &[self]).saves_output().output(y, move |ctx| {
            let (g, x) = (ctx.grad()?.reshape(&kept[..])?, x.get(ctx)?);
            let y = ctx.output(0)?.reshape(&kept[..])?;
            let dx = if p == 0.0 {
                Self::new(x.data().zeros_like()?)
            } else if p == 2.0 {
                x.mul(g.over_or_0(&y)?)?
            } else {
                let flat = x.data().eq(0)?; // where sign(x) is 0, and the power may be infinite
                let share = x.masked_fill(&flat, 1.0)?.abs()?.over_or_0(&y)?;
                share.pow(p - 1.0)?.masked_fill(&y.data().eq(0)?, 0.0)?.mul(x.sign()?)?.mul(g)?
            };
            Ok(smallvec![Some(dx)])
        })
    }

    /// `ln Σ e^x` over some dimensions: dx = e^(x - y) · dy, the softmax.
    ///
    /// # Errors
    /// As [`Variable::mean_dim`].
    #[track_caller]
    pub fn logsumexp(&self, dims: impl IntoShape, keepdim: bool) -> Result<Self> {
        let (dims, x) = (dims.into_sizes(), self.save());
        let y = self.data().logsumexp(&dims, keepdim)?;
        let kept = kept(&dims, &self.size());
        record("LogSumExp", &[self]).saves_output().output(y, move |ctx| {
            let (x, y) = (x.get(ctx)?, ctx.output(0)?.reshape(&kept[..])?);
            Ok(smallvec![Some(x.sub(y)?.exp()?.mul(ctx.grad()?.reshape(&kept[..])?)?)])
        })
    }

    /// The product of all elements. The gradient of an element is the product of the others, also where
    /// elements are 0.
    ///
    /// # Errors
    /// When memory runs out.
    #[track_caller]
    pub fn prod(&self) -> Result<Self> {
        if let Some(scope) = widened("prod", self) {
            return scope.full(self)?.prod();
        }
        let (y, x, size) = (self.data().prod()?, self.save(), self.size());
        record("Prod", &[self]).output(y, move |ctx| {
            // The products of those before, times the products of those after.
            let flat = x.get(ctx)?.reshape(-1)?;
            let others = flat.exclusive_products()?.mul(flat.flip(0)?.exclusive_products()?.flip(0)?)?;
            Ok(smallvec![Some(others.reshape(&size[..])?.mul(ctx.grad()?)?)])
        })
    }

    /// For each element of a vector the product of those before it, by doubling: log n products of
    /// shifted vectors, each of which can be differentiated.
    fn exclusive_products(&self) -> Result<Self> {
        let n = self.numel();
        if n == 0 {
            return Ok(self.clone());
        }
        let mut y = self.pad([1, -1], Pad::Constant(1.0))?;
        let mut shift = 1;
        while shift < n {
            y = y.mul(y.pad([shift as i64, -(shift as i64)], Pad::Constant(1.0))?)?;
            shift *= 2;
        }
        Ok(y)
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
        let y = self.data().sum_to(target)?;
        record("SumTo", &[self]).output(y, move |ctx| Ok(smallvec![Some(ctx.grad()?.expand(&size[..])?)]))
    }
}

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

impl Variable {}
