//! Values that JSON has no exact type for, printed to the digit.

use domain::{LevelValue, Metadata, Money, Rate, Threshold, Timestamp};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use time::{format_description::BorrowedFormatItem, macros::format_description};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, RefOr, Schema,
        schema::{AdditionalProperties, KnownFormat, SchemaFormat, Type},
    },
};

/// An amount in whole units with exactly the currency's digits.
#[derive(Debug, Serialize)]
pub(crate) struct Amount(Box<RawValue>);

impl From<Money> for Amount {
    fn from(money: Money) -> Self {
        Self(raw(money.decimal()))
    }
}

impl PartialSchema for Amount {
    fn schema() -> RefOr<Schema> {
        let text =
            "An amount in whole units, printed with exactly the digits of its currency: 12.50 USD, 500 JPY, 1.250 KWD.";
        ObjectBuilder::new().schema_type(Type::Number).description(Some(text)).into()
    }
}
impl ToSchema for Amount {}

/// What a tier's threshold asks for.
#[derive(Debug, Serialize)]
pub(crate) struct Height(Box<RawValue>);

impl From<Threshold> for Height {
    fn from(threshold: Threshold) -> Self {
        Self(raw(threshold.money().map_or_else(|| threshold.height().to_string(), Money::decimal)))
    }
}

impl PartialSchema for Height {
    fn schema() -> RefOr<Schema> {
        let text = "A whole number of orders, or an amount in whole units with the digits of its currency.";
        ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)).description(Some(text)).into()
    }
}
impl ToSchema for Height {}

/// A decimal fraction from 0 to 1.
#[derive(Debug, Serialize)]
pub(crate) struct Fraction(Box<RawValue>);

impl From<Rate> for Fraction {
    fn from(rate: Rate) -> Self {
        Self(raw(rate.decimal()))
    }
}

impl PartialSchema for Fraction {
    fn schema() -> RefOr<Schema> {
        let text = "A decimal fraction from 0 to 1 with at most 6 digits after the point.";
        ObjectBuilder::new().schema_type(Type::Number).minimum(Some(0)).maximum(Some(1)).description(Some(text)).into()
    }
}
impl ToSchema for Fraction {}

/// The value of a discount level, exactly.
#[derive(Debug, Serialize)]
pub(crate) struct LevelNumber(Box<RawValue>);

impl From<LevelValue> for LevelNumber {
    fn from(value: LevelValue) -> Self {
        Self(raw(value.decimal()))
    }
}

impl PartialSchema for LevelNumber {
    fn schema() -> RefOr<Schema> {
        let text = "Percent of the order with at most 4 digits after the point, or whole units of its currency.";
        ObjectBuilder::new().schema_type(Type::Number).description(Some(text)).into()
    }
}
impl ToSchema for LevelNumber {}

/// The caller's own data, as given.
#[derive(Debug, Serialize)]
pub(crate) struct OwnData(Box<RawValue>);

impl From<&Metadata> for OwnData {
    fn from(metadata: &Metadata) -> Self {
        Self(raw(metadata.as_str().to_owned()))
    }
}

impl PartialSchema for OwnData {
    fn schema() -> RefOr<Schema> {
        let text = format!(
            "Your own data: at most {} keys of 1 to {} characters, values of at most {} characters. Stored as given.",
            Metadata::MOST_KEYS,
            Metadata::MOST_KEY,
            Metadata::MOST_VALUE
        );
        let names =
            ObjectBuilder::new().schema_type(Type::String).min_length(Some(1)).max_length(Some(Metadata::MOST_KEY));
        ObjectBuilder::new()
            .schema_type(Type::Object)
            .additional_properties(Some(AdditionalProperties::FreeForm(true)))
            .max_properties(Some(Metadata::MOST_KEYS))
            .property_names(Some(names))
            .description(Some(text))
            .into()
    }
}
impl ToSchema for OwnData {}

/// An instant: RFC 3339, UTC, milliseconds.
#[derive(Debug)]
pub(crate) struct Instant(Timestamp);

const MILLISECONDS: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z");

/// Formats an instant as in every body, for other formats than JSON. The format fits every timestamp.
pub fn instant_text(at: Timestamp) -> String {
    at.date_time().format(MILLISECONDS).unwrap_or_default()
}

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&instant_text(self.0))
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("An instant: RFC 3339, UTC, milliseconds."))
            .into()
    }
}
impl ToSchema for Instant {}

/// A JSON text that is known to be one; `null` should it not be.
pub(super) fn raw(text: String) -> Box<RawValue> {
    RawValue::from_string(text).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn printed_to_the_digit() {
        let print = |value: &dyn erased::Print| value.print();
        for (minor, currency, text) in
            [(1250, "USD", "12.50"), (500, "JPY", "500"), (1250, "KWD", "1.250"), (-5, "USD", "-0.05")]
        {
            assert_eq!(print(&Amount::from(Money::from_minor(minor, currency.parse().unwrap()))), text);
        }
        assert_eq!(print(&Fraction::from(Rate::from_millionths(200_000).unwrap())), "0.20");
        assert_eq!(print(&Instant(Timestamp::from_micros(1_999_999).unwrap())), "\"1970-01-01T00:00:01.999Z\"");
        assert_eq!(print(&OwnData::from(&Metadata::default())), "{}");
    }

    /// Lets one closure print values of several types.
    mod erased {
        pub(super) trait Print {
            fn print(&self) -> String;
        }
        impl<T: serde::Serialize> Print for T {
            fn print(&self) -> String {
                serde_json::to_string(self).unwrap()
            }
        }
    }
}
