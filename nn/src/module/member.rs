//! The members of a module.

use taper_autograd::Variable;

use super::{Module, Place, Training, tree};

/// A member of a module.
#[derive(Clone, Copy)]
pub enum Member<'a> {
    /// A variable that is trained.
    Parameter(&'a Variable),
    /// A variable that is saved with the module, but not trained.
    Buffer(&'a Variable),
    /// A child.
    Module(&'a dyn Module),
    /// The flag that [`Module::train`] and [`Module::eval`] set.
    Training(&'a Training),
    /// The path of the module in its network.
    Place(&'a Place),
}

/// Receives the members of a module, by name.
#[derive(Default)]
pub struct Visitor<'a> {
    members: Vec<(String, Member<'a>)>,
}

impl<'a> Visitor<'a> {
    /// Returns the members of `module`, in order.
    pub fn members_of(module: &'a dyn Module) -> Vec<(String, Member<'a>)> {
        let mut visitor = Self::default();
        module.visit(&mut visitor);
        visitor.members
    }

    /// Adds a field as the kind of member that its type is; skips a `None`.
    pub fn field(&mut self, name: &str, field: &'a (impl ModuleField + ?Sized)) {
        self.members.extend(field.member().map(|member| (name.to_owned(), member)));
    }

    /// Adds a buffer; skips a `None`.
    pub fn buffer(&mut self, name: &str, field: &'a impl BufferField) {
        self.members.extend(field.buffer().map(|buffer| (name.to_owned(), Member::Buffer(buffer))));
    }
}

/// A type that a field of a module can have: a module, a [`Variable`], which is a parameter,
/// [`Training`], [`Place`], or an `Option` of these. Lists, arrays, maps and boxes of modules are modules.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be a member of a module",
    label = "neither a module nor a parameter",
    note = "plain data: mark the field with `#[module(skip)]`",
    note = "a module of your own: put `#[derive(Module)]` on its definition"
)]
pub trait ModuleField {
    /// Returns the member that the field is; none for a `None`.
    fn member(&self) -> Option<Member<'_>>;
}

impl<M: Module + ?Sized> ModuleField for M {
    fn member(&self) -> Option<Member<'_>> {
        Some(Member::Module(tree::innermost(self.as_module())))
    }
}

impl ModuleField for Variable {
    fn member(&self) -> Option<Member<'_>> {
        Some(Member::Parameter(self))
    }
}

impl ModuleField for Training {
    fn member(&self) -> Option<Member<'_>> {
        Some(Member::Training(self))
    }
}

impl ModuleField for Place {
    fn member(&self) -> Option<Member<'_>> {
        Some(Member::Place(self))
    }
}

impl<F: ModuleField> ModuleField for Option<F> {
    fn member(&self) -> Option<Member<'_>> {
        self.as_ref().and_then(ModuleField::member)
    }
}

/// A type that a field marked `#[module(buffer)]` can have.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` cannot be a buffer",
    note = "make it a `Variable` or an `Option<Variable>`, or mark it with `#[module(skip)]`"
)]
pub trait BufferField {
    /// Returns the buffer; none for a `None`.
    fn buffer(&self) -> Option<&Variable>;
}

impl BufferField for Variable {
    fn buffer(&self) -> Option<&Variable> {
        Some(self)
    }
}

impl BufferField for Option<Variable> {
    fn buffer(&self) -> Option<&Variable> {
        self.as_ref()
    }
}
