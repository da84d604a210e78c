//! The tree of a network's parameters, buffers and modules, by dotted names.

mod containers;
mod member;
mod place;
mod print;
mod training;
mod tree;

use std::any::Any;

use taper_autograd::Variable;
use taper_tensor::{DType, Device};

pub use containers::{ModuleDict, ModuleList};
pub use member::{BufferField, Member, ModuleField, Visitor};
pub use place::Place;
pub(crate) use place::{enter, named};
pub use print::print_module;
pub use training::Training;

use crate::Result;

/// A network or a part of one: the tree of its parameters, buffers and children.
///
/// `#[derive(Module)]` implements it, and `Display` with it; the other methods use what
/// [`visit`](Module::visit) lists. Names are PyTorch's: `conv1.weight`, `layers.0.bias`.
///
/// ```
/// use taper_autograd::Variable;
/// use taper_nn::{Module, Training};
/// use taper_tensor::Tensor;
///
/// #[derive(Module)]
/// struct Scale {
///     weight: Variable, // a parameter
///     #[module(buffer)]
///     seen: Variable, // saved, but not trained
///     #[module(skip)]
///     channels: usize,
///     training: Training,
/// }
///
/// #[derive(Module)]
/// struct Net {
///     first: Scale,
///     rest: Vec<Scale>,
/// }
///
/// let scale = || Ok::<_, taper_tensor::Error>(Scale {
///     weight: Variable::requires_grad(Tensor::ones(3)?),
///     seen: Variable::new(Tensor::zeros(())?),
///     channels: 3,
///     training: Training::default(),
/// });
/// let net = Net { first: scale()?, rest: vec![scale()?, scale()?] };
/// let names: Vec<String> = net.named_parameters().into_iter().map(|(name, _)| name).collect();
/// assert_eq!(names, ["first.weight", "rest.0.weight", "rest.1.weight"]);
/// net.eval();
/// assert!(!net.rest[1].training.get());
/// assert_eq!(net.to_string(), "Net(\n  (first): Scale()\n  (rest): ModuleList(\n    (0-1): 2 x Scale()\n  )\n)");
/// # Ok::<(), taper_nn::Error>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a module",
    label = "not a module",
    note = "a module of your own: put `#[derive(Module)]` on its definition",
    note = "plain data: mark the field with `#[module(skip)]`"
)]
pub trait Module: Any + AsModule {
    /// Names each member of this module to the visitor, in order, without the members of its children.
    fn visit<'a>(&'a self, visitor: &mut Visitor<'a>);

    /// Returns the type's name, as it is printed.
    fn name(&self) -> &'static str;

    /// Returns the text between the parentheses, such as a layer's sizes; default empty.
    fn extra_repr(&self) -> String {
        String::new()
    }

    /// Returns the module that this one only wraps, such as a box's content or an enum's variant, and that
    /// takes its place in the tree; default none.
    fn inner(&self) -> Option<&dyn Module> {
        None
    }

    /// Returns the parameters of the whole tree, each once, a module's own before its children's. They share
    /// the memory of the module: an optimiser changes them in place. As
    /// [`named_parameters`](Module::named_parameters), it names them for errors.
    fn parameters(&self) -> Vec<Variable> {
        self.named_parameters().into_iter().map(|(_, parameter)| parameter).collect()
    }

    /// Returns the parameters with their dotted names; a shared one has the first of its names. It also tells
    /// each variable its name, so that errors can say which layer failed.
    fn named_parameters(&self) -> Vec<(String, Variable)> {
        tree::named(self.as_module())
    }

    /// Returns the buffers of the whole tree, each once: they are saved with the module, but not trained.
    fn buffers(&self) -> Vec<Variable> {
        self.named_buffers().into_iter().map(|(_, buffer)| buffer).collect()
    }

    /// Returns the buffers with their dotted names; a shared one has the first of its names.
    fn named_buffers(&self) -> Vec<(String, Variable)> {
        tree::buffers(self.as_module())
    }

    /// Returns the modules directly below this one, with their names.
    fn children(&self) -> Vec<(String, &dyn Module)> {
        tree::children(self.as_module())
    }

    /// Returns this module, under the empty name, and all below it, a module before its children.
    fn modules(&self) -> Vec<(String, &dyn Module)> {
        tree::modules(self.as_module())
    }

    /// Calls `f` on every module of the tree, children first; stops at the first error.
    ///
    /// # Errors
    /// Those of `f`.
    fn apply(&self, f: &mut dyn FnMut(&dyn Module) -> Result<()>) -> Result<()> {
        self.children().into_iter().try_for_each(|(_, child)| child.apply(f))?;
        f(tree::innermost(self.as_module()))
    }

    /// Switches the tree to training: dropout drops, batch norm uses the batch's statistics.
    fn train(&self) {
        tree::set_training(self.as_module(), true);
    }

    /// Switches the tree to evaluation.
    fn eval(&self) {
        tree::set_training(self.as_module(), false);
    }

    /// Removes the gradients of all parameters.
    fn zero_grad(&self) {
        self.parameters().iter().for_each(Variable::zero_grad);
    }

    /// Sets for all parameters whether backward computes their gradients: `requires_grad_(false)` freezes them.
    ///
    /// # Errors
    /// When an operation made a parameter, so that it is not a leaf.
    fn requires_grad_(&self, on: bool) -> Result<()> {
        Ok(self.parameters().iter().try_for_each(|parameter| parameter.set_requires_grad(on))?)
    }

    /// Moves parameters and buffers to a device.
    ///
    /// # Errors
    /// When the device fails.
    fn to(&self, device: &Device) -> Result<()> {
        tree::replace_data(self.as_module(), &|data| data.to(device))
    }

    /// Converts parameters and buffers of a floating dtype to another dtype; others stay as they are.
    ///
    /// # Errors
    /// When a tensor cannot be converted.
    fn to_dtype(&self, dtype: DType) -> Result<()> {
        tree::replace_data(self.as_module(), &|data| match data.dtype().is_float() {
            true => data.to_dtype(dtype),
            false => Ok(data.clone()),
        })
    }
}

impl dyn Module + '_ {
    /// Returns this module as an `M`, if it is one.
    ///
    /// ```
    /// use taper_nn::{Module, Training};
    /// #[derive(Module)]
    /// struct Dropout { training: Training }
    /// let layers: Vec<Box<dyn Module>> = vec![Box::new(Dropout { training: Training::default() })];
    /// assert!(layers.children()[0].1.downcast_ref::<Dropout>().is_some());
    /// ```
    pub fn downcast_ref<M: Module>(&self) -> Option<&M> {
        self.as_any().downcast_ref()
    }
}

/// Returns a module as a trait object; implemented for all modules.
pub trait AsModule {
    /// Returns `self`.
    fn as_module(&self) -> &dyn Module;

    /// Returns `self`, for casts to its type.
    fn as_any(&self) -> &dyn Any;
}

impl<M: Module> AsModule for M {
    fn as_module(&self) -> &dyn Module {
        self
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
