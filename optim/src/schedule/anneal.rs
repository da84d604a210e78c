//! Schedules that fall along a curve.

use std::f64::consts::PI;

use super::{Schedule, count};
use crate::Result;
use crate::settings::NOT_NEGATIVE;
use taper_autograd::tensor::builder;

/// Lowers the learning rate along half a cosine from the base to `eta_min` in `t_max` steps, and raises it
/// again: Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, without the
/// restarts.
#[derive(Clone, Debug)]
pub struct CosineAnnealingLr {
    t_max: u64,
    eta_min: f64,
}

builder! {
    CosineAnnealingLr, CosineAnnealingLrBuilder;
    /// Makes a schedule that ends at 0.
    ///
    /// # Errors
    /// When `t_max` is 0.
    new(t_max: u64) -> Result;
    /// Sets the learning rate at the end; default 0.
    eta_min: f64 = 0.0;
}

impl CosineAnnealingLrBuilder {
    /// Makes the schedule.
    ///
    /// # Errors
    /// When `t_max` is 0 or `eta_min` negative.
    pub fn build(self) -> Result<CosineAnnealingLr> {
        let name = "cosine_annealing_lr";
        let eta_min = NOT_NEGATIVE.check(name, "eta_min", self.eta_min)?;
        Ok(CosineAnnealingLr { t_max: count(name, "t_max", self.t_max)?, eta_min })
    }
}

/// Returns the value of half a cosine from `high` to `low` as `way` goes from 0 to 1.
pub(super) fn cosine(high: f64, low: f64, way: f64) -> f64 {
    low + (high - low) * (1.0 + (PI * way).cos()) / 2.0
}

impl Schedule for CosineAnnealingLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        cosine(base, self.eta_min, t as f64 / self.t_max as f64)
    }
}

/// Lowers the learning rate along half a cosine in `t_0` steps, again and again, each time in `t_mult` times
/// as many.
#[derive(Clone, Debug)]
pub struct CosineAnnealingWarmRestarts {
    t_0: u64,
    t_mult: u64,
    eta_min: f64,
}

builder! {
    CosineAnnealingWarmRestarts, CosineAnnealingWarmRestartsBuilder;
    /// Makes a schedule that falls to 0 every `t_0` steps.
    ///
    /// # Errors
    /// When `t_0` is 0.
    new(t_0: u64) -> Result;
    /// Sets how much longer each fall takes than the one before; default 1.
    t_mult: u64 = 1;
    /// Sets the learning rate at the end of each fall; default 0.
    eta_min: f64 = 0.0;
}

impl CosineAnnealingWarmRestartsBuilder {
    /// Makes the schedule.
    ///
    /// # Errors
    /// When `t_0` or `t_mult` is 0, or `eta_min` negative.
    pub fn build(self) -> Result<CosineAnnealingWarmRestarts> {
        let name = "cosine_annealing_warm_restarts";
        Ok(CosineAnnealingWarmRestarts {
            t_0: count(name, "t_0", self.t_0)?,
            t_mult: count(name, "t_mult", self.t_mult)?,
            eta_min: NOT_NEGATIVE.check(name, "eta_min", self.eta_min)?,
        })
    }
}

impl Schedule for CosineAnnealingWarmRestarts {
    fn lr(&self, base: f64, t: u64) -> f64 {
        let (mut t, mut length) = (t, self.t_0);
        if self.t_mult == 1 {
            t %= length;
        }
        while t >= length {
            t -= length;
            length = length.saturating_mul(self.t_mult);
        }
        cosine(base, self.eta_min, t as f64 / length as f64)
    }
}

/// Lowers the learning rate to `base · (1 - t / total_iters)^power`, then 0.
#[derive(Clone, Debug)]
pub struct PolynomialLr {
    total_iters: u64,
    power: f64,
}

builder! {
    PolynomialLr, PolynomialLrBuilder;
    /// Makes a schedule with PyTorch's defaults: a line to 0 in 5 steps.
    new() -> Self;
    /// Sets the number of steps to 0; default 5.
    total_iters: u64 = 5;
    /// Sets the power; default 1, a line.
    power: f64 = 1.0;
}

impl PolynomialLrBuilder {
    /// Makes the schedule.
    ///
    /// # Errors
    /// When `total_iters` is 0 or `power` negative.
    pub fn build(self) -> Result<PolynomialLr> {
        count("polynomial_lr", "total_iters", self.total_iters)?;
        NOT_NEGATIVE.check("polynomial_lr", "power", self.power)?;
        Ok(self.make())
    }

    fn make(self) -> PolynomialLr {
        PolynomialLr { total_iters: self.total_iters, power: self.power }
    }
}

impl Schedule for PolynomialLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        base * (1.0 - t.min(self.total_iters) as f64 / self.total_iters as f64).powf(self.power)
    }
}
