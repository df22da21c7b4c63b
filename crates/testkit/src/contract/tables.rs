//! One row in every table, and what can be done to each.

use super::{
    Nodes,
    settle::{Outcome, commit, shop, win},
};
use crate::{
    SeededIds,
    build::{self, Shop},
    sets::Grow,
};
use domain::{
    Account, Affiliate, ApiKey, Binding, Click, Commission, CommissionRule, Coupon, Customer, Event, Group,
    GroupSettings, KeyName, Mail, Merchant, MerchantId, Order, Organization, Payout, PayoutItem, Tier,
};
use ports::{Announcement, ChangeSet, Entity, Reply, RowRef, Table, Topic, Tree, Version, Writes};

/// One row in every table of the test merchant. Every row is in its first version.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(crate) organization: Organization,
    pub(crate) merchant: Merchant,
    pub(crate) tree: Tree,
    pub(crate) key: ApiKey,
    pub(crate) tier: Tier,
    pub(crate) rule: CommissionRule,
    pub(crate) affiliate: Affiliate,
    pub(crate) coupon: Coupon,
    pub(crate) binding: Binding,
    pub(crate) event: Event,
    pub(crate) commission: Commission,
    pub(crate) account: Account,
    pub(crate) payout: Payout,
    pub(crate) payout_item: PayoutItem,
    pub(crate) group_settings: GroupSettings,
    pub(crate) customer: Customer,
    pub(crate) group: Group,
    pub(crate) order: Order,
    pub(crate) mail: Mail,
    pub(crate) click: Click,
    pub(crate) announcement: Announcement,
    pub(crate) reply: Reply,
}

impl Rows {
    /// Rows of `shop` whose unique keys follow from `name`.
    pub(crate) fn of(ids: &SeededIds, shop: &Shop, name: &str) -> Self {
        let affiliate = build::affiliate(ids, name);
        let event = build::event(ids, name);
        let payout = build::payout(ids);
        let customer = build::customer(ids, name);
        let code: String =
            name.bytes().chain([b'A'; 8]).map(|byte| char::from(byte.to_ascii_uppercase())).take(8).collect();
        let group = Group { participants: 1, ..build::group(ids, &customer, &code) };
        Self {
            organization: shop.organization.clone(),
            merchant: shop.test.clone(),
            tree: Tree { merchant_id: shop.test.id },
            key: build::api_key(ids, name),
            tier: build::tier(ids, name),
            rule: build::rule(ids),
            coupon: build::coupon(ids, &affiliate, name),
            binding: build::binding(ids, &affiliate, &event),
            commission: build::commission(ids, &event, &affiliate),
            account: build::account(ids, &affiliate, build::usd()),
            payout_item: build::payout_item(ids, &payout, &affiliate, &[]),
            payout,
            click: build::click(ids, &affiliate, &build::session(name), build::moment(0)),
            announcement: build::announcement(ids, Topic::AffiliateCreated),
            reply: build::reply("POST /affiliates", name),
            group_settings: build::group_settings(&shop.test),
            order: build::order(ids, &customer, &group),
            mail: build::mail(ids, &group),
            affiliate,
            event,
            customer,
            group,
        }
    }

    /// Stores them in a new shop.
    pub(crate) async fn stored(nodes: &Nodes) -> (SeededIds, Shop, Self) {
        let (ids, shop) = shop(nodes).await;
        let rows = Self::of(&ids, &shop, "stored");
        win(nodes, rows.insert(shop.test.id)).await;
        (ids, shop, rows)
    }

    /// Adds all of them, save those that come with a shop, with the unique keys they hold.
    pub(crate) fn insert(&self, merchant: MerchantId) -> ChangeSet {
        let Self {
            organization: _,
            merchant: _,
            tree: _,
            key,
            tier,
            rule,
            affiliate,
            coupon,
            binding,
            event,
            commission,
            account,
            payout,
            payout_item,
            group_settings,
            customer,
            group,
            order,
            mail,
            click,
            announcement,
            reply,
        } = self;
        let mut set = ChangeSet::new(merchant)
            .with_key(key)
            .with_tier(tier)
            .with_affiliate(affiliate)
            .with_coupon(coupon)
            .with_binding(binding, &[format!("x:{}", event.external_id.as_str())])
            .with_event(event, std::slice::from_ref(commission))
            .with_account(account)
            .with_payout(payout, std::slice::from_ref(payout_item))
            .with_customer(customer)
            .with_group(group)
            .with_order(order);
        set.rows.commission_rules.insert(rule.clone());
        set.rows.group_settings.insert(group_settings.clone());
        set.rows.mails.insert(mail.clone());
        set.rows.clicks.push(click.clone());
        set.announce.push(announcement.clone());
        set.reply = Some(reply.clone());
        set
    }

    /// The row in `table`.
    pub(crate) fn row(&self, table: Table) -> RowRef {
        match table {
            Table::Organizations => self.organization.row_ref(),
            Table::Merchants => self.merchant.row_ref(),
            Table::ApiKeys => self.key.row_ref(),
            Table::Trees => self.tree.row_ref(),
            Table::Tiers => self.tier.row_ref(),
            Table::CommissionRules => self.rule.row_ref(),
            Table::Affiliates => self.affiliate.row_ref(),
            Table::Coupons => self.coupon.row_ref(),
            Table::Bindings => self.binding.row_ref(),
            Table::Events => self.event.row_ref(),
            Table::Commissions => self.commission.row_ref(),
            Table::Accounts => self.account.row_ref(),
            Table::Payouts => self.payout.row_ref(),
            Table::PayoutItems => self.payout_item.row_ref(),
            Table::GroupSettings => self.group_settings.row_ref(),
            Table::Customers => self.customer.row_ref(),
            Table::Groups => self.group.row_ref(),
            Table::Orders => self.order.row_ref(),
            Table::Mails => self.mail.row_ref(),
        }
    }

    /// The row in `table` as a new one, without any unique key.
    pub(crate) fn new_in(&self, table: Table, merchant: MerchantId) -> ChangeSet {
        self.write(table, merchant, Does::New)
    }

    /// A change of the row in `table`, which was read in `version`.
    pub(crate) fn change_in(&self, table: Table, merchant: MerchantId, version: Version) -> ChangeSet {
        self.write(table, merchant, Does::Change(version))
    }

    /// The end of the row in `table`, which was read in `version`.
    pub(crate) fn delete_in(&self, table: Table, merchant: MerchantId, version: Version) -> ChangeSet {
        self.write(table, merchant, Does::Delete(version))
    }

    fn write(&self, table: Table, merchant: MerchantId, does: Does) -> ChangeSet {
        let mut set = ChangeSet::new(merchant);
        let rows = &mut set.rows;
        match table {
            Table::Organizations => does.to(&mut rows.organizations, &self.organization),
            Table::Merchants => does.to(&mut rows.merchants, &self.merchant),
            Table::ApiKeys => {
                let renamed = ApiKey { name: KeyName::parse("renamed").unwrap(), ..self.key.clone() };
                does.to(&mut rows.api_keys, &renamed);
            }
            Table::Trees => does.to(&mut rows.trees, &self.tree),
            Table::Tiers => does.to(&mut rows.tiers, &self.tier),
            Table::CommissionRules => does.to(&mut rows.commission_rules, &self.rule),
            Table::Affiliates => does.to(&mut rows.affiliates, &self.affiliate),
            Table::Coupons => does.to(&mut rows.coupons, &self.coupon),
            Table::Bindings => does.to(&mut rows.bindings, &self.binding),
            Table::Events => does.to(&mut rows.events, &self.event),
            Table::Commissions => does.to(&mut rows.commissions, &self.commission),
            Table::Accounts => does.to(&mut rows.accounts, &self.account),
            Table::Payouts => does.to(&mut rows.payouts, &self.payout),
            Table::PayoutItems => does.to(&mut rows.payout_items, &self.payout_item),
            Table::GroupSettings => does.to(&mut rows.group_settings, &self.group_settings),
            Table::Customers => does.to(&mut rows.customers, &self.customer),
            Table::Groups => does.to(&mut rows.groups, &self.group),
            Table::Orders => does.to(&mut rows.orders, &self.order),
            Table::Mails => does.to(&mut rows.mails, &self.mail),
        }
        set
    }
}

/// What is done to a row.
#[derive(Debug, Clone, Copy)]
enum Does {
    New,
    Change(Version),
    Delete(Version),
}

impl Does {
    fn to<T: Entity + Clone>(self, writes: &mut Writes<T>, row: &T) {
        match self {
            Self::New => writes.insert(row.clone()),
            Self::Change(version) => writes.change(version, row.clone()),
            Self::Delete(version) => writes.gone.push((row.row_id(), version)),
        }
    }
}

/// Whether `row` is stored in `version`: asked through the write side, which every table has.
pub(crate) async fn stands_at(nodes: &Nodes, merchant: MerchantId, row: RowRef, version: Version) -> bool {
    let set = ChangeSet { still: vec![(row, version)], ..ChangeSet::new(merchant) };
    match commit(&*nodes.two, set).await {
        Outcome::Won => true,
        Outcome::Conflict => false,
        other => panic!("{other:?} for a set that only holds a row still"),
    }
}
