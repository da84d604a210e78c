//! The backward pass. Each operation runs once, the latest first, when the gradients of all its outputs are
//! complete.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use crate::anomaly::is_detecting_anomaly;
use crate::autocast::Autocast;
use crate::mode::GradMode;
use crate::node::{Edge, Grads, Node, Ready};
use crate::profile::{self, Pass};
use crate::queue::{Queue, Task};
use crate::record::Context;
use crate::variable::Leaf;
use crate::{Error, Result, Variable};
use taper_tensor::Tensor;

/// Options of a backward pass; see [`Variable::backward_options`].
#[derive(Debug)]
#[must_use = "nothing happens until .run()"]
pub struct Backward<'a> {
    outputs: Vec<(&'a Variable, Option<Variable>)>,
    retain_graph: bool,
    create_graph: bool,
    detect_anomaly: bool,
}

impl<'a> Backward<'a> {
    /// Returns options without outputs; [`Backward::output`] adds them.
    pub fn new() -> Self {
        Self { outputs: Vec::new(), retain_graph: false, create_graph: false, detect_anomaly: false }
    }

    /// Adds an output to start from. The default of its gradient `grad` is 1 if it has one element.
    pub fn output(mut self, output: &'a Variable, grad: Option<&Variable>) -> Self {
        self.outputs.push((output, grad.cloned()));
        self
    }

    /// Keeps the saved tensors, so that backward can run through the graph again.
    pub fn retain_graph(mut self, on: bool) -> Self {
        self.retain_graph = on;
        self
    }

    /// Records the computation of the gradients, so that they can be differentiated. It also keeps the graph.
    pub fn create_graph(mut self, on: bool) -> Self {
        self.create_graph = on;
        self
    }

    /// Returns an error at the first gradient with a NaN or an infinity, which names the forward operation.
    pub fn detect_anomaly(mut self, on: bool) -> Self {
        self.detect_anomaly = on;
        self
    }

    /// Computes the gradients and adds them to `.grad` of the leaves.
    ///
    /// # Errors
    /// If an output does not require a gradient, an output without a given gradient does not have one
    /// element, a gradient has another shape than its output, the graph was freed, or a saved tensor was
    /// changed in place.
    pub fn run(self) -> Result<()> {
        self.execute(None).map(drop)
    }

    /// Computes the gradients of `inputs`, without changing any `.grad`.
    fn execute(self, inputs: Option<&[&Variable]>) -> Result<Vec<Option<Variable>>> {
        let roots: Vec<Edge> = self.outputs.iter().map(|(output, _)| output.edge()).collect();
        let mut queue = Queue::default();
        let add = |sum, grad| add_grads(sum, &grad, self.create_graph);
        for ((output, grad), root) in self.outputs.iter().zip(&roots) {
            queue.push(root, start(output, grad.clone())?, add)?;
        }
        let wanted: Vec<Edge> = inputs.unwrap_or(&[]).iter().map(|v| v.edge()).collect();
        let needed = inputs.map(|_| leading_to(&wanted, &self.outputs));
        let mut found: Vec<Option<Variable>> = vec![None; wanted.len()];
        let _mode = GradMode::set(self.create_graph);
        let _dtypes = Autocast::set(None);
        let keep = self.retain_graph || self.create_graph;

        while let Some(Task { target, mut grads }) = queue.pop() {
            match target {
                Edge::None => {}
                Edge::Leaf(leaf) => {
                    let Some(mut grad) = grads.pop().flatten() else { continue };
                    let hooks = leaf.hooks.lock().clone();
                    for hook in hooks {
                        grad = hook(&grad).unwrap_or(grad);
                    }
                    let wants = |e: &Edge| matches!(e, Edge::Leaf(l) if Arc::ptr_eq(l, leaf));
                    for (f, _) in found.iter_mut().zip(&wanted).filter(|(_, e)| wants(e)) {
                        *f = Some(grad.clone());
                    }
                    if inputs.is_none() {
                        accumulate(leaf, grad, self.create_graph)?;
                    }
                    profile::lap("AccumulateGrad", Pass::Backward);
                }
                Edge::Node(node, _) => {
                    let runs = needed.as_ref().is_none_or(|n| n.contains(&node.seq));
                    let (watchers, ready) = {
                        let mut state = node.state.lock();
                        let watchers = state.rare.as_ref().map(|r| (r.hooks.clone(), r.retained.clone()));
                        (watchers, if runs { state.rule(keep) } else { None })
                    };
                    if let Some((hooks, retained)) = watchers {
                        for (i, hook) in hooks {
                            if let Some(g) = &grads[i] {
                                grads[i] = hook(g).or_else(|| Some(g.clone()));
                            }
                        }
                        for (i, slot) in retained.iter().filter(|_| inputs.is_none()) {
                            if let Some(g) = &grads[*i] {
                                accumulate(slot, g.clone(), self.create_graph)?;
                            }
                        }
                    }
                    for (f, e) in found.iter_mut().zip(&wanted) {
                        if let Edge::Node(n, i) = e
                            && Arc::ptr_eq(n, node)
                        {
                            f.clone_from(&grads[*i as usize]);
                        }
                    }
                    if !runs {
                        continue;
                    }
                    let input_grads = self.apply(node, ready, &grads)?;
                    drop(grads); // frees memory before the next operation
                    for (edge, grad) in node.edges.iter().zip(input_grads) {
                        if let Some(grad) = grad {
                            queue.push(edge, grad, add)?;
                        }
                    }
                    profile::lap(node.name, Pass::Backward);
                }
            }
        }
        Ok(found)
    }

    /// Runs the gradient rule of a node.
    fn apply(&self, node: &Arc<Node>, ready: Option<Ready>, grads: &[Option<Variable>]) -> Result<Grads> {
        let (rule, saved_outputs) = ready.ok_or(Error::GraphFreed { op: node.name })?;
        let grads = profile::timed(|| rule(&Context { node, grads, saved_outputs: &saved_outputs }))?;
        debug_assert_eq!(grads.len(), node.edges.len(), "{}: one gradient per input", node.name);
        if self.detect_anomaly || is_detecting_anomaly() {
            for (input, grad) in grads.iter().enumerate() {
                if let Some(g) = grad
                    && !is_finite(&g.data())?
                {
                    let (op, location) = (node.name, node.location);
                    return Err(Error::Anomaly { op, input, location, module: node.module_path() });
                }
            }
        }
        Ok(grads)
    }
}

impl Default for Backward<'_> {
    fn default() -> Self {
        Self::new()
    }
}

fn start(output: &Variable, grad: Option<Variable>) -> Result<Variable> {
    let data = output.data();
    if !output.is_requires_grad() {
        return Err(Error::NoGradient);
    }
    if !data.dtype().is_float() {
        return Err(Error::NotReal { op: "backward", dtype: data.dtype(), name: output.name() });
    }
    match grad {
        Some(g) if g.data().size() != data.size() => {
            Err(Error::GradientShape { got: g.size().to_vec(), expected: data.size().to_vec() })
        }
        Some(g) => Ok(g),
        None if data.numel() == 1 => Ok(Variable::new(data.ones_like()?)),
        None => Err(Error::NotScalar { shape: data.size().to_vec() }),
    }
}

/// Adds two gradients, in the memory of the first if nothing else shares it.
fn add_grads(sum: Variable, grad: &Variable, create_graph: bool) -> Result<Variable> {
    if create_graph {
        return sum.add(grad);
    }
    if Arc::strong_count(&sum.0) == 1 {
        let tensor = sum.data();
        drop(sum);
        if tensor.is_unique() && tensor.is_contiguous() {
            tensor.add_(grad.data())?;
            return Ok(Variable::new(tensor));
        }
        return Ok(Variable::new(tensor.add(grad.data())?));
    }
    Ok(Variable::new(sum.data().add(grad.data())?))
}

/// Adds a gradient to that of a leaf. The first one is moved, unless its memory is shared.
fn accumulate(leaf: &Leaf, grad: Variable, create_graph: bool) -> Result<()> {
    let mut slot = leaf.grad.lock();
    *slot = Some(match slot.take() {
        Some(sum) if create_graph => sum.add(&grad)?,
        Some(sum) => {
            sum.data().add_(grad.data())?;
            sum
        }
        None if create_graph => grad,
        None => {
            let alone = Arc::strong_count(&grad.0) == 1;
            let tensor = grad.data();
            drop(grad);
            Variable::new(if alone && tensor.is_unique() && tensor.is_contiguous() {
                tensor
            } else {
                tensor.copy()?
            })
        }
    });
    Ok(())
}

/// Returns the sequence numbers of the operations on the paths to a wanted gradient.
fn leading_to(wanted: &[Edge], outputs: &[(&Variable, Option<Variable>)]) -> HashSet<u64> {
    let mut reachable: BTreeMap<u64, Arc<Node>> = BTreeMap::new();
    let mut todo: Vec<Arc<Node>> = outputs.iter().filter_map(|(v, _)| v.creator()).collect();
    while let Some(node) = todo.pop() {
        if reachable.insert(node.seq, node.clone()).is_none() {
            todo.extend(node.previous_functions().into_iter().map(|(n, _)| n));
        }
    }
    let is_wanted = |e: &Edge| {
        wanted.iter().any(|w| match (w, e) {
            (Edge::Leaf(a), Edge::Leaf(b)) => Arc::ptr_eq(a, b),
            (Edge::Node(a, i), Edge::Node(b, j)) => i == j && Arc::ptr_eq(a, b),
            _ => false,
        })
    };
    // In ascending order, the inputs of an operation are decided before it.
    let mut needed = HashSet::new();
    for (seq, node) in reachable {
        let leads = |e: &Edge| is_wanted(e) || matches!(e, Edge::Node(n, _) if needed.contains(&n.seq));
        if node.edges.iter().any(leads) {
            needed.insert(seq);
        }
    }
    needed
}

fn is_finite(t: &Tensor) -> Result<bool> {
    // Any infinite or NaN element makes the sum of `x - x` NaN.
    Ok(t.sub(t)?.sum()?.item::<f64>()? == 0.0)
}

/// Computes the gradients of `outputs` with respect to `inputs`, without changing any `.grad`: PyTorch's
/// `torch.autograd.grad`. Set options before [`Grad::run`].
///
/// ```
/// use taper_autograd::{Variable, grad};
/// use taper_tensor::Tensor;
/// let x = Variable::requires_grad(Tensor::new(3.0)?);
/// let y = x.mul(&x)?.mul(&x)?;
/// let dy = grad(&[&y], &[&x]).create_graph(true).run()?.remove(0); // 3 x²
/// let ddy = grad(&[&dy], &[&x]).run()?.remove(0); // 6 x
/// assert_eq!((dy.item::<f32>()?, ddy.item::<f32>()?), (27.0, 18.0));
/// # Ok::<(), taper_autograd::Error>(())
/// ```
pub fn grad<'a>(outputs: &'a [&'a Variable], inputs: &'a [&'a Variable]) -> Grad<'a> {
    Grad { outputs, inputs, grad_outputs: &[], create_graph: false }
}

/// The options of [`grad`].
#[derive(Clone, Copy, Debug)]
#[must_use = "call .run()"]
pub struct Grad<'a> {
    outputs: &'a [&'a Variable],
    inputs: &'a [&'a Variable],
    grad_outputs: &'a [Option<&'a Variable>],
    create_graph: bool,
}

impl<'a> Grad<'a> {
    /// Sets the gradients of the outputs to start from, one for each. `None` means 1, for an output with one
    /// element.
    pub fn grad_outputs(mut self, gradients: &'a [Option<&'a Variable>]) -> Self {
        self.grad_outputs = gradients;
        self
    }

    /// Records the computation, so that the gradients can be differentiated. The default is false.
    pub fn create_graph(mut self, on: bool) -> Self {
        self.create_graph = on;
        self
    }

    /// Returns the gradients, one for each input.
    ///
    /// # Errors
    /// If the outputs do not depend on an input, an output does not require a gradient, an output without a
    /// given gradient does not have one element, a gradient has another shape than its output, the graph was
    /// freed, or a saved tensor was changed in place.
    pub fn run(self) -> Result<Vec<Variable>> {
        let found = self.run_allow_unused()?.into_iter().enumerate();
        let unused = |index: usize| Error::Unused { index, name: self.inputs[index].name() };
        found.map(|(index, gradient)| gradient.ok_or_else(|| unused(index))).collect()
    }

    /// Returns the gradients, and `None` for an input that the outputs do not depend on: PyTorch's
    /// `allow_unused=True`.
    ///
    /// # Errors
    /// If there are gradients of outputs but not one for each, an output does not require a gradient, an
    /// output without a given gradient does not have one element, a gradient has another shape than its
    /// output, the graph was freed, or a saved tensor was changed in place.
    pub fn run_allow_unused(self) -> Result<Vec<Option<Variable>>> {
        let Self { outputs, inputs, grad_outputs, create_graph } = self;
        if !grad_outputs.is_empty() && grad_outputs.len() != outputs.len() {
            let message = format!(
                "got {} gradients for {} outputs, expected one for each (None for an output with one element), or none",
                grad_outputs.len(),
                outputs.len()
            );
            return Err(Error::value("grad", message));
        }
        let mut backward = Backward::new().create_graph(create_graph);
        for (i, output) in outputs.iter().enumerate() {
            backward = backward.output(output, grad_outputs.get(i).copied().flatten());
        }
        backward.execute(Some(inputs))
    }
}

impl Variable {
    /// Computes the gradients of this variable with respect to all leaves that it depends on, and adds them
    /// to their `.grad`. The variable must have one element. It frees the saved tensors of the graph.
    ///
    /// # Errors
    /// If the variable does not require a gradient or does not have one element, the graph was freed, or a
    /// saved tensor was changed in place.
    pub fn backward(&self) -> Result<()> {
        self.backward_options().run()
    }

    /// Runs [`Variable::backward`] from a variable of any shape. `grad` is the gradient with respect to this
    /// variable.
    ///
    /// # Errors
    /// If the variable does not require a gradient, `grad` has another shape, the graph was freed, or a saved
    /// tensor was changed in place.
    pub fn backward_with(&self, grad: &Tensor) -> Result<()> {
        Backward::new().output(self, Some(&Variable::new(grad.clone()))).run()
    }

    /// Returns options of a backward pass from this variable:
    /// `loss.backward_options().retain_graph(true).run()`.
    pub fn backward_options(&self) -> Backward<'_> {
        Backward::new().output(self, None)
    }
}
