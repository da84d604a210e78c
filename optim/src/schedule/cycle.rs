//! Schedules that go up and down, the momentum the other way.

use super::anneal::cosine;
use super::{Schedule, count};
use crate::settings::{FRACTION, NOT_NEGATIVE, POSITIVE};
use crate::{Error, Result};
use taper_autograd::tensor::builder;

/// Raises the learning rate once to `max_lr` and lowers it for the rest, the momentum the other way: Smith and
/// Topin, "Super-convergence", 2018, in two phases of half a cosine, as PyTorch's default.
///
/// ```
/// use taper_optim::schedule::{OneCycleLr, Schedule};
/// let schedule = OneCycleLr::builder(1.0, 100).pct_start(0.2).momentum(None).build()?;
/// assert!((schedule.lr(0.0, 19) - 1.0).abs() < 1e-12);
/// # Ok::<(), taper_optim::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct OneCycleLr {
    max_lr: f64,
    total_steps: u64,
    pct_start: f64,
    div_factor: f64,
    final_div_factor: f64,
    momentum: Option<(f64, f64)>,
}

builder! {
    OneCycleLr, OneCycleLrBuilder;
    /// Makes a schedule with PyTorch's defaults: from `max_lr / 25` up in the first 30 % of `total_steps`, then
    /// down to a 10,000th of the start; the momentum goes from 0.95 to 0.85 and back.
    ///
    /// # Errors
    /// When `total_steps` is 0 or `max_lr` negative.
    new(max_lr: f64, total_steps: u64) -> Result;
    /// Sets the part of the steps that the rise takes, from 0 to 1; default 0.3.
    pct_start: f64 = 0.3;
    /// Sets `max_lr` over the first learning rate; default 25.
    div_factor: f64 = 25.0;
    /// Sets the first learning rate over the last; default 10,000.
    final_div_factor: f64 = 1e4;
    /// Sets the least and the greatest momentum; `None` leaves the momentum alone. Default 0.85 and 0.95.
    momentum: Option<(f64, f64)> = Some((0.85, 0.95)), impl Into<Option<(f64, f64)>> => Into::into;
}

impl OneCycleLrBuilder {
    /// Makes the schedule.
    ///
    /// # Errors
    /// When `total_steps` is 0, `max_lr` negative, a factor not above 0, or `pct_start` not from 0 to 1.
    pub fn build(self) -> Result<OneCycleLr> {
        let name = "one_cycle_lr";
        let momentum = self.momentum.map(|(least, greatest)| {
            let least = NOT_NEGATIVE.check(name, "momentum", least)?;
            Ok::<_, Error>((least, NOT_NEGATIVE.check(name, "momentum", greatest)?))
        });
        Ok(OneCycleLr {
            max_lr: NOT_NEGATIVE.check(name, "max_lr", self.max_lr)?,
            total_steps: count(name, "total_steps", self.total_steps)?,
            pct_start: FRACTION.check(name, "pct_start", self.pct_start)?,
            div_factor: POSITIVE.check(name, "div_factor", self.div_factor)?,
            final_div_factor: POSITIVE.check(name, "final_div_factor", self.final_div_factor)?,
            momentum: momentum.transpose()?,
        })
    }
}

impl OneCycleLr {
    /// Returns the value at a step between three of them.
    fn phase(&self, t: u64, [start, peak, end]: [f64; 3]) -> f64 {
        let last = (self.total_steps - 1) as f64;
        let top = self.pct_start * self.total_steps as f64 - 1.0;
        let t = (t as f64).min(last);
        if t <= top {
            cosine(start, peak, t / top.max(1e-300))
        } else {
            cosine(peak, end, (t - top) / (last - top))
        }
    }
}

impl Schedule for OneCycleLr {
    fn lr(&self, _base: f64, t: u64) -> f64 {
        let start = self.max_lr / self.div_factor;
        self.phase(t, [start, self.max_lr, start / self.final_div_factor])
    }

    fn others(&self, t: u64) -> Vec<(&'static str, f64)> {
        let Some((least, greatest)) = self.momentum else { return Vec::new() };
        let value = self.phase(t, [greatest, least, greatest]);
        vec![("momentum", value), ("beta1", value)]
    }
}

/// Selects how the peaks of [`CyclicLr`] change from cycle to cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CyclicMode {
    /// Keeps them.
    Triangular,
    /// Halves them at each cycle.
    Triangular2,
    /// Multiplies them by a factor at each step.
    ExpRange(f64),
}

/// Moves the learning rate up and down along lines between two values: Smith, "Cyclical learning rates for
/// training neural networks", 2017.
#[derive(Clone, Debug)]
pub struct CyclicLr {
    base_lr: f64,
    max_lr: f64,
    up: u64,
    down: u64,
    mode: CyclicMode,
}

builder! {
    CyclicLr, CyclicLrBuilder;
    /// Makes a schedule with PyTorch's defaults: 2000 steps up and as many down, the peaks all alike.
    ///
    /// # Errors
    /// When a learning rate is negative.
    new(base_lr: f64, max_lr: f64) -> Result;
    /// Sets the number of steps up; default 2000.
    step_size_up: u64 = 2000;
    /// Sets the number of steps down; default `None`, as many as up.
    step_size_down: Option<u64> = None, impl Into<Option<u64>> => Into::into;
    /// Sets how the peaks change; default [`CyclicMode::Triangular`].
    mode: CyclicMode = CyclicMode::Triangular;
}

impl CyclicLrBuilder {
    /// Makes the schedule.
    ///
    /// # Errors
    /// When a learning rate or the factor of [`CyclicMode::ExpRange`] is negative, or a number of steps 0.
    pub fn build(self) -> Result<CyclicLr> {
        let name = "cyclic_lr";
        if let CyclicMode::ExpRange(gamma) = self.mode {
            NOT_NEGATIVE.check(name, "gamma", gamma)?;
        }
        Ok(CyclicLr {
            base_lr: NOT_NEGATIVE.check(name, "base_lr", self.base_lr)?,
            max_lr: NOT_NEGATIVE.check(name, "max_lr", self.max_lr)?,
            up: count(name, "step_size_up", self.step_size_up)?,
            down: count(name, "step_size_down", self.step_size_down.unwrap_or(self.step_size_up))?,
            mode: self.mode,
        })
    }
}

impl Schedule for CyclicLr {
    fn lr(&self, _base: f64, t: u64) -> f64 {
        let cycle = t / (self.up + self.down);
        let at = t % (self.up + self.down);
        let height = if at <= self.up {
            at as f64 / self.up as f64
        } else {
            (self.up + self.down - at) as f64 / self.down as f64
        };
        let scale = match self.mode {
            CyclicMode::Triangular => 1.0,
            CyclicMode::Triangular2 => 0.5f64.powf(cycle as f64),
            CyclicMode::ExpRange(gamma) => gamma.powf(t as f64),
        };
        self.base_lr + (self.max_lr - self.base_lr) * height * scale
    }
}
