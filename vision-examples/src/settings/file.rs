//! Settings in a TOML file: a key for each option, under its name.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;

use clap::CommandFactory;
use toml::{Spanned, Value};

use super::Settings;
use crate::Result;

/// A file's settings as arguments, each checked as if it had been given.
///
/// # Errors
/// When the file cannot be read or is no TOML; when a key is no option, or its value makes no sense.
pub fn arguments(path: &Path) -> Result<Vec<OsString>> {
    let file = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|e| format!("cannot read the settings in {file}: {e}"))?;
    let table: BTreeMap<Spanned<String>, Value> =
        toml::from_str(&text).map_err(|e| format!("{file} is no TOML: {e}"))?;
    let mut arguments = vec![];
    for (key, value) in table {
        let line = 1 + text[..key.span().start].matches('\n').count();
        let fail = |e: &str| format!("{file}, line {line}: {e}");
        let key = key.into_inner();
        expect_known(&key).map_err(|e| fail(&e))?;
        let value = match value {
            Value::String(text) => text,
            Value::Integer(_) | Value::Float(_) | Value::Boolean(_) => value.to_string(),
            other => {
                return Err(
                    fail(&format!("{key} is of type {}, expected one value", other.type_str())).into()
                );
            }
        };
        let argument = OsString::from(format!("--{key}={value}"));
        Settings::command()
            .try_get_matches_from(["cifar".into(), argument.clone()])
            .map_err(|e| fail(&brief(&e)))?;
        arguments.push(argument);
    }
    Ok(arguments)
}

/// Whether there is an option of this name that a file may set; the nearest one, if not.
fn expect_known(key: &str) -> Result<(), String> {
    let command = Settings::command();
    let names = command.get_arguments().filter_map(|argument| argument.get_long());
    let names: Vec<&str> =
        names.filter(|name| !matches!(*name, "config" | "resume" | "help" | "version")).collect();
    if names.contains(&key) {
        return Ok(());
    }
    let likeness = |name: &str| strsim::jaro(&key.to_lowercase().replace('_', "-"), name);
    match names.iter().max_by(|a, b| likeness(a).total_cmp(&likeness(b))) {
        Some(nearest) if likeness(nearest) > 0.7 => {
            Err(format!("unknown key {key}; did you mean {nearest}?"))
        }
        _ => Err(format!("unknown key {key}, expected one of {}", names.join(", "))),
    }
}

/// The message of an error of the command line without how to use the command line.
fn brief(error: &clap::Error) -> String {
    let text = error.to_string();
    let lines = text.lines().take_while(|line| !line.starts_with("For more information"));
    let text = lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n");
    text.trim_start_matches("error: ").to_owned()
}
