//! What goes to stdout and stderr. Results and what was asked for go to stdout, everything else to stderr.

use std::io::{self, Write};

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
