//! An API key, as callers see it: never its text, never its hash.

use super::scalars::Instant;
use super::words::ScopeWord;
use domain::ApiKey;
use serde::Serialize;
use utoipa::ToSchema;

/// What is known of an API key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey, example = json!({
    "id": "key_01hzy3v7k2e9m8q4t6w0x5b1ca", "name": "shop", "start": "cob_test_4fQ2", "last_four": "x9Za",
    "scopes": ["read", "write", "admin"], "rate_limit_per_min": 600, "created_at": "2024-01-01T12:00:00.000Z",
    "expires_at": null, "revoked_at": null, "rolled_to": null
}))]
pub(crate) struct ApiKeyObject<'a> {
    /// Unique identifier of the object.
    id: String,
    /// What a person calls it.
    name: &'a str,
    /// How its text begins.
    start: &'a str,
    /// How its text ends.
    last_four: &'a str,
    /// What it may do.
    scopes: Vec<ScopeWord>,
    /// Requests a minute.
    rate_limit_per_min: u32,
    /// When the object was created.
    created_at: Instant,
    /// When it stops being valid.
    expires_at: Option<Instant>,
    /// When it was revoked.
    revoked_at: Option<Instant>,
    /// The key that followed it.
    rolled_to: Option<String>,
}

impl<'a> From<&'a ApiKey> for ApiKeyObject<'a> {
    fn from(key: &'a ApiKey) -> Self {
        let ApiKey {
            id,
            name,
            hash: _,
            start,
            last_four,
            scopes,
            rate_limit_per_min,
            created_at,
            expires_at,
            revoked_at,
            rolled_to,
        } = key;
        Self {
            id: id.to_string(),
            name: name.as_str(),
            start,
            last_four,
            scopes: scopes.list().map(ScopeWord::from).collect(),
            rate_limit_per_min: *rate_limit_per_min,
            created_at: (*created_at).into(),
            expires_at: expires_at.map(Instant::from),
            revoked_at: revoked_at.map(Instant::from),
            rolled_to: rolled_to.map(|id| id.to_string()),
        }
    }
}
