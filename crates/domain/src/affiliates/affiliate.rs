//! Affiliates: partners who bring visitors (docs/rules/attribution.md).

use crate::values::{
    AffiliateId, DisplayName, Email, FieldError, Metadata, Rate, Refusal, Slug, TierId, Timestamp,
    string_enum::string_enum,
};

/// The status of an affiliate: `pending → approved | rejected`, `approved ↔ suspended`, `rejected → pending | approved`.
/// An erased affiliate is rejected, from every status, and stays so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AffiliateStatus {
    /// Waits for a person's decision.
    Pending,
    /// Earns.
    Approved,
    /// Was turned down. May be taken on later, unless it is erased.
    Rejected,
    /// Earns nothing for now.
    Suspended,
}
string_enum!(AffiliateStatus { Pending = "pending", Approved = "approved", Rejected = "rejected", Suspended = "suspended" });

impl AffiliateStatus {
    /// Whether an affiliate may go from here to `next`; staying is always allowed.
    pub fn may_become(self, next: Self) -> bool {
        use AffiliateStatus::{Approved, Pending, Rejected, Suspended};
        self == next
            || matches!(
                (self, next),
                (Pending, Approved | Rejected)
                    | (Approved, Suspended)
                    | (Suspended, Approved)
                    | (Rejected, Pending | Approved)
            )
    }
}

/// A partner of a merchant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affiliate {
    /// Its id.
    pub id: AffiliateId,
    /// Its name in links; unique per merchant.
    pub slug: Slug,
    /// Its address; unique per merchant, case-folded.
    pub email: Email,
    /// The name it is shown by.
    pub display_name: Option<DisplayName>,
    /// Where it stands.
    pub status: AffiliateStatus,
    /// Its tier.
    pub tier_id: Option<TierId>,
    /// The parent affiliate, which earns an override.
    pub parent_id: Option<AffiliateId>,
    /// Its own rate, before any other.
    pub custom_rate: Option<Rate>,
    /// The caller's own data.
    pub metadata: Metadata,
    /// Business time of creation.
    pub created_at: Timestamp,
    /// Business time of the last change.
    pub updated_at: Timestamp,
}

/// The input for a new affiliate.
#[derive(Debug, Clone)]
pub struct NewAffiliate {
    /// See [`Affiliate::email`].
    pub email: Email,
    /// Without one it is made from the name.
    pub slug: Option<Slug>,
    /// See [`Affiliate::display_name`].
    pub display_name: Option<DisplayName>,
    /// `approved` by default; only `pending` and `approved` can be chosen.
    pub status: Option<AffiliateStatus>,
    /// See [`Affiliate::custom_rate`].
    pub custom_rate: Option<Rate>,
    /// Already known to exist.
    pub tier_id: Option<TierId>,
    /// See [`Affiliate::metadata`].
    pub metadata: Metadata,
}

/// What a PATCH asks for; `None` leaves a field alone, an inner `None` clears it.
#[derive(Debug, Clone, Default)]
#[allow(clippy::option_option, reason = "outer: asked for at all; inner: null clears the field")]
pub struct AffiliateChange {
    /// See [`Affiliate::slug`].
    pub slug: Option<Slug>,
    /// See [`Affiliate::email`].
    pub email: Option<Email>,
    /// See [`Affiliate::display_name`].
    pub display_name: Option<Option<DisplayName>>,
    /// See [`Affiliate::status`].
    pub status: Option<AffiliateStatus>,
    /// See [`Affiliate::custom_rate`].
    pub custom_rate: Option<Option<Rate>>,
    /// Already known to exist.
    pub tier_id: Option<Option<TierId>>,
    /// Already resolved to an existing affiliate and checked with [`parent_chain_allows`].
    pub parent_id: Option<Option<AffiliateId>>,
    /// See [`Affiliate::metadata`].
    pub metadata: Option<Metadata>,
}

impl Affiliate {
    /// A new affiliate, with the slug that was asked for or one made for it.
    pub fn create(
        id: AffiliateId,
        request: NewAffiliate,
        slug: Slug,
        parent_id: Option<AffiliateId>,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let status = request.status.unwrap_or(AffiliateStatus::Approved);
        if !matches!(status, AffiliateStatus::Pending | AffiliateStatus::Approved) {
            return Err(Refusal::Invalid(vec![FieldError::new(
                "status",
                "must be pending or approved for a new affiliate",
            )]));
        }
        Ok(Self {
            id,
            slug,
            email: request.email,
            display_name: request.display_name,
            status,
            tier_id: request.tier_id,
            parent_id,
            custom_rate: request.custom_rate,
            metadata: request.metadata,
            created_at: now,
            updated_at: now,
        })
    }

    /// The fields, as callers name them, in which `other` asks for another affiliate than this one.
    pub fn differs_from(&self, other: &NewAffiliate, parent: Option<AffiliateId>) -> Vec<&'static str> {
        let NewAffiliate { email, slug, display_name, status, custom_rate, tier_id, metadata } = other;
        let named = [
            ("email", self.email.folded() != email.folded()),
            ("slug", slug.as_ref().is_some_and(|slug| *slug != self.slug)),
            ("display_name", self.display_name != *display_name),
            ("status", self.status != status.unwrap_or(AffiliateStatus::Approved)),
            ("custom_commission_rate", self.custom_rate != *custom_rate),
            ("tier_id", self.tier_id != *tier_id),
            ("parent_email", self.parent_id != parent),
            ("metadata", self.metadata != *metadata),
        ];
        named.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }

    /// The affiliate after `change`; time never runs backwards within it.
    pub fn changed(&self, change: AffiliateChange, now: Timestamp) -> Result<Self, Refusal> {
        self.check_kept()?;
        let status = change.status.unwrap_or(self.status);
        if !self.status.may_become(status) {
            let (from, to) = (self.status.as_str(), status.as_str());
            return Err(Refusal::State(format!("An affiliate that is {from} cannot become {to}.")));
        }
        Ok(Self {
            id: self.id,
            slug: change.slug.unwrap_or_else(|| self.slug.clone()),
            email: change.email.unwrap_or_else(|| self.email.clone()),
            display_name: change.display_name.unwrap_or_else(|| self.display_name.clone()),
            status,
            tier_id: change.tier_id.unwrap_or(self.tier_id),
            parent_id: change.parent_id.unwrap_or(self.parent_id),
            custom_rate: change.custom_rate.unwrap_or(self.custom_rate),
            metadata: change.metadata.unwrap_or_else(|| self.metadata.clone()),
            created_at: self.created_at,
            updated_at: now.max(self.updated_at),
        })
    }

    /// Turned down for ever, wherever it stood: the first step of erasing it. One that is so already stays as it is.
    #[must_use]
    pub fn retired(&self, now: Timestamp) -> Self {
        Self { status: AffiliateStatus::Rejected, ..self.clone() }.touched_unless(self, now)
    }

    /// Returns the affiliate rejected for good and without personal data. An erased one stays as it is.
    #[must_use]
    pub fn erased(&self, now: Timestamp) -> Self {
        let Self {
            id,
            slug: _,
            email: _,
            display_name: _,
            status,
            tier_id,
            parent_id,
            custom_rate,
            metadata: _,
            created_at,
            updated_at,
        } = self.retired(now);
        let erased = Self {
            id,
            slug: Slug::erased(id.uuid()),
            email: Email::erased(id.uuid()),
            display_name: None,
            status,
            tier_id,
            parent_id,
            custom_rate,
            metadata: Metadata::default(),
            created_at,
            updated_at,
        };
        erased.touched_unless(self, now)
    }

    /// Whether the personal data have been erased.
    pub fn is_erased(&self) -> bool {
        self.email == Email::erased(self.id.uuid())
    }

    /// Refuses what can only be done to one that is not erased.
    pub fn check_kept(&self) -> Result<(), Refusal> {
        if self.is_erased() { Err(Refusal::State("The affiliate is erased.".to_owned())) } else { Ok(()) }
    }

    /// Marked as changed, unless nothing did. Time never runs backwards within it.
    fn touched_unless(self, before: &Self, now: Timestamp) -> Self {
        if self == *before { self } else { Self { updated_at: now.max(before.updated_at), ..self } }
    }

    /// Whether it earns.
    pub fn is_approved(&self) -> bool {
        self.status == AffiliateStatus::Approved
    }
}

/// Whether a move from `before` (nothing, for a new affiliate) to `after` is an approval that makes a personal coupon.
pub fn coupon_on_approval(before: Option<AffiliateStatus>, after: AffiliateStatus) -> bool {
    after == AffiliateStatus::Approved && matches!(before, None | Some(AffiliateStatus::Pending))
}

/// Whether `child` may get the parent at the foot of `ancestors` (the wanted parent first, then its parent, to the
/// root): no cycles.
pub fn parent_chain_allows(child: AffiliateId, ancestors: &[AffiliateId]) -> Result<(), Refusal> {
    if ancestors.contains(&child) {
        return Err(Refusal::State(
            "A parent cannot be the affiliate itself or one of its own descendants.".to_owned(),
        ));
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// An approved affiliate whose id, slug and address are derived from `n`.
    pub(crate) fn affiliate(n: u128) -> Affiliate {
        let slug = Slug::parse(&format!("partner{n}")).unwrap();
        let request = NewAffiliate {
            email: Email::parse(&format!("partner{n}@example.com")).unwrap(),
            slug: None,
            display_name: None,
            status: None,
            custom_rate: None,
            tier_id: None,
            metadata: Metadata::default(),
        };
        Affiliate::create(AffiliateId::from_uuid(uuid::Uuid::from_u128(n)), request, slug, None, Timestamp::MIN)
            .unwrap()
    }

    #[test]
    fn status_moves_are_the_specified_ones() {
        use AffiliateStatus::{Approved, Pending, Rejected, Suspended};
        let allowed = [
            (Pending, Approved),
            (Pending, Rejected),
            (Approved, Suspended),
            (Suspended, Approved),
            (Rejected, Pending),
            (Rejected, Approved),
        ];
        for &from in AffiliateStatus::ALL {
            for &to in AffiliateStatus::ALL {
                assert_eq!(from.may_become(to), from == to || allowed.contains(&(from, to)), "{from:?} {to:?}");
                let change = AffiliateChange { status: Some(to), ..AffiliateChange::default() };
                let moved = Affiliate { status: from, ..affiliate(1) }.changed(change, Timestamp::MIN);
                assert_eq!(moved.is_ok(), from.may_become(to));
            }
        }
    }

    #[test]
    fn an_erased_one_is_turned_down_for_ever() {
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        for &status in AffiliateStatus::ALL {
            let one = Affiliate { status, metadata: Metadata::stored("{\"a\":1}".to_owned()), ..affiliate(1) };
            let gone = one.retired(at(5)).erased(at(7));
            assert_eq!((gone.status, gone.is_erased(), gone.updated_at), (AffiliateStatus::Rejected, true, at(7)));
            assert_eq!((gone.erased(at(9)), gone.metadata.as_str()), (gone.clone(), "{}"));
            assert!(!gone.slug.as_str().contains("partner") && Slug::parse(gone.slug.as_str()).is_ok());
            assert!(matches!(gone.changed(AffiliateChange::default(), at(9)), Err(Refusal::State(_))));
        }
    }

    #[test]
    fn approval_makes_a_coupon_once() {
        use AffiliateStatus::{Approved, Pending, Suspended};
        assert!(coupon_on_approval(None, Approved) && coupon_on_approval(Some(Pending), Approved));
        assert!(!coupon_on_approval(Some(Suspended), Approved) && !coupon_on_approval(Some(Approved), Approved));
        assert!(!coupon_on_approval(None, Pending));
    }

    #[test]
    fn cycles_are_refused() {
        let [a, b, c] = [1, 2, 3].map(|n| affiliate(n).id);
        assert!(parent_chain_allows(a, &[b, c]).is_ok());
        assert!(parent_chain_allows(a, &[a]).is_err());
        assert!(parent_chain_allows(a, &[b, c, a]).is_err());
    }

    #[test]
    fn time_does_not_run_backwards() {
        let later = Timestamp::from_micros(9).unwrap();
        let changed = affiliate(1).changed(AffiliateChange::default(), later).unwrap();
        assert_eq!(changed.changed(AffiliateChange::default(), Timestamp::MIN).unwrap().updated_at, later);
    }
}
