//! `coupons`

use super::{Reading, TableRow};
use crate::{error::Damaged, schema::coupons, values::Uid};
use diesel::prelude::*;
use domain::{Coupon, CouponCode, MerchantId};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = coupons, primary_key(merchant_id, id))]
pub(crate) struct CouponRow {
    merchant_id: Uid,
    id: Uid,
    affiliate_id: Uid,
    code: String,
    created_at: i64,
    version: i64,
}

impl CouponRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for CouponRow {
    type Entity = Coupon;

    fn of(merchant: MerchantId, coupon: &Coupon, version: Version) -> Self {
        let Coupon { id, affiliate_id, code, created_at } = coupon;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            affiliate_id: Uid::from(*affiliate_id),
            code: code.as_str().to_owned(),
            created_at: created_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Coupon>, Damaged> {
        let Self { merchant_id: _, id, affiliate_id, code, created_at, version } = self;
        let reading = Reading::of("coupons", id.0);
        let row = Coupon {
            id: id.id(),
            affiliate_id: affiliate_id.id(),
            code: reading.get("code", CouponCode::parse(&code))?,
            created_at: reading.time("created_at", created_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
