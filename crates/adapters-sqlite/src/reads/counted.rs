//! Parts of a list that tells how long it is.

use crate::{error::Fault, rows::TableRow};
use ports::Counted;

/// The rows of a boxed query of a table that was asked for twice: `$found` makes it, so far with every row.
macro_rules! counted {
    ($connection:expr, $found:expr, $table:ident as $row:ty, $ask:expr) => {{
        let ask: &ports::ListAsk = $ask;
        let found = || {
            let query = $found;
            match &ask.search {
                Some(wanted) => query.filter(
                    diesel::dsl::sql::<diesel::sql_types::Bool>("instr(search_text, ")
                        .bind::<diesel::sql_types::Text, _>(wanted.clone())
                        .sql(") > 0"),
                ),
                None => query,
            }
        };
        let count: i64 = found().select(diesel::dsl::count_star()).get_result($connection)?;
        let rows = found().select(<$row>::as_select());
        let rows = match (ask.by, ask.descending) {
            (ports::SortBy::CreatedAt, true) => rows.order(($table::created_at.desc(), $table::id.desc())),
            (ports::SortBy::CreatedAt, false) => rows.order(($table::created_at.asc(), $table::id.asc())),
            (ports::SortBy::UpdatedAt, true) => rows.order(($table::updated_at.desc(), $table::id.desc())),
            (ports::SortBy::UpdatedAt, false) => rows.order(($table::updated_at.asc(), $table::id.asc())),
        };
        let rows: Vec<$row> = rows.limit(i64::from(ask.take)).offset(i64::from(ask.skip)).load($connection)?;
        $crate::reads::counted::read(rows, count)
    }};
}
pub(super) use counted;

/// What such a query gave.
pub(super) fn read<R: TableRow>(rows: Vec<R>, count: i64) -> Result<Counted<R::Entity>, Fault> {
    let rows: Result<_, _> = rows.into_iter().map(|row| row.read().map(|read| read.row)).collect();
    Ok(Counted { rows: rows?, count: u64::try_from(count).unwrap_or(0) })
}
