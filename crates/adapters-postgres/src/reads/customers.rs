//! Customers.

use super::{Read, counted, one::customer, owner};
use crate::{
    PostgresStorage,
    rows::{Found, select},
    sql::Sql,
};
use async_trait::async_trait;
use domain::{Customer, CustomerId, Email, Merchant, MerchantId};
use ports::{Counted, CustomerFacts, CustomerReads, CustomerTerm, ListRequest, Space};
use tokio::try_join;
use uuid::Uuid;

#[async_trait]
impl CustomerReads for PostgresStorage {
    async fn customer(&self, merchant: MerchantId, id: CustomerId) -> Read<Option<Customer>> {
        let row = self.readers.reader()?.first(customer(merchant, Some(id))).await?;
        Ok(row.map(Found::entity).transpose()?)
    }

    async fn customers(&self, merchant: MerchantId, request: &ListRequest<CustomerTerm>) -> Read<Counted<Customer>> {
        let found =
            || Sql::<Found<Customer>>::new(" WHERE t.merchant_id = ? AND t.deleted_at IS NULL").bind(merchant.uuid());
        counted(&self.readers.reader()?, merchant, found, request).await
    }

    async fn customer_facts(
        &self,
        merchant: MerchantId,
        id: Option<CustomerId>,
        email: Option<&Email>,
    ) -> Read<Option<CustomerFacts>> {
        let facts = Sql::<(Found<Merchant>, Option<Uuid>)>::new(format!(
            "SELECT {}, {} FROM merchants m WHERE m.id = ?",
            select::<Merchant>("m"),
            owner(Space::CustomerEmail),
        ));
        let facts = facts.bind(merchant.uuid()).bind(email.map(Email::folded)).bind(merchant.uuid());
        let reader = self.readers.reader()?;
        let (facts, found) = try_join!(biased; reader.first(facts), reader.first(customer(merchant, id)))?;
        let Some((merchant, email_owner)) = facts else { return Ok(None) };
        let customer = found.map(Found::versioned).transpose()?;
        Ok(Some(CustomerFacts { merchant: merchant.versioned()?, customer, email_owner }))
    }
}
