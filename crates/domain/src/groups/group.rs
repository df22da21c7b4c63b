//! Referral groups: an order opens one, other customers join it with theirs, and when its time is over every order gets
//! cashback at the level reached (docs/rules/groups.md).

use crate::groups::{GroupTerms, Level, ShareId};
use crate::tenancy::Actor;
use crate::values::{
    Currency, CustomerId, Email, FieldError, GroupId, GroupRefusal, Metadata, Refusal, Timestamp,
    string_enum::string_enum,
};
use std::time::Duration;

/// The status of a group: `OPEN → COMPLETED | EXPIRED | CANCELED`, all three final.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupStatus {
    /// Takes participants.
    Open,
    /// Its time is over and it had two participants or more.
    Completed,
    /// Its time is over and the creator was alone.
    Expired,
    /// Taken back before its time was over.
    Canceled,
}
string_enum!(GroupStatus { Open = "OPEN", Completed = "COMPLETED", Expired = "EXPIRED", Canceled = "CANCELED" });

/// Which reminders were sent: `NOT_SENT → MIDWAY_SENT`, or `NOT_SENT → DAY3_SENT → DAY2_BEFORE_END_SENT`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reminder {
    /// None.
    NotSent,
    /// The one of a short group.
    MidwaySent,
    /// The first one of a long group.
    Day3Sent,
    /// The second one of a long group.
    Day2BeforeEndSent,
}
string_enum!(Reminder {
    NotSent = "NOT_SENT",
    MidwaySent = "MIDWAY_SENT",
    Day3Sent = "DAY3_SENT",
    Day2BeforeEndSent = "DAY2_BEFORE_END_SENT",
});

const DAY: Duration = Duration::from_secs(86_400);

/// When things happen to a group. A short one (up to seven days) has its middle, a long one the two other dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// When it closes.
    pub expires_at: Timestamp,
    /// When the creator of a short group is reminded.
    pub mid_expire_at: Option<Timestamp>,
    /// When the creator of a long group is reminded first.
    pub j_plus3_start_at: Option<Timestamp>,
    /// When the creator of a long group is reminded again.
    pub j_minus2_expire_at: Option<Timestamp>,
}

/// The dates that a caller wishes for.
#[derive(Debug, Clone, Copy, Default)]
pub struct ScheduleWish {
    /// Instead of the settings' duration.
    pub expires_at: Option<Timestamp>,
    /// Instead of the middle, or of the two dates of a long group.
    pub mid_expire_at: Option<Timestamp>,
}

impl Schedule {
    /// Up to this duration a group has one reminder.
    const SHORT: Duration = Duration::from_secs(7 * 86_400);

    /// The dates of a group that opens at `start`.
    pub fn of(start: Timestamp, duration: Duration, wish: ScheduleWish) -> Result<Self, Refusal> {
        let ScheduleWish { expires_at, mid_expire_at } = wish;
        let longest = start.plus(Duration::from_secs(u64::from(GroupTerms::MOST_MINUTES) * 60));
        let mut faults = Vec::new();
        if expires_at.is_some_and(|at| at <= start || at > longest) {
            faults.push(FieldError::new("expiresAt", "must be in the future and at most a year away"));
        }
        let expires_at = expires_at.unwrap_or_else(|| start.plus(duration));
        if mid_expire_at.is_some_and(|at| at <= start || at >= expires_at) {
            faults.push(FieldError::new("midExpireAt", "must be in the future and before expiresAt"));
        }
        if !faults.is_empty() {
            return Err(Refusal::Invalid(faults));
        }
        let span = expires_at.since(start);
        let is_short = mid_expire_at.is_some() || span <= Self::SHORT;
        Ok(Self {
            expires_at,
            mid_expire_at: is_short.then(|| mid_expire_at.unwrap_or_else(|| start.plus(span / 2))),
            j_plus3_start_at: (!is_short).then(|| start.plus(3 * DAY)),
            j_minus2_expire_at: (!is_short).then(|| expires_at.minus(2 * DAY)),
        })
    }
}

/// A referral group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// Its id.
    pub id: GroupId,
    /// The name by which friends join it; unique per merchant.
    pub share_id: ShareId,
    /// The customer who opened it.
    pub customer_id: CustomerId,
    /// Where reminders go; at first the customer's address.
    pub creator_email: Email,
    /// Where it stands.
    pub status: GroupStatus,
    /// The caller's own data.
    pub metadata: Metadata,
    /// What the orders in it are in.
    pub currency: Currency,
    /// Its terms.
    pub terms: GroupTerms,
    /// How many orders take part: those that are not wholly refunded.
    pub participants: u16,
    /// When things happen to it.
    pub schedule: Schedule,
    /// Which reminders were sent.
    pub reminder: Reminder,
    /// Since when at most one order takes part; reminders of before are past.
    pub alone_since: Timestamp,
    /// The level it reached, once completed.
    pub level: Option<u8>,
    /// Business time of creation.
    pub created_at: Timestamp,
    /// The actor that created it.
    pub created_by: Actor,
    /// Business time of the last change.
    pub updated_at: Timestamp,
    /// The actor of the last change.
    pub updated_by: Actor,
    /// When it was taken back.
    pub canceled_at: Option<Timestamp>,
    /// When it was completed.
    pub completed_at: Option<Timestamp>,
}

/// The input for a new group.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of Group, documented there")]
pub struct NewGroup {
    pub share_id: ShareId,
    pub customer_id: CustomerId,
    pub creator_email: Email,
    pub metadata: Metadata,
    pub currency: Currency,
    pub terms: GroupTerms,
    pub participants: u16,
    pub schedule: ScheduleWish,
}

/// What a PATCH asks for; `None` leaves a field alone.
#[derive(Debug, Clone, Default)]
pub struct GroupChange {
    /// Replaces the whole.
    pub metadata: Option<Metadata>,
    /// The address for reminders. It does not change who has joined.
    pub creator_email: Option<Email>,
}

/// An order that wants to join.
#[derive(Debug, Clone, Copy)]
pub struct Joiner {
    /// Whether its address takes part already.
    pub email_is_used: bool,
    /// Its currency, if it is known.
    pub currency: Option<Currency>,
    /// Its amount in minor units, if it is known.
    pub amount: Option<i64>,
}

impl Group {
    /// A new, open group.
    pub fn open(id: GroupId, request: NewGroup, by: Actor, now: Timestamp) -> Result<Self, Refusal> {
        let NewGroup { share_id, customer_id, creator_email, metadata, currency, terms, participants, schedule } =
            request;
        Ok(Self {
            id,
            share_id,
            customer_id,
            creator_email,
            status: GroupStatus::Open,
            metadata,
            currency,
            schedule: Schedule::of(now, terms.duration(), schedule)?,
            terms,
            participants,
            reminder: Reminder::NotSent,
            alone_since: now,
            level: None,
            created_at: now,
            created_by: by,
            updated_at: now,
            updated_by: by,
            canceled_at: None,
            completed_at: None,
        })
    }

    /// Whether at most the creator takes part.
    pub const fn is_alone(&self) -> bool {
        self.participants <= 1
    }

    /// Whether it takes participants at `now`.
    pub fn is_open_at(&self, now: Timestamp) -> bool {
        self.status == GroupStatus::Open && now < self.schedule.expires_at
    }

    /// Checks the join rules in their order (docs/rules/groups.md); the rules before them are about the customer and
    /// about whether the group exists.
    pub fn admits(&self, joiner: Joiner, now: Timestamp) -> Result<(), Refusal> {
        let Joiner { email_is_used, currency, amount } = joiner;
        let refused = |rule| Err(Refusal::Group(rule));
        if !self.is_open_at(now) {
            return refused(GroupRefusal::Closed);
        }
        if self.participants >= self.terms.max_participants {
            return refused(GroupRefusal::Full);
        }
        if email_is_used {
            return refused(GroupRefusal::EmailUsed);
        }
        if currency.is_some_and(|currency| currency != self.currency) {
            return Err(Refusal::invalid("currency", format!("must be {}, as in the group", self.currency)));
        }
        if amount.is_some_and(|amount| amount < self.terms.min_purchase) {
            return refused(GroupRefusal::AmountTooLow);
        }
        Ok(())
    }

    /// With one more participant.
    #[must_use]
    pub fn joined(&self, by: Actor, now: Timestamp) -> Self {
        Self { participants: self.participants.saturating_add(1), ..self.touched(by, now) }
    }

    /// With one participant less: its order was wholly refunded while the group was open.
    #[must_use]
    pub fn left(&self, by: Actor, now: Timestamp) -> Self {
        let next = Self { participants: self.participants.saturating_sub(1), ..self.touched(by, now) };
        let alone_since = if next.is_alone() && !self.is_alone() { next.updated_at } else { self.alone_since };
        Self { alone_since, ..next }
    }

    /// The group after `change`; in every status.
    #[must_use]
    pub fn changed(&self, change: GroupChange, by: Actor, now: Timestamp) -> Self {
        let GroupChange { metadata, creator_email } = change;
        let next = Self {
            metadata: metadata.unwrap_or_else(|| self.metadata.clone()),
            creator_email: creator_email.unwrap_or_else(|| self.creator_email.clone()),
            ..self.clone()
        };
        if next == *self { next } else { next.touched(by, now) }
    }

    /// Taken back: open, before its expiry, the creator alone.
    pub fn canceled(&self, by: Actor, now: Timestamp) -> Result<Self, Refusal> {
        if !self.is_open_at(now) {
            return Err(Refusal::Group(GroupRefusal::Closed));
        }
        self.check_alone("canceled")?;
        let next = self.touched(by, now);
        Ok(Self { status: GroupStatus::Canceled, canceled_at: Some(next.updated_at), ..next })
    }

    /// Closed by hand: open, past its expiry, the creator alone.
    pub fn expired(&self, by: Actor, now: Timestamp) -> Result<Self, Refusal> {
        if self.status != GroupStatus::Open {
            return Err(Refusal::Group(GroupRefusal::Closed));
        }
        if now < self.schedule.expires_at {
            return Err(Refusal::State("The group cannot expire before its time is over.".to_owned()));
        }
        self.check_alone("expired")?;
        Ok(Self { status: GroupStatus::Expired, ..self.touched(by, now) })
    }

    /// Closed because its time is over; `None` if it is not, or if the group is closed already.
    pub fn closed(&self, now: Timestamp) -> Option<Self> {
        if self.status != GroupStatus::Open || now < self.schedule.expires_at {
            return None;
        }
        let next = self.touched(Actor::System, now);
        if self.is_alone() {
            return Some(Self { status: GroupStatus::Expired, ..next });
        }
        let level = self.terms.levels.reached_by(self.participants).map(|(number, _)| number);
        Some(Self { status: GroupStatus::Completed, level, completed_at: Some(next.updated_at), ..next })
    }

    /// Reminded once, if a reminder is due: only while the creator is alone, and not when its time passed together with
    /// the expiry.
    pub fn reminded(&self, now: Timestamp) -> Option<Self> {
        let (at, reminder) = self.next_reminder().filter(|_| self.is_open_at(now))?;
        (at <= now).then(|| Self { reminder, ..self.touched(Actor::System, now) })
    }

    /// Returns the group without personal data of `customer`: its own group loses the caller's data too.
    #[must_use]
    pub fn erased(&self, customer: CustomerId, by: Actor, now: Timestamp) -> Self {
        let Self {
            id,
            share_id,
            customer_id,
            creator_email: _,
            status,
            metadata,
            currency,
            terms,
            participants,
            schedule,
            reminder,
            alone_since,
            level,
            created_at,
            created_by,
            updated_at,
            updated_by,
            canceled_at,
            completed_at,
        } = self.touched(by, now);
        Self {
            id,
            share_id,
            customer_id,
            creator_email: Email::erased(customer.uuid()),
            status,
            metadata: if customer_id == customer { Metadata::default() } else { metadata },
            currency,
            terms,
            participants,
            schedule,
            reminder,
            alone_since,
            level,
            created_at,
            created_by,
            updated_at,
            updated_by,
            canceled_at,
            completed_at,
        }
    }

    /// When time next changes it; `None` once it is closed.
    pub fn due_at(&self) -> Option<Timestamp> {
        let expiry = self.schedule.expires_at;
        let next = self.next_reminder().map_or(expiry, |(at, _)| at.min(expiry));
        (self.status == GroupStatus::Open).then_some(next)
    }

    /// The level it reached, once completed.
    pub fn reached(&self) -> Option<Level> {
        self.level.and_then(|number| self.terms.levels.get(number))
    }

    /// What one more participant would unlock, with its number.
    pub fn next_level(&self) -> Option<(u8, Level)> {
        self.terms.levels.reached_by(self.participants.saturating_add(1))
    }

    /// The key under which an address takes part: the group, then the address as it is compared.
    pub fn email_key(&self, email: &Email) -> String {
        Self::email_key_of(self.id, &email.folded())
    }

    /// The [`Group::email_key`] of a folded address. Stored: never change its form.
    pub fn email_key_of(id: GroupId, folded: &str) -> String {
        format!("{}:{folded}", id.uuid())
    }

    /// Returns the text that searches scan, in lower case.
    pub fn search_text(&self) -> String {
        format!("{} {}", self.share_id, self.creator_email.as_str()).to_lowercase()
    }

    fn next_reminder(&self) -> Option<(Timestamp, Reminder)> {
        let Schedule { expires_at: _, mid_expire_at, j_plus3_start_at, j_minus2_expire_at } = self.schedule;
        let dates = [
            (mid_expire_at, Reminder::NotSent, Reminder::MidwaySent),
            (j_plus3_start_at, Reminder::NotSent, Reminder::Day3Sent),
            (j_minus2_expire_at, Reminder::NotSent, Reminder::Day2BeforeEndSent),
            (j_minus2_expire_at, Reminder::Day3Sent, Reminder::Day2BeforeEndSent),
        ];
        let ahead = |(at, from, to): (Option<Timestamp>, Reminder, Reminder)| {
            at.filter(|at| from == self.reminder && *at > self.alone_since).map(|at| (at, to))
        };
        dates.into_iter().filter_map(ahead).next().filter(|_| self.is_alone())
    }

    fn check_alone(&self, word: &str) -> Result<(), Refusal> {
        if self.is_alone() {
            return Ok(());
        }
        Err(Refusal::State(format!("A group that others have joined cannot be {word}.")))
    }

    /// Time never runs backwards within it.
    fn touched(&self, by: Actor, now: Timestamp) -> Self {
        Self { updated_at: now.max(self.updated_at), updated_by: by, ..self.clone() }
    }
}

#[cfg(test)]
#[path = "group/tests.rs"]
pub(crate) mod tests;
