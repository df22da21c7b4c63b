//! Organizations: create, list, change of plan. For operators.

use crate::{AppError, commit_loop::Decision, context::UseCaseContext};
use domain::{Currency, Merchant, Mode, Organization, OrganizationId, OrganizationName, Plan, Refusal, Slug};
use ports::{ChangeSet, IdSourceExt, MerchantReads, Space, Tree, Versioned};
use std::sync::Arc;

/// The most collisions of a merchant's slug that are numbered.
const MOST_COLLISIONS: u32 = 1_000;

/// The use cases of organizations.
pub struct Organizations {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn MerchantReads>,
}

impl Organizations {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn MerchantReads>) -> Self {
        Self { context, reads }
    }

    /// Makes an organization with its two merchants.
    pub async fn create(
        &self,
        name: OrganizationName,
        plan: Plan,
        currency: Currency,
    ) -> Result<Organization, AppError> {
        let (test, live) = (self.context.ids.id(), self.context.ids.id());
        let id = self.context.ids.id();
        let decide = |slugs: Vec<(Mode, Slug)>| {
            let now = self.context.now();
            let organization = Organization { id, name: name.clone(), plan, test, live, created_at: now };
            let mut set = ChangeSet::new(live);
            for (mode, slug) in slugs {
                let merchant = Merchant::new(organization.merchant(mode), id, mode, slug, currency, now);
                set.claim(Space::MerchantSlug, merchant.slug.as_str(), merchant.id.uuid());
                set.rows.trees.insert(Tree { merchant_id: merchant.id });
                set.rows.merchants.insert(merchant);
            }
            set.rows.organizations.insert(organization.clone());
            Ok(Decision::commit(set, organization))
        };
        self.context.work(&[], || self.free_slugs(&name), decide).await
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
        let decide = |loaded: Option<Versioned<Organization>>| {
            let Versioned { row, version } = loaded.ok_or(Refusal::NotFound)?;
            let changed = Organization { plan, ..row };
            let mut set = ChangeSet::new(changed.live);
            set.urgent = true;
            set.rows.organizations.change(version, changed.clone());
            Ok(Decision::commit(set, changed))
        };
        self.context.work(&[], || self.reads.organization(id), decide).await
    }

    async fn free_slugs(&self, name: &OrganizationName) -> Result<Vec<(Mode, Slug)>, AppError> {
        let mut slugs = Vec::with_capacity(Mode::ALL.len());
        for &mode in Mode::ALL {
            slugs.push((mode, self.free_slug(name, mode).await?));
        }
        Ok(slugs)
    }

    async fn free_slug(&self, name: &OrganizationName, mode: Mode) -> Result<Slug, AppError> {
        for attempt in 0..MOST_COLLISIONS {
            let slug = Merchant::slug_for(name, mode, attempt);
            if self.reads.slug_owner(&slug).await?.is_none() {
                return Ok(slug);
            }
        }
        Err(Refusal::State("Too many organizations have this name.".to_owned()).into())
    }
}
