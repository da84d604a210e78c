//! Lines that programs print. A reader that goes away, or a full disk behind a redirection, ends no training: the
//! macros of the standard library would panic.

use std::fmt::Display;
use std::io::{Write, stderr, stdout};

/// A line on standard output, for whoever reads it.
pub fn say(line: impl Display) {
    let _ = writeln!(stdout(), "{line}");
}

/// A line on standard error, for whoever reads it.
pub fn warn(line: impl Display) {
    let _ = writeln!(stderr(), "{line}");
}

/// A line on standard output that is what the program is for; whether somebody still reads it.
///
/// # Errors
/// When it cannot be written, to a reader that is still there.
pub fn answer(line: impl Display) -> crate::Result<bool> {
    match writeln!(stdout(), "{line}") {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => Ok(false),
        Err(e) => Err(format!("cannot write to standard output: {e}").into()),
    }
}
