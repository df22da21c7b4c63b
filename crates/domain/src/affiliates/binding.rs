//! Customers bound to the affiliate that their first order came by (product 5).

use crate::values::{AffiliateId, BindingId, Email, EventId, ShortText, Timestamp};

/// A customer's bond to an affiliate: renewals that name nobody nearer are credited by it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// Its id.
    pub id: BindingId,
    /// To whom.
    pub affiliate_id: AffiliateId,
    /// The event that made it.
    pub event_id: EventId,
    /// How many renewals have earned by it.
    pub renewals: u32,
    /// Business time of creation.
    pub created_at: Timestamp,
}

impl Binding {
    /// A new bond, by which no renewal has earned yet.
    pub const fn tie(id: BindingId, affiliate_id: AffiliateId, event_id: EventId, now: Timestamp) -> Self {
        Self { id, affiliate_id, event_id, renewals: 0, created_at: now }
    }

    /// The bond after one more renewal earned by it.
    #[must_use]
    pub fn renewed(&self) -> Self {
        Self { renewals: self.renewals.saturating_add(1), ..self.clone() }
    }

    /// The texts by which a customer has one bond at most: by the shop's id, then by the address, case-folded. The first
    /// that is taken says which bond it is. Stored: never change their form.
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
