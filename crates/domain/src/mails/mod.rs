//! E-mails about referral groups.

mod email_templates;
mod mail;

pub use email_templates::{EmailMessage, Language};
pub use mail::{Attempt, MailStatus, OutgoingEmail};
