//! Normalisation: differences from the mean, in units of the standard deviation.

use smallvec::smallvec;
use taper_tensor::Error;

use crate::autocast::widened;
use crate::record::record;
use crate::{Result, Variable};

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
        let size = self.shape();
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
        let size = self.shape();
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
        let size = self.shape();
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
