//! API keys: create, list, roll, revoke. For operators: a key can never do this (docs/api-conventions.md).

use crate::{AppError, KeyPolicy, commit_loop::Decision, context::UseCaseContext};
use domain::{
    ApiKey, ApiKeyId, KeyHash, KeySecret, Merchant, MerchantId, Mode, NewApiKey, Organization, OrganizationId, Plan,
    Refusal,
};
use ports::{ChangeSet, IdSourceExt, KeyFacts, KeyReads, MerchantReads, Resource, Space, Topic, Versioned};
use std::{sync::Arc, time::Duration};

/// The use cases of API keys.
pub struct Keys {
    context: Arc<UseCaseContext>,
    keys: Arc<dyn KeyReads>,
    merchants: Arc<dyn MerchantReads>,
    policy: Arc<KeyPolicy>,
}

/// A key that was just made, with its text: the only time that it is shown.
#[derive(Debug)]
pub struct MadeKey {
    /// The key.
    pub key: ApiKey,
    /// Its text.
    pub secret: KeySecret,
    /// Its mode.
    pub mode: Mode,
    /// Its merchant.
    pub merchant_id: MerchantId,
}

impl Keys {
    pub(crate) fn new(
        context: Arc<UseCaseContext>,
        keys: Arc<dyn KeyReads>,
        merchants: Arc<dyn MerchantReads>,
        policy: Arc<KeyPolicy>,
    ) -> Self {
        Self { context, keys, merchants, policy }
    }

    /// Makes a key. Needs a plan with API access.
    pub async fn create(
        &self,
        organization: OrganizationId,
        mode: Mode,
        command: NewApiKey,
    ) -> Result<MadeKey, AppError> {
        let merchant_id = self.organization(organization).await?.row.merchant(mode);
        let merchant = self.merchant(merchant_id).await?;
        let decide = |organization: Versioned<Organization>| {
            check_plan(organization.row.plan)?;
            let (secret, hash) = self.fresh_secret(mode)?;
            let key = ApiKey::create(self.context.ids.id(), command.clone(), &secret, hash, self.context.now())?;
            let mut set = ChangeSet::new(merchant_id);
            set.urgent = true;
            set.expect_unchanged(&organization);
            set.claim(Space::KeyHash, key.hash.hex(), key.id.uuid());
            self.announce(&mut set, &merchant, Topic::ApiKeyCreated, &key);
            set.rows.api_keys.insert(key.clone());
            Ok(Decision::commit(set, MadeKey { key, secret, mode, merchant_id }))
        };
        self.context.work(&[], || self.organization(organization), decide).await
    }

    /// The keys of an organization, newest first.
    pub async fn list(&self, organization: OrganizationId) -> Result<Vec<KeyFacts>, AppError> {
        self.organization(organization).await?;
        Ok(self.keys.keys_of(organization).await?)
    }

    /// Replaces a key by a new one with the same rights; the old one stays valid for `overlap`.
    pub async fn roll(&self, id: ApiKeyId, overlap: Duration) -> Result<MadeKey, AppError> {
        let facts = self.key(id).await?;
        let merchant = self.merchant(facts.merchant_id).await?;
        let decide = |(facts, organization)| self.rolled(&merchant, facts, &organization, overlap);
        self.context.work(&[], || self.key_and_organization(id), decide).await
    }

    fn rolled(
        &self,
        merchant: &Merchant,
        facts: KeyFacts,
        organization: &Versioned<Organization>,
        overlap: Duration,
    ) -> Result<Decision<MadeKey>, AppError> {
        let KeyFacts { key: loaded, mode, merchant_id, .. } = facts;
        check_plan(organization.row.plan)?;
        let (secret, hash) = self.fresh_secret(mode)?;
        let (old, key) = loaded.row.roll(self.context.ids.id(), &secret, hash, overlap, self.context.now())?;
        let mut set = ChangeSet::new(merchant_id);
        set.urgent = true;
        set.expect_unchanged(organization);
        set.claim(Space::KeyHash, key.hash.hex(), key.id.uuid());
        self.announce(&mut set, merchant, Topic::ApiKeyRolled, &old);
        self.announce(&mut set, merchant, Topic::ApiKeyCreated, &key);
        set.rows.api_keys.change(loaded.version, old);
        set.rows.api_keys.insert(key.clone());
        Ok(Decision::commit(set, MadeKey { key, secret, mode, merchant_id }))
    }

    /// Revokes a key, on every node within 5 s. Revoking twice changes nothing.
    pub async fn revoke(&self, id: ApiKeyId) -> Result<ApiKey, AppError> {
        let facts = self.key(id).await?;
        let merchant = self.merchant(facts.merchant_id).await?;
        let decide = |facts: KeyFacts| {
            let loaded = facts.key;
            if loaded.row.revoked_at.is_some() {
                return Ok(Decision::Return(loaded.row));
            }
            let revoked = loaded.row.revoke(self.context.now());
            let mut set = ChangeSet::new(merchant.id);
            set.urgent = true;
            self.announce(&mut set, &merchant, Topic::ApiKeyRevoked, &revoked);
            set.rows.api_keys.change(loaded.version, revoked.clone());
            Ok(Decision::commit(set, revoked))
        };
        self.context.work(&[], || self.key(id), decide).await
    }

    async fn key_and_organization(&self, id: ApiKeyId) -> Result<(KeyFacts, Versioned<Organization>), AppError> {
        let facts = self.key(id).await?;
        let organization = self.organization(facts.organization_id).await?;
        Ok((facts, organization))
    }

    async fn key(&self, id: ApiKeyId) -> Result<KeyFacts, AppError> {
        Ok(self.keys.key(id).await?.ok_or(Refusal::NotFound)?)
    }

    async fn organization(&self, id: OrganizationId) -> Result<Versioned<Organization>, AppError> {
        Ok(self.merchants.organization(id).await?.ok_or(Refusal::NotFound)?)
    }

    async fn merchant(&self, id: MerchantId) -> Result<Merchant, AppError> {
        Ok(self.merchants.merchant(id).await?.ok_or(Refusal::NotFound)?.row)
    }

    /// A new text and its hash.
    fn fresh_secret(&self, mode: Mode) -> Result<(KeySecret, KeyHash), AppError> {
        let mut random = [0_u8; 64];
        self.context.ids.fill(&mut random);
        let secret = self.policy.format.write(mode, &random);
        let secret = secret.ok_or_else(|| AppError::Internal("too little randomness for a key".into()))?;
        let hash = secret.hash(self.policy.pepper.as_ref());
        Ok((secret, hash))
    }

    fn announce(&self, set: &mut ChangeSet, merchant: &Merchant, topic: Topic, key: &ApiKey) {
        let at = merchant.clock.at(self.context.now());
        self.context.announce_resource(set, merchant, topic, at, Resource::ApiKey(key));
    }
}

fn check_plan(plan: Plan) -> Result<(), AppError> {
    if plan.allows_api() { Ok(()) } else { Err(AppError::ApiPlan) }
}
