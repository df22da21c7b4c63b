//! A test for each clause of `table!`, and what holds for every description.

use crate::{Damaged, Kind, Row, Source, Unfit, Value, VersionedRow, describe::table, parts::granted};
use domain::{Currency, Id, MerchantId, Money, Rate, Reward, ShortText, TierId};
use ports::{Entity, Table, Version};
use std::{collections::BTreeSet, vec};
use uuid::Uuid;

#[derive(Debug, Clone, PartialEq)]
struct Sample {
    id: TierId,
    owner: MerchantId,
    name: ShortText,
    was: Option<ShortText>,
    price: Money,
    limits: Limits,
}

#[derive(Debug, Clone, PartialEq)]
struct Limits {
    most: i32,
    least: i32,
    step: u16,
}

impl Entity for Sample {
    const TABLE: Table = Table::Tiers;

    fn row_id(&self) -> Uuid {
        self.id.uuid()
    }
}

table! {
    samples(merchant_id, id): Sample by id as sample of owner {
        plain { owner, name }
        renamed { old_name = was }
        stored { minor: i64 = price.minor(), currency: Currency = price.currency() }
        made { price = priced(minor, currency) => minor }
        derived { name_folded = sample.name.as_str().to_lowercase() }
        within limits: Limits {
            plain { most }
            renamed { at_least = least }
            stored { steps: i32 = i32::from(*step) * 10 }
            made { step = u16::try_from(steps / 10).unwrap_or_default() }
        }
    }
}

fn priced(minor: i64, currency: Currency) -> Result<Money, Unfit> {
    if minor < 0 { Err(Unfit::new("must not be negative")) } else { Ok(Money::from_minor(minor, currency)) }
}

/// Values one after the other, as a database gives them.
struct Stored(vec::IntoIter<Value<'static>>);

impl Source for Stored {
    fn next<T>(&mut self, kind: Kind, read: impl FnOnce(Value<'_>) -> Result<T, Unfit>) -> Result<T, Unfit> {
        read(self.0.next().unwrap_or(Value::Null(kind)))
    }

    fn skip(&mut self) {
        self.0.next();
    }
}

fn sample() -> Sample {
    Sample {
        id: TierId::from_uuid(Uuid::from_u128(7)),
        owner: MerchantId::from_uuid(Uuid::from_u128(8)),
        name: ShortText::parse("Gold").unwrap(),
        was: None,
        price: Money::from_minor(250, "EUR".parse().unwrap()),
        limits: Limits { most: 9, least: 1, step: 3 },
    }
}

fn stored() -> Vec<Value<'static>> {
    let nobody = MerchantId::from_uuid(Uuid::nil());
    sample().values(nobody, Version::stored(4)).into_iter().map(Value::into_owned).collect()
}

fn read(values: Vec<Value<'static>>) -> Result<(Sample, Version), Damaged> {
    Sample::read(&mut Stored(values.into_iter())).map(|found| (found.row, found.version))
}

/// The row with one of its values exchanged.
fn with(column: &str, value: Value<'static>) -> Result<(Sample, Version), Damaged> {
    let place = Sample::COLUMNS.iter().position(|name| *name == column).unwrap();
    let mut values = stored();
    values[place] = value;
    read(values)
}

#[test]
fn the_key_comes_first_and_the_version_last() {
    let columns = [
        "merchant_id",
        "id",
        "owner",
        "name",
        "old_name",
        "minor",
        "currency",
        "name_folded",
        "most",
        "at_least",
        "steps",
        "version",
    ];
    assert_eq!((Sample::COLUMNS, Sample::KEY), (&columns[..], &columns[..2]));
    assert_eq!(Sample::rest(), &columns[2..]);
}

#[test]
fn a_row_has_a_value_for_every_column() {
    let texts = |text: &str| Value::Text(text.to_owned().into());
    let owner = Value::Uuid(Uuid::from_u128(8));
    let values = [
        owner.clone(),
        Value::Uuid(Uuid::from_u128(7)),
        owner,
        texts("Gold"),
        Value::Null(Kind::Text),
        Value::Big(250),
        texts("EUR"),
        texts("gold"),
        Value::Int(9),
        Value::Int(1),
        Value::Int(30),
        Value::Big(4),
    ];
    assert_eq!(stored(), values);
}

#[test]
fn a_row_is_read_as_it_was_written() {
    assert_eq!(read(stored()), Ok((sample(), Version::stored(4))));
}

#[test]
fn a_derived_column_is_never_read() {
    assert_eq!(with("name_folded", Value::Null(Kind::Text)), Ok((sample(), Version::stored(4))));
}

#[test]
fn damage_names_the_table_the_column_and_the_row() {
    let of =
        |column: &str, expected: &str| format!("samples.{column} of 00000000-0000-0000-0000-000000000007: {expected}");
    let damage = |column, value| with(column, value).unwrap_err().to_string();
    assert_eq!(damage("name", Value::Null(Kind::Text)), of("name", "must be a text"));
    assert_eq!(damage("at_least", Value::Null(Kind::Int)), of("at_least", "must be a number"));
    assert_eq!(damage("minor", Value::Big(-1)), of("minor", "must not be negative"), "what columns do not make");
    assert_eq!(damage("most", Value::Big(1)), of("most", "must be a number"), "of another kind");
}

#[test]
fn every_table_is_described_once() {
    let mut tables = BTreeSet::new();
    macro_rules! described {
        ($($rows:ident: $entity:ty, $table:ident by $id:ident;)*) => {$(
            let (name, columns) = (<$entity as Row>::NAME, <$entity as Row>::COLUMNS);
            assert!(tables.insert(name), "{name} is described twice");
            assert_eq!(columns.iter().collect::<BTreeSet<_>>().len(), columns.len(), "{name} has a column twice");
            assert_eq!(columns.last(), Some(&"version"), "{name}");
            let key: &[&str] = if Table::$table.is_global() { &["id"] } else { &["merchant_id", "id"] };
            assert_eq!(<$entity as Row>::KEY, key, "{name}");
        )*};
    }
    ports::tables!(described);
    assert_eq!(tables.len(), Table::ALL.len());
}

#[test]
fn an_id_of_another_length_is_none() {
    assert_eq!(<Id<_> as crate::Column>::read(Value::Big(1)).map(|id: TierId| id), Err(Unfit::kind(Kind::Uuid)));
}

#[test]
fn a_rules_reward_is_a_rate_or_a_sum_with_a_currency() {
    let (rate, usd) = (Rate::from_millionths(200_000).unwrap(), "USD".parse().unwrap());
    assert_eq!(granted(Some(rate), None, None), Ok(Reward::Rate(rate)));
    assert_eq!(granted(None, Some(5), Some(usd)), Ok(Reward::Flat(Money::from_minor(5, usd))));
    for (rate, flat, currency) in [
        (None, None, None),
        (None, Some(5), None),
        (None, None, Some(usd)),
        (Some(rate), Some(5), None),
        (Some(rate), Some(5), Some(usd)),
    ] {
        assert!(granted(rate, flat, currency).is_err(), "{rate:?} {flat:?} {currency:?}");
    }
}
