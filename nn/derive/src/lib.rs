//! `#[derive(Module)]`: the members of a struct or enum, listed for `taper_nn`.
//!
//! Use it from there, as `taper_nn::Module`; this crate only holds the macro.
#![forbid(unsafe_code)]

mod attributes;
mod expand;
mod manifest;
#[cfg(test)]
mod tests;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Makes a struct or enum a module: its fields become its parameters, buffers and children, in
/// order and under their own names, those of a tuple struct under `0`, `1`, …
///
/// Each field is a module, a `Variable` (which is a parameter), a `Training` flag, a `Place`, or an `Option` of
/// such; `Vec`s, arrays, maps and boxes of modules are modules. Anything else carries `#[module(skip)]`. It also
/// gives the type a `Display` that prints the tree as PyTorch does.
///
/// | on a field | |
/// | --- | --- |
/// | `#[module(skip)]` | plain data, not a member of the module |
/// | `#[module(buffer)]` | a `Variable` that is saved with the module, but not trained |
/// | `#[module(rename = "gamma")]` | the name in `state_dict`, where it is not the field's |
///
/// | on the type | |
/// | --- | --- |
/// | `#[module(rename = "ReLU")]` | the name printed, where it is not the type's |
/// | `#[module(extra_repr = "Self::describe")]` | a function `fn(&Self) -> String`: what is printed between the parentheses |
/// | `#[module(crate = "my::nn")]` | where `taper_nn` is: by default `taper::nn` for a package that depends on `taper` and not on `taper-nn` |
///
/// A variant of an enum that holds one unnamed field is that field, with no level of its own: in
/// `enum Layer { Conv(Conv2d), Pool(MaxPool2d) }` a `Layer::Conv` has the parameters `weight` and
/// `bias`. Type parameters that fields use must be modules.
#[proc_macro_derive(Module, attributes(module))]
pub fn derive_module(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    expand::module(&input).unwrap_or_else(syn::Error::into_compile_error).into()
}
