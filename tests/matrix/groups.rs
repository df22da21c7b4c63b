//! One valid request for each operation on customers, orders and groups, which stand under the base path and at the root.

use crate::fixtures::{Fixture, Stranger, Things, id};
use serde_json::{Value, json};

/// A fixture for each of the two paths of an operation.
macro_rules! twins {
    ($($method:literal $path:literal, $at:expr, $body:expr, $stranger:expr;)*) => {
        /// Every fixture of these operations.
        pub(crate) const GROUPS: &[Fixture] = &[$(
            Fixture {
                operation: concat!($method, " /api/v1", $path), path: $at, body: $body, stranger: $stranger,
            },
            Fixture {
                operation: concat!($method, " ", $path),
                path: |things| {
                    const AT: fn(&Things) -> String = $at;
                    format!("/{}", AT(things))
                },
                body: $body,
                stranger: $stranger,
            },
        )*];
    };
}

const NOTHING: Option<fn(&Things) -> Value> = None;

twins! {
    "GET" "/customers", |_| "customers".to_owned(), NOTHING, Stranger::Own;
    "POST" "/customers", |_| "customers".to_owned(),
        Some(|_| json!({"emailAddress": format!("new{}@example.com", crate::support::number()), "firstName": "New"})),
        Stranger::Own;
    "GET" "/customers/{id}", |things| format!("customers/{}", id(&things.customer)), NOTHING, Stranger::NotFound;
    "PATCH" "/customers/{id}", |things| format!("customers/{}", id(&things.customer)),
        Some(|_| json!({"lastName": "Changed"})), Stranger::NotFound;
    "DELETE" "/customers/{id}", |things| format!("customers/{}", id(&things.customer)), NOTHING, Stranger::NotFound;
    "POST" "/customers/{id}/erase", |things| format!("customers/{}/erase", id(&things.customer)), NOTHING,
        Stranger::NotFound;
    "PATCH" "/customers/{id}/block", |things| format!("customers/{}/block", id(&things.customer)), NOTHING,
        Stranger::NotFound;
    "PATCH" "/customers/{id}/unblock", |things| format!("customers/{}/unblock", id(&things.customer)), NOTHING,
        Stranger::NotFound;
    "GET" "/orders", |_| "orders".to_owned(), NOTHING, Stranger::Own;
    "POST" "/orders", |_| "orders".to_owned(),
        Some(|things| json!({"amount": 35_000, "customerEmail": format!("new{}@example.com", crate::support::number()),
            "coupon": things.coupon["code"]})),
        Stranger::Own;
    "GET" "/orders/{id}", |things| format!("orders/{}", id(&things.order)), NOTHING, Stranger::NotFound;
    "PATCH" "/orders/{id}", |things| format!("orders/{}", id(&things.available)),
        Some(|_| json!({"status": "CASHBACK_PROCESSING"})), Stranger::NotFound;
    "POST" "/orders/{id}/refund", |things| format!("orders/{}/refund", id(&things.available)),
        Some(|_| json!({"amount": 1})), Stranger::NotFound;
    "GET" "/groups", |_| "groups".to_owned(), NOTHING, Stranger::Own;
    "POST" "/groups", |_| "groups".to_owned(), Some(|things| json!({"customerId": things.customer["id"]})),
        Stranger::Refused("customerId");
    "GET" "/groups/{id}", |things| format!("groups/{}", id(&things.group)), NOTHING, Stranger::NotFound;
    "PATCH" "/groups/{id}", |things| format!("groups/{}", id(&things.group)),
        Some(|_| json!({"metadata": {"a": "b"}})), Stranger::NotFound;
    "GET" "/groups/{id}/participants", |things| format!("groups/{}/participants", id(&things.group)), NOTHING,
        Stranger::NotFound;
    "POST" "/groups/{id}/cancel", |things| format!("groups/{}/cancel", id(&things.group)), NOTHING,
        Stranger::NotFound;
    "POST" "/groups/{id}/expire", |things| format!("groups/{}/expire", id(&things.group)), NOTHING,
        Stranger::NotFound;
    "POST" "/groups/{id}/validate", |things| format!("groups/{}/validate", id(&things.group)),
        Some(|_| json!({"customerEmail": "friend@example.com", "amount": 35_000})), Stranger::NotFound;
    "GET" "/payment-groups", |_| "payment-groups".to_owned(), NOTHING, Stranger::Own;
    "POST" "/payment-groups", |_| "payment-groups".to_owned(),
        Some(|things| json!({"customer_id": things.customer["id"]})), Stranger::Refused("customer_id");
    "GET" "/payment-groups/{id}", |things| format!("payment-groups/{}", id(&things.group)), NOTHING,
        Stranger::NotFound;
    "PATCH" "/payment-groups/{id}", |things| format!("payment-groups/{}", id(&things.group)),
        Some(|_| json!({"metadata": {"a": "b"}})), Stranger::NotFound;
    "GET" "/payment-groups/{id}/participants", |things| format!("payment-groups/{}/participants", id(&things.group)),
        NOTHING, Stranger::NotFound;
    "POST" "/payment-groups/{id}/cancel", |things| format!("payment-groups/{}/cancel", id(&things.group)), NOTHING,
        Stranger::NotFound;
    "POST" "/payment-groups/{id}/expire", |things| format!("payment-groups/{}/expire", id(&things.group)), NOTHING,
        Stranger::NotFound;
    "POST" "/payment-groups/{id}/validate", |things| format!("payment-groups/{}/validate", id(&things.group)),
        Some(|_| json!({"customer_email": "friend@example.com", "amount": 35_000})), Stranger::NotFound;
    "GET" "/checkout-sessions", |_| "checkout-sessions".to_owned(), NOTHING, Stranger::Own;
    "POST" "/checkout-sessions", |_| "checkout-sessions".to_owned(),
        Some(|_| json!({"amount_total": 35_000,
            "customer_email": format!("new{}@example.com", crate::support::number())})),
        Stranger::Own;
    "GET" "/checkout-sessions/{id}", |things| format!("checkout-sessions/{}", id(&things.order)), NOTHING,
        Stranger::NotFound;
    "POST" "/checkout-sessions/{id}/expire", |things| format!("checkout-sessions/{}/expire", id(&things.order)),
        NOTHING, Stranger::NotFound;
    "PATCH" "/checkout-sessions/{id}/expire", |things| format!("checkout-sessions/{}/expire", id(&things.order)),
        NOTHING, Stranger::NotFound;
    "GET" "/group-settings", |_| "group-settings".to_owned(), NOTHING, Stranger::Own;
    "PATCH" "/group-settings", |_| "group-settings".to_owned(), Some(|_| json!({"maxParticipants": 20})),
        Stranger::Own;
}
