//! Tiers: rates that affiliates rise to (docs/rules/commissions.md).

use crate::tenancy::Merchant;
use crate::values::{
    Currency, Decimal, Money, Rate, Refusal, TierId, Timestamp, string_enum::string_enum, text::check,
};

/// What a tier is called: 1 to 100 characters, unique per merchant, compared without case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TierName(String);

impl TierName {
    /// The most characters it may have.
    pub const MOST: usize = 100;

    /// Checks length and characters; the error says what was expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        check(text, Self::MOST)?;
        Ok(Self(text.to_owned()))
    }

    /// As given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The form in which names are unique: lower case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

/// What a tier's threshold is measured in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// What an affiliate's sales brought in, less refunds.
    Revenue,
    /// How many sales that were.
    Orders,
    /// What the affiliate was paid out.
    CommissionsPaid,
}
string_enum!(Metric { Revenue = "revenue", Orders = "orders", CommissionsPaid = "commissions_paid" });

/// What an affiliate must have reached. Sums are in the currency that the settings had when the tier was written; in
/// another currency they cannot be reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// This much revenue, or more.
    Revenue(Money),
    /// This many sales, or more.
    Orders(u32),
    /// This much paid out, or more.
    CommissionsPaid(Money),
}

impl Threshold {
    /// The threshold of `metric` at `wish`: a whole number of orders, or whole units of `currency`.
    pub fn at(metric: Metric, wish: Decimal, currency: Currency) -> Result<Self, Refusal> {
        let sum = || {
            let money = Money::from_decimal(wish, currency).ok().filter(|money| money.minor() >= 0);
            money.ok_or_else(|| Refusal::invalid("threshold", format!("must be an amount of {currency}, 0 or more")))
        };
        match metric {
            Metric::Revenue => sum().map(Self::Revenue),
            Metric::CommissionsPaid => sum().map(Self::CommissionsPaid),
            Metric::Orders => {
                let count = wish.scaled(0).and_then(|count| u32::try_from(count).ok());
                let count = count.filter(|&count| count <= Self::MOST_ORDERS);
                let most = Self::MOST_ORDERS;
                count
                    .map(Self::Orders)
                    .ok_or_else(|| Refusal::invalid("threshold", format!("must be 0 to {most} orders")))
            }
        }
    }

    /// The most orders that a threshold can ask for.
    pub const MOST_ORDERS: u32 = 1_000_000_000;

    /// What it is measured in.
    pub const fn metric(self) -> Metric {
        match self {
            Self::Revenue(_) => Metric::Revenue,
            Self::Orders(_) => Metric::Orders,
            Self::CommissionsPaid(_) => Metric::CommissionsPaid,
        }
    }

    /// The sum, if it is one.
    pub const fn money(self) -> Option<Money> {
        match self {
            Self::Revenue(money) | Self::CommissionsPaid(money) => Some(money),
            Self::Orders(_) => None,
        }
    }

    /// How high it is: minor units of its currency, or orders.
    pub fn height(self) -> i64 {
        match self {
            Self::Revenue(money) | Self::CommissionsPaid(money) => money.minor(),
            Self::Orders(count) => i64::from(count),
        }
    }
}

/// A rate for all affiliates that have it, and what lifts an affiliate into it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tier {
    /// Its id.
    pub id: TierId,
    /// Its name; unique per merchant.
    pub name: TierName,
    /// What its affiliates earn, where neither their own rate nor a nearer rule says otherwise.
    pub rate: Rate,
    /// What lifts an affiliate into it.
    pub threshold: Threshold,
    /// Business time of creation.
    pub created_at: Timestamp,
    /// Business time of the last change.
    pub updated_at: Timestamp,
}

/// The input for a new tier.
#[derive(Debug, Clone)]
pub struct NewTier {
    /// See [`Tier::name`].
    pub name: TierName,
    /// See [`Tier::rate`].
    pub rate: Rate,
    /// What the threshold is measured in.
    pub metric: Metric,
    /// How high it is: orders, or whole units of the settings' currency.
    pub threshold: Decimal,
}

/// What a PATCH asks for; `None` leaves a field alone.
#[derive(Debug, Clone, Default)]
pub struct TierChange {
    /// See [`Tier::name`].
    pub name: Option<TierName>,
    /// See [`Tier::rate`].
    pub rate: Option<Rate>,
    /// See [`NewTier::metric`]; a new one needs a new threshold.
    pub metric: Option<Metric>,
    /// See [`NewTier::threshold`].
    pub threshold: Option<Decimal>,
}

impl Tier {
    /// The most tiers that a merchant may have.
    pub const MOST: u16 = Merchant::MOST_TIERS;

    /// A new tier of a merchant whose settings have `currency`.
    pub fn create(id: TierId, request: NewTier, currency: Currency, now: Timestamp) -> Result<Self, Refusal> {
        let NewTier { name, rate, metric, threshold } = request;
        let threshold = Threshold::at(metric, threshold, currency)?;
        Ok(Self { id, name, rate, threshold, created_at: now, updated_at: now })
    }

    /// The tier after `change`; time never runs backwards within it.
    pub fn changed(&self, change: TierChange, currency: Currency, now: Timestamp) -> Result<Self, Refusal> {
        let TierChange { name, rate, metric, threshold } = change;
        let threshold = match (metric, threshold) {
            (metric, Some(threshold)) => {
                Threshold::at(metric.unwrap_or_else(|| self.threshold.metric()), threshold, currency)?
            }
            (Some(metric), None) if metric != self.threshold.metric() => {
                return Err(Refusal::invalid("threshold", "must be given with a new metric"));
            }
            (Some(_) | None, None) => self.threshold,
        };
        Ok(Self {
            id: self.id,
            name: name.unwrap_or_else(|| self.name.clone()),
            rate: rate.unwrap_or(self.rate),
            threshold,
            created_at: self.created_at,
            updated_at: now.max(self.updated_at),
        })
    }
}

/// What an affiliate has reached so far, in the settings' currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totals {
    /// What its sales brought in, less refunds.
    pub revenue: Money,
    /// How many of its sales were not refunded to the last cent.
    pub orders: u32,
    /// What it was paid out.
    pub paid: Money,
}

impl Totals {
    /// Whether they reach `threshold`.
    pub fn reach(&self, threshold: Threshold) -> bool {
        let enough = |have: Money, need: Money| have.currency() == need.currency() && have.minor() >= need.minor();
        match threshold {
            Threshold::Revenue(need) => enough(self.revenue, need),
            Threshold::Orders(need) => self.orders >= need,
            Threshold::CommissionsPaid(need) => enough(self.paid, need),
        }
    }
}

/// The tier that an affiliate with these totals rises to; `None` where it stays in its `present` one.
///
/// Of the tiers whose threshold is reached it is the one with the highest rate (then the highest threshold, then the
/// older tier), if that is more than the present tier gives. An affiliate never falls.
pub fn promotion<'a>(tiers: &'a [Tier], totals: &Totals, present: Option<TierId>) -> Option<&'a Tier> {
    let floor = present.and_then(|id| tiers.iter().find(|tier| tier.id == id)).map(|tier| tier.rate);
    let reached = tiers.iter().filter(|tier| totals.reach(tier.threshold));
    let best = reached.max_by_key(|tier| (tier.rate, tier.threshold.height(), std::cmp::Reverse(tier.id)))?;
    floor.is_none_or(|floor| best.rate > floor).then_some(best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn usd(minor: i64) -> Money {
        Money::from_minor(minor, "USD".parse().unwrap())
    }

    fn id(n: u128) -> TierId {
        TierId::from_uuid(uuid::Uuid::from_u128(n))
    }

    fn tier(n: u128, percent: u32, threshold: Threshold) -> Tier {
        let rate = Rate::from_millionths(percent * 10_000).unwrap();
        let name = TierName::parse(&format!("Tier {n}")).unwrap();
        Tier { id: id(n), name, rate, threshold, created_at: Timestamp::MIN, updated_at: Timestamp::MIN }
    }

    fn ladder() -> [Tier; 4] {
        [
            tier(1, 10, Threshold::Orders(0)),
            tier(2, 20, Threshold::Revenue(usd(100_000))),
            tier(3, 30, Threshold::CommissionsPaid(usd(50_000))),
            tier(4, 30, Threshold::Orders(100)),
        ]
    }

    #[test]
    fn worked_by_hand() {
        let tiers = ladder();
        for (revenue, orders, paid, present, wanted) in [
            (0, 0, 0, None, Some(1)),
            (0, 0, 0, Some(1), None),
            (99_999, 0, 0, Some(1), None),
            (100_000, 0, 0, None, Some(2)),
            (100_000, 0, 0, Some(1), Some(2)),
            (100_000, 0, 0, Some(3), None),
            (-5, 99, 49_999, Some(1), None),
            (0, 0, 50_000, Some(2), Some(3)),
            // Both give 0.30: 500.00 stands higher than 100 orders, being 50,000 cents.
            (0, 100, 50_000, Some(2), Some(3)),
            (0, 100, 0, Some(2), Some(4)),
            (0, 100, 0, Some(3), None),
            // A deleted tier holds no affiliate.
            (0, 0, 0, Some(9), Some(1)),
        ] {
            let totals = Totals { revenue: usd(revenue), orders, paid: usd(paid) };
            let got = promotion(&tiers, &totals, present.map(id)).map(|tier| tier.id);
            assert_eq!(got, wanted.map(id), "{revenue} {orders} {paid} {present:?}");
        }
    }

    #[test]
    fn another_currency_is_never_reached() {
        let tiers = [tier(1, 10, Threshold::Revenue(Money::zero("EUR".parse().unwrap())))];
        let totals = Totals { revenue: usd(100), orders: 1, paid: usd(100) };
        assert_eq!(promotion(&tiers, &totals, None), None);
    }

    #[test]
    fn thresholds_follow_metric_and_currency() {
        let at = |metric, text: &str, currency: &str| {
            Threshold::at(metric, text.parse().unwrap(), currency.parse().unwrap()).map(Threshold::height).ok()
        };
        assert_eq!(at(Metric::Revenue, "1000.5", "USD"), Some(100_050));
        assert_eq!(at(Metric::CommissionsPaid, "1000", "JPY"), Some(1_000));
        assert_eq!(at(Metric::Orders, "12.0", "USD"), Some(12));
        for (metric, text, currency) in [
            (Metric::Revenue, "1.005", "USD"),
            (Metric::Revenue, "-1", "USD"),
            (Metric::CommissionsPaid, "0.5", "JPY"),
            (Metric::Orders, "0.5", "USD"),
            (Metric::Orders, "-1", "USD"),
            (Metric::Orders, "1000000001", "USD"),
        ] {
            assert_eq!(at(metric, text, currency), None, "{metric:?} {text} {currency}");
        }
    }

    #[test]
    fn a_new_metric_needs_a_new_threshold() {
        let before = tier(1, 10, Threshold::Orders(5));
        let change = |metric, threshold: Option<&str>| {
            let threshold = threshold.map(|text| text.parse().unwrap());
            let change = TierChange { metric, threshold, ..TierChange::default() };
            before.changed(change, "USD".parse().unwrap(), Timestamp::MIN).map(|tier| tier.threshold).ok()
        };
        assert_eq!(change(None, None), Some(Threshold::Orders(5)));
        assert_eq!(change(None, Some("7")), Some(Threshold::Orders(7)));
        assert_eq!(change(Some(Metric::Orders), None), Some(Threshold::Orders(5)));
        assert_eq!(change(Some(Metric::Revenue), None), None);
        assert_eq!(change(Some(Metric::Revenue), Some("7")), Some(Threshold::Revenue(usd(700))));
    }

    fn thresholds() -> impl Strategy<Value = Threshold> {
        (0_usize..3, 0_i64..50).prop_map(|(metric, height)| match metric {
            0 => Threshold::Revenue(usd(height)),
            1 => Threshold::Orders(u32::try_from(height).unwrap()),
            _ => Threshold::CommissionsPaid(usd(height)),
        })
    }

    proptest! {
        #[test]
        fn promotions_only_rise_and_end(
            ladder in prop::collection::vec((1_u32..=100, thresholds()), 0..8),
            (revenue, orders, paid) in (-10_i64..60, 0_u32..60, 0_i64..60),
            present in 0_u128..9,
        ) {
            let tiers: Vec<_> = (1..).zip(ladder).map(|(n, (percent, threshold))| tier(n, percent, threshold)).collect();
            let totals = Totals { revenue: usd(revenue), orders, paid: usd(paid) };
            let before = tiers.iter().find(|tier| tier.id == id(present));
            let best = tiers.iter().filter(|tier| totals.reach(tier.threshold)).map(|tier| tier.rate).max();
            match promotion(&tiers, &totals, Some(id(present))) {
                Some(tier) => {
                    prop_assert!(totals.reach(tier.threshold));
                    prop_assert_eq!(Some(tier.rate), best);
                    prop_assert!(before.is_none_or(|before| tier.rate > before.rate));
                    prop_assert_eq!(promotion(&tiers, &totals, Some(tier.id)), None, "once is enough");
                }
                None => prop_assert!(best.is_none_or(|best| before.is_some_and(|before| before.rate >= best))),
            }
        }
    }
}
