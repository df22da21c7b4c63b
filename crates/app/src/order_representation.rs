//! How an order is announced, and how it stands in a response.

use crate::desk::Desk;
use domain::{GroupStatus, Merchant, Order};
use ports::{ChangeSet, CheckoutSession, Shown, Tenant, Topic, Wire};

/// What an order is answered as. It is announced as an order in any case.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clothes {
    Order,
    CheckoutSession,
}

/// An order as a use case writes it.
pub(crate) struct WrittenOrder {
    pub(crate) merchant: Merchant,
    pub(crate) order: Order,
    /// Where its group stands.
    pub(crate) group: GroupStatus,
    /// As it is announced.
    pub(crate) body: Vec<u8>,
}

impl WrittenOrder {
    /// The body of a response.
    pub(crate) fn dressed(self, clothes: Clothes, wire: &dyn Wire) -> Vec<u8> {
        let Self { merchant, order, group, body } = self;
        match clothes {
            Clothes::Order => body,
            Clothes::CheckoutSession => {
                let tenant = Tenant::from(&merchant);
                let session = CheckoutSession { order, group, url: merchant.settings.landing_url };
                wire.object(Shown::CheckoutSession(tenant, &session))
            }
        }
    }
}

/// Shows an order and announces it; returns it as it is shown.
pub(crate) fn announce(desk: &Desk, set: &mut ChangeSet, merchant: &Merchant, topic: Topic, order: &Order) -> Vec<u8> {
    let body = desk.wire.object(Shown::Order(Tenant::from(merchant), order));
    desk.announce(set, merchant, topic, order.updated_at, &body);
    body
}
