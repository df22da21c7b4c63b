//! What is left of a person, and rewriting what was told about one.

use super::{
    Nodes,
    settle::{other_shop, shop, sound, win},
};
use crate::{
    build::{self, moment},
    sets::Grow,
};
use domain::{Actor, Binding, CustomerId, Email, Event, Group};
use ports::{Announcement, ChangeSet, IdSourceExt, Reply, Space, Topic, Traces, Version, Versioned};
use uuid::Uuid;

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

async fn traces(nodes: &Nodes, merchant: domain::MerchantId, id: CustomerId, most: u32) -> Traces {
    nodes.two.traces(merchant, id, most).await.unwrap().unwrap()
}

pub(crate) async fn what_tells_who_a_customer_is_is_found(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let merchant = shop.test.id;
    let ada = domain::Customer { email: email("Ada@Example.com"), ..build::customer(&ids, "ada") };
    let bob = build::customer(&ids, "bob");
    let (own, other) =
        (Group { participants: 2, ..build::group(&ids, &ada, "AB12CD34") }, build::group(&ids, &bob, "ZZ12CD34"));
    let watched = Group { creator_email: email("ADA@example.com"), ..build::group(&ids, &bob, "YY12CD34") };
    let (hers, his) = (build::order(&ids, &ada, &own), build::order(&ids, &bob, &own));
    let sale = |name: &str, who: &str| Event { customer_email: Some(email(who)), ..build::event(&ids, name) };
    let (bought, foreign) = (sale("bought", "ada@EXAMPLE.com"), sale("foreign", "bob@example.com"));
    let bond = build::binding(&ids, &build::affiliate(&ids, "partner"), &bought);
    let mails = [build::mail(&ids, &own), build::mail(&ids, &watched), build::mail(&ids, &other)];
    let mut set = ChangeSet::new(merchant)
        .with_customer(&ada)
        .with_customer(&bob)
        .with_group(&own)
        .with_group(&other)
        .with_group(&watched)
        .with_order(&hers)
        .with_order(&his)
        .with_event(&bought, &[])
        .with_event(&foreign, &[])
        .with_binding(&bond, &Binding::keys(None, Some(&ada.email)));
    set.rows.mails.new.extend(mails.iter().cloned());
    win(nodes, set).await;

    let found = traces(nodes, merchant, ada.id, 10).await;
    assert_eq!((&found.customer.row, found.bond), (&ada, Some(bond.id.uuid())));
    assert_eq!(found.orders.iter().map(|order| order.row.id).collect::<Vec<_>>(), [hers.id]);
    let mut groups = [own.id, watched.id];
    groups.sort_unstable();
    assert_eq!(found.groups.iter().map(|group| group.row.id).collect::<Vec<_>>(), groups);
    assert_eq!(found.events.iter().map(|event| event.row.id).collect::<Vec<_>>(), [bought.id]);
    let mut letters = [mails[0].id, mails[1].id];
    letters.sort_unstable();
    assert_eq!(found.mails.iter().map(|mail| mail.row.id).collect::<Vec<_>>(), letters);
    assert_eq!(traces(nodes, merchant, ada.id, 1).await.groups.len(), 1, "a part at a time");
    let neighbour = other_shop(nodes, &ids).await;
    for foreign in [shop.live.id, neighbour.test.id, ids.id()] {
        assert!(nodes.two.traces(foreign, ada.id, 10).await.unwrap().is_none());
    }

    // Once all of it is emptied, there is nothing more.
    let by = Actor::System;
    let mut set = ChangeSet::new(merchant);
    for Versioned { row, version } in found.orders {
        set.rows.orders.change(version, row.erased(by, moment(1)));
    }
    for Versioned { row, version } in found.groups {
        set.rows.groups.change(version, row.erased(ada.id, by, moment(1)));
    }
    for Versioned { row, version } in found.events {
        set.rows.events.change(version, row.erased());
    }
    for Versioned { row, version } in found.mails {
        set.rows.mails.change(version, row.given_up());
    }
    let erased = ada.erased(by, moment(1));
    set.free(Space::Binding, Binding::keys(None, Some(&ada.email)).remove(0), bond.id.uuid());
    set.claim(Space::Binding, Binding::keys(None, Some(&erased.email)).remove(0), bond.id.uuid());
    set.free(Space::CustomerEmail, ada.email.folded(), ada.id.uuid());
    set.free(Space::GroupEmail, own.email_key(&ada.email), hers.id.uuid());
    set.claim(Space::GroupEmail, own.email_key(&erased.email), hers.id.uuid());
    set.rows.customers.change(Version::FIRST, erased.clone());
    win(nodes, set).await;
    let left = traces(nodes, merchant, ada.id, 10).await;
    assert_eq!((left.customer.row, left.bond), (erased, Some(bond.id.uuid())), "a bond owns a key");
    let counts = [left.orders.len(), left.groups.len(), left.events.len(), left.mails.len()];
    assert_eq!(counts, [0; 4]);
    sound(nodes).await;
}

pub(crate) async fn announcements_are_found_by_what_they_tell_and_rewritten(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let about = |text: &str| Announcement {
        payload: text.as_bytes().to_vec(),
        ..build::announcement(&ids, Topic::CustomerCreated)
    };
    let all = [about("{\"a\":\"élodie@x.fr\"}"), about("cus_1 but erased"), about("nobody"), about("cus_1 %_")];
    for (merchant, told) in [(shop.test.id, &all[..]), (shop.live.id, &[about("cus_1")])] {
        win(nodes, ChangeSet { announce: told.to_vec(), ..ChangeSet::new(merchant) }).await;
    }
    let needles = ["élodie@x.fr".to_owned(), "cus_1".to_owned()];
    let found = async |most| {
        let found = nodes.two.announcements_with(shop.test.id, &needles, "erased", most).await.unwrap();
        found.into_iter().map(|(id, payload)| (id, String::from_utf8(payload).unwrap())).collect::<Vec<_>>()
    };
    let mut expected = [0, 3].map(|n| (all[n].id, String::from_utf8(all[n].payload.clone()).unwrap()));
    expected.sort();
    assert_eq!(found(10).await, expected);
    assert_eq!(found(1).await, expected[..1]);
    let blank = vec![(expected[0].0, b"blank".to_vec())];
    nodes.one.rewrite_announcements(shop.live.id, blank.clone()).await.unwrap();
    assert_eq!(found(10).await.len(), 2, "another merchant's");
    nodes.one.rewrite_announcements(shop.test.id, blank).await.unwrap();
    assert_eq!(found(10).await, expected[1..]);
}

pub(crate) async fn kept_answers_are_blanked_by_what_they_tell(nodes: &Nodes) {
    let (_, shop) = shop(nodes).await;
    let bodies = ["ada@example.com", "ada@example.com but erased", "nobody", "Ada ada@example.com"];
    let kept: Vec<Reply> = (0..)
        .zip(bodies)
        .map(|(n, body)| Reply { body: body.into(), ..build::reply("POST /x", &format!("k{n}")) })
        .collect();
    for reply in &kept {
        win(nodes, ChangeSet { reply: Some(reply.clone()), ..ChangeSet::new(shop.test.id) }).await;
    }
    win(nodes, ChangeSet { reply: Some(kept[0].clone()), ..ChangeSet::new(shop.live.id) }).await;
    let needles = ["ada@example.com".to_owned(), Uuid::nil().to_string()];
    let blank = async || nodes.one.blank_replies(shop.test.id, &needles, "erased", b"blank", 1).await.unwrap();
    assert_eq!([blank().await, blank().await, blank().await], [1, 1, 0]);
    let body = async |merchant, reply: &Reply| {
        let kept = nodes.two.reply(merchant, &reply.route, &reply.key, moment(1)).await.unwrap().unwrap();
        String::from_utf8(kept.body).unwrap()
    };
    for (reply, expected) in kept.iter().zip(["blank", bodies[1], bodies[2], "blank"]) {
        assert_eq!(body(shop.test.id, reply).await, expected);
    }
    assert_eq!(body(shop.live.id, &kept[0]).await, bodies[0]);
}
