//! Commissions: what an event earns, for whom, and how that moves (product 6).

use crate::{
    Affiliate, AffiliateId, CommissionId, EventId, Money, OrderReference, PayoutId, Reason, Refusal, Reward, RuleId,
    Settings, Timestamp, words::words,
};

/// Where a commission stands: `pending → approved → paid`, `pending | approved → void`, and `review`, which a person
/// ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum CommissionStatus {
    /// Held until it matures.
    Pending,
    /// Owed.
    Approved,
    /// Paid out; final.
    Paid,
    /// Taken back; final.
    Void,
    /// Waits for a person.
    Review,
}
words!(CommissionStatus { Pending = "pending", Approved = "approved", Paid = "paid", Void = "void", Review = "review" });

/// What a reward came from; frozen on the row. Declared in the order in which they are asked (product 6): the first
/// that exists counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateSource {
    /// The affiliate's own rate.
    Affiliate,
    /// A rule for the affiliate.
    RuleAffiliate,
    /// A rule for the product.
    RuleProduct,
    /// A rule for the category.
    RuleCategory,
    /// A rule for the affiliate's tier.
    RuleTier,
    /// The affiliate's tier.
    Tier,
    /// A rule for everything.
    RuleGlobal,
    /// The merchant's default.
    Merchant,
    /// The override of a parent level.
    Override,
}
words!(RateSource {
    Affiliate = "affiliate",
    RuleAffiliate = "rule_affiliate",
    RuleProduct = "rule_product",
    RuleCategory = "rule_category",
    RuleTier = "rule_tier",
    Tier = "tier",
    RuleGlobal = "rule_global",
    Merchant = "merchant",
    Override = "override",
});

/// What one affiliate earns by one event. Everything but status, its reason and times is frozen when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    /// Its id.
    pub id: CommissionId,
    /// The event that earned it.
    pub event_id: EventId,
    /// The event's order.
    pub order_id: OrderReference,
    /// Who earns.
    pub affiliate_id: AffiliateId,
    /// 0 for the affiliate who brought the sale (the leaf), 1 for its parent, and so on.
    pub level: u8,
    /// The leaf's row; absent on the leaf itself.
    pub leaf_id: Option<CommissionId>,
    /// The row that this one takes back in part: its negative sibling. The two share status and maturity and move
    /// together, until the first is in a payout.
    pub reverses: Option<CommissionId>,
    /// The refund that made this row, or that ended it.
    pub refund_id: Option<EventId>,
    /// What the reward was taken of: its part of the sale for a leaf, the leaf's commission for an override.
    pub basis: Money,
    /// How the amount follows from the basis.
    pub reward: Reward,
    /// Where the reward came from.
    pub rate_source: RateSource,
    /// The rule it came from, if it was one.
    pub rule_id: Option<RuleId>,
    /// What is earned: basis at reward, rounded once, less what the cap on the sale cut off.
    pub amount: Money,
    /// Where it stood when it was made; with the frozen fields it gives back the row as it was first answered.
    pub made_as: CommissionStatus,
    /// Where it stands.
    pub status: CommissionStatus,
    /// The payout it is frozen in. While that is open the row stays approved.
    pub payout_id: Option<PayoutId>,
    /// Why a person moved it.
    pub reason: Option<Reason>,
    /// When it is approved by time.
    pub matures_at: Timestamp,
    /// Business time of creation.
    pub created_at: Timestamp,
    /// Business time of the last change.
    pub updated_at: Timestamp,
}

/// What a person may do with a commission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommissionMove {
    /// Owe it now.
    Approve,
    /// Take it back.
    Void,
}

/// A commission that is to be made: a [`Commission`] without its ids and times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommissionPlan {
    /// See [`Commission::affiliate_id`].
    pub affiliate_id: AffiliateId,
    /// See [`Commission::level`].
    pub level: u8,
    /// See [`Commission::basis`].
    pub basis: Money,
    /// See [`Commission::reward`].
    pub reward: Reward,
    /// See [`Commission::rate_source`].
    pub rate_source: RateSource,
    /// See [`Commission::rule_id`].
    pub rule_id: Option<RuleId>,
    /// See [`Commission::amount`].
    pub amount: Money,
}

/// What a paying event of `sale` earns: the leaf at its own rate or the merchant's, then each parent of `upline` (nearest
/// first) its share of the leaf's commission. A parent that is not approved earns nothing and its share goes to nobody.
pub fn plan_commissions(
    settings: &Settings,
    sale: Money,
    leaf: &Affiliate,
    upline: &[Affiliate],
) -> Vec<CommissionPlan> {
    let (rate, rate_source) = match leaf.custom_rate {
        Some(rate) => (rate, RateSource::Affiliate),
        None => (settings.commission_rate, RateSource::Merchant),
    };
    let (reward, rule_id) = (Reward::Rate(rate), None);
    let earned = reward.of(sale);
    let own =
        CommissionPlan { affiliate_id: leaf.id, level: 0, basis: sale, reward, rate_source, rule_id, amount: earned };
    let parents = upline.iter().zip(&settings.mlm_rates).zip(1_u8..);
    let overrides =
        parents.filter(|((parent, _), _)| parent.is_approved()).map(|((parent, &rate), level)| CommissionPlan {
            affiliate_id: parent.id,
            level,
            basis: earned,
            reward: Reward::Rate(rate),
            rate_source: RateSource::Override,
            rule_id: None,
            amount: earned.at(rate),
        });
    std::iter::once(own).chain(overrides).collect()
}

impl Commission {
    /// The row for `plan`. In review where the decision asks for a person, else pending until it matures.
    #[allow(
        clippy::too_many_arguments,
        reason = "each is a fact of the row, and a struct of them would be the row itself"
    )]
    pub fn from_plan(
        id: CommissionId,
        plan: CommissionPlan,
        event_id: EventId,
        order_id: OrderReference,
        leaf_id: Option<CommissionId>,
        in_review: bool,
        settings: &Settings,
        now: Timestamp,
    ) -> Self {
        let CommissionPlan { affiliate_id, level, basis, reward, rate_source, rule_id, amount } = plan;
        let status = if in_review { CommissionStatus::Review } else { CommissionStatus::Pending };
        Self {
            id,
            event_id,
            order_id,
            affiliate_id,
            level,
            leaf_id,
            reverses: None,
            refund_id: None,
            basis,
            reward,
            rate_source,
            rule_id,
            amount,
            made_as: status,
            status,
            payout_id: None,
            reason: None,
            matures_at: now.plus(settings.hold()),
            created_at: now,
            updated_at: now,
        }
    }

    /// The row as it was first answered.
    #[must_use]
    pub fn as_made(&self) -> Self {
        Self {
            refund_id: self.refund_id.filter(|_| self.reverses.is_some()),
            status: self.made_as,
            payout_id: None,
            reason: None,
            updated_at: self.created_at,
            ..self.clone()
        }
    }

    /// Whether it is frozen in a payout that is not paid yet.
    pub fn is_in_open_payout(&self) -> bool {
        self.status == CommissionStatus::Approved && self.payout_id.is_some()
    }

    /// The commission after a person's `step`.
    pub fn moved(&self, step: CommissionMove, reason: Option<Reason>, now: Timestamp) -> Result<Self, Refusal> {
        use CommissionStatus::{Approved, Paid, Pending, Review, Void};
        if self.is_in_open_payout() {
            return Err(Refusal::State("A commission in an open payout cannot be changed.".to_owned()));
        }
        let status = match (self.status, step) {
            (Pending | Review, CommissionMove::Approve) => Approved,
            (Pending | Review | Approved, CommissionMove::Void) => Void,
            (Approved | Paid | Void, _) => {
                let from = self.status.as_str();
                let to = match step {
                    CommissionMove::Approve => "approved",
                    CommissionMove::Void => "void",
                };
                return Err(Refusal::State(format!("A commission that is {from} cannot become {to}.")));
            }
        };
        let updated_at = now.max(self.updated_at);
        Ok(Self { status, reason: reason.or_else(|| self.reason.clone()), updated_at, ..self.clone() })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{Rate, affiliate::tests::affiliate};
    use proptest::prelude::*;

    pub(crate) fn commission(minor: i64, status: CommissionStatus) -> Commission {
        let settings = Settings::initial("USD".parse().unwrap());
        let sale = Money::from_minor(minor, settings.currency);
        let plan = CommissionPlan {
            affiliate_id: affiliate(1).id,
            level: 0,
            basis: sale,
            reward: Reward::Rate(Rate::ONE),
            rate_source: RateSource::Affiliate,
            rule_id: None,
            amount: sale,
        };
        let id = |n| uuid::Uuid::from_u128(n);
        let order = OrderReference::parse("1").unwrap();
        let (event, own) = (EventId::from_uuid(id(1)), CommissionId::from_uuid(id(2)));
        let made = Commission::from_plan(own, plan, event, order, None, false, &settings, Timestamp::MIN);
        Commission { status, ..made }
    }

    fn amounts(sale: &str, currency: &str, parents: u128) -> Vec<String> {
        let settings = Settings::initial(currency.parse().unwrap());
        let sale = Money::from_decimal(sale.parse().unwrap(), settings.currency).unwrap();
        let upline: Vec<Affiliate> = (2..2 + parents).map(affiliate).collect();
        plan_commissions(&settings, sale, &affiliate(1), &upline).iter().map(|plan| plan.amount.decimal()).collect()
    }

    #[test]
    fn worked_by_hand() {
        assert_eq!(amounts("99.00", "USD", 1), ["19.80", "1.98"]);
        assert_eq!(amounts("99.00", "USD", 3), ["19.80", "1.98", "0.99"], "two levels earn by default");
        assert_eq!(amounts("999", "JPY", 1), ["200", "20"], "199.8 rounds to 200");
        assert_eq!(amounts("1.234", "KWD", 1), ["0.247", "0.025"], "0.2468, then 0.0247");
        assert_eq!(amounts("0.01", "USD", 1), ["0.00", "0.00"]);
        assert_eq!(amounts("0.00", "USD", 0), ["0.00"]);
    }

    #[test]
    fn an_own_rate_comes_before_the_merchants() {
        let settings = Settings::initial("USD".parse().unwrap());
        let leaf = Affiliate { custom_rate: Rate::from_millionths(333_333), ..affiliate(1) };
        let plans = plan_commissions(&settings, Money::from_minor(100, settings.currency), &leaf, &[]);
        assert_eq!((plans[0].amount.minor(), plans[0].rate_source), (33, RateSource::Affiliate));
    }

    #[test]
    fn a_parent_that_is_not_approved_is_left_out() {
        let settings = Settings::initial("USD".parse().unwrap());
        let suspended = Affiliate { status: crate::AffiliateStatus::Suspended, ..affiliate(2) };
        let plans = plan_commissions(
            &settings,
            Money::from_minor(9900, settings.currency),
            &affiliate(1),
            &[suspended, affiliate(3)],
        );
        let seen: Vec<_> = plans.iter().map(|plan| (plan.level, plan.amount.minor())).collect();
        assert_eq!(seen, [(0, 1980), (2, 99)]);
    }

    #[test]
    fn moves_are_the_specified_ones() {
        use CommissionStatus::{Approved, Paid, Pending, Review, Void};
        for &from in CommissionStatus::ALL {
            let row = commission(100, from);
            let approved = row.moved(CommissionMove::Approve, None, Timestamp::MIN).map(|row| row.status).ok();
            let voided = row.moved(CommissionMove::Void, None, Timestamp::MIN).map(|row| row.status).ok();
            assert_eq!(approved, matches!(from, Pending | Review).then_some(Approved), "{from:?}");
            assert_eq!(voided, (!matches!(from, Paid | Void)).then_some(Void), "{from:?}");
        }
    }

    proptest! {
        #[test]
        fn overrides_never_exceed_the_leaf(minor in 0_i64..Money::MAX_MINOR, rate in 0_u32..=1_000_000, parents in 0_u128..6) {
            let settings = Settings::initial("USD".parse().unwrap());
            let leaf = Affiliate { custom_rate: Rate::from_millionths(rate), ..affiliate(1) };
            let upline: Vec<Affiliate> = (2..2 + parents).map(affiliate).collect();
            let plans = plan_commissions(&settings, Money::from_minor(minor, settings.currency), &leaf, &upline);
            prop_assert_eq!(plans.len(), 1 + usize::try_from(parents).unwrap().min(2));
            prop_assert!(plans[0].amount.minor() <= minor);
            prop_assert!(plans.iter().skip(1).all(|plan| plan.amount.minor() <= plans[0].amount.minor()));
        }
    }
}
