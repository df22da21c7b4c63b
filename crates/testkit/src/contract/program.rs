//! Tiers and commission rules.

use super::{
    Nodes,
    paging::{newest, position, walk},
    settle::{other_shop, shop, sound, win},
};
use crate::{
    boundary_values,
    build::{self, Shop, moment},
    sets::{self, Grow},
};
use domain::{
    AffiliateId, CommissionRule, EventSpace, ExternalId, Merchant, MerchantId, Metric, Money, RuleId, RuleLevel,
    RuleScope, ShortText, Threshold, Tier, TierId, TierName,
};
use ports::{
    AffiliateKeys, ChangeSet, EventLookup, IdSource, IdSourceExt, NewTierFacts, Page, Position, RuleFacts, RuleFilter,
    RuleNames, Space, TierChangeFacts, TierFilter, Version, Versioned,
};

fn with_rules(mut set: ChangeSet, rules: &[CommissionRule]) -> ChangeSet {
    set.rows.commission_rules.new.extend_from_slice(rules);
    set
}

pub(crate) async fn a_tier_comes_back_whole(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    for tier in boundary_values::tiers(&ids) {
        assert!(nodes.two.tier(shop.test.id, tier.id).await.unwrap().is_none());
        win(nodes, ChangeSet::new(shop.test.id).with_tier(&tier)).await;
        assert_eq!(nodes.two.tier(shop.test.id, tier.id).await.unwrap(), Some(tier.clone()));
        for foreign in [shop.live.id, other.test.id, ids.id()] {
            assert!(nodes.two.tier(foreign, tier.id).await.unwrap().is_none());
        }
        let replaced = Tier { threshold: Threshold::Orders(7), updated_at: moment(5), ..tier };
        let mut set = ChangeSet::new(shop.test.id);
        set.rows.tiers.change(Version::FIRST, replaced.clone());
        win(nodes, set).await;
        let facts = nodes.two.tier_change_facts(shop.test.id, replaced.id, None).await.unwrap().unwrap();
        assert_eq!(facts.tier, Versioned { row: replaced.clone(), version: Version::FIRST.next() });
        let mut set = ChangeSet::new(shop.test.id);
        set.rows.tiers.delete(&facts.tier);
        set.free(Space::TierName, replaced.name.folded(), replaced.id.uuid());
        win(nodes, set).await;
        assert!(nodes.two.tier(shop.test.id, replaced.id).await.unwrap().is_none());
    }
    sound(nodes).await;
}

pub(crate) async fn a_rule_comes_back_whole(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    for rule in boundary_values::rules(&ids) {
        assert!(nodes.two.rule(shop.test.id, rule.id).await.unwrap().is_none());
        win(nodes, with_rules(ChangeSet::new(shop.test.id), std::slice::from_ref(&rule))).await;
        assert_eq!(nodes.two.rule(shop.test.id, rule.id).await.unwrap(), Some(rule.clone()));
        for foreign in [shop.live.id, other.test.id, ids.id()] {
            assert!(nodes.two.rule(foreign, rule.id).await.unwrap().is_none());
        }
        let replaced = CommissionRule { id: rule.id, updated_at: moment(5), ..build::rule(&ids) };
        let mut set = ChangeSet::new(shop.test.id);
        set.rows.commission_rules.change(Version::FIRST, replaced.clone());
        win(nodes, set).await;
        let read = nodes.two.rule_facts(shop.test.id, Some(rule.id), RuleNames::default()).await.unwrap().unwrap();
        let read = read.rule.unwrap();
        assert_eq!(read, Versioned { row: replaced, version: Version::FIRST.next() });
        let mut set = ChangeSet::new(shop.test.id);
        set.rows.commission_rules.delete(&read);
        win(nodes, set).await;
        assert!(nodes.two.rule(shop.test.id, rule.id).await.unwrap().is_none());
    }
    sound(nodes).await;
}

const MOMENTS: [i64; 9] = [4, 4, 9, 1, 4, 9, 2, 8, 0];

fn threshold(n: usize) -> Threshold {
    let sum = Money::from_minor(100, build::usd());
    [Threshold::Orders(1), Threshold::Revenue(sum), Threshold::CommissionsPaid(sum)][n % 3]
}

pub(crate) async fn tiers_are_listed_newest_first_and_filtered(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let made: Vec<Tier> = (0..9)
        .map(|n| {
            let (threshold, created_at) = (threshold(n), moment(MOMENTS[n]));
            Tier { threshold, created_at, ..build::tier(&ids, &format!("Tier {n}")) }
        })
        .collect();
    win(nodes, made.iter().fold(ChangeSet::new(shop.test.id), Grow::with_tier)).await;
    win(nodes, ChangeSet::new(shop.live.id).with_tier(&Tier { id: ids.id(), ..made[0].clone() })).await;
    for metric in [None, Some(Metric::Orders), Some(Metric::Revenue), Some(Metric::CommissionsPaid)] {
        let filter = TierFilter { metric };
        let expected = made.iter().filter(|tier| metric.is_none_or(|metric| tier.threshold.metric() == metric));
        let expected: Vec<Position> = expected.map(|tier| position(tier.created_at, tier.id.uuid())).collect();
        walk(&expected, async |request| {
            let Page { rows, more } = nodes.two.tiers(shop.test.id, &filter, &request).await.unwrap();
            Page { rows: rows.iter().map(|tier| position(tier.created_at, tier.id.uuid())).collect(), more }
        })
        .await;
    }
    let mut expected = made;
    expected.sort_by_key(|tier| std::cmp::Reverse((tier.created_at, tier.id)));
    let page = nodes.two.tiers(shop.test.id, &TierFilter::default(), &newest(100)).await.unwrap();
    assert_eq!(page.rows, expected, "with every field");
}

pub(crate) async fn rules_are_listed_newest_first_and_filtered(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let (affiliate, tier): (AffiliateId, TierId) = (ids.id(), ids.id());
    let word = |text: &str| ShortText::parse(text).unwrap();
    let scopes = [
        RuleScope::Affiliate(affiliate),
        RuleScope::Product(word("shoes")),
        RuleScope::Category(word("shoes")),
        RuleScope::Tier(tier),
        RuleScope::Global,
        RuleScope::Affiliate(ids.id()),
        RuleScope::Product(word("Shoes")),
        RuleScope::Product(word(&affiliate.to_string())),
        RuleScope::Affiliate(affiliate),
    ];
    let made: Vec<CommissionRule> = scopes
        .into_iter()
        .zip(MOMENTS)
        .map(|(scope, at)| CommissionRule { scope, created_at: moment(at), ..build::rule(&ids) })
        .collect();
    win(nodes, with_rules(ChangeSet::new(shop.test.id), &made)).await;
    win(nodes, with_rules(ChangeSet::new(shop.live.id), &[CommissionRule { id: ids.id(), ..made[0].clone() }])).await;
    let everything = RuleFilter::default();
    let mut filters = vec![
        RuleFilter { affiliate_id: Some(affiliate), ..everything.clone() },
        RuleFilter { affiliate_id: Some(ids.id()), ..everything.clone() },
        RuleFilter { tier_id: Some(tier), ..everything.clone() },
        RuleFilter { tier_id: Some(tier), affiliate_id: Some(affiliate), ..everything.clone() },
        RuleFilter { scope_ref: Some(word("shoes")), ..everything.clone() },
        RuleFilter { scope_ref: Some(word("shoes")), scope: Some(RuleLevel::Product), ..everything.clone() },
        RuleFilter { scope: Some(RuleLevel::Product), affiliate_id: Some(affiliate), ..everything.clone() },
    ];
    filters.extend(RuleLevel::ALL.iter().map(|&level| RuleFilter { scope: Some(level), ..everything.clone() }));
    filters.push(everything);
    for filter in filters {
        let expected = made.iter().filter(|rule| matches(&filter, rule));
        let expected: Vec<Position> = expected.map(|rule| position(rule.created_at, rule.id.uuid())).collect();
        walk(&expected, async |request| {
            let Page { rows, more } = nodes.two.rules(shop.test.id, &filter, &request).await.unwrap();
            Page { rows: rows.iter().map(|rule| position(rule.created_at, rule.id.uuid())).collect(), more }
        })
        .await;
    }
}

fn matches(filter: &RuleFilter, rule: &CommissionRule) -> bool {
    let RuleFilter { scope, scope_ref, affiliate_id, tier_id } = filter;
    scope.is_none_or(|level| level == rule.scope.level())
        && scope_ref.as_ref().is_none_or(|word| rule.scope.reference().as_deref() == Some(word.as_str()))
        && affiliate_id.is_none_or(|id| rule.scope == RuleScope::Affiliate(id))
        && tier_id.is_none_or(|id| rule.scope == RuleScope::Tier(id))
}

pub(crate) async fn what_making_and_changing_a_tier_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let merchant = shop.test.id;
    let [gold, silver, theirs] = ["Gold", "Silver", "Theirs"].map(|name| build::tier(&ids, name));
    win(nodes, ChangeSet::new(merchant).with_tier(&gold).with_tier(&silver)).await;
    win(nodes, ChangeSet::new(shop.live.id).with_tier(&theirs)).await;
    for (name, owner) in [("GOLD", Some(gold.id.uuid())), ("theirs", None), ("free", None)] {
        let name = TierName::parse(name).unwrap();
        let NewTierFacts { merchant: read, name_owner } =
            nodes.two.new_tier_facts(merchant, &name).await.unwrap().unwrap();
        assert_eq!((read, name_owner), (sets::first(shop.test.clone()), owner));
        let facts = nodes.two.tier_change_facts(merchant, silver.id, Some(&name)).await.unwrap().unwrap();
        let TierChangeFacts { merchant: read, tier, name_owner, in_use } = facts;
        assert_eq!((read, tier), (sets::first(shop.test.clone()), sets::first(silver.clone())));
        assert_eq!((name_owner, in_use), (owner, false));
    }
    assert!(nodes.two.new_tier_facts(ids.id(), &gold.name).await.unwrap().is_none());
    for (foreign, id) in [(shop.live.id, gold.id), (merchant, theirs.id), (ids.id(), gold.id)] {
        assert!(nodes.two.tier_change_facts(foreign, id, None).await.unwrap().is_none());
    }
    let in_use =
        async |tier: &Tier| nodes.two.tier_change_facts(merchant, tier.id, None).await.unwrap().unwrap().in_use;
    let word = ShortText::parse(&silver.id.to_string()).unwrap();
    let stranger = CommissionRule { scope: RuleScope::Product(word), ..build::rule(&ids) };
    win(nodes, with_rules(ChangeSet::new(merchant), &[stranger])).await;
    assert!(!in_use(&silver).await, "a product of that name is no tier");
    let rule = CommissionRule { scope: RuleScope::Tier(silver.id), ..build::rule(&ids) };
    win(nodes, with_rules(ChangeSet::new(merchant), &[rule])).await;
    let bob = domain::Affiliate { tier_id: Some(gold.id), ..build::affiliate(&ids, "bob") };
    win(nodes, sets::add_affiliate(merchant, &bob)).await;
    assert!(in_use(&gold).await && in_use(&silver).await);
}

pub(crate) async fn what_a_rule_names_is_found(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let (merchant, live) = (shop.test.id, shop.live.id);
    let (bob, gold, rule) = (build::affiliate(&ids, "bob"), build::tier(&ids, "Gold"), build::rule(&ids));
    let set = sets::add_affiliate(merchant, &bob).with_tier(&gold);
    win(nodes, with_rules(set, std::slice::from_ref(&rule))).await;
    let all = RuleNames { affiliate_id: Some(bob.id), tier_id: Some(gold.id) };
    let none = RuleNames::default();
    let unknown = RuleNames { affiliate_id: Some(ids.id()), tier_id: Some(ids.id()) };
    for (shop, id, names, found) in [
        (&shop.test, Some(rule.id), all, true),
        (&shop.test, None, none, false),
        (&shop.test, Some(RuleId::from_uuid(ids.uuid())), unknown, false),
        (&shop.live, Some(rule.id), all, false),
    ] {
        let RuleFacts { merchant, rule: read, affiliate, tier } =
            nodes.two.rule_facts(shop.id, id, names).await.unwrap().unwrap();
        assert_eq!(merchant, sets::first(shop.clone()));
        assert_eq!(read, found.then(|| sets::first(rule.clone())));
        assert_eq!(affiliate, found.then(|| sets::first(bob.clone())));
        assert_eq!(tier, found.then(|| sets::first(gold.clone())));
    }
    assert!(nodes.two.rule_facts(ids.id(), Some(rule.id), all).await.unwrap().is_none());
    // An affiliate that is made or changed brings the tier that it asks for.
    let keys = AffiliateKeys { tier_id: Some(gold.id), ..AffiliateKeys::default() };
    let found = Some(sets::first(gold));
    assert_eq!(nodes.two.new_affiliate_facts(merchant, &keys).await.unwrap().unwrap().tier, found);
    assert_eq!(nodes.two.affiliate_change_facts(merchant, bob.id, &keys).await.unwrap().unwrap().tier, found);
    assert_eq!(nodes.two.new_affiliate_facts(live, &keys).await.unwrap().unwrap().tier, None);
}

/// Tiers and rules of `merchant`, in the order of their ids, as an event brings them.
async fn brought(nodes: &Nodes, merchant: MerchantId) -> (Vec<TierId>, Vec<RuleId>) {
    let lookup = EventLookup {
        space: EventSpace::Paying,
        external_id: ExternalId::parse("1").unwrap(),
        session: None,
        customer: Vec::new(),
        coupon: None,
        affiliate_id: None,
        now: moment(0),
    };
    let facts = nodes.two.event_facts(merchant, vec![lookup]).await.unwrap().unwrap();
    let mut tiers: Vec<TierId> = facts.tiers.iter().map(|tier| tier.id).collect();
    let mut rules: Vec<RuleId> = facts.rules.iter().map(|rule| rule.id).collect();
    tiers.sort();
    rules.sort();
    (tiers, rules)
}

pub(crate) async fn an_event_brings_tiers_and_rules_where_there_are_some(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let Shop { test, .. } = &shop;
    let tiers = ["Gold", "Silver"].map(|name| build::tier(&ids, name));
    let rules = [build::rule(&ids), CommissionRule { ends_at: Some(moment(-1)), ..build::rule(&ids) }];
    let set = tiers.iter().fold(ChangeSet::new(test.id), Grow::with_tier);
    win(nodes, with_rules(set, &rules)).await;
    assert_eq!(brought(nodes, test.id).await, (vec![], vec![]), "nobody looks for what is not counted");
    let mut set = ChangeSet::new(test.id);
    set.rows.merchants.change(Version::FIRST, Merchant { tier_count: 2, rule_count: 2, ..test.clone() });
    win(nodes, set).await;
    let expected = (tiers.map(|tier| tier.id).to_vec(), rules.map(|rule| rule.id).to_vec());
    assert_eq!(brought(nodes, test.id).await, expected);
}
