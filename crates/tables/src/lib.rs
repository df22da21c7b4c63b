//! One description per table, from which every storage adapter writes and reads its rows.
//!
//! A description says which columns a table has, and how an entity becomes a row and a row an entity (`describe` explains
//! the macro); [`UNIQUE_KEYS`] says what of it must be unique. It knows no SQL and no database: an adapter binds the
//! [`Value`]s that [`Row::put`] gives, and reads a row by being its [`Source`]. Both go by position, so a row may be wider
//! than any tuple.
//!
//! # Finding the place for a change
//! - a column: the domain's type, the table's description here, a migration of each storage;
//! - a table: the list in `ports`, its description here, a migration of each storage;
//! - a new type of the domain in a column: `column`.

mod column;
mod describe;
mod groups;
mod ledger;
mod parts;
mod program;
mod row;
mod server;
mod side;
#[cfg(test)]
mod tests;
mod unique;
mod value;
mod wiped;

pub use column::Column;
pub use row::{Damaged, Reading, Row, Source, VersionedRow};
pub use side::Outboxed;
pub use unique::{Key, UNIQUE_KEYS, UniqueKey};
pub use value::{Kind, Unfit, Value};
pub use wiped::wiped_tables;
