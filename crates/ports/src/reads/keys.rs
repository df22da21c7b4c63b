//! API keys.

use super::Read;
use crate::Versioned;
use async_trait::async_trait;
use domain::{ApiKey, ApiKeyId, KeyHash, MerchantId, Mode, OrganizationId, Plan, Timestamp};

/// A key with what decides whether it opens anything.
#[derive(Debug, Clone)]
pub struct KeyFacts {
    /// The key.
    pub key: Versioned<ApiKey>,
    /// The merchant of the key.
    pub merchant_id: MerchantId,
    /// In which mode.
    pub mode: Mode,
    /// Of which organization.
    pub organization_id: OrganizationId,
    /// On which plan.
    pub plan: Plan,
    /// When it was last used, in real time, to the minute.
    pub last_used_at: Option<Timestamp>,
}

/// API keys. All of its reads are global: a key is what says which merchant it is about.
#[async_trait]
pub trait KeyReads: Send + Sync {
    /// The key with one of these hashes (one for each accepted pepper).
    async fn key_by_hash(&self, hashes: &[KeyHash]) -> Read<Option<KeyFacts>>;

    /// The key with this id.
    async fn key(&self, id: ApiKeyId) -> Read<Option<KeyFacts>>;

    /// The keys of an organization, newest first, at most 1,000.
    async fn keys_of(&self, organization: OrganizationId) -> Read<Vec<KeyFacts>>;
}
