//! Responses stored for idempotency.

use super::{
    Nodes,
    settle::{Outcome, commit, conflict, other_shop, shop, sound, win},
};
use crate::build::{self, moment};
use domain::{MerchantId, Timestamp};
use ports::{ChangeSet, ResponseRecord, ResponseStatus, StoredResponse};

/// A set that only stores a response.
fn keep(merchant: MerchantId, response: ResponseRecord) -> ChangeSet {
    ChangeSet { response: Some(response), ..ChangeSet::new(merchant) }
}

async fn kept(
    nodes: &Nodes,
    merchant: MerchantId,
    response: &ResponseRecord,
    now: Timestamp,
) -> Option<StoredResponse> {
    nodes.two.response(merchant, &response.route, &response.key, now).await.unwrap()
}

fn as_kept(response: &ResponseRecord) -> Option<StoredResponse> {
    Some(StoredResponse { fingerprint: response.fingerprint, status: response.status, body: response.body.clone() })
}

pub(crate) async fn an_answer_is_kept_to_the_byte_in_its_own_scope(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let every_byte: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
    let longest: String = std::iter::repeat_n('~', 255).collect();
    let responses = [
        build::response("POST /affiliates", "one"),
        ResponseRecord {
            status: ResponseStatus::NoContent,
            body: Vec::new(),
            ..build::response("DELETE /coupons/{id}", "one")
        },
        ResponseRecord {
            status: ResponseStatus::Ok,
            fingerprint: [0xff; 32],
            ..build::response("POST /affiliates", "ONE")
        },
        ResponseRecord { body: every_byte, fingerprint: [0; 32], ..build::response("POST /events", &longest) },
    ];
    for response in &responses {
        assert_eq!(kept(nodes, shop.test.id, response, moment(1)).await, None);
        win(nodes, keep(shop.test.id, response.clone())).await;
    }
    for response in &responses {
        assert_eq!(kept(nodes, shop.test.id, response, moment(1)).await, as_kept(response));
        for foreign in [shop.live.id, other.test.id] {
            assert_eq!(kept(nodes, foreign, response, moment(1)).await, None);
        }
        let elsewhere = ResponseRecord { route: "POST /coupons".to_owned(), ..response.clone() };
        assert_eq!(kept(nodes, shop.test.id, &elsewhere, moment(1)).await, None);
    }
    // The same key of another merchant is another key.
    let theirs = ResponseRecord { body: b"theirs".to_vec(), ..responses[0].clone() };
    win(nodes, keep(other.test.id, theirs.clone())).await;
    assert_eq!(kept(nodes, other.test.id, &theirs, moment(1)).await, as_kept(&theirs));
    assert_eq!(kept(nodes, shop.test.id, &theirs, moment(1)).await, as_kept(&responses[0]));
    sound(nodes).await;
}

pub(crate) async fn a_kept_answer_keeps_its_place_until_it_expires(nodes: &Nodes) {
    let (_, shop) = shop(nodes).await;
    let first = ResponseRecord { expires_at: moment(100), ..build::response("POST /events", "key") };
    win(nodes, keep(shop.test.id, first.clone())).await;
    let next = ResponseRecord {
        fingerprint: [8; 32],
        status: ResponseStatus::Ok,
        body: b"next".to_vec(),
        created_at: moment(99),
        expires_at: moment(300),
        ..first.clone()
    };
    conflict(nodes, keep(shop.test.id, next.clone())).await;
    assert_eq!(kept(nodes, shop.test.id, &first, moment(99)).await, as_kept(&first), "the first answer stays");
    assert_eq!(kept(nodes, shop.test.id, &first, moment(101)).await, None, "and is forgotten in time");

    // At the very instant: a response that is no longer returned must free its key, or no request could use it.
    let told = kept(nodes, shop.test.id, &first, moment(100)).await.is_some();
    let next = ResponseRecord { created_at: moment(100), ..next };
    let replaced = commit(&*nodes.one, keep(shop.test.id, next.clone())).await;
    assert_eq!(replaced == Outcome::Won, !told, "told {told}, {replaced:?}");
    if told {
        win(nodes, keep(shop.test.id, ResponseRecord { created_at: moment(101), ..next.clone() })).await;
    }
    assert_eq!(kept(nodes, shop.test.id, &next, moment(299)).await, as_kept(&next));
    assert_eq!(kept(nodes, shop.test.id, &next, moment(301)).await, None);
}

pub(crate) async fn answers_are_forgotten_when_they_expired_the_oldest_first(nodes: &Nodes) {
    let (_, shop) = shop(nodes).await;
    let responses: Vec<ResponseRecord> = (0_u8..6)
        .map(|n| ResponseRecord {
            expires_at: moment(100 + i64::from(n)),
            ..build::response("POST /events", &n.to_string())
        })
        .collect();
    for response in responses.iter().rev() {
        win(nodes, keep(shop.test.id, response.clone())).await;
    }
    let left = async || {
        let mut left = Vec::new();
        for (n, response) in responses.iter().enumerate() {
            if kept(nodes, shop.test.id, response, moment(0)).await.is_some() {
                left.push(n);
            }
        }
        left
    };
    assert_eq!(nodes.one.forget_replies(moment(99), 10).await.unwrap(), 0);
    assert_eq!(nodes.one.forget_replies(moment(103), 3).await.unwrap(), 3);
    assert_eq!(left().await, [3, 4, 5]);
    assert_eq!(nodes.two.forget_replies(moment(103), 3).await.unwrap(), 1);
    assert_eq!(left().await, [4, 5]);
}
