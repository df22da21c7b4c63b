//! Single values that are stored in another form than the domain has them.

use diesel::data_types::PgTimestamp;
use domain::{Currency, Money, Timestamp};
use ports::ReadError;
use std::{any::type_name, fmt};

/// A stored row does not hold what it must. Says where, never what stands there: that may be personal.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Damaged(String);

/// What became of a row.
pub(crate) type Mapped<T> = Result<T, Damaged>;

impl Damaged {
    /// The value in `place` is not what it must be.
    pub(crate) fn at(place: impl fmt::Display) -> Self {
        Self(place.to_string())
    }
}

impl From<tables::Damaged> for Damaged {
    fn from(damaged: tables::Damaged) -> Self {
        Self::at(damaged)
    }
}

impl From<Damaged> for ReadError {
    fn from(Damaged(place): Damaged) -> Self {
        Self::Damaged(place)
    }
}

/// What a domain type made of a stored value.
pub(crate) fn parsed<T, E>(made: Result<T, E>) -> Mapped<T> {
    made.map_err(|_| Damaged::at(short_name::<T>()))
}

/// Reads a text that may be absent.
pub(crate) fn optional<T, E>(text: Option<String>, parse: impl Fn(&str) -> Result<T, E>) -> Mapped<Option<T>> {
    text.map(|text| parsed(parse(&text))).transpose()
}

pub(super) fn short_name<T>() -> &'static str {
    type_name::<T>().rsplit("::").next().unwrap_or_default()
}

/// PostgreSQL counts microseconds from 2000-01-01, we from 1970-01-01.
const EPOCH_MICROS: i64 = 946_684_800_000_000;

/// Microseconds as PostgreSQL counts them.
pub(super) const fn stored_micros(micros: i64) -> i64 {
    micros - EPOCH_MICROS
}

/// Microseconds as the domain counts them; none of infinity.
pub(super) const fn domain_micros(micros: i64) -> Option<i64> {
    micros.checked_add(EPOCH_MICROS)
}

/// An instant, for storage.
pub(crate) const fn time(at: Timestamp) -> PgTimestamp {
    PgTimestamp(stored_micros(at.micros()))
}

/// A stored instant.
pub(crate) fn instant(PgTimestamp(micros): PgTimestamp) -> Mapped<Timestamp> {
    let at = domain_micros(micros).and_then(Timestamp::from_micros);
    at.ok_or_else(|| Damaged::at(short_name::<Timestamp>()))
}

/// A stored instant that may be absent.
pub(crate) fn optional_instant(at: Option<PgTimestamp>) -> Mapped<Option<Timestamp>> {
    at.map(instant).transpose()
}

/// A stored amount.
pub(crate) fn money(minor: i64, currency: &str) -> Mapped<Money> {
    Ok(Money::from_minor(minor, parsed(currency.parse::<Currency>())?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_keep_every_microsecond() {
        for at in [Timestamp::MIN, Timestamp::from_micros(946_684_800_000_001).unwrap(), Timestamp::MAX] {
            assert_eq!(instant(time(at)).unwrap(), at);
        }
        assert!(instant(PgTimestamp(i64::MAX)).is_err(), "infinity");
        assert!(instant(PgTimestamp(i64::MIN)).is_err(), "minus infinity");
    }

    #[test]
    fn damage_names_the_type_and_not_the_value() {
        assert_eq!(parsed(domain::Slug::parse("Not A Slug")).unwrap_err().to_string(), "Slug");
    }
}
