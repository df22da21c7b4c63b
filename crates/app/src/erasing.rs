//! Erasing a person: whatever tells who it was goes, what money refers to stays.
//!
//! The customer is deleted first, and its own row is emptied last: as long as that still has the address, calling again
//! finds what is left, wherever an earlier call ended. In between go a bounded number of rows at a time, and before them
//! what was said and answered about them. Only the deletion and the emptied row are announced.

use crate::{Answer, AppError, Once, Principal, desk::Desk};
use domain::{Actor, Binding, CustomerId, Email, Group, Refusal, Timestamp};
use ports::{ChangeSet, ErasureReads, Maintenance, ReplyStatus, Shown, Space, Tenant, Topic, Traces, Versioned};
use std::{collections::BTreeSet, sync::Arc};

/// How many rows of a kind one write empties.
const CHUNK: u32 = 100;
/// How many announcements or answers are rewritten in one go.
const TEXTS: u32 = 100;

/// The use cases of erasing.
pub struct Erasing {
    desk: Arc<Desk>,
    reads: Arc<dyn ErasureReads>,
    storage: Arc<dyn Maintenance>,
}

impl Erasing {
    pub(crate) fn new(desk: Arc<Desk>, reads: Arc<dyn ErasureReads>, storage: Arc<dyn Maintenance>) -> Self {
        Self { desk, reads, storage }
    }

    /// Erases a customer. One that is erased already stays as it is.
    pub async fn customer(&self, who: &Principal, id: CustomerId, once: Option<Once>) -> Result<Answer, AppError> {
        let mut attempts = self.desk.attempts(who.merchant_id, once, &[]).await?;
        loop {
            let traces = self.reads.traces(who.merchant_id, id, CHUNK).await?;
            if let Some(kept) = attempts.kept_answer().await? {
                return Ok(kept);
            }
            let traces = traces.ok_or(Refusal::NotFound)?;
            let now = traces.merchant.row.clock.at(self.desk.now());
            let (set, done) = self.next(who, &traces, now)?;
            if !traces.customer.row.is_erased() {
                self.erase_texts(who, &traces).await?;
            }
            match done {
                Some(answer) => {
                    if let Some(answer) = attempts.commit(set, answer).await? {
                        return Ok(answer);
                    }
                }
                None if attempts.write(set).await? => attempts.progressed(),
                None => {}
            }
        }
    }

    /// The next write, and the answer if it is the last.
    fn next(&self, who: &Principal, traces: &Traces, now: Timestamp) -> Result<(ChangeSet, Option<Answer>), AppError> {
        let Traces { merchant, customer, .. } = traces;
        let by = Actor::Key(who.key_id);
        let mut set = self.desk.set_for(merchant)?;
        let Versioned { row: before, version } = customer;
        let after = before.erased(by, now);
        let shown = Shown::Customer(Tenant::from(&merchant.row), &after);
        if before.deleted_at.is_none() {
            // What is announced tells nobody any more who it was.
            self.desk.announce_shown(&mut set, &merchant.row, Topic::CustomerDeleted, after.updated_at, shown);
            set.free(Space::CustomerEmail, before.email.folded(), before.id.uuid());
            set.rows.customers.change(*version, before.deleted(by, now));
            return Ok((set, None));
        }
        if !before.is_erased() && empty_rows(&mut set, traces, by, now) {
            return Ok((set, None));
        }
        let body = self.desk.wire.object(shown);
        if after != *before {
            self.desk.announce(&mut set, &merchant.row, Topic::CustomerUpdated, after.updated_at, &body);
            set.rows.customers.change(*version, after);
        }
        Ok((set, Some(Answer::first(ReplyStatus::Ok, body))))
    }

    /// Empties what was announced and answered about the customer and about the rows that were found.
    async fn erase_texts(&self, who: &Principal, traces: &Traces) -> Result<(), AppError> {
        let Traces { merchant: _, customer, orders, groups: _, events, mails: _, bond: _ } = traces;
        let id = customer.row.id;
        let addresses = [&customer.row.email].into_iter();
        let addresses = addresses.chain(orders.iter().map(|order| &order.row.email));
        let addresses = addresses.chain(events.iter().filter_map(|event| event.row.customer_email.as_ref()));
        let told = addresses.flat_map(|email| [email.as_str().to_owned(), email.folded()]);
        let told = told.chain(events.iter().map(|event| self.desk.wire.showing(&event.row.id.to_string())));
        let needles: Vec<String> = told.chain([id.to_string()]).collect::<BTreeSet<_>>().into_iter().collect();
        let erased = Email::erased(id.uuid());
        loop {
            let found = self.storage.announcements_with(who.merchant_id, &needles, erased.as_str(), TEXTS).await?;
            if found.is_empty() {
                break;
            }
            let blanked = found.into_iter().map(|(id, payload)| (id, self.desk.wire.blanked(&payload))).collect();
            self.storage.rewrite_announcements(who.merchant_id, blanked).await?;
        }
        let blank = self.desk.wire.blank();
        while self.storage.blank_replies(who.merchant_id, &needles, erased.as_str(), &blank, TEXTS).await? > 0 {}
        Ok(())
    }
}

/// Empties the rows that were found; whether there were any.
fn empty_rows(set: &mut ChangeSet, traces: &Traces, by: Actor, now: Timestamp) -> bool {
    let Traces { merchant: _, customer, orders, groups, events, mails, bond } = traces;
    let id = customer.row.id;
    for Versioned { row, version } in orders {
        let erased = row.erased(by, now);
        if row.participates {
            let key = |email: &Email| Group::email_key_of(row.group_id, &email.folded());
            set.free(Space::GroupEmail, key(&row.email), row.id.uuid());
            set.claim(Space::GroupEmail, key(&erased.email), row.id.uuid());
        }
        set.rows.orders.change(*version, erased);
    }
    for Versioned { row, version } in groups {
        set.rows.groups.change(*version, row.erased(id, by, now));
    }
    for Versioned { row, version } in events {
        set.rows.events.change(*version, row.erased());
    }
    for Versioned { row, version } in mails {
        set.rows.mails.change(*version, row.given_up());
    }
    // A bond owns at least one key.
    let erased = Email::erased(id.uuid());
    let keys = Binding::keys(None, Some(&customer.row.email)).into_iter().zip(Binding::keys(None, Some(&erased)));
    for ((old, new), bond) in keys.zip(*bond) {
        set.free(Space::Binding, old, bond);
        set.claim(Space::Binding, new, bond);
    }
    set.row_count() > 0
}
