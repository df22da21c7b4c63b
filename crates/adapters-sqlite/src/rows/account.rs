//! `accounts`

use super::{Reading, TableRow};
use crate::{error::Damaged, schema::accounts, values::Uid};
use diesel::prelude::*;
use domain::{Account, MerchantId, Money};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = accounts, primary_key(merchant_id, id))]
pub(crate) struct AccountRow {
    merchant_id: Uid,
    id: Uid,
    affiliate_id: Uid,
    currency: String,
    approved_minor: i64,
    in_payout_minor: i64,
    paid_minor: i64,
    version: i64,
}

impl AccountRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for AccountRow {
    type Entity = Account;

    fn of(merchant: MerchantId, account: &Account, version: Version) -> Self {
        let Account { id, affiliate_id, approved, in_payout, paid } = account;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            affiliate_id: Uid::from(*affiliate_id),
            currency: account.currency().code().to_owned(),
            approved_minor: approved.minor(),
            in_payout_minor: in_payout.minor(),
            paid_minor: paid.minor(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Account>, Damaged> {
        let Self { merchant_id: _, id, affiliate_id, currency, approved_minor, in_payout_minor, paid_minor, version } =
            self;
        let currency = Reading::of("accounts", id.0).currency(&currency)?;
        let row = Account {
            id: id.id(),
            affiliate_id: affiliate_id.id(),
            approved: Money::from_minor(approved_minor, currency),
            in_payout: Money::from_minor(in_payout_minor, currency),
            paid: Money::from_minor(paid_minor, currency),
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
