//! The text in which a decision is stored: lines of words, each ended by `;`.
//!
//! ```text
//! <verdict> <affiliate or -> <source> [<code or -, binding, click>] a candidate
//! rating <affiliate> <place>,<place>… or -                      a rating, followed by its rewards:
//! reward <verdict> <source> <rule or -> <millionths>            a rate
//! reward <verdict> <source> <rule or -> <minor units> <currency> a fixed sum
//! parent <affiliate> <parent> <level> <verdict>                 a parent passed over
//! reserve <minor units> <currency> <millionths>                 the cap, and a part of the sale reserved of it
//! reserve <minor units> <currency> <minor units> <currency>     the cap, and a sum reserved of it
//! cut <minor units> <currency>                                  what the cap cut off
//! ```

use super::{Candidate, CandidateSource, Considered, Decision, PassedParent, Rating};
use crate::affiliates::CouponCode;
use crate::rewards::{CashbackReserve, Reward};
use crate::values::{Id, Kind, Money, Rate};
use std::{fmt, str::FromStr};

/// A stored decision that cannot be read: the row is damaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a stored decision")]
pub struct DecisionError;

impl Decision {
    /// Reads what `Display` wrote.
    pub fn stored(text: &str) -> Result<Self, DecisionError> {
        let mut decision = Self::default();
        for line in text.split_terminator(';') {
            decision.read(&line.split(' ').collect::<Vec<_>>()).ok_or(DecisionError)?;
        }
        Ok(decision)
    }

    fn read(&mut self, words: &[&str]) -> Option<()> {
        match words {
            ["rating", affiliate, lines] => {
                let (affiliate_id, lines) = (affiliate.parse().ok()?, places(lines)?);
                self.ratings.push(Rating { affiliate_id, lines, considered: Vec::new() });
            }
            ["reward", verdict, source, rule, reward @ ..] => {
                let considered = Considered {
                    source: source.parse().ok()?,
                    rule_id: optional(rule)?,
                    reward: stored_reward(reward)?,
                    verdict: verdict.parse().ok()?,
                };
                self.ratings.last_mut()?.considered.push(considered);
            }
            ["parent", leaf, parent, level, verdict] => self.passed_parents.push(PassedParent {
                leaf_affiliate_id: leaf.parse().ok()?,
                affiliate_id: parent.parse().ok()?,
                level: level.parse().ok()?,
                verdict: verdict.parse().ok()?,
            }),
            ["reserve", minor, currency, promise @ ..] => {
                self.reserve = Some(CashbackReserve { cap: money(minor, currency)?, promise: stored_reward(promise)? });
            }
            ["cut", minor, currency] => self.cut = Some(money(minor, currency)?),
            [verdict, affiliate, source @ ..] => self.candidates.push(Candidate {
                source: stored_source(source)?,
                affiliate_id: optional(affiliate)?,
                verdict: verdict.parse().ok()?,
            }),
            _ => return None,
        }
        Some(())
    }
}

fn stored_source(words: &[&str]) -> Option<CandidateSource> {
    Some(match words {
        ["affiliate"] => CandidateSource::Affiliate,
        ["session"] => CandidateSource::Session,
        ["coupon", "-"] => CandidateSource::Coupon(None),
        ["coupon", code] => CandidateSource::Coupon(Some(CouponCode::parse(code).ok()?)),
        ["customer", id] => CandidateSource::Customer(id.parse().ok()?),
        ["click", id] => CandidateSource::Click(id.parse().ok()?),
        _ => return None,
    })
}

fn stored_reward(words: &[&str]) -> Option<Reward> {
    match words {
        [millionths] => Rate::from_millionths(millionths.parse().ok()?).map(Reward::Rate),
        [minor, currency] => money(minor, currency).map(Reward::Flat),
        _ => None,
    }
}

fn money(minor: &str, currency: &str) -> Option<Money> {
    Some(Money::from_minor(minor.parse().ok()?, currency.parse().ok()?))
}

/// The outer `None` is damage.
#[allow(clippy::option_option, reason = "damage and a dash are two things")]
fn optional<T: FromStr>(word: &str) -> Option<Option<T>> {
    if word == "-" { Some(None) } else { word.parse().ok().map(Some) }
}

fn places(word: &str) -> Option<Vec<usize>> {
    if word == "-" { Some(Vec::new()) } else { word.split(',').map(|place| place.parse().ok()).collect() }
}

fn dashed<K: Kind>(id: Option<Id<K>>) -> String {
    id.map_or_else(|| "-".to_owned(), |id| id.to_string())
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { candidates, ratings, passed_parents, reserve, cut } = self;
        candidates.iter().try_for_each(|candidate| candidate.write(f))?;
        ratings.iter().try_for_each(|rating| rating.write(f))?;
        for PassedParent { leaf_affiliate_id, affiliate_id, level, verdict } in passed_parents {
            write!(f, "parent {leaf_affiliate_id} {affiliate_id} {level} {};", verdict.as_str())?;
        }
        if let Some(CashbackReserve { cap, promise }) = reserve {
            write!(f, "reserve {} {} ", cap.minor(), cap.currency())?;
            write_reward(*promise, f)?;
        }
        match cut {
            Some(cut) => write!(f, "cut {} {};", cut.minor(), cut.currency()),
            None => Ok(()),
        }
    }
}

impl Candidate {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, affiliate_id, verdict } = self;
        write!(f, "{} {} ", verdict.as_str(), dashed(*affiliate_id))?;
        match source {
            CandidateSource::Affiliate => f.write_str("affiliate;"),
            CandidateSource::Session => f.write_str("session;"),
            // Erasing an affiliate finds its coupons by this: see Decision::coupon_mark.
            CandidateSource::Coupon(code) => write!(f, "coupon {};", code.as_ref().map_or("-", CouponCode::as_str)),
            CandidateSource::Customer(id) => write!(f, "customer {id};"),
            CandidateSource::Click(id) => write!(f, "click {id};"),
        }
    }
}

impl Rating {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { affiliate_id, lines, considered } = self;
        let places: Vec<String> = lines.iter().map(usize::to_string).collect();
        let places = if places.is_empty() { "-".to_owned() } else { places.join(",") };
        write!(f, "rating {affiliate_id} {places};")?;
        for Considered { source, rule_id, reward, verdict } in considered {
            write!(f, "reward {} {} {} ", verdict.as_str(), source.as_str(), dashed(*rule_id))?;
            write_reward(*reward, f)?;
        }
        Ok(())
    }
}

fn write_reward(reward: Reward, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match reward {
        Reward::Rate(rate) => write!(f, "{};", rate.millionths()),
        Reward::Flat(sum) => write!(f, "{} {};", sum.minor(), sum.currency()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{CandidateOutcome, ParentVerdict, RewardVerdict};
    use crate::rewards::RateSource;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn id<K: Kind>() -> impl Strategy<Value = Id<K>> {
        any::<u128>().prop_map(|n| Id::from_uuid(Uuid::from_u128(n)))
    }

    fn word<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
        prop::sample::select(all)
    }

    fn any_money() -> impl Strategy<Value = Money> {
        let currency = prop::sample::select(vec!["USD", "JPY", "KWD"]);
        (any::<i64>(), currency).prop_map(|(minor, currency)| Money::from_minor(minor, currency.parse().unwrap()))
    }

    fn any_candidate() -> impl Strategy<Value = Candidate> {
        let source = prop_oneof![
            Just(CandidateSource::Affiliate),
            Just(CandidateSource::Session),
            prop::option::of("[A-Z0-9_-]{2,40}")
                .prop_map(|code| CandidateSource::Coupon(code.map(|code| CouponCode::parse(&code).unwrap()))),
            id().prop_map(CandidateSource::Customer),
            id().prop_map(CandidateSource::Click),
        ];
        (source, prop::option::of(id()), word(CandidateOutcome::ALL))
            .prop_map(|(source, affiliate_id, verdict)| Candidate { source, affiliate_id, verdict })
    }

    fn any_reward() -> impl Strategy<Value = Reward> {
        prop_oneof![
            (0_u32..=1_000_000).prop_map(|share| Reward::Rate(Rate::from_millionths(share).unwrap())),
            any_money().prop_map(Reward::Flat),
        ]
    }

    fn any_considered() -> impl Strategy<Value = Considered> {
        (word(RateSource::ALL), prop::option::of(id()), any_reward(), word(RewardVerdict::ALL))
            .prop_map(|(source, rule_id, reward, verdict)| Considered { source, rule_id, reward, verdict })
    }

    fn any_rating() -> impl Strategy<Value = Rating> {
        let (lines, rewards) =
            (prop::collection::vec(0_usize..100, 0..5), prop::collection::vec(any_considered(), 0..5));
        (id(), lines, rewards).prop_map(|(affiliate_id, lines, considered)| Rating { affiliate_id, lines, considered })
    }

    fn any_parent() -> impl Strategy<Value = PassedParent> {
        (id(), id(), any::<u8>(), word(ParentVerdict::ALL)).prop_map(
            |(leaf_affiliate_id, affiliate_id, level, verdict)| PassedParent {
                leaf_affiliate_id,
                affiliate_id,
                level,
                verdict,
            },
        )
    }

    proptest! {
        #[test]
        fn what_is_stored_reads_back(
            candidates in prop::collection::vec(any_candidate(), 0..20),
            ratings in prop::collection::vec(any_rating(), 0..5),
            passed_parents in prop::collection::vec(any_parent(), 0..5),
            reserve in prop::option::of((any_money(), any_reward())),
            cut in prop::option::of(any_money()),
        ) {
            let reserve = reserve.map(|(cap, promise)| CashbackReserve { cap, promise });
            let decision = Decision { candidates, ratings, passed_parents, reserve, cut };
            prop_assert_eq!(Decision::stored(&decision.to_string()), Ok(decision));
        }
    }

    #[test]
    fn what_was_stored_before_rewards_were_kept_is_read() {
        let affiliate = "aff_00000000000000000000000001";
        let text = format!("not_approved {affiliate} affiliate;unknown - coupon TEN;unknown - session;");
        let read = Decision::stored(&text).unwrap();
        assert_eq!((read.candidates.len(), read.ratings.len(), read.to_string()), (3, 0, text));
    }

    #[test]
    fn a_coupon_is_found_by_its_mark_and_recoded() {
        let [own, other] = [1, 2].map(|n| crate::values::AffiliateId::from_uuid(uuid::Uuid::from_u128(n)));
        let text = format!("won {own} coupon TEN;outranked {other} coupon TWO;outranked {own} affiliate;");
        let decision = Decision::stored(&text).unwrap();
        assert!(text.contains(&Decision::coupon_mark(own)));
        let recoded = decision.recoded(own, &CouponCode::erased(own));
        let expected = text.replace("TEN", CouponCode::erased(own).as_str());
        assert_eq!(recoded.to_string(), expected);
        assert_eq!(
            decision.recoded(crate::values::AffiliateId::from_uuid(uuid::Uuid::max()), &CouponCode::erased(own)),
            decision
        );
    }

    #[test]
    fn damage_is_noticed() {
        for bad in [
            "won",
            "won - click;",
            "lost - session;",
            "won - coupon;",
            "won aff_1 affiliate;",
            "reward won merchant - 200000;",
            "rating - 0;",
            "cut 5;",
            "reserve 5 USD;",
            "reserve 5 150000;",
            "parent - - 1 plan;",
        ] {
            assert_eq!(Decision::stored(bad), Err(DecisionError), "{bad}");
        }
    }
}
