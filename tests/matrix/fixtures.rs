//! One valid request for each operation.

use crate::support::{Operation, Shop, never_here, number};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Makes [`Things`] of the list of them.
macro_rules! things {
    ($($(#[$doc:meta])* $thing:ident,)*) => {
        /// Things that requests name.
        #[derive(Debug)]
        pub(crate) struct Things {
            $($(#[$doc])* pub(crate) $thing: Value,)*
            pub(crate) slug: String,
        }

        impl Things {
            /// All that have an id.
            pub(crate) fn all(&self) -> impl Iterator<Item = &Value> {
                [$(&self.$thing),*].into_iter()
            }

            /// The same with ids that never existed.
            pub(crate) fn never(&self) -> Self {
                Self { $($thing: never(&self.$thing),)* slug: self.slug.clone() }
            }
        }
    };
}
things! {
    affiliate,
    pending,
    coupon,
    tier,
    rule,
    event,
    commission,
    /// An affiliate that is owed a payout.
    owed,
    /// A payout that is open.
    payout,
    /// The item of a payout that is processing.
    sent,
    /// Of the open group.
    customer,
    /// In the open group.
    order,
    group,
    /// In a completed group.
    available,
}

fn never(thing: &Value) -> Value {
    let mut thing = thing.clone();
    // An item is addressed by its payout's id too.
    for name in ["id", "payout_id"] {
        if let Some(id) = thing[name].as_str() {
            thing[name] = never_here(id).into();
        }
    }
    thing
}

/// The response to the same request with another merchant's key that has every scope.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stranger {
    /// 404, as for an id that never existed.
    NotFound,
    /// 417 that names this field of the body, as for an id that never existed.
    Refused(&'static str),
    /// An answer about the stranger's own things.
    Own,
    /// An answer about the stranger's own things in test mode; 403 in live mode, where there is no such operation.
    TestMode,
    /// The operation needs no key.
    Public,
}

/// A valid request.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fixture {
    pub(crate) operation: &'static str,
    pub(crate) path: fn(&Things) -> String,
    pub(crate) body: Option<fn(&Things) -> Value>,
    pub(crate) stranger: Stranger,
}

impl Things {
    /// Made for each request, so that one that uses them up does not affect another.
    pub(crate) async fn make(shop: &Shop) -> Self {
        let affiliate = shop.affiliate().await;
        let email = format!("pending{}@example.com", number());
        let pending = shop.affiliate_with(json!({"email": email, "status": "pending"})).await;
        let wish = json!({"affiliate_id": affiliate["id"], "code": format!("CODE-{}", number())});
        let coupon = shop.client.post("coupons", &wish).await.created();
        // The number of tiers is limited: those of earlier runs are deleted.
        for tier in shop.client.all("tiers").await {
            shop.client.delete(&format!("tiers/{}", id(&tier))).await;
        }
        let wish = json!({"name": format!("Tier {}", number()), "rate": 0.3, "metric": "orders", "threshold": 10});
        let tier = shop.client.post("tiers", &wish).await.created();
        let wish = json!({"scope": "affiliate", "scope_ref": affiliate["id"], "rate": 0.2});
        let rule = shop.client.post("commission-rules", &wish).await.created();
        let event = shop.purchase(&affiliate).await;
        let commission = event["commissions"][0].clone();
        let ((owed, _), (payout, _), (_, sent)) = (shop.owed().await, shop.payout().await, shop.payout().await);
        let path = format!("payouts/{}", sent["payout_id"].as_str().unwrap());
        shop.client.patch(&path, &json!({"status": "processing"})).await.ok();
        let slug = shop.slug().await;
        let available = shop.completed_pair().await;
        // Open for longer than any test.
        shop.client.patch("group-settings", &json!({"minutesDuration": 10_000})).await.ok();
        let [order, customer, group] = opened(shop).await;
        Self {
            affiliate,
            pending,
            coupon,
            tier,
            rule,
            event,
            commission,
            owed,
            payout,
            sent,
            slug,
            customer,
            order,
            group,
            available,
        }
    }
}

impl Things {
    /// The same with a customer, an order and a group that nothing was done to yet.
    pub(crate) async fn open_anew(&mut self, shop: &Shop) {
        [self.order, self.customer, self.group] = opened(shop).await;
    }
}

/// An order, the customer who placed it, and the group that it opened.
async fn opened(shop: &Shop) -> [Value; 3] {
    let order = shop.order(json!({})).await;
    let customer = shop.client.get(&format!("customers/{}", order["customerId"].as_str().unwrap())).await.ok();
    let group = shop.client.get(&format!("groups/{}", order["paymentGroupId"].as_str().unwrap())).await.ok();
    [order, customer, group]
}

/// The id of a thing.
pub(crate) fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}

/// Every fixture.
pub(crate) const ALL: &[Fixture] = &[
    Fixture {
        operation: "GET /api/v1/affiliates",
        path: |_| "affiliates".to_owned(),
        body: None,
        stranger: Stranger::Own,
    },
    Fixture {
        operation: "POST /api/v1/affiliates",
        path: |_| "affiliates".to_owned(),
        body: Some(|_| json!({"email": format!("new{}@example.com", number()), "display_name": "New"})),
        stranger: Stranger::Own,
    },
    Fixture {
        operation: "GET /api/v1/affiliates/{id}",
        path: |things| format!("affiliates/{}", id(&things.affiliate)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "PATCH /api/v1/affiliates/{id}",
        path: |things| format!("affiliates/{}", id(&things.pending)),
        body: Some(|_| json!({"status": "approved"})),
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "POST /api/v1/affiliates/{id}/erase",
        path: |things| format!("affiliates/{}/erase", id(&things.pending)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture { operation: "GET /api/v1/coupons", path: |_| "coupons".to_owned(), body: None, stranger: Stranger::Own },
    Fixture {
        operation: "POST /api/v1/coupons",
        path: |_| "coupons".to_owned(),
        body: Some(|things| json!({"affiliate_id": things.affiliate["id"], "code": format!("NEW-{}", number())})),
        stranger: Stranger::Refused("affiliate_id"),
    },
    Fixture {
        operation: "DELETE /api/v1/coupons/{id}",
        path: |things| format!("coupons/{}", id(&things.coupon)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture { operation: "GET /api/v1/tiers", path: |_| "tiers".to_owned(), body: None, stranger: Stranger::Own },
    Fixture {
        operation: "POST /api/v1/tiers",
        path: |_| "tiers".to_owned(),
        body: Some(
            |_| json!({"name": format!("New {}", number()), "rate": 0.3, "metric": "revenue", "threshold": 100}),
        ),
        stranger: Stranger::Own,
    },
    Fixture {
        operation: "GET /api/v1/tiers/{id}",
        path: |things| format!("tiers/{}", id(&things.tier)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "PATCH /api/v1/tiers/{id}",
        path: |things| format!("tiers/{}", id(&things.tier)),
        body: Some(|_| json!({"rate": 0.35})),
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "DELETE /api/v1/tiers/{id}",
        path: |things| format!("tiers/{}", id(&things.tier)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "GET /api/v1/commission-rules",
        path: |_| "commission-rules".to_owned(),
        body: None,
        stranger: Stranger::Own,
    },
    Fixture {
        operation: "POST /api/v1/commission-rules",
        path: |_| "commission-rules".to_owned(),
        body: Some(|things| json!({"scope": "affiliate", "scope_ref": things.affiliate["id"], "rate": 0.2})),
        stranger: Stranger::Refused("scope_ref"),
    },
    Fixture {
        operation: "GET /api/v1/commission-rules/{id}",
        path: |things| format!("commission-rules/{}", id(&things.rule)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "PATCH /api/v1/commission-rules/{id}",
        path: |things| format!("commission-rules/{}", id(&things.rule)),
        body: Some(|_| json!({"rate": 0.1})),
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "DELETE /api/v1/commission-rules/{id}",
        path: |things| format!("commission-rules/{}", id(&things.rule)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture { operation: "GET /api/v1/settings", path: |_| "settings".to_owned(), body: None, stranger: Stranger::Own },
    Fixture {
        operation: "PATCH /api/v1/settings",
        path: |_| "settings".to_owned(),
        body: Some(|_| json!({"hold_days": 14})),
        stranger: Stranger::Own,
    },
    Fixture { operation: "GET /api/v1/events", path: |_| "events".to_owned(), body: None, stranger: Stranger::Own },
    Fixture {
        operation: "POST /api/v1/events",
        path: |_| "events".to_owned(),
        body: Some(|things| {
            json!({"type": "purchase", "amount": 10, "external_id": format!("new-{}", number()),
                "affiliate_id": things.affiliate["id"], "customer": {"email": "buyer@example.com"}})
        }),
        stranger: Stranger::Refused("affiliate_id"),
    },
    Fixture {
        operation: "POST /api/v1/events/batch",
        path: |_| "events/batch".to_owned(),
        body: Some(
            |_| json!({"events": [{"type": "purchase", "amount": 10, "external_id": format!("batch-{}", number())}]}),
        ),
        stranger: Stranger::Own,
    },
    Fixture {
        operation: "GET /api/v1/events/{id}",
        path: |things| format!("events/{}", id(&things.event)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "GET /api/v1/events/{id}/explain",
        path: |things| format!("events/{}/explain", id(&things.event)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "GET /api/v1/commissions",
        path: |_| "commissions".to_owned(),
        body: None,
        stranger: Stranger::Own,
    },
    Fixture {
        operation: "GET /api/v1/commissions/{id}",
        path: |things| format!("commissions/{}", id(&things.commission)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "PATCH /api/v1/commissions/{id}",
        path: |things| format!("commissions/{}", id(&things.commission)),
        body: Some(|_| json!({"status": "approved"})),
        stranger: Stranger::NotFound,
    },
    Fixture { operation: "GET /api/v1/payouts", path: |_| "payouts".to_owned(), body: None, stranger: Stranger::Own },
    Fixture {
        operation: "POST /api/v1/payouts",
        path: |_| "payouts".to_owned(),
        body: Some(|things| json!({"currency": "USD", "affiliate_ids": [things.owed["id"]]})),
        stranger: Stranger::Refused("affiliate_ids"),
    },
    Fixture {
        operation: "GET /api/v1/payouts/{id}",
        path: |things| format!("payouts/{}", id(&things.payout)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "PATCH /api/v1/payouts/{id}",
        path: |things| format!("payouts/{}", id(&things.payout)),
        body: Some(|_| json!({"status": "processing"})),
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "GET /api/v1/payouts/{id}/items",
        path: |things| format!("payouts/{}/items", id(&things.payout)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "GET /api/v1/payouts/{id}/export",
        path: |things| format!("payouts/{}/export?format=paypal", id(&things.payout)),
        body: None,
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "POST /api/v1/payouts/{id}/results",
        path: |things| format!("payouts/{}/results", things.sent["payout_id"].as_str().unwrap()),
        body: Some(
            |things| json!({"items": [{"item_id": things.sent["id"], "status": "paid", "amount": things.sent["amount"]}]}),
        ),
        stranger: Stranger::NotFound,
    },
    Fixture {
        operation: "GET /api/v1/test/clock",
        path: |_| "test/clock".to_owned(),
        body: None,
        stranger: Stranger::TestMode,
    },
    Fixture {
        operation: "POST /api/v1/test/clock/advance",
        path: |_| "test/clock/advance".to_owned(),
        body: Some(|_| json!({"seconds": 60})),
        stranger: Stranger::TestMode,
    },
    Fixture {
        operation: "POST /api/v1/test/reset",
        path: |_| "test/reset".to_owned(),
        body: None,
        stranger: Stranger::TestMode,
    },
    Fixture {
        operation: "GET /r/{merchant}/{affiliate}",
        path: |things| format!("/r/{}/{}", things.slug, things.affiliate["slug"].as_str().unwrap()),
        body: None,
        stranger: Stranger::Public,
    },
    Fixture {
        operation: "POST /api/t/click",
        path: |_| "/api/t/click".to_owned(),
        body: Some(
            |things| json!({"merchant": things.slug, "session": "0123456789abcdef", "ref": things.affiliate["slug"]}),
        ),
        stranger: Stranger::Public,
    },
    public("OPTIONS /api/t/click", |_| "/api/t/click".to_owned()),
    public("GET /t.js", |_| "/t.js".to_owned()),
    public("GET /api/v1/openapi", |_| "openapi".to_owned()),
    public("GET /api/v1/errors", |_| "errors".to_owned()),
    public("GET /livez", |_| "/livez".to_owned()),
    public("GET /readyz", |_| "/readyz".to_owned()),
];

/// What `dry_run=true` makes of an operation.
const TRIED: &[Fixture] = &[Fixture {
    operation: "POST /api/v1/events",
    path: |_| "events?dry_run=true".to_owned(),
    body: Some(
        |things| json!({"type": "purchase", "amount": 10, "external_id": "tried", "affiliate_id": things.affiliate["id"]}),
    ),
    stranger: Stranger::Refused("affiliate_id"),
}];

/// The operations that can be tried, as they are then: with the scope that is enough for it.
#[track_caller]
pub(crate) fn tried(operations: &[Operation]) -> Vec<(Operation, &'static Fixture)> {
    let as_tried = |operation: &Operation| {
        let mut tried = operation.clone();
        tried.facts["x-scope"] = tried.facts.get("x-dry-run-scope")?.clone();
        let fixture = TRIED.iter().find(|fixture| fixture.operation == operation.name());
        Some((tried, fixture.unwrap_or_else(|| panic!("no fixture for a dry run of {}", operation.name()))))
    };
    operations.iter().filter_map(as_tried).collect()
}

const fn public(operation: &'static str, path: fn(&Things) -> String) -> Fixture {
    Fixture { operation, path, body: None, stranger: Stranger::Public }
}

/// Every fixture there is.
fn all() -> impl Iterator<Item = &'static Fixture> {
    ALL.iter().chain(crate::groups::GROUPS)
}

/// Each operation with its fixture; panics with the names of those that lack one.
#[track_caller]
pub(crate) fn paired(operations: &[Operation]) -> Vec<(&Operation, &'static Fixture)> {
    let named = |operation: &Operation| all().find(|fixture| fixture.operation == operation.name());
    let without: BTreeSet<String> =
        operations.iter().filter(|operation| named(operation).is_none()).map(Operation::name).collect();
    assert!(without.is_empty(), "operations without a fixture: {without:#?}");
    let names: BTreeSet<String> = operations.iter().map(Operation::name).collect();
    let stale: Vec<&str> = all().map(|fixture| fixture.operation).filter(|name| !names.contains(*name)).collect();
    assert!(stale.is_empty(), "fixtures without an operation: {stale:#?}");
    operations.iter().filter_map(|operation| Some((operation, named(operation)?))).collect()
}
