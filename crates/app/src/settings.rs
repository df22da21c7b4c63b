//! Settings: get and change.

use crate::{AppError, IdempotentRequest, Principal, Response, context::UseCaseContext, group_settings};
use domain::{Merchant, Refusal, SettingsChange};
use ports::{ChangeSet, MerchantReads, Resource, ResponseStatus, SettingsFacts, Space, Topic};
use std::sync::Arc;

/// The use cases of a merchant's settings.
pub struct SettingsCases {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn MerchantReads>,
}

impl SettingsCases {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn MerchantReads>) -> Self {
        Self { context, reads }
    }

    /// The merchant with its settings.
    pub async fn get(&self, who: &Principal) -> Result<Merchant, AppError> {
        Ok(self.reads.merchant(who.merchant_id).await?.ok_or(Refusal::NotFound)?.row)
    }

    /// Changes them.
    pub async fn change(
        &self,
        who: &Principal,
        command: SettingsChange,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let load = || self.reads.settings_facts(who.merchant_id, command.slug.as_ref());
        self.context.run(who.merchant_id, request, &[], load, |facts| self.changed(&command, facts)).await
    }

    fn changed(&self, command: &SettingsChange, facts: SettingsFacts) -> Result<(ChangeSet, Response), AppError> {
        let mut set = self.context.set_for(&facts.merchant)?;
        let before = facts.merchant.row;
        if facts.slug_owner.is_some_and(|owner| owner != before.id.uuid()) {
            return Err(Refusal::Exists { field: "slug" }.into());
        }
        let settings = before.settings.changed(command.clone(), facts.has_commissions)?;
        let promises = group_settings::terms(&before, facts.group_settings.as_ref());
        if settings.max_payout_rate < before.settings.max_payout_rate && !promises.fits_within(settings.max_payout_rate)
        {
            let expected = "must leave room for the cashback that the group settings promise";
            return Err(Refusal::invalid("max_payout_rate", expected).into());
        }
        let slug = command.slug.clone().unwrap_or_else(|| before.slug.clone());
        let mut after = before.clone();
        if slug != before.slug || settings != before.settings {
            set.urgent = true;
            let id = before.id.uuid();
            if slug != before.slug {
                set.claim(Space::MerchantSlug, slug.as_str(), id);
                set.free(Space::MerchantSlug, before.slug.as_str(), id);
            }
            let now = before.clock.at(self.context.now()).max(before.updated_at);
            after = Merchant { slug, settings, updated_at: now, ..before };
            set.rows.merchants.change(facts.merchant.version, after.clone());
            self.context.announce_resource(&mut set, &after, Topic::SettingsUpdated, now, Resource::Settings(&after));
        }
        let body = self.context.renderer.object(Resource::Settings(&after));
        Ok((set, Response::first(ResponseStatus::Ok, body)))
    }
}
