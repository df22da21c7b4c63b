//! `trees`

use super::TableRow;
use crate::{error::Damaged, schema::trees, values::Uid};
use diesel::prelude::*;
use domain::MerchantId;
use ports::{Tree, Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = trees, primary_key(merchant_id, id))]
pub(crate) struct TreeRow {
    merchant_id: Uid,
    id: Uid,
    version: i64,
}

impl TreeRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for TreeRow {
    type Entity = Tree;

    /// A tree says itself whose it is: an organization's two merchants are founded in one set.
    fn of(_: MerchantId, tree: &Tree, version: Version) -> Self {
        let Tree { merchant_id } = tree;
        let merchant = Uid::from(*merchant_id);
        Self { merchant_id: merchant, id: merchant, version: version.number() }
    }

    fn read(self) -> Result<Versioned<Tree>, Damaged> {
        let Self { merchant_id: _, id, version } = self;
        Ok(Versioned { row: Tree { merchant_id: id.id() }, version: Version::stored(version) })
    }
}
