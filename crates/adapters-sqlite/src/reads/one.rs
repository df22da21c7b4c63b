//! One row by its key, which most facts begin with.

use crate::{error::SqliteError, rows::find};
use diesel::SqliteConnection;
use domain::{
    Affiliate, AffiliateId, Customer, CustomerId, Group, GroupId, GroupSettings, Merchant, MerchantId, Order, OrderId,
    Organization, OrganizationId, Tier, TierId,
};
use ports::Versioned;

/// An organization.
pub(super) fn organization(
    connection: &mut SqliteConnection,
    id: OrganizationId,
) -> Result<Option<Versioned<Organization>>, SqliteError> {
    find::<Organization>(connection, id.uuid(), id.uuid())
}

/// A merchant.
pub(super) fn merchant(
    connection: &mut SqliteConnection,
    id: MerchantId,
) -> Result<Option<Versioned<Merchant>>, SqliteError> {
    find::<Merchant>(connection, id.uuid(), id.uuid())
}

/// One affiliate.
pub(super) fn affiliate(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    id: AffiliateId,
) -> Result<Option<Versioned<Affiliate>>, SqliteError> {
    find::<Affiliate>(connection, merchant.uuid(), id.uuid())
}

/// One tier.
pub(super) fn tier(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    id: TierId,
) -> Result<Option<Versioned<Tier>>, SqliteError> {
    find::<Tier>(connection, merchant.uuid(), id.uuid())
}

/// One customer.
pub(super) fn customer(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    id: CustomerId,
) -> Result<Option<Versioned<Customer>>, SqliteError> {
    find::<Customer>(connection, merchant.uuid(), id.uuid())
}

/// One group.
pub(super) fn group(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    id: GroupId,
) -> Result<Option<Versioned<Group>>, SqliteError> {
    find::<Group>(connection, merchant.uuid(), id.uuid())
}

/// One order.
pub(super) fn order(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    id: OrderId,
) -> Result<Option<Versioned<Order>>, SqliteError> {
    find::<Order>(connection, merchant.uuid(), id.uuid())
}

/// A merchant's settings of referral groups.
pub(super) fn settings_of(
    connection: &mut SqliteConnection,
    id: MerchantId,
) -> Result<Option<Versioned<GroupSettings>>, SqliteError> {
    find::<GroupSettings>(connection, id.uuid(), id.uuid())
}
