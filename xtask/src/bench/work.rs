//! What is measured.

use super::request::{Template, UNIQUE};
use super::shop::Shop;
use clap::ValueEnum;

/// A kind of request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Work {
    /// A purchase by coupon: key, attribution, event, commission and announcement, durable.
    Events,
    /// One affiliate.
    Affiliate,
    /// The first page of fifty affiliates.
    Affiliates,
    /// A visitor's redirect, with the click stored.
    Redirect,
}

/// The same SQL for pgbench.
pub(super) struct Yardstick {
    /// What the table calls it.
    pub(super) name: &'static str,
    pub(super) script: &'static str,
}

impl Work {
    /// What the table calls it.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Events => "`POST /events`",
            Self::Affiliate => "`GET /affiliates/{id}`",
            Self::Affiliates => "`GET /affiliates?limit=50`",
            Self::Redirect => "redirect with click",
        }
    }

    /// The status of a right answer.
    pub(super) fn expected(self) -> u16 {
        match self {
            Self::Events => 201,
            Self::Affiliate | Self::Affiliates => 200,
            Self::Redirect => 302,
        }
    }

    /// The requests, one for each affiliate where they differ.
    pub(super) fn requests(self, shop: &Shop) -> Vec<Template> {
        let bearer = shop.bearer();
        let authorization = [("Authorization", bearer.as_str())];
        let affiliates = shop.affiliates.iter();
        match self {
            Self::Events => {
                let body = |coupon: &str| {
                    format!(
                        r#"{{"type":"purchase","amount":99.00,"currency":"USD","coupon":"{coupon}","external_id":"{UNIQUE}"}}"#
                    )
                };
                let event = |coupon| Template::json("POST", "/api/v1/events", &authorization, &body(coupon));
                affiliates.map(|it| event(&it.coupon)).collect()
            }
            Self::Affiliate => {
                affiliates.map(|it| Template::get(&format!("/api/v1/affiliates/{}", it.id), &authorization)).collect()
            }
            Self::Affiliates => vec![Template::get("/api/v1/affiliates?limit=50", &authorization)],
            Self::Redirect => {
                affiliates.map(|it| Template::get(&format!("/r/{}/{}", shop.slug, it.slug), &[])).collect()
            }
        }
    }

    /// What PostgreSQL itself does for the same rows, to be compared with.
    pub(super) fn yardsticks(self) -> &'static [Yardstick] {
        &[]
    }
}
