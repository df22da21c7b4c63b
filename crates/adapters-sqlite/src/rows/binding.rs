//! `bindings`

use super::{Reading, TableRow};
use crate::{error::Damaged, schema::bindings, values::Uid};
use diesel::prelude::*;
use domain::{Binding, MerchantId};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = bindings, primary_key(merchant_id, id))]
pub(crate) struct BindingRow {
    merchant_id: Uid,
    id: Uid,
    affiliate_id: Uid,
    event_id: Uid,
    renewals: i64,
    created_at: i64,
    version: i64,
}

impl BindingRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.merchant_id, self.id)
    }
}

impl TableRow for BindingRow {
    type Entity = Binding;

    fn of(merchant: MerchantId, binding: &Binding, version: Version) -> Self {
        let Binding { id, affiliate_id, event_id, renewals, created_at } = binding;
        Self {
            merchant_id: Uid::from(merchant),
            id: Uid::from(*id),
            affiliate_id: Uid::from(*affiliate_id),
            event_id: Uid::from(*event_id),
            renewals: i64::from(*renewals),
            created_at: created_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Binding>, Damaged> {
        let Self { merchant_id: _, id, affiliate_id, event_id, renewals, created_at, version } = self;
        let reading = Reading::of("bindings", id.0);
        let row = Binding {
            id: id.id(),
            affiliate_id: affiliate_id.id(),
            event_id: event_id.id(),
            renewals: reading.number("renewals", renewals)?,
            created_at: reading.time("created_at", created_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
