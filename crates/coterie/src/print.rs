//! What goes to stdout and stderr. Results and what was asked for go to stdout, everything else to stderr.

use std::{
    error::Error,
    io::{self, Write},
};

/// Prints one result and a line break, and flushes, so that a waiting program sees it.
pub(crate) fn result(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{text}")?;
    stdout.flush()
}

/// Prints why the program ends. If that fails, nothing more can be done.
pub(crate) fn complaint(text: &str) {
    let _ = writeln!(io::stderr().lock(), "coterie: {text}");
}

/// An error with all that caused it, on one line.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
