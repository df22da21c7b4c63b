//! One row by its key, which most facts begin with.

use crate::{
    rows::{
        AffiliateRow, CustomerRow, GroupRow, GroupSettingsRow, MerchantRow, OrderRow, Readable, Stored as _, TierRow,
    },
    sql::Sql,
};
use domain::{AffiliateId, CustomerId, GroupId, MerchantId, OrderId, TierId};
use uuid::Uuid;

/// The row with this id; none for none.
pub(super) fn by_key<'a, R: Readable>(merchant: MerchantId, id: Option<Uuid>) -> Sql<'a, R> {
    Sql::new(format!("SELECT {} FROM {} t WHERE t.merchant_id = ? AND t.id = ?", R::select("t"), R::TABLE))
        .bind(merchant.uuid())
        .bind(id)
}

/// The affiliate with this id.
pub(super) fn affiliate<'a>(merchant: MerchantId, id: AffiliateId) -> Sql<'a, AffiliateRow> {
    by_key(merchant, Some(id.uuid()))
}

/// The tier with this id.
pub(super) fn tier<'a>(merchant: MerchantId, id: TierId) -> Sql<'a, TierRow> {
    by_key(merchant, Some(id.uuid()))
}

/// The customer with this id; nobody for none.
pub(super) fn customer<'a>(merchant: MerchantId, id: Option<CustomerId>) -> Sql<'a, CustomerRow> {
    by_key(merchant, id.map(CustomerId::uuid))
}

/// The group with this id; none for none.
pub(super) fn group<'a>(merchant: MerchantId, id: Option<GroupId>) -> Sql<'a, GroupRow> {
    by_key(merchant, id.map(GroupId::uuid))
}

/// The order with this id; none for none.
pub(super) fn order<'a>(merchant: MerchantId, id: Option<OrderId>) -> Sql<'a, OrderRow> {
    by_key(merchant, id.map(OrderId::uuid))
}

/// A merchant's settings of referral groups.
pub(super) fn settings_of<'a>(merchant: MerchantId) -> Sql<'a, GroupSettingsRow> {
    by_key(merchant, Some(merchant.uuid()))
}

/// A merchant.
pub(super) fn merchant_of<'a>(id: MerchantId) -> Sql<'a, MerchantRow> {
    Sql::new(format!("SELECT {} FROM merchants m WHERE m.id = ?", MerchantRow::select("m"))).bind(id.uuid())
}
