//! A model of a storage, as simple as possible, that the write path is compared with.

use domain::MerchantId;
use ports::{ChangeSet, Claim, Entity, ResponseRecord, RowRef, Table, Version, Writes};
use std::{collections::BTreeMap, fmt::Debug};
use uuid::Uuid;

/// Rows with their versions, claims and responses in memory. Change sets are applied to it one after the other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Model {
    rows: BTreeMap<(Uuid, RowRef), (Version, String)>,
    claims: BTreeMap<(Uuid, i16, String), Uuid>,
    responses: BTreeMap<(MerchantId, String, String), ResponseRecord>,
}

impl Model {
    /// Applies all of `set` and says true, or none of it and says false: a conflict.
    ///
    /// # Panics
    /// If the set makes a row that exists or gives back a key that its owner does not have: a mistake of the test.
    pub fn apply(&mut self, set: &ChangeSet) -> bool {
        let holds = self.would_take(set);
        if holds {
            self.write(set);
        }
        holds
    }

    /// Whether `set` could be applied now.
    pub fn would_take(&self, set: &ChangeSet) -> bool {
        let expected = set
            .expectations()
            .iter()
            .all(|expected| self.version(set.merchant, expected.row) == Some(expected.version));
        let free = set.claims.iter().all(|claim| self.owner(set.merchant, claim).is_none());
        expected && free && set.response.as_ref().is_none_or(|response| self.has_room(set.merchant, response))
    }

    /// The version of a row.
    pub fn version(&self, merchant: MerchantId, row: RowRef) -> Option<Version> {
        self.rows.get(&row_key(merchant, row)).map(|(version, _)| *version)
    }

    /// What `Debug` says of the stored image of a row.
    pub fn image(&self, merchant: MerchantId, row: RowRef) -> Option<&str> {
        self.rows.get(&row_key(merchant, row)).map(|(_, image)| image.as_str())
    }

    /// The owner of the key that `claim` asks for.
    pub fn owner(&self, merchant: MerchantId, claim: &Claim) -> Option<Uuid> {
        self.claims.get(&claim_key(merchant, claim)).copied()
    }

    /// Whether `response` could be stored: there is no response for its key, or only an expired one.
    pub fn has_room(&self, merchant: MerchantId, response: &ResponseRecord) -> bool {
        self.responses.get(&response_key(merchant, response)).is_none_or(|kept| kept.expires_at <= response.created_at)
    }

    /// The answer in the place of `response`.
    pub fn kept(&self, merchant: MerchantId, response: &ResponseRecord) -> Option<&ResponseRecord> {
        self.responses.get(&response_key(merchant, response))
    }

    fn write(&mut self, set: &ChangeSet) {
        macro_rules! written {
            ($($rows:ident: $entity:ty, $table:ident by $id:ident;)*) => {
                $(self.write_table(set.merchant, &set.rows.$rows);)*
            };
        }
        ports::tables!(written);
        for claim in &set.claims {
            self.claims.insert(claim_key(set.merchant, claim), claim.owner);
        }
        for free in &set.frees {
            let had = self.claims.remove(&claim_key(set.merchant, free));
            assert_eq!(had, Some(free.owner), "{free:?}");
        }
        if let Some(response) = &set.response {
            self.responses.insert(response_key(set.merchant, response), response.clone());
        }
    }

    fn write_table<T: Entity + Debug>(&mut self, merchant: MerchantId, writes: &Writes<T>) {
        let Writes { new, changed, deleted } = writes;
        for row in new {
            let before = self.rows.insert(row_key(merchant, row.row_ref()), (Version::FIRST, format!("{row:?}")));
            assert_eq!(before, None, "a row is made once");
        }
        for change in changed {
            let image = (change.version.next(), format!("{:?}", change.row));
            self.rows.insert(row_key(merchant, change.row.row_ref()), image);
        }
        for &(id, _) in deleted {
            self.rows.remove(&row_key(merchant, RowRef { table: T::TABLE, id }));
        }
    }
}

fn row_key(merchant: MerchantId, row: RowRef) -> (Uuid, RowRef) {
    (scope(merchant, Table::is_global(row.table)), row)
}

fn claim_key(merchant: MerchantId, claim: &Claim) -> (Uuid, i16, String) {
    (scope(merchant, claim.space.is_global()), claim.space.number(), claim.key.clone())
}

fn response_key(merchant: MerchantId, response: &ResponseRecord) -> (MerchantId, String, String) {
    (merchant, response.route.clone(), response.key.as_str().to_owned())
}

fn scope(merchant: MerchantId, is_global: bool) -> Uuid {
    if is_global { Uuid::nil() } else { merchant.uuid() }
}
