//! Reads `#[module(...)]` on a type and on a field.

use syn::meta::ParseNestedMeta;
use syn::{Attribute, Error, LitStr, Path, Result};

/// Options of the whole type.
#[derive(Default)]
pub struct TypeOptions {
    /// The printed name.
    pub rename: Option<String>,
    /// The function that returns the text between the parentheses.
    pub extra_repr: Option<Path>,
    /// The path of `taper_nn`, where it cannot be found in the package's manifest.
    pub krate: Option<Path>,
}

/// The role of a field in the module.
#[derive(Clone, Copy, PartialEq)]
pub enum Role {
    /// A member of the kind that its type is: a module, a parameter, …
    Member,
    Buffer,
    Skipped,
}

/// Options of a field.
pub struct FieldOptions {
    pub role: Role,
    /// The member's name, if it is not the field's.
    pub rename: Option<String>,
}

pub fn of_type(attributes: &[Attribute]) -> Result<TypeOptions> {
    let mut options = TypeOptions::default();
    for_each(attributes, |meta| {
        if meta.path.is_ident("rename") {
            options.rename = Some(meta.value()?.parse::<LitStr>()?.value());
        } else if meta.path.is_ident("extra_repr") {
            options.extra_repr = Some(meta.value()?.parse::<LitStr>()?.parse()?);
        } else if meta.path.is_ident("crate") {
            options.krate = Some(meta.value()?.parse::<LitStr>()?.parse()?);
        } else {
            let known = "a type takes `rename = \"...\"`, `extra_repr = \"...\"` and `crate = \"...\"`";
            return Err(unknown(&meta, known));
        }
        Ok(())
    })?;
    Ok(options)
}

pub fn of_field(attributes: &[Attribute]) -> Result<FieldOptions> {
    let mut options = FieldOptions { role: Role::Member, rename: None };
    for_each(attributes, |meta| {
        let role = match () {
            () if meta.path.is_ident("skip") => Role::Skipped,
            () if meta.path.is_ident("buffer") => Role::Buffer,
            () if meta.path.is_ident("rename") => {
                options.rename = Some(member_name(&meta.value()?.parse()?)?);
                options.role
            }
            () => return Err(unknown(&meta, "a field takes `skip`, `buffer` and `rename = \"...\"`")),
        };
        let taken = options.role != Role::Member && options.role != role;
        options.role = role;
        if taken || role == Role::Skipped && options.rename.is_some() {
            return Err(meta.error(
                "a skipped field is not a member, so it has no name and is not a buffer; remove one of the two",
            ));
        }
        Ok(())
    })?;
    Ok(options)
}

/// Refuses `#[module(...)]` where it has no effect.
pub fn none(attributes: &[Attribute]) -> Result<()> {
    for_each(attributes, |meta| Err(meta.error("a variant takes no `#[module(...)]`: put it on the fields")))
}

fn for_each(attributes: &[Attribute], mut read: impl FnMut(ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    let mut ours = attributes.iter().filter(|attribute| attribute.path().is_ident("module"));
    ours.try_for_each(|attribute| attribute.parse_nested_meta(&mut read))
}

fn unknown(meta: &ParseNestedMeta<'_>, known: &str) -> Error {
    let name = meta.path.get_ident().map_or_else(|| "this".to_owned(), |name| format!("`{name}`"));
    meta.error(format!("{name} is unknown in `#[module(...)]`: {known}"))
}

fn member_name(literal: &LitStr) -> Result<String> {
    let name = literal.value();
    if name.is_empty() || name.contains('.') {
        let message = format!(
            "`{name}` cannot name a member: give one that is not empty and has no dot, which separates levels"
        );
        return Err(Error::new(literal.span(), message));
    }
    Ok(name)
}
