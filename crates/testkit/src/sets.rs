//! Change sets as the use cases make them: rows together with the unique keys they hold.

use crate::build::Shop;
use domain::{
    Account, Affiliate, ApiKey, Binding, Commission, Coupon, Customer, Event, Group, MerchantId, Order, Payout,
    PayoutItem, Tier,
};
use ports::{ChangeSet, Entity, Space, Tree, Version, Versioned};

/// A row as it was first stored.
pub fn first<T>(row: T) -> Versioned<T> {
    Versioned { row, version: Version::FIRST }
}

/// Founds an organization: itself, its merchants, their slugs and trees.
pub fn with_organization(shop: &Shop) -> ChangeSet {
    let Shop { organization, test, live } = shop;
    let mut set = ChangeSet::new(test.id);
    set.rows.organizations.insert(organization.clone());
    for merchant in [test, live] {
        set.claim(Space::MerchantSlug, merchant.slug.as_str(), merchant.id.uuid());
        set.rows.merchants.insert(merchant.clone());
        set.rows.trees.insert(Tree { merchant_id: merchant.id });
    }
    set
}

/// Change sets that grow by whole objects, each with its unique keys.
pub trait Grow: Sized {
    /// Adds a key and the claim of its hash.
    #[must_use]
    fn with_key(self, key: &ApiKey) -> Self;
    /// Adds a tier and the claim of its name.
    #[must_use]
    fn with_tier(self, tier: &Tier) -> Self;
    /// Adds an affiliate and the claims of its slug and address.
    #[must_use]
    fn with_affiliate(self, affiliate: &Affiliate) -> Self;
    /// Adds a coupon and the claim of its code.
    #[must_use]
    fn with_coupon(self, coupon: &Coupon) -> Self;
    /// Adds a customer's binding and the claims of the keys it goes by.
    #[must_use]
    fn with_binding(self, binding: &Binding, keys: &[String]) -> Self;
    /// Takes a coupon away and gives its code back.
    #[must_use]
    fn without_coupon(self, coupon: &Versioned<Coupon>) -> Self;
    /// Adds an event, the claim of its external id, and what it earns.
    #[must_use]
    fn with_event(self, event: &Event, commissions: &[Commission]) -> Self;
    /// Adds an account and the claim of its place.
    #[must_use]
    fn with_account(self, account: &Account) -> Self;
    /// Adds a payout and its items, with the claims of their places.
    #[must_use]
    fn with_payout(self, payout: &Payout, items: &[PayoutItem]) -> Self;
    /// Adds a customer and the claim of its address.
    #[must_use]
    fn with_customer(self, customer: &Customer) -> Self;
    /// Adds a group and the claim of its share id.
    #[must_use]
    fn with_group(self, group: &Group) -> Self;
    /// Adds an order, the claim of its reference and, if it takes part, that of its address in its group.
    #[must_use]
    fn with_order(self, order: &Order) -> Self;
}

impl Grow for ChangeSet {
    fn with_key(mut self, key: &ApiKey) -> Self {
        self.claim(Space::KeyHash, key.hash.hex(), key.row_id());
        self.rows.api_keys.insert(key.clone());
        self
    }

    fn with_tier(mut self, tier: &Tier) -> Self {
        self.claim(Space::TierName, tier.name.folded(), tier.row_id());
        self.rows.tiers.insert(tier.clone());
        self
    }

    fn with_affiliate(mut self, affiliate: &Affiliate) -> Self {
        self.claim(Space::AffiliateSlug, affiliate.slug.as_str(), affiliate.row_id());
        self.claim(Space::AffiliateEmail, affiliate.email.folded(), affiliate.row_id());
        self.rows.affiliates.insert(affiliate.clone());
        self
    }

    fn with_coupon(mut self, coupon: &Coupon) -> Self {
        self.claim(Space::CouponCode, coupon.code.as_str(), coupon.row_id());
        self.rows.coupons.insert(coupon.clone());
        self
    }

    fn with_binding(mut self, binding: &Binding, keys: &[String]) -> Self {
        for key in keys {
            self.claim(Space::Binding, key, binding.row_id());
        }
        self.rows.bindings.insert(binding.clone());
        self
    }

    fn without_coupon(mut self, coupon: &Versioned<Coupon>) -> Self {
        self.free(Space::CouponCode, coupon.row.code.as_str(), coupon.row.row_id());
        self.rows.coupons.delete(coupon);
        self
    }

    fn with_event(mut self, event: &Event, commissions: &[Commission]) -> Self {
        self.claim(Space::Event(event.kind.space()), event.external_id.as_str(), event.row_id());
        self.rows.events.insert(event.clone());
        self.rows.commissions.new.extend_from_slice(commissions);
        self
    }

    fn with_account(mut self, account: &Account) -> Self {
        self.claim(Space::Account, account.key(), account.row_id());
        self.rows.accounts.insert(account.clone());
        self
    }

    fn with_payout(mut self, payout: &Payout, items: &[PayoutItem]) -> Self {
        self.rows.payouts.insert(payout.clone());
        for item in items {
            self.claim(Space::PayoutAccount, item.key(), item.row_id());
            self.rows.payout_items.insert(item.clone());
        }
        self
    }

    fn with_customer(mut self, customer: &Customer) -> Self {
        if customer.deleted_at.is_none() {
            self.claim(Space::CustomerEmail, customer.email.folded(), customer.row_id());
        }
        self.rows.customers.insert(customer.clone());
        self
    }

    fn with_group(mut self, group: &Group) -> Self {
        self.claim(Space::GroupShareId, group.share_id.code(), group.row_id());
        self.rows.groups.insert(group.clone());
        self
    }

    fn with_order(mut self, order: &Order) -> Self {
        if let Some(reference) = &order.reference {
            self.claim(Space::OrderReference, reference.as_str(), order.row_id());
        }
        if order.participates {
            let key = Group::email_key_of(order.group_id, &order.email.folded());
            self.claim(Space::GroupEmail, key, order.row_id());
        }
        self.rows.orders.insert(order.clone());
        self
    }
}

/// An affiliate and nothing else.
pub fn add_affiliate(merchant: MerchantId, affiliate: &Affiliate) -> ChangeSet {
    ChangeSet::new(merchant).with_affiliate(affiliate)
}

/// Replaces the image of an affiliate that was read as `loaded`. Its unique keys stay.
pub fn change_affiliate(merchant: MerchantId, loaded: Version, image: &Affiliate) -> ChangeSet {
    let mut set = ChangeSet::new(merchant);
    set.rows.affiliates.change(loaded, image.clone());
    set
}
