//! Walks the tree of a module.

use taper_autograd::Variable;
use taper_tensor::Tensor;

use super::{Member, Module, Visitor};
use crate::Result;

/// Returns this module and all below it with their dotted names, a module before its children.
pub fn modules(module: &dyn Module) -> Vec<(String, &dyn Module)> {
    let mut found = vec![(String::new(), innermost(module))];
    for (name, child) in children(module) {
        let below = modules(child).into_iter().map(|(path, module)| (join(&name, &path), module));
        found.extend(below);
    }
    found
}

/// Returns the module within any number of boxes and variants.
pub fn innermost(mut module: &dyn Module) -> &dyn Module {
    while let Some(inner) = module.inner() {
        module = inner;
    }
    module
}

pub fn children(module: &dyn Module) -> Vec<(String, &dyn Module)> {
    let members = Visitor::members_of(module).into_iter();
    members
        .filter_map(
            |(name, member)| if let Member::Module(child) = member { Some((name, child)) } else { None },
        )
        .collect()
}

/// Returns the members of the whole tree that are not modules, with their dotted names: a module's own, in
/// order, before its children's.
pub fn leaves(module: &dyn Module) -> impl Iterator<Item = (String, Member<'_>)> {
    modules(module).into_iter().flat_map(|(path, module)| {
        let members = Visitor::members_of(module).into_iter();
        let own = members.filter(|(_, member)| !matches!(member, Member::Module(_)));
        own.map(move |(name, member)| (join(&path, &name), member))
    })
}

/// Tells all parameters and places their names, and returns the parameters.
pub fn named(module: &dyn Module) -> Vec<(String, Variable)> {
    for (path, module) in modules(module) {
        for (_, member) in Visitor::members_of(module) {
            if let Member::Place(place) = member {
                place.give(&path);
            }
        }
    }
    let parameters = parameters(module);
    parameters.iter().for_each(|(name, parameter)| give_name(name, parameter));
    parameters
}

fn parameters(module: &dyn Module) -> Vec<(String, Variable)> {
    once(leaves(module).filter_map(|(name, member)| match member {
        Member::Parameter(parameter) => Some((name, parameter)),
        _ => None,
    }))
}

pub fn buffers(module: &dyn Module) -> Vec<(String, Variable)> {
    once(leaves(module).filter_map(|(name, member)| match member {
        Member::Buffer(buffer) => Some((name, buffer)),
        _ => None,
    }))
}

/// Keeps each variable under the first of its names.
fn once<'a>(named: impl Iterator<Item = (String, &'a Variable)>) -> Vec<(String, Variable)> {
    let mut found: Vec<(String, Variable)> = Vec::new();
    for (name, variable) in named {
        if !found.iter().any(|(_, known)| known.is(variable)) {
            found.push((name, variable.clone()));
        }
    }
    found
}

/// Names a variable by its place in the tree, unless it already has a name in a larger one.
fn give_name(path: &str, variable: &Variable) {
    let longer = |known: &str| known.strip_suffix(path).is_some_and(|above| above.ends_with('.'));
    if !variable.name().is_some_and(|known| longer(&known)) {
        variable.set_name(path);
    }
}

pub fn set_training(module: &dyn Module, training: bool) {
    named(module);
    for (_, member) in leaves(module) {
        if let Member::Training(flag) = member {
            flag.set(training);
        }
    }
}

/// Replaces the tensor of each parameter and buffer by what `f` makes of it.
pub fn replace_data(module: &dyn Module, f: &dyn Fn(&Tensor) -> taper_tensor::Result<Tensor>) -> Result<()> {
    for (_, variable) in parameters(module).into_iter().chain(buffers(module)) {
        variable.set_data(f(&variable.data())?);
    }
    Ok(())
}

fn join(path: &str, name: &str) -> String {
    match (path, name) {
        ("", name) => name.to_owned(),
        (path, "") => path.to_owned(),
        (path, name) => format!("{path}.{name}"),
    }
}
