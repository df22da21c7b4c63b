//! The lanes that use cases enter.

use domain::{AffiliateId, GroupId, MerchantId, PayoutId};
use ports::{Lane, LaneKind, RefundedSale};
use std::hash::{DefaultHasher, Hash, Hasher};
use uuid::Uuid;

/// Of those who change which affiliate is whose parent.
pub(crate) const fn tree(merchant: MerchantId) -> Lane {
    Lane { merchant, kind: LaneKind::Tree, id: merchant.uuid() }
}

/// Of those who write an affiliate's accounts.
pub(crate) const fn affiliate(merchant: MerchantId, id: AffiliateId) -> Lane {
    Lane { merchant, kind: LaneKind::Affiliate, id: id.uuid() }
}

/// Of those who build a merchant's payouts.
pub(crate) const fn payouts(merchant: MerchantId) -> Lane {
    Lane { merchant, kind: LaneKind::Payouts, id: merchant.uuid() }
}

/// Of those who settle a payout, or take it back.
pub(crate) const fn payout(merchant: MerchantId, id: PayoutId) -> Lane {
    Lane { merchant, kind: LaneKind::Payouts, id: id.uuid() }
}

/// Of those who change a group or an order in it.
pub(crate) const fn group(merchant: MerchantId, id: GroupId) -> Lane {
    Lane { merchant, kind: LaneKind::Group, id: id.uuid() }
}

/// Of those who take back the same sale, by the name they give it.
pub(crate) fn sale(merchant: MerchantId, sale: &RefundedSale) -> Lane {
    let id = match sale {
        RefundedSale::Event(id) => id.uuid(),
        RefundedSale::Order(order) => {
            let mut hasher = DefaultHasher::new();
            order.as_str().hash(&mut hasher);
            Uuid::from_u128(u128::from(hasher.finish()))
        }
    };
    Lane { merchant, kind: LaneKind::Sale, id }
}
