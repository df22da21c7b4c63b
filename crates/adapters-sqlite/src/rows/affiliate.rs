//! `affiliates`

use super::{Reading, TableRow, reading::millionths};
use crate::{error::Damaged, schema::affiliates, values::Uid};
use diesel::prelude::*;
use domain::{Affiliate, DisplayName, Email, MerchantId, Metadata, Slug};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = affiliates, primary_key(merchant_id, id))]
#[diesel(treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct AffiliateRow {
    merchant_id: Uid,
    id: Uid,
    slug: String,
    email: String,
    email_folded: String,
    display_name: Option<String>,
    status: String,
    tier_id: Option<Uid>,
    parent_id: Option<Uid>,
    custom_rate: Option<i32>,
    metadata: String,
    created_at: i64,
    updated_at: i64,
    version: i64,
}

impl AffiliateRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for AffiliateRow {
    type Entity = Affiliate;

    fn of(merchant: MerchantId, affiliate: &Affiliate, version: Version) -> Self {
        let Affiliate {
            id,
            slug,
            email,
            display_name,
            status,
            tier_id,
            parent_id,
            custom_rate,
            metadata,
            created_at,
            updated_at,
        } = affiliate;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            slug: slug.as_str().to_owned(),
            email: email.as_str().to_owned(),
            email_folded: email.folded(),
            display_name: display_name.as_ref().map(|name| name.as_str().to_owned()),
            status: status.as_str().to_owned(),
            tier_id: tier_id.map(Uid::from),
            parent_id: parent_id.map(Uid::from),
            custom_rate: custom_rate.map(millionths),
            metadata: metadata.as_str().to_owned(),
            created_at: created_at.micros(),
            updated_at: updated_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Affiliate>, Damaged> {
        let Self {
            merchant_id: _,
            id,
            slug,
            email,
            email_folded: _,
            display_name,
            status,
            tier_id,
            parent_id,
            custom_rate,
            metadata,
            created_at,
            updated_at,
            version,
        } = self;
        let reading = Reading::of("affiliates", id.0);
        let row = Affiliate {
            id: id.id(),
            slug: reading.get("slug", Slug::parse(&slug))?,
            email: reading.get("email", Email::parse(&email))?,
            display_name: reading.maybe("display_name", display_name, |name| DisplayName::parse(&name))?,
            status: reading.get("status", status.parse())?,
            tier_id: tier_id.map(Uid::id),
            parent_id: parent_id.map(Uid::id),
            custom_rate: custom_rate.map(|rate| reading.rate("custom_rate", rate)).transpose()?,
            metadata: Metadata::stored(metadata),
            created_at: reading.time("created_at", created_at)?,
            updated_at: reading.time("updated_at", updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
