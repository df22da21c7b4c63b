//! Coupons: codes that name an affiliate at the till.

use crate::values::{AffiliateId, CouponId, Slug, Timestamp, token};

/// 2 to 40 of `[A-Z0-9_-]`, compared without case and stored in capitals; unique per merchant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CouponCode(String);

impl CouponCode {
    const MOST: usize = 40;
    /// The letters of the random part of a personal code: none that are read for one another.
    pub const RANDOM_LETTERS: &'static [u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ23456789";
    /// How many random letters a personal code ends with.
    pub const RANDOM_LENGTH: usize = 4;

    /// Reads a code in any case, as it was typed ([`token`]); the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let folded = token(text).to_ascii_uppercase();
        let fits = (2..=Self::MOST).contains(&folded.len())
            && folded
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-');
        if fits { Ok(Self(folded)) } else { Err("must be 2 to 40 of A-Z, 0-9, _ and -".to_owned()) }
    }

    /// An affiliate's personal code: `<SLUG>-<random>`, the slug cut where it is too long.
    pub fn personal(slug: &Slug, random: &str) -> Self {
        let room = Self::MOST.saturating_sub(random.len() + 1);
        let stem: String = slug.as_str().to_ascii_uppercase().chars().take(room).collect();
        Self(format!("{stem}-{random}"))
    }

    /// Returns the code that replaces those of the affiliate with this id once it is erased.
    pub fn erased(of: AffiliateId) -> Self {
        Self(format!("ERASED-{}", of.uuid().simple()).to_ascii_uppercase())
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A code that belongs to an affiliate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    /// Its id.
    pub id: CouponId,
    /// The affiliate that the coupon credits.
    pub affiliate_id: AffiliateId,
    /// The code.
    pub code: CouponCode,
    /// Business time of creation.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_erased_code_is_a_code() {
        let erased = CouponCode::erased(AffiliateId::from_uuid(uuid::Uuid::max()));
        assert_eq!(CouponCode::parse(erased.as_str()), Ok(erased));
    }

    #[test]
    fn codes_ignore_case_and_fit() {
        for typed in ["bob-10", " BOB-10", "BOB-10 ", "bob-10\u{200b}"] {
            assert_eq!(CouponCode::parse(typed).unwrap().as_str(), "BOB-10", "{typed:?}");
        }
        for bad in ["", "B", "BÖB", "A B", &"X".repeat(41)] {
            assert!(CouponCode::parse(bad).is_err(), "{bad}");
        }
        let long = CouponCode::personal(&Slug::parse(&"x".repeat(63)).unwrap(), "A2B3");
        assert_eq!(CouponCode::parse(long.as_str()).unwrap(), long);
        assert_eq!(CouponCode::personal(&Slug::parse("bob").unwrap(), "A2B3").as_str(), "BOB-A2B3");
    }
}
