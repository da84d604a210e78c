//! Normalisation by the statistics of a batch, a layer or a group of channels.

use smallvec::{SmallVec, smallvec};
pub use taper_tensor::BatchStatistics;
use taper_tensor::Tensor;
use taper_tensor::support::{Centre, RowNorm, real};

use crate::autocast::widened;
use crate::node::{Edge, Grads};
use crate::record::{Context, record};
use crate::{Result, Variable, is_grad_enabled};
use taper_tensor::registry;

/// The statistics that values were normalised by, in memory that is not shared.
struct By {
    mean: Tensor,
    var: Tensor,
    eps: f64,
    /// True if the mean and the variance are the batch's own, which depend on the values.
    of_batch: bool,
}

impl Variable {
    /// Normalises each channel by its mean and variance over the batch, then multiplies by `weight` and adds
    /// `bias`. With `h = (x - mean) / d` and `d = sqrt(var + eps)`: `dx = (dy - mean(dy) - h · mean(dy · h))
    /// · weight / d`, `dweight = sum(dy · h)`, `dbias = sum(dy)`.
    ///
    /// # Shapes
    /// Input `[N, C, …]`, weight and bias `[C]`, output `[N, C, …]`.
    ///
    /// # Errors
    /// If there are fewer than two dimensions, a channel has a single value, a parameter is not `[C]`, or the
    /// dtype is not floating point.
    #[track_caller]
    pub fn batch_norm(
        &self,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<(Self, BatchStatistics)> {
        if let Some(scope) = widened(&registry::batch_norm, self) {
            let (y, batch) = scope.full(self)?.batch_norm(weight, bias, eps)?;
            return Ok((y.to_dtype(self.dtype())?, batch));
        }
        let (y, batch) = self.tensor().batch_norm(data(weight).as_ref(), data(bias).as_ref(), eps)?;
        let by = By { mean: batch.mean.copy()?, var: batch.var.copy()?, eps, of_batch: true };
        Ok((self.normalised(y, by, weight, bias)?, batch))
    }

    /// Normalises as [`Variable::batch_norm`] does, but by a given mean and variance of each channel, as in
    /// evaluation: `dx = dy · weight / d`.
    ///
    /// # Shapes
    /// Input `[N, C, …]`, mean, variance, weight and bias `[C]`, output `[N, C, …]`.
    ///
    /// # Errors
    /// If there are fewer than two dimensions, a parameter is not `[C]`, or the dtype is not floating point.
    #[track_caller]
    pub fn batch_norm_with(
        &self,
        mean: &Tensor,
        var: &Tensor,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        if let Some(scope) = widened(&registry::batch_norm, self) {
            return scope.full(self)?.batch_norm_with(mean, var, weight, bias, eps)?.to_dtype(self.dtype());
        }
        let (w, b) = (data(weight), data(bias));
        let y = self.tensor().batch_norm_with(mean, var, w.as_ref(), b.as_ref(), eps)?;
        if !is_grad_enabled() {
            return Ok(Self::new(y));
        }
        // Running statistics will be changed in place.
        let by = By { mean: mean.copy()?, var: var.copy()?, eps, of_batch: false };
        self.normalised(y, by, weight, bias)
    }

    /// Records the output `y` of batch norm.
    #[track_caller]
    fn normalised(&self, y: Tensor, by: By, weight: Option<&Self>, bias: Option<&Self>) -> Result<Self> {
        self.with_parameters("BatchNorm", y, weight, bias, move |x, g, weight, _| {
            if is_grad_enabled() {
                return x.batch_norm_grad(g, &by, weight);
            }
            let By { mean, var, eps, of_batch } = &by;
            let weight = data(weight);
            let (dx, dweight, dbias) =
                x.tensor().batch_norm_grad(&g.tensor(), mean, var, weight.as_ref(), *eps, *of_batch)?;
            Ok([dx, dweight, dbias].map(Self::new))
        })
    }

    /// Normalises the rows that `norm` describes. The gradients are those of [`Variable::batch_norm`], with
    /// the means over a row.
    #[doc(hidden)]
    #[track_caller]
    pub fn row_norm(&self, norm: &RowNorm, weight: Option<&Self>, bias: Option<&Self>) -> Result<Self> {
        if let Some(scope) = widened(norm.op, self) {
            return scope.full(self)?.row_norm(norm, weight, bias);
        }
        let y = self.tensor().row_norm(norm, data(weight).as_ref(), data(bias).as_ref())?;
        let norm = norm.clone();
        self.with_parameters(norm.node, y, weight, bias, move |x, g, weight, wanted| {
            if is_grad_enabled() {
                return x.row_norm_composed_grad(g, &norm, weight);
            }
            Ok(x.tensor().row_norm_grad(&g.tensor(), &norm, data(weight).as_ref(), wanted)?.map(Self::new))
        })
    }

    /// Records the output `y` of a normalisation. `grads` returns the gradients of the input, the weight and
    /// the bias from the input, the gradient of the output, the weight, and true if a parameter needs a
    /// gradient.
    #[track_caller]
    fn with_parameters(
        &self,
        name: &'static str,
        y: Tensor,
        weight: Option<&Self>,
        bias: Option<&Self>,
        grads: impl Fn(&Self, &Self, Option<&Self>, bool) -> Result<[Self; 3]> + Send + Sync + 'static,
    ) -> Result<Self> {
        let (x, saved_weight, bias_dtype) = (self.save(), weight.map(Self::save), bias.map(Self::dtype));
        let inputs: SmallVec<[&Self; 3]> = [Some(self), weight, bias].into_iter().flatten().collect();
        record(name, &inputs).output(y, move |ctx: &Context<'_>| {
            let (g, x) = (ctx.grad()?, x.get(ctx)?);
            let weight = saved_weight.as_ref().map(|w| w.get(ctx)).transpose()?;
            let wanted = ctx.node.edges[1..].iter().any(|edge| !matches!(edge, Edge::None));
            let [dx, dweight, dbias] = grads(&x, &g, weight.as_ref(), wanted)?;
            let mut all: Grads = smallvec![Some(dx.to_dtype(x.dtype())?)];
            let dtypes = [(dweight, weight.map(|w| w.dtype())), (dbias, bias_dtype)];
            for (grad, dtype) in dtypes {
                let Some(dtype) = dtype else { continue };
                all.push(if wanted { Some(grad.to_dtype(dtype)?) } else { None });
            }
            Ok(all)
        })
    }

    /// Returns the gradients of the input, `self`, of the weight and of the bias, computed by differentiable
    /// operations.
    fn batch_norm_grad(&self, g: &Self, by: &By, weight: Option<&Self>) -> Result<[Self; 3]> {
        let size = self.size();
        let count = size[2..].iter().product::<usize>();
        let view = |v: &Self| v.to_dtype(real(v.dtype()))?.reshape((size[0], size[1], count));
        let column = |v: &Self| v.to_dtype(real(self.dtype()))?.reshape((size[1], 1));
        let (x, g, sums) = (view(self)?, view(g)?, [0i64, 2]);
        let dh = weight.map_or_else(|| Ok(g.clone()), |weight| g.mul(column(weight)?))?;
        let (dx, h) = if by.of_batch {
            x.standardised_grad(&dh, &sums, Centre::Mean, by.eps)?
        } else {
            let r = column(&(&by.var).into())?.add(by.eps)?.rsqrt()?;
            (dh.mul(&r)?, x.sub(column(&(&by.mean).into())?)?.mul(r)?)
        };
        Ok([dx.reshape(&size[..])?, g.mul(h)?.sum_dim(sums)?, g.sum_dim(sums)?])
    }
}

taper_tensor::composed_normalization!(Variable);

fn data(parameter: Option<&Variable>) -> Option<Tensor> {
    parameter.map(Variable::data)
}
