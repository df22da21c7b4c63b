//! E-mails.

use super::{Damaged, Image, Mapped, Readable, parsed, rows, time, values::instant};
use diesel::data_types::PgTimestamp;
use domain::{Email, GroupId, Letter, Mail, MailId, MailStatus, MerchantId};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// An e-mail.
    MailRow of "mails" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        group_id: Uuid,
        recipient: Option<String>,
        subject: Option<String>,
        body: Option<String>,
        status: String,
        attempts: i32,
        due_at: PgTimestamp,
        useless_at: PgTimestamp,
        created_at: PgTimestamp,
        version: i64,
    }
}

impl Image for MailRow {
    type Of = Mail;

    fn image(merchant: MerchantId, mail: &Mail, version: Version) -> Self {
        let Mail { id, group_id, letter, status, attempts, due_at, useless_at, created_at } = mail;
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            group_id: group_id.uuid(),
            recipient: letter.as_ref().map(|letter| letter.to.as_str().to_owned()),
            subject: letter.as_ref().map(|letter| letter.subject.clone()),
            body: letter.as_ref().map(|letter| letter.text.clone()),
            status: status.as_str().to_owned(),
            attempts: i32::from(*attempts),
            due_at: time(*due_at),
            useless_at: time(*useless_at),
            created_at: time(*created_at),
            version: version.number(),
        }
    }
}

impl Readable for MailRow {
    fn versioned(self) -> Mapped<Versioned<Mail>> {
        let Self {
            merchant_id: _,
            id,
            group_id,
            recipient,
            subject,
            body,
            status,
            attempts,
            due_at,
            useless_at,
            created_at,
            version,
        } = self;
        let row = Mail {
            id: MailId::from_uuid(id),
            group_id: GroupId::from_uuid(group_id),
            letter: letter(recipient, subject, body)?,
            status: parsed(status.parse::<MailStatus>())?,
            attempts: parsed(u16::try_from(attempts))?,
            due_at: instant(due_at)?,
            useless_at: instant(useless_at)?,
            created_at: instant(created_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

fn letter(to: Option<String>, subject: Option<String>, text: Option<String>) -> Mapped<Option<Letter>> {
    match (to, subject, text) {
        (Some(to), Some(subject), Some(text)) => Ok(Some(Letter { to: parsed(Email::parse(&to))?, subject, text })),
        (None, None, None) => Ok(None),
        _ => Err(Damaged::at("a letter has only some of its parts")),
    }
}
