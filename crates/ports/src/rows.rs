//! Rows that a change set writes, and how they are told apart.

use domain::{
    Account, Affiliate, ApiKey, ApiKeyId, Binding, Click, Commission, CommissionRule, Coupon, Customer, Event, Group,
    GroupSettings, Mail, Merchant, MerchantId, Order, Organization, Payout, PayoutItem, Tier, Timestamp,
};
use uuid::Uuid;

/// A row's version: 1 when it is made, one more with every change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(i64);

impl Version {
    /// Of a new row.
    pub const FIRST: Self = Self(1);

    /// From storage.
    pub const fn stored(version: i64) -> Self {
        Self(version)
    }

    /// For storage.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Of the row after one more change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

/// The tables with versioned rows. Locks are taken in the declared order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs, reason = "named for the rows they hold")]
pub enum Table {
    Organizations,
    Merchants,
    ApiKeys,
    Trees,
    Tiers,
    CommissionRules,
    Affiliates,
    Coupons,
    Bindings,
    Events,
    Commissions,
    Accounts,
    Payouts,
    PayoutItems,
    GroupSettings,
    Customers,
    Groups,
    Orders,
    Mails,
}

impl Table {
    /// All of them, in lock order.
    pub const ALL: [Self; 19] = [
        Self::Organizations,
        Self::Merchants,
        Self::ApiKeys,
        Self::Trees,
        Self::Tiers,
        Self::CommissionRules,
        Self::Affiliates,
        Self::Coupons,
        Self::Bindings,
        Self::Events,
        Self::Commissions,
        Self::Accounts,
        Self::Payouts,
        Self::PayoutItems,
        Self::GroupSettings,
        Self::Customers,
        Self::Groups,
        Self::Orders,
        Self::Mails,
    ];

    /// Whether its rows are the server's, and not some merchant's: their key does not begin with a merchant.
    pub const fn is_global(self) -> bool {
        matches!(self, Self::Organizations | Self::Merchants)
    }
}

/// One versioned row of the change set's merchant (organizations and merchants are the server's).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowRef {
    /// Its table.
    pub table: Table,
    /// Its id.
    pub id: Uuid,
}

/// A row with the version in which it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned<T> {
    /// The row.
    pub row: T,
    /// Its version.
    pub version: Version,
}

/// A row type with a version.
pub trait Entity {
    /// Where its rows are.
    const TABLE: Table;

    /// Its id.
    fn row_id(&self) -> Uuid;

    /// The row, for an expectation.
    fn row_ref(&self) -> RowRef {
        RowRef { table: Self::TABLE, id: self.row_id() }
    }
}

/// A merchant's tree of parents. Holds nothing: its version is what two simultaneous changes of parents collide on, so
/// that together they cannot close a cycle. Made with the merchant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tree {
    /// Whose tree.
    pub merchant_id: MerchantId,
}

macro_rules! entities {
    ($($entity:ty, $table:ident, $id:ident;)*) => {$(
        impl Entity for $entity {
            const TABLE: Table = Table::$table;
            fn row_id(&self) -> Uuid { self.$id.uuid() }
        }
    )*};
}
entities! {
    Organization, Organizations, id;
    Merchant, Merchants, id;
    ApiKey, ApiKeys, id;
    Tree, Trees, merchant_id;
    Tier, Tiers, id;
    CommissionRule, CommissionRules, id;
    Affiliate, Affiliates, id;
    Coupon, Coupons, id;
    Binding, Bindings, id;
    Event, Events, id;
    Commission, Commissions, id;
    Account, Accounts, id;
    Payout, Payouts, id;
    PayoutItem, PayoutItems, id;
    GroupSettings, GroupSettings, merchant_id;
    Customer, Customers, id;
    Group, Groups, id;
    Order, Orders, id;
    Mail, Mails, id;
}

/// What a change set does to the rows of one table.
#[derive(Debug, Clone)]
pub struct Writes<T> {
    /// New rows, made with [`Version::FIRST`].
    pub new: Vec<T>,
    /// Whole new images, each with the version it replaces; stored with [`Version::next`].
    pub changed: Vec<Versioned<T>>,
    /// Rows to delete, each with the version in which it was read.
    pub gone: Vec<(Uuid, Version)>,
}

impl<T> Default for Writes<T> {
    fn default() -> Self {
        Self { new: Vec::new(), changed: Vec::new(), gone: Vec::new() }
    }
}

impl<T: Entity> Writes<T> {
    /// Adds a row.
    pub fn insert(&mut self, row: T) {
        self.new.push(row);
    }

    /// Replaces a row by its new image, provided it is still as it was `loaded`.
    pub fn change(&mut self, loaded: Version, new: T) {
        self.changed.push(Versioned { row: new, version: loaded });
    }

    /// Deletes a row, provided it is still as it was loaded.
    pub fn delete(&mut self, loaded: &Versioned<T>) {
        self.gone.push((loaded.row.row_id(), loaded.version));
    }

    /// Adds what `other` does to the same table.
    fn absorb(&mut self, other: Self) {
        let Self { new, changed, gone } = other;
        self.new.extend(new);
        self.changed.extend(changed);
        self.gone.extend(gone);
    }

    /// How many rows it touches.
    pub fn count(&self) -> usize {
        self.new.len() + self.changed.len() + self.gone.len()
    }

    /// The rows that must still be in the version in which they were read.
    pub(crate) fn expected(&self) -> impl Iterator<Item = (RowRef, Version)> {
        let changed = self.changed.iter().map(|change| (change.row.row_ref(), change.version));
        let gone = self.gone.iter().map(|&(id, version)| (RowRef { table: T::TABLE, id }, version));
        changed.chain(gone)
    }
}

/// When a key was last used: a side row that ticks by itself, without version or announcement. The latest time wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUse {
    /// Which key.
    pub key_id: ApiKeyId,
    /// Real time.
    pub at: Timestamp,
}

/// Everything a change set writes. Adapters destructure it exhaustively, so that a new table breaks their build.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the rows they hold")]
pub struct Rows {
    pub organizations: Writes<Organization>,
    pub merchants: Writes<Merchant>,
    pub api_keys: Writes<ApiKey>,
    pub trees: Writes<Tree>,
    pub tiers: Writes<Tier>,
    pub commission_rules: Writes<CommissionRule>,
    pub affiliates: Writes<Affiliate>,
    pub coupons: Writes<Coupon>,
    pub bindings: Writes<Binding>,
    pub events: Writes<Event>,
    pub commissions: Writes<Commission>,
    pub accounts: Writes<Account>,
    pub payouts: Writes<Payout>,
    pub payout_items: Writes<PayoutItem>,
    pub group_settings: Writes<GroupSettings>,
    pub customers: Writes<Customer>,
    pub groups: Writes<Group>,
    pub orders: Writes<Order>,
    pub mails: Writes<Mail>,
    /// Insert-only.
    pub clicks: Vec<Click>,
    pub key_uses: Vec<KeyUse>,
}

impl Rows {
    /// Adds what `other` writes.
    pub(crate) fn absorb(&mut self, other: Self) {
        let Self {
            organizations,
            merchants,
            api_keys,
            trees,
            tiers,
            commission_rules,
            affiliates,
            coupons,
            bindings,
            events,
            commissions,
            accounts,
            payouts,
            payout_items,
            group_settings,
            customers,
            groups,
            orders,
            mails,
            clicks,
            key_uses,
        } = other;
        self.organizations.absorb(organizations);
        self.merchants.absorb(merchants);
        self.api_keys.absorb(api_keys);
        self.trees.absorb(trees);
        self.tiers.absorb(tiers);
        self.commission_rules.absorb(commission_rules);
        self.affiliates.absorb(affiliates);
        self.coupons.absorb(coupons);
        self.bindings.absorb(bindings);
        self.events.absorb(events);
        self.commissions.absorb(commissions);
        self.accounts.absorb(accounts);
        self.payouts.absorb(payouts);
        self.payout_items.absorb(payout_items);
        self.group_settings.absorb(group_settings);
        self.customers.absorb(customers);
        self.groups.absorb(groups);
        self.orders.absorb(orders);
        self.mails.absorb(mails);
        self.clicks.extend(clicks);
        self.key_uses.extend(key_uses);
    }

    /// How many rows it touches.
    pub fn count(&self) -> usize {
        let Self {
            organizations,
            merchants,
            api_keys,
            trees,
            tiers,
            commission_rules,
            affiliates,
            coupons,
            bindings,
            events,
            commissions,
            accounts,
            payouts,
            payout_items,
            group_settings,
            customers,
            groups,
            orders,
            mails,
            clicks,
            key_uses,
        } = self;
        organizations.count()
            + merchants.count()
            + api_keys.count()
            + trees.count()
            + tiers.count()
            + commission_rules.count()
            + affiliates.count()
            + coupons.count()
            + bindings.count()
            + events.count()
            + commissions.count()
            + accounts.count()
            + payouts.count()
            + payout_items.count()
            + group_settings.count()
            + customers.count()
            + groups.count()
            + orders.count()
            + mails.count()
            + clicks.len()
            + key_uses.len()
    }

    /// The rows that it changes or deletes, with the versions it expects, in no particular order.
    pub fn expected(&self) -> impl Iterator<Item = (RowRef, Version)> {
        let Self {
            organizations,
            merchants,
            api_keys,
            trees,
            tiers,
            commission_rules,
            affiliates,
            coupons,
            bindings,
            events,
            commissions,
            accounts,
            payouts,
            payout_items,
            group_settings,
            customers,
            groups,
            orders,
            mails,
            clicks: _,
            key_uses: _,
        } = self;
        organizations
            .expected()
            .chain(merchants.expected())
            .chain(api_keys.expected())
            .chain(trees.expected())
            .chain(tiers.expected())
            .chain(commission_rules.expected())
            .chain(affiliates.expected())
            .chain(coupons.expected())
            .chain(bindings.expected())
            .chain(events.expected())
            .chain(commissions.expected())
            .chain(accounts.expected())
            .chain(payouts.expected())
            .chain(payout_items.expected())
            .chain(group_settings.expected())
            .chain(customers.expected())
            .chain(groups.expected())
            .chain(orders.expected())
            .chain(mails.expected())
    }
}
