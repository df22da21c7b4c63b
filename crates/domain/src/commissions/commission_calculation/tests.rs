use super::*;
use crate::affiliates::{AffiliateStatus, Threshold, Tier, TierName, affiliate::tests::affiliate};
use crate::commissions::{CommissionRule, RuleScope};
use crate::events::{EventKind, Item, Items, RewardVerdict};
use crate::tenancy::Settings;
use crate::values::{Currency, ShortText, TierId};
use proptest::prelude::*;
use uuid::Uuid;

fn usd() -> Currency {
    "USD".parse().unwrap()
}

fn money(text: &str, currency: &str) -> Money {
    Money::from_decimal(text.parse().unwrap(), currency.parse().unwrap()).unwrap()
}

fn rate(millionths: u32) -> Rate {
    Rate::from_millionths(millionths).unwrap()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn rule(n: u128, scope: RuleScope, reward: Reward) -> CommissionRule {
    CommissionRule {
        id: RuleId::from_uuid(Uuid::from_u128(n)),
        scope,
        reward,
        event_kind: None,
        priority: 0,
        starts_at: None,
        ends_at: None,
        created_at: at(i64::try_from(n).unwrap()),
        updated_at: at(i64::try_from(n).unwrap()),
    }
}

fn item(product: &str, category: &str, amount: &str) -> Item {
    let word = |text: &str| ShortText::parse(text).ok();
    Item { product: word(product), category: word(category), amount: money(amount, "USD") }
}

/// One merchant's program, on a growth plan.
struct Shop {
    settings: Settings,
    tiers: Vec<Tier>,
    rules: Vec<CommissionRule>,
    has_parents: bool,
}

impl Shop {
    fn new() -> Self {
        Self { settings: Settings::initial(usd()), tiers: Vec::new(), rules: Vec::new(), has_parents: true }
    }

    fn ruled(rules: Vec<CommissionRule>) -> Self {
        Self { rules, ..Self::new() }
    }

    fn sale(&self, kind: &str, amount: Option<Money>, items: Vec<Item>, earners: &[Earner<'_>]) -> CommissionPlanSet {
        let Self { settings, tiers, rules, has_parents } = self;
        let program = Program { settings, has_parents: *has_parents, tiers, rules };
        let kind = EventKind::parse(kind).unwrap();
        let cap = amount.filter(|_| kind.pays()).map(|amount| amount.at_down(settings.max_payout_rate));
        let sale = Sale { kind: &kind, amount, items: &Items(items), cap };
        calculate(&program, &sale, earners, at(1_000)).unwrap()
    }

    fn purchase(&self, amount: Money, earners: &[Earner<'_>]) -> CommissionPlanSet {
        self.sale("purchase", Some(amount), Vec::new(), earners)
    }
}

fn alone(affiliate: &Affiliate) -> [Earner<'_>; 1] {
    [Earner { affiliate, upline: &[] }]
}

/// Each leaf's row and its overrides.
fn amounts(calculated: &CommissionPlanSet) -> Vec<Vec<String>> {
    let rows =
        |plan: &LeafPlan| std::iter::once(&plan.leaf).chain(&plan.overrides).map(|p| p.amount.decimal()).collect();
    calculated.leaves.iter().map(rows).collect()
}

fn sources(calculated: &CommissionPlanSet) -> Vec<RateSource> {
    calculated.leaves.iter().map(|plan| plan.leaf.rate_source).collect()
}

#[test]
fn a_leaf_and_its_parents_worked_by_hand() {
    let (leaf, upline) = (affiliate(1), [affiliate(2), affiliate(3), affiliate(4)]);
    for (amount, currency, parents, wanted) in [
        ("99.00", "USD", 1, vec!["19.80", "1.98"]),
        ("99.00", "USD", 3, vec!["19.80", "1.98", "0.99"]), // two levels earn by default
        ("999", "JPY", 1, vec!["200", "20"]),               // 199.8 rounds to 200
        ("1.234", "KWD", 1, vec!["0.247", "0.025"]),        // 0.2468, then 0.0247
        ("0.01", "USD", 1, vec!["0.00", "0.00"]),
        ("0.00", "USD", 0, vec!["0.00"]),
        ("0.025", "KWD", 0, vec!["0.005"]),
        ("0.12", "USD", 1, vec!["0.02", "0.00"]), // 0.024, then 0.002
        ("0.25", "USD", 1, vec!["0.05", "0.01"]), // 0.005 is a tie: away from zero
    ] {
        let earners = [Earner { affiliate: &leaf, upline: &upline[..parents] }];
        let calculated = Shop::new().purchase(money(amount, currency), &earners);
        assert_eq!(amounts(&calculated), [wanted], "{amount} {currency}");
    }
}

#[test]
fn five_levels_earn_where_there_are_five_rates() {
    let (leaf, upline) = (affiliate(1), (2..9).map(affiliate).collect::<Vec<_>>());
    let mut shop = Shop::new();
    shop.settings.mlm_rates = vec![rate(500_000), rate(400_000), rate(300_000), rate(200_000), rate(100_000)];
    let calculated = shop.purchase(money("100.00", "USD"), &[Earner { affiliate: &leaf, upline: &upline }]);
    assert_eq!(amounts(&calculated), [["20.00", "10.00", "8.00", "6.00", "4.00", "2.00"]]);
    assert!(calculated.leaves[0].overrides.iter().all(|plan| plan.basis.decimal() == "20.00"));
}

#[test]
fn a_parent_that_does_not_earn_is_passed_over_with_a_reason() {
    let suspended = Affiliate { status: AffiliateStatus::Suspended, ..affiliate(2) };
    let (leaf, upline) = (affiliate(1), [suspended, affiliate(3), affiliate(4)]);
    let earners = [Earner { affiliate: &leaf, upline: &upline }];
    let mut shop = Shop::new();
    let passed = |calculated: &CommissionPlanSet| {
        calculated.passed_parents.iter().map(|parent| (parent.level, parent.verdict)).collect::<Vec<_>>()
    };
    let calculated = shop.purchase(money("99.00", "USD"), &earners);
    assert_eq!(amounts(&calculated), [["19.80", "0.99"]], "its share goes to nobody");
    assert_eq!(calculated.leaves[0].overrides[0].level, 2);
    assert_eq!(passed(&calculated), [(1, ParentVerdict::NotApproved)], "the third has no rate");
    shop.has_parents = false;
    let calculated = shop.purchase(money("99.00", "USD"), &earners);
    assert_eq!(amounts(&calculated), [["19.80"]]);
    assert_eq!(passed(&calculated), [(1, ParentVerdict::Plan), (2, ParentVerdict::Plan)]);
}

#[test]
fn the_cap_cuts_the_highest_level_first_and_is_rounded_down() {
    let (leaf, upline) = (affiliate(1), [affiliate(2), affiliate(3)]);
    let earners = [Earner { affiliate: &leaf, upline: &upline }];
    let mut shop = Shop::new();
    shop.settings.mlm_rates = vec![rate(500_000), rate(500_000)];
    for (most, wanted, cut) in [
        (400_000, ["20.00", "10.00", "10.00"], None),
        (350_000, ["20.00", "10.00", "5.00"], Some("5.00")),
        (250_000, ["20.00", "5.00", "0.00"], Some("15.00")),
        (123_456, ["12.34", "0.00", "0.00"], Some("27.66")), // 12.3456
        (0, ["0.00", "0.00", "0.00"], Some("40.00")),
    ] {
        shop.settings.max_payout_rate = rate(most);
        let calculated = shop.purchase(money("100.00", "USD"), &earners);
        assert_eq!(amounts(&calculated), [wanted], "{most}");
        assert_eq!(calculated.cut.map(Money::decimal).as_deref(), cut);
        assert_eq!(calculated.leaves[0].overrides[0].basis.decimal(), "20.00", "an override's basis is not cut");
    }
}

#[test]
fn a_cent_and_a_dollar_split_three_ways() {
    let shares = [affiliate(3), affiliate(2), affiliate(1)];
    let earners = shares.each_ref().map(|affiliate| Earner { affiliate, upline: &[] });
    let mut shop = Shop::new();
    shop.settings.commission_rate = Rate::ONE;
    assert_eq!(amounts(&shop.purchase(money("0.01", "USD"), &earners)), [["0.01"], ["0.00"], ["0.00"]]);
    assert_eq!(amounts(&shop.purchase(money("1.00", "USD"), &earners)), [["0.34"], ["0.33"], ["0.33"]]);
    assert_eq!(amounts(&shop.purchase(money("100", "JPY"), &earners)), [["34"], ["33"], ["33"]]);
    let flat = rule(1, RuleScope::Global, Reward::Flat(money("5.00", "USD")));
    let calculated = Shop::ruled(vec![flat]).purchase(money("9.00", "USD"), &earners);
    assert_eq!(amounts(&calculated), [["1.67"], ["1.67"], ["1.66"]], "once for an event and rule, so in parts");
}

#[test]
fn the_first_reward_of_the_cascade_wins() {
    let tier_id = TierId::from_uuid(Uuid::from_u128(50));
    let tier = Tier {
        id: tier_id,
        name: TierName::parse("Gold").unwrap(),
        rate: rate(60_000),
        threshold: Threshold::Orders(0),
        created_at: at(0),
        updated_at: at(0),
    };
    let word = |text: &str| ShortText::parse(text).unwrap();
    let mut earner = Affiliate { custom_rate: Some(rate(10_000)), tier_id: Some(tier_id), ..affiliate(1) };
    let mut shop = Shop::ruled(vec![
        rule(7, RuleScope::Global, Reward::Rate(rate(70_000))),
        rule(5, RuleScope::Tier(tier_id), Reward::Rate(rate(50_000))),
        rule(4, RuleScope::Category(word("shoes")), Reward::Rate(rate(40_000))),
        rule(3, RuleScope::Product(word("boot")), Reward::Rate(rate(30_000))),
        rule(2, RuleScope::Affiliate(earner.id), Reward::Rate(rate(20_000))),
        rule(9, RuleScope::Product(word("sock")), Reward::Rate(Rate::ONE)),
        rule(10, RuleScope::Affiliate(affiliate(2).id), Reward::Rate(Rate::ONE)),
    ]);
    shop.tiers.push(tier);
    let wins = |shop: &Shop, earner: &Affiliate| {
        let items = vec![item("boot", "shoes", "100.00")];
        let calculated = shop.sale("purchase", Some(money("100.00", "USD")), items, &alone(earner));
        (sources(&calculated)[0], calculated.leaves[0].leaf.amount.decimal())
    };
    assert_eq!(wins(&shop, &earner), (RateSource::Affiliate, "1.00".to_owned()));
    earner.custom_rate = None;
    for (source, amount) in [
        (RateSource::RuleAffiliate, "2.00"),
        (RateSource::RuleProduct, "3.00"),
        (RateSource::RuleCategory, "4.00"),
        (RateSource::RuleTier, "5.00"),
        (RateSource::Tier, "6.00"),
        (RateSource::RuleGlobal, "7.00"),
        (RateSource::Merchant, "20.00"),
    ] {
        assert_eq!(wins(&shop, &earner), (source, amount.to_owned()));
        shop.rules.retain(|rule| rule.scope.level().source() != source);
        if source == RateSource::Tier {
            shop.tiers.clear();
        }
    }
}

#[test]
fn within_a_level_priority_then_start_then_age_decide() {
    let earner = affiliate(1);
    let flat = |n: i64| Reward::Flat(Money::from_minor(n, usd()));
    let global = |n| rule(n, RuleScope::Global, flat(i64::try_from(n).unwrap()));
    let mut rules = vec![
        global(1),
        global(2),
        CommissionRule { starts_at: Some(at(5)), ..global(3) },
        CommissionRule { starts_at: Some(at(6)), ..global(4) },
        CommissionRule { priority: 1, ..global(5) },
    ];
    for winner in [5, 4, 3, 2, 1] {
        let calculated = Shop::ruled(rules.clone()).purchase(money("100.00", "USD"), &alone(&earner));
        assert_eq!(calculated.leaves[0].leaf.amount.minor(), winner);
        rules.pop();
    }
}

#[test]
fn every_reward_considered_has_its_verdict() {
    let earner = affiliate(1);
    let global = |n| rule(n, RuleScope::Global, Reward::Flat(money("1.00", "USD")));
    let shop = Shop::ruled(vec![
        CommissionRule { starts_at: Some(at(1_001)), priority: 9, ..global(1) },
        CommissionRule { ends_at: Some(at(1_000)), priority: 8, ..global(2) },
        CommissionRule { event_kind: Some(EventKind::Lead), priority: 7, ..global(3) },
        CommissionRule { reward: Reward::Flat(money("1.00", "EUR")), priority: 6, ..global(4) },
        CommissionRule { starts_at: Some(at(1_000)), ends_at: Some(at(1_001)), priority: 5, ..global(5) },
        global(6),
    ]);
    let calculated = shop.purchase(money("100.00", "USD"), &alone(&earner));
    let seen: Vec<_> = calculated.ratings[0].considered.iter().map(|it| (it.source, it.verdict)).collect();
    use RewardVerdict::{Ended, NotStarted, OtherCurrency, OtherType, Outranked, Won};
    let verdicts = [NotStarted, Ended, OtherType, OtherCurrency, Won, Outranked];
    let mut wanted: Vec<_> = verdicts.into_iter().map(|verdict| (RateSource::RuleGlobal, verdict)).collect();
    wanted.push((RateSource::Merchant, Outranked));
    assert_eq!(seen, wanted);
    let many = Shop::ruled((1..=100).map(global).collect());
    let kept = many.purchase(money("1.00", "USD"), &alone(&earner)).ratings.remove(0);
    assert!(kept.considered.len() == Rating::MOST_CONSIDERED && kept.won().is_some());
}

#[test]
fn lines_with_the_same_reward_make_one_row_and_flat_sums_are_paid_once() {
    let earner = affiliate(1);
    let word = |text: &str| ShortText::parse(text).unwrap();
    let shop = Shop::ruled(vec![
        rule(1, RuleScope::Product(word("boot")), Reward::Flat(money("5.00", "USD"))),
        rule(2, RuleScope::Category(word("hats")), Reward::Rate(rate(333_333))),
    ]);
    let items = vec![
        item("boot", "shoes", "10.00"),
        item("cap", "hats", "0.05"),
        item("sock", "", "1.03"),
        item("boot", "hats", "20.00"),
        item("fez", "hats", "0.05"),
        item("", "", "1.00"),
    ];
    let calculated = shop.sale("purchase", Some(money("32.13", "USD")), items, &alone(&earner));
    assert_eq!(amounts(&calculated), [["5.00"], ["0.03"], ["0.41"]], "0.0333333 once, 0.406 once");
    let bases: Vec<_> = calculated.leaves.iter().map(|plan| plan.leaf.basis.decimal()).collect();
    assert_eq!(bases, ["30.00", "0.10", "2.03"]);
    let lines: Vec<_> = calculated.ratings.iter().map(|rating| rating.lines.clone()).collect();
    assert_eq!(lines, [vec![0, 3], vec![1, 4], vec![2, 5]]);
}

#[test]
fn what_is_no_sale_earns_by_a_flat_rule_alone() {
    let (earner, upline) = (Affiliate { custom_rate: Some(rate(500_000)), ..affiliate(1) }, [affiliate(2)]);
    let earners = [Earner { affiliate: &earner, upline: &upline }];
    let nothing = Shop::new().sale("lead", None, Vec::new(), &earners);
    assert!(nothing.leaves.is_empty());
    assert!(nothing.ratings[0].considered.iter().all(|it| it.verdict == RewardVerdict::NotASale));
    let flat = rule(1, RuleScope::Global, Reward::Flat(money("3.00", "EUR")));
    let shop = Shop::ruled(vec![CommissionRule { event_kind: Some(EventKind::Lead), ..flat }]);
    let lead = shop.sale("lead", None, Vec::new(), &earners);
    assert_eq!(amounts(&lead), [["3.00", "0.30"]]);
    assert_eq!(lead.leaves[0].leaf.basis, Money::zero("EUR".parse().unwrap()));
    assert!(shop.sale("signup", None, Vec::new(), &earners).leaves.is_empty(), "the rule is for leads");
    assert!(shop.sale("lead", Some(money("0.00", "USD")), Vec::new(), &earners).leaves.is_empty(), "a sum of euros");
    let lead = shop.sale("lead", Some(money("0.00", "EUR")), Vec::new(), &earners);
    assert_eq!(amounts(&lead), [["3.00", "0.30"]], "no cap: there is no sale to take a part of");
}

#[test]
fn too_many_rows_are_refused() {
    let earners: Vec<Affiliate> = (1..=6).map(affiliate).collect();
    let earners: Vec<_> = earners.iter().map(|affiliate| Earner { affiliate, upline: &[] }).collect();
    let words: Vec<String> = (0..100).map(|n| format!("p{n}")).collect();
    let rules = words
        .iter()
        .zip(1..)
        .map(|(word, n)| rule(n, RuleScope::Product(ShortText::parse(word).unwrap()), Reward::Rate(rate(1))));
    let shop = Shop::ruled(rules.collect());
    let program = Program { settings: &shop.settings, has_parents: true, tiers: &[], rules: &shop.rules };
    let items = Items(words.iter().map(|word| item(word, "", "1.00")).collect());
    let kind = EventKind::Purchase;
    let sale = Sale { kind: &kind, amount: Some(money("100.00", "USD")), items: &items, cap: None };
    assert!(calculate(&program, &sale, &earners[..5], at(0)).is_ok());
    assert!(
        matches!(calculate(&program, &sale, &earners, at(0)), Err(Refusal::Invalid(faults)) if faults[0].field == "items")
    );
}

fn any_scope() -> impl Strategy<Value = RuleScope> {
    prop_oneof![
        (1_u128..4).prop_map(|n| RuleScope::Affiliate(affiliate(n).id)),
        "[ab]".prop_map(|word| RuleScope::Product(ShortText::parse(&word).unwrap())),
        "[ab]".prop_map(|word| RuleScope::Category(ShortText::parse(&word).unwrap())),
        Just(RuleScope::Global),
    ]
}

fn any_rule() -> impl Strategy<Value = CommissionRule> {
    let reward = prop_oneof![
        (0_u32..=1_000_000).prop_map(|share| Reward::Rate(rate(share))),
        (0_i64..10_000).prop_map(|sum| Reward::Flat(Money::from_minor(sum, usd()))),
    ];
    (1_u128..1_000, any_scope(), reward, -2..2)
        .prop_map(|(n, scope, reward, priority)| CommissionRule { priority, ..rule(n, scope, reward) })
}

prop_compose! {
    fn any_items()(lines in prop::collection::vec(("[abc]?", "[abc]?", 0_i64..=Money::MAX_MINOR / 100), 1..8)) -> Vec<Item> {
        let line = |(product, category, minor): (String, String, i64)| Item {
            amount: Money::from_minor(minor, usd()),
            ..item(&product, &category, "0")
        };
        lines.into_iter().map(line).collect()
    }
}

proptest! {
    #[test]
    fn bases_sum_to_the_sale_and_amounts_stay_within_the_cap(
        rules in prop::collection::vec(any_rule(), 0..8), items in any_items(), earners in 1_u128..4,
        most in 0_u32..=1_000_000, default in 0_u32..=1_000_000,
    ) {
        let mut shop = Shop::ruled(rules);
        shop.settings.max_payout_rate = rate(most);
        shop.settings.commission_rate = rate(default);
        let affiliates: Vec<Affiliate> = (1..=earners).map(affiliate).collect();
        let upline = [affiliate(8), affiliate(9)];
        let earners: Vec<_> = affiliates.iter().map(|affiliate| Earner { affiliate, upline: &upline }).collect();
        let whole: i64 = items.iter().map(|item| item.amount.minor()).sum();
        let amount = Money::from_minor(whole, usd());
        let calculated = shop.sale("purchase", Some(amount), items, &earners);
        let basis = |of: &dyn Fn(&LeafPlan) -> bool| -> i64 {
            calculated.leaves.iter().filter(|plan| of(plan)).map(|plan| plan.leaf.basis.minor()).sum()
        };
        prop_assert_eq!(basis(&|_| true), whole);
        let shares = split(amount, &vec![1; affiliates.len()]);
        for (affiliate, share) in affiliates.iter().zip(shares) {
            prop_assert_eq!(basis(&|plan| plan.leaf.affiliate_id == affiliate.id), share.minor(), "linear shares");
        }
        let rows = calculated.leaves.iter().flat_map(|plan| std::iter::once(&plan.leaf).chain(&plan.overrides));
        let (mut sum, mut uncut) = (0, 0);
        for row in rows {
            prop_assert!(row.amount.minor() >= 0);
            sum += row.amount.minor();
            uncut += row.reward.of(row.basis).minor();
        }
        prop_assert!(sum <= amount.at_down(rate(most)).minor());
        prop_assert_eq!(calculated.cut.map_or(0, Money::minor), uncut - sum, "what is missing is what was cut");
        for rating in &calculated.ratings {
            prop_assert_eq!(rating.considered.iter().filter(|it| it.verdict == RewardVerdict::Won).count(), 1);
        }
    }

    #[test]
    fn items_without_rules_change_nothing(items in any_items(), earners in 1_u128..4, default in 0_u32..=1_000_000) {
        let mut shop = Shop::new();
        shop.settings.commission_rate = rate(default);
        let affiliates: Vec<Affiliate> = (1..=earners).map(affiliate).collect();
        let upline = [affiliate(8), affiliate(9)];
        let earners: Vec<_> = affiliates.iter().map(|affiliate| Earner { affiliate, upline: &upline }).collect();
        let amount = Money::from_minor(items.iter().map(|item| item.amount.minor()).sum(), usd());
        let (with, without) = (shop.sale("purchase", Some(amount), items, &earners), shop.purchase(amount, &earners));
        prop_assert_eq!(with.leaves, without.leaves);
    }

    /// A fixed sum is never paid more often than once.
    #[test]
    fn flat_sums_are_paid_once(items in any_items(), earners in 1_u128..4, sum in 0_i64..10_000) {
        let shop = Shop::ruled(vec![rule(1, RuleScope::Product(ShortText::parse("a").unwrap()), Reward::Flat(Money::from_minor(sum, usd())))]);
        let affiliates: Vec<Affiliate> = (1..=earners).map(affiliate).collect();
        let earners: Vec<_> = affiliates.iter().map(|affiliate| Earner { affiliate, upline: &[] }).collect();
        let wins = items.iter().any(|item| item.product.is_some() && item.product == ShortText::parse("a").ok());
        let amount = Money::from_minor(items.iter().map(|item| item.amount.minor()).sum(), usd());
        let calculated = shop.sale("purchase", Some(amount), items, &earners);
        let flat = calculated.leaves.iter().filter_map(|plan| plan.leaf.reward.flat()).map(Money::minor).sum::<i64>();
        prop_assert_eq!(flat, if wins { sum } else { 0 });
    }
}
