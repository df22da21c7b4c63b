//! Parts of a list that tells how long it is.

use ports::{Counted, Versioned};

/// The rows of a boxed query of a table that was asked for twice: `$found` makes it, so far with every row of the list.
macro_rules! counted {
    ($connection:expr, $merchant:expr, $found:expr, $table:ident as $row:ty, $request:expr) => {{
        use $crate::reads::search::{Condition, Value, conditions};
        let request: &ports::ListRequest<_> = $request;
        let found = || {
            let mut query = $found;
            for Condition { before, value, after } in conditions($merchant, request.search.as_ref()) {
                // A statement with SQL of our own is not kept prepared, and of these there are too many.
                let before = diesel::dsl::sql::<diesel::sql_types::Bool>(&before);
                query = match value {
                    Value::Id(id) => query.filter(before.bind::<diesel::sql_types::Binary, _>(id).sql(after)),
                    Value::Text(text) => query.filter(before.bind::<diesel::sql_types::Text, _>(text).sql(after)),
                    Value::Number(number) => {
                        query.filter(before.bind::<diesel::sql_types::BigInt, _>(number).sql(after))
                    }
                    Value::Key(merchant, between, key) => query.filter(
                        before
                            .bind::<diesel::sql_types::Binary, _>(merchant)
                            .sql(&between)
                            .bind::<diesel::sql_types::Text, _>(key)
                            .sql(after),
                    ),
                };
            }
            query
        };
        let count: i64 = found().select(diesel::dsl::count_star()).get_result($connection)?;
        let rows = found().select($crate::rows::whole::<$row>());
        let rows = match (request.by, request.descending) {
            (ports::SortBy::CreatedAt, true) => rows.order(($table::created_at.desc(), $table::id.desc())),
            (ports::SortBy::CreatedAt, false) => rows.order(($table::created_at.asc(), $table::id.asc())),
            (ports::SortBy::UpdatedAt, true) => rows.order(($table::updated_at.desc(), $table::id.desc())),
            (ports::SortBy::UpdatedAt, false) => rows.order(($table::updated_at.asc(), $table::id.asc())),
        };
        let rows: Vec<ports::Versioned<$row>> =
            rows.limit(i64::from(request.take)).offset(i64::from(request.skip)).load($connection)?;
        Ok($crate::reads::counted::counts(rows, count))
    }};
}
pub(super) use counted;

/// What such a query gave.
pub(super) fn counts<R>(rows: Vec<Versioned<R>>, count: i64) -> Counted<R> {
    Counted { rows: rows.into_iter().map(|found| found.row).collect(), count: u64::try_from(count).unwrap_or(0) }
}
