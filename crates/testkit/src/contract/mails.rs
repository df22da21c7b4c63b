//! E-mails that wait to be sent.

use super::{
    Nodes,
    settle::{other_shop, shop, sound, win},
};
use crate::{
    boundary_values,
    build::{self, Shop, moment},
};
use domain::{Attempt, MailStatus, MerchantId, OutgoingEmail, Timestamp};
use ports::{ChangeSet, Due, Version};

fn mail(ids: &crate::SeededIds) -> OutgoingEmail {
    let creator = build::customer(ids, "creator");
    build::mail(ids, &build::group(ids, &creator, "AB12CD34"))
}

async fn store(nodes: &Nodes, merchant: MerchantId, mails: impl IntoIterator<Item = OutgoingEmail>) {
    let mut set = ChangeSet::new(merchant);
    set.rows.mails.new.extend(mails);
    win(nodes, set).await;
}

async fn change(nodes: &Nodes, merchant: MerchantId, read: Version, mail: &OutgoingEmail) {
    let mut set = ChangeSet::new(merchant);
    set.rows.mails.change(read, mail.clone());
    win(nodes, set).await;
}

pub(crate) async fn a_mail_comes_back_whole(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    for mail in [mail(&ids), boundary_values::mail()] {
        assert_eq!(nodes.two.mail(shop.live.id, mail.id).await.unwrap(), None);
        store(nodes, shop.live.id, [mail.clone()]).await;
        let read = nodes.two.mail(shop.live.id, mail.id).await.unwrap().unwrap();
        assert_eq!((read.row, read.version), (mail.clone(), Version::FIRST));
        assert_eq!(nodes.two.mail(shop.test.id, mail.id).await.unwrap(), None);
        let sent = mail.after(Attempt::Sent, moment(1));
        change(nodes, shop.live.id, Version::FIRST, &sent).await;
        let read = nodes.two.mail(shop.live.id, mail.id).await.unwrap().unwrap();
        assert_eq!((read.row, read.version), (sent, Version::FIRST.next()));
    }
    sound(nodes).await;
}

pub(crate) async fn mails_are_due_at_their_time_whatever_a_merchants_clock_says(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    let at = |second| OutgoingEmail { due_at: moment(second), ..mail(&ids) };
    let (first, second, third, ended) = (at(1), at(2), at(3), at(1));
    let ended = OutgoingEmail { status: MailStatus::GivenUp, message: None, ..ended };
    store(nodes, shop.live.id, [third.clone(), first.clone(), ended]).await;
    store(nodes, other.live.id, [second.clone()]).await;
    ahead(nodes, &shop).await;
    let due = async |now, skip, limit| {
        let found = nodes.two.due_mails(now, skip, limit).await.unwrap();
        found.into_iter().map(|Due { merchant, id }| (merchant, id)).collect::<Vec<_>>()
    };
    let all = [(shop.live.id, first.id), (other.live.id, second.id), (shop.live.id, third.id)];
    assert_eq!(due(moment(0), 0, 10).await, []);
    assert_eq!(due(moment(1), 0, 10).await, all[..1]);
    assert_eq!(due(moment(3), 0, 10).await, all);
    assert_eq!(due(moment(3), 1, 1).await, all[1..2]);
    change(nodes, shop.live.id, Version::FIRST, &first.tried(moment(3))).await;
    assert_eq!(due(moment(3), 0, 10).await, all[1..], "another node has it");
    assert_eq!(due(Timestamp::MAX, 0, 10).await.len(), 4);
}

/// Sets the clock of the shop's test merchant ahead.
async fn ahead(nodes: &Nodes, shop: &Shop) {
    let mut merchant = shop.test.clone();
    merchant.clock = domain::MerchantClock::ahead_by(3_600_000_000);
    let mut set = ChangeSet::new(merchant.id);
    set.rows.merchants.change(Version::FIRST, merchant);
    win(nodes, set).await;
    store(nodes, shop.test.id, [OutgoingEmail { due_at: moment(600), ..mail(&crate::SeededIds::new(77)) }]).await;
}

pub(crate) async fn mails_are_forgotten_by_their_age_the_oldest_first(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let at = |second| OutgoingEmail { created_at: moment(second), ..mail(&ids) };
    let all = [at(3), at(1), at(2), at(4)];
    store(nodes, shop.live.id, all[..2].iter().cloned()).await;
    store(nodes, shop.test.id, all[2..].iter().cloned()).await;
    assert_eq!(nodes.one.forget_mails(moment(1), 10).await.unwrap(), 0);
    assert_eq!(nodes.one.forget_mails(moment(4), 2).await.unwrap(), 2);
    let left = async |merchant, mail: &OutgoingEmail| nodes.two.mail(merchant, mail.id).await.unwrap().is_some();
    assert!(!left(shop.live.id, &all[1]).await && !left(shop.test.id, &all[2]).await);
    assert!(left(shop.live.id, &all[0]).await);
    assert_eq!(nodes.two.forget_mails(moment(4), 2).await.unwrap(), 1);
    assert!(left(shop.test.id, &all[3]).await);
}
