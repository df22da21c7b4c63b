//! What the server's e-mails say. All texts are here, a function a language, so that another language is one more function.

use crate::groups::{DiscountType, Group, Level, Reminder};
use crate::values::{Email, Timestamp, string_enum::string_enum};

/// The languages that messages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English.
    En,
}
string_enum!(Language { En = "en" });

/// One e-mail as plain text.
#[derive(Clone, PartialEq, Eq)]
pub struct EmailMessage {
    /// The recipient.
    pub to: Email,
    /// Its subject, on one line.
    pub subject: String,
    /// Its text; lines end with a line feed.
    pub text: String,
}

/// Shows nothing: a message is personal, and must not get into a log by way of an error.
impl std::fmt::Debug for EmailMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("EmailMessage(…)")
    }
}

/// The facts in a reminder.
struct ReminderFacts<'a> {
    share_id: &'a str,
    /// The cashback of each participant at the next level.
    gain: &'a str,
    /// How many must take part for it.
    participants: u16,
    /// When it ends.
    end: &'a str,
}

impl EmailMessage {
    /// To the creator of a group, about the reminder that it was just given; `None` if it was given none.
    pub fn reminder(group: &Group, language: Language) -> Option<Self> {
        let next = group.terms.levels.numbered().map(|(_, level)| level);
        let Level { value, participants } = next.into_iter().find(|level| level.participants > group.participants)?;
        let gain = match group.terms.discount {
            DiscountType::Percentage => format!("{} %", value.decimal()),
            DiscountType::Amount => format!("{} {}", value.decimal(), group.currency),
        };
        let (share_id, end) = (group.share_id.to_string(), moment(group.schedule.expires_at));
        let told = ReminderFacts { share_id: &share_id, gain: &gain, participants, end: &end };
        let (subject, text) = match language {
            Language::En => in_english(group.reminder, &told)?,
        };
        Some(Self { to: group.creator_email.clone(), subject, text })
    }
}

fn in_english(reminder: Reminder, told: &ReminderFacts<'_>) -> Option<(String, String)> {
    let ReminderFacts { share_id, gain, participants, end } = told;
    let (subject, first) = match reminder {
        Reminder::NotSent => return None,
        Reminder::MidwaySent => (
            "Half the time of your group is over",
            "half the time of your group is over, and you are still on your own.",
        ),
        Reminder::Day3Sent => {
            ("Your group waits for your friends", "your group opened three days ago, and you are still on your own.")
        }
        Reminder::Day2BeforeEndSent => {
            ("Two days left for your group", "your group closes in two days, and you are still on your own.")
        }
    };
    let others = match participants.saturating_sub(1) {
        1 => "One friend is enough".to_owned(),
        friends => format!("{friends} friends are enough"),
    };
    let text = format!(
        "Hello,\n\n\
         {first} {others}: with {participants} of you in it, everyone gets {gain} back on their order.\n\n\
         Send your friends this share id. They enter it when they order:\n\n    {share_id}\n\n\
         The group is open until {end}.\n\n\
         You get this mail because reminders of this group go to your address.\n"
    );
    Some((subject.to_owned(), text))
}

/// As 24 November 2026, 09:05 UTC.
fn moment(at: Timestamp) -> String {
    let at = at.date_time();
    let month = at.month();
    format!("{} {month} {}, {:02}:{:02} UTC", at.day(), at.year(), at.hour(), at.minute())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::groups::group::tests::group;

    fn reminded(reminder: Reminder) -> Group {
        Group { reminder, ..group(1, 129_600) }
    }

    #[test]
    fn each_reminder_has_its_words_and_all_that_one_needs() {
        let mut subjects = Vec::new();
        for &reminder in Reminder::ALL.iter().filter(|reminder| **reminder != Reminder::NotSent) {
            let group = reminded(reminder);
            let EmailMessage { to, subject, text } = EmailMessage::reminder(&group, Language::En).unwrap();
            assert_eq!(to, group.creator_email);
            let share_id = group.share_id.to_string();
            for needed in [share_id.as_str(), "One friend is enough", "with 2 of you", "5 % back", "UTC"] {
                assert!(text.contains(needed), "{needed}: {text}");
            }
            assert!(text.lines().all(|line| line.len() < 200) && text.ends_with('\n'));
            assert!(!subject.contains(['\n', '\r']) && subject.len() < 60);
            subjects.push(subject);
        }
        subjects.sort();
        subjects.dedup();
        assert_eq!(subjects.len(), 3);
    }

    #[test]
    fn no_reminder_no_letter() {
        assert_eq!(EmailMessage::reminder(&reminded(Reminder::NotSent), Language::En), None);
    }

    #[test]
    fn a_sum_has_its_currency() {
        let mut group = reminded(Reminder::MidwaySent);
        group.terms.discount = DiscountType::Amount;
        let text = EmailMessage::reminder(&group, Language::En).unwrap().text;
        assert!(text.contains(&format!("gets 5 {} back", group.currency)), "{text}");
    }

    #[test]
    fn the_end_reads_as_a_date() {
        let at = Timestamp::from_micros(1_795_511_123_000_000).unwrap();
        assert_eq!(moment(at), "24 November 2026, 09:05 UTC");
    }

    #[test]
    fn nothing_personal_is_shown_by_debug() {
        let message = EmailMessage::reminder(&reminded(Reminder::Day3Sent), Language::En).unwrap();
        assert_eq!(format!("{message:?}"), "EmailMessage(…)");
    }
}
