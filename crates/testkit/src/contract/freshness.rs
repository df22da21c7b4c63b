//! Facts that contain a taken key are never older than the row that took it.

use super::{
    Nodes,
    settle::{Outcome, commit, shop},
};
use crate::{
    build,
    sets::{self, Grow},
};
use ports::{AffiliateKeys, EventLookup};
use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

const WRITES: usize = 60;

pub(crate) async fn a_taken_key_is_never_older_than_its_row(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let merchant = shop.test.id;
    let pairs: Vec<_> = (0..WRITES)
        .map(|n| (build::affiliate(&ids, &format!("a-{n}")), build::event(&ids, &format!("e-{n}"))))
        .collect();
    let writing = Arc::new(AtomicUsize::new(0));
    let writer = tokio::spawn({
        let (node, pairs, writing) = (Arc::clone(&nodes.one), pairs.clone(), Arc::clone(&writing));
        async move {
            for (n, (affiliate, event)) in pairs.iter().enumerate() {
                writing.store(n, Ordering::Release);
                let set = sets::add_affiliate(merchant, affiliate).with_event(event, &[]);
                assert_eq!(commit(&*node, set).await, Outcome::Won);
            }
        }
    });
    // Readers look at what is just being written, until it is there. They may see it or not, but not half of it.
    let mut seen = 0;
    while seen < WRITES {
        let all_written = writer.is_finished();
        let place = writing.load(Ordering::Acquire).max(seen);
        let (affiliate, event) = &pairs[place];
        let keys = AffiliateKeys {
            slug: Some(affiliate.slug.clone()),
            email: Some(affiliate.email.clone()),
            parent_email: Some(affiliate.email.clone()),
            tier_id: None,
        };
        let facts = nodes.two.new_affiliate_facts(merchant, &keys).await.unwrap().unwrap();
        let owner = Some(affiliate.id.uuid());
        if facts.email_owner == owner {
            assert!(facts.parent.is_some(), "the address is taken and its row is not there");
        }
        let lookup = EventLookup {
            space: event.kind.space(),
            external_id: event.external_id.clone(),
            session: None,
            coupon: None,
            affiliate_id: None,
            customer: Vec::new(),
            now: build::moment(0),
        };
        let recorded = nodes.one.event_facts(merchant, vec![lookup]).await.unwrap().unwrap();
        if recorded.found[0].earlier.is_some() {
            let facts = nodes.one.new_affiliate_facts(merchant, &keys).await.unwrap().unwrap();
            assert_eq!((facts.slug_owner, facts.email_owner), (owner, owner));
            seen = place + 1;
        }
        assert!(seen > place || !all_written, "it was written, and nobody sees it");
    }
    writer.await.unwrap();
}
