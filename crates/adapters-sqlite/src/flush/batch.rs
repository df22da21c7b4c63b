//! One batch inside its transaction: look, judge, write.

use super::rows;
use crate::{
    error::Fault,
    rows::{
        AccountRow, AffiliateRow, BindingRow, ClaimedKey, CommissionRow, CouponRow, CustomerRow, EventRow, GroupRow,
        GroupSettingsRow, KeyRow, MailRow, MerchantRow, OrderRow, OrganizationRow, PayoutItemRow, PayoutRow, ReplyRow,
        RuleRow, Stored, TierRow, TreeRow, take_reply_back,
    },
    values::Uid,
};
use diesel::{QueryResult, SqliteConnection};
use journal::{ClaimRow, Judge, LockRow, Verdict};
use ports::{ChangeSet, Table, Version};
use std::sync::Arc;

/// Applies the winners of `batch`. The write lock is held from the beginning, so whatever is seen stays true until the
/// end, and what is taken here nobody else can take.
pub(super) fn apply(connection: &mut SqliteConnection, batch: &[Arc<ChangeSet>]) -> Result<Vec<Verdict>, Fault> {
    let mut judge = Judge::new(batch);
    look(connection, &mut judge)?;
    take(connection, &mut judge)?;
    release(connection, &judge)?;
    let verdicts = judge.decide();
    let winners = batch.iter().zip(&verdicts).filter(|(_, verdict)| **verdict == Verdict::Won);
    for (set, _) in winners {
        rows::write(connection, set)?;
    }
    Ok(verdicts)
}

/// Reads the versions that the sets expect something of.
fn look(connection: &mut SqliteConnection, judge: &mut Judge<'_>) -> QueryResult<()> {
    for (table, locked) in judge.rows_to_lock() {
        for LockRow { merchant, id, hold: _ } in locked {
            if let Some(version) = stored_version(connection, table, Uid(merchant), Uid(id))? {
                judge.saw_version(table, merchant, id, Version::stored(version));
            }
        }
    }
    Ok(())
}

/// Takes every reply's place and every key that can be taken.
fn take(connection: &mut SqliteConnection, judge: &mut Judge<'_>) -> QueryResult<()> {
    for row in judge.replies() {
        if ReplyRow::of(row.merchant, row.reply).keep(connection)? {
            judge.took_reply(row.merchant.uuid(), &row.reply.route, row.reply.key.as_str());
        }
    }
    for claim in judge.claims() {
        if claimed(claim).take(connection)? {
            judge.took_claim(claim);
        }
    }
    Ok(())
}

/// Gives back what losers had taken.
fn release(connection: &mut SqliteConnection, judge: &Judge<'_>) -> QueryResult<()> {
    for row in judge.released_replies() {
        take_reply_back(connection, row.merchant, row.reply)?;
    }
    for claim in judge.released_claims() {
        claimed(claim).give_back(connection)?;
    }
    Ok(())
}

fn claimed(claim: ClaimRow<'_>) -> ClaimedKey<'_> {
    let ClaimRow { merchant, space, key, owner } = claim;
    ClaimedKey { merchant, space, key, owner }
}

fn stored_version(connection: &mut SqliteConnection, table: Table, scope: Uid, id: Uid) -> QueryResult<Option<i64>> {
    match table {
        Table::Organizations => OrganizationRow::version(scope, id, connection),
        Table::Merchants => MerchantRow::version(scope, id, connection),
        Table::ApiKeys => KeyRow::version(scope, id, connection),
        Table::Trees => TreeRow::version(scope, id, connection),
        Table::Tiers => TierRow::version(scope, id, connection),
        Table::CommissionRules => RuleRow::version(scope, id, connection),
        Table::Affiliates => AffiliateRow::version(scope, id, connection),
        Table::Coupons => CouponRow::version(scope, id, connection),
        Table::Bindings => BindingRow::version(scope, id, connection),
        Table::Events => EventRow::version(scope, id, connection),
        Table::Commissions => CommissionRow::version(scope, id, connection),
        Table::Accounts => AccountRow::version(scope, id, connection),
        Table::Payouts => PayoutRow::version(scope, id, connection),
        Table::PayoutItems => PayoutItemRow::version(scope, id, connection),
        Table::GroupSettings => GroupSettingsRow::version(scope, id, connection),
        Table::Customers => CustomerRow::version(scope, id, connection),
        Table::Groups => GroupRow::version(scope, id, connection),
        Table::Orders => OrderRow::version(scope, id, connection),
        Table::Mails => MailRow::version(scope, id, connection),
    }
}
