//! One row by its key, which most facts begin with.

use crate::{
    rows::{Found, select},
    sql::Sql,
};
use domain::{
    Affiliate, AffiliateId, Customer, CustomerId, Group, GroupId, GroupSettings, Merchant, MerchantId, Order, OrderId,
    Tier, TierId,
};
use tables::VersionedRow;
use uuid::Uuid;

/// The row with this id; none for none.
pub(super) fn by_key<'a, R: VersionedRow>(merchant: MerchantId, id: Option<Uuid>) -> Sql<'a, Found<R>> {
    Sql::new(format!("SELECT {} FROM {} t WHERE t.merchant_id = ? AND t.id = ?", select::<R>("t"), R::NAME))
        .bind(merchant.uuid())
        .bind(id)
}

/// The affiliate with this id.
pub(super) fn affiliate<'a>(merchant: MerchantId, id: AffiliateId) -> Sql<'a, Found<Affiliate>> {
    by_key(merchant, Some(id.uuid()))
}

/// The tier with this id.
pub(super) fn tier<'a>(merchant: MerchantId, id: TierId) -> Sql<'a, Found<Tier>> {
    by_key(merchant, Some(id.uuid()))
}

/// The customer with this id; nobody for none.
pub(super) fn customer<'a>(merchant: MerchantId, id: Option<CustomerId>) -> Sql<'a, Found<Customer>> {
    by_key(merchant, id.map(CustomerId::uuid))
}

/// The group with this id; none for none.
pub(super) fn group<'a>(merchant: MerchantId, id: Option<GroupId>) -> Sql<'a, Found<Group>> {
    by_key(merchant, id.map(GroupId::uuid))
}

/// The order with this id; none for none.
pub(super) fn order<'a>(merchant: MerchantId, id: Option<OrderId>) -> Sql<'a, Found<Order>> {
    by_key(merchant, id.map(OrderId::uuid))
}

/// A merchant's settings of referral groups.
pub(super) fn settings_of<'a>(merchant: MerchantId) -> Sql<'a, Found<GroupSettings>> {
    by_key(merchant, Some(merchant.uuid()))
}

/// A merchant.
pub(super) fn merchant_of<'a>(id: MerchantId) -> Sql<'a, Found<Merchant>> {
    Sql::new(format!("SELECT {} FROM merchants m WHERE m.id = ?", select::<Merchant>("m"))).bind(id.uuid())
}
