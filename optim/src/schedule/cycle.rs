//! Schedules that go up and down, the momentum the other way.

use super::anneal::cosine;
use super::{Schedule, count};
use crate::settings::NOT_NEGATIVE;
use crate::{Error, Result};

/// One rise to `max_lr` and one long fall, with the momentum the other way: Smith and Topin,
/// "Super-convergence", 2018, in two phases of half a cosine, as PyTorch's default.
#[derive(Clone, Debug)]
pub struct OneCycleLr {
    max_lr: f64,
    total_steps: u64,
    pct_start: f64,
    div_factor: f64,
    final_div_factor: f64,
    momentum: Option<(f64, f64)>,
}

impl OneCycleLr {
    /// From `max_lr / 25` up in the first 30 % of `total_steps`, then down to a 10,000th of the
    /// start; the momentum goes from 0.95 to 0.85 and back.
    ///
    /// # Errors
    /// When `total_steps` is 0 or `max_lr` negative.
    pub fn new(max_lr: f64, total_steps: u64) -> Result<Self> {
        let name = "one_cycle_lr";
        Ok(Self {
            max_lr: NOT_NEGATIVE.check(name, "max_lr", max_lr)?,
            total_steps: count(name, "total_steps", total_steps)?,
            pct_start: 0.3,
            div_factor: 25.0,
            final_div_factor: 1e4,
            momentum: Some((0.85, 0.95)),
        })
    }

    /// The share of the steps that the rise takes, 0 to 1; default 0.3.
    ///
    /// # Errors
    /// When it is none.
    pub fn pct_start(mut self, share: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&share) {
            let expected = "a number from 0 to 1";
            return Err(Error::Setting {
                optimizer: "one_cycle_lr",
                setting: "pct_start",
                value: share,
                expected,
            });
        }
        self.pct_start = share;
        Ok(self)
    }

    /// `max_lr` over the first learning rate; default 25.
    pub fn div_factor(mut self, factor: f64) -> Self {
        self.div_factor = factor;
        self
    }

    /// The first learning rate over the last; default 10,000.
    pub fn final_div_factor(mut self, factor: f64) -> Self {
        self.final_div_factor = factor;
        self
    }

    /// The least and the greatest momentum, or `None` to leave it alone; default 0.85 and 0.95.
    pub fn momentum(mut self, range: Option<(f64, f64)>) -> Self {
        self.momentum = range;
        self
    }

    /// Which of three values it is between, and how far it is on the way.
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

/// How the peaks of [`CyclicLr`] change from cycle to cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum CyclicMode {
    /// They stay.
    Triangular,
    /// They halve.
    Triangular2,
    /// They shrink by a factor at each step.
    ExpRange(f64),
}

/// Up and down along lines between two learning rates: Smith, "Cyclical learning rates for training
/// neural networks", 2017.
#[derive(Clone, Debug)]
pub struct CyclicLr {
    base_lr: f64,
    max_lr: f64,
    up: u64,
    down: u64,
    mode: CyclicMode,
}

impl CyclicLr {
    /// From `base_lr` to `max_lr` in `step_size_up` steps, and back in as many.
    ///
    /// # Errors
    /// When `step_size_up` is 0 or a learning rate negative.
    pub fn new(base_lr: f64, max_lr: f64, step_size_up: u64) -> Result<Self> {
        let rate = |setting, value| NOT_NEGATIVE.check("cyclic_lr", setting, value);
        Ok(Self {
            base_lr: rate("base_lr", base_lr)?,
            max_lr: rate("max_lr", max_lr)?,
            up: count("cyclic_lr", "step_size_up", step_size_up)?,
            down: step_size_up,
            mode: CyclicMode::Triangular,
        })
    }

    /// The steps of the way back.
    ///
    /// # Errors
    /// When there is none.
    pub fn step_size_down(mut self, steps: u64) -> Result<Self> {
        self.down = count("cyclic_lr", "step_size_down", steps)?;
        Ok(self)
    }

    /// How the peaks change.
    pub fn mode(mut self, mode: CyclicMode) -> Self {
        self.mode = mode;
        self
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
