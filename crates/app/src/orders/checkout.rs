//! Orders as legacy clients know them: as checkout sessions. The same orders, represented in another way.

use super::{OrderRefund, Orders};
use crate::{AppError, IdempotentRequest, Principal, Response, order_representation::OrderRepresentation};
use domain::{GroupId, Order, OrderId, Refusal};
use ports::{CheckoutSession, Counted, ListRequest, OrderFacts, OrderTerm, SessionFacts};

impl Orders {
    /// Takes a whole order back while its group is open: it takes part no longer.
    pub async fn expire_session(
        &self,
        who: &Principal,
        id: OrderId,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let all = OrderRefund { minor: None, while_open: true };
        self.take_back(OrderRepresentation::CheckoutSession, who, id, all, request).await
    }

    /// One session.
    pub async fn session(&self, who: &Principal, id: OrderId) -> Result<CheckoutSession, AppError> {
        let facts = self.reads.order_facts(who.merchant_id, id).await?;
        let OrderFacts { merchant, order, group } = facts.ok_or(Refusal::NotFound)?;
        Ok(CheckoutSession { order: order.row, group: group.row.status, url: merchant.row.settings.landing_url })
    }

    /// A part of them.
    pub async fn sessions(
        &self,
        who: &Principal,
        page: &ListRequest<OrderTerm>,
    ) -> Result<Counted<CheckoutSession>, AppError> {
        let Counted { rows, count } = self.reads.orders(who.merchant_id, page).await?;
        let mut groups: Vec<GroupId> = rows.iter().map(|order| order.group_id).collect();
        groups.sort_unstable();
        groups.dedup();
        let facts = self.reads.session_facts(who.merchant_id, &groups).await?;
        let SessionFacts { merchant, groups } = facts.ok_or(Refusal::NotFound)?;
        let session = |order: Order| {
            let group = *groups.get(&order.group_id)?;
            Some(CheckoutSession { order, group, url: merchant.settings.landing_url.clone() })
        };
        Ok(Counted { rows: rows.into_iter().filter_map(session).collect(), count })
    }
}
