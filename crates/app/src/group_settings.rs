//! Settings of referral groups: get and change.

use crate::{AppError, IdempotentRequest, Principal, Response, context::UseCaseContext};
use domain::{Actor, GroupSettings, GroupSettingsChange, GroupTerms, Merchant, Refusal};
use ports::{ChangeSet, GroupReads, GroupSettingsFacts, Resource, ResponseStatus, Tenant, Topic, Versioned};
use std::sync::Arc;

/// The use cases of a merchant's settings of referral groups.
pub struct GroupSettingsCases {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn GroupReads>,
}

/// The settings as they are, also of a merchant that never changed them.
fn present(merchant: &Merchant, stored: Option<&Versioned<GroupSettings>>) -> GroupSettings {
    let initial = || GroupSettings::initial(merchant.id, merchant.mode, merchant.created_at);
    stored.map_or_else(initial, |settings| settings.row.clone())
}

/// What a group that opens now promises.
pub(crate) fn terms(merchant: &Merchant, stored: Option<&Versioned<GroupSettings>>) -> GroupTerms {
    present(merchant, stored).terms
}

impl GroupSettingsCases {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn GroupReads>) -> Self {
        Self { context, reads }
    }

    /// The settings.
    pub async fn get(&self, who: &Principal) -> Result<GroupSettings, AppError> {
        let facts = self.reads.group_settings(who.merchant_id).await?.ok_or(Refusal::NotFound)?;
        Ok(present(&facts.merchant.row, facts.settings.as_ref()))
    }

    /// Changes them. Groups that are open keep what they promised.
    pub async fn change(
        &self,
        who: &Principal,
        command: GroupSettingsChange,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let load = || self.reads.group_settings(who.merchant_id);
        self.context.run(who.merchant_id, request, &[], load, |facts| self.changed(who, &command, facts)).await
    }

    fn changed(
        &self,
        who: &Principal,
        command: &GroupSettingsChange,
        facts: GroupSettingsFacts,
    ) -> Result<(ChangeSet, Response), AppError> {
        let GroupSettingsFacts { merchant: loaded, settings } = facts;
        let merchant = &loaded.row;
        let mut set = self.context.set_for(&loaded)?;
        let before = present(merchant, settings.as_ref());
        let now = merchant.clock.at(self.context.now());
        let cap = merchant.settings.max_payout_rate;
        let after = before.changed(command.clone(), cap, Actor::Key(who.key_id), now)?;
        let body = self.context.renderer.object(Resource::GroupSettings(Tenant::from(merchant), &after));
        if after != before {
            // The merchant's row is what this change, the first one too, and a change of the cap collide on.
            set.rows.merchants.change(loaded.version, merchant.clone());
            self.context.announce(&mut set, merchant, Topic::GroupSettingsUpdated, after.updated_at, &body);
            match settings {
                Some(settings) => set.rows.group_settings.change(settings.version, after),
                None => set.rows.group_settings.insert(after),
            }
        }
        Ok((set, Response::first(ResponseStatus::Ok, body)))
    }
}
