//! What the tables hold, a struct a table, and how the domain's types become rows and rows become them.
//!
//! A table's columns are listed once, in `rows!`: reading, inserting and updating go by that list. Both directions of
//! the mapping destructure exhaustively, so that a new field or column breaks the build here.

mod account;
mod affiliate;
mod announcement;
mod api_key;
mod binding;
mod claim;
mod click;
mod commission;
mod coupon;
mod customer;
mod event;
mod group;
mod mail;
mod merchant;
mod order;
mod organization;
mod payout;
mod reply;
mod rule;
mod tier;
mod values;

pub(crate) use account::{AccountRow, TreeRow};
pub(crate) use affiliate::AffiliateRow;
pub(crate) use announcement::{AnnouncementRow, OutboxRow};
pub(crate) use api_key::{ApiKeyRow, KeyUseRow};
pub(crate) use binding::BindingRow;
pub(crate) use claim::{ClaimedRow, DirectoryRow};
pub(crate) use click::ClickRow;
pub(crate) use commission::CommissionRow;
pub(crate) use coupon::CouponRow;
pub(crate) use customer::CustomerRow;
pub(crate) use event::EventRow;
pub(crate) use group::{GroupRow, GroupSettingsRow};
pub(crate) use mail::MailRow;
pub(crate) use merchant::MerchantRow;
pub(crate) use order::OrderRow;
pub(crate) use organization::OrganizationRow;
pub(crate) use payout::{PayoutItemRow, PayoutRow};
pub(crate) use reply::ReplyRow;
pub(crate) use rule::RuleRow;
pub(crate) use tier::TierRow;
pub(crate) use values::{Damaged, Mapped, instant, money, optional as optional_text, optional_instant, parsed, time};

use crate::sql::{Param, Typed};
use domain::MerchantId;
use ports::{Entity, Version, Versioned};

/// A row of one table.
pub(crate) trait Stored: Typed + Sized {
    /// The table.
    const TABLE: &'static str;
    /// The columns of its primary key.
    const KEY: &'static [&'static str];
    /// All of its columns, in the order of the struct.
    const COLUMNS: &'static [&'static str];

    /// The row's values, a column each.
    fn values(self) -> Vec<Param<'static>>;

    /// The rows turned into an array a column.
    fn arrays(rows: Vec<Self>) -> Vec<Param<'static>>;

    /// The columns as they stand in a SELECT, of the table under the name `alias`.
    fn select(alias: &str) -> String {
        list(Self::COLUMNS, |column| format!("{alias}.{column}"))
    }
}

/// A row of a table with versions, made from an entity.
pub(crate) trait Image: Stored {
    /// The entity.
    type Of: Entity;

    /// The row of `entity` of this merchant in `version`.
    fn image(merchant: MerchantId, entity: &Self::Of, version: Version) -> Self;
}

/// A row of a table with versions, read back.
pub(crate) trait Readable: Image {
    /// The entity with its version.
    fn versioned(self) -> Mapped<Versioned<Self::Of>>;

    /// The entity.
    fn entity(self) -> Mapped<Self::Of> {
        self.versioned().map(|versioned| versioned.row)
    }
}

/// Items as SQL writes them one after the other.
pub(crate) fn list(columns: &[&str], each: impl Fn(&str) -> String) -> String {
    columns.iter().map(|column| each(column)).collect::<Vec<_>>().join(", ")
}

/// Declares the row of a table: its columns with their types, and which of them are its key.
macro_rules! rows {
    (
        $(#[$doc:meta])*
        $row:ident of $table:literal by ($($key:ident),+) { $($column:ident: $type:ty,)+ }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, diesel::Queryable)]
        pub(crate) struct $row {
            $(pub(crate) $column: $type,)+
        }

        impl $crate::sql::Typed for $row {
            type Sql = ($(<$type as $crate::sql::Typed>::Sql,)+);
        }

        impl $crate::rows::Stored for $row {
            const TABLE: &'static str = $table;
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];
            const COLUMNS: &'static [&'static str] = &[$(stringify!($column)),+];

            fn values(self) -> Vec<$crate::sql::Param<'static>> {
                vec![$($crate::sql::one(self.$column)),+]
            }

            fn arrays(rows: Vec<Self>) -> Vec<$crate::sql::Param<'static>> {
                $(let mut $column: Vec<$type> = Vec::with_capacity(rows.len());)+
                for row in rows {
                    $($column.push(row.$column);)+
                }
                vec![$($crate::sql::each($column)),+]
            }
        }
    };
}
pub(crate) use rows;
