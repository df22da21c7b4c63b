//! Customers' bonds.

use super::{Image, Mapped, Readable, parsed, rows, time, values::instant};
use diesel::data_types::PgTimestamp;
use domain::{AffiliateId, Binding, BindingId, EventId, MerchantId};
use ports::{Version, Versioned};
use uuid::Uuid;

rows! {
    /// A customer's bond to an affiliate.
    BindingRow of "bindings" by (merchant_id, id) {
        merchant_id: Uuid,
        id: Uuid,
        affiliate_id: Uuid,
        event_id: Uuid,
        renewals: i64,
        created_at: PgTimestamp,
        version: i64,
    }
}

impl Image for BindingRow {
    type Of = Binding;

    fn image(merchant: MerchantId, binding: &Binding, version: Version) -> Self {
        let Binding { id, affiliate_id, event_id, renewals, created_at } = binding;
        Self {
            merchant_id: merchant.uuid(),
            id: id.uuid(),
            affiliate_id: affiliate_id.uuid(),
            event_id: event_id.uuid(),
            renewals: i64::from(*renewals),
            created_at: time(*created_at),
            version: version.number(),
        }
    }
}

impl Readable for BindingRow {
    fn versioned(self) -> Mapped<Versioned<Binding>> {
        let Self { merchant_id: _, id, affiliate_id, event_id, renewals, created_at, version } = self;
        let row = Binding {
            id: BindingId::from_uuid(id),
            affiliate_id: AffiliateId::from_uuid(affiliate_id),
            event_id: EventId::from_uuid(event_id),
            renewals: parsed(u32::try_from(renewals))?,
            created_at: instant(created_at)?,
        };
        Ok(Versioned { row, version: Version::stored(version) })
    }
}
