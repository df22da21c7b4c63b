//! Lists: reads which page a request asks for, and renders it (docs/api-conventions.md).

mod search;
mod searched;

pub(crate) use searched::{CUSTOMERS, GROUPS, ORDERS, SESSIONS};

use crate::{
    call::{Call, Handled, Needs, json_answer},
    cursor::List,
    errors::ApiError,
    fields::Fields,
    json::Node,
    representations::{self, CountedObject, ListObject},
    spelling::snake_case,
    values,
};
use actix_web::http::StatusCode;
use domain::{Commission, CommissionRule, Coupon, Payout, PayoutItem, Tier};
use ports::{AffiliateRecord, Counted, EventRecord, ListRequest, Page, PageRequest, Position, SortBy, Tenant};
use search::Field;
use serde::Serialize;
use utoipa::IntoParams;

const LIMIT: &str = "limit";
const OFFSET: &str = "offset";
const CURSOR: &str = "cursor";
const MOST_LIMIT: u32 = 100;
const DEFAULT_LIMIT: u32 = 50;
const MOST_OFFSET: u32 = 10_000;

/// The parameters that every list has.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "describes the parameters that Call::list reads")]
pub(crate) struct PageParams {
    /// The maximum number of objects in the answer.
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: Option<u32>,
    /// How many objects to skip. Ignored with a cursor.
    #[param(minimum = 0, maximum = 10_000, default = 0)]
    offset: Option<u32>,
    /// The `next_cursor` of the page before, with the same filters.
    cursor: Option<String>,
}

/// A row that a list can go on after.
pub(crate) trait Listed {
    /// Returns the row's position in the list.
    fn position(&self) -> Position;
}

macro_rules! listed {
    ($($row:ty, $($at:ident).+, $($id:ident).+;)*) => {$(
        impl Listed for $row {
            fn position(&self) -> Position {
                Position { at: self.$($at).+, id: self.$($id).+.uuid() }
            }
        }
    )*};
}
listed! {
    AffiliateRecord, affiliate.created_at, affiliate.id;
    Coupon, created_at, id;
    EventRecord, event.created_at, event.id;
    Commission, created_at, id;
    Tier, created_at, id;
    CommissionRule, created_at, id;
    Payout, created_at, id;
    PayoutItem, created_at, id;
}

/// A page that was asked for.
#[derive(Debug)]
pub(crate) struct Paging {
    pub(crate) request: PageRequest,
    list: List,
}

impl<S: Needs> Call<S> {
    /// The filter and the page that the query of the list `name` asks for.
    pub(crate) fn list<F>(
        &self,
        name: &str,
        filter: impl FnOnce(&mut Fields<'_>) -> F,
    ) -> Result<(F, Paging), ApiError> {
        let query = self.query()?;
        let list = List::new(self.who.merchant_id, name, filters(&query));
        let mut fields = Fields::of(&query)?;
        let limit = fields.optional(LIMIT, values::text(values::whole_text(1..=MOST_LIMIT)));
        let offset = fields.optional(OFFSET, values::text(values::whole_text(0..=MOST_OFFSET)));
        let key = &self.edge().outside.cursor_key;
        let after = fields.optional(CURSOR, values::text(|cursor| list.open(cursor, key)));
        let filter = filter(&mut fields);
        fields.finish(|| Some(()))?;
        let offset = if after.is_some() { 0 } else { offset.unwrap_or(0) };
        Ok((filter, Paging { request: PageRequest { after, offset, limit: limit.unwrap_or(DEFAULT_LIMIT) }, list }))
    }

    /// Shows a page.
    pub(crate) fn show_page<'r, T: Listed, O: From<&'r T> + Serialize>(
        &self,
        paging: &Paging,
        page: &'r Page<T>,
    ) -> Handled {
        let Paging { request: PageRequest { after: _, offset, limit }, list } = paging;
        let last = page.rows.last().filter(|_| page.more);
        let next_cursor = last.map(|row| list.seal(row.position(), &self.edge().outside.cursor_key));
        let shown = ListObject {
            data: page.rows.iter().map(O::from).collect(),
            has_more: page.more,
            limit: *limit,
            offset: *offset,
            next_cursor,
        };
        Ok(json_answer(StatusCode::OK, representations::bytes(&shown)))
    }
}

/// The parameters that every list in camelCase has.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[allow(dead_code, reason = "describes the parameters that Call::counted reads")]
pub(crate) struct TakeParams {
    /// The maximum number of objects in the answer.
    #[param(minimum = 1, maximum = 100, default = 25)]
    take: Option<u32>,
    /// How many objects to skip.
    #[param(minimum = 0, maximum = 10_000, default = 0)]
    skip: Option<u32>,
    /// The order: a field, and a direction, which is ascending if absent. Newest first if there is no order.
    #[param(pattern = "^(createdAt|updatedAt)(:(asc|desc))?$")]
    order_by: Option<String>,
    /// Only objects that match. Either a text of at most 255 characters, which is looked for in names, addresses and
    /// your own ids without regard to case; or up to 10 terms separated by commas, all of which must match:
    /// `field:value` for equality, `field~value` for a text that contains the value without regard to case,
    /// `field>=value` and `field<=value` for times and amounts. Fields are named as in the objects, in either spelling;
    /// the operation lists them. Amounts are minor units. A date is a whole day in UTC, a time is the millisecond it
    /// names. Addresses are compared without case, other texts as they are. A value that contains a comma, or begins
    /// with a quote, is put in double quotes, in which `\"` is a quote and `\\` a backslash; so is a whole text that
    /// contains `:`, `~`, `>=` or `<=`.
    #[param(min_length = 1, max_length = 4_000, example = "createdAt>=2024-01-01,createdAt<=2024-01-31")]
    search: Option<String>,
}

/// The parameters of a list of participants.
#[derive(IntoParams)]
#[into_params(parameter_in = Query, rename_all = "camelCase")]
#[allow(dead_code, reason = "describes the parameters that Call::counted_in_time reads")]
pub(crate) struct TakeInTimeParams {
    /// The maximum number of objects in the answer.
    #[param(minimum = 1, maximum = 100, default = 25)]
    take: Option<u32>,
    /// How many objects to skip.
    #[param(minimum = 0, maximum = 10_000, default = 0)]
    skip: Option<u32>,
    /// The order: a field, and a direction, which is ascending if absent. Newest first if there is no order.
    #[param(pattern = "^createdAt(:(asc|desc))?$")]
    order_by: Option<String>,
}

const DEFAULT_TAKE: u32 = 25;

/// `createdAt:desc` and its like.
fn order_by(fields: &'static [(&'static str, SortBy)]) -> impl Fn(&str) -> Result<(SortBy, bool), String> {
    move |text| {
        let wrong = || {
            let names: Vec<&str> = fields.iter().map(|(name, _)| *name).collect();
            format!("must be {}, with :asc or :desc", names.join(" or "))
        };
        let (name, way) = text.split_once(':').unwrap_or((text, "asc"));
        let by = fields
            .iter()
            .find(|(known, _)| *known == name || snake_case(known) == name)
            .map(|(_, by)| *by)
            .ok_or_else(wrong)?;
        match way {
            "asc" => Ok((by, false)),
            "desc" => Ok((by, true)),
            _ => Err(wrong()),
        }
    }
}

impl<S: Needs> Call<S> {
    /// Which part of a list in camelCase with these fields the query asks for.
    pub(crate) fn counted<T>(&self, fields: &[Field<T>]) -> Result<ListRequest<T>, ApiError> {
        self.part(&[("createdAt", SortBy::CreatedAt), ("updatedAt", SortBy::UpdatedAt)], Some(fields))
    }

    /// The same of a list that is only ever in the order of time.
    pub(crate) fn counted_in_time<T>(&self) -> Result<ListRequest<T>, ApiError> {
        self.part(&[("createdAt", SortBy::CreatedAt)], None)
    }

    fn part<T>(
        &self,
        by: &'static [(&'static str, SortBy)],
        searched: Option<&[Field<T>]>,
    ) -> Result<ListRequest<T>, ApiError> {
        let query = self.query()?;
        let mut fields = Fields::in_both_spellings(&query)?.or_lenient(self.passes_over_parameters());
        let take = fields.optional("take", values::text(values::whole_text(1..=MOST_LIMIT)));
        let skip = fields.optional("skip", values::text(values::whole_text(0..=MOST_OFFSET)));
        let order = fields.optional("orderBy", values::text(order_by(by)));
        let search =
            searched.and_then(|known| fields.optional("search", values::text(|text| search::read(text, known))));
        fields.finish(|| Some(()))?;
        let (by, descending) = order.unwrap_or((SortBy::CreatedAt, true));
        Ok(ListRequest { search, by, descending, skip: skip.unwrap_or(0), take: take.unwrap_or(DEFAULT_TAKE) })
    }

    /// Shows a part of a list.
    pub(crate) fn show_counted<'r, T, O: From<(Tenant, &'r T)> + Serialize>(&self, part: &'r Counted<T>) -> Handled {
        let data = part.rows.iter().map(|row| O::from((self.tenant(), row))).collect();
        Ok(json_answer(StatusCode::OK, representations::bytes(&CountedObject { data, count: part.count })))
    }

    /// The tenant whose objects the caller sees.
    pub(crate) fn tenant(&self) -> Tenant {
        Tenant { organization_id: self.who.organization_id, mode: self.who.mode }
    }
}

/// The parameters that choose rows, as sent.
fn filters<'q>(query: &'q Node<'_>) -> Vec<(&'q str, &'q str)> {
    let Node::Object(entries) = query else { return Vec::new() };
    let chosen = entries.iter().filter_map(|(name, value)| match value {
        Node::Text(value) if ![LIMIT, OFFSET, CURSOR].contains(&name.as_ref()) => Some((name.as_ref(), value.as_ref())),
        _ => None,
    });
    chosen.collect()
}
