//! Recording: an operation becomes a node of the tape if an input requires a gradient.

use std::panic::Location;
use std::sync::Arc;

use parking_lot::Mutex;
use smallvec::{SmallVec, smallvec};
use taper_tensor::Tensor;

use crate::alias::Source;
use crate::anomaly::module_path;
use crate::mode::is_grad_enabled;
use crate::node::{Edge, Grads, Kept, Node, OutputMeta, Rare, Rule, SavedOutputs, State, next_seq};
use crate::profile::{self, Pass};
use crate::variable::History;
use crate::{Error, Result, Variable};
use taper_tensor::Shape;

/// The arguments of a gradient rule.
pub(crate) struct Context<'a> {
    pub(crate) node: &'a Arc<Node>,
    pub(crate) grads: &'a [Option<Variable>],
    pub(crate) saved_outputs: &'a [Option<(Tensor, u64)>],
}

impl Context<'_> {
    /// Returns the gradient of the only output.
    pub(crate) fn grad(&self) -> Result<Variable> {
        self.grad_of(0)
    }

    /// Returns the gradient of output `i`: zeros if nothing depends on that output.
    pub(crate) fn grad_of(&self, i: usize) -> Result<Variable> {
        match &self.grads[i] {
            Some(g) => Ok(g.clone()),
            None => {
                let OutputMeta { shape, dtype, device } = &self.node.outputs[i];
                let zeros = Tensor::options().dtype(*dtype).device(device).zeros(shape)?;
                Ok(Variable::new(zeros))
            }
        }
    }

    /// Returns output `i`, which [`Record::saves_output`] kept.
    pub(crate) fn output(&self, i: usize) -> Result<Variable> {
        let Some(Some((tensor, version))) = self.saved_outputs.get(i) else {
            return Err(Error::GraphFreed { op: self.node.name });
        };
        self.check_version(tensor, *version)?;
        if !is_grad_enabled() {
            return Ok(Variable::new(tensor.clone()));
        }
        Ok(Variable::with_history(tensor.clone(), History::Made(self.node.clone(), i as u32)))
    }

    pub(crate) fn check_version(&self, tensor: &Tensor, saved: u64) -> Result<()> {
        let now = tensor.version();
        if now == saved {
            return Ok(());
        }
        Err(Error::SavedChanged { op: self.node.name, shape: tensor.size().to_vec(), saved, now })
    }

    /// Computes the gradient of input `i` by `f`, if that input needs one.
    pub(crate) fn need(&self, i: usize, f: impl FnOnce() -> Result<Variable>) -> Result<Option<Variable>> {
        if matches!(self.node.edges[i], Edge::None) { Ok(None) } else { f().map(Some) }
    }
}

/// An operation that is about to be recorded.
pub(crate) struct Record<'a> {
    name: &'static str,
    inputs: &'a [&'a Variable],
    saved_outputs: &'a [usize],
    view: View,
    always: bool,
}

/// The kind of memory sharing between an output and an input.
#[derive(Clone, Copy, PartialEq)]
enum View {
    No,
    /// The output has elements of the input, in another arrangement.
    Elements,
    /// The output shares memory, but has a user's own gradient rule.
    Opaque,
}

/// Begins to record the operation `name` on `inputs`.
pub(crate) fn record<'a>(name: &'static str, inputs: &'a [&'a Variable]) -> Record<'a> {
    Record { name, inputs, saved_outputs: &[], view: View::No, always: false }
}

impl<'a> Record<'a> {
    /// Keeps the only output for the gradient rule, which gets it from [`Context::output`].
    pub(crate) fn saves_output(mut self) -> Self {
        self.saved_outputs = &[0];
        self
    }

    /// Keeps the only output if `wanted`; see [`Record::saves_output`].
    pub(crate) fn saves_output_if(self, wanted: bool) -> Self {
        if wanted { self.saves_output() } else { self }
    }

    /// Keeps the outputs with these indices, which the rule gets from [`Context::output`].
    pub(crate) fn saves_outputs(mut self, outputs: &'a [usize]) -> Self {
        self.saved_outputs = outputs;
        self
    }

    /// Declares that an output may share the memory of an input, which in-place operations must know.
    pub(crate) fn view(mut self) -> Self {
        self.view = View::Elements;
        self
    }

    /// Declares a view whose gradient is not simply that of the same elements; see [`Record::view`].
    pub(crate) fn opaque_view(mut self) -> Self {
        self.view = View::Opaque;
        self
    }

    /// Records even without recording, for operations that repair a graph that was recorded earlier.
    pub(crate) fn always(mut self) -> Self {
        self.always = true;
        self
    }

    /// Makes variables of several outputs. The rule gets `None` for outputs that nothing depends on.
    #[track_caller]
    pub(crate) fn outputs<const N: usize>(
        self,
        ys: [Tensor; N],
        rule: impl Fn(&Context<'_>) -> Result<Grads> + Send + Sync + 'static,
    ) -> Result<[Variable; N]> {
        let node = self.node(&ys, rule)?;
        let mut i = 0..;
        Ok(ys.map(|y| self.variable(y, node.clone(), i.next().unwrap_or(0))))
    }

    /// Makes variables of a number of outputs that is known at run time only; see [`Record::outputs`].
    #[track_caller]
    pub(crate) fn many(
        self,
        ys: Vec<Tensor>,
        rule: impl Fn(&Context<'_>) -> Result<Grads> + Send + Sync + 'static,
    ) -> Result<Vec<Variable>> {
        let node = self.node(&ys, rule)?;
        Ok(ys.into_iter().zip(0..).map(|(y, i)| self.variable(y, node.clone(), i)).collect())
    }

    /// Makes a variable of the output, with a node if any input requires a gradient.
    ///
    /// # Errors
    /// If an input that requires a gradient is not floating point. All methods that make variables return
    /// this error.
    #[track_caller]
    pub(crate) fn output(
        self,
        y: Tensor,
        rule: impl Fn(&Context<'_>) -> Result<Grads> + Send + Sync + 'static,
    ) -> Result<Variable> {
        let node = self.node(std::slice::from_ref(&y), rule)?;
        Ok(self.variable(y, node, 0))
    }

    /// Makes a variable of the output of an operation on one input. `rule` returns the gradient of the input
    /// from that of the output.
    #[track_caller]
    pub(crate) fn unary(
        self,
        y: Tensor,
        rule: impl Fn(Variable, &Context<'_>) -> Result<Variable> + Send + Sync + 'static,
    ) -> Result<Variable> {
        self.output(y, move |ctx| Ok(smallvec![Some(rule(ctx.grad()?, ctx)?)]))
    }

    /// Makes a variable of the output of an operation on several inputs. `rule` returns the gradient of an
    /// input, by its index, from that of the output, before it is summed over broadcast dimensions.
    #[track_caller]
    pub(crate) fn each(
        self,
        y: Tensor,
        rule: impl Fn(&Variable, usize, &Context<'_>) -> Result<Variable> + Send + Sync + 'static,
    ) -> Result<Variable> {
        // Skipped without recording, as in gradient rules, where each lock costs time.
        let inputs = if is_grad_enabled() { self.inputs } else { &[] };
        let sizes: SmallVec<[Shape; 2]> = inputs.iter().map(|v| v.size()).collect();
        self.output(y, move |ctx| {
            let g = ctx.grad()?;
            let grad = |(i, size): (usize, &Shape)| ctx.need(i, || rule(&g, i, ctx)?.sum_to(size));
            sizes.iter().enumerate().map(grad).collect()
        })
    }

    /// Makes a variable of output `i`.
    fn variable(&self, y: Tensor, node: Option<Arc<Node>>, i: u32) -> Variable {
        let source = if self.view == View::No { None } else { self.source(&y) };
        Variable::with_source(y, node.map_or(History::Constant, |node| History::Made(node, i)), source)
    }

    /// Returns the source of an output that is a view.
    fn source(&self, y: &Tensor) -> Option<Box<Source>> {
        let from = self.inputs.iter().find(|v| v.tensor().shares_storage(y))?;
        // Without recording the base is not kept, so that gradients can be changed in place.
        let recorded = is_grad_enabled() && self.view == View::Elements;
        Some(Box::new(if recorded { Source::of(from) } else { Source::Hidden(self.name) }))
    }

    #[track_caller]
    fn node(
        &self,
        ys: &[Tensor],
        rule: impl Fn(&Context<'_>) -> Result<Grads> + Send + Sync + 'static,
    ) -> Result<Option<Arc<Node>>> {
        profile::lap(self.name, Pass::Forward);
        if !is_grad_enabled() && !self.always {
            return Ok(None);
        }
        let location = Location::caller();
        Ok(self.edges()?.map(|edges| self.node_with(ys, edges, Box::new(rule), location)))
    }

    /// Returns the destinations of the inputs' gradients, or `None` if no input requires one.
    fn edges(&self) -> Result<Option<SmallVec<[Edge; 2]>>> {
        let (mut edges, mut any) = (SmallVec::new(), false);
        for input in self.inputs {
            let edge = input.edge();
            match &edge {
                Edge::None => {}
                Edge::Leaf(leaf) if !leaf.dtype.is_float() => {
                    let name = leaf.name.lock().clone();
                    return Err(Error::NotReal { op: self.name, dtype: leaf.dtype, name });
                }
                _ => any = true,
            }
            edges.push(edge);
        }
        Ok(any.then_some(edges))
    }

    fn node_with(
        &self,
        ys: &[Tensor],
        edges: SmallVec<[Edge; 2]>,
        rule: Box<Rule>,
        location: &'static Location<'static>,
    ) -> Arc<Node> {
        let (mut outputs, mut saved_outputs) = (SmallVec::new(), SavedOutputs::new());
        for y in ys {
            let shape = Shape::from(y.size());
            outputs.push(OutputMeta { shape, dtype: y.dtype(), device: y.device() });
        }
        for &i in self.saved_outputs {
            saved_outputs.resize(saved_outputs.len().max(i + 1), None);
            saved_outputs[i] = Some((ys[i].clone(), ys[i].version()));
        }
        let rare = module_path().map(|path| Box::new(Rare { module: Some(path), ..Rare::default() }));
        Arc::new(Node {
            seq: next_seq(),
            name: self.name,
            location,
            edges,
            outputs,
            state: Mutex::new(State { rule: Some(Kept::Once(rule)), saved_outputs, rare }),
        })
    }
}
