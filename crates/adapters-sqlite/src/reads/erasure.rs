//! What is left of a person, for erasing it.

use super::{
    affiliates::record,
    one::{affiliate, customer, merchant},
};
use crate::{
    SqliteStorage,
    error::SqliteError,
    rows::{owner_of, whole},
    schema::{accounts, coupons, events, mails, orders, referral_groups},
    values::Uid,
};
use async_trait::async_trait;
use diesel::{
    declare_sql_function,
    dsl::{exists, select, sql},
    prelude::*,
    sql_types::{Binary, Bool, Nullable, Text},
};
use domain::{
    AffiliateId, Coupon, CouponCode, CustomerId, Decision, Email, Event, EventId, Group, MerchantId, Order,
    OutgoingEmail,
};
use ports::{AffiliateTraces, Claim, CustomerTraces, ErasureReads, EventTraces, Part, ReadError, Versioned};

#[declare_sql_function]
extern "SQL" {
    /// An address as the domain compares it: SQLite's own `lower` knows the letters of ASCII alone.
    fn folded(text: Nullable<Text>) -> Nullable<Text>;
}

/// Makes the function known to a connection. Doing so again changes nothing.
fn register(connection: &mut SqliteConnection) -> QueryResult<()> {
    folded_utils::register_impl(connection, |text: Option<String>| text.map(|text| text.to_lowercase()))
}

fn customer_traces(
    connection: &mut SqliteConnection,
    id: MerchantId,
    of: CustomerId,
    most: u32,
) -> Result<Option<CustomerTraces>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(customer) = customer(connection, id, of)? else { return Ok(None) };
    register(connection)?;
    let (scope, who, most) = (Uid::from(id), Uid::from(of), i64::from(most));
    let (addresses, erased) = (customer.row.addresses(), Email::erased(of.uuid()));
    let mut claims = Vec::new();
    for (space, key) in CustomerTraces::keys_of(&customer.row) {
        let owner = owner_of(connection, id, space, &key)?;
        claims.extend(owner.map(|owner| Claim { space, key, owner }));
    }
    let orders: Vec<Versioned<Order>> = orders::table
        .filter(orders::merchant_id.eq(scope))
        .filter(orders::customer_id.eq(who))
        .filter(orders::email.ne(erased.as_str()))
        .order(orders::id)
        .limit(most)
        .select(whole::<Order>())
        .load(connection)?;
    let groups: Vec<Versioned<Group>> = referral_groups::table
        .filter(referral_groups::merchant_id.eq(scope))
        .filter(
            referral_groups::customer_id
                .eq(who)
                .or(folded(referral_groups::creator_email.nullable()).eq_any(&addresses)),
        )
        .filter(referral_groups::creator_email.ne(erased.as_str()))
        .order(referral_groups::id)
        .limit(most)
        .select(whole::<Group>())
        .load(connection)?;
    let of_their_groups = sql::<Nullable<Bool>>(
        "group_id IN (SELECT g.id FROM referral_groups g WHERE g.merchant_id = mails.merchant_id AND g.customer_id = ",
    )
    .bind::<Binary, _>(who)
    .sql(")");
    let mails: Vec<Versioned<OutgoingEmail>> = mails::table
        .filter(mails::merchant_id.eq(scope))
        .filter(mails::recipient.is_not_null())
        .filter(folded(mails::recipient).eq_any(&addresses).or(of_their_groups))
        .order(mails::id)
        .limit(most)
        .select(whole::<OutgoingEmail>())
        .load(connection)?;
    Ok(Some(CustomerTraces { merchant, customer, orders, groups, mails, claims }))
}

fn affiliate_traces(
    connection: &mut SqliteConnection,
    id: MerchantId,
    of: AffiliateId,
    most: u32,
) -> Result<Option<AffiliateTraces>, SqliteError> {
    let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
    let Some(Versioned { row, version }) = affiliate(connection, id, of)? else { return Ok(None) };
    let (scope, who) = (Uid::from(id), Uid::from(of));
    let coupons: Vec<Versioned<Coupon>> = coupons::table
        .filter(coupons::merchant_id.eq(scope))
        .filter(coupons::affiliate_id.eq(who))
        .order(coupons::id)
        .limit(i64::from(most))
        .select(whole::<Coupon>())
        .load(connection)?;
    let on_its_way = accounts::table
        .filter(accounts::merchant_id.eq(scope))
        .filter(accounts::affiliate_id.eq(who))
        .filter(accounts::in_payout_minor.ne(0));
    let in_payout = select(exists(on_its_way)).get_result(connection)?;
    let record = record(connection, id, merchant.row.settings.currency, row)?;
    Ok(Some(AffiliateTraces { merchant, record, version, coupons, in_payout }))
}

fn event_traces(
    connection: &mut SqliteConnection,
    id: MerchantId,
    of: &EventTraces,
    after: Option<EventId>,
    window: u32,
) -> Result<Part<Versioned<Event>, EventId>, SqliteError> {
    register(connection)?;
    let after = after.map(Uid::from);
    let here = || {
        let here = events::table.filter(events::merchant_id.eq(Uid::from(id))).order(events::id).into_boxed();
        match after {
            Some(after) => here.filter(events::id.gt(after)),
            None => here,
        }
    };
    let before_last = i64::from(window.saturating_sub(1));
    let end: Option<Uid> = here().select(events::id).offset(before_last).limit(1).get_result(connection).optional()?;
    let part = match end {
        Some(end) => here().filter(events::id.le(end)),
        None => here(),
    };
    let telling = match of {
        EventTraces::Addresses(all) => part.filter(folded(events::customer_email).eq_any(all.clone())),
        EventTraces::CouponsOf(affiliate) => {
            let mark = Decision::coupon_mark(*affiliate);
            let erased = format!("{mark}{}", CouponCode::erased(*affiliate).as_str());
            let has = |text: String| sql::<Bool>("instr(decision, ").bind::<Text, _>(text);
            part.filter(has(mark).sql(") > 0")).filter(has(erased).sql(") = 0"))
        }
    };
    let found: Vec<Versioned<Event>> = telling.select(whole::<Event>()).load(connection)?;
    Ok(Part { found, next: end.map(Uid::id) })
}

#[async_trait]
impl ErasureReads for SqliteStorage {
    async fn customer_traces(
        &self,
        merchant: MerchantId,
        of: CustomerId,
        most: u32,
    ) -> Result<Option<CustomerTraces>, ReadError> {
        self.readers.read(move |connection| customer_traces(connection, merchant, of, most)).await
    }

    async fn affiliate_traces(
        &self,
        merchant: MerchantId,
        of: AffiliateId,
        most: u32,
    ) -> Result<Option<AffiliateTraces>, ReadError> {
        self.readers.read(move |connection| affiliate_traces(connection, merchant, of, most)).await
    }

    async fn event_traces(
        &self,
        merchant: MerchantId,
        of: &EventTraces,
        after: Option<EventId>,
        window: u32,
    ) -> Result<Part<Versioned<Event>, EventId>, ReadError> {
        let of = of.clone();
        self.readers.read(move |connection| event_traces(connection, merchant, &of, after, window)).await
    }
}
