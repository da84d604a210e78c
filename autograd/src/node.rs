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

use crate::hooks::Hook;
use crate::record::Context;
use crate::variable::Leaf;
use crate::{Result, Variable};
use taper_tensor::Shape;

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
    Node(Arc<Node>, u32),
}

/// An operation that ran: its name, where its inputs came from, and its gradient rule.
pub struct Node {
    /// Later operations have larger numbers, so descending order is an order for backward.
    pub(crate) seq: u64,
    pub(crate) name: &'static str,
    pub(crate) edges: SmallVec<[Edge; 2]>,
    pub(crate) outputs: SmallVec<[OutputMeta; 1]>,
    pub(crate) location: &'static Location<'static>,
    pub(crate) state: Mutex<State>,
}

/// What is known of an output once its tensor may be gone.
#[derive(Clone, Debug)]
pub(crate) struct OutputMeta {
    pub(crate) shape: Shape,
    pub(crate) dtype: DType,
    pub(crate) device: Device,
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

/// Outputs that a rule needs, at their number, with the version that they must still have.
pub(crate) type SavedOutputs = SmallVec<[Option<(Tensor, u64)>; 1]>;

/// What backward frees, and what changes.
pub(crate) struct State {
    pub(crate) rule: Option<Kept>,
    /// Kept here and not in the rule, which would then own the node that owns it.
    pub(crate) saved_outputs: SavedOutputs,
    pub(crate) rare: Option<Box<Rare>>,
}

/// What few nodes have, apart, so that the others stay small: a long chain is as fast as the memory
/// that its nodes are in.
#[derive(Default)]
pub(crate) struct Rare {
    /// The modules that it ran in, where anomalies are looked for.
    pub(crate) module: Option<Box<str>>,
    /// With the number of the output whose gradient they want.
    pub(crate) hooks: Vec<(usize, Arc<Hook>)>,
    /// Where outputs retain their gradients, as the hooks leave them.
    pub(crate) retained: Vec<(usize, Arc<Leaf>)>,
}

/// What a node's rule runs with.
pub(crate) type Ready = (Kept, SavedOutputs);

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
            Edge::Node(n, i) => Some((n.clone(), *i as usize)),
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
        let noted = self.state.lock().rare.as_ref().and_then(|r| r.module.as_deref().map(str::to_owned));
        noted.or_else(|| self.edges.iter().find_map(of_parameter))
    }

    /// The shape of each input, `None` for one that requires no gradient.
    pub fn input_shapes(&self) -> Vec<Option<Vec<usize>>> {
        let shape = |edge: &Edge| match edge {
            Edge::None => None,
            Edge::Leaf(leaf) => Some(leaf.shape.to_vec()),
            Edge::Node(node, i) => Some(node.outputs[*i as usize].shape.to_vec()),
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
