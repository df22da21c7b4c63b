//! Sending the e-mails that use cases wrote.
//!
//! Sending is an effect outside of the database, so it needs a lease for each e-mail: before a node sends it, the node
//! postpones the e-mail's due time in a write that only one node wins, and no other node sends it before that time. The
//! version of this write is the fence: a node that returns too late can no longer record an outcome. If a node dies in
//! between, the next one sends the e-mail under the same id: at least once.

use crate::{
    AppError,
    context::UseCaseContext,
    workers::{OneByOne, Turn},
};
use domain::{Attempt, MailId, MailStatus, MerchantId, OutgoingEmail};
use ports::{ChangeSet, CommitError, Due, ErrorChain, MailError, MailReads, Mailer, Maintenance, Versioned};
use std::{sync::Arc, time::Duration};

/// How many rows are deleted at once, so that other work does not wait long.
const CHUNK: u32 = 500;
/// How many chunks one turn deletes at the most; the rest is the next turn's.
const MOST_CHUNKS: u32 = 20;

/// The use cases of e-mails.
pub struct Mails {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn MailReads>,
    storage: Arc<dyn Maintenance>,
    /// The mailer; `None` if mailing is not configured.
    pub(crate) mailer: Option<Arc<dyn Mailer>>,
}

/// What came of a mail that was due.
enum Tried {
    /// It is dealt with for now; how late it was.
    Done(Duration),
    /// The mail server takes nothing now, or not this one.
    Delayed,
}

impl Mails {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn MailReads>, storage: Arc<dyn Maintenance>) -> Self {
        Self { context, reads, storage, mailer: None }
    }

    /// Sends what is due. Ends with the first that is not taken: a mail server in trouble is not asked a hundred times.
    pub(crate) async fn turn(&self) -> Result<Turn, AppError> {
        let Some(mailer) = &self.mailer else { return Ok(Turn::default()) };
        let mut turn = OneByOne::default();
        loop {
            let due = self.reads.due_mails(self.context.now(), turn.passed_over(), OneByOne::SCANNED).await?;
            if let Some(over) = turn.over(due.len()) {
                return Ok(over);
            }
            for Due { merchant, id } in due {
                let (outcome, ends) = match self.send(mailer.as_ref(), merchant, id).await {
                    Ok(Tried::Done(lag)) => (Ok(Some(lag)), false),
                    Ok(Tried::Delayed) => (Ok(None), true),
                    Err(error) => (Err(error), false),
                };
                turn.count("a mail", outcome)?;
                if ends {
                    return Ok(turn.so_far());
                }
            }
        }
    }

    async fn send(&self, mailer: &dyn Mailer, merchant: MerchantId, id: MailId) -> Result<Tried, AppError> {
        let now = self.context.now();
        let nothing = Tried::Done(Duration::ZERO);
        let Some(Versioned { row: mail, version }) = self.reads.mail(merchant, id).await? else { return Ok(nothing) };
        let Some(message) = mail.due(now).cloned() else { return Ok(nothing) };
        let lag = now.since(mail.due_at);
        if mail.is_spent(now) {
            let given_up = mail.given_up();
            told(&given_up);
            self.write(merchant, Versioned { row: given_up, version }).await?;
            return Ok(Tried::Done(lag));
        }
        let tried = mail.tried(now);
        if !self.write(merchant, Versioned { row: tried.clone(), version }).await? {
            return Ok(nothing);
        }
        let attempt = attempt(id, mailer.send(id, &message).await);
        let after = tried.after(attempt, self.context.now());
        told(&after);
        // Lost to a node that took the e-mail over: that node records the outcome.
        self.write(merchant, Versioned { row: after, version: version.next() }).await?;
        Ok(if attempt == Attempt::Delayed { Tried::Delayed } else { Tried::Done(lag) })
    }

    /// Returns whether it was written. Not retried: the node that was faster has done the work.
    async fn write(
        &self,
        merchant: MerchantId,
        Versioned { row, version }: Versioned<OutgoingEmail>,
    ) -> Result<bool, AppError> {
        let mut set = ChangeSet::new(merchant);
        set.rows.mails.change(version, row);
        match self.context.commit_once(set).await {
            Ok(()) => Ok(true),
            Err(CommitError::Conflict) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Forgets mails that were written long ago.
    pub(crate) async fn forget(&self) -> Result<Turn, AppError> {
        let before = self.context.now().minus(OutgoingEmail::KEPT_FOR);
        let mut done = 0;
        for _ in 0..MOST_CHUNKS {
            let some = self.storage.forget_mails(before, CHUNK).await?;
            done += u64::from(some);
            if some < CHUNK {
                break;
            }
        }
        Ok(Turn { done, ..Turn::default() })
    }
}

fn attempt(id: MailId, outcome: Result<(), MailError>) -> Attempt {
    let (attempt, error) = match outcome {
        Ok(()) => return Attempt::Sent,
        Err(error @ MailError::Delayed(_)) => (Attempt::Delayed, error),
        Err(error @ MailError::Refused(_)) => (Attempt::Refused, error),
    };
    tracing::warn!(mail = %id, error = %ErrorChain(&error), "a mail was not taken");
    attempt
}

fn told(mail: &OutgoingEmail) {
    if mail.status == MailStatus::GivenUp {
        tracing::error!(mail = %mail.id, attempts = mail.attempts, "a mail is given up");
    }
}
