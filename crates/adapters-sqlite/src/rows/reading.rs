//! Reading column values into domain types.

use crate::error::Damaged;
use domain::{Currency, Money, Rate, Reward, Timestamp};
use uuid::Uuid;

/// A row that is being read: names the place of whatever cannot be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading {
    table: &'static str,
    id: Uuid,
}

impl Reading {
    /// The row with this id.
    pub(crate) fn of(table: &'static str, id: Uuid) -> Self {
        Self { table, id }
    }

    /// A parsed column.
    pub(crate) fn get<T, E: ToString>(self, column: &'static str, parsed: Result<T, E>) -> Result<T, Damaged> {
        let Self { table, id } = self;
        parsed.map_err(|error| Damaged { table, column, id, expected: error.to_string() })
    }

    /// A parsed column that may be NULL.
    pub(crate) fn maybe<V, T, E: ToString>(
        self,
        column: &'static str,
        value: Option<V>,
        parse: impl FnOnce(V) -> Result<T, E>,
    ) -> Result<Option<T>, Damaged> {
        value.map(|value| self.get(column, parse(value))).transpose()
    }

    /// An instant.
    pub(crate) fn time(self, column: &'static str, micros: i64) -> Result<Timestamp, Damaged> {
        self.get(column, Timestamp::from_micros(micros).ok_or("must be between the years 1970 and 9999"))
    }

    /// An instant that may be NULL.
    pub(crate) fn maybe_time(self, column: &'static str, micros: Option<i64>) -> Result<Option<Timestamp>, Damaged> {
        micros.map(|micros| self.time(column, micros)).transpose()
    }

    /// A whole number that is narrower in the domain than in the table.
    pub(crate) fn number<N: TryInto<T>, T>(self, column: &'static str, stored: N) -> Result<T, Damaged> {
        self.get(column, stored.try_into().map_err(|_| "must be in the range of its type"))
    }

    /// A rate, in millionths.
    pub(crate) fn rate(self, column: &'static str, millionths: i32) -> Result<Rate, Damaged> {
        let rate = u32::try_from(millionths).ok().and_then(Rate::from_millionths);
        self.get(column, rate.ok_or("must be 0 to 1000000 millionths"))
    }

    /// A reward: a rate or a fixed sum, never both.
    pub(crate) fn reward(
        self,
        millionths: Option<i32>,
        flat_minor: Option<i64>,
        currency: Currency,
    ) -> Result<Reward, Damaged> {
        match (millionths, flat_minor) {
            (Some(millionths), None) => self.rate("rate", millionths).map(Reward::Rate),
            (None, Some(minor)) => Ok(Reward::Flat(Money::from_minor(minor, currency))),
            _ => self.get("rate", Err("must be there if there is no flat_minor, and only then")),
        }
    }

    /// A currency.
    pub(crate) fn currency(self, code: &str) -> Result<Currency, Damaged> {
        self.get("currency", code.parse())
    }

    /// An amount that may be NULL, together with its currency.
    pub(crate) fn maybe_money(self, minor: Option<i64>, code: Option<&str>) -> Result<Option<Money>, Damaged> {
        match (minor, code) {
            (Some(minor), Some(code)) => Ok(Some(Money::from_minor(minor, self.currency(code)?))),
            (None, None) => Ok(None),
            _ => self.get("amount_minor", Err("must come with a currency")),
        }
    }

    /// Bytes of a fixed length.
    pub(crate) fn bytes<const N: usize>(self, column: &'static str, bytes: Vec<u8>) -> Result<[u8; N], Damaged> {
        self.get(column, bytes.try_into().map_err(|_| format!("must be {N} bytes")))
    }
}

/// The column value of a rate: at most 1,000,000, so it always fits.
pub(super) fn millionths(rate: Rate) -> i32 {
    i32::try_from(rate.millionths()).unwrap_or(i32::MAX)
}
