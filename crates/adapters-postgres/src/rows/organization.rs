//! Organizations.

use super::{Image, Mapped, Readable, parsed, rows, time, values::instant};
use diesel::data_types::PgTimestamp;
use domain::{MerchantId, Organization, OrganizationId, OrganizationName, Plan};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// An organization.
    OrganizationRow of "organizations" by (id) {
        id: Uuid,
        name: String,
        plan: String,
        test_merchant_id: Uuid,
        live_merchant_id: Uuid,
        created_at: PgTimestamp,
        version: i64,
    }
}

impl Image for OrganizationRow {
    type Of = Organization;

    fn image(_: MerchantId, organization: &Organization, version: Version) -> Self {
        let Organization { id, name, plan, test, live, created_at } = organization;
        Self {
            id: id.uuid(),
            name: name.as_str().to_owned(),
            plan: plan.as_str().to_owned(),
            test_merchant_id: test.uuid(),
            live_merchant_id: live.uuid(),
            created_at: time(*created_at),
            version: version.number(),
        }
    }
}

impl Readable for OrganizationRow {
    fn versioned(self) -> Mapped<Versioned<Organization>> {
        let Self { id, name, plan, test_merchant_id, live_merchant_id, created_at, version } = self;
        let row = Organization {
            id: OrganizationId::from_uuid(id),
            name: parsed(OrganizationName::parse(&name))?,
            plan: parsed(plan.parse::<Plan>())?,
            test: MerchantId::from_uuid(test_merchant_id),
            live: MerchantId::from_uuid(live_merchant_id),
            created_at: instant(created_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
