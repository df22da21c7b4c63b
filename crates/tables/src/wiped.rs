//! What a reset of a test merchant deletes.

use crate::{Outboxed, Row};
use domain::Click;
use ports::{Announcement, ResponseRecord, Table};

/// The tables that a reset wipes for a merchant, what depends on other rows first, each with the columns of its key
/// after the merchant. Those of `replies` that it keeps are left out by a condition.
pub fn wiped_tables() -> Vec<(&'static str, String)> {
    macro_rules! versioned {
        ($($rows:ident: $entity:ty, $table:ident by $id:ident;)*) => {
            [$((Table::$table, wiped::<$entity>())),*]
        };
    }
    let mut tables = vec![wiped::<Outboxed>(), wiped::<Announcement>(), wiped::<ResponseRecord>(), wiped::<Click>()];
    let gone = ports::tables!(versioned).into_iter().rev().filter(|(table, _)| !table.outlives_reset());
    tables.extend(gone.map(|(_, wiped)| wiped));
    tables.push(("claims", "space, key".to_owned()));
    tables
}

fn wiped<R: Row>() -> (&'static str, String) {
    (R::NAME, R::KEY.get(1..).unwrap_or_default().join(", "))
}
