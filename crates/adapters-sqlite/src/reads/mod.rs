//! The read ports, a file per aggregate. Each answer comes from one snapshot, so its facts agree with each other.
//!
//! Rows that belong to a row are read one by one with statements that stay prepared: without a network between, that is
//! as fast as a join and simpler. A row that is found by something unique is asked for with `get_result`, which binds no
//! LIMIT: unless it is built otherwise, SQLite compiles a statement anew for each LIMIT that is bound to it.

mod affiliates;
mod clicks;
mod commissions;
mod counted;
mod coupons;
mod customers;
mod due;
mod erasure;
mod events;
mod groups;
mod keys;
mod mails;
mod merchants;
mod one;
mod orders;
mod page;
mod payouts;
mod program;
mod refunds;
mod responses;
mod search;

pub(crate) use commissions::sale_commissions;
