//! How an order is announced, and how it stands in a response.

use crate::context::UseCaseContext;
use domain::{GroupStatus, Merchant, Order};
use ports::{ChangeSet, CheckoutSession, Renderer, Resource, Tenant, Topic};

/// As what a response represents an order. It is announced as an order in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OrderRepresentation {
    /// As what it is.
    Order,
    /// As the checkout session that legacy clients know.
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
    /// Renders the body of the response.
    pub(crate) fn rendered(self, representation: OrderRepresentation, renderer: &dyn Renderer) -> Vec<u8> {
        let Self { merchant, order, group, body } = self;
        match representation {
            OrderRepresentation::Order => body,
            OrderRepresentation::CheckoutSession => {
                let tenant = Tenant::from(&merchant);
                let session = CheckoutSession { order, group, url: merchant.settings.landing_url };
                renderer.object(Resource::CheckoutSession(tenant, &session))
            }
        }
    }
}

/// Shows an order and announces it; returns it as it is shown.
pub(crate) fn announce(
    context: &UseCaseContext,
    set: &mut ChangeSet,
    merchant: &Merchant,
    topic: Topic,
    order: &Order,
) -> Vec<u8> {
    let body = context.renderer.object(Resource::Order(Tenant::from(merchant), order));
    context.announce(set, merchant, topic, order.updated_at, &body);
    body
}
