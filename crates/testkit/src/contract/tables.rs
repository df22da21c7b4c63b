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
    GroupSettings, KeyName, Merchant, MerchantId, Order, Organization, OutgoingEmail, Payout, PayoutItem, Tier,
};
use ports::{Announcement, ChangeSet, Entity, ResponseRecord, RowRef, Table, Topic, Tree, Version, Writes};

/// Makes [`Rows`] of what one row of each table is called, and of its place in a change set.
macro_rules! one_in_each {
    ($($one:ident: $entity:ty, $rows:ident in $table:ident;)*) => {
        /// One row in every table of the test merchant. Every row is in its first version.
        #[derive(Debug, Clone)]
        pub(crate) struct Rows {
            $(pub(crate) $one: $entity,)*
            pub(crate) click: Click,
            pub(crate) announcement: Announcement,
            pub(crate) response: ResponseRecord,
        }

        impl Rows {
            /// The row in `table`.
            pub(crate) fn row(&self, table: Table) -> RowRef {
                match table { $(Table::$table => self.$one.row_ref()),* }
            }

            fn does(&self, does: Does, table: Table, set: &mut ChangeSet) {
                match table { $(Table::$table => does.to(&mut set.rows.$rows, &self.$one)),* }
            }
        }
    };
}
one_in_each! {
    organization: Organization, organizations in Organizations;
    merchant: Merchant, merchants in Merchants;
    tree: Tree, trees in Trees;
    key: ApiKey, api_keys in ApiKeys;
    tier: Tier, tiers in Tiers;
    rule: CommissionRule, commission_rules in CommissionRules;
    affiliate: Affiliate, affiliates in Affiliates;
    coupon: Coupon, coupons in Coupons;
    binding: Binding, bindings in Bindings;
    event: Event, events in Events;
    commission: Commission, commissions in Commissions;
    account: Account, accounts in Accounts;
    payout: Payout, payouts in Payouts;
    payout_item: PayoutItem, payout_items in PayoutItems;
    group_settings: GroupSettings, group_settings in GroupSettings;
    customer: Customer, customers in Customers;
    group: Group, groups in Groups;
    order: Order, orders in Orders;
    mail: OutgoingEmail, mails in Mails;
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
            response: build::response("POST /affiliates", name),
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
        let mut set = ChangeSet::new(merchant)
            .with_key(&self.key)
            .with_tier(&self.tier)
            .with_affiliate(&self.affiliate)
            .with_coupon(&self.coupon)
            .with_binding(&self.binding, &[format!("x:{}", self.event.external_id.as_str())])
            .with_event(&self.event, std::slice::from_ref(&self.commission))
            .with_account(&self.account)
            .with_payout(&self.payout, std::slice::from_ref(&self.payout_item))
            .with_customer(&self.customer)
            .with_group(&self.group)
            .with_order(&self.order);
        set.rows.commission_rules.insert(self.rule.clone());
        set.rows.group_settings.insert(self.group_settings.clone());
        set.rows.mails.insert(self.mail.clone());
        set.rows.clicks.push(self.click.clone());
        set.announce.push(self.announcement.clone());
        set.response = Some(self.response.clone());
        set
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
        let renamed = ApiKey { name: KeyName::parse("renamed").unwrap(), ..self.key.clone() };
        Self { key: renamed, ..self.clone() }.does(does, table, &mut set);
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
            Self::Delete(version) => writes.deleted.push((row.row_id(), version)),
        }
    }
}

/// Whether `row` is stored in `version`: asked through the write side, which every table has.
pub(crate) async fn stands_at(nodes: &Nodes, merchant: MerchantId, row: RowRef, version: Version) -> bool {
    let set = ChangeSet { unchanged: vec![(row, version)], ..ChangeSet::new(merchant) };
    match commit(&*nodes.two, set).await {
        Outcome::Won => true,
        Outcome::Conflict => false,
        other => panic!("{other:?} for a set that only holds a row still"),
    }
}
