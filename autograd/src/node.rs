//! The tape: one node for each operation that ran on an input that requires a gradient.
//!
//! A node owns the nodes of its inputs, so dropping the last output frees the graph.

use std::cell::{Cell, RefCell};
use std::panic::Location;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::Mutex;
use smallvec::SmallVec;
use taper_tensor::{DType, Device, Tensor};

use crate::hooks::Hook;
use crate::record::Context;
use crate::variable::Leaf;
use crate::{Result, Variable};
use taper_tensor::Shape;

/// The gradients of a node's inputs, `None` for an input that needs none.
pub(crate) type Grads = SmallVec<[Option<Variable>; 2]>;

/// A gradient rule: a function from the gradients of an operation's outputs to those of its inputs.
pub(crate) type Rule = dyn Fn(&Context<'_>) -> Result<Grads> + Send + Sync;

/// The destination of the gradient of an operation's input.
#[derive(Clone)]
pub(crate) enum Edge {
    /// No destination: the input does not require a gradient.
    None,
    /// The `.grad` of a leaf.
    Leaf(Arc<Leaf>),
    /// Output number `.1` of the operation that made the input.
    Node(Arc<Node>, u32),
}

/// An operation that ran: its name, its inputs, and its gradient rule.
pub struct Node {
    /// Later operations have larger numbers, so backward runs in descending order.
    pub(crate) seq: u64,
    pub(crate) name: &'static str,
    pub(crate) edges: SmallVec<[Edge; 2]>,
    pub(crate) outputs: SmallVec<[OutputMeta; 1]>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) state: Mutex<State>,
}

/// The shape, dtype and device of an output, whose tensor may have been dropped.
#[derive(Clone, Debug)]
pub(crate) struct OutputMeta {
    pub(crate) shape: Shape,
    pub(crate) dtype: DType,
    pub(crate) device: Device,
}

/// A gradient rule in its own box, which allocates nothing if the rule captures nothing. A graph that is kept
/// shares it when it first runs.
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

/// The outputs that a rule needs, at their indices, with the versions that they must still have.
pub(crate) type SavedOutputs = SmallVec<[Option<(Tensor, u64)>; 1]>;

/// The mutable state of a node, which backward frees.
pub(crate) struct State {
    pub(crate) rule: Option<Kept>,
    /// They are not in the rule, which would then own the node that owns it.
    pub(crate) saved_outputs: SavedOutputs,
    pub(crate) rare: Option<Box<Rare>>,
}

/// State that few nodes have. It is in its own box to keep nodes small: the speed of a long chain is limited
/// by memory.
#[derive(Default)]
pub(crate) struct Rare {
    /// The path of the modules that it ran in, with anomaly detection.
    pub(crate) module: Option<Box<str>>,
    /// The hooks, with the index of the output whose gradient they receive.
    pub(crate) hooks: Vec<(usize, Arc<Hook>)>,
    /// The slots of retained gradients, written after the hooks have run.
    pub(crate) retained: Vec<(usize, Arc<Leaf>)>,
}

/// The arguments of a node's rule.
pub(crate) type Ready = (Kept, SavedOutputs);

impl State {
    /// Returns the rule and its saved outputs, and frees them unless `keep` is true.
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

/// Returns the next sequence number of operations and leaves.
pub(crate) fn next_seq() -> u64 {
    static SEQ: AtomicU64 = AtomicU64::new(1);
    SEQ.fetch_add(1, Ordering::Relaxed)
}

impl Node {
    /// Returns the operation's name, such as `Conv2d` or `AddScalar`.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the operations that made the inputs, each with the index of its output. Leaves and constants
    /// are omitted. PyTorch's `grad_fn.next_functions`.
    pub fn previous_functions(&self) -> Vec<(Arc<Self>, usize)> {
        let node = |e: &Edge| match e {
            Edge::Node(n, i) => Some((n.clone(), *i as usize)),
            _ => None,
        };
        self.edges.iter().filter_map(node).collect()
    }

    /// Returns the shape of each output.
    pub fn output_shapes(&self) -> Vec<Vec<usize>> {
        self.outputs.iter().map(|o| o.shape.to_vec()).collect()
    }

    /// Returns the path of the module that the operation ran in. It is recorded with anomaly detection, and
    /// otherwise derived from a parameter's name, `features.3.weight`.
    pub fn module_path(&self) -> Option<String> {
        let of_parameter = |e: &Edge| match e {
            Edge::Leaf(leaf) => Some(leaf.name.lock().as_deref()?.rsplit_once('.')?.0.to_owned()),
            _ => None,
        };
        let noted = self.state.lock().rare.as_ref().and_then(|r| r.module.as_deref().map(str::to_owned));
        noted.or_else(|| self.edges.iter().find_map(of_parameter))
    }

    /// Returns the shape of each input, `None` for an input that does not require a gradient.
    pub fn input_shapes(&self) -> Vec<Option<Vec<usize>>> {
        let shape = |edge: &Edge| match edge {
            Edge::None => None,
            Edge::Leaf(leaf) => Some(leaf.shape.to_vec()),
            Edge::Node(node, i) => Some(node.outputs[*i as usize].shape.to_vec()),
        };
        self.edges.iter().map(shape).collect()
    }

    /// Returns the position in the order in which operations ran; PyTorch's `_sequence_nr`.
    pub fn sequence_nr(&self) -> u64 {
        self.seq
    }

    /// Returns the location of the operation's call in the program.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl std::fmt::Debug for Node {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{:?}", self.name, self.output_shapes())
    }
}

// A chain of a million nodes must not be dropped by a million nested calls. A node that is dropped while
// another one is passes its contents to the other's loop.
type Contents = (SmallVec<[Edge; 2]>, Option<Kept>);

thread_local! {
    static DROPPING: Cell<bool> = const { Cell::new(false) };
    static LEFT: RefCell<Vec<Contents>> = const { RefCell::new(Vec::new()) };
}

impl Drop for Node {
    fn drop(&mut self) {
        let contents = (std::mem::take(&mut self.edges), self.state.get_mut().rule.take());
        // While the thread ends, its locals are gone, and nodes are dropped recursively.
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
