//! Attribution: which affiliate is credited with an event (docs/rules/attribution.md).

use crate::affiliates::{Affiliate, CouponCode};
use crate::events::{Candidate, CandidateOutcome, CandidateSource, Decision, EventKind, Unreadable};
use crate::tenancy::{AttributionModel, Recurring, SelfReferral, Settings};
use crate::values::{BindingId, ClickId, Email, Timestamp};

/// A click of the event's session and the affiliate whose link it was.
#[derive(Debug, Clone)]
pub struct ClickedAffiliate {
    /// The click.
    pub click_id: ClickId,
    /// When, in business time.
    pub at: Timestamp,
    /// The affiliate whose link it was.
    pub affiliate: Affiliate,
}

/// The affiliate that a customer's first order came by.
#[derive(Debug, Clone)]
pub struct BoundAffiliate {
    /// The binding.
    pub binding_id: BindingId,
    /// How many of the customer's renewals have earned by it.
    pub renewals: u32,
    /// Who it is.
    pub affiliate: Affiliate,
}

/// All affiliates that could be credited, as loaded.
#[derive(Debug, Clone, Default)]
pub struct Candidates {
    /// The affiliate that the event names.
    pub named: Option<Affiliate>,
    /// The coupon that the event names, and the affiliate it belongs to if it is known.
    pub coupon: Option<(CouponCode, Option<Affiliate>)>,
    /// The affiliate that the event's customer is bound to. Only renewals use it.
    pub customer: Option<BoundAffiliate>,
    /// The event's session, if it names one, and its clicks in any order; a bounded number of them.
    pub session: Option<Vec<ClickedAffiliate>>,
    /// What the event names in a form that cannot be read.
    pub unreadable: Unreadable,
}

/// The decision and the affiliates it credits.
#[derive(Debug, Clone)]
pub struct Attributed {
    /// What was decided, for keeping.
    pub decision: Decision,
    /// The credited affiliates, each once: none, one, or in the linear model several, the latest clicker first. The
    /// first is the event's own.
    pub winners: Vec<Affiliate>,
}

/// Weighs the candidates in order: named, coupon, bound customer, clicks by the merchant's model. An ineligible one is
/// passed over; a blocked self-referral ends the search, and nothing is paid.
pub fn attribute(
    settings: &Settings,
    kind: &EventKind,
    buyer: Option<&Email>,
    candidates: Candidates,
    now: Timestamp,
) -> Attributed {
    let buyer = buyer.map(Email::person);
    let mut search = Search { settings, buyer, winners: Vec::new(), state: State::Open };
    let mut weighed = Vec::new();
    for Contender { source, affiliate, passed } in in_order(settings, kind, candidates, now) {
        let affiliate_id = affiliate.as_ref().map(|affiliate| affiliate.id);
        let is_click = matches!(source, CandidateSource::Click(_));
        let verdict = match affiliate {
            Some(affiliate) => search.weigh(affiliate, is_click, passed),
            None => passed.unwrap_or(CandidateOutcome::Unknown),
        };
        weighed.push(Candidate { source, affiliate_id, verdict });
    }
    if weighed.iter().any(|candidate| candidate.verdict == CandidateOutcome::SelfReferral) {
        search.winners.clear();
        for candidate in
            weighed.iter_mut().filter(|it| matches!(it.verdict, CandidateOutcome::Won | CandidateOutcome::Review))
        {
            candidate.verdict = CandidateOutcome::Outranked;
        }
    }
    Attributed { decision: Decision { candidates: weighed, ..Decision::default() }, winners: search.winners }
}

struct Search<'a> {
    settings: &'a Settings,
    buyer: Option<String>,
    winners: Vec<Affiliate>,
    state: State,
}

/// How far a search has come.
enum State {
    /// No affiliate is found yet.
    Open,
    /// More clicks can have a part.
    Shared,
    /// It is decided.
    Over,
}

impl Search<'_> {
    fn weigh(&mut self, affiliate: Affiliate, is_click: bool, passed: Option<CandidateOutcome>) -> CandidateOutcome {
        match self.state {
            State::Over => return CandidateOutcome::Outranked,
            State::Open | State::Shared => {}
        }
        if let Some(verdict) = passed {
            return verdict;
        }
        if !affiliate.is_approved() {
            return CandidateOutcome::NotApproved;
        }
        if self.winners.iter().any(|winner| winner.id == affiliate.id) {
            return CandidateOutcome::Repeated;
        }
        let shared = is_click && self.settings.attribution_model == AttributionModel::Linear;
        self.state = if shared { State::Shared } else { State::Over };
        let is_buyer = self.buyer.as_ref().is_some_and(|buyer| *buyer == affiliate.email.person());
        let verdict = match self.settings.self_referral {
            SelfReferral::Block if is_buyer => {
                self.state = State::Over;
                return CandidateOutcome::SelfReferral;
            }
            SelfReferral::Review if is_buyer => CandidateOutcome::Review,
            SelfReferral::Block | SelfReferral::Review | SelfReferral::Allow => CandidateOutcome::Won,
        };
        self.winners.push(affiliate);
        verdict
    }
}

struct Contender {
    source: CandidateSource,
    affiliate: Option<Affiliate>,
    /// Why it is passed over, regardless of its affiliate.
    passed: Option<CandidateOutcome>,
}

fn in_order(settings: &Settings, kind: &EventKind, candidates: Candidates, now: Timestamp) -> Vec<Contender> {
    let Candidates { named, coupon, customer, session, unreadable } = candidates;
    let mut order = Vec::new();
    let plain = |source, affiliate| Contender { source, affiliate, passed: None };
    let garbled = |source| Contender { source, affiliate: None, passed: Some(CandidateOutcome::Unreadable) };
    if let Some(affiliate) = named {
        order.push(plain(CandidateSource::Affiliate, Some(affiliate)));
    }
    if let Some((code, affiliate)) = coupon {
        order.push(plain(CandidateSource::Coupon(Some(code)), affiliate));
    } else if unreadable.coupon {
        order.push(garbled(CandidateSource::Coupon(None)));
    }
    if let Some(BoundAffiliate { binding_id, renewals, affiliate }) = customer.filter(|_| *kind == EventKind::Renewal) {
        let passed = renewal_passed(settings, renewals);
        order.push(Contender { source: CandidateSource::Customer(binding_id), affiliate: Some(affiliate), passed });
    }
    let Some(mut clicks) = session else {
        order.extend(unreadable.session.then(|| garbled(CandidateSource::Session)));
        return order;
    };
    if clicks.is_empty() {
        order.push(plain(CandidateSource::Session, None));
    }
    // Ids break ties: they are made in the order of arrival.
    clicks.sort_by_key(|click| (click.at, click.click_id));
    match settings.attribution_model {
        AttributionModel::LastClick | AttributionModel::Linear => clicks.reverse(),
        AttributionModel::FirstClick => {}
    }
    let oldest = now.minus(settings.window());
    order.extend(clicks.into_iter().map(|ClickedAffiliate { click_id, at, affiliate }| Contender {
        source: CandidateSource::Click(click_id),
        affiliate: Some(affiliate),
        passed: (at < oldest).then_some(CandidateOutcome::TooOld),
    }));
    order
}

/// Why one more renewal of a customer does not earn.
fn renewal_passed(settings: &Settings, renewals: u32) -> Option<CandidateOutcome> {
    match settings.recurring {
        Recurring::FirstOrderOnly => Some(CandidateOutcome::FirstOrderOnly),
        Recurring::AllRenewals => None,
        Recurring::FirstNRenewals => {
            (renewals >= u32::from(settings.recurring_max_renewals)).then_some(CandidateOutcome::UsedUp)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::affiliates::{AffiliateStatus, affiliate::tests::affiliate};
    use crate::events::Via;
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

    fn decide(settings: &Settings, buyer: Option<&Email>, candidates: Candidates) -> Attributed {
        attribute(settings, &EventKind::Purchase, buyer, candidates, now())
    }

    fn verdicts(decided: &Attributed) -> Vec<CandidateOutcome> {
        decided.decision.candidates.iter().map(|candidate| candidate.verdict).collect()
    }

    #[test]
    fn precedence_is_affiliate_then_coupon_then_click() {
        let code = CouponCode::parse("TEN").unwrap();
        let all = Candidates {
            named: Some(affiliate(1)),
            coupon: Some((code, Some(affiliate(2)))),
            session: Some(vec![click(3, 1)]),
            ..Candidates::default()
        };
        let decided = decide(&settings(), None, all.clone());
        assert_eq!((decided.decision.via(), decided.winners[0].id), (Via::Affiliate, affiliate(1).id));
        let decided = decide(&settings(), None, Candidates { named: None, ..all.clone() });
        assert_eq!((decided.decision.via(), decided.decision.winner()), (Via::Coupon, Some(affiliate(2).id)));
        let decided = decide(&settings(), None, Candidates { named: None, coupon: None, ..all });
        assert_eq!((decided.decision.via(), decided.decision.winner()), (Via::Click, Some(affiliate(3).id)));
    }

    #[test]
    fn the_model_picks_the_click_inside_the_window() {
        let clicks =
            || Candidates { session: Some(vec![click(1, 100), click(2, 50), click(3, 5)]), ..Candidates::default() };
        let last = decide(&settings(), None, clicks());
        assert_eq!(last.decision.winner(), Some(affiliate(3).id));
        let first = Settings { attribution_model: AttributionModel::FirstClick, ..settings() };
        let first = decide(&first, None, clicks());
        assert_eq!(first.decision.winner(), Some(affiliate(2).id));
        assert_eq!(verdicts(&first), [CandidateOutcome::TooOld, CandidateOutcome::Won, CandidateOutcome::Outranked]);
        let edge = Candidates { session: Some(vec![click(1, 90)]), ..Candidates::default() };
        assert!(!decide(&settings(), None, edge).winners.is_empty(), "the window's edge is inside");
    }

    #[test]
    fn an_ineligible_candidate_is_passed_over() {
        for &status in AffiliateStatus::ALL {
            let named = Affiliate { status, ..affiliate(1) };
            let both = Candidates { named: Some(named), session: Some(vec![click(2, 1)]), ..Candidates::default() };
            let expected = if status == AffiliateStatus::Approved { 1 } else { 2 };
            assert_eq!(decide(&settings(), None, both).decision.winner(), Some(affiliate(expected).id));
        }
    }

    #[test]
    fn a_self_referral_is_a_policy() {
        let buyer = Email::parse("Partner1@Example.com").unwrap();
        let both =
            || Candidates { named: Some(affiliate(1)), session: Some(vec![click(2, 1)]), ..Candidates::default() };
        for (policy, winner, first) in [
            (SelfReferral::Block, None, CandidateOutcome::SelfReferral),
            (SelfReferral::Review, Some(affiliate(1).id), CandidateOutcome::Review),
            (SelfReferral::Allow, Some(affiliate(1).id), CandidateOutcome::Won),
        ] {
            let settings = Settings { self_referral: policy, ..settings() };
            let decided = decide(&settings, Some(&buyer), both());
            assert_eq!((decided.decision.winner(), decided.winners.first().map(|a| a.id)), (winner, winner));
            assert_eq!(decided.decision.candidates.first().unwrap().verdict, first);
            assert_eq!(decided.decision.candidates.last().unwrap().verdict, CandidateOutcome::Outranked);
        }
    }

    #[test]
    fn nobody_is_a_reasoned_answer() {
        let nothing = decide(&settings(), None, Candidates::default());
        assert_eq!(nothing.decision.via(), Via::None);
        assert!(nothing.decision.reason().contains("names no affiliate"));
        let unknown = Candidates {
            coupon: Some((CouponCode::parse("NOPE").unwrap(), None)),
            session: Some(vec![]),
            ..Candidates::default()
        };
        let unknown = decide(&settings(), None, unknown);
        assert_eq!(verdicts(&unknown), [CandidateOutcome::Unknown, CandidateOutcome::Unknown]);
        assert!(unknown.decision.reason().contains("Neither"));
    }

    #[test]
    fn what_cannot_be_read_leads_to_nobody_and_harms_nobody() {
        let garbled = Candidates { unreadable: Unreadable { session: true, coupon: true }, ..Candidates::default() };
        let decided = decide(&settings(), None, garbled.clone());
        assert_eq!(verdicts(&decided), [CandidateOutcome::Unreadable; 2]);
        assert_eq!((decided.decision.via(), decided.decision.winner()), (Via::None, None));
        assert!(decided.decision.reason().contains("Neither"));
        let read_back = Decision::stored(&decided.decision.to_string());
        assert_eq!(read_back, Ok(decided.decision));
        let named = decide(&settings(), None, Candidates { named: Some(affiliate(1)), ..garbled });
        assert_eq!(
            verdicts(&named),
            [CandidateOutcome::Won, CandidateOutcome::Unreadable, CandidateOutcome::Unreadable]
        );
    }

    fn linear() -> Settings {
        Settings { attribution_model: AttributionModel::Linear, ..settings() }
    }

    fn by(n: u128, who: u128, days_ago: u32) -> ClickedAffiliate {
        ClickedAffiliate { affiliate: affiliate(who), ..click(n, days_ago) }
    }

    #[test]
    fn linear_credits_every_affiliate_once_the_latest_first() {
        let clicks = vec![by(1, 1, 9), by(2, 2, 8), by(3, 1, 7), by(4, 3, 6), by(5, 2, 100)];
        let decided = decide(&linear(), None, Candidates { session: Some(clicks.clone()), ..Candidates::default() });
        let winners: Vec<_> = decided.winners.iter().map(|winner| winner.id).collect();
        assert_eq!(winners, [affiliate(3).id, affiliate(1).id, affiliate(2).id]);
        use CandidateOutcome::{Outranked, Repeated, TooOld, Won};
        assert_eq!(verdicts(&decided), [Won, Won, Won, Repeated, TooOld]);
        assert_eq!((decided.decision.winner(), decided.decision.via()), (Some(affiliate(3).id), Via::Click));
        assert!(decided.decision.reason().contains("several"));
        let named = Candidates { named: Some(affiliate(4)), session: Some(clicks), ..Candidates::default() };
        let decided = decide(&linear(), None, named);
        assert_eq!((verdicts(&decided)[1..].to_vec(), decided.winners.len()), (vec![Outranked; 5], 1));
    }

    #[test]
    fn linear_pays_nobody_where_the_buyer_is_among_them() {
        let buyer = Email::parse("partner2@example.com").unwrap();
        let clicks =
            || Candidates { session: Some(vec![by(1, 1, 9), by(2, 2, 8), by(3, 3, 7)]), ..Candidates::default() };
        let decided = decide(&linear(), Some(&buyer), clicks());
        assert_eq!(
            verdicts(&decided),
            [CandidateOutcome::Outranked, CandidateOutcome::SelfReferral, CandidateOutcome::Outranked]
        );
        assert!(decided.winners.is_empty() && decided.decision.winner().is_none());
        let review = Settings { self_referral: SelfReferral::Review, ..linear() };
        let decided = decide(&review, Some(&buyer), clicks());
        assert_eq!(verdicts(&decided), [CandidateOutcome::Won, CandidateOutcome::Review, CandidateOutcome::Won]);
        assert!(decided.winners.len() == 3 && decided.decision.needs_review());
    }

    #[test]
    fn a_bound_customer_counts_for_renewals_between_coupon_and_clicks() {
        let binding_id = BindingId::from_uuid(uuid::Uuid::from_u128(7));
        let bound = |renewals| Candidates {
            customer: Some(BoundAffiliate { binding_id, renewals, affiliate: affiliate(1) }),
            session: Some(vec![click(2, 1)]),
            ..Candidates::default()
        };
        let renewal =
            |settings: &Settings, candidates| attribute(settings, &EventKind::Renewal, None, candidates, now());
        let policy = |recurring| Settings { recurring, recurring_max_renewals: 2, ..settings() };
        for (recurring, renewals, via, first) in [
            (Recurring::FirstOrderOnly, 0, Via::Click, CandidateOutcome::FirstOrderOnly),
            (Recurring::AllRenewals, 9_999, Via::Customer, CandidateOutcome::Won),
            (Recurring::FirstNRenewals, 1, Via::Customer, CandidateOutcome::Won),
            (Recurring::FirstNRenewals, 2, Via::Click, CandidateOutcome::UsedUp),
        ] {
            let decided = renewal(&policy(recurring), bound(renewals));
            assert_eq!((decided.decision.via(), verdicts(&decided)[0]), (via, first), "{recurring:?} {renewals}");
        }
        let code = CouponCode::parse("TEN").unwrap();
        let coupon = Candidates { coupon: Some((code, Some(affiliate(3)))), ..bound(0) };
        assert_eq!(renewal(&policy(Recurring::AllRenewals), coupon).decision.via(), Via::Coupon);
        let purchase = decide(&policy(Recurring::AllRenewals), None, bound(0));
        assert_eq!((purchase.decision.via(), purchase.decision.candidates.len()), (Via::Click, 1), "only renewals ask");
    }
}
