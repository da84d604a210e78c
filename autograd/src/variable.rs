//! Variables: tensors that record the operation that made them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use parking_lot::{Mutex, RwLock, RwLockReadGuard};
use taper_tensor::{DType, Device, Shape, Tensor};

use crate::alias::Source;
use crate::hooks::{Hook, Retained};
use crate::node::{Edge, Node, next_seq};
use crate::{Error, Result};

/// A tensor in a graph: its data, the operation that made it, and after `backward` its gradient. A clone is
/// another handle to the same variable.
#[derive(Clone)]
pub struct Variable(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    data: RwLock<Tensor>,
    pub(crate) history: RwLock<History>,
    /// The retained gradient of a variable that is not a leaf.
    pub(crate) retained: Mutex<Option<Box<Retained>>>,
    /// The source, if the variable is a view.
    pub(crate) source: Option<Box<Source>>,
    /// The number of in-place operations that have changed its position in the graph, which its views check.
    pub(crate) rewired: AtomicU64,
}

/// The origin of a variable.
#[derive(Clone)]
pub(crate) enum History {
    /// A constant, which requires no gradient.
    Constant,
    /// A leaf, made by the user, and true if it requires a gradient.
    Leaf(Arc<Leaf>, bool),
    /// Output number `.1` of an operation.
    Made(Arc<Node>, u32),
}

/// The end of the graph, where gradients are accumulated.
pub(crate) struct Leaf {
    pub(crate) seq: u64,
    /// The shape, for drawings of the graph.
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
    /// Returns a constant: no gradient is computed for it.
    pub fn new(data: Tensor) -> Self {
        Self::with_history(data, History::Constant)
    }

    /// Returns a leaf whose gradient `backward` computes; PyTorch's `requires_grad=True`. The dtype must be
    /// floating point: otherwise the first operation on the leaf returns an error.
    pub fn requires_grad(data: Tensor) -> Self {
        let leaf = Leaf::new(&data);
        Self::with_history(data, History::Leaf(leaf, true))
    }

    pub(crate) fn with_history(data: Tensor, history: History) -> Self {
        Self::with_source(data, history, None)
    }

    /// Returns a variable that may be a view.
    pub(crate) fn with_source(data: Tensor, history: History, source: Option<Box<Source>>) -> Self {
        Self(Arc::new(Inner {
            data: RwLock::new(data),
            history: RwLock::new(history),
            retained: Mutex::new(None),
            source,
            rewired: AtomicU64::new(0),
        }))
    }

    /// Returns the history for reading. A view first checks if its base was changed in place.
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

    /// Returns the tensor, which shares the memory of the variable but is not part of the graph.
    pub fn data(&self) -> Tensor {
        self.tensor().clone()
    }

    /// Locks the tensor for reading, which is cheaper than cloning it. The lock is recursive, because a
    /// variable may be an operand twice.
    pub(crate) fn tensor(&self) -> RwLockReadGuard<'_, Tensor> {
        self.0.data.read_recursive()
    }

    /// Replaces the tensor, to move a parameter to another device or dtype, for example. Graphs recorded
    /// before keep the old tensor.
    pub fn set_data(&self, data: Tensor) {
        *self.0.data.write() = data;
    }

    /// Returns the sizes, one per dimension.
    pub fn size(&self) -> Shape {
        self.tensor().size().into()
    }

    /// Returns the size of dimension `dim`. A negative `dim` counts from the end.
    ///
    /// # Errors
    /// If `dim` is out of range.
    pub fn size_of(&self, dim: i64) -> Result<usize> {
        Ok(self.tensor().size_of(dim)?)
    }

    /// Returns the number of dimensions.
    pub fn dim(&self) -> usize {
        self.tensor().dim()
    }

    /// Returns the number of elements.
    pub fn numel(&self) -> usize {
        self.tensor().numel()
    }

    /// Returns the dtype.
    pub fn dtype(&self) -> DType {
        self.tensor().dtype()
    }

    /// Returns the device.
    pub fn device(&self) -> Device {
        self.tensor().device()
    }

    /// Returns the value of a variable with one element.
    ///
    /// # Errors
    /// If the variable does not have exactly one element.
    pub fn item<T: taper_tensor::Element>(&self) -> Result<T> {
        Ok(self.tensor().item()?)
    }

    /// Returns true if a gradient flows to this variable.
    pub fn is_requires_grad(&self) -> bool {
        !matches!(&*self.origin(), History::Constant | History::Leaf(_, false))
    }

    /// Returns true if the user made this variable, and false if an operation made it.
    pub fn is_leaf(&self) -> bool {
        !matches!(&*self.origin(), History::Made(..))
    }

    /// Sets if a leaf requires a gradient. A parameter that does not is frozen.
    ///
    /// # Errors
    /// If an operation made the variable, or `on` is true and the dtype is not floating point.
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
                    format!("got a variable made by {}, expected a leaf; use .detach()", node.name),
                ));
            }
        }
        Ok(())
    }

    /// Returns the operation that made this variable; PyTorch's `grad_fn`.
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

    /// Returns the gradient that `backward` has accumulated.
    pub fn grad(&self) -> Option<Tensor> {
        self.grad_variable().map(|g| g.data())
    }

    /// Returns the gradient as a variable. After a backward pass with `create_graph`, it can be
    /// differentiated.
    pub fn grad_variable(&self) -> Option<Variable> {
        self.slot()?.grad.lock().clone()
    }

    /// Replaces or removes the gradient of a leaf.
    pub fn set_grad(&self, grad: Option<Tensor>) {
        if let Some(slot) = self.slot() {
            *slot.grad.lock() = grad.map(Variable::new);
        }
    }

    /// Removes the gradient, so that the next `backward` starts from zero.
    pub fn zero_grad(&self) {
        self.set_grad(None);
    }

    /// Returns a constant that shares the data: no gradient flows through it.
    pub fn detach(&self) -> Self {
        Self::new(self.data())
    }

    /// Names a leaf, for error messages and drawings of the graph.
    pub fn set_name(&self, name: &str) {
        let mut history = self.0.history.write();
        if matches!(*history, History::Constant) {
            *history = History::Leaf(Leaf::new(&self.tensor()), false);
        }
        if let History::Leaf(leaf, _) = &*history {
            *leaf.name.lock() = Some(name.to_owned());
        }
    }

    /// Returns the name of a leaf.
    pub fn name(&self) -> Option<String> {
        match &*self.origin() {
            History::Leaf(leaf, _) => leaf.name.lock().clone(),
            _ => None,
        }
    }

    /// Returns true if both are handles to the same variable.
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
