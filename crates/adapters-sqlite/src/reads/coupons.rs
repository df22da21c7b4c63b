//! Coupons.

use super::{
    one::{affiliate, merchant},
    page::{empty, page, paged},
};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::{find, owner_of, whole},
    schema::coupons,
    values::Uid,
};
use async_trait::async_trait;
use diesel::prelude::*;
use domain::{AffiliateId, Coupon, CouponCode, CouponId, Merchant, MerchantId};
use ports::{CouponFacts, CouponFilter, CouponReads, Page, PageRequest, ReadError, Space, Versioned};
use uuid::Uuid;

/// Which coupon has a code.
pub(super) fn code_owner(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    code: &CouponCode,
) -> QueryResult<Option<Uuid>> {
    owner_of(connection, merchant, Space::CouponCode, code.as_str())
}

/// Whose coupon has a code.
pub(super) fn coupon_affiliate(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    code: &CouponCode,
) -> QueryResult<Option<AffiliateId>> {
    let Some(owner) = code_owner(connection, merchant, code)? else { return Ok(None) };
    let row = coupons::table.find((Uid::from(merchant), Uid(owner)));
    let affiliate: Option<Uid> = row.select(coupons::affiliate_id).get_result(connection).optional()?;
    Ok(affiliate.map(Uid::id))
}

fn list(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    filter: &CouponFilter,
    request: &PageRequest,
) -> Result<Page<Coupon>, SqliteError> {
    let CouponFilter { affiliate_id, code } = filter;
    let of_merchant = coupons::table.filter(coupons::merchant_id.eq(Uid::from(merchant)));
    let mut query = of_merchant.select(whole::<Coupon>()).into_boxed();
    if let Some(affiliate) = affiliate_id {
        query = query.filter(coupons::affiliate_id.eq(Uid::from(*affiliate)));
    }
    if let Some(code) = code {
        let Some(owner) = code_owner(connection, merchant, code)? else { return Ok(empty()) };
        query = query.filter(coupons::id.eq(Uid(owner)));
    }
    Ok(page(paged!(query, coupons, request).load(connection)?, request))
}

#[async_trait]
impl CouponReads for SqliteStorage {
    async fn coupon(
        &self,
        id: MerchantId,
        of: CouponId,
    ) -> Result<Option<(Versioned<Merchant>, Versioned<Coupon>)>, ReadError> {
        let work = move |connection: &mut SqliteConnection| {
            let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
            let coupon = find::<Coupon>(connection, id.uuid(), of.uuid())?;
            Ok(coupon.map(|coupon| (merchant, coupon)))
        };
        self.readers.read(work).await
    }

    async fn coupons(
        &self,
        merchant: MerchantId,
        filter: &CouponFilter,
        request: &PageRequest,
    ) -> Result<Page<Coupon>, ReadError> {
        let (filter, request) = (filter.clone(), *request);
        self.readers.read(move |connection| list(connection, merchant, &filter, &request)).await
    }

    async fn coupon_facts(
        &self,
        id: MerchantId,
        of: AffiliateId,
        code: &CouponCode,
    ) -> Result<Option<CouponFacts>, ReadError> {
        let code = code.clone();
        let work = move |connection: &mut SqliteConnection| {
            let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
            let affiliate = affiliate(connection, id, of)?;
            let code_owner = code_owner(connection, id, &code)?;
            Ok(Some(CouponFacts { merchant, affiliate, code_owner }))
        };
        self.readers.read(work).await
    }
}
