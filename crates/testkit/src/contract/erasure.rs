//! Rows that contain a person's data, and redacting stored payloads.

use super::{
    Nodes,
    settle::{other_shop, shop, sound, win},
};
use crate::{
    build::{self, moment},
    sets::Grow,
};
use domain::{
    Account, Actor, Binding, Candidate, CandidateOutcome, CandidateSource, Coupon, CouponCode, Customer, CustomerId,
    Decision, Email, Event, EventId, EventSpace, ExternalId, Group, MerchantId, Money,
};
use ports::{
    AffiliateTraces, Announcement, ChangeSet, Claim, CustomerTraces, EventLookup, EventTraces, IdSourceExt, Part,
    ReplyPlace, ResponseRecord, ResponseStatus, Space, Topic, Version, Versioned,
};

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn bond_key(email: &Email) -> String {
    Binding::keys(None, Some(email)).remove(0)
}

async fn traces(nodes: &Nodes, merchant: MerchantId, id: CustomerId, most: u32) -> CustomerTraces {
    nodes.two.customer_traces(merchant, id, most).await.unwrap().unwrap()
}

pub(crate) async fn what_tells_who_a_customer_is_is_found(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let merchant = shop.test.id;
    let ada = Customer {
        email: email("Ada@Example.com"),
        earlier_emails: vec![email("Before@Example.com"), email("taken@example.com"), email("ÉLODIE@example.com")],
        ..build::customer(&ids, "ada")
    };
    let (bob, taken) = (build::customer(&ids, "bob"), build::customer(&ids, "taken"));
    let namesake = build::affiliate(&ids, "ada");
    let (own, other) =
        (Group { participants: 2, ..build::group(&ids, &ada, "AB12CD34") }, build::group(&ids, &bob, "ZZ12CD34"));
    let watched = Group { creator_email: email("BEFORE@example.com"), ..build::group(&ids, &bob, "YY12CD34") };
    let (hers, his) = (build::order(&ids, &ada, &own), build::order(&ids, &bob, &own));
    let bought = build::event(&ids, "bought");
    let binding = build::binding(&ids, &namesake, &bought);
    let mails = [build::mail(&ids, &own), build::mail(&ids, &watched), build::mail(&ids, &other)];
    let mut set = ChangeSet::new(merchant)
        .with_affiliate(&namesake)
        .with_customer(&ada)
        .with_customer(&bob)
        .with_customer(&taken)
        .with_group(&own)
        .with_group(&other)
        .with_group(&watched)
        .with_order(&hers)
        .with_order(&his)
        .with_event(&bought, &[])
        .with_binding(&binding, &[bond_key(&ada.earlier_emails[0])]);
    set.rows.mails.new.extend(mails.iter().cloned());
    win(nodes, set).await;

    let found = traces(nodes, merchant, ada.id, 10).await;
    assert_eq!(found.customer.row, ada);
    assert_eq!(found.orders.iter().map(|order| order.row.id).collect::<Vec<_>>(), [hers.id]);
    let mut groups = [own.id, watched.id];
    groups.sort_unstable();
    assert_eq!(found.groups.iter().map(|group| group.row.id).collect::<Vec<_>>(), groups);
    let mut letters = [mails[0].id, mails[1].id];
    letters.sort_unstable();
    assert_eq!(found.mails.iter().map(|mail| mail.row.id).collect::<Vec<_>>(), letters);
    let mut claims: Vec<_> = found.claims.iter().map(|claim| (claim.space, claim.key.as_str(), claim.owner)).collect();
    claims.sort_unstable();
    let bond_of_old = bond_key(&ada.earlier_emails[0]);
    let mut expected = [
        (Space::AffiliateEmail, "ada@example.com", namesake.id.uuid()),
        (Space::Binding, bond_of_old.as_str(), binding.id.uuid()),
        (Space::CustomerEmail, "ada@example.com", ada.id.uuid()),
        (Space::CustomerEmail, "taken@example.com", taken.id.uuid()),
    ];
    expected.sort_unstable();
    assert_eq!(claims, expected);
    assert_eq!(traces(nodes, merchant, ada.id, 1).await.groups.len(), 1, "a part at a time");
    let neighbour = other_shop(nodes, &ids).await;
    for foreign in [shop.live.id, neighbour.test.id, ids.id()] {
        assert!(nodes.two.customer_traces(foreign, ada.id, 10).await.unwrap().is_none());
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
    for Versioned { row, version } in found.mails {
        set.rows.mails.change(version, row.given_up());
    }
    let erased = ada.erased(by, moment(1));
    set.free(Space::Binding, bond_of_old, binding.id.uuid());
    set.claim(Space::Binding, bond_key(&Email::erased(binding.id.uuid())), binding.id.uuid());
    set.free(Space::CustomerEmail, ada.email.folded(), ada.id.uuid());
    set.free(Space::GroupEmail, own.email_key(&ada.email), hers.id.uuid());
    set.claim(Space::GroupEmail, own.email_key(&erased.email), hers.id.uuid());
    set.rows.customers.change(Version::FIRST, erased.clone());
    win(nodes, set).await;
    let left = traces(nodes, merchant, ada.id, 10).await;
    assert_eq!((left.customer.row, left.claims), (erased, Vec::<Claim>::new()));
    assert_eq!([left.orders.len(), left.groups.len(), left.mails.len()], [0; 3]);
    sound(nodes).await;
}

pub(crate) async fn what_tells_who_an_affiliate_is_is_found(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let merchant = shop.test.id;
    let (ama, bob) = (build::affiliate(&ids, "ama"), build::affiliate(&ids, "bob"));
    let mut coupons = [build::coupon(&ids, &ama, "AMA-1"), build::coupon(&ids, &ama, "AMA-2")];
    coupons.sort_unstable_by_key(|coupon| coupon.id);
    let set = ChangeSet::new(merchant).with_affiliate(&ama).with_affiliate(&bob);
    let set = set.with_coupon(&coupons[0]).with_coupon(&coupons[1]).with_coupon(&build::coupon(&ids, &bob, "BOB"));
    win(nodes, set).await;
    let found = async |most| nodes.two.affiliate_traces(merchant, ama.id, most).await.unwrap().unwrap();
    let AffiliateTraces { merchant: _, record, version, coupons: read, in_payout } = found(10).await;
    assert_eq!((record.affiliate, version, in_payout), (ama.clone(), Version::FIRST, false));
    assert_eq!(read.into_iter().map(|coupon| coupon.row).collect::<Vec<Coupon>>(), coupons);
    assert_eq!(found(1).await.coupons.len(), 1, "a part at a time");
    for foreign in [shop.live.id, ids.id()] {
        assert!(nodes.two.affiliate_traces(foreign, ama.id, 10).await.unwrap().is_none());
    }
    let account = build::account(&ids, &ama, build::usd());
    let on_its_way = Account { in_payout: Money::from_minor(5, build::usd()), ..account };
    win(nodes, ChangeSet::new(merchant).with_account(&on_its_way)).await;
    assert!(found(10).await.in_payout);
}

pub(crate) async fn events_that_tell_are_found_a_part_at_a_time(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let [ama, bob] = ["ama", "bob"].map(|name| build::affiliate(&ids, name).id);
    let named = |affiliate_id, code: &CouponCode| Decision {
        candidates: vec![Candidate {
            source: CandidateSource::Coupon(Some(code.clone())),
            affiliate_id: Some(affiliate_id),
            verdict: CandidateOutcome::NotApproved,
        }],
        ..Decision::default()
    };
    let code = CouponCode::parse("AMA-1").unwrap();
    let sale = |n: usize| {
        let event = build::event(&ids, &format!("sale-{n}"));
        match n % 5 {
            0 => Event { customer_email: Some(email("Élodie@Example.com")), ..event },
            1 => Event { customer_email: Some(email("other@example.com")), ..event },
            2 => Event { decision: named(ama, &code), coupon: Some(code.clone()), ..event },
            3 => Event { decision: named(bob, &code), ..event },
            _ => Event { decision: named(ama, &CouponCode::erased(ama)), ..event },
        }
    };
    let mut all: Vec<Event> = (0..20).map(sale).collect();
    let set = all.iter().fold(ChangeSet::new(shop.test.id), |set, event| set.with_event(event, &[]));
    win(nodes, set).await;
    all.sort_unstable_by_key(|event| event.id);
    let addresses = EventTraces::Addresses(vec!["nobody@example.com".to_owned(), "élodie@example.com".to_owned()]);
    let told = |event: &&Event, of: &EventTraces| match of {
        EventTraces::Addresses(_) => event.customer_email.as_ref().is_some_and(|email| email.folded().starts_with('é')),
        EventTraces::CouponsOf(_) => event.coupon.is_some(),
    };
    for of in [addresses, EventTraces::CouponsOf(ama)] {
        let (mut found, mut after, mut looks) = (Vec::new(), None::<EventId>, 0);
        loop {
            let part = nodes.two.event_traces(shop.test.id, &of, after, 6).await.unwrap();
            found.extend(part.found.into_iter().map(|event| event.row));
            (after, looks) = (part.next, looks + 1);
            if after.is_none() {
                break;
            }
        }
        let expected: Vec<Event> = all.iter().filter(|event| told(event, &of)).cloned().collect();
        assert_eq!((found, looks, expected.len()), (expected, 4, 4));
        let foreign = nodes.two.event_traces(shop.live.id, &of, None, 6).await.unwrap();
        assert_eq!(foreign, Part { found: Vec::new(), next: None });
    }
}

pub(crate) async fn announcements_are_read_through_and_rewritten(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let about = |text: &str| Announcement {
        payload: text.as_bytes().to_vec(),
        ..build::announcement(&ids, Topic::CustomerCreated)
    };
    let mut all = ["a", "élodie", "c", "d"].map(about);
    for (merchant, told) in [(shop.test.id, &all[..]), (shop.live.id, &[about("other")])] {
        win(nodes, ChangeSet { announce: told.to_vec(), ..ChangeSet::new(merchant) }).await;
    }
    all.sort_unstable_by_key(|announcement| announcement.id);
    let told = |part: &[Announcement]| part.iter().map(|one| (one.id, one.payload.clone())).collect::<Vec<_>>();
    let read = async |after, most| nodes.two.announcements_after(shop.test.id, after, most).await.unwrap();
    assert_eq!(read(None, 10).await, told(&all));
    assert_eq!(read(None, 3).await, told(&all[..3]));
    assert_eq!(read(Some(all[2].id), 3).await, told(&all[3..]));
    assert_eq!(read(Some(all[3].id), 3).await, []);
    let blank = vec![(all[1].id, b"blank".to_vec()), (all[3].id, b"blank too".to_vec())];
    nodes.one.rewrite_announcements(shop.live.id, blank.clone()).await.unwrap();
    assert_eq!(read(None, 10).await, told(&all), "another merchant's");
    nodes.one.rewrite_announcements(shop.test.id, blank.clone()).await.unwrap();
    (all[1].payload, all[3].payload) = (blank[0].1.clone(), blank[1].1.clone());
    assert_eq!(read(None, 10).await, told(&all));
}

pub(crate) async fn kept_answers_are_read_through_and_blanked(nodes: &Nodes) {
    let (_, shop) = shop(nodes).await;
    let kept: Vec<ResponseRecord> = [("POST /a", "k2"), ("POST /a", "k1"), ("POST /b", "k1"), ("POST /A", "k9")]
        .map(|(route, key)| ResponseRecord { body: format!("{route} {key}").into(), ..build::response(route, key) })
        .to_vec();
    for response in &kept {
        win(nodes, ChangeSet { response: Some(response.clone()), ..ChangeSet::new(shop.test.id) }).await;
    }
    win(nodes, ChangeSet { response: Some(kept[0].clone()), ..ChangeSet::new(shop.live.id) }).await;
    let place = |response: &ResponseRecord| ReplyPlace { route: response.route.clone(), key: response.key.clone() };
    let in_order = [3, 1, 0, 2].map(|n| (place(&kept[n]), kept[n].body.clone()));
    let read =
        async |after: Option<&ReplyPlace>, most| nodes.two.replies_after(shop.test.id, after, most).await.unwrap();
    assert_eq!(read(None, 10).await, in_order);
    assert_eq!(read(None, 2).await, in_order[..2]);
    assert_eq!(read(Some(&in_order[1].0), 2).await, in_order[2..]);
    assert_eq!(read(Some(&in_order[3].0), 2).await, []);

    nodes.one.blank_replies(shop.test.id, vec![place(&kept[0]), place(&kept[3])]).await.unwrap();
    for (merchant, response, gone) in [
        (shop.test.id, &kept[0], true),
        (shop.test.id, &kept[3], true),
        (shop.test.id, &kept[1], false),
        (shop.live.id, &kept[0], false),
    ] {
        let found = nodes.two.response(merchant, &response.route, &response.key, moment(1)).await.unwrap().unwrap();
        assert_eq!(found.fingerprint, response.fingerprint, "the place stays taken");
        let expected = if gone { (ResponseStatus::Gone, Vec::new()) } else { (response.status, response.body.clone()) };
        assert_eq!((found.status, found.body), expected);
    }
}

pub(crate) async fn clicks_of_an_affiliate_are_forgotten_a_part_at_a_time(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let (ama, bob) = (build::affiliate(&ids, "ama"), build::affiliate(&ids, "bob"));
    let mut set = ChangeSet::new(shop.test.id).with_affiliate(&ama).with_affiliate(&bob);
    for n in 0..7 {
        let owner = if n % 2 == 0 { &ama } else { &bob };
        set.rows.clicks.push(build::click(&ids, owner, &build::session("one"), moment(n)));
    }
    win(nodes, set).await;
    let left = async || {
        let lookup = EventLookup {
            space: EventSpace::Paying,
            external_id: ExternalId::parse("1").unwrap(),
            session: Some(build::session("one")),
            coupon: None,
            affiliate_id: None,
            customer: Vec::new(),
            now: moment(9),
        };
        let mut facts = nodes.two.event_facts(shop.test.id, vec![lookup]).await.unwrap().unwrap();
        let clicks = facts.found.remove(0).clicks;
        clicks.iter().filter(|click| click.affiliate_id == bob.id).count() * 10
            + clicks.iter().filter(|click| click.affiliate_id == ama.id).count()
    };
    let forget = async |merchant, after| nodes.one.forget_clicks(merchant, ama.id, after, 3).await.unwrap();
    assert_eq!((forget(shop.live.id, None).await, left().await), (None, 34));
    let (mut after, mut looks) = (None, 0);
    loop {
        after = forget(shop.test.id, after).await;
        looks += 1;
        if after.is_none() {
            break;
        }
    }
    assert_eq!((looks, left().await), (3, 30));
    sound(nodes).await;
}
