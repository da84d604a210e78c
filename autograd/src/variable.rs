//! A tensor that remembers how it was made.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use taper_tensor::{DType, Device, Shape, Tensor};

use crate::alias::Source;
use crate::hooks::{Hook, Retained};
use crate::node::{Edge, Node, next_seq};
use crate::{Error, Result};

/// A tensor in a graph: its data, the operation that made it, and after `backward` its gradient.
/// Cloning gives another handle to the same variable.
#[derive(Clone)]
pub struct Variable(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    data: RwLock<Tensor>,
    pub(crate) history: RwLock<History>,
    /// Where `retain_grad` puts the gradient of a variable that is no leaf.
    pub(crate) retained: Mutex<Option<Box<Retained>>>,
    /// What it is a view of.
    pub(crate) source: Option<Box<Source>>,
    /// How many operations in place have changed its place in the graph, which its views look at.
    pub(crate) rewired: AtomicU64,
}

/// How a variable came to be.
#[derive(Clone)]
pub(crate) enum History {
    /// It requires no gradient.
    Constant,
    /// The user made it.
    Leaf(Arc<Leaf>, bool),
    /// An operation made it, as its output number `.1`.
    Made(Arc<Node>, u32),
}

/// The end of the graph: where gradients are collected.
pub(crate) struct Leaf {
    pub(crate) seq: u64,
    /// For drawings of the graph.
    pub(crate) shape: Shape,
    pub(crate) dtype: DType,
    pub(crate) grad: Mutex<Option<Variable>>,
    pub(crate) hooks: Mutex<Vec<Arc<Hook>>>,
    pub(crate) name: Mutex<Option<String>>,
}

impl Leaf {
    pub(crate) fn new(data: &Tensor) -> Arc<Self> {
        Arc::new(Self {
            seq: next_seq(),
            shape: Shape::from(data.size()),
            dtype: data.dtype(),
            grad: Mutex::default(),
            hooks: Mutex::default(),
            name: Mutex::default(),
        })
    }
}

impl Variable {
    /// A constant: no gradient is computed for it.
    pub fn new(data: Tensor) -> Self {
        Self::with_history(data, History::Constant)
    }

    /// A leaf whose gradient `backward` computes; PyTorch's `requires_grad=True`. Only real numbers have
    /// gradients: the first operation on a leaf of integers is an error.
    pub fn requires_grad(data: Tensor) -> Self {
        let leaf = Leaf::new(&data);
        Self::with_history(data, History::Leaf(leaf, true))
    }

    pub(crate) fn with_history(data: Tensor, history: History) -> Self {
        Self::with_source(data, history, None)
    }

    /// A variable that may be a view.
    pub(crate) fn with_source(data: Tensor, history: History, source: Option<Box<Source>>) -> Self {
        Self(Arc::new(Inner {
            data: RwLock::new(data),
            history: RwLock::new(history),
            retained: Mutex::new(None),
            source,
            rewired: AtomicU64::new(0),
        }))
    }

    /// How it came to be, to read; a view first looks whether its base was changed in place.
    pub(crate) fn origin(&self) -> RwLockReadGuard<'_, History> {
        self.follow_base();
        self.0.history.read()
    }

    pub(crate) fn history(&self) -> History {
        self.origin().clone()
    }

    pub(crate) fn edge(&self) -> Edge {
        match &*self.origin() {
            History::Leaf(leaf, true) => Edge::Leaf(leaf.clone()),
            History::Made(node, i) => Edge::Node(node.clone(), *i),
            _ => Edge::None,
        }
    }

    /// The tensor: a handle that shares its memory, outside of the graph.
    pub fn data(&self) -> Tensor {
        self.tensor().clone()
    }

    /// The tensor, for an operation to read: a lock that costs less than a handle. Recursive, as an
    /// operand may be there twice.
    pub(crate) fn tensor(&self) -> RwLockReadGuard<'_, Tensor> {
        self.0.data.read_recursive()
    }

    /// Replaces the tensor, as moving a parameter to another device or dtype does. Graphs that were
    /// recorded before keep the old one.
    pub fn set_data(&self, data: Tensor) {
        *self.0.data.write() = data;
    }

    /// Returns the sizes, one per dimension.
    pub fn size(&self) -> Shape {
        self.tensor().size().into()
    }

    /// Returns the size of a dimension, which may be counted from the end.
    ///
    /// # Errors
    /// If `dim` is out of range.
    pub fn size_of(&self, dim: i64) -> Result<usize> {
        Ok(self.tensor().size_of(dim)?)
    }

    /// The number of dimensions.
    pub fn dim(&self) -> usize {
        self.tensor().dim()
    }

    /// The number of elements.
    pub fn numel(&self) -> usize {
        self.tensor().numel()
    }

    /// The dtype.
    pub fn dtype(&self) -> DType {
        self.tensor().dtype()
    }

    /// The device.
    pub fn device(&self) -> Device {
        self.tensor().device()
    }

    /// The value of a variable of one element.
    ///
    /// # Errors
    /// If there is not exactly one element.
    pub fn item<T: taper_tensor::Element>(&self) -> Result<T> {
        Ok(self.tensor().item()?)
    }

    /// Whether a gradient flows to this variable.
    pub fn is_requires_grad(&self) -> bool {
        !matches!(&*self.origin(), History::Constant | History::Leaf(_, false))
    }

    /// Whether the user made this variable, rather than an operation.
    pub fn is_leaf(&self) -> bool {
        !matches!(&*self.origin(), History::Made(..))
    }

    /// Switches the gradient of a leaf on or off: a frozen parameter.
    ///
    /// # Errors
    /// If an operation made the variable; to switch it on for integers.
    pub fn set_requires_grad(&self, on: bool) -> Result<()> {
        if on && !self.dtype().is_float() {
            return Err(Error::NotReal { op: "set_requires_grad", dtype: self.dtype(), name: self.name() });
        }
        self.follow_base();
        let mut history = self.0.history.write();
        match &mut *history {
            History::Constant if on => *history = History::Leaf(Leaf::new(&self.tensor()), true),
            History::Constant => {}
            History::Leaf(_, flag) => *flag = on,
            History::Made(node, _) => {
                return Err(Error::value(
                    "set_requires_grad",
                    format!(
                        "{} made this variable, and only a leaf can be switched; use .detach()",
                        node.name
                    ),
                ));
            }
        }
        Ok(())
    }

    /// The operation that made this variable; PyTorch's `grad_fn`.
    pub fn creator(&self) -> Option<Arc<Node>> {
        match &*self.origin() {
            History::Made(node, _) => Some(node.clone()),
            _ => None,
        }
    }

    fn slot(&self) -> Option<Arc<Leaf>> {
        match &*self.origin() {
            History::Leaf(leaf, _) => Some(leaf.clone()),
            _ => self.0.retained.lock().as_ref().map(|r| r.slot.clone()),
        }
    }

    /// The gradient that `backward` has collected.
    pub fn grad(&self) -> Option<Tensor> {
        self.grad_variable().map(|g| g.data())
    }

    /// The gradient as a variable: with `create_graph` it can be differentiated again.
    pub fn grad_variable(&self) -> Option<Variable> {
        self.slot()?.grad.lock().clone()
    }

    /// Replaces the gradient of a leaf, or removes it.
    pub fn set_grad(&self, grad: Option<Tensor>) {
        if let Some(slot) = self.slot() {
            *slot.grad.lock() = grad.map(Variable::new);
        }
    }

    /// Forgets the gradient, so that the next `backward` begins afresh.
    pub fn zero_grad(&self) {
        self.set_grad(None);
    }

    /// The same data outside of the graph: no gradient flows through.
    pub fn detach(&self) -> Self {
        Self::new(self.data())
    }

    /// Gives a leaf its name, for error messages and drawings of the graph.
    pub fn set_name(&self, name: &str) {
        let mut history = self.0.history.write();
        if matches!(*history, History::Constant) {
            *history = History::Leaf(Leaf::new(&self.tensor()), false);
        }
        if let History::Leaf(leaf, _) = &*history {
            *leaf.name.lock() = Some(name.to_owned());
        }
    }

    /// A leaf's name.
    pub fn name(&self) -> Option<String> {
        match &*self.origin() {
            History::Leaf(leaf, _) => leaf.name.lock().clone(),
            _ => None,
        }
    }

    /// Whether two handles are of the same variable.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl From<Tensor> for Variable {
    fn from(data: Tensor) -> Self {
        Self::new(data)
    }
}

impl From<&Tensor> for Variable {
    fn from(data: &Tensor) -> Self {
        Self::new(data.clone())
    }
}

impl From<&Variable> for Variable {
    fn from(v: &Variable) -> Self {
        v.clone()
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.data(), f)
    }
}

impl fmt::Debug for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.origin() {
            History::Made(node, _) => write!(f, "Variable({:?}, creator={})", self.data(), node.name),
            History::Leaf(_, true) => write!(f, "Variable({:?}, requires_grad)", self.data()),
            _ => write!(f, "Variable({:?})", self.data()),
        }
    }
}
