//! Bindings of customers to the affiliate of their first order (docs/rules/attribution.md).

use crate::values::{AffiliateId, BindingId, Email, EventId, ShortText, Timestamp};

/// Binds a customer to an affiliate: renewals without a nearer candidate are credited by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Its id.
    pub id: BindingId,
    /// The affiliate.
    pub affiliate_id: AffiliateId,
    /// The event that made it.
    pub event_id: EventId,
    /// How many renewals have earned by it.
    pub renewals: u32,
    /// Business time of creation.
    pub created_at: Timestamp,
}

impl Binding {
    /// Creates a binding by which no renewal has earned yet.
    pub const fn new(id: BindingId, affiliate_id: AffiliateId, event_id: EventId, now: Timestamp) -> Self {
        Self { id, affiliate_id, event_id, renewals: 0, created_at: now }
    }

    /// Returns the binding after one more renewal earned by it.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self { renewals: self.renewals.saturating_add(1), ..self.clone() }
    }

    /// Returns the keys by which a customer has at most one binding: the shop's id, then the address, case-folded. The
    /// first key that is taken leads to the binding. Stored: never change their form.
    pub fn keys(external_id: Option<&ShortText>, email: Option<&Email>) -> Vec<String> {
        let own = external_id.map(|id| format!("x:{}", id.as_str()));
        own.into_iter().chain(email.map(|email| format!("e:{}", email.folded()))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shops_own_id_comes_first() {
        let (id, email) = (ShortText::parse("C-1").unwrap(), Email::parse("Ama@Example.com").unwrap());
        assert_eq!(Binding::keys(Some(&id), Some(&email)), ["x:C-1", "e:ama@example.com"]);
        assert_eq!(Binding::keys(None, None), [""; 0]);
    }
}
