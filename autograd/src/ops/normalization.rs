//! Normalisation by the statistics of a batch, a layer or a group of channels.

use smallvec::{SmallVec, smallvec};
use taper_tensor::{Error, Tensor};

use crate::autocast::widened;
use crate::node::Grads;
use crate::record::record;
use crate::{Result, Variable, is_grad_enabled};

/// What [`Variable::batch_norm`] found out about a batch, for the running statistics.
#[derive(Clone, Debug)]
pub struct BatchStatistics {
    /// The mean of each channel.
    pub mean: Tensor,
    /// The variance of each channel, divided by the number of values.
    pub var: Tensor,
    /// The number of values that each channel has.
    pub count: usize,
}

/// What values were normalised by; nobody else sees this memory.
struct By {
    mean: Tensor,
    var: Tensor,
    eps: f64,
    /// Whether the mean and the variance are the batch's own, which depend on the values.
    of_batch: bool,
}

impl Variable {
    /// Standardises each channel `[N, C, …]` over the batch; then scales by `weight` and adds `bias`,
    /// both `[C]`. The statistics are for the running ones. With `h = (x - mean) / d`,
    /// `d = sqrt(var + eps)`: `dx = (dy - mean(dy) - h · mean(dy · h)) · weight / d`,
    /// `dweight = sum(dy · h)`, `dbias = sum(dy)`.
    ///
    /// # Errors
    /// When there are fewer than two dimensions, or only one value in a channel, or a parameter has
    /// another shape.
    #[track_caller]
    pub fn batch_norm(
        &self,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<(Self, BatchStatistics)> {
        if let Some(scope) = widened("batch_norm", self) {
            let (y, statistics) = scope.full(self)?.batch_norm(weight, bias, eps)?;
            return Ok((y.to_dtype(self.dtype())?, statistics));
        }
        let size = self.size();
        let count = self.numel() / size.get(1).copied().unwrap_or(1).max(1);
        if size.len() < 2 || count == 1 {
            let message = format!(
                "input has shape {:?}, expected [batch, channels, …] with more than one value in a channel",
                &size[..]
            );
            return Err(Error::shape("batch_norm", message).into());
        }
        let x = self.data();
        let (y, mean, var) = x.batch_norm(data(weight).as_ref(), data(bias).as_ref(), eps)?;
        let by = By { mean: mean.copy()?, var: var.copy()?, eps, of_batch: true };
        Ok((self.normalised(y, by, weight, bias)?, BatchStatistics { mean, var, count }))
    }

    /// [`Variable::batch_norm`] by statistics that are given, as in evaluation: `dx = dy · weight / d`.
    ///
    /// # Errors
    /// As [`Variable::batch_norm`].
    #[track_caller]
    pub fn batch_norm_with(
        &self,
        mean: &Tensor,
        var: &Tensor,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        if let Some(scope) = widened("batch_norm", self) {
            return scope.full(self)?.batch_norm_with(mean, var, weight, bias, eps)?.to_dtype(self.dtype());
        }
        let size = self.size();
        if size.len() < 2 {
            let message = format!("input has shape {:?}, expected [batch, channels, …]", &size[..]);
            return Err(Error::shape("batch_norm", message).into());
        }
        let x = self.data();
        let y = x.batch_norm_with((mean, var), data(weight).as_ref(), data(bias).as_ref(), eps)?;
        if !is_grad_enabled() {
            return Ok(Self::new(y));
        }
        // Running statistics go on being changed in place.
        let by = By { mean: mean.copy()?, var: var.copy()?, eps, of_batch: false };
        self.normalised(y, by, weight, bias)
    }

    /// `y`, which was made from `self`, as a variable.
    #[track_caller]
    fn normalised(&self, y: Tensor, by: By, weight: Option<&Self>, bias: Option<&Self>) -> Result<Self> {
        let (x, saved_weight, bias_dtype) = (self.save(), weight.map(Self::save), bias.map(Self::dtype));
        let inputs: SmallVec<[&Self; 3]> = [Some(self), weight, bias].into_iter().flatten().collect();
        record("BatchNorm", &inputs).output(y, move |ctx| {
            let (g, x) = (ctx.grad()?, x.get(ctx)?);
            let weight = saved_weight.as_ref().map(|w| w.get(ctx)).transpose()?;
            let [dx, dweight, dbias] = if is_grad_enabled() {
                x.batch_norm_grad(&g, &by, weight.as_ref())?
            } else {
                let (w, by_these) = (data(weight.as_ref()), (&by.mean, &by.var));
                let grads = x.data().batch_norm_grad(&g.data(), by_these, w.as_ref(), by.eps, by.of_batch)?;
                [grads.0, grads.1, grads.2].map(Self::new)
            };
            let mut grads: Grads = smallvec![Some(dx)];
            if let Some(weight) = weight {
                grads.push(Some(dweight.to_dtype(weight.dtype())?));
            }
            if let Some(dtype) = bias_dtype {
                grads.push(Some(dbias.to_dtype(dtype)?));
            }
            Ok(grads)
        })
    }

    /// The gradients of the input, which is `self`, of the weight and of the bias, in operations that
    /// can be differentiated.
    fn batch_norm_grad(&self, g: &Self, by: &By, weight: Option<&Self>) -> Result<[Self; 3]> {
        let size = self.size();
        let dims = others(&size);
        let (h, r) = if by.of_batch {
            let found = self.standardise(&dims, by.eps)?;
            (found.y, found.r)
        } else {
            self.standardise_by(by)?
        };
        let dh = match weight {
            Some(weight) => g.mul(weight.reshape(channels(&size))?)?,
            None => g.clone(),
        };
        let own = match by.of_batch {
            true => {
                dh.sub(dh.mean_dim(&dims[..], true)?)?.sub(h.mul(dh.mul(&h)?.mean_dim(&dims[..], true)?)?)?
            }
            false => dh,
        };
        Ok([own.mul(r)?, g.mul(h)?.sum_dim(&dims[..], false)?, g.sum_dim(&dims[..], false)?])
    }

    /// `(x - mean) · r` with `r = 1 / sqrt(var + eps)`, and r.
    fn standardise_by(&self, by: &By) -> Result<(Self, Self)> {
        let shape = channels(&self.size());
        let r = by.var.add(by.eps)?.sqrt()?;
        let r = Self::new(r.ones_like()?.div(r)?.reshape(&shape)?);
        Ok((self.sub(Self::new(by.mean.reshape(&shape)?))?.mul(&r)?, r))
    }
}

/// All dimensions but the channels'.
fn others(size: &[usize]) -> Vec<usize> {
    (0..size.len()).filter(|&d| d != 1).collect()
}

fn data(parameter: Option<&Variable>) -> Option<Tensor> {
    parameter.map(Variable::data)
}

/// What [`Variable::standardise`] gives: `y = (x - mean) · r` with `r = 1 / sqrt(var + eps)`.
pub(super) struct Standardised {
    pub y: Variable,
    pub r: Variable,
}

impl Variable {
    /// `(x - mean) / sqrt(var + eps)` over `dims`, with the mean and the variance (divided by the
    /// number of values), whose dimensions are kept. With `r = 1 / sqrt(var + eps)`:
    /// `dx = r · (dy - mean(dy) - y · mean(dy · y)) - dr · r² · y / n`.
    #[track_caller]
    pub(super) fn standardise(&self, dims: &[usize], eps: f64) -> Result<Standardised> {
        let x = self.data();
        let count: usize = dims.iter().map(|&d| x.size()[d]).product();
        let mean = x.mean_dim(dims, true)?;
        let centred = x.sub(&mean)?;
        let var = centred.square()?.mean_dim(dims, true)?;
        let r = var.add(eps)?.sqrt()?;
        let r = r.ones_like()?.div(r)?;
        let (y, dims) = (centred.mul(&r)?, dims.to_vec());
        // The scale r is an output as well, so that the rule can be differentiated through it.
        let rule = move |ctx: &crate::record::Context<'_>| {
            let (y, r) = (ctx.output(0)?, ctx.output(1)?);
            let mut dx = None;
            if ctx.grads[0].is_some() {
                let g = ctx.grad_of(0)?;
                let along = y.mul(g.mul(&y)?.mean_dim(&dims, true)?)?;
                dx = Some(g.sub(g.mean_dim(&dims, true)?)?.sub(along)?.mul(&r)?);
            }
            if ctx.grads[1].is_some() {
                let dr = ctx.grad_of(1)?.mul(r.mul(&r)?)?.mul(&y)?.div(-(count as f64))?;
                dx = Some(match dx {
                    Some(dx) => dx.add(dr)?,
                    None => dr,
                });
            }
            Ok(smallvec![dx])
        };
        let [y, r] = record("Standardise", &[self]).saves_outputs(&[0, 1]).outputs([y, r], rule)?;
        Ok(Standardised { y, r })
    }

    /// `self · weight + bias`, where they are given.
    #[track_caller]
    pub(super) fn affine(self, weight: Option<&Self>, bias: Option<&Self>, shape: &[usize]) -> Result<Self> {
        let mut y = self;
        if let Some(weight) = weight {
            y = y.mul(weight.reshape(shape)?)?;
        }
        if let Some(bias) = bias {
            y = y.add(bias.reshape(shape)?)?;
        }
        Ok(y)
    }

    /// Standardises over the last dimensions, whose sizes are `normalized`; then scales by `weight`
    /// and adds `bias`, both of that shape.
    ///
    /// # Errors
    /// When the last sizes are not `normalized`, or a parameter has another shape.
    #[track_caller]
    pub fn layer_norm(
        &self,
        normalized: &[usize],
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        if let Some(scope) = widened("layer_norm", self) {
            return scope.full(self)?.layer_norm(normalized, weight, bias, eps);
        }
        let size = self.size();
        if normalized.is_empty() || !size.ends_with(normalized) {
            let message = format!("input has shape {:?}, expected it to end in {normalized:?}", &size[..]);
            return Err(Error::shape("layer_norm", message).into());
        }
        let dims: Vec<usize> = (size.len() - normalized.len()..size.len()).collect();
        self.standardise(&dims, eps)?.y.affine(weight, bias, normalized)
    }

    /// Standardises each of `groups` groups of channels of each sample `[N, C, …]`; then scales by
    /// `weight` and adds `bias`, both `[C]`.
    ///
    /// # Errors
    /// When the channels do not divide into the groups, or a parameter has another shape.
    #[track_caller]
    pub fn group_norm(
        &self,
        groups: usize,
        weight: Option<&Self>,
        bias: Option<&Self>,
        eps: f64,
    ) -> Result<Self> {
        if let Some(scope) = widened("group_norm", self) {
            return scope.full(self)?.group_norm(groups, weight, bias, eps);
        }
        let size = self.size();
        if size.len() < 2 || groups == 0 || !size[1].is_multiple_of(groups) {
            let message = format!(
                "input has shape {:?}, expected [batch, channels, …] with channels in {groups} groups",
                &size[..]
            );
            return Err(Error::shape("group_norm", message).into());
        }
        let rest: usize = size[2..].iter().product::<usize>() * (size[1] / groups);
        let y = self.reshape([size[0], groups, rest])?.standardise(&[2], eps)?.y.reshape(&size[..])?;
        y.affine(weight, bias, &channels(&size))
    }

    /// Standardises each channel of each sample: [`Variable::group_norm`] with a group for each.
    ///
    /// # Errors
    /// When there are fewer than three dimensions, or a parameter has another shape.
    #[track_caller]
    pub fn instance_norm(&self, weight: Option<&Self>, bias: Option<&Self>, eps: f64) -> Result<Self> {
        let size = self.size();
        if size.len() < 3 {
            let message = format!("input has shape {:?}, expected [batch, channels, …]", &size[..]);
            return Err(Error::shape("instance_norm", message).into());
        }
        self.group_norm(size[1].max(1), weight, bias, eps)
    }
}

/// `[1, C, 1, …]`
pub(super) fn channels(size: &[usize]) -> Vec<usize> {
    (0..size.len()).map(|d| if d == 1 { size[1] } else { 1 }).collect()
}
