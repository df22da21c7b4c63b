//! Payouts.

use super::Read;
use crate::{Page, PageRequest, Version, Versioned};
use async_trait::async_trait;
use domain::{
    Account, AffiliateId, Commission, CommissionId, Currency, DisplayName, Email, Merchant, MerchantId, Money, Payout,
    PayoutId, PayoutItem, PayoutItemId, PayoutItemStatus, PayoutStatus, Timestamp,
};

/// Which payouts a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct PayoutFilter {
    pub status: Option<PayoutStatus>,
    pub currency: Option<Currency>,
    /// Inclusive.
    pub from: Option<Timestamp>,
    /// Exclusive.
    pub to: Option<Timestamp>,
}

/// Which items of a payout a list shows.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs, reason = "named for the field they compare")]
pub struct PayoutItemFilter {
    pub status: Option<PayoutItemStatus>,
    pub affiliate_id: Option<AffiliateId>,
}

/// An item with the affiliate that it pays, for a payment file.
#[derive(Debug, Clone)]
pub struct PayoutLine {
    /// The item.
    pub item: PayoutItem,
    /// The affiliate's address.
    pub email: Email,
    /// The affiliate's name.
    pub display_name: Option<DisplayName>,
}

/// The facts for changing a payout.
#[derive(Debug, Clone)]
pub struct PayoutFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The payout, whether it is sealed or not.
    pub payout: Versioned<Payout>,
    /// Those of its items that were asked for, each once, in any order.
    pub items: Vec<PayoutItem>,
}

/// Where among what is due a step of building begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DuePart {
    /// With the first account that is owed enough, after this affiliate's.
    Accounts {
        /// The affiliate.
        after: Option<AffiliateId>,
    },
    /// In this affiliate's account, whatever it is still owed, after this row.
    Rest {
        /// The affiliate.
        of: AffiliateId,
        /// The row.
        after: CommissionId,
    },
}

/// What a step of building asks for.
#[derive(Debug, Clone)]
pub struct DueRequest {
    /// In which currency.
    pub currency: Currency,
    /// An account must be owed at least this.
    pub least: Money,
    /// Only these affiliates; all of them if empty.
    pub only: Vec<AffiliateId>,
    /// Where it begins.
    pub part: DuePart,
    /// The most rows.
    pub rows: u32,
}

/// An account and rows of it that the next payout takes.
#[derive(Debug, Clone)]
pub struct DueAccount {
    /// The account.
    pub account: Versioned<Account>,
    /// The version of its affiliate, which is approved.
    pub affiliate: Version,
    /// Its approved rows that are in no payout, by id.
    pub rows: Vec<Versioned<Commission>>,
}

/// The facts for one step of building a payout.
#[derive(Debug, Clone)]
pub struct DueFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The accounts by affiliate; the last one may be cut off if more rows follow.
    pub accounts: Vec<DueAccount>,
    /// Whether more rows follow.
    pub more: bool,
}

/// Which rows that a payout has not paid yet are asked for.
#[derive(Debug, Clone)]
pub struct FrozenRequest {
    /// The payout.
    pub payout: PayoutId,
    /// Only those of these affiliates; all if empty.
    pub only: Vec<AffiliateId>,
    /// Only rows after this one, by affiliate and id.
    pub after: Option<(AffiliateId, CommissionId)>,
    /// The most rows.
    pub rows: u32,
}

/// An item and rows of it that are still frozen.
#[derive(Debug, Clone)]
pub struct FrozenItem {
    /// The item.
    pub item: Versioned<PayoutItem>,
    /// Its affiliate's account.
    pub account: Versioned<Account>,
    /// The rows, by id.
    pub rows: Vec<Versioned<Commission>>,
}

/// The facts for moving the rows of a payout.
#[derive(Debug, Clone)]
pub struct FrozenFacts {
    /// The merchant.
    pub merchant: Versioned<Merchant>,
    /// The payout, whether it is sealed or not.
    pub payout: Versioned<Payout>,
    /// The items by affiliate.
    pub items: Vec<FrozenItem>,
    /// Whether more rows follow.
    pub more: bool,
}

/// Payouts. Lists and single ones show only what is sealed.
#[async_trait]
pub trait PayoutReads: Send + Sync {
    /// One payout.
    async fn payout(&self, merchant: MerchantId, id: PayoutId) -> Read<Option<Payout>>;

    /// A page of them.
    async fn payouts(&self, merchant: MerchantId, filter: &PayoutFilter, request: &PageRequest) -> Read<Page<Payout>>;

    /// A page of a payout's items.
    async fn payout_items(
        &self,
        merchant: MerchantId,
        payout: PayoutId,
        filter: &PayoutItemFilter,
        request: &PageRequest,
    ) -> Read<Page<PayoutItem>>;

    /// Returns at most `most` open items of a payout with the affiliates that they pay, by affiliate, after this one.
    async fn payout_lines(
        &self,
        merchant: MerchantId,
        payout: PayoutId,
        after: Option<AffiliateId>,
        most: u32,
    ) -> Read<Vec<PayoutLine>>;

    /// For changing a payout: itself, and its items with these ids or of these affiliates.
    async fn payout_facts(
        &self,
        merchant: MerchantId,
        id: PayoutId,
        items: &[PayoutItemId],
        affiliates: &[AffiliateId],
    ) -> Read<Option<PayoutFacts>>;

    /// Which of these affiliates exist.
    async fn known_affiliates(&self, merchant: MerchantId, ids: &[AffiliateId]) -> Read<Vec<AffiliateId>>;

    /// For a step of building; `None` if there is no such merchant.
    async fn payout_due(&self, merchant: MerchantId, request: &DueRequest) -> Read<Option<DueFacts>>;

    /// For moving the rows of a payout; `None` if there is no such payout.
    async fn payout_frozen(&self, merchant: MerchantId, request: &FrozenRequest) -> Read<Option<FrozenFacts>>;

    /// At most `most` payouts that began to be built before the real instant `before` and are not sealed, the oldest
    /// first. Global; for the server itself.
    async fn unsealed_payouts(&self, before: Timestamp, most: u32) -> Read<Vec<(MerchantId, PayoutId)>>;
}
