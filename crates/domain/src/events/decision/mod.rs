//! The decision about an event's attribution and rewards, stored with it (docs/rules/attribution.md).

mod calculation;
mod stored;

pub use calculation::{Considered, ParentVerdict, PassedParent, Rating, RewardVerdict};
pub use stored::DecisionError;

use crate::affiliates::CouponCode;
use crate::rewards::CashbackReserve;
use crate::values::{AffiliateId, BindingId, ClickId, Money, string_enum::string_enum};

/// What the winner was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Named outright.
    Affiliate,
    /// By its coupon.
    Coupon,
    /// By an earlier order of the customer.
    Customer,
    /// By a click of the session.
    Click,
    /// No candidate won.
    None,
}
string_enum!(Via { Affiliate = "affiliate", Coupon = "coupon", Customer = "customer", Click = "click", None = "none" });

/// Where a candidate came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CandidateSource {
    /// The event's `affiliate_id`.
    Affiliate,
    /// The event's `coupon`; without a code where it could not be read.
    Coupon(Option<CouponCode>),
    /// The affiliate that the event's customer is bound to.
    Customer(BindingId),
    /// One click of the event's session.
    Click(ClickId),
    /// The event's session had no click, or could not be read.
    Session,
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CandidateOutcome {
    /// It is credited.
    Won,
    /// It would have been, and is the buyer: nothing is paid.
    SelfReferral,
    /// It is the buyer and is credited; a person decides about the money.
    Review,
    /// Its affiliate is not approved.
    NotApproved,
    /// The click is older than the window.
    TooOld,
    /// Its affiliate has its part of the credit by a later click.
    Repeated,
    /// Renewals earn nothing.
    FirstOrderOnly,
    /// As many of the customer's renewals have earned as can.
    UsedUp,
    /// Another candidate came first.
    Outranked,
    /// It belongs to no affiliate.
    Unknown,
    /// It was not in a valid form, so it belongs to no affiliate.
    Unreadable,
}
string_enum!(CandidateOutcome {
    Won = "won",
    SelfReferral = "self_referral",
    Review = "review",
    NotApproved = "not_approved",
    TooOld = "too_old",
    Repeated = "repeated",
    FirstOrderOnly = "first_order_only",
    UsedUp = "used_up",
    Outranked = "outranked",
    Unknown = "unknown",
    Unreadable = "unreadable",
});

/// One candidate for the credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it came from.
    pub source: CandidateSource,
    /// Its affiliate, if there is one.
    pub affiliate_id: Option<AffiliateId>,
    /// What became of it.
    pub verdict: CandidateOutcome,
}

/// Everything that was weighed. Events recorded before rewards were weighed have the candidates alone.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// The candidates for the credit, in the order in which they were weighed.
    pub candidates: Vec<Candidate>,
    /// How each credited affiliate's lines were rated.
    pub ratings: Vec<Rating>,
    /// Parents that could have earned an override and did not.
    pub passed_parents: Vec<PassedParent>,
    /// What is reserved for the buyer, where the event is an order in a referral group too.
    pub reserve: Option<CashbackReserve>,
    /// How much the cap on the sale cut off in all, if it did.
    pub cut: Option<Money>,
}

impl Decision {
    /// Returns the credited affiliate; of several the first, which is the event's own.
    pub fn winner(&self) -> Option<AffiliateId> {
        self.credited().and_then(|candidate| candidate.affiliate_id)
    }

    /// Returns the text that every stored decision contains in which a coupon of this affiliate was a candidate.
    pub fn coupon_mark(affiliate: AffiliateId) -> String {
        format!(" {affiliate} coupon ")
    }

    /// With `code` in the place of this affiliate's coupons.
    #[must_use]
    pub fn recoded(&self, affiliate: AffiliateId, code: &CouponCode) -> Self {
        let mut recoded = self.clone();
        for Candidate { source, affiliate_id, verdict: _ } in &mut recoded.candidates {
            if let (CandidateSource::Coupon(Some(own)), true) = (source, *affiliate_id == Some(affiliate)) {
                own.clone_from(code);
            }
        }
        recoded
    }

    /// What the winner was found by.
    pub fn via(&self) -> Via {
        match self.credited().map(|candidate| &candidate.source) {
            Some(CandidateSource::Affiliate) => Via::Affiliate,
            Some(CandidateSource::Coupon(_)) => Via::Coupon,
            Some(CandidateSource::Customer(_)) => Via::Customer,
            Some(CandidateSource::Click(_)) => Via::Click,
            Some(CandidateSource::Session) | None => Via::None,
        }
    }

    /// Whether a person must decide about the money.
    pub fn needs_review(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.verdict == CandidateOutcome::Review)
    }

    /// Whether the buyer was the affiliate and the policy did not simply allow it.
    pub fn is_suspicious(&self) -> bool {
        self.candidates.iter().any(|c| matches!(c.verdict, CandidateOutcome::Review | CandidateOutcome::SelfReferral))
    }

    /// Why it came out so, in a sentence for the shop.
    pub fn reason(&self) -> &'static str {
        let has = |verdict| self.candidates.iter().any(|candidate| candidate.verdict == verdict);
        match self.via() {
            _ if has(CandidateOutcome::Review) => "The buyer is the affiliate: the commission waits for review.",
            Via::Affiliate => "The event names the affiliate.",
            Via::Coupon => "The coupon belongs to the affiliate.",
            Via::Customer => "The customer's first order came by the affiliate.",
            Via::Click if self.credits().nth(1).is_some() => {
                "The session came by the links of several affiliates: each has an equal part."
            }
            Via::Click => "The session came by the affiliate's link.",
            Via::None if has(CandidateOutcome::SelfReferral) => "The buyer is the affiliate: nothing is paid.",
            Via::None if has(CandidateOutcome::NotApproved) => "The affiliate is not approved.",
            Via::None if has(CandidateOutcome::FirstOrderOnly) => "Only the customer's first order earns.",
            Via::None if has(CandidateOutcome::UsedUp) => "As many of the customer's renewals have earned as can.",
            Via::None if has(CandidateOutcome::TooOld) => "The click is older than the window.",
            Via::None if has(CandidateOutcome::Unknown) || has(CandidateOutcome::Unreadable) => {
                "Neither the session nor the coupon leads to an affiliate."
            }
            Via::None => "The event names no affiliate, coupon or session.",
        }
    }

    fn credited(&self) -> Option<&Candidate> {
        self.credits().next()
    }

    fn credits(&self) -> impl Iterator<Item = &Candidate> {
        self.candidates
            .iter()
            .filter(|candidate| matches!(candidate.verdict, CandidateOutcome::Won | CandidateOutcome::Review))
    }
}
