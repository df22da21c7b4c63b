//! `organizations`

use super::{Reading, TableRow};
use crate::{error::Damaged, schema::organizations, values::Uid};
use diesel::prelude::*;
use domain::{MerchantId, Organization, OrganizationName};
use ports::{Version, Versioned};

#[derive(Debug, Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = organizations, treat_none_as_default_value = false, treat_none_as_null = true)]
pub(crate) struct OrganizationRow {
    id: Uid,
    name: String,
    plan: String,
    test_merchant_id: Uid,
    live_merchant_id: Uid,
    created_at: i64,
    version: i64,
}

impl OrganizationRow {
    pub(super) fn key(&self) -> (Uid, Uid) {
        (self.id, self.id)
    }
}

impl TableRow for OrganizationRow {
    type Entity = Organization;

    fn of(_: MerchantId, organization: &Organization, version: Version) -> Self {
        let Organization { id, name, plan, test, live, created_at } = organization;
        Self {
            id: Uid::from(*id),
            name: name.as_str().to_owned(),
            plan: plan.as_str().to_owned(),
            test_merchant_id: Uid::from(*test),
            live_merchant_id: Uid::from(*live),
            created_at: created_at.micros(),
            version: version.number(),
        }
    }

    fn read(self) -> Result<Versioned<Organization>, Damaged> {
        let Self { id, name, plan, test_merchant_id, live_merchant_id, created_at, version } = self;
        let reading = Reading::of("organizations", id.0);
        let row = Organization {
            id: id.id(),
            name: reading.get("name", OrganizationName::parse(&name))?,
            plan: reading.get("plan", plan.parse())?,
            test: test_merchant_id.id(),
            live: live_merchant_id.id(),
            created_at: reading.time("created_at", created_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
