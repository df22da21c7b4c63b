//! Organizations and merchants.

use super::Read;
use crate::Versioned;
use async_trait::async_trait;
use domain::{GroupSettings, Merchant, MerchantId, Organization, OrganizationId, Slug};
use uuid::Uuid;

/// The facts for changing settings.
#[derive(Debug, Clone)]
pub struct SettingsFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// Whether it has any commission.
    pub has_commissions: bool,
    /// The owner of the requested slug.
    pub slug_owner: Option<Uuid>,
    /// Its settings of referral groups, if they were ever changed.
    pub group_settings: Option<Versioned<GroupSettings>>,
}

/// Organizations and merchants.
#[async_trait]
pub trait MerchantReads: Send + Sync {
    /// A merchant.
    async fn merchant(&self, id: MerchantId) -> Read<Option<Versioned<Merchant>>>;

    /// Returns a merchant, and the owner of `slug` on the server.
    async fn settings_facts(&self, id: MerchantId, slug: Option<&Slug>) -> Read<Option<SettingsFacts>>;

    /// Global: merchants that are being reset, at most `limit`, in the order of their ids.
    async fn resetting_merchants(&self, limit: u32) -> Read<Vec<MerchantId>>;

    /// Global: returns the merchant that has a slug.
    async fn slug_owner(&self, slug: &Slug) -> Read<Option<Uuid>>;

    /// Global: an organization.
    async fn organization(&self, id: OrganizationId) -> Read<Option<Versioned<Organization>>>;

    /// Global: organizations in the order of their ids, at most `limit`, after `after`.
    async fn organizations(&self, after: Option<OrganizationId>, limit: u32) -> Read<Vec<Organization>>;
}
