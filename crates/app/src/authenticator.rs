//! Authentication: from the text of a key to a principal.

use crate::{AppError, Principal, context::UseCaseContext};
use domain::{ApiKeyId, KeyFormat, KeyHash, Pepper, Scope, Timestamp};
use ports::{ChangeSet, KeyFacts, KeyReads, KeyUse, RateLimiter, RateVerdict};
use quick_cache::sync::Cache;
use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

/// What keys look like on this server and how they are hashed.
#[derive(Debug, Clone)]
pub struct KeyPolicy {
    /// Their text.
    pub format: KeyFormat,
    /// Mixed into the hash of new keys.
    pub pepper: Option<Pepper>,
    /// Peppers of earlier configurations, still accepted; `None` means keys without a pepper.
    pub earlier_peppers: Vec<Option<Pepper>>,
}

/// How long a key's facts are cached: together with the flush of a revocation less than 5 s
/// (docs/adr/0008-key-cache.md).
const BELIEVED_FOR: Duration = Duration::from_secs(3);
/// How many keys are remembered.
const REMEMBERED: usize = 10_000;
/// A key's last use is written at most this often.
const USE_WRITTEN_EVERY: Duration = Duration::from_secs(60);

/// Turns the text of a key into a [`Principal`], in the order of refusals: 401, 429, 402, 403.
pub struct Authenticator {
    context: Arc<UseCaseContext>,
    keys: Arc<dyn KeyReads>,
    limiter: Arc<dyn RateLimiter>,
    policy: Arc<KeyPolicy>,
    cache: Cache<KeyHash, Arc<Remembered>>,
}

struct Remembered {
    facts: KeyFacts,
    loaded_at: Timestamp,
    used_at: AtomicI64,
}

/// A valid key, before plan and scope are checked.
pub struct Identity {
    remembered: Arc<Remembered>,
}

impl Authenticator {
    pub(crate) fn new(
        context: Arc<UseCaseContext>,
        keys: Arc<dyn KeyReads>,
        limiter: Arc<dyn RateLimiter>,
        policy: Arc<KeyPolicy>,
    ) -> Self {
        Self { context, keys, limiter, policy, cache: Cache::new(REMEMBERED) }
    }

    /// The valid key with this text. Malformed ones are refused before any query.
    pub async fn identify(&self, text: &str) -> Result<Identity, AppError> {
        let secret = self.policy.format.read(text).ok_or(AppError::Unauthorized)?;
        let current = self.policy.pepper.as_ref();
        let earlier = self.policy.earlier_peppers.iter().map(Option::as_ref);
        let hashes: Vec<KeyHash> = std::iter::once(current).chain(earlier).map(|pepper| secret.hash(pepper)).collect();
        let name = hashes.first().copied().ok_or(AppError::Unauthorized)?;
        let now = self.context.now();
        let is_fresh = |known: &Arc<Remembered>| now.since(known.loaded_at) < BELIEVED_FOR;
        let remembered = match self.cache.get(&name).filter(is_fresh) {
            Some(known) => known,
            None => {
                self.cache.remove_if(&name, |known| !is_fresh(known));
                self.cache.get_or_insert_async(&name, self.load(&hashes)).await?
            }
        };
        if !remembered.facts.key.row.is_valid(now) || remembered.facts.mode != secret.mode() {
            return Err(AppError::Unauthorized);
        }
        self.note_use(&remembered, now).await;
        Ok(Identity { remembered })
    }

    /// Counts the request against the key's allowance.
    pub fn count(&self, identity: &Identity) -> RateVerdict {
        self.limiter.check(identity.key_id(), identity.rate_limit_per_min())
    }

    async fn load(&self, hashes: &[KeyHash]) -> Result<Arc<Remembered>, AppError> {
        let loaded_at = self.context.now();
        let facts = self.keys.key_by_hash(hashes).await?.ok_or(AppError::Unauthorized)?;
        let used_at = AtomicI64::new(facts.last_used_at.map_or(0, Timestamp::micros));
        Ok(Arc::new(Remembered { facts, loaded_at, used_at }))
    }

    /// Writes the key's use, at most once a minute. One request a minute waits for it; should it fail, the next tries.
    async fn note_use(&self, remembered: &Remembered, now: Timestamp) {
        let noted = remembered.used_at.load(Ordering::Relaxed);
        let due = Timestamp::from_micros(noted).is_none_or(|noted| now.since(noted) >= USE_WRITTEN_EVERY);
        let mine = || {
            let swap = remembered.used_at.compare_exchange(noted, now.micros(), Ordering::Relaxed, Ordering::Relaxed);
            swap.is_ok()
        };
        if !due || !mine() {
            return;
        }
        let mut set = ChangeSet::new(remembered.facts.merchant_id);
        set.rows.key_uses.push(KeyUse { key_id: remembered.facts.key.row.id, at: now });
        if let Err(error) = self.context.commit_once(set).await {
            remembered.used_at.store(noted, Ordering::Relaxed);
            tracing::debug!(%error, "a key's last use was not written");
        }
    }
}

impl Identity {
    /// The key.
    pub fn key_id(&self) -> ApiKeyId {
        self.remembered.facts.key.row.id
    }

    /// Its allowance.
    pub fn rate_limit_per_min(&self) -> u32 {
        self.remembered.facts.key.row.rate_limit_per_min
    }

    /// The principal, if plan and scope allow it.
    pub fn require(&self, scope: Scope) -> Result<Principal, AppError> {
        let KeyFacts { key, merchant_id, mode, organization_id, plan, last_used_at: _ } = &self.remembered.facts;
        if !plan.allows_api() {
            return Err(AppError::ApiPlan);
        }
        if !key.row.scopes.allow(scope) {
            return Err(AppError::Scope(scope));
        }
        Ok(Principal {
            merchant_id: *merchant_id,
            mode: *mode,
            organization_id: *organization_id,
            plan: *plan,
            key_id: key.row.id,
        })
    }
}
