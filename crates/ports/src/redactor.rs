//! The port that finds and removes personal data in stored payloads.

use domain::AffiliateId;
use std::collections::HashSet;

/// What identifies a person in a stored payload.
#[derive(Debug, Clone, Default)]
pub struct SubjectIdentifiers {
    /// Texts that identify the person, compared without case. They are in lower case.
    pub texts: HashSet<String>,
    /// It shows the object with one of these ids. That it only mentions one does not count.
    pub resource_ids: HashSet<String>,
    /// It shows a coupon of this affiliate.
    pub coupons_of: Option<AffiliateId>,
    /// A payload with this text was made after the erasure and contains no personal data.
    pub erased: String,
}

/// Reads the bytes that a [`crate::Renderer`] made.
pub trait PayloadRedactor: Send + Sync {
    /// Whether an announcement or a response contains personal data of the subject.
    fn mentions(&self, body: &[u8], of: &SubjectIdentifiers) -> bool;

    /// Returns the announcement with its data erased, in the same envelope.
    fn redact(&self, announcement: &[u8]) -> Vec<u8>;
}
