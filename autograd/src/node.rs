//! The tape: one node for each operation that ran on something that requires a gradient.
//!
//! A node owns the nodes it was made from, so dropping the last output frees the graph.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;
use taper_tensor::{DType, Device, Tensor};

use crate::alias::Source;
use crate::anomaly::module_path;
use crate::hooks::Hook;
use crate::mode::is_grad_enabled;
use crate::profile::{self, Pass};
use crate::variable::{History, Leaf, Shape};
use crate::{Error, Result, Variable};

/// The gradients of a node's inputs, `None` where one needs none.
pub(crate) type Grads = SmallVec<[Option<Variable>; 2]>;

/// An operation's gradient rule: from the gradients of its outputs to those of its inputs.
pub(crate) type Rule = dyn Fn(&Context<'_>) -> Result<Grads> + Send + Sync;

/// Where the gradient of an operation's input goes.
#[derive(Clone)]
pub(crate) enum Edge {
    /// Nowhere: the input requires no gradient.
    None,
    /// Into the `.grad` of a leaf.
    Leaf(Arc<Leaf>),
    /// On to output number `.1` of the operation that made the input.
    Node(Arc<Node>, usize),
}

/// An operation that ran: its name, where its inputs came from, and its gradient rule.
pub struct Node {
    /// Later operations have larger numbers, so descending order is an order for backward.
    pub(crate) seq: u64,
    pub(crate) name: &'static str,
    pub(crate) edges: SmallVec<[Edge; 2]>,
    pub(crate) outputs: SmallVec<[OutputMeta; 1]>,
    pub(crate) location: &'static Location<'static>,
    /// The modules that it ran in, where anomalies are looked for.
    pub(crate) module: Option<Box<str>>,
    pub(crate) state: Mutex<State>,
}

/// What is known of an output once its tensor may be gone.
#[derive(Clone, Debug)]
pub(crate) struct OutputMeta {
    pub(crate) shape: Shape,
    dtype: DType,
    device: Device,
}

/// A gradient rule, in a box of its own, which costs no allocation where it captures nothing, until a
/// graph that is kept runs it and keeps it.
pub(crate) enum Kept {
    Once(Box<Rule>),
    Again(Arc<Box<Rule>>),
}

impl std::ops::Deref for Kept {
    type Target = Rule;

    fn deref(&self) -> &Rule {
        match self {
            Self::Once(rule) => &**rule,
            Self::Again(rule) => &***rule,
        }
    }
}

/// What backward frees.
pub(crate) struct State {
    pub(crate) rule: Option<Kept>,
    /// Outputs that the rule needs, by their number. Kept here and not in the rule, which would
    /// then own the node that owns it.
    pub(crate) saved_outputs: SmallVec<[(usize, Tensor, u64); 1]>,
    pub(crate) hooks: Vec<(usize, Arc<Hook>)>,
}

/// What a node's rule runs with.
pub(crate) type Ready = (Kept, SmallVec<[(usize, Tensor, u64); 1]>);

impl State {
    /// The rule and what it needs, which are gone afterwards unless they are kept.
    pub(crate) fn rule(&mut self, keep: bool) -> Option<Ready> {
        let rule = self.rule.take()?;
        if !keep {
            return Some((rule, std::mem::take(&mut self.saved_outputs)));
        }
        let rule = match rule {
            Kept::Once(rule) => Arc::new(rule),
            Kept::Again(rule) => rule,
        };
        self.rule = Some(Kept::Again(rule.clone()));
        Some((Kept::Again(rule), self.saved_outputs.clone()))
    }
}

/// The next number in the order of operations and leaves.
pub(crate) fn next_seq() -> u64 {
    static SEQ: AtomicU64 = AtomicU64::new(1);
    SEQ.fetch_add(1, Ordering::Relaxed)
}

impl Node {
    /// The operation's name, such as `Conv2d` or `AddScalar`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The operations that made the inputs, each with the number of its output; leaves and
    /// constants are left out. PyTorch's `grad_fn.next_functions`.
    pub fn previous_functions(&self) -> Vec<(Arc<Self>, usize)> {
        let node = |e: &Edge| match e {
            Edge::Node(n, i) => Some((n.clone(), *i)),
            _ => None,
        };
        self.edges.iter().filter_map(node).collect()
    }

    /// The shape of each output.
    pub fn output_shapes(&self) -> Vec<Vec<usize>> {
        self.outputs.iter().map(|o| o.shape.to_vec()).collect()
    }

    /// The path of the module that it ran in: noted where anomalies were looked for already, or else
    /// known from a parameter's name, `features.3.weight`.
    pub fn module_path(&self) -> Option<String> {
        let of_parameter = |e: &Edge| match e {
            Edge::Leaf(leaf) => Some(leaf.name.lock().as_deref()?.rsplit_once('.')?.0.to_owned()),
            _ => None,
        };
        self.module.as_deref().map(str::to_owned).or_else(|| self.edges.iter().find_map(of_parameter))
    }

    /// The shape of each input, `None` for one that requires no gradient.
    pub fn input_shapes(&self) -> Vec<Option<Vec<usize>>> {
        let shape = |edge: &Edge| match edge {
            Edge::None => None,
            Edge::Leaf(leaf) => Some(leaf.shape.to_vec()),
            Edge::Node(node, i) => Some(node.outputs[*i].shape.to_vec()),
        };
        self.edges.iter().map(shape).collect()
    }

    /// Its place in the order in which operations ran; PyTorch's `_sequence_nr`.
    pub fn sequence_nr(&self) -> u64 {
        self.seq
    }

    /// Where the program called the operation.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:?}", self.name, self.output_shapes())
    }
}

/// What a gradient rule sees.
pub(crate) struct Context<'a> {
    pub(crate) node: &'a Arc<Node>,
    pub(crate) grads: &'a [Option<Variable>],
    pub(crate) saved_outputs: &'a [(usize, Tensor, u64)],
}

impl Context<'_> {
    /// The gradient of the only output.
    pub(crate) fn grad(&self) -> Result<Variable> {
        self.grad_of(0)
    }

    /// The gradient of output `i`: zeros where nothing was done with that output.
    pub(crate) fn grad_of(&self, i: usize) -> Result<Variable> {
        match &self.grads[i] {
            Some(g) => Ok(g.clone()),
            None => {
                let OutputMeta { shape, dtype, device } = &self.node.outputs[i];
                let zeros = Tensor::options().dtype(*dtype).device(device).zeros(shape.as_slice())?;
                Ok(Variable::new(zeros))
            }
        }
    }

    /// Output `i`, which [`Record::saves_output`] kept.
    pub(crate) fn output(&self, i: usize) -> Result<Variable> {
        let tensor = self.output_tensor(i)?.clone();
        if !is_grad_enabled() {
            return Ok(Variable::new(tensor));
        }
        Ok(Variable::made_by(tensor, self.node.clone(), i))
    }

    /// The data of output `i`, for rules that use it as a constant.
    pub(crate) fn output_tensor(&self, i: usize) -> Result<&Tensor> {
        let saved = self.saved_outputs.iter().find(|s| s.0 == i);
        let Some((_, tensor, version)) = saved else {
            return Err(Error::GraphFreed { op: self.node.name });
        };
        self.check_version(tensor, *version)?;
        Ok(tensor)
    }

    pub(crate) fn check_version(&self, tensor: &Tensor, saved: u64) -> Result<()> {
        let now = tensor.version();
        if now == saved {
            return Ok(());
        }
        Err(Error::SavedChanged { op: self.node.name, shape: tensor.size().to_vec(), saved, now })
    }

    /// The gradient of input `i` by `f`, where that input needs one.
    pub(crate) fn need(&self, i: usize, f: impl FnOnce() -> Result<Variable>) -> Result<Option<Variable>> {
        if matches!(self.node.edges[i], Edge::None) { Ok(None) } else { f().map(Some) }
    }
}

/// An operation about to be recorded.
pub(crate) struct Record<'a> {
    name: &'static str,
    inputs: &'a [&'a Variable],
    saved_outputs: &'a [usize],
    view: View,
    always: bool,
}

/// Whether an output may share the memory of an input.
#[derive(Clone, Copy, PartialEq)]
enum View {
    No,
    /// The same elements, in another arrangement.
    Elements,
    /// A gradient rule of the user's own stands between the two.
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

    /// Keeps the outputs of these numbers, which the rule gets from [`Context::output`].
    pub(crate) fn saves_outputs(mut self, outputs: &'a [usize]) -> Self {
        self.saved_outputs = outputs;
        self
    }

    /// An output may share the memory of an input, which in-place operations have to know.
    pub(crate) fn view(mut self) -> Self {
        self.view = View::Elements;
        self
    }

    /// As [`Record::view`], where the gradient is not simply that of the same elements.
    pub(crate) fn opaque_view(mut self) -> Self {
        self.view = View::Opaque;
        self
    }

    /// Records also where recording is off: what is made up for was done where it was on.
    pub(crate) fn always(mut self) -> Self {
        self.always = true;
        self
    }

    /// Makes several outputs variables. The rule sees `None` for those that nothing was done with.
    #[track_caller]
    pub(crate) fn outputs<const N: usize>(
        self,
        ys: [Tensor; N],
        rule: impl Fn(&Context<'_>) -> Result<Grads> + Send + Sync + 'static,
    ) -> [Variable; N] {
        let node = self.node(&ys, rule);
        let mut i = 0..;
        ys.map(|y| self.variable(y, node.clone(), i.next().unwrap_or(0)))
    }

    /// As [`Record::outputs`], where their number is known only when the program runs.
    #[track_caller]
    pub(crate) fn many(
        self,
        ys: Vec<Tensor>,
        rule: impl Fn(&Context<'_>) -> Result<Grads> + Send + Sync + 'static,
    ) -> Vec<Variable> {
        let node = self.node(&ys, rule);
        ys.into_iter().enumerate().map(|(i, y)| self.variable(y, node.clone(), i)).collect()
    }

    /// Makes the output a variable, with a node if any input requires a gradient.
    #[track_caller]
    pub(crate) fn output(
        self,
        y: Tensor,
        rule: impl Fn(&Context<'_>) -> Result<Grads> + Send + Sync + 'static,
    ) -> Variable {
        let node = self.node(std::slice::from_ref(&y), rule);
        self.variable(y, node, 0)
    }

    /// Output number `i`.
    fn variable(&self, y: Tensor, node: Option<Arc<Node>>, i: usize) -> Variable {
        let source = if self.view == View::No { None } else { self.source(&y) };
        Variable::with_source(y, node.map_or(History::Constant, |node| History::Made(node, i)), source)
    }

    /// What an output is a view of.
    fn source(&self, y: &Tensor) -> Option<Box<Source>> {
        let from = self.inputs.iter().find(|v| v.tensor().shares_storage(y))?;
        // Where nothing is recorded the base is not kept, so that gradients can change in place.
        let recorded = is_grad_enabled() && self.view == View::Elements;
        Some(Box::new(if recorded { Source::of(from) } else { Source::Hidden(self.name) }))
    }

    #[track_caller]
    fn node(
        &self,
        ys: &[Tensor],
        rule: impl Fn(&Context<'_>) -> Result<Grads> + Send + Sync + 'static,
    ) -> Option<Arc<Node>> {
        profile::lap(self.name, Pass::Forward);
        if !is_grad_enabled() && !self.always {
            return None;
        }
        let edges: SmallVec<[Edge; 2]> = self.inputs.iter().map(|v| v.edge()).collect();
        if edges.iter().all(|e| matches!(e, Edge::None)) {
            return None;
        }
        let saved = self.saved_outputs.iter().map(|&i| (i, ys[i].clone(), ys[i].version()));
        Some(Arc::new(Node {
            seq: next_seq(),
            name: self.name,
            edges,
            outputs: ys
                .iter()
                .map(|y| OutputMeta {
                    shape: Shape::from_slice(y.size()),
                    dtype: y.dtype(),
                    device: y.device(),
                })
                .collect(),
            location: Location::caller(),
            module: module_path(),
            state: Mutex::new(State {
                rule: Some(Kept::Once(Box::new(rule))),
                saved_outputs: saved.collect(),
                hooks: Vec::new(),
            }),
        }))
    }
}

// A chain of a million nodes must not be dropped by a million nested calls: a node that is dropped
// while another is hands its contents to that one's loop.
type Contents = (SmallVec<[Edge; 2]>, Option<Kept>);

thread_local! {
    static DROPPING: Cell<bool> = const { Cell::new(false) };
    static LEFT: RefCell<Vec<Contents>> = const { RefCell::new(Vec::new()) };
}

impl Drop for Node {
    fn drop(&mut self) {
        let contents = (std::mem::take(&mut self.edges), self.state.get_mut().rule.take());
        // Where the thread is ending its locals are gone, and what is left drops recursively.
        let Ok(nested) = DROPPING.try_with(|d| d.replace(true)) else { return };
        let mut next = Some(contents);
        if nested {
            LEFT.with_borrow_mut(|left| left.extend(next));
            return;
        }
        while let Some(contents) = next {
            drop(contents);
            next = LEFT.with_borrow_mut(Vec::pop);
        }
        DROPPING.set(false);
    }
}
