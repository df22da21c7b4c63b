//! Affiliates.

use super::{
    Image, Mapped, Readable, parsed, rows, time,
    values::{instant, millionths, optional, rate},
};
use diesel::data_types::PgTimestamp;
use domain::{Affiliate, AffiliateId, AffiliateStatus, DisplayName, Email, MerchantId, Metadata, Slug, TierId};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// An affiliate.
    AffiliateRow of "affiliates" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        slug: String,
        email: String,
        email_folded: String,
        display_name: Option<String>,
        status: String,
        tier_id: Option<Uuid>,
        parent_id: Option<Uuid>,
        custom_rate: Option<i32>,
        metadata: String,
        created_at: PgTimestamp,
        updated_at: PgTimestamp,
        version: i64,
    }
}

impl Image for AffiliateRow {
    type Of = Affiliate;

    fn image(merchant: MerchantId, affiliate: &Affiliate, version: Version) -> Self {
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
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            slug: slug.as_str().to_owned(),
            email: email.as_str().to_owned(),
            email_folded: email.folded(),
            display_name: display_name.as_ref().map(|name| name.as_str().to_owned()),
            status: status.as_str().to_owned(),
            tier_id: tier_id.map(TierId::uuid),
            parent_id: parent_id.map(AffiliateId::uuid),
            custom_rate: custom_rate.map(millionths),
            metadata: metadata.as_str().to_owned(),
            created_at: time(*created_at),
            updated_at: time(*updated_at),
            version: version.number(),
        }
    }
}

impl Readable for AffiliateRow {
    fn versioned(self) -> Mapped<Versioned<Affiliate>> {
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
        let row = Affiliate {
            id: AffiliateId::from_uuid(id),
            slug: parsed(Slug::parse(&slug))?,
            email: parsed(Email::parse(&email))?,
            display_name: optional(display_name, DisplayName::parse)?,
            status: parsed(status.parse::<AffiliateStatus>())?,
            tier_id: tier_id.map(TierId::from_uuid),
            parent_id: parent_id.map(AffiliateId::from_uuid),
            custom_rate: custom_rate.map(rate).transpose()?,
            metadata: Metadata::stored(metadata),
            created_at: instant(created_at)?,
            updated_at: instant(updated_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
