//! Coupons.

use super::{Read, one::affiliate, owner, page, paged};
use crate::{
    PostgresStorage,
    rows::{Found, select},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{AffiliateId, Coupon, CouponCode, CouponId, Merchant, MerchantId};
use ports::{CouponFacts, CouponFilter, CouponReads, Page, PageRequest, Space, Versioned};
use tokio::try_join;
use uuid::Uuid;

#[async_trait]
impl CouponReads for PostgresStorage {
    async fn coupon(
        &self,
        merchant: MerchantId,
        id: CouponId,
    ) -> Read<Option<(Versioned<Merchant>, Versioned<Coupon>)>> {
        let sql = Sql::<(Found<Merchant>, Found<Coupon>)>::new(format!(
            "SELECT {}, {} FROM coupons c JOIN merchants m ON m.id = c.merchant_id WHERE c.merchant_id = ? AND c.id = ?",
            select::<Merchant>("m"),
            select::<Coupon>("c"),
        ));
        let found = self.readers.reader()?.first(sql.bind(merchant.uuid()).bind(id.uuid())).await?;
        let Some((merchant, coupon)) = found else { return Ok(None) };
        Ok(Some((merchant.versioned()?, coupon.versioned()?)))
    }

    async fn coupons(&self, merchant: MerchantId, filter: &CouponFilter, request: &PageRequest) -> Read<Page<Coupon>> {
        let CouponFilter { affiliate_id, code } = filter;
        let columns = select::<Coupon>("c");
        let mut sql = Sql::<Found<Coupon>>::new(format!("SELECT {columns} FROM coupons c WHERE c.merchant_id = ?"))
            .bind(merchant.uuid())
            .and(" AND c.affiliate_id = ?", affiliate_id.map(AffiliateId::uuid));
        if let Some(code) = code {
            let found = format!(" AND c.id = {}", owner(Space::CouponCode));
            sql = sql.text(&found).bind(merchant.uuid()).bind(code.as_str());
        }
        let rows = self.readers.reader()?.all(paged(sql, "c", request)).await?;
        page(rows, request, Found::entity)
    }

    async fn coupon_facts(
        &self,
        merchant: MerchantId,
        affiliate_id: AffiliateId,
        code: &CouponCode,
    ) -> Read<Option<CouponFacts>> {
        let facts = Sql::<(Found<Merchant>, Option<Uuid>)>::new(format!(
            "SELECT {}, {} FROM merchants m WHERE m.id = ?",
            select::<Merchant>("m"),
            owner(Space::CouponCode),
        ));
        let facts = facts.bind(merchant.uuid()).bind(code.as_str()).bind(merchant.uuid());
        let reader = self.readers.reader()?;
        let (facts, found) = try_join!(biased; reader.first(facts), reader.first(affiliate(merchant, affiliate_id)))?;
        let Some((merchant, code_owner)) = facts else { return Ok(None) };
        let affiliate = found.map(Found::versioned).transpose()?;
        Ok(Some(CouponFacts { merchant: merchant.versioned()?, affiliate, code_owner }))
    }
}
