//! Identifiers: a UUIDv7 inside, a prefixed word of Crockford base32 outside.

use std::{fmt, hash::Hash, marker::PhantomData, str::FromStr};
use uuid::Uuid;

/// What an id names. Implemented by empty types only.
pub trait Kind: Copy + Eq + Ord + Hash + fmt::Debug + Send + Sync + 'static {
    /// The text before the underscore, as clients see it.
    const PREFIX: &'static str;
}

/// The id of one kind of object: `aff_01j8x…`, 26 characters of Crockford base32 (lower case) after the prefix.
///
/// Ids of different kinds do not mix, and text becomes an id only through [`FromStr`], which checks the prefix.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id<K: Kind> {
    uuid: Uuid,
    kind: PhantomData<K>,
}

/// The text is not an id of the expected kind. Says no more: a malformed id and an unknown one look alike to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an id of the expected kind")]
pub struct IdError;

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;

impl<K: Kind> Id<K> {
    /// Wraps a UUID that the id source made or the storage returned.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self { uuid, kind: PhantomData }
    }

    /// The UUID, for storage.
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

impl<K: Kind> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = [0_u8; LENGTH];
        let mut rest = self.uuid.as_u128();
        for slot in text.iter_mut().rev() {
            let digit = usize::try_from(rest & 31).unwrap_or_default();
            *slot = ALPHABET.get(digit).copied().unwrap_or(b'0');
            rest >>= 5;
        }
        write!(f, "{}_{}", K::PREFIX, std::str::from_utf8(&text).unwrap_or_default())
    }
}

impl<K: Kind> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<K: Kind> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let word = text.strip_prefix(K::PREFIX).and_then(|rest| rest.strip_prefix('_')).ok_or(IdError)?;
        // 26 digits hold 130 bits: the first may only be 0 to 7, or two texts would name one id.
        if word.len() != LENGTH || word.as_bytes().first().is_none_or(|first| !(b'0'..=b'7').contains(first)) {
            return Err(IdError);
        }
        let mut value = 0_u128;
        for byte in word.bytes() {
            let digit = ALPHABET.iter().position(|&known| known == byte).ok_or(IdError)?;
            value = (value << 5) | digit as u128;
        }
        Ok(Self::from_uuid(Uuid::from_u128(value)))
    }
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $alias:ident = $kind:ident, $prefix:literal;)*) => {$(
        #[doc = concat!("Marks ids of the form `", $prefix, "_…`.")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $kind {}
        impl Kind for $kind { const PREFIX: &'static str = $prefix; }
        $(#[$doc])*
        pub type $alias = Id<$kind>;
    )*};
}

kinds! {
    /// An organization: a plan, a team and two merchants.
    OrganizationId = OrganizationKind, "org";
    /// One mode of an organization; every business row belongs to one.
    MerchantId = MerchantKind, "mer";
    /// An API key (its public id, not its text).
    ApiKeyId = ApiKeyKind, "key";
    /// An affiliate.
    AffiliateId = AffiliateKind, "aff";
    /// A coupon.
    CouponId = CouponKind, "cou";
    /// A stored click.
    ClickId = ClickKind, "clk";
    /// A conversion event.
    EventId = EventKindMarker, "evt";
    /// A commission row.
    CommissionId = CommissionKind, "com";
    /// What one affiliate is owed and was paid, in one currency.
    AccountId = AccountKind, "acc";
    /// An affiliate's tier.
    TierId = TierKind, "tier";
    /// A commission rule.
    RuleId = RuleKind, "rule";
    /// A customer's binding to an affiliate.
    BindingId = BindingKind, "bnd";
    /// A payout.
    PayoutId = PayoutKind, "pay";
    /// One affiliate's part of a payout.
    PayoutItemId = PayoutItemKind, "pit";
    /// A customer who places orders.
    CustomerId = CustomerKind, "cus";
    /// A customer's order.
    OrderId = OrderKind, "ord";
    /// A referral group.
    GroupId = GroupKind, "pg";
    /// An e-mail to be sent.
    MailId = MailKind, "mail";
    /// An announcement in the outbox.
    AnnouncementId = AnnouncementKindMarker, "ann";
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn text_and_id_are_one_to_one(value: u128) {
            let id = AffiliateId::from_uuid(Uuid::from_u128(value));
            let text = id.to_string();
            prop_assert_eq!(text.len(), 30);
            prop_assert_eq!(text.parse::<AffiliateId>(), Ok(id));
            prop_assert_eq!(text.parse::<CouponId>(), Err(IdError));
        }
    }

    #[test]
    fn malformed_texts_are_refused() {
        let good = AffiliateId::from_uuid(Uuid::from_u128(7)).to_string();
        for bad in ["", "aff_", "aff", &good[..29], &format!("{good}0"), &good.to_uppercase(), &good.replace('7', "u")]
        {
            assert_eq!(bad.parse::<AffiliateId>(), Err(IdError), "{bad}");
        }
        assert_eq!("aff_8zzzzzzzzzzzzzzzzzzzzzzzzz".parse::<AffiliateId>(), Err(IdError), "more than 128 bits");
    }
}
