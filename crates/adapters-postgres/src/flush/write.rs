//! Writing what the winners write: a statement a table and kind of write, from arrays, and only for tables that have
//! any.

use super::{
    Step,
    statements::{arrays_as_table, claims_gone, matched},
};
use crate::{
    rows::{
        AccountRow, AffiliateRow, AnnouncementRow, ApiKeyRow, BindingRow, ClickRow, CommissionRow, CouponRow,
        CustomerRow, EventRow, GroupRow, GroupSettingsRow, Image, KeyUseRow, MailRow, MerchantRow, OrderRow,
        OrganizationRow, OutboxRow, PayoutItemRow, PayoutRow, RuleRow, Stored, TierRow, TreeRow, list,
    },
    sql::Sql,
};
use domain::MerchantId;
use journal::{ClaimRow, Verdict};
use ports::{ChangeSet, Claim, Rows, Version, Versioned, Writes};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// What becomes of the rows of one table.
struct Changes<R> {
    new: Vec<R>,
    changed: Vec<R>,
    /// Merchant, id and version.
    gone: Vec<(Uuid, Uuid, i64)>,
}

impl<R> Default for Changes<R> {
    fn default() -> Self {
        Self { new: Vec::new(), changed: Vec::new(), gone: Vec::new() }
    }
}

impl<R: Image> Changes<R> {
    fn add(&mut self, merchant: MerchantId, writes: &Writes<R::Of>) {
        let Writes { new, changed, gone } = writes;
        self.new.extend(new.iter().map(|entity| R::image(merchant, entity, Version::FIRST)));
        let next = |Versioned { row, version }: &Versioned<R::Of>| R::image(merchant, row, version.next());
        self.changed.extend(changed.iter().map(next));
        self.gone.extend(gone.iter().map(|&(id, version)| (merchant.uuid(), id, version.number())));
    }

    fn steps(self, steps: &mut Vec<Step>) {
        let Self { new, changed, gone } = self;
        insert(new, steps);
        if !changed.is_empty() {
            steps.push(update(changed));
        }
        if !gone.is_empty() {
            steps.push(delete::<R>(gone));
        }
    }
}

/// Everything that the winners of a batch write.
#[derive(Default)]
struct Write {
    organizations: Changes<OrganizationRow>,
    merchants: Changes<MerchantRow>,
    api_keys: Changes<ApiKeyRow>,
    trees: Changes<TreeRow>,
    tiers: Changes<TierRow>,
    commission_rules: Changes<RuleRow>,
    affiliates: Changes<AffiliateRow>,
    coupons: Changes<CouponRow>,
    bindings: Changes<BindingRow>,
    events: Changes<EventRow>,
    commissions: Changes<CommissionRow>,
    accounts: Changes<AccountRow>,
    payouts: Changes<PayoutRow>,
    payout_items: Changes<PayoutItemRow>,
    group_settings: Changes<GroupSettingsRow>,
    customers: Changes<CustomerRow>,
    groups: Changes<GroupRow>,
    orders: Changes<OrderRow>,
    mails: Changes<MailRow>,
    clicks: Vec<ClickRow>,
    announcements: Vec<AnnouncementRow>,
    outbox: Vec<OutboxRow>,
    /// By key: one statement cannot touch a row twice.
    key_uses: BTreeMap<(Uuid, Uuid), KeyUseRow>,
}

/// The statements that write what the winners write, frees last.
pub(super) fn steps(batch: &[Arc<ChangeSet>], verdicts: &[Verdict]) -> Vec<Step> {
    let winners: Vec<&ChangeSet> = batch
        .iter()
        .zip(verdicts)
        .filter(|(_, verdict)| **verdict == Verdict::Won)
        .map(|(set, _)| set.as_ref())
        .collect();
    let mut write = Write::default();
    for set in &winners {
        write.add(set);
    }
    let mut steps = write.steps();
    let mut frees: Vec<ClaimRow<'_>> = winners.iter().flat_map(|set| freed(set)).collect();
    frees.sort();
    steps.extend(claims_gone(&frees, "claims freed"));
    steps
}

fn freed(set: &ChangeSet) -> impl Iterator<Item = ClaimRow<'_>> {
    set.frees.iter().map(|Claim { space, key, owner }| ClaimRow {
        merchant: if space.is_global() { Uuid::nil() } else { set.merchant.uuid() },
        space: *space,
        key,
        owner: *owner,
    })
}

impl Write {
    fn add(&mut self, set: &ChangeSet) {
        let ChangeSet { merchant, urgent: _, still: _, claims: _, frees: _, rows, announce, reply: _ } = set;
        let merchant = *merchant;
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
        self.organizations.add(merchant, organizations);
        self.merchants.add(merchant, merchants);
        self.api_keys.add(merchant, api_keys);
        self.trees.add(merchant, trees);
        self.tiers.add(merchant, tiers);
        self.commission_rules.add(merchant, commission_rules);
        self.affiliates.add(merchant, affiliates);
        self.coupons.add(merchant, coupons);
        self.bindings.add(merchant, bindings);
        self.events.add(merchant, events);
        self.commissions.add(merchant, commissions);
        self.accounts.add(merchant, accounts);
        self.payouts.add(merchant, payouts);
        self.payout_items.add(merchant, payout_items);
        self.group_settings.add(merchant, group_settings);
        self.customers.add(merchant, customers);
        self.groups.add(merchant, groups);
        self.orders.add(merchant, orders);
        self.mails.add(merchant, mails);
        self.clicks.extend(clicks.iter().map(|click| ClickRow::of(merchant, click)));
        self.announcements.extend(announce.iter().map(|one| AnnouncementRow::of(merchant, one)));
        self.outbox.extend(announce.iter().map(|one| OutboxRow::of(merchant, one)));
        for row in key_uses.iter().map(|key_use| KeyUseRow::of(merchant, key_use)) {
            let latest = self.key_uses.entry((row.merchant_id, row.key_id)).or_insert_with(|| row.clone());
            latest.last_used_at.0 = latest.last_used_at.0.max(row.last_used_at.0);
        }
    }

    fn steps(self) -> Vec<Step> {
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
            customers,
            group_settings,
            groups,
            orders,
            mails,
            payout_items,
            payouts,
            clicks,
            announcements,
            outbox,
            key_uses,
        } = self;
        let mut steps = Vec::new();
        organizations.steps(&mut steps);
        merchants.steps(&mut steps);
        api_keys.steps(&mut steps);
        trees.steps(&mut steps);
        tiers.steps(&mut steps);
        commission_rules.steps(&mut steps);
        affiliates.steps(&mut steps);
        coupons.steps(&mut steps);
        bindings.steps(&mut steps);
        events.steps(&mut steps);
        commissions.steps(&mut steps);
        accounts.steps(&mut steps);
        payouts.steps(&mut steps);
        payout_items.steps(&mut steps);
        group_settings.steps(&mut steps);
        customers.steps(&mut steps);
        groups.steps(&mut steps);
        orders.steps(&mut steps);
        mails.steps(&mut steps);
        insert(clicks, &mut steps);
        insert(announcements, &mut steps);
        insert(outbox, &mut steps);
        if !key_uses.is_empty() {
            steps.push(use_keys(key_uses.into_values().collect()));
        }
        steps
    }
}

/// So many rows are written value by value: PostgreSQL has taken arrays apart for two or three times as long.
const FEW: usize = 2;

pub(super) fn insert<R: Stored>(rows: Vec<R>, steps: &mut Vec<Step>) {
    if rows.is_empty() {
        return;
    }
    let (columns, count) = (R::COLUMNS.join(", "), rows.len());
    let into = format!("INSERT INTO {} ({columns})", R::TABLE);
    let sql = if count <= FEW {
        let row = format!("({})", list(R::COLUMNS, |_| "?".to_owned()));
        let sql = Sql::new(format!("{into} VALUES {}", vec![row; count].join(", ")));
        sql.bind_all(rows.into_iter().flat_map(R::values))
    } else {
        Sql::new(format!("{into} SELECT {columns} FROM {}", arrays_as_table(R::COLUMNS))).bind_all(R::arrays(rows))
    };
    steps.push(Step { rows: count, sql, what: format!("new {}", R::TABLE) });
}

/// Replaces rows that are locked and were seen in the version before.
fn update<R: Stored>(rows: Vec<R>) -> Step {
    let set: Vec<&str> = R::COLUMNS.iter().filter(|column| !R::KEY.contains(column)).copied().collect();
    let sql = Sql::new(format!(
        "UPDATE {} t SET {} FROM {} WHERE {} AND t.version = n.version - 1",
        R::TABLE,
        list(&set, |column| format!("{column} = n.{column}")),
        arrays_as_table(R::COLUMNS),
        matched(R::KEY),
    ));
    Step { rows: rows.len(), sql: sql.bind_all(R::arrays(rows)), what: format!("changed {}", R::TABLE) }
}

/// Deletes rows that are locked and were seen in this version.
fn delete<R: Stored>(rows: Vec<(Uuid, Uuid, i64)>) -> Step {
    let sql = Sql::new(format!(
        "DELETE FROM {} t USING {} WHERE {} AND t.version = n.version",
        R::TABLE,
        arrays_as_table(&["merchant_id", "id", "version"]),
        matched(R::KEY),
    ));
    let (keys, versions): (Vec<_>, Vec<_>) =
        rows.into_iter().map(|(merchant, id, version)| ((merchant, id), version)).unzip();
    let (merchants, ids): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    Step {
        rows: versions.len(),
        sql: sql.bind_each(merchants).bind_each(ids).bind_each(versions),
        what: format!("gone {}", R::TABLE),
    }
}

/// Notes when keys were used; a later time that is already there stays, and still counts as touched.
fn use_keys(rows: Vec<KeyUseRow>) -> Step {
    let columns = KeyUseRow::COLUMNS.join(", ");
    let sql = Sql::new(format!(
        "INSERT INTO key_uses AS t ({columns}) SELECT {columns} FROM {} ORDER BY merchant_id, key_id \
         ON CONFLICT (merchant_id, key_id) DO UPDATE SET last_used_at = greatest(t.last_used_at, excluded.last_used_at)",
        arrays_as_table(KeyUseRow::COLUMNS),
    ));
    Step { rows: rows.len(), sql: sql.bind_all(KeyUseRow::arrays(rows)), what: "used keys".to_owned() }
}
