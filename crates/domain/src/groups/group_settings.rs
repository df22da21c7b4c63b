//! A merchant's settings of referral groups (docs/rules/groups.md).

use crate::groups::{DiscountType, GroupTerms, Level, LevelValue, Levels};
use crate::tenancy::{Actor, Mode};
use crate::values::{MerchantId, Rate, Refusal, Timestamp};

/// What a merchant's next groups promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupSettings {
    /// The merchant. It has one row at most; without one it has [`GroupSettings::initial`].
    pub merchant_id: MerchantId,
    /// What a group that opens now promises.
    pub terms: GroupTerms,
    /// Business time of the last change.
    pub updated_at: Timestamp,
    /// The actor of the last change.
    pub updated_by: Actor,
}

/// What a PATCH asks for; `None` leaves a field alone.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "the fields of GroupTerms, documented there")]
pub struct GroupSettingsChange {
    pub discount: Option<DiscountType>,
    pub levels: Option<Levels>,
    pub max_participants: Option<u16>,
    pub minutes_duration: Option<u32>,
    pub min_purchase: Option<i64>,
    pub cashback_hold_minutes: Option<u32>,
    pub application_fee_rate: Option<Rate>,
}

/// Minutes that a group is open: ten to try it out, ninety days in earnest.
const fn minutes(mode: Mode) -> u32 {
    match mode {
        Mode::Test => 10,
        Mode::Live => 129_600,
    }
}

impl GroupTerms {
    /// Returns the terms of a new merchant's groups: 5, 10 and 15 percent for 2, 5 and 10 participants.
    pub fn initial(mode: Mode) -> Self {
        let level = |(participants, percent)| Level { value: LevelValue::whole(percent), participants };
        Self {
            discount: DiscountType::Percentage,
            levels: Levels::fixed([(2, 5), (5, 10), (10, 15)].map(level).to_vec()),
            max_participants: 15,
            minutes_duration: minutes(mode),
            min_purchase: 0,
            cashback_hold_minutes: 0,
            application_fee_rate: Rate::ZERO,
        }
    }
}

impl GroupSettings {
    /// The settings of a merchant that never changed them.
    pub fn initial(merchant_id: MerchantId, mode: Mode, founded: Timestamp) -> Self {
        Self { merchant_id, terms: GroupTerms::initial(mode), updated_at: founded, updated_by: Actor::System }
    }

    /// The settings after `change`. `cap` is the part of a sale that may be paid out: what would promise more is refused,
    /// because what is promised is never cut.
    pub fn changed(&self, change: GroupSettingsChange, cap: Rate, by: Actor, now: Timestamp) -> Result<Self, Refusal> {
        let GroupSettingsChange {
            discount,
            levels,
            max_participants,
            minutes_duration,
            min_purchase,
            cashback_hold_minutes,
            application_fee_rate,
        } = change;
        let before = &self.terms;
        let blamed = match (max_participants, min_purchase) {
            _ if levels.is_some() || discount.is_some() => "discountLevels",
            (Some(_), _) => "maxParticipants",
            (None, Some(_)) => "minPurchaseValue",
            (None, None) => "discountLevels",
        };
        let terms = GroupTerms {
            discount: discount.unwrap_or(before.discount),
            levels: levels.unwrap_or_else(|| before.levels.clone()),
            max_participants: max_participants.unwrap_or(before.max_participants),
            minutes_duration: minutes_duration.unwrap_or(before.minutes_duration),
            min_purchase: min_purchase.unwrap_or(before.min_purchase),
            cashback_hold_minutes: cashback_hold_minutes.unwrap_or(before.cashback_hold_minutes),
            application_fee_rate: application_fee_rate.unwrap_or(before.application_fee_rate),
        };
        terms.check()?;
        if !terms.fits_within(cap) {
            let cap = cap.decimal();
            return Err(Refusal::invalid(blamed, format!("would promise more of a sale than max_payout_rate, {cap}")));
        }
        if terms == *before {
            return Ok(self.clone());
        }
        Ok(Self { merchant_id: self.merchant_id, terms, updated_at: now.max(self.updated_at), updated_by: by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_keep_the_rest_and_promises_within_the_cap() {
        let now = Timestamp::from_micros(9).unwrap();
        let before = GroupSettings::initial(MerchantId::from_uuid(uuid::Uuid::nil()), Mode::Test, Timestamp::MIN);
        assert_eq!((before.terms.minutes_duration, GroupTerms::initial(Mode::Live).minutes_duration), (10, 129_600));
        assert_eq!(before.terms.levels.to_string(), "2:50000,5:100000,10:150000");
        let change = || GroupSettingsChange { max_participants: Some(3), ..GroupSettingsChange::default() };
        let after = before.changed(change(), Rate::ONE, Actor::System, now).unwrap();
        assert_eq!((after.terms.max_participants, after.updated_at), (3, now));
        assert_eq!(after.changed(change(), Rate::ONE, Actor::System, Timestamp::MAX).unwrap(), after);
        let cap = |percent: u32| Rate::from_millionths(percent * 10_000).unwrap();
        assert!(before.changed(change(), cap(5), Actor::System, now).is_ok(), "only the first level can be reached");
        let blamed = |change, percent| match before.changed(change, cap(percent), Actor::System, now) {
            Err(Refusal::Invalid(faults)) => faults.into_iter().map(|fault| fault.field).collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        };
        assert_eq!(blamed(change(), 4), ["maxParticipants"]);
        assert_eq!(
            blamed(GroupSettingsChange { min_purchase: Some(1), ..Default::default() }, 14),
            ["minPurchaseValue"]
        );
        let sums = GroupSettingsChange { discount: Some(DiscountType::Amount), ..change() };
        assert_eq!(blamed(sums, 99), ["discountLevels"], "five units of an order of nothing");
    }

    /// A sum at the highest level is compared with the smallest order, in the currency with the most digits.
    #[test]
    fn a_sum_fits_where_the_smallest_order_bears_it() {
        let before = GroupSettings::initial(MerchantId::from_uuid(uuid::Uuid::nil()), Mode::Test, Timestamp::MIN);
        let sums = |min_purchase| GroupSettingsChange {
            discount: Some(DiscountType::Amount),
            min_purchase: Some(min_purchase),
            ..Default::default()
        };
        let half = Rate::from_millionths(500_000).unwrap();
        // Fifteen dinars are 15,000 fils: half of 30,000.
        for (least, cap, fits) in [(30_000, half, true), (29_999, half, false), (0, Rate::ONE, true)] {
            let changed = before.changed(sums(least), cap, Actor::System, Timestamp::MIN);
            assert_eq!(changed.is_ok(), fits, "{least}");
        }
    }
}
