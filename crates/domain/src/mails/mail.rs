//! E-mails that wait to be sent, and how often it is tried.

use crate::groups::Group;
use crate::mails::{EmailMessage, Language};
use crate::values::{GroupId, MailId, Timestamp, string_enum::string_enum};
use std::time::Duration;

/// The status of an e-mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MailStatus {
    /// It is to be sent at [`OutgoingEmail::due_at`].
    Due,
    /// A mail server took it.
    Sent,
    /// It was refused for good, was tried often enough, or has lost its use.
    GivenUp,
}
string_enum!(MailStatus { Due = "due", Sent = "sent", GivenUp = "given_up" });

/// One e-mail to one person. It is stored together with the change that it is about, and sent afterwards: at least
/// once, always under the same id, by which a receiver can recognize a second copy. All times are real times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingEmail {
    /// Its id; the message id is made of it.
    pub id: MailId,
    /// The group that it is about.
    pub group_id: GroupId,
    /// The message and its recipient, only while it waits: an address is not stored longer than needed.
    pub message: Option<EmailMessage>,
    /// Where it stands.
    pub status: MailStatus,
    /// How often it was tried.
    pub attempts: u16,
    /// When it is tried next. A node that tries it moves this ahead first, so that no other does meanwhile.
    pub due_at: Timestamp,
    /// From when on it has no use any more.
    pub useless_at: Timestamp,
    /// When it was written.
    pub created_at: Timestamp,
}

/// What became of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// The mail server took it.
    Sent,
    /// Not now; later perhaps.
    Delayed,
    /// Never.
    Refused,
}

impl OutgoingEmail {
    /// For how long a node has a mail to itself once it tries it. Longer than any attempt lasts, and well below the 60 s
    /// after which the work of a node that died must go on.
    pub const LEASE: Duration = Duration::from_secs(45);
    /// The longest that an attempt may last.
    pub const LONGEST_ATTEMPT: Duration = Duration::from_secs(30);
    /// After so many attempts it is given up; about a day after it was written.
    pub const MOST_ATTEMPTS: u16 = 13;
    /// How long e-mails are stored after they were written, whatever their outcome.
    pub const KEPT_FOR: Duration = Duration::from_secs(30 * 86_400);
    const FIRST_DELAY: Duration = Duration::from_secs(60);
    const LONGEST_DELAY: Duration = Duration::from_secs(6 * 3_600);

    /// Returns the e-mail for a reminder that has just become due; `None` if none has.
    pub fn reminder(id: MailId, group: &Group, language: Language, now: Timestamp) -> Option<Self> {
        Some(Self {
            id,
            group_id: group.id,
            message: Some(EmailMessage::reminder(group, language)?),
            status: MailStatus::Due,
            attempts: 0,
            due_at: now,
            useless_at: group.schedule.expires_at,
            created_at: now,
        })
    }

    /// What is to be sent at `now`; `None` if nothing is.
    pub fn due(&self, now: Timestamp) -> Option<&EmailMessage> {
        self.message.as_ref().filter(|_| self.status == MailStatus::Due && self.due_at <= now)
    }

    /// Whether it is not worth another attempt at `now`.
    pub fn is_spent(&self, now: Timestamp) -> bool {
        self.attempts >= Self::MOST_ATTEMPTS || now >= self.useless_at
    }

    /// Taken by a node that tries it now.
    #[must_use]
    pub fn tried(&self, now: Timestamp) -> Self {
        Self { attempts: self.attempts.saturating_add(1), due_at: now.plus(Self::LEASE), ..self.clone() }
    }

    /// After an attempt.
    #[must_use]
    pub fn after(&self, attempt: Attempt, now: Timestamp) -> Self {
        match attempt {
            Attempt::Sent => self.ended(MailStatus::Sent),
            Attempt::Refused => self.ended(MailStatus::GivenUp),
            Attempt::Delayed if self.is_spent(now) => self.ended(MailStatus::GivenUp),
            Attempt::Delayed => Self { due_at: now.plus(self.delay()), ..self.clone() },
        }
    }

    /// Given up.
    #[must_use]
    pub fn given_up(&self) -> Self {
        self.ended(MailStatus::GivenUp)
    }

    fn ended(&self, status: MailStatus) -> Self {
        Self { message: None, status, ..self.clone() }
    }

    /// How long it rests after its latest attempt: twice as long after each.
    fn delay(&self) -> Duration {
        let doubled = 1_u32.checked_shl(u32::from(self.attempts.saturating_sub(1))).unwrap_or(u32::MAX);
        Self::FIRST_DELAY.saturating_mul(doubled).min(Self::LONGEST_DELAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::{Reminder, group::tests::group};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000 + seconds * 1_000_000).unwrap()
    }

    fn mail() -> OutgoingEmail {
        let day = Duration::from_secs(86_400);
        let mut group = group(1, 10);
        group.reminder = Reminder::MidwaySent;
        group.schedule.expires_at = at(0).plus(30 * day);
        OutgoingEmail::reminder(MailId::from_uuid(uuid::Uuid::from_u128(1)), &group, Language::En, at(0)).unwrap()
    }

    #[test]
    fn an_attempt_keeps_others_away_until_its_lease_ends() {
        let mail = mail();
        assert!(mail.due(at(0)).is_some());
        let tried = mail.tried(at(0));
        assert!(tried.due(at(44)).is_none() && tried.due(at(45)).is_some(), "a node that died leaves it to the next");
        assert!(
            OutgoingEmail::LONGEST_ATTEMPT < OutgoingEmail::LEASE && OutgoingEmail::LEASE < Duration::from_secs(60)
        );
    }

    #[test]
    fn what_is_delayed_rests_longer_each_time_and_is_given_up_in_the_end() {
        let (mut mail, mut now, mut rests) = (mail(), at(0), Vec::new());
        while mail.status == MailStatus::Due {
            mail = mail.tried(now).after(Attempt::Delayed, now);
            rests.push(mail.due_at.since(now).as_secs());
            now = mail.due_at;
        }
        assert_eq!(rests[..4], [60, 120, 240, 480]);
        assert!(rests.iter().all(|rest| *rest <= 6 * 3_600));
        assert_eq!(
            (mail.attempts, mail.status, mail.message),
            (OutgoingEmail::MOST_ATTEMPTS, MailStatus::GivenUp, None)
        );
        assert!((20..30).contains(&(now.since(at(0)).as_secs() / 3_600)));
    }

    #[test]
    fn what_ends_forgets_its_letter() {
        for (attempt, status) in [(Attempt::Sent, MailStatus::Sent), (Attempt::Refused, MailStatus::GivenUp)] {
            let ended = mail().tried(at(0)).after(attempt, at(1));
            assert_eq!((ended.status, &ended.message), (status, &None));
            assert!(ended.due(Timestamp::MAX).is_none());
        }
    }

    #[test]
    fn a_reminder_has_no_use_after_the_end() {
        let mail = mail();
        assert!(!mail.is_spent(mail.useless_at.minus(Duration::from_secs(1))) && mail.is_spent(mail.useless_at));
        let late = mail.tried(mail.useless_at).after(Attempt::Delayed, mail.useless_at);
        assert_eq!(late.status, MailStatus::GivenUp);
    }
}
