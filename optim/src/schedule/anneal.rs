//! Schedules that glide down.

use std::f64::consts::PI;

use super::{Schedule, count};
use crate::Result;
use crate::settings::NOT_NEGATIVE;

/// Half a cosine from the base down to `eta_min` in `t_max` steps, and up again: Loshchilov and
/// Hutter, "SGDR: stochastic gradient descent with warm restarts", 2017, without the restarts.
#[derive(Clone, Debug)]
pub struct CosineAnnealingLr {
    t_max: u64,
    eta_min: f64,
}

impl CosineAnnealingLr {
    /// PyTorch's default for `eta_min` is 0.
    ///
    /// # Errors
    /// When `t_max` is 0 or `eta_min` negative.
    pub fn new(t_max: u64, eta_min: f64) -> Result<Self> {
        let name = "cosine_annealing_lr";
        let eta_min = NOT_NEGATIVE.check(name, "eta_min", eta_min)?;
        Ok(Self { t_max: count(name, "T_max", t_max)?, eta_min })
    }
}

/// Half a cosine from `high` to `low` as `way` goes from 0 to 1.
pub(super) fn cosine(high: f64, low: f64, way: f64) -> f64 {
    low + (high - low) * (1.0 + (PI * way).cos()) / 2.0
}

impl Schedule for CosineAnnealingLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        cosine(base, self.eta_min, t as f64 / self.t_max as f64)
    }
}

/// Half a cosine down to `eta_min` in `t_0` steps, again and again, each time `t_mult` times as long.
#[derive(Clone, Debug)]
pub struct CosineAnnealingWarmRestarts {
    t_0: u64,
    t_mult: u64,
    eta_min: f64,
}

impl CosineAnnealingWarmRestarts {
    /// PyTorch's defaults for `t_mult` and `eta_min` are 1 and 0.
    ///
    /// # Errors
    /// When `t_0` or `t_mult` is 0, or `eta_min` negative.
    pub fn new(t_0: u64, t_mult: u64, eta_min: f64) -> Result<Self> {
        let name = "cosine_annealing_warm_restarts";
        let eta_min = NOT_NEGATIVE.check(name, "eta_min", eta_min)?;
        Ok(Self { t_0: count(name, "T_0", t_0)?, t_mult: count(name, "T_mult", t_mult)?, eta_min })
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

/// `lr = base · (1 - t / total_iters)^power`, then 0.
#[derive(Clone, Debug)]
pub struct PolynomialLr {
    total_iters: u64,
    power: f64,
}

impl PolynomialLr {
    /// PyTorch's defaults are 5 and 1.
    ///
    /// # Errors
    /// When `total_iters` is 0 or `power` negative.
    pub fn new(total_iters: u64, power: f64) -> Result<Self> {
        let name = "polynomial_lr";
        let power = NOT_NEGATIVE.check(name, "power", power)?;
        Ok(Self { total_iters: count(name, "total_iters", total_iters)?, power })
    }
}

impl Schedule for PolynomialLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        base * (1.0 - t.min(self.total_iters) as f64 / self.total_iters as f64).powf(self.power)
    }
}
