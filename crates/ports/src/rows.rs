//! Rows that a change set writes, and how they are told apart.

use domain::{ApiKeyId, Click, MerchantId, Timestamp};
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

/// The list of tables with versioned rows, in lock order: gives it to the macro `$then` as
/// `field of Rows: entity, variant of Table by the entity's id;`. Whatever exists once for each table is made from it.
#[macro_export]
macro_rules! tables {
    ($then:ident) => {
        $then! {
            organizations: $crate::entities::Organization, Organizations by id;
            merchants: $crate::entities::Merchant, Merchants by id;
            api_keys: $crate::entities::ApiKey, ApiKeys by id;
            trees: $crate::entities::Tree, Trees by merchant_id;
            tiers: $crate::entities::Tier, Tiers by id;
            commission_rules: $crate::entities::CommissionRule, CommissionRules by id;
            affiliates: $crate::entities::Affiliate, Affiliates by id;
            coupons: $crate::entities::Coupon, Coupons by id;
            bindings: $crate::entities::Binding, Bindings by id;
            events: $crate::entities::Event, Events by id;
            commissions: $crate::entities::Commission, Commissions by id;
            accounts: $crate::entities::Account, Accounts by id;
            payouts: $crate::entities::Payout, Payouts by id;
            payout_items: $crate::entities::PayoutItem, PayoutItems by id;
            group_settings: $crate::entities::GroupSettings, GroupSettings by merchant_id;
            customers: $crate::entities::Customer, Customers by id;
            groups: $crate::entities::Group, Groups by id;
            orders: $crate::entities::Order, Orders by id;
            mails: $crate::entities::OutgoingEmail, Mails by id;
        }
    };
}

/// What the tables hold, where [`tables!`] finds it.
pub mod entities {
    pub use crate::Tree;
    pub use domain::{
        Account, Affiliate, ApiKey, Binding, Commission, CommissionRule, Coupon, Customer, Event, Group, GroupSettings,
        Merchant, Order, Organization, OutgoingEmail, Payout, PayoutItem, Tier,
    };
}

impl Table {
    /// Whether its rows are the server's, and not some merchant's: their key does not begin with a merchant.
    pub const fn is_global(self) -> bool {
        matches!(self, Self::Organizations | Self::Merchants)
    }

    /// Whether a reset of a test merchant keeps its rows.
    pub const fn outlives_reset(self) -> bool {
        self.is_global() || matches!(self, Self::ApiKeys | Self::Trees)
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

/// What a change set does to the rows of one table.
#[derive(Debug, Clone)]
pub struct Writes<T> {
    /// New rows, made with [`Version::FIRST`].
    pub new: Vec<T>,
    /// Whole new images, each with the version it replaces; stored with [`Version::next`].
    pub changed: Vec<Versioned<T>>,
    /// Rows to delete, each with the version in which it was read.
    pub deleted: Vec<(Uuid, Version)>,
}

impl<T> Default for Writes<T> {
    fn default() -> Self {
        Self { new: Vec::new(), changed: Vec::new(), deleted: Vec::new() }
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
        self.deleted.push((loaded.row.row_id(), loaded.version));
    }

    /// Adds what `other` does to the same table.
    fn absorb(&mut self, other: Self) {
        let Self { new, changed, deleted } = other;
        self.new.extend(new);
        self.changed.extend(changed);
        self.deleted.extend(deleted);
    }

    /// How many rows it touches.
    pub fn count(&self) -> usize {
        self.new.len() + self.changed.len() + self.deleted.len()
    }

    /// The rows that must still be in the version in which they were read.
    pub(crate) fn expected(&self) -> impl Iterator<Item = (RowRef, Version)> {
        let changed = self.changed.iter().map(|change| (change.row.row_ref(), change.version));
        let deleted = self.deleted.iter().map(|&(id, version)| (RowRef { table: T::TABLE, id }, version));
        changed.chain(deleted)
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

/// Makes what the list of tables is in this crate.
macro_rules! listed {
    ($($rows:ident: $entity:ty, $table:ident by $id:ident;)*) => {
        /// The tables with versioned rows. Locks are taken in the declared order.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs, reason = "named for the rows they hold")]
        pub enum Table { $($table),* }

        impl Table {
            /// All of them, in lock order.
            pub const ALL: [Self; [$(stringify!($table)),*].len()] = [$(Self::$table),*];
        }

        $(impl Entity for $entity {
            const TABLE: Table = Table::$table;
            fn row_id(&self) -> Uuid { self.$id.uuid() }
        })*

        /// Everything a change set writes.
        #[derive(Debug, Clone, Default)]
        #[allow(missing_docs, reason = "named for the rows they hold")]
        pub struct Rows {
            $(pub $rows: Writes<$entity>,)*
            /// Insert-only.
            pub clicks: Vec<Click>,
            pub key_uses: Vec<KeyUse>,
        }

        impl Rows {
            /// Adds what `other` writes.
            pub(crate) fn absorb(&mut self, other: Self) {
                let Self { $($rows,)* clicks, key_uses } = other;
                $(self.$rows.absorb($rows);)*
                self.clicks.extend(clicks);
                self.key_uses.extend(key_uses);
            }

            /// How many rows it touches.
            pub fn count(&self) -> usize {
                let Self { $($rows,)* clicks, key_uses } = self;
                [$($rows.count(),)* clicks.len(), key_uses.len()].iter().sum()
            }

            /// The rows that it changes or deletes, with the versions it expects, in no particular order.
            pub fn expected(&self) -> impl Iterator<Item = (RowRef, Version)> {
                std::iter::empty()$(.chain(self.$rows.expected()))*
            }
        }
    };
}
tables!(listed);
