//! E-mails about referral groups.

mod letter;
mod mail;

pub use letter::{Language, Letter};
pub use mail::{Attempt, Mail, MailStatus};
