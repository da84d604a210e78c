//! Schedules that change in steps, by a factor, or along a line; and one after the other.

use super::{Schedule, count};
use crate::settings::NOT_NEGATIVE;
use crate::{Error, Result};
use taper_autograd::tensor::builder;

/// Multiplies the learning rate by `gamma` every `step_size` steps.
#[derive(Clone, Debug)]
pub struct StepLr {
    step_size: u64,
    gamma: f64,
}

builder! {
    StepLr, StepLrBuilder;
    /// Makes a schedule that divides the learning rate by 10 every `step_size` steps.
    ///
    /// # Errors
    /// When `step_size` is 0.
    new(step_size: u64) -> Result;
    /// Sets the factor; default 0.1.
    gamma: f64 = 0.1;
}

impl StepLrBuilder {
    /// Makes the schedule.
    ///
    /// # Errors
    /// When `step_size` is 0 or `gamma` negative.
    pub fn build(self) -> Result<StepLr> {
        let gamma = NOT_NEGATIVE.check("step_lr", "gamma", self.gamma)?;
        Ok(StepLr { step_size: count("step_lr", "step_size", self.step_size)?, gamma })
    }
}

impl Schedule for StepLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        base * self.gamma.powf((t / self.step_size) as f64)
    }
}

/// Multiplies the learning rate by `gamma` at each milestone.
#[derive(Clone, Debug)]
pub struct MultiStepLr {
    milestones: Vec<u64>,
    gamma: f64,
}

builder! {
    MultiStepLr, MultiStepLrBuilder;
    /// Makes a schedule that divides the learning rate by 10 at each milestone, in any order.
    new(milestones: Vec<u64>) -> Self;
    /// Sets the factor; default 0.1.
    gamma: f64 = 0.1;
}

impl MultiStepLrBuilder {
    /// Makes the schedule.
    ///
    /// # Errors
    /// When `gamma` is negative.
    pub fn build(self) -> Result<MultiStepLr> {
        NOT_NEGATIVE.check("multi_step_lr", "gamma", self.gamma)?;
        Ok(self.make())
    }

    fn make(self) -> MultiStepLr {
        MultiStepLr { milestones: self.milestones, gamma: self.gamma }
    }
}

impl Schedule for MultiStepLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        base * self.gamma.powf(self.milestones.iter().filter(|&&m| m <= t).count() as f64)
    }
}

/// Multiplies the learning rate by `gamma` at each step.
#[derive(Clone, Debug)]
pub struct ExponentialLr {
    gamma: f64,
}

impl ExponentialLr {
    /// Makes the schedule.
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

/// Multiplies the learning rate by a factor that goes along a line, and then stays.
#[derive(Clone, Debug)]
pub struct LinearLr {
    start_factor: f64,
    end_factor: f64,
    total_iters: u64,
}

builder! {
    LinearLr, LinearLrBuilder;
    /// Makes a schedule with PyTorch's defaults: from a third to the whole in 5 steps.
    new() -> Self;
    /// Sets the first factor; default 1/3.
    start_factor: f64 = 1.0 / 3.0;
    /// Sets the last factor; default 1.
    end_factor: f64 = 1.0;
    /// Sets the number of steps from the first factor to the last; default 5.
    total_iters: u64 = 5;
}

impl LinearLrBuilder {
    /// Makes the schedule.
    ///
    /// # Errors
    /// When `total_iters` is 0 or a factor negative.
    pub fn build(self) -> Result<LinearLr> {
        NOT_NEGATIVE.check("linear_lr", "start_factor", self.start_factor)?;
        NOT_NEGATIVE.check("linear_lr", "end_factor", self.end_factor)?;
        count("linear_lr", "total_iters", self.total_iters)?;
        Ok(self.make())
    }

    fn make(self) -> LinearLr {
        let Self { start_factor, end_factor, total_iters } = self;
        LinearLr { start_factor, end_factor, total_iters }
    }
}

impl Schedule for LinearLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        let way = t.min(self.total_iters) as f64 / self.total_iters as f64;
        base * (self.start_factor + (self.end_factor - self.start_factor) * way)
    }
}

/// Multiplies the learning rate by a factor for the first steps.
#[derive(Clone, Debug)]
pub struct ConstantLr {
    factor: f64,
    total_iters: u64,
}

builder! {
    ConstantLr, ConstantLrBuilder;
    /// Makes a schedule with PyTorch's defaults: a third for 5 steps.
    new() -> Self;
    /// Sets the factor; default 1/3.
    factor: f64 = 1.0 / 3.0;
    /// Sets for how many steps it holds; default 5.
    total_iters: u64 = 5;
}

impl ConstantLrBuilder {
    /// Makes the schedule.
    ///
    /// # Errors
    /// When the factor is negative.
    pub fn build(self) -> Result<ConstantLr> {
        NOT_NEGATIVE.check("constant_lr", "factor", self.factor)?;
        Ok(self.make())
    }

    fn make(self) -> ConstantLr {
        ConstantLr { factor: self.factor, total_iters: self.total_iters }
    }
}

impl Schedule for ConstantLr {
    fn lr(&self, base: f64, t: u64) -> f64 {
        if t < self.total_iters { base * self.factor } else { base }
    }
}

/// Multiplies the learning rate by a function of the number of steps.
#[derive(Clone, Copy, Debug)]
pub struct LambdaLr<F>(F);

impl<F: Fn(u64) -> f64 + Send + Sync> LambdaLr<F> {
    /// Makes a schedule of a function.
    pub fn new(f: F) -> Self {
        Self(f)
    }
}

impl<F: Fn(u64) -> f64 + Send + Sync> Schedule for LambdaLr<F> {
    fn lr(&self, base: f64, t: u64) -> f64 {
        base * self.0(t)
    }
}

/// Runs one schedule after the other, each counting from its own start.
///
/// ```
/// use taper_optim::schedule::{ExponentialLr, LinearLr, Schedule, SequentialLr};
/// let warm_up = LinearLr::builder().total_iters(10).build()?;
/// let schedule = SequentialLr::new(vec![Box::new(warm_up), Box::new(ExponentialLr::new(0.5)?)], vec![10])?;
/// assert_eq!((schedule.lr(1.0, 10), schedule.lr(1.0, 11)), (1.0, 0.5));
/// # Ok::<(), taper_optim::Error>(())
/// ```
pub struct SequentialLr {
    schedules: Vec<(u64, Box<dyn Schedule>)>,
}

impl SequentialLr {
    /// Makes a schedule that changes to the next one at each milestone.
    ///
    /// # Errors
    /// When there is not one milestone between each two schedules, or they do not ascend.
    pub fn new(schedules: Vec<Box<dyn Schedule>>, milestones: Vec<u64>) -> Result<Self> {
        let fail = |message: String| Err(Error::Parameters { optimizer: "sequential_lr", message });
        if schedules.len() != milestones.len() + 1 {
            let (schedules, milestones) = (schedules.len(), milestones.len());
            return fail(format!(
                "got {schedules} schedules and {milestones} milestones, expected one milestone less"
            ));
        }
        if !milestones.is_sorted() {
            return fail(format!("milestones are {milestones:?}, expected ascending ones"));
        }
        let starts = std::iter::once(0).chain(milestones);
        Ok(Self { schedules: starts.zip(schedules).collect() })
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
