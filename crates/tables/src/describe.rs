//! The macros by which tables are described.

/// Describes a table of versioned rows: which columns it has and how an entity becomes a row and a row an entity.
///
/// - `plain`: columns that hold the field of their name;
/// - `renamed`: columns that hold a field of another name;
/// - `stored`: columns with a value made of fields, for fields that `made` makes of columns (an amount and its currency);
///   behind `=>` stands the column that is named if they do not fit together;
/// - `derived`: columns that are written to be searched by, and never read;
/// - `within`: a field that is a struct itself, with columns of the same sorts.
///
/// ```text
/// table! {
///     tiers(merchant_id, id): Tier by id as tier {
///         plain { name, rate }
///         stored { metric: Metric = threshold.metric(), height: i64 = threshold.height() }
///         made { threshold = Threshold::of(metric, height) => height }
///         derived { name_folded = tier.name.folded() }
///     }
/// }
/// ```
/// makes `impl Row` with `NAME`, `COLUMNS` and `KEY`, and
///
/// ```text
/// fn put<'a>(&'a self, merchant: MerchantId, values: &mut Vec<Value<'a>>) {
///     values.push(Value::Uuid(merchant.uuid()));
///     values.push(Value::Uuid(self.row_id()));
///     let tier = self;
///     let Tier { id: _, name, rate, threshold } = tier;
///     values.push(name.value());
///     values.push(rate.value());
///     values.push(threshold.metric().into_value());
///     values.push(threshold.height().into_value());
///     values.push(tier.name.folded().into_value());
/// }
/// // and of `VersionedRow`
/// fn read<S: Source>(source: &mut S) -> Result<Versioned<Tier>, Damaged> {
///     source.skip();
///     let id = …;
///     let name = reading.next("name", source)?;
///     let rate = reading.next("rate", source)?;
///     let metric: Metric = reading.next("metric", source)?;
///     let height: i64 = reading.next("height", source)?;
///     source.skip();
///     let threshold = reading.made("height", Threshold::of(metric, height))?;
///     let version = reading.next("version", source)?;
///     Ok(Versioned { row: Tier { id: Id::from_uuid(id), name, rate, threshold }, version: Version::stored(version) })
/// }
/// ```
///
/// Both ways name every field: one that is added to the entity breaks the build here, and only here.
macro_rules! table {
    (
        $table:ident ($($key:ident),+): $entity:ident by $id:ident as $it:ident $(of $owner:ident)? {
            $(plain { $($plain:ident),* $(,)? })?
            $(renamed { $($renamed:ident = $from:ident),* $(,)? })?
            $(stored { $($stored:ident: $type:ty = $value:expr),* $(,)? })?
            $(made { $($made:ident = $make:expr $(=> $place:ident)?),* $(,)? })?
            $(derived { $($derived:ident = $derive:expr),* $(,)? })?
            $(within $outer:ident: $inner:ident {
                plain { $($iplain:ident),* $(,)? }
                $(renamed { $($irenamed:ident = $ifrom:ident),* $(,)? })?
                $(stored { $($istored:ident: $itype:ty = $ivalue:expr),* $(,)? })?
                $(made { $($imade:ident = $imake:expr),* $(,)? })?
            })*
        }
    ) => {
        impl $crate::Row for $entity {
            const NAME: &'static str = stringify!($table);
            const COLUMNS: &'static [&'static str] = &[
                $(stringify!($key),)+ $($(stringify!($plain),)*)? $($(stringify!($renamed),)*)?
                $($(stringify!($stored),)*)? $($(stringify!($derived),)*)?
                $($(stringify!($iplain),)* $($(stringify!($irenamed),)*)? $($(stringify!($istored),)*)?)*
                "version",
            ];
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];

            fn put<'a>(&'a self, merchant: domain::MerchantId, values: &mut Vec<$crate::Value<'a>>) {
                let ($it, _) = (self, merchant);
                $(let merchant: domain::MerchantId = $it.$owner;)?
                $($crate::describe::key! { put $key, self, merchant, values })+
                let $entity {
                    $id: _, $($($plain,)*)? $($($from: $renamed,)*)? $($($made,)*)?
                    $($outer: $inner { $($iplain,)* $($($ifrom: $irenamed,)*)? $($($imade,)*)? },)*
                } = $it;
                $($(values.push($crate::Column::value($plain));)*)?
                $($(values.push($crate::Column::value($renamed));)*)?
                $($(values.push(<$type as $crate::Column>::into_value($value));)*)?
                $($(values.push($crate::Column::into_value($derive));)*)?
                $(
                    $(values.push($crate::Column::value($iplain));)*
                    $($(values.push($crate::Column::value($irenamed));)*)?
                    $($(values.push(<$itype as $crate::Column>::into_value($ivalue));)*)?
                )*
            }
        }

        impl $crate::VersionedRow for $entity {
            fn read<S: $crate::Source>(source: &mut S) -> Result<ports::Versioned<Self>, $crate::Damaged> {
                let id = uuid::Uuid::nil();
                $($crate::describe::key! { read $key, id, stringify!($table), source })+
                let reading = $crate::Reading::of(stringify!($table), id);
                $($(let $plain = reading.next(stringify!($plain), source)?;)*)?
                $($(let $renamed = reading.next(stringify!($renamed), source)?;)*)?
                $($(let $stored: $type = reading.next(stringify!($stored), source)?;)*)?
                $($(source.skip(); let _ = stringify!($derived);)*)?
                $(
                    $(let $iplain = reading.next(stringify!($iplain), source)?;)*
                    $($(let $irenamed = reading.next(stringify!($irenamed), source)?;)*)?
                    $($(let $istored: $itype = reading.next(stringify!($istored), source)?;)*)?
                    $($(let $imade = $imake;)*)?
                )*
                $($(let $made = $crate::describe::made!(reading, $make $(, $place)?);)*)?
                let version = ports::Version::stored(reading.next("version", source)?);
                let row = $entity {
                    $id: domain::Id::from_uuid(id), $($($plain,)*)? $($($from: $renamed,)*)? $($($made,)*)?
                    $($outer: $inner { $($iplain,)* $($($ifrom: $irenamed,)*)? $($($imade,)*)? },)*
                };
                Ok(ports::Versioned { row, version })
            }
        }
    };
}

/// Describes a table whose rows are only written: columns in order, each with its value.
macro_rules! written {
    ($table:ident: $type:ty as $shape:pat, by $merchant:ident { $($key:ident = $keyed:expr),+; $($column:ident = $value:expr),* $(,)? }) => {
        impl $crate::Row for $type {
            const NAME: &'static str = stringify!($table);
            const COLUMNS: &'static [&'static str] = &[$(stringify!($key),)+ $(stringify!($column)),*];
            const KEY: &'static [&'static str] = &[$(stringify!($key)),+];

            fn put<'a>(&'a self, $merchant: domain::MerchantId, values: &mut Vec<$crate::Value<'a>>) {
                let $shape = self;
                $(values.push($keyed);)+
                $(values.push($value);)*
            }
        }
    };
}

/// A column of a key, which is a merchant or the row's id.
macro_rules! key {
    (put merchant_id, $row:expr, $merchant:expr, $values:expr) => {
        $values.push($crate::Value::Uuid($merchant.uuid()));
    };
    (put id, $row:expr, $merchant:expr, $values:expr) => {
        $values.push($crate::Value::Uuid(ports::Entity::row_id($row)));
    };
    (read merchant_id, $id:ident, $table:expr, $source:expr) => {
        $source.skip();
    };
    (read id, $id:ident, $table:expr, $source:expr) => {
        let $id: uuid::Uuid = $crate::Reading::of($table, $id).next("id", $source)?;
    };
}

/// A field that is made of columns: either of any, or of those that fit together.
macro_rules! made {
    ($reading:expr, $make:expr) => {
        $make
    };
    ($reading:expr, $make:expr, $place:ident) => {
        $reading.made(stringify!($place), $make)?
    };
}

pub(crate) use {key, made, table, written};
