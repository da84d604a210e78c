use std::collections::{BTreeMap, BTreeSet};

use super::elementwise::{cast_of, of};
use super::kernel::{BatchNorm, Elementwise, Kernel, Optim, Pool, Reduce, Softmax};
use crate::dtype::ALL;

macro_rules! each_is_defined_for_reals {
    ($($test:ident: $Family:ident;)*) => {$(
        #[test]
        fn $test() {
            let called = $Family::ALL.iter().flat_map(|k| ["f32", "f64"].map(|t| format!("{}_{t}", k.name())));
            assert_eq!(defined($Family::SOURCE), called.collect());
        }
    )*};
}
each_is_defined_for_reals! {
    sums_that_are_called_are_those_that_are_defined: Reduce;
    softmaxes_that_are_called_are_those_that_are_defined: Softmax;
    batch_norms_that_are_called_are_those_that_are_defined: BatchNorm;
    poolings_that_are_called_are_those_that_are_defined: Pool;
    optimisers_that_are_called_are_those_that_are_defined: Optim;
}

#[test]
fn elementwise_kernels_that_are_called_are_those_that_are_defined() {
    let named = |kernel: Elementwise, types: &str| format!("{}_{types}", kernel.name());
    let mut called = BTreeSet::new();
    for dtype in ALL {
        called.extend(Elementwise::ALL.iter().filter_map(|&k| Some(named(k, of(k, dtype)?))));
        let casts = ALL.into_iter().filter_map(|to| cast_of(dtype, to));
        called.extend(casts.map(|types| named(Elementwise::Cast, types)));
    }
    assert_eq!(defined(Elementwise::SOURCE), called);
}

/// The parameters and the body of each macro.
type Macros<'a> = BTreeMap<&'a str, (Vec<&'a str>, &'a str)>;

/// Returns the symbols of the kernels that a `.cu` file defines.
fn defined(source: &str) -> BTreeSet<String> {
    let source = source.replace("\\\n", " ");
    let (directives, code): (Vec<&str>, Vec<&str>) = source.lines().partition(|line| line.starts_with('#'));
    let macros = directives.iter().filter_map(|line| {
        let (head, body) = line.strip_prefix("#define ")?.split_once(')')?;
        let (name, params) = head.split_once('(')?;
        Some((name, (params.split(',').map(str::trim).collect(), body)))
    });
    let code = expanded(&code.join("\n"), &macros.collect());
    code.split("__global__ void ").skip(1).filter_map(|rest| Some(rest.split_once('(')?.0.into())).collect()
}

/// Expands macro calls.
fn expanded(code: &str, macros: &Macros<'_>) -> String {
    let mut result = String::new();
    let mut rest = code;
    while let Some((before, word, after)) = next_word(rest) {
        result += before;
        rest = after;
        match macros.get(word) {
            Some((params, body)) if after.starts_with('(') => {
                let (arguments, after) = arguments(after);
                let arguments = params.iter().copied().zip(arguments).collect();
                result += &expanded(&substituted(body, &arguments).replace("##", ""), macros);
                rest = after;
            }
            _ => result += word,
        }
    }
    result + rest
}

fn substituted(body: &str, arguments: &BTreeMap<&str, &str>) -> String {
    let (mut result, mut rest) = (String::new(), body);
    while let Some((before, word, after)) = next_word(rest) {
        result = result + before + arguments.get(word).unwrap_or(&word);
        rest = after;
    }
    result + rest
}

/// Returns the code before a word, the word, and the code after it.
fn next_word(code: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = code.split_at(code.find(|c: char| c.is_alphanumeric() || c == '_')?);
    let end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
    Some((before, &rest[..end], &rest[end..]))
}

/// Returns the arguments in the parentheses at the start of the code, and the code after them.
fn arguments(code: &str) -> (Vec<&str>, &str) {
    let (mut depth, mut start, mut all) = (0, 1, Vec::new());
    for (i, c) in code.char_indices() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth == 0 || (depth == 1 && c == ',') {
            all.push(code[start..i].trim());
            start = i + 1;
        }
        if depth == 0 {
            break;
        }
    }
    (all, &code[start..])
}
