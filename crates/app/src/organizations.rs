//! Organizations: create, list, change of plan. For operators.

use crate::{AppError, desk::Desk};
use domain::{Currency, Merchant, Mode, Organization, OrganizationId, OrganizationName, Plan, Refusal};
use ports::{ChangeSet, IdSourceExt, MerchantReads, Space, Tree};
use std::sync::Arc;

/// The most collisions of a merchant's slug that are numbered.
const MOST_COLLISIONS: u32 = 1_000;

/// The use cases of organizations.
pub struct Organizations {
    desk: Arc<Desk>,
    reads: Arc<dyn MerchantReads>,
}

impl Organizations {
    pub(crate) fn new(desk: Arc<Desk>, reads: Arc<dyn MerchantReads>) -> Self {
        Self { desk, reads }
    }

    /// Makes an organization with its two merchants.
    pub async fn create(
        &self,
        name: OrganizationName,
        plan: Plan,
        currency: Currency,
    ) -> Result<Organization, AppError> {
        let (test, live) = (self.desk.ids.id(), self.desk.ids.id());
        let attempts = self.desk.attempts(live, None, &[]).await?;
        let id = self.desk.ids.id();
        loop {
            let now = self.desk.now();
            let organization = Organization { id, name: name.clone(), plan, test, live, created_at: now };
            let mut set = ChangeSet::new(live);
            for &mode in Mode::ALL {
                let slug = self.free_slug(&name, mode).await?;
                let merchant = Merchant::found(organization.merchant(mode), id, mode, slug, currency, now);
                set.claim(Space::MerchantSlug, merchant.slug.as_str(), merchant.id.uuid());
                set.rows.trees.insert(Tree { merchant_id: merchant.id });
                set.rows.merchants.insert(merchant);
            }
            set.rows.organizations.insert(organization.clone());
            if attempts.write(set).await? {
                return Ok(organization);
            }
        }
    }

    /// Organizations in the order in which they were made.
    pub async fn list(&self, after: Option<OrganizationId>, limit: u32) -> Result<Vec<Organization>, AppError> {
        Ok(self.reads.organizations(after, limit).await?)
    }

    /// One organization.
    pub async fn get(&self, id: OrganizationId) -> Result<Organization, AppError> {
        Ok(self.reads.organization(id).await?.ok_or(Refusal::NotFound)?.row)
    }

    /// Puts an organization on a plan. Its keys notice within 5 s on every node.
    pub async fn set_plan(&self, id: OrganizationId, plan: Plan) -> Result<Organization, AppError> {
        let first = self.get(id).await?;
        let attempts = self.desk.attempts(first.live, None, &[]).await?;
        loop {
            let loaded = self.reads.organization(id).await?.ok_or(Refusal::NotFound)?;
            let changed = Organization { plan, ..loaded.row };
            let mut set = ChangeSet::new(changed.live);
            set.urgent = true;
            set.rows.organizations.change(loaded.version, changed.clone());
            if attempts.write(set).await? {
                return Ok(changed);
            }
        }
    }

    async fn free_slug(&self, name: &OrganizationName, mode: Mode) -> Result<domain::Slug, AppError> {
        for attempt in 0..MOST_COLLISIONS {
            let slug = Merchant::slug_for(name, mode, attempt);
            if self.reads.slug_owner(&slug).await?.is_none() {
                return Ok(slug);
            }
        }
        Err(Refusal::State("Too many organizations have this name.".to_owned()).into())
    }
}
