//! Expands a type's definition to its `Module` and `Display`.

use std::collections::HashSet;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;
use syn::spanned::Spanned;
use syn::{Data, DeriveInput, Error, Field, Fields, Generics, Index, Result, Variant, parse_quote};

use crate::attributes::{self, Role};

/// Returns the implementations that `#[derive(Module)]` writes.
pub fn module(input: &DeriveInput) -> Result<TokenStream> {
    let options = attributes::of_type(&input.attrs)?;
    let printed = options.rename.unwrap_or_else(|| input.ident.unraw().to_string());
    let described = options.extra_repr.map(|function| quote!(#function(self)));
    let body = match &input.data {
        Data::Struct(data) => struct_body(&data.fields, &printed, described)?,
        Data::Enum(data) => enum_body(data.variants.iter(), &printed, described)?,
        Data::Union(data) => {
            let message = "a union cannot be a module: make it a struct or an enum";
            return Err(Error::new(data.union_token.span(), message));
        }
    };
    let generics = with_bounds(&input.generics, &input.data)?;
    let (parameters, arguments, bounds) = generics.split_for_impl();
    let ident = &input.ident;
    let nn = options.krate.unwrap_or_else(crate::manifest::path_of_nn);
    Ok(quote! {
        const _: () = {
        use #nn as __nn;
        #[automatically_derived]
        impl #parameters __nn::Module for #ident #arguments #bounds {
            #body
        }
        #[automatically_derived]
        impl #parameters ::core::fmt::Display for #ident #arguments #bounds {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                __nn::print_module(self, f)
            }
        }
        };
    })
}

fn struct_body(fields: &Fields, printed: &str, described: Option<TokenStream>) -> Result<TokenStream> {
    let visits = visits(fields, |index, field| match &field.ident {
        Some(name) => quote!(&self.#name),
        None => {
            let index = Index::from(index);
            quote!(&self.#index)
        }
    })?;
    Ok(methods(&quote!(#(#visits)*), &quote!(#printed), described))
}

fn enum_body<'a>(
    variants: impl Iterator<Item = &'a Variant>,
    printed: &str,
    described: Option<TokenStream>,
) -> Result<TokenStream> {
    let (mut visit, mut name, mut repr, mut inner) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for variant in variants {
        attributes::none(&variant.attrs)?;
        let ident = &variant.ident;
        if let Some(field) = transparent(variant)? {
            let span = pointing_at(field);
            visit.push(quote_spanned!(span=> Self::#ident(inner) => __nn::Module::visit(inner, visitor)));
            name.push(quote_spanned!(span=> Self::#ident(inner) => __nn::Module::name(inner)));
            repr.push(quote_spanned!(span=> Self::#ident(inner) => __nn::Module::extra_repr(inner)));
            let inner_it = quote_spanned!(span=> __nn::AsModule::as_module(inner));
            inner.push(quote!(Self::#ident(inner) => ::core::option::Option::Some(#inner_it)));
        } else {
            let bindings: Vec<Ident> = (0..variant.fields.len()).map(|i| format_ident!("field{i}")).collect();
            let visits = visits(&variant.fields, |index, _| {
                let binding = &bindings[index];
                quote!(#binding)
            })?;
            let pattern = pattern(&variant.fields, &bindings)?;
            visit.push(quote!(Self::#ident #pattern => { #(#visits)* }));
            name.push(quote!(Self::#ident { .. } => #printed));
            repr.push(quote!(Self::#ident { .. } => ::std::string::String::new()));
            inner.push(quote!(Self::#ident { .. } => ::core::option::Option::None));
        }
    }
    let described = described.unwrap_or_else(|| over(&repr));
    let methods = methods(&over(&visit), &over(&name), Some(described));
    let inner = over(&inner);
    Ok(quote! {
        #methods
        fn inner(&self) -> ::core::option::Option<&dyn __nn::Module> {
            #inner
        }
    })
}

/// Returns a match over the variants. An enum without variants is matched by value, as a match over a reference
/// would need an arm.
fn over(arms: &[TokenStream]) -> TokenStream {
    if arms.is_empty() { quote!(match *self {}) } else { quote!(match self { #(#arms,)* }) }
}

fn methods(visit: &TokenStream, name: &TokenStream, described: Option<TokenStream>) -> TokenStream {
    let described = described.map(|described| {
        quote! {
            fn extra_repr(&self) -> ::std::string::String {
                #described
            }
        }
    });
    quote! {
        fn visit<'module>(&'module self, visitor: &mut __nn::Visitor<'module>) {
            #visit
        }
        fn name(&self) -> &'static str {
            #name
        }
        #described
    }
}

/// Returns the field of a variant with one unnamed field.
fn transparent(variant: &Variant) -> Result<Option<&Field>> {
    let Fields::Unnamed(fields) = &variant.fields else { return Ok(None) };
    match fields.unnamed.first() {
        Some(field) if fields.unnamed.len() == 1 => {
            let options = attributes::of_field(&field.attrs)?;
            Ok((options.role == Role::Member && options.rename.is_none()).then_some(field))
        }
        _ => Ok(None),
    }
}

/// Returns the span of an error about the field's type. Names resolve as in the rest of the expansion, even if
/// the type comes out of another macro.
fn pointing_at(field: &Field) -> Span {
    field.ty.span().resolved_at(Span::call_site())
}

/// Returns a call for each field that is a member; `place` is a reference to the field.
fn visits(fields: &Fields, place: impl Fn(usize, &Field) -> TokenStream) -> Result<Vec<TokenStream>> {
    let mut names = HashSet::new();
    let mut calls = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        let options = attributes::of_field(&field.attrs)?;
        if options.role == Role::Skipped {
            continue;
        }
        let own = || field.ident.as_ref().map_or_else(|| index.to_string(), |name| name.unraw().to_string());
        let name = options.rename.unwrap_or_else(own);
        if !names.insert(name.clone()) {
            let message = format!(
                "two fields are named `{name}`: give one another name with `#[module(rename = \"...\")]`"
            );
            return Err(Error::new(field.span(), message));
        }
        let place = place(index, field);
        let span = pointing_at(field);
        calls.push(match options.role {
            Role::Buffer => quote_spanned!(span=> visitor.buffer(#name, #place);),
            _ => quote_spanned!(span=> visitor.field(#name, #place);),
        });
    }
    Ok(calls)
}

/// Returns the pattern that binds the members of a variant.
fn pattern(fields: &Fields, bindings: &[Ident]) -> Result<TokenStream> {
    let mut bound = Vec::new();
    for (index, (field, binding)) in fields.iter().zip(bindings).enumerate() {
        if attributes::of_field(&field.attrs)?.role != Role::Skipped {
            let index = Index::from(index);
            bound.push(match &field.ident {
                Some(name) => quote!(#name: #binding),
                None => quote!(#index: #binding),
            });
        }
    }
    Ok(quote!({ #(#bound,)* .. }))
}

/// Returns the type's generics, with the bound `Module` on the parameters that members use.
fn with_bounds(generics: &Generics, data: &Data) -> Result<Generics> {
    let fields: Vec<&Field> = match data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => data.variants.iter().flat_map(|variant| &variant.fields).collect(),
        Data::Union(_) => Vec::new(),
    };
    let mut used = HashSet::new();
    for field in fields {
        if attributes::of_field(&field.attrs)?.role == Role::Member {
            let ty = &field.ty;
            identifiers(quote!(#ty), &mut used);
        }
    }
    let mut generics = generics.clone();
    let asked: Vec<Ident> =
        generics.type_params().map(|p| p.ident.clone()).filter(|p| used.contains(p)).collect();
    for parameter in asked {
        generics.make_where_clause().predicates.push(parse_quote!(#parameter: __nn::Module));
    }
    Ok(generics)
}

fn identifiers(tokens: TokenStream, found: &mut HashSet<Ident>) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => drop(found.insert(ident)),
            TokenTree::Group(group) => identifiers(group.stream(), found),
            _ => {}
        }
    }
}
