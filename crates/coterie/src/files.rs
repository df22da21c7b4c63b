//! How many files, and so connections, the process may have open.

use rustix::process::{Resource, getrlimit, setrlimit};

/// What the process has open besides connections of clients: databases, listeners, logs.
const OTHERS: u64 = 100;

/// Raises the limit of open files to what the machine allows. Shells and service managers usually grant 1,024, for the
/// sake of old programs, and allow many more; a thousand slow clients would then lock out all others.
pub(crate) fn raise_limit(connections: usize) {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "could not raise the limit of open files");
    }
    let wanted = u64::try_from(connections).unwrap_or(u64::MAX).saturating_add(OTHERS);
    match getrlimit(Resource::Nofile).current {
        Some(allowed) if allowed < wanted => {
            tracing::warn!(allowed, wanted, "fewer open files are allowed than connections: raise the limit");
        }
        _ => {}
    }
}
