//! Schedules that go in steps, by a factor, or along a line; and one after the other.

use super::{Schedule, count};
use crate::Result;
use crate::settings::NOT_NEGATIVE;

/// `lr = base · gamma^floor(t / step_size)`.
#[derive(Clone, Debug)]
pub struct StepLr {
    step_size: u64,
    gamma: f64,
}

impl StepLr {
    /// Multiplies by `gamma` (PyTorch's default is 0.1) every `step_size` steps.
    ///
    /// # Errors
    /// When `step_size` is 0 or `gamma` negative.
    pub fn new(step_size: u64, gamma: f64) -> Result<Self> {
        let gamma = NOT_NEGATIVE.check("step_lr", "gamma", gamma)?;
        Ok(Self { step_size: count("step_lr", "step_size", step_size)?, gamma })
    }
}

impl Schedule for StepLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        base * self.gamma.powf((t / self.step_size) as f64)
    }
}

/// `lr = base · gamma^(how many milestones are behind)`.
#[derive(Clone, Debug)]
pub struct MultiStepLr {
    milestones: Vec<u64>,
    gamma: f64,
}

impl MultiStepLr {
    /// Multiplies by `gamma` (PyTorch's default is 0.1) at each milestone.
    ///
    /// # Errors
    /// When `gamma` is negative.
    pub fn new(milestones: Vec<u64>, gamma: f64) -> Result<Self> {
        let gamma = NOT_NEGATIVE.check("multi_step_lr", "gamma", gamma)?;
        Ok(Self { milestones, gamma })
    }
}

impl Schedule for MultiStepLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        base * self.gamma.powf(self.milestones.iter().filter(|&&m| m <= t).count() as f64)
    }
}

/// `lr = base · gamma^t`.
#[derive(Clone, Debug)]
pub struct ExponentialLr {
    gamma: f64,
}

impl ExponentialLr {
    /// Multiplies by `gamma` at each step.
    ///
    /// # Errors
    /// When `gamma` is negative.
    pub fn new(gamma: f64) -> Result<Self> {
        Ok(Self { gamma: NOT_NEGATIVE.check("exponential_lr", "gamma", gamma)? })
    }
}

impl Schedule for ExponentialLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        base * self.gamma.powf(t as f64)
    }
}

/// A factor that goes from `start_factor` to `end_factor` along a line, and stays.
#[derive(Clone, Debug)]
pub struct LinearLr {
    start_factor: f64,
    end_factor: f64,
    total_iters: u64,
}

impl LinearLr {
    /// PyTorch's defaults are 1/3, 1 and 5.
    ///
    /// # Errors
    /// When `total_iters` is 0 or a factor negative.
    pub fn new(start_factor: f64, end_factor: f64, total_iters: u64) -> Result<Self> {
        let factor = |setting, value| NOT_NEGATIVE.check("linear_lr", setting, value);
        Ok(Self {
            start_factor: factor("start_factor", start_factor)?,
            end_factor: factor("end_factor", end_factor)?,
            total_iters: count("linear_lr", "total_iters", total_iters)?,
        })
    }
}

impl Schedule for LinearLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        let way = t.min(self.total_iters) as f64 / self.total_iters as f64;
        base * (self.start_factor + (self.end_factor - self.start_factor) * way)
    }
}

/// `lr = base · factor` for the first `total_iters` steps, then `base`.
#[derive(Clone, Debug)]
pub struct ConstantLr {
    factor: f64,
    total_iters: u64,
}

impl ConstantLr {
    /// PyTorch's defaults are 1/3 and 5.
    ///
    /// # Errors
    /// When the factor is negative.
    pub fn new(factor: f64, total_iters: u64) -> Result<Self> {
        let factor = NOT_NEGATIVE.check("constant_lr", "factor", factor)?;
        Ok(Self { factor, total_iters })
    }
}

impl Schedule for ConstantLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        if t < self.total_iters { base * self.factor } else { base }
    }
}

/// `lr = base · f(t)`, for any function.
#[derive(Clone, Copy, Debug)]
pub struct LambdaLr<F>(pub F);

impl<F: Fn(u64) -> f64> Schedule for LambdaLr<F> {
    fn lr(&self, base: f64, t: u64) -> f64 {
        base * self.0(t)
    }
}

/// One schedule after the other, each counting from its own start.
pub struct SequentialLr {
    schedules: Vec<(u64, Box<dyn Schedule>)>,
}

impl SequentialLr {
    /// Begins with a schedule.
    pub fn new(first: impl Schedule + 'static) -> Self {
        Self { schedules: vec![(0, Box::new(first))] }
    }

    /// Changes to another schedule at a milestone; milestones must be given in ascending order.
    pub fn then(mut self, milestone: u64, next: impl Schedule + 'static) -> Self {
        self.schedules.push((milestone, Box::new(next)));
        self
    }

    fn current(&self, t: u64) -> (u64, &dyn Schedule) {
        let at = self.schedules.iter().rposition(|(from, _)| *from <= t).unwrap_or(0);
        (t - self.schedules[at].0.min(t), &*self.schedules[at].1)
    }
}

impl Schedule for SequentialLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        let (t, schedule) = self.current(t);
        schedule.lr(base, t)
    }

    fn others(&self, t: u64) -> Vec<(&'static str, f64)> {
        let (t, schedule) = self.current(t);
        schedule.others(t)
    }
}
