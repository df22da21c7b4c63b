//! `mails`

use super::{Reading, TableRow};
use crate::{error::Damaged, schema::mails, values::Uid};
use diesel::prelude::*;
use domain::{Email, Letter, Mail, MailStatus, MerchantId};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = mails, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct MailRow {
    merchant_id: Uid,
    id: Uid,
    group_id: Uid,
    recipient: Option<String>,
    subject: Option<String>,
    body: Option<String>,
    status: String,
    attempts: i32,
    due_at: i64,
    useless_at: i64,
    created_at: i64,
    version: i64,
}

impl MailRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for MailRow {
    type Entity = Mail;

    fn of(merchant: MerchantId, mail: &Mail, version: Version) -> Self {
        let Mail { id, group_id, letter, status, attempts, due_at, useless_at, created_at } = mail;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            group_id: Uid::from(*group_id),
            recipient: letter.as_ref().map(|letter| letter.to.as_str().to_owned()),
            subject: letter.as_ref().map(|letter| letter.subject.clone()),
            body: letter.as_ref().map(|letter| letter.text.clone()),
            status: status.as_str().to_owned(),
            attempts: i32::from(*attempts),
            due_at: due_at.micros(),
            useless_at: useless_at.micros(),
            created_at: created_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Mail>, Damaged> {
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
        let reading = Reading::of("mails", id.0);
        let letter = match (recipient, subject, body) {
            (Some(to), Some(subject), Some(text)) => {
                Some(Letter { to: reading.get("recipient", Email::parse(&to))?, subject, text })
            }
            (None, None, None) => None,
            _ => return reading.get("recipient", Err("must come with a subject and a body")),
        };
        let row = Mail {
            id: id.id(),
            group_id: group_id.id(),
            letter,
            status: reading.get("status", status.parse::<MailStatus>())?,
            attempts: reading.number("attempts", attempts)?,
            due_at: reading.time("due_at", due_at)?,
            useless_at: reading.time("useless_at", useless_at)?,
            created_at: reading.time("created_at", created_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
