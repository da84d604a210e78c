//! The expansion, as text. That it compiles and works is tested in `taper-nn`, which has the traits.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, parse_quote};

use crate::expand::module;

fn expanded(input: &DeriveInput) -> String {
    module(input).unwrap().to_string()
}

/// The message of the error that the definition gives.
fn refused(input: &DeriveInput) -> String {
    module(input).unwrap_err().to_string()
}

fn has(expansion: &str, part: &TokenStream) -> bool {
    expansion.contains(&part.to_string())
}

#[test]
fn a_struct_lists_its_fields_in_order() {
    let expansion = expanded(&parse_quote! {
        struct Net {
            conv1: Conv2d,
            #[module(skip)]
            channels: usize,
            #[module(buffer, rename = "running_mean")]
            mean: Variable,
            r#type: Linear,
        }
    });
    let expected = quote! {
        const _: () = {
        use ::taper_nn as __nn;
        #[automatically_derived]
        impl __nn::Module for Net {
            fn visit<'module>(&'module self, visitor: &mut __nn::Visitor<'module>) {
                visitor.field("conv1", &self.conv1);
                visitor.buffer("running_mean", &self.mean);
                visitor.field("type", &self.r#type);
            }
            fn name(&self) -> &'static str {
                "Net"
            }
        }
        #[automatically_derived]
        impl ::core::fmt::Display for Net {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __nn::print_module(self, f)
            }
        }
        };
    };
    assert_eq!(expansion, expected.to_string());
}

#[test]
fn a_tuple_struct_numbers_its_fields() {
    let expansion = expanded(&parse_quote! { struct Pair(Linear, #[module(skip)] usize, Linear); });
    assert!(
        has(&expansion, &quote! { visitor.field("0", &self.0); visitor.field("2", &self.2); }),
        "{expansion}"
    );
    let unit = expanded(&parse_quote! { struct Relu; });
    assert!(has(&unit, &quote! { (&'module self, visitor: &mut __nn::Visitor<'module>) { } }), "{unit}");
}

#[test]
fn an_enum_is_what_its_variant_holds() {
    let expansion = expanded(&parse_quote! {
        enum Layer {
            Conv(Conv2d),
            Residual { #[module(skip)] scale: f64, body: Block },
            Two(Linear, #[module(rename = "gate")] Linear),
            Named(#[module(rename = "only")] Linear),
            Empty,
        }
    });
    let visit = quote! {
        match self {
            Self::Conv(inner) => __nn::Module::visit(inner, visitor),
            Self::Residual { body: field1, .. } => { visitor.field("body", field1); },
            Self::Two { 0: field0, 1: field1, .. } => {
                visitor.field("0", field0);
                visitor.field("gate", field1);
            },
            Self::Named { 0: field0, .. } => { visitor.field("only", field0); },
            Self::Empty { .. } => { },
        }
    };
    assert!(has(&expansion, &visit), "{expansion}");
    let names = quote! { Self::Conv(inner) => __nn::Module::name(inner), Self::Residual { .. } => "Layer" };
    assert!(has(&expansion, &names), "{expansion}");
    let inner = quote! {
        fn inner(&self) -> ::core::option::Option<&dyn __nn::Module> {
            match self {
                Self::Conv(inner) => ::core::option::Option::Some(__nn::AsModule::as_module(inner)),
                Self::Residual { .. } => ::core::option::Option::None,
                Self::Two { .. } => ::core::option::Option::None,
                Self::Named { .. } => ::core::option::Option::None,
                Self::Empty { .. } => ::core::option::Option::None,
            }
        }
    };
    assert!(has(&expansion, &inner), "{expansion}");
    let never = expanded(&parse_quote! { enum Never {} });
    assert!(has(&never, &quote! { match *self {} }), "{never}");
}

#[test]
fn the_printed_line_can_be_changed() {
    let expansion = expanded(&parse_quote! {
        #[module(rename = "ReLU", extra_repr = "Self::describe")]
        struct Relu;
    });
    assert!(has(&expansion, &quote! { "ReLU" }));
    assert!(
        has(&expansion, &quote! { fn extra_repr(&self) -> ::std::string::String { Self::describe(self) } }),
        "{expansion}"
    );
}

#[test]
fn used_type_parameters_are_asked_to_be_modules() {
    let expansion = expanded(&parse_quote! {
        struct Residual<'a, M: Clone, P, const N: usize> where P: Copy {
            body: Vec<M>,
            #[module(skip)]
            rest: &'a [P; N],
        }
    });
    let header = quote! {
        impl<'a, M: Clone, P, const N: usize> __nn::Module for Residual<'a, M, P, N>
        where P: Copy, M: __nn::Module
    };
    assert!(has(&expansion, &header), "{expansion}");
}

#[test]
fn what_cannot_be_is_refused_with_advice() {
    let cases: [(DeriveInput, &str); 9] = [
        (parse_quote! { union U { a: u8 } }, "make it a struct or an enum"),
        (
            parse_quote! { struct A { #[module(buffr)] x: T } },
            "`buffr` is unknown in `#[module(...)]`: a field takes `skip`, `buffer`",
        ),
        (
            parse_quote! { #[module(skip)] struct A; },
            "`skip` is unknown in `#[module(...)]`: a type takes `rename",
        ),
        (parse_quote! { struct A { #[module(skip, buffer)] x: T } }, "remove one of the two"),
        (parse_quote! { struct A { #[module(rename = "x")] #[module(skip)] x: T } }, "remove one of the two"),
        (parse_quote! { struct A { #[module(rename = "a.b")] x: T } }, "`a.b` cannot name a member"),
        (parse_quote! { struct A { #[module(rename = "")] x: T } }, "not empty"),
        (parse_quote! { struct A { x: T, #[module(rename = "x")] y: T } }, "two fields are named `x`"),
        (parse_quote! { enum A { #[module(skip)] X(T) } }, "put it on the fields"),
    ];
    for (input, advice) in cases {
        let message = refused(&input);
        assert!(message.contains(advice), "{message:?} lacks {advice:?}");
    }
}
