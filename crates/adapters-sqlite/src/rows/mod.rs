//! Rows as they stand in the tables, by the descriptions in [`tables`]: how a described row is read, the statements that
//! every table has, and the rows of the few tables with statements of their own.

mod claim;
mod read;
mod response;
mod statement;

pub(crate) use claim::{ClaimedKey, owner_of};
pub(crate) use read::whole;
pub(crate) use response::{keep as keep_reply, kept as kept_reply, take_back as take_reply_back};
pub(crate) use statement::{delete, find, insert, keep_latest_use, stored_version, update};
