//! Collections and boxes of modules are modules.

use std::any::Any;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Module, ModuleField, Visitor};
use crate::Layer;

/// A list of layers, of one type or boxed ones of several; PyTorch's `nn.ModuleList`.
pub type ModuleList<L = Box<dyn Layer>> = Vec<L>;

/// Layers by name; PyTorch's `nn.ModuleDict`.
pub type ModuleDict<L = Box<dyn Layer>> = BTreeMap<String, L>;

/// A list has members `0`, `1`, …, as PyTorch's `ModuleList` and `ParameterList`.
impl<F: ModuleField + Any> Module for Vec<F> {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'a>) {
        number(self, visitor);
    }

    fn name(&self) -> &'static str {
        "ModuleList"
    }
}

impl<F: ModuleField + Any, const N: usize> Module for [F; N] {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'a>) {
        number(self, visitor);
    }

    fn name(&self) -> &'static str {
        "ModuleList"
    }
}

fn number<'a>(fields: &'a [impl ModuleField], visitor: &mut Visitor<'a>) {
    fields.iter().enumerate().for_each(|(i, field)| visitor.field(&i.to_string(), field));
}

/// Members are in the order of the keys: a hash map's own order changes from run to run.
impl<F: ModuleField + Any> Module for HashMap<String, F> {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'a>) {
        let mut entries: Vec<_> = self.iter().collect();
        entries.sort_by_key(|(key, _)| *key);
        entries.into_iter().for_each(|(key, field)| visitor.field(key, field));
    }

    fn name(&self) -> &'static str {
        "ModuleDict"
    }
}

impl<F: ModuleField + Any> Module for BTreeMap<String, F> {
    fn visit<'a>(&'a self, visitor: &mut Visitor<'a>) {
        self.iter().for_each(|(key, field)| visitor.field(key, field));
    }

    fn name(&self) -> &'static str {
        "ModuleDict"
    }
}

/// A pointer to a module is that module, without a level of its own.
macro_rules! pointer {
    ($($pointer:ident)*) => {$(
        impl<M: Module + ?Sized> Module for $pointer<M> {
            fn visit<'a>(&'a self, visitor: &mut Visitor<'a>) {
                (**self).visit(visitor);
            }

            fn name(&self) -> &'static str {
                (**self).name()
            }

            fn extra_repr(&self) -> String {
                (**self).extra_repr()
            }

            fn inner(&self) -> Option<&dyn Module> {
                Some((**self).as_module())
            }
        }
    )*};
}

pointer!(Box Arc);
