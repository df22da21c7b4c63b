//! How the credit for an event was decided, kept with it for ever (product 5).

use crate::{AffiliateId, ClickId, CouponCode, words::words};
use std::fmt;

/// What the winner was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// Named outright.
    Affiliate,
    /// By its coupon.
    Coupon,
    /// By a click of the session.
    Click,
    /// Nobody won.
    None,
}
words!(Via { Affiliate = "affiliate", Coupon = "coupon", Click = "click", None = "none" });

/// Where a candidate came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CandidateSource {
    /// The event's `affiliate_id`.
    Affiliate,
    /// The event's `coupon`.
    Coupon(CouponCode),
    /// One click of the event's session.
    Click(ClickId),
    /// The event's session had no click.
    Session,
}

/// What became of a candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
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
    /// Another candidate came first.
    Outranked,
    /// No affiliate stands behind it.
    Unknown,
}
words!(Verdict {
    Won = "won",
    SelfReferral = "self_referral",
    Review = "review",
    NotApproved = "not_approved",
    TooOld = "too_old",
    Outranked = "outranked",
    Unknown = "unknown",
});

/// One candidate for the credit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Where it came from.
    pub source: CandidateSource,
    /// Its affiliate, if there is one.
    pub affiliate_id: Option<AffiliateId>,
    /// What became of it.
    pub verdict: Verdict,
}

/// Every candidate, in the order in which they were weighed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decision {
    /// The candidates.
    pub candidates: Vec<Candidate>,
}

/// A stored decision that cannot be read: the row is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a stored decision")]
pub struct DecisionError;

impl Decision {
    /// Who is credited.
    pub fn winner(&self) -> Option<AffiliateId> {
        self.credited().and_then(|candidate| candidate.affiliate_id)
    }

    /// What the winner was found by.
    pub fn via(&self) -> Via {
        match self.credited().map(|candidate| &candidate.source) {
            Some(CandidateSource::Affiliate) => Via::Affiliate,
            Some(CandidateSource::Coupon(_)) => Via::Coupon,
            Some(CandidateSource::Click(_)) => Via::Click,
            Some(CandidateSource::Session) | None => Via::None,
        }
    }

    /// Whether a person must decide about the money.
    pub fn needs_review(&self) -> bool {
        self.candidates.iter().any(|candidate| candidate.verdict == Verdict::Review)
    }

    /// Whether the buyer was the affiliate and the policy did not simply allow it.
    pub fn is_suspicious(&self) -> bool {
        self.candidates.iter().any(|c| matches!(c.verdict, Verdict::Review | Verdict::SelfReferral))
    }

    /// Why it came out so, in a sentence for the shop.
    pub fn reason(&self) -> &'static str {
        let has = |verdict| self.candidates.iter().any(|candidate| candidate.verdict == verdict);
        match self.via() {
            _ if has(Verdict::Review) => "The buyer is the affiliate: the commission waits for review.",
            Via::Affiliate => "The event names the affiliate.",
            Via::Coupon => "The coupon belongs to the affiliate.",
            Via::Click => "The session came by the affiliate's link.",
            Via::None if has(Verdict::SelfReferral) => "The buyer is the affiliate: nothing is paid.",
            Via::None if has(Verdict::NotApproved) => "The affiliate is not approved.",
            Via::None if has(Verdict::TooOld) => "The click is older than the window.",
            Via::None if has(Verdict::Unknown) => "Neither the session nor the coupon leads to an affiliate.",
            Via::None => "The event names no affiliate, coupon or session.",
        }
    }

    fn credited(&self) -> Option<&Candidate> {
        self.candidates.iter().find(|candidate| matches!(candidate.verdict, Verdict::Won | Verdict::Review))
    }

    /// Reads what `Display` wrote.
    pub fn stored(text: &str) -> Result<Self, DecisionError> {
        let lines = text.split_terminator(';');
        lines.map(Candidate::stored).collect::<Option<_>>().map(|candidates| Self { candidates }).ok_or(DecisionError)
    }
}

impl Candidate {
    fn stored(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let (verdict, affiliate, source) = (words.next()?, words.next()?, words.next()?);
        let source = match (source, words.next()) {
            ("affiliate", None) => CandidateSource::Affiliate,
            ("session", None) => CandidateSource::Session,
            ("coupon", Some(code)) => CandidateSource::Coupon(CouponCode::parse(code).ok()?),
            ("click", Some(id)) => CandidateSource::Click(id.parse().ok()?),
            _ => return None,
        };
        let affiliate_id = if affiliate == "-" { None } else { Some(affiliate.parse().ok()?) };
        Some(Self { source, affiliate_id, verdict: verdict.parse().ok()? })
    }
}

/// The stored form: a line a candidate, `<verdict> <affiliate or -> <source> [<code or click>]`, each ended by `;`.
impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Candidate { source, affiliate_id, verdict } in &self.candidates {
            write!(f, "{} ", verdict.as_str())?;
            match affiliate_id {
                Some(id) => write!(f, "{id} ")?,
                None => f.write_str("- ")?,
            }
            match source {
                CandidateSource::Affiliate => f.write_str("affiliate;")?,
                CandidateSource::Session => f.write_str("session;")?,
                CandidateSource::Coupon(code) => write!(f, "coupon {};", code.as_str())?,
                CandidateSource::Click(id) => write!(f, "click {id};")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn any_candidate() -> impl Strategy<Value = Candidate> {
        let source = prop_oneof![
            Just(CandidateSource::Affiliate),
            Just(CandidateSource::Session),
            "[A-Z0-9_-]{2,40}".prop_map(|code| CandidateSource::Coupon(CouponCode::parse(&code).unwrap())),
            any::<u128>().prop_map(|n| CandidateSource::Click(ClickId::from_uuid(Uuid::from_u128(n)))),
        ];
        (source, any::<Option<u128>>(), 0..Verdict::ALL.len()).prop_map(|(source, affiliate, verdict)| Candidate {
            source,
            affiliate_id: affiliate.map(|n| AffiliateId::from_uuid(Uuid::from_u128(n))),
            verdict: Verdict::ALL[verdict],
        })
    }

    proptest! {
        #[test]
        fn what_is_stored_reads_back(candidates in prop::collection::vec(any_candidate(), 0..20)) {
            let decision = Decision { candidates };
            prop_assert_eq!(Decision::stored(&decision.to_string()), Ok(decision));
        }
    }

    #[test]
    fn damage_is_noticed() {
        for bad in ["won", "won - click;", "lost - session;", "won - coupon;", "won aff_1 affiliate;"] {
            assert_eq!(Decision::stored(bad), Err(DecisionError), "{bad}");
        }
    }
}
