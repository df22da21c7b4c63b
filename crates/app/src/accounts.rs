//! The accounts that one change set touches.

use crate::AppError;
use domain::{Account, Commission, MoneyError};
use ports::{ChangeSet, IdSource, IdSourceExt, Space, Version, Versioned};

/// The accounts that a change of commissions touches, each written once however many rows move.
pub(crate) struct Accounts<'a> {
    ids: &'a dyn IdSource,
    all: Vec<Kept>,
}

struct Kept {
    account: Account,
    /// Absent while it is only about to be opened.
    version: Option<Version>,
    touched: bool,
}

impl<'a> Accounts<'a> {
    /// Those that exist of the earners of the rows that will move.
    pub(crate) fn new(ids: &'a dyn IdSource, loaded: Vec<Versioned<Account>>) -> Self {
        let kept = |Versioned { row, version }| Kept { account: row, version: Some(version), touched: false };
        Self { ids, all: loaded.into_iter().map(kept).collect() }
    }

    /// Moves the earner's account along with a row that went from `before` to `after`; opens it where that is its first
    /// sum. A move that leaves every sum as it was touches no account.
    pub(crate) fn follow(&mut self, before: &Commission, after: &Commission) -> Result<(), AppError> {
        self.apply(after, |account| account.moved(before, after))
    }

    /// Adds a new row to the earner's account.
    pub(crate) fn insert(&mut self, row: &Commission) -> Result<(), AppError> {
        self.apply(row, |account| account.with(row))
    }

    /// Writes those that changed.
    pub(crate) fn write(self, set: &mut ChangeSet) {
        for Kept { account, version, touched } in self.all {
            match version {
                _ if !touched => {}
                Some(version) => set.rows.accounts.change(version, account),
                None => {
                    set.claim(Space::Account, account.key(), account.id.uuid());
                    set.rows.accounts.insert(account);
                }
            }
        }
    }

    fn apply(
        &mut self,
        row: &Commission,
        step: impl FnOnce(&Account) -> Result<Account, MoneyError>,
    ) -> Result<(), AppError> {
        let (affiliate, currency) = (row.affiliate_id, row.amount.currency());
        let is_its = |kept: &&mut Kept| kept.account.affiliate_id == affiliate && kept.account.currency() == currency;
        match self.all.iter_mut().find(is_its) {
            Some(kept) => {
                let moved = step(&kept.account)?;
                kept.touched |= moved != kept.account;
                kept.account = moved;
            }
            None => {
                let opened = Account::open(self.ids.id(), affiliate, currency);
                let moved = step(&opened)?;
                if moved != opened {
                    self.all.push(Kept { account: moved, version: None, touched: true });
                }
            }
        }
        Ok(())
    }
}
