//! How much one set may hold.

use super::{
    Nodes,
    settle::{Outcome, expect, shop, win},
};
use crate::{build, sets};
use ports::{ChangeSet, Topic};

pub(crate) async fn a_set_of_four_thousand_rows_is_taken_and_one_more_is_not(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let owner = build::affiliate(&ids, "bob");
    win(nodes, sets::add_affiliate(shop.test.id, &owner)).await;
    let session = build::session("visitor");
    let mut set = ChangeSet::new(shop.test.id);
    set.announce.push(build::announcement(&ids, Topic::AffiliateCreated));
    set.rows.clicks =
        (2..ChangeSet::MOST_ROWS).map(|_| build::click(&ids, &owner, &session, build::moment(0))).collect();
    assert_eq!(set.row_count(), ChangeSet::MOST_ROWS);
    let larger = ChangeSet { response: Some(build::response("POST /clicks", "key")), ..set.clone() };
    expect(nodes, larger, Outcome::TooLarge).await;
    win(nodes, set).await;
}
