//! Scales losses up, so that gradients in f16 do not vanish.

use std::collections::BTreeMap;

use taper_autograd::Variable;
use taper_autograd::tensor::{DType, Tensor};

use crate::settings::{ABOVE_1, BELOW_1, POSITIVE};
use crate::{Error, Optimizer, Result};
use taper_autograd::tensor::builder;

const NAME: &str = "grad_scaler";

/// Scales the loss up, so that small gradients do not vanish in f16, and the gradients back before the step.
/// It skips a step whose gradients are infinite or NaN, and then lowers the scale. PyTorch's
/// `torch.amp.GradScaler`, for training under `autocast` with f16; bf16 has the range of f32 and needs none.
///
/// ```
/// # use taper_autograd::{Reduction, Variable, autocast, tensor::{DType, Tensor}};
/// # use taper_optim::{GradScaler, Optimizer, Sgd};
/// # let (x, y) = (Variable::new(Tensor::full((2, 3), 1.0 / 64.0)?), Variable::new(Tensor::zeros((2, 1))?));
/// # let w = Variable::requires_grad(Tensor::ones((3, 1))?);
/// # let mut optimizer = Sgd::new(vec![w.clone()], 0.5)?;
/// let mut scaler = GradScaler::new();
/// // for each batch:
/// optimizer.zero_grad();
/// let loss = autocast(DType::F16, || x.matmul(&w)?.mse_loss(&y, Reduction::Mean))?;
/// scaler.scale(&loss)?.backward()?;
/// scaler.unscale_(&optimizer)?; // only to clip or check the gradients before the step
/// scaler.step(&mut optimizer)?;
/// scaler.update()?;
/// # assert_eq!(w.data().to_vec::<f32>()?, [1.0 - 0.75 / 1024.0; 3]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct GradScaler {
    scale: f32,
    growth_factor: f64,
    backoff_factor: f64,
    growth_interval: u32,
    growth_tracker: u32,
    enabled: bool,
    /// The optimisers that were seen since the last update.
    seen: Vec<Seen>,
}

/// An optimiser's part of a step.
#[derive(Clone, Debug)]
struct Seen {
    /// Its first parameter, which identifies it.
    first: Variable,
    found_inf: bool,
    stepped: bool,
}

builder! {
    GradScaler, GradScalerBuilder;
    /// Makes a scaler with PyTorch's defaults: a scale of 2^16 that doubles after 2000 steps in a row without
    /// an infinite gradient, and halves at each with one.
    new() -> Self;
    /// Sets the first scale; default 65536.
    init_scale: f32 = 65536.0;
    /// Sets what the scale is multiplied by to grow, above 1; default 2.
    growth_factor: f64 = 2.0;
    /// Sets what the scale is multiplied by after an infinite gradient, below 1; default 0.5.
    backoff_factor: f64 = 0.5;
    /// Sets after how many steps in a row without an infinite gradient the scale grows; default 2000.
    growth_interval: u32 = 2000;
    /// Scales; without it, the scaler only steps. Default true.
    enabled: bool = true;
}

impl GradScalerBuilder {
    /// Makes the scaler.
    ///
    /// # Errors
    /// When the scale is not above 0, `growth_factor` not above 1, `backoff_factor` not below 1, or
    /// `growth_interval` 0.
    pub fn build(self) -> Result<GradScaler> {
        POSITIVE.check(NAME, "init_scale", self.init_scale.into())?;
        ABOVE_1.check(NAME, "growth_factor", self.growth_factor)?;
        BELOW_1.check(NAME, "backoff_factor", self.backoff_factor)?;
        POSITIVE.check(NAME, "growth_interval", self.growth_interval.into())?;
        Ok(self.make())
    }

    fn make(self) -> GradScaler {
        let Self { init_scale: scale, growth_factor, backoff_factor, growth_interval, enabled } = self;
        let (growth_tracker, seen) = (0, Vec::new());
        GradScaler { scale, growth_factor, backoff_factor, growth_interval, growth_tracker, enabled, seen }
    }
}

impl GradScaler {
    /// Returns the scale, or 1 if the scaler is not enabled; PyTorch's `get_scale`.
    pub fn current_scale(&self) -> f32 {
        if self.enabled { self.scale } else { 1.0 }
    }

    /// Returns the loss times the scale: call `backward` on that.
    ///
    /// # Errors
    /// When the loss is not of a floating dtype.
    #[track_caller]
    pub fn scale(&self, loss: &Variable) -> taper_autograd::Result<Variable> {
        if !self.enabled {
            return Ok(loss.clone());
        }
        // A number takes the dtype of the loss; the product of a 16-bit loss and the scale needs f32, as in PyTorch.
        let narrow = loss.dim() == 0 && matches!(loss.dtype(), DType::F16 | DType::BF16);
        let loss = if narrow { loss.to_dtype(DType::F32)? } else { loss.clone() };
        loss.mul(f64::from(self.scale))
    }

    /// Divides the gradients by the scale, to clip them or to look at them before [`GradScaler::step`], which
    /// otherwise does it.
    ///
    /// # Errors
    /// When it was called already since the last update, no parameter has a gradient, or a gradient is in
    /// f16: a gradient of a parameter that was converted to f16 has already lost its small values.
    pub fn unscale_(&mut self, optimizer: &dyn Optimizer) -> Result<()> {
        if !self.enabled {
            return Ok(());
        }
        let first = first(optimizer)?;
        match self.seen(&first) {
            Some(seen) if seen.stepped => return fail("unscale_ is called after step; call update first"),
            Some(_) => {
                return fail("unscale_ was already called for this optimiser since the last update");
            }
            None => {}
        }
        let inverse = (1.0 / f64::from(self.scale)) as f32;
        let mut sums: Vec<Tensor> = Vec::new();
        for parameter in optimizer.param_groups().iter().flat_map(|g| g.parameters()) {
            let Some(grad) = parameter.grad() else { continue };
            if grad.dtype() == DType::F16 {
                return fail("a gradient is in f16; keep the parameters in f32 and train under autocast");
            }
            grad.mul_(f64::from(inverse))?;
            // Anything that is not finite makes the sum of `x - x` NaN. It is read once, at the end.
            let sum = grad.sub(&grad)?.sum()?.to_dtype(DType::F32)?;
            match sums.iter_mut().find(|s| s.device() == sum.device()) {
                Some(other) => *other = other.add(&sum)?,
                None => sums.push(sum),
            }
        }
        if sums.is_empty() {
            return fail("no parameter of the optimiser has a gradient");
        }
        let mut found_inf = false;
        for sum in sums {
            found_inf |= sum.item::<f32>()? != 0.0;
        }
        self.seen.push(Seen { first, found_inf, stepped: false });
        Ok(())
    }

    /// Makes a step of the optimiser if all gradients are finite. Returns true if it made one.
    ///
    /// # Errors
    /// As [`GradScaler::unscale_`] and [`Optimizer::step`], and when it was called already since the last update.
    pub fn step(&mut self, optimizer: &mut dyn Optimizer) -> Result<bool> {
        if !self.enabled {
            return optimizer.step().map(|()| true);
        }
        let first = first(optimizer)?;
        if self.seen(&first).is_none() {
            self.unscale_(optimizer)?;
        }
        let Some(seen) = self.seen(&first) else { return Ok(false) }; // invariant: noted just now
        if seen.stepped {
            return fail("step was already called for this optimiser since the last update");
        }
        seen.stepped = true;
        let finite = !seen.found_inf;
        if finite {
            optimizer.step()?;
        }
        Ok(finite)
    }

    /// Raises or lowers the scale after the steps of all optimisers: call it once for each batch.
    ///
    /// # Errors
    /// When no optimiser's gradients were unscaled since the last update.
    pub fn update(&mut self) -> Result<()> {
        if !self.enabled {
            return Ok(());
        }
        if self.seen.is_empty() {
            return fail("update is called before step");
        }
        if self.seen.drain(..).fold(false, |any, seen| any | seen.found_inf) {
            self.scale = (f64::from(self.scale) * self.backoff_factor) as f32;
            self.growth_tracker = 0;
            return Ok(());
        }
        self.growth_tracker += 1;
        if self.growth_tracker == self.growth_interval {
            let grown = (f64::from(self.scale) * self.growth_factor) as f32;
            if grown.is_finite() {
                self.scale = grown;
            }
            self.growth_tracker = 0;
        }
        Ok(())
    }

    /// Returns what a resumed training needs, by PyTorch's names; nothing if the scaler is not enabled.
    pub fn state_dict(&self) -> BTreeMap<String, f64> {
        if !self.enabled {
            return BTreeMap::new();
        }
        [
            ("scale", f64::from(self.scale)),
            ("growth_factor", self.growth_factor),
            ("backoff_factor", self.backoff_factor),
            ("growth_interval", f64::from(self.growth_interval)),
            ("_growth_tracker", f64::from(self.growth_tracker)),
        ]
        .map(|(k, v)| (k.to_owned(), v))
        .into()
    }

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When a number is missing.
    pub fn load_state_dict(&mut self, state: &BTreeMap<String, f64>) -> Result<()> {
        if !self.enabled {
            return Ok(());
        }
        let number = |key: &str| match state.get(key) {
            Some(&value) => Ok(value),
            None => {
                fail(&format!("the state has no {key:?}; was it saved by a scaler that was not enabled?"))
            }
        };
        *self = Self {
            scale: number("scale")? as f32,
            growth_factor: number("growth_factor")?,
            backoff_factor: number("backoff_factor")?,
            growth_interval: number("growth_interval")? as u32,
            growth_tracker: number("_growth_tracker")? as u32,
            enabled: true,
            seen: Vec::new(),
        };
        Ok(())
    }

    fn seen(&mut self, first: &Variable) -> Option<&mut Seen> {
        self.seen.iter_mut().find(|seen| seen.first.is(first))
    }
}

fn first(optimizer: &dyn Optimizer) -> Result<Variable> {
    let mut parameters = optimizer.param_groups().iter().flat_map(|g| g.parameters());
    parameters.next().cloned().map_or_else(|| fail("the optimiser has no parameter"), Ok)
}

fn fail<T>(message: &str) -> Result<T> {
    Err(Error::Parameters { optimizer: NAME, message: message.into() })
}
