//! Writing the rows of one winner.

use crate::{
    error::Fault,
    rows::{
        AccountRow, AffiliateRow, AnnouncementRow, BindingRow, ClaimedKey, ClickRow, CommissionRow, CouponRow,
        CustomerRow, EventRow, GroupRow, GroupSettingsRow, KeyRow, KeyUseRow, MailRow, MerchantRow, OrderRow,
        OrganizationRow, OutboxRow, PayoutItemRow, PayoutRow, RuleRow, Stored, TierRow, TreeRow,
    },
    values::Uid,
};
use diesel::SqliteConnection;
use domain::MerchantId;
use ports::{ChangeSet, Claim, Rows, Version, Versioned, Writes};

/// Writes everything of a set but its claims and its reply, which stand already. Rows go in one by one, each with a
/// statement that stays prepared: inside one transaction on a local file that is the fast way.
pub(super) fn write(connection: &mut SqliteConnection, set: &ChangeSet) -> Result<(), Fault> {
    let ChangeSet { merchant, urgent: _, still: _, claims: _, frees, rows, announce, reply: _ } = set;
    let merchant = *merchant;
    write_rows(connection, merchant, rows)?;
    for announcement in announce {
        one("announcements", AnnouncementRow::of(merchant, announcement).insert(connection)?)?;
        one("outbox", OutboxRow::of(merchant, announcement).insert(connection)?)?;
    }
    for Claim { space, key, owner } in frees {
        let key = ClaimedKey { merchant: merchant.uuid(), space: *space, key, owner: *owner };
        one("claims", key.give_back(connection)?)?;
    }
    Ok(())
}

fn write_rows(connection: &mut SqliteConnection, merchant: MerchantId, rows: &Rows) -> Result<(), Fault> {
    let Rows {
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
        customers,
        group_settings,
        groups,
        orders,
        mails,
        payout_items,
        payouts,
        clicks,
        key_uses,
    } = rows;
    write_table::<OrganizationRow>(connection, merchant, organizations)?;
    write_table::<MerchantRow>(connection, merchant, merchants)?;
    write_table::<KeyRow>(connection, merchant, api_keys)?;
    write_table::<TreeRow>(connection, merchant, trees)?;
    write_table::<TierRow>(connection, merchant, tiers)?;
    write_table::<RuleRow>(connection, merchant, commission_rules)?;
    write_table::<AffiliateRow>(connection, merchant, affiliates)?;
    write_table::<CouponRow>(connection, merchant, coupons)?;
    write_table::<BindingRow>(connection, merchant, bindings)?;
    write_table::<EventRow>(connection, merchant, events)?;
    write_table::<CommissionRow>(connection, merchant, commissions)?;
    write_table::<AccountRow>(connection, merchant, accounts)?;
    write_table::<PayoutRow>(connection, merchant, payouts)?;
    write_table::<PayoutItemRow>(connection, merchant, payout_items)?;
    write_table::<GroupSettingsRow>(connection, merchant, group_settings)?;
    write_table::<CustomerRow>(connection, merchant, customers)?;
    write_table::<GroupRow>(connection, merchant, groups)?;
    write_table::<OrderRow>(connection, merchant, orders)?;
    write_table::<MailRow>(connection, merchant, mails)?;
    for click in clicks {
        one("clicks", ClickRow::of(merchant, click).insert(connection)?)?;
    }
    for key_use in key_uses {
        // An earlier use than the one that stands touches no row.
        KeyUseRow::of(merchant, key_use).keep_latest(connection)?;
    }
    Ok(())
}

fn write_table<R: Stored>(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    writes: &Writes<R::Entity>,
) -> Result<(), Fault> {
    let Writes { new, changed, gone } = writes;
    for entity in new {
        one(R::NAME, R::of(merchant, entity, Version::FIRST).insert(connection)?)?;
    }
    for Versioned { row, version } in changed {
        one(R::NAME, R::of(merchant, row, version.next()).update(connection)?)?;
    }
    for (id, _) in gone {
        one(R::NAME, R::delete(Uid::from(merchant), Uid(*id), connection)?)?;
    }
    Ok(())
}

/// Every statement of a winner touches exactly one row: its versions were seen under the lock.
fn one(table: &'static str, rows: usize) -> Result<(), Fault> {
    if rows == 1 { Ok(()) } else { Err(Fault::Count { table, rows }) }
}
