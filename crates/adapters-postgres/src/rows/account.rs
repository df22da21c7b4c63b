//! Accounts, and the trees that hold nothing but a version.

use super::{Image, Mapped, Readable, rows, values::money};
use domain::{Account, AccountId, AffiliateId, MerchantId};
use ports::{Tree, Version, Versioned};
use uuid::Uuid;

rows! {
    /// An account.
    AccountRow of "accounts" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        affiliate_id: Uuid,
        currency: String,
        approved_minor: i64,
        in_payout_minor: i64,
        paid_minor: i64,
        version: i64,
    }
}

rows! {
    /// A merchant's tree; its id is the merchant's.
    TreeRow of "trees" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        version: i64,
    }
}

impl Image for AccountRow {
    type Of = Account;

    fn image(merchant: MerchantId, account: &Account, version: Version) -> Self {
        let Account { id, affiliate_id, approved, in_payout, paid } = account;
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            affiliate_id: affiliate_id.uuid(),
            currency: account.currency().code().to_owned(),
            approved_minor: approved.minor(),
            in_payout_minor: in_payout.minor(),
            paid_minor: paid.minor(),
            version: version.number(),
        }
    }
}

impl Readable for AccountRow {
    fn versioned(self) -> Mapped<Versioned<Account>> {
        let Self { merchant_id: _, id, affiliate_id, currency, approved_minor, in_payout_minor, paid_minor, version } =
            self;
        let row = Account {
            id: AccountId::from_uuid(id),
            affiliate_id: AffiliateId::from_uuid(affiliate_id),
            approved: money(approved_minor, &currency)?,
            in_payout: money(in_payout_minor, &currency)?,
            paid: money(paid_minor, &currency)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}

impl Image for TreeRow {
    type Of = Tree;

    /// A tree says itself whose it is: an organization's two merchants are founded in one set.
    fn image(_: MerchantId, tree: &Tree, version: Version) -> Self {
        let Tree { merchant_id } = tree;
        Self { merchant_id: merchant_id.uuid(), id: merchant_id.uuid(), version: version.number() }
    }
}
