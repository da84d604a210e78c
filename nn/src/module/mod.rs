//! What a network is made of: parameters, buffers and other modules, by dotted names.

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
/// `#[derive(Module)]` writes it, and `Display` with it; all else here follows from what
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
    message = "`{Self}` is no module",
    label = "no module",
    note = "a module of your own: put `#[derive(Module)]` on its definition",
    note = "plain data: mark the field with `#[module(skip)]`"
)]
pub trait Module: Any + AsModule {
    /// Names each member of this module to the visitor, in order, but not the members of its
    /// children.
    fn visit<'a>(&'a self, visitor: &mut Visitor<'a>);

    /// The type's name, as it is printed.
    fn name(&self) -> &'static str;

    /// What is printed between the parentheses, such as a layer's sizes; nothing unless said.
    fn extra_repr(&self) -> String {
        String::new()
    }

    /// The module that this one only wraps, such as a box's content or an enum's variant; it then
    /// stands in the tree in place of this one.
    fn inner(&self) -> Option<&dyn Module> {
        None
    }

    /// The parameters of the whole tree, each once, a module's own before its children's. They
    /// are the very variables, not copies: an optimiser changes them through these.
    fn parameters(&self) -> Vec<Variable> {
        self.named_parameters().into_iter().map(|(_, parameter)| parameter).collect()
    }

    /// [`parameters`](Module::parameters) with their dotted names; a shared one has the first of
    /// its names. Each variable is given its name, which errors then speak of.
    fn named_parameters(&self) -> Vec<(String, Variable)> {
        tree::named(self.as_module())
    }

    /// The buffers of the whole tree, each once: what is saved with the module, but not trained.
    fn buffers(&self) -> Vec<Variable> {
        self.named_buffers().into_iter().map(|(_, buffer)| buffer).collect()
    }

    /// [`buffers`](Module::buffers) with their dotted names.
    fn named_buffers(&self) -> Vec<(String, Variable)> {
        tree::buffers(self.as_module())
    }

    /// The modules directly below this one, with their names.
    fn children(&self) -> Vec<(String, &dyn Module)> {
        tree::children(self.as_module())
    }

    /// This module, under the empty name, and all below it, a module before its children.
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

    /// Puts the tree into training mode: dropout drops, batch norm uses the batch's statistics.
    fn train(&self) {
        tree::set_training(self.as_module(), true);
    }

    /// Puts the tree into evaluation mode.
    fn eval(&self) {
        tree::set_training(self.as_module(), false);
    }

    /// Forgets the gradients of all parameters.
    fn zero_grad(&self) {
        self.parameters().iter().for_each(Variable::zero_grad);
    }

    /// Whether backward computes gradients for the parameters: `requires_grad_(false)` freezes them.
    ///
    /// # Errors
    /// When an operation made a parameter, so that it is no leaf.
    fn requires_grad_(&self, on: bool) -> Result<()> {
        Ok(self.parameters().iter().try_for_each(|parameter| parameter.set_requires_grad(on))?)
    }

    /// Moves parameters and buffers to a device.
    ///
    /// # Errors
    /// When the device has no room or fails.
    fn to(&self, device: &Device) -> Result<()> {
        tree::replace_data(self.as_module(), &|data| data.to(device))
    }

    /// Converts parameters and buffers of a floating dtype to another one; others stay as they are.
    ///
    /// # Errors
    /// When there is no memory for it.
    fn to_dtype(&self, dtype: DType) -> Result<()> {
        tree::replace_data(self.as_module(), &|data| match data.dtype().is_float() {
            true => data.to_dtype(dtype),
            false => Ok(data.clone()),
        })
    }
}

impl dyn Module + '_ {
    /// This module as the type that it is, when it is an `M`.
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

/// Any module as a trait object; implemented for all of them.
pub trait AsModule {
    /// `self`.
    fn as_module(&self) -> &dyn Module;

    /// `self`, as the type that it is.
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
