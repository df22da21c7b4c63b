//! Rows as they stand in the tables, and their way to and from the domain.
//!
//! A row struct has one field a column. It is made from a whole entity and read back into one, both by exhaustive
//! destructuring, so that a new field breaks the build here. What the domain refuses to read is a [`Damaged`] row.

mod account;
mod affiliate;
mod announcement;
mod binding;
mod claim;
mod click;
mod commission;
mod coupon;
mod customer;
mod event;
mod group;
mod key;
mod mail;
mod merchant;
mod order;
mod organization;
mod payout;
mod reading;
mod reply;
mod rule;
mod table;
mod tier;
mod tree;

pub(crate) use account::AccountRow;
pub(crate) use affiliate::AffiliateRow;
pub(crate) use announcement::{AnnouncementRow, OutboxRow};
pub(crate) use binding::BindingRow;
pub(crate) use claim::{ClaimedKey, owner_of};
pub(crate) use click::ClickRow;
pub(crate) use commission::CommissionRow;
pub(crate) use coupon::CouponRow;
pub(crate) use customer::CustomerRow;
pub(crate) use event::EventRow;
pub(crate) use group::{GroupRow, GroupSettingsRow};
pub(crate) use key::{KeyRow, KeyUseRow};
pub(crate) use mail::MailRow;
pub(crate) use merchant::MerchantRow;
pub(crate) use order::OrderRow;
pub(crate) use organization::OrganizationRow;
pub(crate) use payout::{PayoutItemRow, PayoutRow};
pub(crate) use reading::Reading;
pub(crate) use reply::{ReplyRow, take_back as take_reply_back};
pub(crate) use rule::RuleRow;
pub(crate) use table::{Stored, TableRow, find};
pub(crate) use tier::TierRow;
pub(crate) use tree::TreeRow;
