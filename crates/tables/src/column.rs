//! What each of the domain's types looks like in a column: stored and read back, once per type.
//!
//! Inlined into the adapters, which read millions of them: a page of a list has a thousand columns.

use crate::{Kind, Unfit, Value};
use domain::{
    Actor, AffiliateStatus, AttributionModel, CommissionStatus, CouponCode, Currency, Decision, DiscountType,
    DisplayName, Email, EventKind, ExternalId, GroupStatus, Id, KeyHash, KeyName, LandingUrl, Levels, Locale,
    MailStatus, Metadata, Metric, Mode, OrderReference, OrderStatus, OrganizationName, PayoutItemStatus, PayoutStatus,
    PersonName, PhoneNumber, Plan, Rate, RateSource, Reason, Recurring, RedirectHost, Reminder, RiskLevel, RuleLevel,
    Scopes, SelfReferral, SessionId, ShareId, ShortText, Slug, TierName, Timestamp, UserAgent, WebUrl,
};
use std::borrow::Cow;
use uuid::Uuid;

/// A type that fills one column.
pub trait Column: Sized {
    /// What the column holds.
    const KIND: Kind;

    /// The value to store, borrowed where that is possible.
    fn value(&self) -> Value<'_>;

    /// The value to store, of something that was only made for it.
    #[inline]
    fn into_value(self) -> Value<'static> {
        self.value().into_owned()
    }

    /// Reads a stored value; the error says what was expected.
    fn read(value: Value<'_>) -> Result<Self, Unfit>;
}

impl<C: Column> Column for Option<C> {
    const KIND: Kind = C::KIND;

    #[inline]
    fn value(&self) -> Value<'_> {
        self.as_ref().map_or(Value::Null(C::KIND), C::value)
    }

    #[inline]
    fn into_value(self) -> Value<'static> {
        self.map_or(Value::Null(C::KIND), C::into_value)
    }

    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Unfit> {
        if let Value::Null(_) = value { Ok(None) } else { C::read(value).map(Some) }
    }
}

/// Types whose value is copied as it is.
macro_rules! plain {
    ($($type:ty: $kind:ident;)*) => {$(
        impl Column for $type {
            const KIND: Kind = Kind::$kind;

            #[inline]
            fn value(&self) -> Value<'_> {
                Value::$kind(*self)
            }

            #[inline]
            fn read(value: Value<'_>) -> Result<Self, Unfit> {
                if let Value::$kind(found) = value { Ok(found) } else { Err(Unfit::kind(Kind::$kind)) }
            }
        }
    )*};
}
plain! { Uuid: Uuid; i16: Small; i32: Int; i64: Big; bool: Bool; }

fn in_range<N>(wide: impl TryInto<N>) -> Result<N, Unfit> {
    wide.try_into().map_err(|_| Unfit::new("must be in the range of its type"))
}

/// A count in a column of 32 bits, which the domain keeps well below their end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Narrow(pub(crate) u32);

/// Types that are kept as another.
macro_rules! kept {
    ($($type:ty $(, of $kind:ident)?: as $stored:ty, $it:ident => $write:expr, $read:expr;)*) => {$(
        impl$(<$kind: domain::Kind>)? Column for $type {
            const KIND: Kind = <$stored>::KIND;

            #[inline]
            fn value(&self) -> Value<'_> {
                let $it = self;
                $write
            }

            #[inline]
            fn read(value: Value<'_>) -> Result<Self, Unfit> {
                let read = $read;
                read(<$stored>::read(value)?)
            }
        }
    )*};
}
kept! {
    u8: as i16, number => Value::Small((*number).into()), in_range;
    u16: as i32, number => Value::Int((*number).into()), in_range;
    u32: as i64, number => Value::Big((*number).into()), in_range;
    Id<K>, of K: as Uuid, id => Value::Uuid(id.uuid()), |id| Ok(Self::from_uuid(id));
    Narrow: as i32, count => Value::Int(i32::try_from(count.0).unwrap_or(i32::MAX)),
        |count: i32| in_range(count).map(Self);
    // At most a million.
    Rate: as i32, rate => Value::Int(i32::try_from(rate.millionths()).unwrap_or(i32::MAX)), |rate| {
        let rate = u32::try_from(rate).ok().and_then(Self::from_millionths);
        rate.ok_or(Unfit::new("must be 0 to 1000000 millionths"))
    };
    Metadata: as String, metadata => Value::borrowed(metadata.as_str()), |text| Ok(Self::stored(text));
    KeyHash: as [u8; 32], hash => Value::Bytes(Cow::Owned(hash.bytes().to_vec())), |bytes| Ok(Self::from_bytes(bytes));
}

/// Texts that the domain checks, kept as they are.
macro_rules! texts {
    ($($type:ty),* $(,)?) => {$(
        impl Column for $type {
            const KIND: Kind = Kind::Text;

            #[inline]
            fn value(&self) -> Value<'_> {
                Value::borrowed(self.as_str())
            }

            #[inline]
            fn read(value: Value<'_>) -> Result<Self, Unfit> {
                Self::parse(value.text()?).map_err(Unfit::of)
            }
        }
    )*};
}
texts! {
    CouponCode, DisplayName, Email, EventKind, ExternalId, KeyName, LandingUrl, Locale, OrderReference,
    OrganizationName, PersonName, PhoneNumber, Reason, SessionId, ShortText, Slug, TierName, UserAgent, WebUrl,
}

/// Enums of words.
macro_rules! enum_columns {
    ($($type:ty),* $(,)?) => {$(
        impl Column for $type {
            const KIND: Kind = Kind::Text;

            #[inline]
            fn value(&self) -> Value<'_> {
                Value::borrowed(self.as_str())
            }

            #[inline]
            fn into_value(self) -> Value<'static> {
                Value::borrowed(self.as_str())
            }

            #[inline]
            fn read(value: Value<'_>) -> Result<Self, Unfit> {
                value.text()?.parse().map_err(Unfit::of)
            }
        }
    )*};
}
enum_columns! {
    AffiliateStatus, AttributionModel, CommissionStatus, DiscountType, GroupStatus, MailStatus, Metric, Mode,
    OrderStatus, PayoutItemStatus, PayoutStatus, Plan, RateSource, Recurring, Reminder, RiskLevel, RuleLevel,
    SelfReferral,
}

impl Column for Currency {
    const KIND: Kind = Kind::Text;

    #[inline]
    fn value(&self) -> Value<'_> {
        Value::borrowed(self.code())
    }

    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Unfit> {
        value.text()?.parse().map_err(Unfit::of)
    }
}

/// Values that are written as a text and read from it.
macro_rules! written {
    ($($type:ty: $write:path, $read:expr;)*) => {$(
        impl Column for $type {
            const KIND: Kind = Kind::Text;

            #[inline]
            fn value(&self) -> Value<'_> {
                Value::Text(Cow::Owned($write(self)))
            }

            #[inline]
            fn read(value: Value<'_>) -> Result<Self, Unfit> {
                let read = $read;
                read(value.text()?).map_err(Unfit::of)
            }
        }
    )*};
}
written! {
    Actor: ToString::to_string, str::parse::<Actor>;
    Decision: ToString::to_string, Decision::stored;
    Levels: ToString::to_string, Levels::stored;
    ShareId: ToString::to_string, ShareId::stored;
    Scopes: scopes, Scopes::parse;
    Vec<Rate>: join_rates, split_rates;
    Vec<RedirectHost>: join_hosts, |text: &str| text.lines().map(RedirectHost::parse).collect::<Result<_, _>>();
}

fn scopes(scopes: &Scopes) -> String {
    scopes.text()
}

/// `100000,50000`
fn join_rates(rates: &[Rate]) -> String {
    rates.iter().map(|rate| rate.millionths().to_string()).collect::<Vec<_>>().join(",")
}

fn split_rates(text: &str) -> Result<Vec<Rate>, &'static str> {
    let words = text.split(',').filter(|word| !word.is_empty());
    let rates: Option<_> = words.map(|word| word.parse().ok().and_then(Rate::from_millionths)).collect();
    rates.ok_or("must be rates in millionths")
}

fn join_hosts(hosts: &[RedirectHost]) -> String {
    hosts.iter().map(RedirectHost::as_str).collect::<Vec<_>>().join("\n")
}

/// Addresses, one a line; no value for none.
impl Column for Vec<Email> {
    const KIND: Kind = Kind::Text;

    #[inline]
    fn value(&self) -> Value<'_> {
        let lines: Vec<&str> = self.iter().map(Email::as_str).collect();
        if lines.is_empty() { Value::Null(Self::KIND) } else { lines.join("\n").into_value() }
    }

    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Unfit> {
        let Value::Text(text) = value else { return Ok(Self::new()) };
        text.lines().map(Email::parse).collect::<Result<_, _>>().map_err(Unfit::of)
    }
}

impl Column for String {
    const KIND: Kind = Kind::Text;

    #[inline]
    fn value(&self) -> Value<'_> {
        Value::borrowed(self)
    }

    #[inline]
    fn into_value(self) -> Value<'static> {
        Value::Text(Cow::Owned(self))
    }

    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Unfit> {
        if let Value::Text(text) = value { Ok(text.into_owned()) } else { Err(Unfit::kind(Self::KIND)) }
    }
}

impl Column for Timestamp {
    const KIND: Kind = Kind::Instant;

    #[inline]
    fn value(&self) -> Value<'_> {
        Value::Instant(self.micros())
    }

    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Unfit> {
        let Value::Instant(micros) = value else { return Err(Unfit::kind(Self::KIND)) };
        Self::from_micros(micros).ok_or(Unfit::new("must be between the years 1970 and 9999"))
    }
}

impl<const N: usize> Column for [u8; N] {
    const KIND: Kind = Kind::Bytes;

    #[inline]
    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }

    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Unfit> {
        value.bytes()?.try_into().map_err(|_| Unfit::new(format!("must be {N} bytes")))
    }
}

impl Column for Vec<u8> {
    const KIND: Kind = Kind::Bytes;

    #[inline]
    fn value(&self) -> Value<'_> {
        Value::Bytes(Cow::Borrowed(self))
    }

    #[inline]
    fn read(value: Value<'_>) -> Result<Self, Unfit> {
        value.bytes().map(<[u8]>::to_vec)
    }
}
