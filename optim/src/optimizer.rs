//! The parts that optimisers share: groups, states, and the walk over them.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use taper_autograd::Variable;
use taper_autograd::tensor::Tensor;

use crate::group::{ParamGroup, ParamState};
use crate::state::StateDict;
use crate::{Error, Result, Settings, check_gradients};

/// The result of a closure that computes a loss.
pub type LossResult = std::result::Result<f64, Box<dyn std::error::Error + Send + Sync>>;

/// Changes parameters by their gradients, after each `backward`.
///
/// Between `backward` and `step`, gradients can be clipped ([`crate::clip_grad_norm_`]), checked
/// ([`Optimizer::check_gradients`]) or accumulated: `backward` adds to them until `zero_grad`, so that
/// several small batches make a step of one large batch. Their losses are means, hence the division:
///
/// ```
/// # use taper_autograd::{Variable, tensor::Tensor};
/// # use taper_optim::{Optimizer, Sgd};
/// # let leaf = || Variable::requires_grad(Tensor::new([1.0f32]).unwrap());
/// # let (w, other) = (leaf(), leaf());
/// # let loss = |w: &Variable, batch: &[f32]| -> Result<Variable, Box<dyn std::error::Error>> {
/// #     let x = Variable::new(Tensor::new(batch)?);
/// #     Ok(x.mul(w)?.square()?.mean()?)
/// # };
/// # let batches = [[1.0, 2.0], [3.0, 4.0]];
/// # let mut optimizer = Sgd::new(vec![w.clone()], 0.01)?;
/// let accumulate = 2;
/// optimizer.zero_grad();
/// for (i, batch) in batches.iter().enumerate() {
///     (loss(&w, batch)? / accumulate as f64)?.backward()?;
///     if (i + 1) % accumulate == 0 {
///         optimizer.step()?;
///         optimizer.zero_grad();
///     }
/// }
/// # loss(&other, &batches.concat())?.backward()?;
/// # Sgd::new(vec![other.clone()], 0.01)?.step()?;
/// # assert!(w.data().allclose(&other.data(), 1e-6, 0.0)?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Optimizer: Send + Sync {
    /// Changes each parameter that has a gradient; the others stay as they are.
    ///
    /// # Errors
    /// When a gradient does not have the dtype or device of its parameter.
    fn step(&mut self) -> Result<()>;

    /// Computes the gradients and makes a step, as PyTorch's `step(closure)`: clears the gradients, calls
    /// `closure`, which calls `backward` and returns the loss, and returns that. [`crate::Lbfgs`] calls
    /// it several times.
    ///
    /// # Errors
    /// As [`Optimizer::step`], and the closure's.
    fn step_with(&mut self, closure: &mut dyn FnMut() -> LossResult) -> Result<f64> {
        self.zero_grad();
        let loss = closure().map_err(|source| Error::Closure { optimizer: "optimizer", source })?;
        self.step()?;
        Ok(loss)
    }

    /// Returns the groups of parameters with their settings.
    fn param_groups(&self) -> &[ParamGroup];

    /// Returns the groups, to change their settings for the steps to come.
    fn param_groups_mut(&mut self) -> &mut [ParamGroup];

    /// Returns what a resumed training needs.
    fn state_dict(&self) -> StateDict;

    /// Continues from a saved state.
    ///
    /// # Errors
    /// When it belongs to other groups or parameters.
    fn load_state_dict(&mut self, state: StateDict) -> Result<()>;

    /// Reports a gradient with an element that is NaN or infinite, by the parameter's name: call it
    /// before `step`, which does not look.
    ///
    /// # Errors
    /// [`Error::NonFinite`]; nothing has changed then.
    fn check_gradients(&self) -> Result<()> {
        let parameters = self.param_groups().iter().flat_map(ParamGroup::parameters);
        check_gradients(&parameters.cloned().collect::<Vec<_>>())
    }

    /// Removes the gradients, so that the next `backward` does not add to them.
    fn zero_grad(&self) {
        self.param_groups().iter().flat_map(ParamGroup::parameters).for_each(Variable::zero_grad);
    }
}

/// Says how one kind of optimiser changes one parameter by its settings.
pub trait Rule: Settings {
    /// Makes one step of one parameter; `state.step` counts it already.
    ///
    /// # Errors
    /// When the tensors do not fit each other.
    fn update(&self, state: &mut ParamState, param: &Tensor, grad: &Tensor) -> Result<()>;

    /// Makes one step of all parameters of a group that have a gradient; where they are on a GPU, a rule
    /// with a kernel for many of them calls that.
    ///
    /// # Errors
    /// As [`Rule::update`].
    fn update_all(&self, all: &mut [Update<'_>]) -> Result<()> {
        all.iter_mut().try_for_each(|u| self.update(u.state, &u.param, &u.grad))
    }
}

/// The tensors of one parameter's step.
#[derive(Debug)]
pub struct Update<'a> {
    /// The state that the optimiser keeps of it; the step is counted already.
    pub state: &'a mut ParamState,
    /// The parameter.
    pub param: Tensor,
    /// Its gradient.
    pub grad: Tensor,
}

/// An optimiser that treats each parameter by itself, by the rule `R`: [`Sgd`](crate::Sgd),
/// [`Adam`](crate::Adam) and most others.
#[derive(Debug)]
pub struct PerParameter<R> {
    groups: Vec<ParamGroup>,
    states: BTreeMap<usize, ParamState>,
    defaults: R,
}

/// Builds an optimiser with settings of its own: [`PerParameter::builder`] makes it.
#[derive(Clone)]
#[must_use = "a builder makes nothing before `build`"]
pub struct OptimizerBuilder<R> {
    parameters: Vec<Variable>,
    lr: f64,
    settings: R,
    groups: Vec<(Vec<Variable>, Change<R>)>,
}

/// Makes the settings of a group from those of the optimiser.
type Change<R> = Arc<dyn Fn(R) -> R + Send + Sync>;

impl<R: Rule> PerParameter<R> {
    /// Makes an optimiser of these parameters with the learning rate `lr` and else PyTorch's defaults.
    ///
    /// # Errors
    /// When there is no parameter, one is given twice or is not a leaf, or `lr` is negative.
    pub fn new(parameters: Vec<Variable>, lr: f64) -> Result<Self> {
        Self::builder(parameters, lr).build()
    }

    /// Returns a builder, which takes the settings and then makes this with `build`.
    ///
    /// ```
    /// # use taper_autograd::{Variable, tensor::Tensor};
    /// use taper_optim::Sgd;
    /// # let parameters = vec![Variable::requires_grad(Tensor::zeros(1)?)];
    /// let optimizer = Sgd::builder(parameters.clone(), 0.1).momentum(0.9).nesterov(true).build()?;
    /// let error = Sgd::builder(parameters, 0.1).nesterov(true).build().unwrap_err();
    /// assert_eq!(error.to_string(), "sgd: momentum is 0, expected more than 0 with nesterov");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn builder(parameters: Vec<Variable>, lr: f64) -> OptimizerBuilder<R> {
        OptimizerBuilder { parameters, lr, settings: R::default(), groups: Vec::new() }
    }

    /// Adds parameters, such as those of layers that are no longer frozen, with the settings that `change`
    /// makes of the optimiser's own.
    ///
    /// # Errors
    /// When a parameter is not a leaf or is there already, or a setting is out of its range.
    pub fn add_param_group(&mut self, parameters: Vec<Variable>, change: impl FnOnce(R) -> R) -> Result<()> {
        let group = ParamGroup::new(parameters, &change(self.defaults.clone()))?;
        group.expect_new(R::NAME, &self.groups)?;
        self.groups.push(group);
        Ok(())
    }
}

impl<R: Rule> OptimizerBuilder<R> {
    /// Sets all settings but the learning rate, as a rule of one's own needs; the optimisers of this crate
    /// have a method for each.
    pub fn settings(mut self, settings: R) -> Self {
        self.settings = settings;
        self
    }

    /// Adds a group of parameters with the settings that `change` makes of the optimiser's own.
    pub fn group(
        mut self,
        parameters: Vec<Variable>,
        change: impl Fn(R) -> R + Send + Sync + 'static,
    ) -> Self {
        self.groups.push((parameters, Arc::new(change)));
        self
    }

    pub(crate) fn change(mut self, change: impl FnOnce(R) -> R) -> Self {
        self.settings = change(self.settings);
        self
    }

    /// Makes the optimiser.
    ///
    /// # Errors
    /// When there is no parameter, one is given twice or is not a leaf, or a setting is out of its range.
    pub fn build(self) -> Result<PerParameter<R>> {
        let Self { parameters, lr, mut settings, groups } = self;
        settings.set("lr", lr)?;
        if parameters.is_empty() {
            let message = "no parameters were given; pass net.parameters()".into();
            return Err(Error::Parameters { optimizer: R::NAME, message });
        }
        let mut optimizer = PerParameter { groups: Vec::new(), states: BTreeMap::new(), defaults: settings };
        optimizer.add_param_group(parameters, |settings| settings)?;
        for (parameters, change) in groups {
            optimizer.add_param_group(parameters, |settings| change(settings))?;
        }
        Ok(optimizer)
    }
}

impl<R: fmt::Debug> fmt::Debug for OptimizerBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let groups: Vec<&Vec<Variable>> = self.groups.iter().map(|(parameters, _)| parameters).collect();
        f.debug_struct("OptimizerBuilder")
            .field("parameters", &self.parameters)
            .field("lr", &self.lr)
            .field("settings", &self.settings)
            .field("groups", &groups)
            .finish()
    }
}

impl<R: Rule> Optimizer for PerParameter<R> {
    fn step(&mut self) -> Result<()> {
        let mut number = 0;
        for group in &self.groups {
            let settings = group.read::<R>()?;
            if group.parameters().first().is_some_and(|p| p.device().is_cuda()) {
                let numbers = number..number + group.parameters().len();
                number = numbers.end;
                settings.update_all(&mut updates(group, numbers, &mut self.states))?;
                continue;
            }
            for parameter in group.parameters() {
                if let Some(grad) = parameter.grad() {
                    let state = self.states.entry(number).or_default();
                    state.step += 1;
                    settings.update(state, &parameter.data(), &grad)?;
                }
                number += 1;
            }
        }
        Ok(())
    }

    fn param_groups(&self) -> &[ParamGroup] {
        &self.groups
    }

    fn param_groups_mut(&mut self) -> &mut [ParamGroup] {
        &mut self.groups
    }

    fn state_dict(&self) -> StateDict {
        let param_groups = self.groups.iter().map(|g| g.settings().clone()).collect();
        StateDict { state: self.states.clone(), param_groups }
    }

    fn load_state_dict(&mut self, state: StateDict) -> Result<()> {
        let fail = |message: String| Err(Error::Parameters { optimizer: R::NAME, message });
        if state.param_groups.len() != self.groups.len() {
            return fail(format!(
                "the state has {} groups, expected {}",
                state.param_groups.len(),
                self.groups.len()
            ));
        }
        let parameters: Vec<&Variable> = self.groups.iter().flat_map(ParamGroup::parameters).collect();
        for (&number, s) in &state.state {
            let Some(p) = parameters.get(number) else {
                return fail(format!("the state has a parameter {number}, there are {}", parameters.len()));
            };
            if let Some((name, t)) = s.tensors.iter().find(|(_, t)| p.size() != t.size()) {
                return fail(format!(
                    "{name} of parameter {number} has shape {:?}, expected {:?}",
                    t.size(),
                    p.size()
                ));
            }
        }
        let mut groups = self.groups.clone();
        for (group, settings) in groups.iter_mut().zip(state.param_groups) {
            group.change_all(settings.iter().map(|(setting, &value)| (setting.as_str(), value)))?;
        }
        // Copies: the saved tensors stay as they were while training goes on.
        let mut states = state.state;
        for (&number, s) in &mut states {
            let p = parameters[number];
            for t in s.tensors.values_mut() {
                *t = t.to(&p.device())?.to_dtype(p.dtype())?.copy()?;
            }
        }
        (self.groups, self.states) = (groups, states);
        Ok(())
    }
}

/// Begins a step of each parameter of a group that has a gradient.
fn updates<'a>(
    group: &ParamGroup,
    numbers: Range<usize>,
    states: &'a mut BTreeMap<usize, ParamState>,
) -> Vec<Update<'a>> {
    let grads: BTreeMap<usize, (&Variable, Tensor)> = numbers
        .clone()
        .zip(group.parameters())
        .filter_map(|(number, p)| Some((number, (p, p.grad()?))))
        .collect();
    for &number in grads.keys() {
        states.entry(number).or_default().step += 1;
    }
    let update = |(number, state): (&usize, &'a mut ParamState)| {
        let (p, grad) = grads.get(number)?;
        Some(Update { state, param: p.data(), grad: grad.clone() })
    };
    states.range_mut(numbers).filter_map(update).collect()
}
