//! Who is credited with an event (product 5).

use crate::{
    Affiliate, AttributionModel, Candidate, CandidateSource, ClickId, CouponCode, Decision, Email, SelfReferral,
    Settings, Timestamp, Verdict,
};

/// A click of the event's session and the affiliate whose link it was.
#[derive(Debug, Clone)]
pub struct ClickedAffiliate {
    /// The click.
    pub click_id: ClickId,
    /// When, in business time.
    pub at: Timestamp,
    /// Whose link.
    pub affiliate: Affiliate,
}

/// Everyone who could be credited, as loaded.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    /// The affiliate that the event names.
    pub named: Option<Affiliate>,
    /// The coupon that the event names, and the affiliate it belongs to if it is known.
    pub coupon: Option<(CouponCode, Option<Affiliate>)>,
    /// The event's session, if it names one, and its clicks in any order; a bounded number of them.
    pub session: Option<Vec<ClickedAffiliate>>,
}

/// The decision and the affiliate it credits.
#[derive(Debug, Clone)]
pub struct Attributed {
    /// What was decided, for keeping.
    pub decision: Decision,
    /// Who is credited.
    pub winner: Option<Affiliate>,
}

/// Weighs the candidates in declared order: named, coupon, clicks by the merchant's model. An ineligible one is passed
/// over; a blocked self-referral ends the search with nothing paid.
pub fn attribute(settings: &Settings, buyer: Option<&Email>, candidates: Candidates, now: Timestamp) -> Attributed {
    let buyer = buyer.map(Email::person);
    let mut decided = Decision::default();
    let mut winner = None;
    let mut ended = false;
    for Standing { source, affiliate, too_old } in in_order(settings, candidates, now) {
        let affiliate_id = affiliate.as_ref().map(|affiliate| affiliate.id);
        let is_buyer = |affiliate: &Affiliate| buyer.as_ref().is_some_and(|buyer| *buyer == affiliate.email.person());
        let verdict = match affiliate {
            None => Verdict::Unknown,
            Some(_) if ended => Verdict::Outranked,
            Some(_) if too_old => Verdict::TooOld,
            Some(affiliate) if !affiliate.is_approved() => Verdict::NotApproved,
            Some(affiliate) => {
                ended = true;
                match settings.self_referral {
                    SelfReferral::Block if is_buyer(&affiliate) => Verdict::SelfReferral,
                    SelfReferral::Review if is_buyer(&affiliate) => {
                        winner = Some(affiliate);
                        Verdict::Review
                    }
                    _ => {
                        winner = Some(affiliate);
                        Verdict::Won
                    }
                }
            }
        };
        decided.candidates.push(Candidate { source, affiliate_id, verdict });
    }
    Attributed { decision: decided, winner }
}

struct Standing {
    source: CandidateSource,
    affiliate: Option<Affiliate>,
    too_old: bool,
}

fn in_order(settings: &Settings, candidates: Candidates, now: Timestamp) -> Vec<Standing> {
    let Candidates { named, coupon, session } = candidates;
    let mut order = Vec::new();
    let plain = |source, affiliate| Standing { source, affiliate, too_old: false };
    if let Some(affiliate) = named {
        order.push(plain(CandidateSource::Affiliate, Some(affiliate)));
    }
    if let Some((code, affiliate)) = coupon {
        order.push(plain(CandidateSource::Coupon(code), affiliate));
    }
    let Some(mut clicks) = session else { return order };
    if clicks.is_empty() {
        order.push(plain(CandidateSource::Session, None));
    }
    // Ids break ties: they are made in the order of arrival.
    clicks.sort_by_key(|click| (click.at, click.click_id));
    if settings.attribution_model == AttributionModel::LastClick {
        clicks.reverse();
    }
    let oldest = now.minus(settings.window());
    order.extend(clicks.into_iter().map(|ClickedAffiliate { click_id, at, affiliate }| Standing {
        source: CandidateSource::Click(click_id),
        affiliate: Some(affiliate),
        too_old: at < oldest,
    }));
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AffiliateStatus, Via, affiliate::tests::affiliate};
    use std::time::Duration;

    const DAY: Duration = Duration::from_secs(86_400);

    fn settings() -> Settings {
        Settings::initial("USD".parse().unwrap())
    }

    fn now() -> Timestamp {
        Timestamp::from_micros(1_800_000_000_000_000).unwrap()
    }

    fn click(n: u128, days_ago: u32) -> ClickedAffiliate {
        let click_id = ClickId::from_uuid(uuid::Uuid::from_u128(n));
        ClickedAffiliate { click_id, at: now().minus(DAY * days_ago), affiliate: affiliate(n) }
    }

    fn verdicts(decided: &Attributed) -> Vec<Verdict> {
        decided.decision.candidates.iter().map(|candidate| candidate.verdict).collect()
    }

    #[test]
    fn precedence_is_affiliate_then_coupon_then_click() {
        let code = CouponCode::parse("TEN").unwrap();
        let all = Candidates {
            named: Some(affiliate(1)),
            coupon: Some((code, Some(affiliate(2)))),
            session: Some(vec![click(3, 1)]),
        };
        let decided = attribute(&settings(), None, all.clone(), now());
        assert_eq!((decided.decision.via(), decided.winner.unwrap().id), (Via::Affiliate, affiliate(1).id));
        let decided = attribute(&settings(), None, Candidates { named: None, ..all.clone() }, now());
        assert_eq!((decided.decision.via(), decided.decision.winner()), (Via::Coupon, Some(affiliate(2).id)));
        let decided = attribute(&settings(), None, Candidates { named: None, coupon: None, ..all }, now());
        assert_eq!((decided.decision.via(), decided.decision.winner()), (Via::Click, Some(affiliate(3).id)));
    }

    #[test]
    fn the_model_picks_the_click_inside_the_window() {
        let clicks =
            || Candidates { session: Some(vec![click(1, 100), click(2, 50), click(3, 5)]), ..Candidates::default() };
        let last = attribute(&settings(), None, clicks(), now());
        assert_eq!(last.decision.winner(), Some(affiliate(3).id));
        let first = Settings { attribution_model: AttributionModel::FirstClick, ..settings() };
        let first = attribute(&first, None, clicks(), now());
        assert_eq!(first.decision.winner(), Some(affiliate(2).id));
        assert_eq!(verdicts(&first), [Verdict::TooOld, Verdict::Won, Verdict::Outranked]);
        let edge = Candidates { session: Some(vec![click(1, 90)]), ..Candidates::default() };
        assert!(attribute(&settings(), None, edge, now()).winner.is_some(), "the window's edge is inside");
    }

    #[test]
    fn an_ineligible_candidate_is_passed_over() {
        for &status in AffiliateStatus::ALL {
            let named = Affiliate { status, ..affiliate(1) };
            let both = Candidates { named: Some(named), session: Some(vec![click(2, 1)]), ..Candidates::default() };
            let expected = if status == AffiliateStatus::Approved { 1 } else { 2 };
            assert_eq!(attribute(&settings(), None, both, now()).decision.winner(), Some(affiliate(expected).id));
        }
    }

    #[test]
    fn a_self_referral_is_a_policy() {
        let buyer = Email::parse("Partner1@Example.com").unwrap();
        let both =
            || Candidates { named: Some(affiliate(1)), session: Some(vec![click(2, 1)]), ..Candidates::default() };
        for (policy, winner, first) in [
            (SelfReferral::Block, None, Verdict::SelfReferral),
            (SelfReferral::Review, Some(affiliate(1).id), Verdict::Review),
            (SelfReferral::Allow, Some(affiliate(1).id), Verdict::Won),
        ] {
            let settings = Settings { self_referral: policy, ..settings() };
            let decided = attribute(&settings, Some(&buyer), both(), now());
            assert_eq!((decided.decision.winner(), decided.winner.map(|a| a.id)), (winner, winner));
            assert_eq!(decided.decision.candidates.first().unwrap().verdict, first);
            assert_eq!(decided.decision.candidates.last().unwrap().verdict, Verdict::Outranked);
        }
    }

    #[test]
    fn nobody_is_a_reasoned_answer() {
        let nothing = attribute(&settings(), None, Candidates::default(), now());
        assert_eq!(nothing.decision.via(), Via::None);
        assert!(nothing.decision.reason().contains("names no affiliate"));
        let unknown = Candidates {
            coupon: Some((CouponCode::parse("NOPE").unwrap(), None)),
            session: Some(vec![]),
            ..Candidates::default()
        };
        let unknown = attribute(&settings(), None, unknown, now());
        assert_eq!(verdicts(&unknown), [Verdict::Unknown, Verdict::Unknown]);
        assert!(unknown.decision.reason().contains("Neither"));
    }
}
