//! Coupons.

use super::{Image, Mapped, Readable, parsed, rows, time, values::instant};
use diesel::data_types::PgTimestamp;
use domain::{AffiliateId, Coupon, CouponCode, CouponId, MerchantId};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// A coupon.
    CouponRow of "coupons" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        affiliate_id: Uuid,
        code: String,
        created_at: PgTimestamp,
        version: i64,
    }
}

impl Image for CouponRow {
    type Of = Coupon;

    fn image(merchant: MerchantId, coupon: &Coupon, version: Version) -> Self {
        let Coupon { id, affiliate_id, code, created_at } = coupon;
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            affiliate_id: affiliate_id.uuid(),
            code: code.as_str().to_owned(),
            created_at: time(*created_at),
            version: version.number(),
        }
    }
}

impl Readable for CouponRow {
    fn versioned(self) -> Mapped<Versioned<Coupon>> {
        let Self { merchant_id: _, id, affiliate_id, code, created_at, version } = self;
        let row = Coupon {
            id: CouponId::from_uuid(id),
            affiliate_id: AffiliateId::from_uuid(affiliate_id),
            code: parsed(CouponCode::parse(&code))?,
            created_at: instant(created_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
