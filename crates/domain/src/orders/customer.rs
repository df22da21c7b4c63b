//! Customers: people who place orders (docs/rules/groups.md).

use crate::tenancy::Actor;
use crate::values::{CustomerId, Email, Metadata, PersonName, PhoneNumber, Refusal, Timestamp};
use std::collections::BTreeSet;

/// A person who places orders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Customer {
    /// Its id.
    pub id: CustomerId,
    /// Its address; unique per merchant among those that are not deleted, compared case-folded.
    pub email: Email,
    /// The addresses that it had before, each once: what its conversions and its orders still name it by.
    pub earlier_emails: Vec<Email>,
    /// Its first name.
    pub first_name: Option<PersonName>,
    /// Its last name.
    pub last_name: Option<PersonName>,
    /// Its telephone number.
    pub phone: Option<PhoneNumber>,
    /// The caller's own data.
    pub metadata: Metadata,
    /// Since when it may place no orders.
    pub blocked_at: Option<Timestamp>,
    /// Since when it is deleted. Its orders still name it.
    pub deleted_at: Option<Timestamp>,
    /// Business time of creation.
    pub created_at: Timestamp,
    /// The actor that created it.
    pub created_by: Actor,
    /// Business time of the last change.
    pub updated_at: Timestamp,
    /// The actor of the last change.
    pub updated_by: Actor,
}

/// The input for a new customer.
#[derive(Debug, Clone)]
#[allow(missing_docs, reason = "the fields of Customer, documented there")]
pub struct NewCustomer {
    pub email: Email,
    pub first_name: Option<PersonName>,
    pub last_name: Option<PersonName>,
    pub phone: Option<PhoneNumber>,
    pub metadata: Metadata,
}

/// What a PATCH asks for; `None` leaves a field alone, an inner `None` clears it.
#[derive(Debug, Clone, Default)]
#[allow(clippy::option_option, reason = "outer: asked for at all; inner: null clears the field")]
#[allow(missing_docs, reason = "the fields of Customer, documented there")]
pub struct CustomerChange {
    pub email: Option<Email>,
    pub first_name: Option<Option<PersonName>>,
    pub last_name: Option<Option<PersonName>>,
    pub phone: Option<Option<PhoneNumber>>,
    pub metadata: Option<Metadata>,
}

impl Customer {
    /// How many addresses it may have had before the present one.
    pub const MOST_EARLIER_EMAILS: usize = 50;

    /// A new customer.
    pub fn create(id: CustomerId, request: NewCustomer, by: Actor, now: Timestamp) -> Self {
        let NewCustomer { email, first_name, last_name, phone, metadata } = request;
        Self {
            id,
            email,
            earlier_emails: Vec::new(),
            first_name,
            last_name,
            phone,
            metadata,
            blocked_at: None,
            deleted_at: None,
            created_at: now,
            created_by: by,
            updated_at: now,
            updated_by: by,
        }
    }

    /// Whether it was made from this input, and not changed since.
    pub fn is_as_asked(&self, input: &NewCustomer) -> bool {
        let NewCustomer { email, first_name, last_name, phone, metadata } = input;
        self.email.folded() == email.folded()
            && self.first_name == *first_name
            && self.last_name == *last_name
            && self.phone == *phone
            && self.metadata == *metadata
    }

    /// The customer after `change`.
    pub fn changed(&self, change: CustomerChange, by: Actor, now: Timestamp) -> Result<Self, Refusal> {
        let CustomerChange { email, first_name, last_name, phone, metadata } = change;
        self.check_kept()?;
        let email = email.unwrap_or_else(|| self.email.clone());
        let next = Self {
            earlier_emails: self.earlier_with(&email)?,
            email,
            first_name: first_name.unwrap_or_else(|| self.first_name.clone()),
            last_name: last_name.unwrap_or_else(|| self.last_name.clone()),
            phone: phone.unwrap_or_else(|| self.phone.clone()),
            metadata: metadata.unwrap_or_else(|| self.metadata.clone()),
            ..self.clone()
        };
        Ok(next.touched_unless(self, by, now))
    }

    /// The customer blocked, or no longer so. One that is so already stays as it is.
    pub fn blocked(&self, blocked: bool, by: Actor, now: Timestamp) -> Result<Self, Refusal> {
        self.check_kept()?;
        let now = now.max(self.updated_at);
        let blocked_at = if blocked { self.blocked_at.or(Some(now)) } else { None };
        Ok(Self { blocked_at, ..self.clone() }.touched_unless(self, by, now))
    }

    /// The customer deleted. One that is deleted already stays as it is.
    #[must_use]
    pub fn deleted(&self, by: Actor, now: Timestamp) -> Self {
        let now = now.max(self.updated_at);
        Self { deleted_at: self.deleted_at.or(Some(now)), ..self.clone() }.touched_unless(self, by, now)
    }

    /// Returns the customer deleted and without personal data. An erased one stays as it is.
    #[must_use]
    pub fn erased(&self, by: Actor, now: Timestamp) -> Self {
        let Self {
            id,
            email: _,
            earlier_emails: _,
            first_name: _,
            last_name: _,
            phone: _,
            metadata: _,
            blocked_at,
            deleted_at,
            created_at,
            created_by,
            updated_at,
            updated_by,
        } = self.deleted(by, now);
        let erased = Self {
            id,
            email: Email::erased(id.uuid()),
            earlier_emails: Vec::new(),
            first_name: None,
            last_name: None,
            phone: None,
            metadata: Metadata::default(),
            blocked_at,
            deleted_at,
            created_at,
            created_by,
            updated_at,
            updated_by,
        };
        erased.touched_unless(self, by, now)
    }

    /// Whether the personal data have been erased.
    pub fn is_erased(&self) -> bool {
        self.email == Email::erased(self.id.uuid())
    }

    /// Whether it may place orders, as far as it is there at all.
    pub const fn is_blocked(&self) -> bool {
        self.blocked_at.is_some()
    }

    /// Every address that it has or had, in lower case, each once.
    pub fn addresses(&self) -> Vec<String> {
        let all = [&self.email].into_iter().chain(&self.earlier_emails);
        all.map(Email::folded).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The earlier addresses once `next` is the present one.
    fn earlier_with(&self, next: &Email) -> Result<Vec<Email>, Refusal> {
        if next.folded() == self.email.folded() {
            return Ok(self.earlier_emails.clone());
        }
        let others = self.earlier_emails.iter().filter(|earlier| earlier.folded() != next.folded());
        let earlier: Vec<Email> = others.chain([&self.email]).cloned().collect();
        if earlier.len() > Self::MOST_EARLIER_EMAILS {
            let most = Self::MOST_EARLIER_EMAILS;
            return Err(Refusal::State(format!(
                "The customer has had {most} other addresses and cannot have one more."
            )));
        }
        Ok(earlier)
    }

    /// Returns the text that searches scan, in lower case, without personal data that is not searched by.
    pub fn search_text(&self) -> String {
        let names = [&self.first_name, &self.last_name].map(|name| name.as_ref().map_or("", PersonName::as_str));
        let phone = self.phone.as_ref().map_or("", PhoneNumber::as_str);
        format!("{} {} {phone}", self.email.as_str(), names.join(" ")).to_lowercase()
    }

    fn check_kept(&self) -> Result<(), Refusal> {
        match self.deleted_at {
            Some(_) => Err(Refusal::State("The customer is deleted.".to_owned())),
            None => Ok(()),
        }
    }

    /// Marked as changed, unless nothing did. Time never runs backwards within it.
    fn touched_unless(self, before: &Self, by: Actor, now: Timestamp) -> Self {
        if self == *before { self } else { Self { updated_at: now.max(before.updated_at), updated_by: by, ..self } }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A customer whose id and address follow from `n`.
    pub(crate) fn customer(n: u128) -> Customer {
        let request = NewCustomer {
            email: Email::parse(&format!("Buyer{n}@example.com")).unwrap(),
            first_name: PersonName::parse("Ada").ok(),
            last_name: None,
            phone: PhoneNumber::parse("+33 1 23").ok(),
            metadata: Metadata::default(),
        };
        Customer::create(CustomerId::from_uuid(uuid::Uuid::from_u128(n)), request, Actor::System, Timestamp::MIN)
    }

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    #[test]
    fn changes_touch_only_what_changed() {
        let one = customer(1);
        let same = one.changed(CustomerChange::default(), Actor::System, at(9)).unwrap();
        assert_eq!(same, one, "nothing asked for, nothing changed");
        let change = CustomerChange { first_name: Some(None), ..CustomerChange::default() };
        let other = one.changed(change, Actor::System, at(9)).unwrap();
        assert_eq!((other.first_name, other.updated_at), (None, at(9)));
    }

    #[test]
    fn earlier_addresses_are_known_until_it_is_erased() {
        let moved = |from: &Customer, email: &str| {
            let change = CustomerChange { email: Email::parse(email).ok(), ..CustomerChange::default() };
            from.changed(change, Actor::System, at(1))
        };
        let spelled = moved(&customer(1), "BUYER1@example.com").unwrap();
        assert_eq!(spelled.addresses(), ["buyer1@example.com"], "the same address in another case");
        let away = moved(&moved(&spelled, "b@example.com").unwrap(), "a@example.com").unwrap();
        assert_eq!(away.addresses(), ["a@example.com", "b@example.com", "buyer1@example.com"]);
        let back = moved(&away, "buyer1@example.com").unwrap();
        assert_eq!((back.addresses(), back.earlier_emails.len()), (away.addresses(), 2));
        assert_eq!(back.erased(Actor::System, at(2)).addresses().len(), 1);
        let many = (0..Customer::MOST_EARLIER_EMAILS)
            .fold(customer(1), |customer, n| moved(&customer, &format!("n{n}@example.com")).unwrap());
        assert!(matches!(moved(&many, "more@example.com"), Err(Refusal::State(_))));
        assert!(moved(&many, "n0@example.com").is_ok(), "one that it had before");
    }

    #[test]
    fn blocking_and_deleting_happen_once() {
        let blocked = customer(1).blocked(true, Actor::System, at(5)).unwrap();
        assert_eq!(blocked.blocked(true, Actor::System, at(9)).unwrap(), blocked);
        assert!(blocked.is_blocked() && !blocked.blocked(false, Actor::System, at(9)).unwrap().is_blocked());
        let gone = blocked.deleted(Actor::System, at(9));
        assert_eq!((gone.deleted_at, gone.deleted(Actor::System, at(99))), (Some(at(9)), gone.clone()));
        assert!(gone.blocked(false, Actor::System, at(9)).is_err());
        assert!(gone.changed(CustomerChange::default(), Actor::System, at(9)).is_err());
    }

    /// Storages compute from the lengths of names where each begins in the searchable text.
    #[test]
    fn one_letter_grows_in_lower_case() {
        let grown: String = ('\0'..=char::MAX).filter(|letter| letter.to_lowercase().count() != 1).collect();
        assert_eq!((grown.as_str(), grown.to_lowercase().chars().count()), ("İ", 2));
    }

    #[test]
    fn a_search_ignores_case() {
        assert!(customer(1).search_text().contains("buyer1@example.com ada"));
    }
}
