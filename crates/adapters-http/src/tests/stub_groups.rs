//! The stub's reads of customers, orders and groups, which find nothing.

use super::stub::Stub;
use async_trait::async_trait;
use domain::{
    AffiliateId, Customer, CustomerId, Email, Event, EventId, Group, GroupId, MailId, MerchantId, Order, OrderId,
    OutgoingEmail, Timestamp,
};
use ports::{
    AffiliateTraces, ClosingFacts, Counted, CustomerFacts, CustomerReads, CustomerTerm, CustomerTraces, Due,
    ErasureReads, EventTraces, GroupFacts, GroupReads, GroupSettingsFacts, GroupTerm, ListRequest, MailReads,
    NewGroupFacts, OrderFacts, OrderLookup, OrderReads, OrderTerm, Part, PlaceFacts, ReadError, SessionFacts,
    Versioned,
};

type Read<T> = Result<T, ReadError>;

fn none<T>() -> Read<Counted<T>> {
    Ok(Counted { rows: Vec::new(), count: 0 })
}

#[async_trait]
impl CustomerReads for Stub {
    async fn customer(&self, _: MerchantId, _: CustomerId) -> Read<Option<Customer>> {
        Ok(None)
    }
    async fn customers(&self, _: MerchantId, _: &ListRequest<CustomerTerm>) -> Read<Counted<Customer>> {
        none()
    }
    async fn customer_facts(
        &self,
        _: MerchantId,
        _: Option<CustomerId>,
        _: Option<&Email>,
    ) -> Read<Option<CustomerFacts>> {
        Ok(None)
    }
}

#[async_trait]
impl MailReads for Stub {
    async fn mail(&self, _: MerchantId, _: MailId) -> Read<Option<Versioned<OutgoingEmail>>> {
        Ok(None)
    }
    async fn due_mails(&self, _: Timestamp, _: u32, _: u32) -> Read<Vec<Due<MailId>>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl ErasureReads for Stub {
    async fn customer_traces(&self, _: MerchantId, _: CustomerId, _: u32) -> Read<Option<CustomerTraces>> {
        Ok(None)
    }
    async fn affiliate_traces(&self, _: MerchantId, _: AffiliateId, _: u32) -> Read<Option<AffiliateTraces>> {
        Ok(None)
    }
    async fn event_traces(
        &self,
        _: MerchantId,
        _: &EventTraces,
        _: Option<EventId>,
        _: u32,
    ) -> Read<Part<Versioned<Event>, EventId>> {
        Ok(Part { found: Vec::new(), next: None })
    }
}

#[async_trait]
impl OrderReads for Stub {
    async fn order(&self, _: MerchantId, _: OrderId) -> Read<Option<Order>> {
        Ok(None)
    }
    async fn orders(&self, _: MerchantId, _: &ListRequest<OrderTerm>) -> Read<Counted<Order>> {
        none()
    }
    async fn place_facts(&self, _: MerchantId, _: &OrderLookup) -> Read<Option<PlaceFacts>> {
        Ok(None)
    }
    async fn order_facts(&self, _: MerchantId, _: OrderId) -> Read<Option<OrderFacts>> {
        Ok(None)
    }
    async fn session_facts(&self, _: MerchantId, _: &[GroupId]) -> Read<Option<SessionFacts>> {
        Ok(None)
    }
    async fn due_orders(&self, _: Timestamp, _: u32, _: u32) -> Read<Vec<Due<OrderId>>> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl GroupReads for Stub {
    async fn group_of_code(&self, _: MerchantId, _: &str) -> Read<Option<GroupId>> {
        Ok(None)
    }
    async fn group(&self, _: MerchantId, _: GroupId) -> Read<Option<Group>> {
        Ok(None)
    }
    async fn groups(&self, _: MerchantId, _: &ListRequest<GroupTerm>) -> Read<Counted<Group>> {
        none()
    }
    async fn participants(&self, _: MerchantId, _: GroupId, _: &ListRequest<OrderTerm>) -> Read<Counted<Order>> {
        none()
    }
    async fn new_group_facts(&self, _: MerchantId, _: CustomerId, _: Option<OrderId>) -> Read<Option<NewGroupFacts>> {
        Ok(None)
    }
    async fn group_facts(&self, _: MerchantId, _: GroupId) -> Read<Option<GroupFacts>> {
        Ok(None)
    }
    async fn closing_facts(&self, _: MerchantId, _: GroupId) -> Read<Option<ClosingFacts>> {
        Ok(None)
    }
    async fn group_settings(&self, _: MerchantId) -> Read<Option<GroupSettingsFacts>> {
        Ok(None)
    }
    async fn due_groups(&self, _: Timestamp, _: u32, _: u32) -> Read<Vec<Due<GroupId>>> {
        Ok(Vec::new())
    }
}
