//! Prints modules in PyTorch's form.

use std::fmt::{Formatter, Result};

use super::Module;

/// Writes the tree of a module as PyTorch's `print(net)` does; `#[derive(Module)]` uses it for `Display`.
///
/// # Errors
/// Those of the formatter.
pub fn print_module(module: &dyn Module, f: &mut Formatter<'_>) -> Result {
    f.write_str(&text(module))
}

fn text(module: &dyn Module) -> String {
    let extra = module.extra_repr();
    let children: Vec<(String, String)> =
        module.children().into_iter().map(|(name, child)| (name, text(child))).collect();
    let children = if module.name() == "ModuleList" { folded(children) } else { children };
    if children.is_empty() && !extra.contains('\n') {
        return format!("{}({extra})", module.name());
    }
    let extra = extra.lines().map(str::to_owned);
    let children = children.into_iter().map(|(name, child)| format!("({name}): {child}"));
    let body: String =
        extra.chain(children).map(|line| format!("\n  {}", line.replace('\n', "\n  "))).collect();
    format!("{}({body}\n)", module.name())
}

/// Joins equal neighbours in a list to one entry, `(0-2): 3 x Linear(...)`.
fn folded(children: Vec<(String, String)>) -> Vec<(String, String)> {
    children
        .chunk_by(|(_, a), (_, b)| a == b)
        .map(|run| match run {
            [one] => one.clone(),
            _ => (format!("{}-{}", run[0].0, run[run.len() - 1].0), format!("{} x {}", run.len(), run[0].1)),
        })
        .collect()
}
