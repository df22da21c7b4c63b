//! Unique keys.

use super::{
    Nodes,
    settle::{conflict, other_shop, refuse, shop, win},
};
use domain::{EventSpace, MerchantId};
use ports::{ChangeSet, Claim, IdSource, Space};
use uuid::Uuid;

const SPACES: [Space; 13] = [
    Space::AffiliateSlug,
    Space::AffiliateEmail,
    Space::CouponCode,
    Space::Event(EventSpace::Paying),
    Space::Event(EventSpace::Signup),
    Space::Event(EventSpace::Lead),
    Space::Event(EventSpace::TrialStarted),
    Space::Event(EventSpace::Refund),
    Space::Account,
    Space::Binding,
    Space::TierName,
    Space::KeyHash,
    Space::MerchantSlug,
];

fn take(merchant: MerchantId, space: Space, key: &str, owner: Uuid) -> ChangeSet {
    let claim = Claim { space, key: key.to_owned(), owner };
    ChangeSet { claims: vec![claim], ..ChangeSet::new(merchant) }
}

fn give_back(merchant: MerchantId, space: Space, key: &str, owner: Uuid) -> ChangeSet {
    let free = Claim { space, key: key.to_owned(), owner };
    ChangeSet { frees: vec![free], ..ChangeSet::new(merchant) }
}

pub(crate) async fn a_taken_key_conflicts_in_every_space(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let merchant = shop.test.id;
    let longest = crate::boundary_values::unicode(255);
    // Compared to the last bit: no case, no accents, no trailing space makes two keys one.
    let keys = ["key", "KEY", "key ", " key", "ké\u{301}y", "kéy", "%", "_", "\\", "'", longest.as_str()];
    for space in SPACES {
        for key in keys {
            let owner = ids.uuid();
            win(nodes, take(merchant, space, key, owner)).await;
            conflict(nodes, take(merchant, space, key, ids.uuid())).await;
            conflict(nodes, take(merchant, space, key, owner)).await;
        }
    }
}

pub(crate) async fn a_key_is_taken_within_its_merchant_or_on_the_whole_server(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    for space in SPACES {
        win(nodes, take(shop.test.id, space, "key", ids.uuid())).await;
        for merchant in [shop.live.id, other.test.id] {
            let elsewhere = take(merchant, space, "key", ids.uuid());
            if space.is_global() { conflict(nodes, elsewhere).await } else { win(nodes, elsewhere).await }
        }
    }
}

pub(crate) async fn a_freed_key_can_be_taken_again(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let merchant = shop.test.id;
    for space in SPACES {
        for _ in 0..3 {
            let (owner, next) = (ids.uuid(), ids.uuid());
            win(nodes, take(merchant, space, "key", owner)).await;
            conflict(nodes, take(merchant, space, "key", next)).await;
            // Moving from one key to another frees and takes at once.
            let mut moving = take(merchant, space, "elsewhere", owner);
            moving.frees = give_back(merchant, space, "key", owner).frees;
            win(nodes, moving).await;
            conflict(nodes, take(merchant, space, "elsewhere", next)).await;
            win(nodes, take(merchant, space, "key", next)).await;
            win(nodes, give_back(merchant, space, "key", next)).await;
            win(nodes, give_back(merchant, space, "elsewhere", owner)).await;
        }
    }
}

pub(crate) async fn nobody_gives_back_what_another_has(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    for space in SPACES {
        let owner = ids.uuid();
        win(nodes, take(shop.test.id, space, "key", owner)).await;
        refuse(nodes, give_back(shop.test.id, space, "key", ids.uuid())).await;
        refuse(nodes, give_back(shop.test.id, space, "free", owner)).await;
        if !space.is_global() {
            refuse(nodes, give_back(shop.live.id, space, "key", owner)).await;
        }
        let mut beside = give_back(shop.test.id, space, "key", ids.uuid());
        beside.claims = take(shop.test.id, space, "beside", owner).claims;
        refuse(nodes, beside).await;
        win(nodes, take(shop.test.id, space, "beside", owner)).await;
        conflict(nodes, take(shop.test.id, space, "key", owner)).await;
    }
}
