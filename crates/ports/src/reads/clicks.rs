//! Clicks.

use super::Read;
use crate::Versioned;
use async_trait::async_trait;
use domain::{AffiliateId, Merchant, Slug};

/// A merchant and one of its affiliates, found by the slugs in a link.
#[derive(Debug, Clone)]
pub struct LinkFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The affiliate and whether it is approved.
    pub affiliate: Option<(AffiliateId, bool)>,
}

/// Clicks.
#[async_trait]
pub trait ClickReads: Send + Sync {
    /// Global: where a link leads; `None` if no merchant has the slug.
    async fn link(&self, merchant: &Slug, affiliate: &Slug) -> Read<Option<LinkFacts>>;
}
