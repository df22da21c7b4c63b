//! Clicks: where a link leads. (Those of a session are among an event's facts.)

use super::{Read, global_owner};
use crate::{
    PostgresStorage,
    rows::{Found, parsed, select},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{AffiliateId, AffiliateStatus, Merchant, Slug};
use ports::{ClickReads, LinkFacts, Space};
use uuid::Uuid;

#[async_trait]
impl ClickReads for PostgresStorage {
    async fn link(&self, merchant: &Slug, affiliate: &Slug) -> Read<Option<LinkFacts>> {
        let sql = Sql::<(Found<Merchant>, Option<Uuid>, Option<String>)>::new(format!(
            "SELECT {}, a.id, a.status FROM merchants m \
             LEFT JOIN claims k ON k.merchant_id = m.id AND k.space = {} AND k.key = ? \
             LEFT JOIN affiliates a ON a.merchant_id = m.id AND a.id = k.owner WHERE m.id = {}",
            select::<Merchant>("m"),
            Space::AffiliateSlug.number(),
            global_owner(Space::MerchantSlug),
        ));
        let found = self.readers.reader()?.first(sql.bind(affiliate.as_str()).bind(merchant.as_str())).await?;
        let Some((merchant, id, status)) = found else { return Ok(None) };
        let affiliate = match id.zip(status) {
            Some((id, status)) => {
                let status = parsed(status.parse::<AffiliateStatus>())?;
                Some((AffiliateId::from_uuid(id), status == AffiliateStatus::Approved))
            }
            None => None,
        };
        Ok(Some(LinkFacts { merchant: merchant.versioned()?, affiliate }))
    }
}
