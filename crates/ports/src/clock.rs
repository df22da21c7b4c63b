//! Time and randomness, injected.

use async_trait::async_trait;
use domain::Timestamp;
use std::time::Duration;
use uuid::Uuid;

/// Real time. Business time is this, moved by the merchant's own clock, which comes with the facts.
#[cfg_attr(feature = "mock", mockall::automock)]
#[async_trait]
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Timestamp;

    /// Returns after `span`. For the short waits between two attempts.
    async fn pause(&self, span: Duration);
}

/// Ids and randomness.
pub trait IdSource: Send + Sync {
    /// A new UUIDv7: ids made one after the other sort in that order.
    fn uuid(&self) -> Uuid;

    /// Fills `bytes` from a cryptographic source.
    fn fill(&self, bytes: &mut [u8]);
}

/// What follows from an [`IdSource`].
pub trait IdSourceExt {
    /// A new id of any kind.
    fn id<K: domain::Kind>(&self) -> domain::Id<K>;

    /// `length` random letters of `alphabet` (at most 256 letters), each equally likely.
    fn letters(&self, alphabet: &[u8], length: usize) -> String;
}

impl<S: IdSource + ?Sized> IdSourceExt for S {
    fn id<K: domain::Kind>(&self) -> domain::Id<K> {
        domain::Id::from_uuid(self.uuid())
    }

    fn letters(&self, alphabet: &[u8], length: usize) -> String {
        // Bytes above the largest multiple of the alphabet's length would favour its first letters.
        let fair = 256 - 256 % alphabet.len().max(1);
        let mut text = String::with_capacity(length);
        let mut bytes = [0_u8; 64];
        while text.len() < length {
            self.fill(&mut bytes);
            let fair_ones = bytes.iter().map(|&byte| usize::from(byte)).filter(|&byte| byte < fair);
            let letters = fair_ones.filter_map(|byte| alphabet.get(byte % alphabet.len()));
            text.extend(letters.take(length - text.len()).map(|&letter| char::from(letter)));
        }
        text
    }
}
