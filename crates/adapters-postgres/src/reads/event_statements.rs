//! The statements that facts for events are read with: each serves any number of events of any merchants.
//!
//! What is asked for travels as arrays, and what belongs to one event comes back with its number. The arrays' types stand
//! in the text, so that the statements can be run by hand, or by pgbench.

use crate::{
    rows::{Found, Joined, select},
    sql::Sql,
};
use diesel::data_types::PgTimestamp;
use domain::{Affiliate, Binding, Commission, Event, Merchant, MerchantId, SessionId, Settings};
use ports::{EventLookup, Space};
use uuid::Uuid;

/// How many levels of parents an event may need.
const LEVELS: usize = Settings::MOST_LEVELS;
/// How many of a session's clicks are read from either end.
pub(super) const MOST_CLICKS: usize = 25;

/// An event of a load; statements return what belongs to it by its number.
pub(super) struct Numbered<'a> {
    pub(super) number: i32,
    pub(super) merchant: MerchantId,
    pub(super) lookup: &'a EventLookup,
}

/// A merchant's row and a row's id.
pub(super) type Key = (Uuid, Uuid);

/// A merchant, and which of the events are there already: their numbers, and the ids they have.
pub(super) type MerchantFound = (Found<Merchant>, Option<Vec<i32>>, Option<Vec<Uuid>>);

/// These merchants, with their events.
pub(super) fn merchants<'a>(ids: Vec<Uuid>, events: &[Numbered<'_>]) -> Sql<'a, MerchantFound> {
    let spaces = events.iter().map(|event| Space::Event(event.lookup.space).number());
    Sql::new(format!(
        "SELECT {}, e.numbers, e.owners FROM merchants m CROSS JOIN LATERAL (\
         SELECT array_agg(n.number) AS numbers, array_agg(k.owner) AS owners \
         FROM unnest(?::integer[], ?::uuid[], ?::smallint[], ?::text[]) AS n (number, merchant_id, space, key) \
         JOIN claims k ON k.merchant_id = n.merchant_id AND k.space = n.space AND k.key = n.key \
         WHERE n.merchant_id = m.id) e WHERE m.id = ANY (?)",
        select::<Merchant>("m"),
    ))
    .bind_each(events.iter().map(|event| event.number))
    .bind_each(events.iter().map(|event| event.merchant.uuid()))
    .bind_each(spaces)
    .bind_each(events.iter().map(|event| event.lookup.external_id.as_str().to_owned()))
    .bind_each(ids)
}

/// Whose a coupon is, and that affiliate.
pub(super) type CouponFound = (i32, Uuid, Joined<Affiliate>);

/// The coupons that these events name.
pub(super) fn coupons<'a>(events: &[Numbered<'_>]) -> Option<Sql<'a, CouponFound>> {
    let named = events.iter().filter_map(|event| Some((event, event.lookup.coupon.as_ref()?)));
    let (keys, codes): (Vec<_>, Vec<_>) =
        named.map(|(event, code)| ((event.number, event.merchant.uuid()), code.as_str().to_owned())).unzip();
    let (numbers, merchants): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    let sql = Sql::new(format!(
        "SELECT n.number, c.affiliate_id, {} FROM unnest(?::integer[], ?::uuid[], ?::text[]) AS n (number, merchant_id, code) \
         JOIN claims k ON k.merchant_id = n.merchant_id AND k.space = {} AND k.key = n.code \
         JOIN coupons c ON c.merchant_id = k.merchant_id AND c.id = k.owner \
         LEFT JOIN affiliates a ON a.merchant_id = c.merchant_id AND a.id = c.affiliate_id",
        select::<Affiliate>("a"),
        Space::CouponCode.number(),
    ));
    (!numbers.is_empty()).then(|| sql.bind_each(numbers).bind_each(merchants).bind_each(codes))
}

/// The customer's binding that a key leads to: the event's number, the key's place among the event's, and its affiliate.
pub(super) type BindingFound = (i32, i32, Found<Binding>, Joined<Affiliate>);

/// The bindings of the customers that these events name.
pub(super) fn bindings<'a>(events: &[Numbered<'_>]) -> Option<Sql<'a, BindingFound>> {
    let keys = events.iter().flat_map(|event| {
        let places = (0_i32..).zip(&event.lookup.customer);
        places.map(|(place, key)| ((event.number, place), (event.merchant.uuid(), key.clone())))
    });
    let (places, keys): (Vec<_>, Vec<_>) = keys.unzip();
    let ((numbers, places), (merchants, keys)): ((Vec<_>, Vec<_>), (Vec<_>, Vec<_>)) =
        (places.into_iter().unzip(), keys.into_iter().unzip());
    let sql = Sql::new(format!(
        "SELECT n.number, n.place, {}, {} FROM unnest(?, ?, ?, ?) AS n (number, place, merchant_id, key) \
         JOIN claims k ON k.merchant_id = n.merchant_id AND k.space = {} AND k.key = n.key \
         JOIN bindings b ON b.merchant_id = k.merchant_id AND b.id = k.owner \
         LEFT JOIN affiliates a ON a.merchant_id = b.merchant_id AND a.id = b.affiliate_id",
        select::<Binding>("b"),
        select::<Affiliate>("a"),
        Space::Binding.number(),
    ));
    (!numbers.is_empty()).then(|| sql.bind_each(numbers).bind_each(places).bind_each(merchants).bind_each(keys))
}

/// The affiliates that these events name by their ids.
pub(super) fn named<'a>(events: &[Numbered<'_>]) -> Option<Sql<'a, Found<Affiliate>>> {
    let named = events.iter().filter_map(|event| Some((event.merchant.uuid(), event.lookup.affiliate_id?.uuid())));
    let keys: Vec<Key> = named.collect();
    let sql = || {
        Sql::new(format!(
            "SELECT {} FROM {JOINED} affiliates a ON a.merchant_id = n.merchant_id AND a.id = n.id",
            select::<Affiliate>("a"),
        ))
    };
    (!keys.is_empty()).then(|| by_keys(sql(), keys))
}

/// A click: the event's number, its id, when, whose, and that affiliate.
pub(super) type ClickFound = (i32, Uuid, PgTimestamp, Uuid, Joined<Affiliate>);

/// The latest clicks of the sessions that these events name.
pub(super) fn latest_clicks<'a>(events: &[Numbered<'_>]) -> Option<Sql<'a, ClickFound>> {
    let sessions: Vec<_> = events
        .iter()
        .filter_map(|event| Some((event.number, event.merchant, event.lookup.session.as_ref()?)))
        .collect();
    let sql = || clicks("unnest(?::integer[], ?::uuid[], ?::text[]) AS n (number, merchant_id, session)", "", "DESC");
    (!sessions.is_empty()).then(|| of_sessions(sql(), sessions))
}

/// The earliest clicks of sessions, each since its own instant.
pub(super) fn earliest_clicks<'a>(
    sessions: Vec<(i32, MerchantId, &SessionId)>,
    oldest: Vec<PgTimestamp>,
) -> Option<Sql<'a, ClickFound>> {
    let sql = || {
        let asked =
            "unnest(?::integer[], ?::uuid[], ?::text[], ?::timestamptz[]) AS n (number, merchant_id, session, oldest)";
        clicks(asked, "AND c.created_at >= n.oldest", "ASC")
    };
    (!sessions.is_empty()).then(|| of_sessions(sql(), sessions).bind_each(oldest))
}

fn of_sessions<'a, U>(sql: Sql<'a, U>, sessions: Vec<(i32, MerchantId, &SessionId)>) -> Sql<'a, U> {
    sql.bind_each(sessions.iter().map(|(number, ..)| *number))
        .bind_each(sessions.iter().map(|(_, merchant, _)| merchant.uuid()))
        .bind_each(sessions.iter().map(|(.., session)| session.as_str().to_owned()))
}

fn clicks<'a>(asked: &str, since: &str, order: &str) -> Sql<'a, ClickFound> {
    Sql::new(format!(
        "SELECT n.number, c.id, c.created_at, c.affiliate_id, {} FROM {asked} CROSS JOIN LATERAL (\
         SELECT c.id, c.created_at, c.affiliate_id FROM clicks c \
         WHERE c.merchant_id = n.merchant_id AND c.session = n.session {since} \
         ORDER BY c.created_at {order}, c.id {order} LIMIT {MOST_CLICKS}) c \
         LEFT JOIN affiliates a ON a.merchant_id = n.merchant_id AND a.id = c.affiliate_id",
        select::<Affiliate>("a"),
    ))
}

/// Events by their keys.
pub(super) fn events<'a>(keys: Vec<Key>) -> Sql<'a, Found<Event>> {
    let columns = select::<Event>("e");
    by_keys(
        Sql::new(format!("SELECT {columns} FROM {JOINED} events e ON e.merchant_id = n.merchant_id AND e.id = n.id")),
        keys,
    )
}

/// What these events earned, by level, each row with its event.
pub(super) fn earned<'a>(keys: Vec<Key>) -> Sql<'a, (Uuid, Found<Commission>)> {
    let sql = Sql::new(format!(
        "SELECT c.event_id, {} FROM {JOINED} events e ON e.merchant_id = n.merchant_id AND e.id = n.id \
         JOIN commissions c ON c.merchant_id = e.merchant_id AND c.order_id = e.order_id AND c.event_id = e.id \
         ORDER BY c.level, c.id",
        select::<Commission>("c"),
    ));
    by_keys(sql, keys)
}

/// These affiliates and their parents: with the level asked for, five.
pub(super) fn line<'a>(parents: Vec<Key>) -> Sql<'a, Found<Affiliate>> {
    let sql = Sql::new(format!(
        "WITH RECURSIVE line (merchant_id, id, level) AS (\
         SELECT n.merchant_id, n.id, 1 FROM unnest(?::uuid[], ?::uuid[]) AS n (merchant_id, id) UNION \
         SELECT p.merchant_id, p.parent_id, line.level + 1 FROM line \
         JOIN affiliates p ON p.merchant_id = line.merchant_id AND p.id = line.id \
         WHERE line.level < {LEVELS} AND p.parent_id IS NOT NULL) \
         SELECT {} FROM (SELECT DISTINCT line.merchant_id, line.id FROM line) n \
         JOIN affiliates a ON a.merchant_id = n.merchant_id AND a.id = n.id",
        select::<Affiliate>("a"),
    ));
    by_keys(sql, parents)
}

/// Keys as a table `n`, to be joined.
const JOINED: &str = "unnest(?::uuid[], ?::uuid[]) AS n (merchant_id, id) JOIN";

fn by_keys<U>(sql: Sql<'_, U>, keys: Vec<Key>) -> Sql<'_, U> {
    let (merchants, ids): (Vec<_>, Vec<_>) = keys.into_iter().unzip();
    sql.bind_each(merchants).bind_each(ids)
}
