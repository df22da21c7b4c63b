//! What the writer and the reads do with any table of versioned rows.

use super::{
    AccountRow, AffiliateRow, BindingRow, CommissionRow, CouponRow, CustomerRow, EventRow, GroupRow, GroupSettingsRow,
    KeyRow, MailRow, MerchantRow, OrderRow, OrganizationRow, PayoutItemRow, PayoutRow, RuleRow, TierRow, TreeRow,
};
use crate::{
    error::{Damaged, Fault},
    schema::{
        accounts, affiliates, api_keys, bindings, commission_rules, commissions, coupons, customers, events,
        group_settings, mails, merchants, orders, organizations, payout_items, payouts, referral_groups, tiers, trees,
    },
    values::Uid,
};
use diesel::{
    OptionalExtension as _, QueryDsl as _, QueryResult, RunQueryDsl as _, SelectableHelper as _, SqliteConnection,
};
use domain::MerchantId;
use ports::{Entity, Version, Versioned};
use uuid::Uuid;

/// A row struct and the entity it stores.
pub(crate) trait TableRow: Sized {
    /// What it stores.
    type Entity: Entity;

    /// The row of a merchant's entity.
    fn of(merchant: MerchantId, entity: &Self::Entity, version: Version) -> Self;

    /// The entity, with its version.
    fn read(self) -> Result<Versioned<Self::Entity>, Damaged>;
}

/// The statements of one table, each prepared once a connection (but for updates, which diesel does not keep). `scope`
/// is the row's merchant; the server's own tables do not look at it.
pub(crate) trait Stored: TableRow {
    /// The table's name.
    const NAME: &'static str;

    fn insert(&self, connection: &mut SqliteConnection) -> QueryResult<usize>;
    fn update(&self, connection: &mut SqliteConnection) -> QueryResult<usize>;
    fn delete(scope: Uid, id: Uid, connection: &mut SqliteConnection) -> QueryResult<usize>;
    fn version(scope: Uid, id: Uid, connection: &mut SqliteConnection) -> QueryResult<Option<i64>>;
    fn load(scope: Uid, id: Uid, connection: &mut SqliteConnection) -> QueryResult<Option<Self>>;
}

/// The row with this id, if the scope has it.
pub(crate) fn find<R: Stored>(
    connection: &mut SqliteConnection,
    scope: Uuid,
    id: Uuid,
) -> Result<Option<Versioned<R::Entity>>, Fault> {
    let row = R::load(Uid(scope), Uid(id), connection)?;
    Ok(row.map(R::read).transpose()?)
}

macro_rules! stored {
    ($($row:ident in $table:ident by |$scope:pat_param, $id:ident| $key:expr;)*) => {$(
        impl Stored for $row {
            const NAME: &'static str = stringify!($table);

            fn insert(&self, connection: &mut SqliteConnection) -> QueryResult<usize> {
                diesel::insert_into($table::table).values(self).execute(connection)
            }

            fn update(&self, connection: &mut SqliteConnection) -> QueryResult<usize> {
                let ($scope, $id) = self.key();
                diesel::update($table::table.find($key)).set(self).execute(connection)
            }

            fn delete($scope: Uid, $id: Uid, connection: &mut SqliteConnection) -> QueryResult<usize> {
                diesel::delete($table::table.find($key)).execute(connection)
            }

            fn version($scope: Uid, $id: Uid, connection: &mut SqliteConnection) -> QueryResult<Option<i64>> {
                $table::table.find($key).select($table::version).get_result(connection).optional()
            }

            fn load($scope: Uid, $id: Uid, connection: &mut SqliteConnection) -> QueryResult<Option<Self>> {
                $table::table.find($key).select(Self::as_select()).get_result(connection).optional()
            }
        }
    )*};
}

stored! {
    OrganizationRow in organizations by |_, id| id;
    MerchantRow in merchants by |_, id| id;
    KeyRow in api_keys by |scope, id| (scope, id);
    TreeRow in trees by |scope, id| (scope, id);
    TierRow in tiers by |scope, id| (scope, id);
    RuleRow in commission_rules by |scope, id| (scope, id);
    AffiliateRow in affiliates by |scope, id| (scope, id);
    CouponRow in coupons by |scope, id| (scope, id);
    BindingRow in bindings by |scope, id| (scope, id);
    EventRow in events by |scope, id| (scope, id);
    CommissionRow in commissions by |scope, id| (scope, id);
    AccountRow in accounts by |scope, id| (scope, id);
    PayoutRow in payouts by |scope, id| (scope, id);
    PayoutItemRow in payout_items by |scope, id| (scope, id);
    GroupSettingsRow in group_settings by |scope, id| (scope, id);
    CustomerRow in customers by |scope, id| (scope, id);
    GroupRow in referral_groups by |scope, id| (scope, id);
    OrderRow in orders by |scope, id| (scope, id);
    MailRow in mails by |scope, id| (scope, id);
}
