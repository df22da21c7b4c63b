//! How the outside fails.

use std::{error::Error, fmt};

type Source = Box<dyn Error + Send + Sync>;

/// Shows an error with everything that caused it, outermost first, on one line. For logs: their JSON form prints of an error
/// value only its own message.
#[derive(Debug)]
pub struct ErrorChain<'a>(pub &'a (dyn Error + 'a));

impl fmt::Display for ErrorChain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        std::iter::successors(self.0.source(), |&cause| cause.source()).try_for_each(|cause| write!(f, ": {cause}"))
    }
}

/// Why a read gave no answer. Not finding something is no error: that is `Ok(None)`.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The storage cannot be reached or took too long; trying again later may help.
    #[error("the storage is unavailable")]
    Unavailable(#[source] Source),
    /// A stored row does not hold what it must; trying again does not help.
    #[error("a stored row is damaged: {0}")]
    Damaged(String),
}

/// What became of a change set that was not committed.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A version moved or a claim was taken. Nothing was written: load and decide again.
    #[error("the facts changed meanwhile")]
    Conflict,
    /// Too much to do, or the storage is away. Nothing was written: try later.
    #[error("the storage is busy or away")]
    Busy,
    /// The connection failed while the commit was under way: whether it was written is unknown. Never run again
    /// automatically; the caller's retry finds the response or the claim.
    #[error("the outcome of the commit is unknown")]
    Unknown,
    /// The set is larger than the write path takes (4,000 rows). Nothing was written.
    #[error("the change set is too large")]
    TooLarge,
    /// The storage refused this set for a reason of its own: a bug in the set or in the adapter. Nothing was written.
    #[error("the storage refused the change set")]
    Broken(#[source] Source),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_names_every_cause_once() {
        let error = ReadError::Unavailable(Box::new(CommitError::Broken("disk is full".into())));
        let shown = ErrorChain(&error).to_string();
        assert_eq!(shown, "the storage is unavailable: the storage refused the change set: disk is full");
    }
}
