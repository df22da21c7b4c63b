//! The read ports, a file per aggregate. Each answer comes from one snapshot, so its facts agree with each other.
//!
//! Rows that belong to a row are read one by one with statements that stay prepared: without a network between, that is
//! as fast as a join and simpler.

mod affiliates;
mod clicks;
mod commissions;
mod coupons;
mod events;
mod keys;
mod merchants;
mod page;
mod replies;
