//! Customers.

use super::{
    counted::counted,
    one::{customer, merchant},
};
use crate::{SqliteStorage, error::SqliteError, rows::owner_of, schema::customers, values::Uid};
use async_trait::async_trait;
use diesel::prelude::*;
use domain::{Customer, CustomerId, Email, MerchantId};
use ports::{Counted, CustomerFacts, CustomerReads, CustomerTerm, ListRequest, ReadError, Space};
use uuid::Uuid;

/// Which customer has an address.
pub(super) fn email_owner(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    email: &Email,
) -> QueryResult<Option<Uuid>> {
    owner_of(connection, merchant, Space::CustomerEmail, &email.folded())
}

fn list(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    request: &ListRequest<CustomerTerm>,
) -> Result<Counted<Customer>, SqliteError> {
    let kept = customers::table.filter(customers::merchant_id.eq(Uid::from(merchant)));
    let kept = kept.filter(customers::deleted_at.is_null());
    counted!(connection, merchant, kept.into_boxed(), customers as Customer, request)
}

#[async_trait]
impl CustomerReads for SqliteStorage {
    async fn customer(&self, merchant: MerchantId, id: CustomerId) -> Result<Option<Customer>, ReadError> {
        let work = move |connection: &mut SqliteConnection| customer(connection, merchant, id);
        Ok(self.readers.read(work).await?.map(|found| found.row))
    }

    async fn customers(
        &self,
        merchant: MerchantId,
        request: &ListRequest<CustomerTerm>,
    ) -> Result<Counted<Customer>, ReadError> {
        let request = request.clone();
        self.readers.read(move |connection| list(connection, merchant, &request)).await
    }

    async fn customer_facts(
        &self,
        id: MerchantId,
        of: Option<CustomerId>,
        email: Option<&Email>,
    ) -> Result<Option<CustomerFacts>, ReadError> {
        let email = email.cloned();
        let work = move |connection: &mut SqliteConnection| {
            let Some(merchant) = merchant(connection, id)? else { return Ok(None) };
            let customer = of.map(|of| customer(connection, id, of)).transpose()?.flatten();
            let email_owner = email.map(|email| email_owner(connection, id, &email)).transpose()?.flatten();
            Ok(Some(CustomerFacts { merchant, customer, email_owner }))
        };
        self.readers.read(work).await
    }
}
