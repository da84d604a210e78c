//! The optimiser L-BFGS.

use std::collections::{BTreeMap, VecDeque};

use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;

use crate::group::{ParamGroup, ParamState};
use crate::line_search::{Point, strong_wolfe};
use crate::optimizer::LossResult;
use crate::settings::settings;
use crate::state::StateDict;
use crate::{Error, Optimizer, Result};
use taper_autograd::tensor::builder;

const NAME: &str = "lbfgs";

/// L-BFGS (Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", 1989);
/// PyTorch's `torch.optim.LBFGS`. It goes along the gradient times an approximate inverse of the
/// second derivatives, made of the last steps, and evaluates the loss several times a step. For
/// smooth losses over all of the data, not for mini-batches.
///
/// ```
/// use taper_autograd::{Variable, tensor::Tensor};
/// use taper_optim::{Lbfgs, Optimizer};
/// let w = Variable::requires_grad(Tensor::new([-1.2f64, 1.0])?);
/// let mut optimizer = Lbfgs::builder(vec![w.clone()], 1.0).strong_wolfe(true).build()?;
/// for _ in 0..3 {
///     optimizer.step_with(&mut || {
///         // Rosenbrock's valley: (x - 1)² + 100 (y - x²)²
///         let (x, y) = (w.narrow(0, 0, 1)?, w.narrow(0, 1, 1)?);
///         let loss = ((&x - 1.0)?.square()? + ((&y - &x.square()?)?.square()? * 100.0)?)?.sum()?;
///         loss.backward()?;
///         Ok(loss.item::<f64>()?)
///     })?;
/// }
/// assert!(w.data().allclose(&Tensor::new([1.0f64, 1.0])?, 1e-4, 0.0)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// There is one group of parameters, all of one dtype and on one device.
#[derive(Debug)]
pub struct Lbfgs {
    group: ParamGroup,
    memory: Memory,
}

settings! {
    LbfgsSettings for "lbfgs" {
        lr: f64 = 1.0, NOT_NEGATIVE;
        max_iter: u64 = 20;
        max_eval: u64 = 25;
        tolerance_grad: f64 = 1e-7, NOT_NEGATIVE;
        tolerance_change: f64 = 1e-9, NOT_NEGATIVE;
        history_size: u64 = 100;
        strong_wolfe: bool = false;
        maximize: bool = false;
    }
}

/// The state between two steps, by PyTorch's names.
#[derive(Clone, Debug, Default)]
struct Memory {
    n_iter: u64,
    func_evals: u64,
    /// The last direction and the gradient before it; `None` before the first iteration.
    last: Option<(Tensor, Tensor)>,
    /// The length of the last step, in units of the direction.
    t: f64,
    prev_loss: f64,
    h_diag: f64,
    history: VecDeque<Pair>,
}

/// The change of the gradient (`dir`) along a step (`stp`), and one over their product.
#[derive(Clone, Debug)]
struct Pair {
    dir: Tensor,
    stp: Tensor,
    ro: f64,
}

builder! {
    Lbfgs, LbfgsBuilder;
    /// Makes an optimiser with PyTorch's defaults; `lr` is 1 there.
    ///
    /// # Errors
    /// When there is no parameter, one is given twice or is not a leaf, dtypes or devices differ, or `lr`
    /// is negative.
    new(parameters: Vec<Variable>, lr: f64) -> Result;
    /// Sets the most iterations of a step; default 20.
    max_iter: u64 = 20;
    /// Sets how many evaluations of the loss end a step; default `None`, 1.25 times `max_iter`.
    max_eval: Option<u64> = None, impl Into<Option<u64>> => Into::into;
    /// Ends a step when no element of the gradient is larger; default 1e-7.
    tolerance_grad: f64 = 1e-7;
    /// Ends a step when the loss or the parameters change by less; default 1e-9.
    tolerance_change: f64 = 1e-9;
    /// Sets how many of the last iterations are remembered; default 100.
    history_size: u64 = 100;
    /// Searches along each direction until the strong Wolfe conditions hold, instead of going `lr`
    /// times its length; PyTorch's `line_search_fn='strong_wolfe'`. Default false.
    strong_wolfe: bool = false;
    /// Climbs instead of descending; default false.
    maximize: bool = false;
}

impl LbfgsBuilder {
    /// Makes the optimiser.
    ///
    /// # Errors
    /// When there is no parameter, one is given twice or is not a leaf, dtypes or devices differ, or a
    /// setting is out of its range.
    pub fn build(self) -> Result<Lbfgs> {
        let fail = |message: &str| Err(Error::Parameters { optimizer: NAME, message: message.into() });
        let Self { parameters, lr, max_iter, tolerance_grad, tolerance_change, history_size, .. } = self;
        let Some(first) = parameters.first() else {
            return fail("no parameters were given; pass net.parameters()");
        };
        if parameters.iter().any(|p| p.dtype() != first.dtype() || p.device() != first.device()) {
            return fail("the parameters must have one dtype and be on one device");
        }
        let settings = LbfgsSettings {
            lr,
            max_iter,
            max_eval: self.max_eval.unwrap_or(max_iter.saturating_mul(5) / 4),
            tolerance_grad,
            tolerance_change,
            history_size,
            strong_wolfe: self.strong_wolfe,
            maximize: self.maximize,
        };
        let group = ParamGroup::new(parameters, &settings)?;
        group.expect_new(NAME, &[])?;
        Ok(Lbfgs { group, memory: Memory::default() })
    }
}

impl Lbfgs {
    /// Returns the loss and its gradient at the parameters, both negated to maximise.
    fn evaluate(&self, maximize: bool, closure: &mut dyn FnMut() -> LossResult) -> Result<(f64, Tensor)> {
        self.zero_grad();
        let loss = closure().map_err(|source| Error::Closure { optimizer: NAME, source })?;
        let flat = |p: &Variable| match p.grad() {
            Some(g) => g.reshape(p.numel()),
            None => p.data().zeros_like()?.reshape(p.numel()),
        };
        let grads: Vec<Tensor> = self.group.parameters().iter().map(flat).collect::<Result<_, _>>()?;
        let grad = Tensor::cat(&grads, 0)?;
        Ok(if maximize { (-loss, grad.neg()?) } else { (loss, grad) })
    }

    /// Sets the parameters to `from + t · direction`.
    fn set(&self, from: &[Tensor], t: f64, direction: &Tensor) -> Result<()> {
        let mut start = 0;
        for (parameter, from) in self.group.parameters().iter().zip(from) {
            let part = direction.narrow(0, start, from.numel())?.reshape(from.size())?;
            parameter.data().copy_(&from.add(&part.mul(t)?)?)?;
            start += from.numel() as i64;
        }
        Ok(())
    }
}

impl Memory {
    /// Returns the next direction from the present gradient.
    fn direction(&mut self, grad: &Tensor, history_size: usize) -> Result<Tensor> {
        let Some((d, prev_flat_grad)) = &self.last else {
            self.h_diag = 1.0;
            return Ok(grad.neg()?);
        };
        let (dir, stp) = (grad.sub(prev_flat_grad)?, d.mul(self.t)?);
        let curvature = dot(&dir, &stp)?;
        if curvature > 1e-10 {
            self.h_diag = curvature / dot(&dir, &dir)?;
            while self.history.len() >= history_size.max(1) {
                self.history.pop_front();
            }
            if history_size > 0 {
                self.history.push_back(Pair { dir, stp, ro: 1.0 / curvature });
            }
        }
        // The two loops of Nocedal and Wright's algorithm 7.4.
        let d = grad.neg()?;
        let mut shares = Vec::with_capacity(self.history.len());
        for pair in self.history.iter().rev() {
            let share = dot(&pair.stp, &d)? * pair.ro;
            d.sub_(&pair.dir.mul(share)?)?;
            shares.push(share);
        }
        d.mul_(self.h_diag)?;
        for (pair, share) in self.history.iter().zip(shares.into_iter().rev()) {
            let other = dot(&pair.dir, &d)? * pair.ro;
            d.add_(&pair.stp.mul(share - other)?)?;
        }
        Ok(d)
    }
}

impl Optimizer for Lbfgs {
    /// Returns an error: only [`Optimizer::step_with`] can evaluate the loss several times.
    fn step(&mut self) -> Result<()> {
        let message = "a step evaluates the loss several times; call step_with(closure)".into();
        Err(Error::Parameters { optimizer: NAME, message })
    }

    fn step_with(&mut self, closure: &mut dyn FnMut() -> LossResult) -> Result<f64> {
        let LbfgsSettings {
            lr,
            max_iter,
            max_eval,
            tolerance_grad,
            tolerance_change,
            history_size,
            strong_wolfe: search,
            maximize,
        } = self.group.read::<LbfgsSettings>()?;

        let (mut loss, mut grad) = self.evaluate(maximize, closure)?;
        let first_loss = if maximize { -loss } else { loss };
        // A step that fails halfway leaves the memory as it was.
        let mut memory = self.memory.clone();
        let mut evaluations = 1;
        memory.func_evals += 1;
        if largest(&grad)? <= tolerance_grad {
            self.memory = memory;
            return Ok(first_loss);
        }
        for iteration in 1..=max_iter {
            memory.n_iter += 1;
            let d = memory.direction(&grad, history_size as usize)?;
            let slope = dot(&grad, &d)?;
            let first = memory.last.is_none();
            memory.t = if first { lr * (1.0 / grad.abs()?.sum()?.item::<f64>()?).min(1.0) } else { lr };
            (memory.last, memory.prev_loss) = (Some((d.clone(), grad.clone())), loss);
            if slope > -tolerance_change {
                break;
            }
            let here: Vec<Tensor> =
                self.group.parameters().iter().map(|p| p.data().copy()).collect::<Result<_, _>>()?;
            let mut computed = 0;
            if search {
                let start = Point { t: 0.0, loss, grad, slope };
                let mut at = |t| {
                    self.set(&here, t, &d)?;
                    let (loss, grad) = self.evaluate(maximize, closure)?;
                    let slope = dot(&grad, &d)?;
                    Ok(Point { t, loss, grad, slope })
                };
                let most = max_eval.saturating_sub(evaluations);
                let found;
                (found, computed) =
                    strong_wolfe(&start, memory.t, largest(&d)?, tolerance_change, most, &mut at)?;
                (memory.t, loss, grad) = (found.t, found.loss, found.grad);
                self.set(&here, memory.t, &d)?;
            } else {
                self.set(&here, memory.t, &d)?;
                if iteration != max_iter {
                    (loss, grad) = self.evaluate(maximize, closure)?;
                    computed = 1;
                }
            }
            evaluations += computed;
            memory.func_evals += computed;
            if evaluations >= max_eval
                || largest(&grad)? <= tolerance_grad
                || (memory.t * largest(&d)?).abs() <= tolerance_change
                || (loss - memory.prev_loss).abs() < tolerance_change
            {
                break;
            }
        }
        self.memory = memory;
        Ok(first_loss)
    }

    fn param_groups(&self) -> &[ParamGroup] {
        std::slice::from_ref(&self.group)
    }

    fn param_groups_mut(&mut self) -> &mut [ParamGroup] {
        std::slice::from_mut(&mut self.group)
    }

    fn state_dict(&self) -> StateDict {
        let m = &self.memory;
        let numbers = [
            ("func_evals", m.func_evals as f64),
            ("t", m.t),
            ("prev_loss", m.prev_loss),
            ("H_diag", m.h_diag),
        ];
        let mut state = ParamState { step: m.n_iter, ..ParamState::default() };
        state.numbers.extend(numbers.map(|(k, v)| (k.to_owned(), v)));
        if let Some((d, prev_flat_grad)) = &m.last {
            state
                .tensors
                .extend([("d".into(), d.clone()), ("prev_flat_grad".into(), prev_flat_grad.clone())]);
        }
        for (i, pair) in m.history.iter().enumerate() {
            state.tensors.insert(format!("old_dirs.{i}"), pair.dir.clone());
            state.tensors.insert(format!("old_stps.{i}"), pair.stp.clone());
            state.numbers.insert(format!("ro.{i}"), pair.ro);
        }
        StateDict { state: BTreeMap::from([(0, state)]), param_groups: vec![self.group.settings().clone()] }
    }

    fn load_state_dict(&mut self, state: StateDict) -> Result<()> {
        let fail = |message: String| Error::Parameters { optimizer: NAME, message };
        let (Some(saved), [settings]) = (state.state.get(&0), &*state.param_groups) else {
            return Err(fail("the state is not of one group of parameters".into()));
        };
        let parameters = self.group.parameters();
        let (numel, dtype, device) = (
            parameters.iter().map(Variable::numel).sum::<usize>(),
            parameters[0].dtype(),
            parameters[0].device(),
        );
        let number = |name: &str| {
            saved.numbers.get(name).copied().ok_or_else(|| fail(format!("the state has no number {name}")))
        };
        let tensor = |name: &str| match saved.tensors.get(name) {
            Some(t) if t.size() == [numel] => Ok(t.to(&device)?.to_dtype(dtype)?.copy()?),
            Some(t) => Err(fail(format!("{name} has shape {:?}, expected {:?}", t.size(), [numel]))),
            None => Err(fail(format!("the state has no tensor {name}"))),
        };
        let mut memory = Memory {
            n_iter: saved.step,
            func_evals: number("func_evals")? as u64,
            last: None,
            t: number("t")?,
            prev_loss: number("prev_loss")?,
            h_diag: number("H_diag")?,
            history: VecDeque::new(),
        };
        if saved.tensors.contains_key("d") {
            memory.last = Some((tensor("d")?, tensor("prev_flat_grad")?));
        }
        for i in 0..saved.numbers.keys().filter(|k| k.starts_with("ro.")).count() {
            let (dir, stp) = (tensor(&format!("old_dirs.{i}"))?, tensor(&format!("old_stps.{i}"))?);
            memory.history.push_back(Pair { dir, stp, ro: number(&format!("ro.{i}"))? });
        }
        let mut group = self.group.clone();
        group.change_all(settings.iter().map(|(setting, &value)| (setting.as_str(), value)))?;
        (self.group, self.memory) = (group, memory);
        Ok(())
    }
}

fn dot(a: &Tensor, b: &Tensor) -> Result<f64> {
    Ok(a.dot(b)?.item::<f64>()?)
}

fn largest(t: &Tensor) -> Result<f64> {
    Ok(t.abs()?.max()?.item::<f64>()?)
}
