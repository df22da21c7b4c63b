//! Commissions: what affiliates earn for an event, and its states (docs/rules/commissions.md).

use crate::rewards::{RateSource, Reward};
use crate::tenancy::Settings;
use crate::values::{
    AffiliateId, CommissionId, EventId, Money, OrderReference, PayoutId, Reason, Refusal, RuleId, Timestamp,
    string_enum::string_enum,
};

/// The status of a commission: `pending → approved → paid`, `pending | approved → void`, and `review`, which a person
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
string_enum!(CommissionStatus { Pending = "pending", Approved = "approved", Paid = "paid", Void = "void", Review = "review" });

/// What one affiliate earns by one event. Everything but status, its reason and times is frozen when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Commission {
    /// Its id.
    pub id: CommissionId,
    /// The event that earned it.
    pub event_id: EventId,
    /// The event's order.
    pub order_id: OrderReference,
    /// The affiliate that earns it.
    pub affiliate_id: AffiliateId,
    /// 0 for the credited affiliate (the leaf), 1 for its parent, and so on.
    pub level: u8,
    /// The leaf's row; absent on the leaf itself.
    pub leaf_id: Option<CommissionId>,
    /// The row that this one, its reversal, takes back in part. The two share status and maturity and move together,
    /// until the first is in a payout.
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

/// A commission that is made by a plan.
#[derive(Debug, Clone)]
pub struct NewCommission<'a> {
    /// See [`Commission::id`].
    pub id: CommissionId,
    /// What it shall be.
    pub plan: CommissionPlan,
    /// See [`Commission::event_id`].
    pub event_id: EventId,
    /// See [`Commission::order_id`].
    pub order_id: OrderReference,
    /// See [`Commission::leaf_id`].
    pub leaf_id: Option<CommissionId>,
    /// Whether the decision asks for a person.
    pub in_review: bool,
    /// Say how long it is held.
    pub settings: &'a Settings,
    /// Business time.
    pub now: Timestamp,
}

impl Commission {
    /// The row for a plan: in review where the decision asks for a person, else pending until it matures.
    pub fn from_plan(new: NewCommission<'_>) -> Self {
        let NewCommission { id, plan, event_id, order_id, leaf_id, in_review, settings, now } = new;
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

    /// Whether it is frozen in a payout that is not paid yet.
    pub fn is_in_open_payout(&self) -> bool {
        self.status == CommissionStatus::Approved && self.payout_id.is_some()
    }

    /// The commission once its time has come; `None` before that, and for one that does not wait for it.
    #[must_use]
    pub fn matured(&self, now: Timestamp) -> Option<Self> {
        let due = self.status == CommissionStatus::Pending && self.matures_at <= now;
        let approved =
            || Self { status: CommissionStatus::Approved, updated_at: now.max(self.updated_at), ..self.clone() };
        due.then(approved)
    }

    /// The row that this one takes back, or else itself: rows of one original share status and maturity and move together.
    pub fn original(&self) -> CommissionId {
        self.reverses.unwrap_or(self.id)
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
    use crate::affiliates::affiliate::tests::affiliate;
    use crate::values::Rate;

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
        let made = Commission::from_plan(NewCommission {
            id: CommissionId::from_uuid(id(2)),
            plan,
            event_id: EventId::from_uuid(id(1)),
            order_id: order,
            leaf_id: None,
            in_review: false,
            settings: &settings,
            now: Timestamp::MIN,
        });
        Commission { status, ..made }
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

    #[test]
    fn time_approves_what_is_pending_and_never_early() {
        let matures_at = commission(100, CommissionStatus::Pending).matures_at;
        for &from in CommissionStatus::ALL {
            let row = commission(100, from);
            assert_eq!(row.matured(matures_at.minus(std::time::Duration::from_micros(1))), None, "{from:?}");
            let due = row.matured(matures_at);
            assert_eq!(due.is_some(), from == CommissionStatus::Pending, "{from:?}");
            if let Some(due) = due {
                assert_eq!(due, Commission { status: CommissionStatus::Approved, updated_at: matures_at, ..row });
            }
        }
    }
}
