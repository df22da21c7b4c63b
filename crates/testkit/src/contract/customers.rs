//! Customers.

use super::{
    Nodes,
    paging::{Dated, take_and_skip, text},
    settle::{other_shop, shop, sound, win},
};
use crate::{
    boundary_values,
    build::{self, moment},
    sets::{self, Grow},
};
use domain::{Customer, Email, PersonName};
use ports::{ChangeSet, Counted, CustomerFacts, IdSourceExt, SortBy, Version};

pub(crate) async fn a_customer_comes_back_whole(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let other = other_shop(nodes, &ids).await;
    for customer in [build::customer(&ids, "ada"), boundary_values::customer()] {
        assert_eq!(nodes.two.customer(shop.test.id, customer.id).await.unwrap(), None);
        win(nodes, ChangeSet::new(shop.test.id).with_customer(&customer)).await;
        assert_eq!(nodes.two.customer(shop.test.id, customer.id).await.unwrap().as_ref(), Some(&customer));
        for foreign in [shop.live.id, other.test.id, ids.id()] {
            assert_eq!(nodes.two.customer(foreign, customer.id).await.unwrap(), None);
        }
        let replaced = Customer { first_name: None, phone: None, blocked_at: None, ..customer };
        let mut set = ChangeSet::new(shop.test.id);
        set.rows.customers.change(Version::FIRST, replaced.clone());
        win(nodes, set).await;
        assert_eq!(nodes.two.customer(shop.test.id, replaced.id).await.unwrap(), Some(replaced));
    }
    sound(nodes).await;
}

fn dated(customer: &Customer) -> Dated {
    (customer.created_at, customer.updated_at, customer.id.uuid())
}

pub(crate) async fn customers_are_listed_in_any_order_and_searched(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let made: Vec<Customer> = (0..7_usize)
        .map(|n| Customer {
            created_at: moment([4, 4, 9, 1, 4, 9, 2][n]),
            updated_at: moment([9, 9, 9, 9, 5, 9, 8][n]),
            first_name: PersonName::parse(if n % 3 == 0 { "Ada_%'" } else { "Élodie" }).ok(),
            deleted_at: (n == 6).then(|| moment(8)),
            ..build::customer(&ids, &format!("buyer{n}"))
        })
        .collect();
    win(nodes, made.iter().fold(ChangeSet::new(shop.test.id), Grow::with_customer)).await;
    win(nodes, ChangeSet::new(shop.live.id).with_customer(&build::customer(&ids, "live"))).await;
    let kept = made.iter().filter(|customer| customer.deleted_at.is_none());
    for (search, found) in [
        (None, kept.clone().map(dated).collect::<Vec<_>>()),
        (Some("ada_%'"), kept.clone().step_by(3).map(dated).collect()),
        (Some("élodie"), kept.clone().filter(|one| one.search_text().contains("élodie")).map(dated).collect()),
        (Some("buyer5@"), vec![dated(&made[5])]),
        (Some("buyer6@"), Vec::new()),
        (Some("%"), kept.clone().step_by(3).map(dated).collect()),
    ] {
        take_and_skip(&found, &[SortBy::CreatedAt, SortBy::UpdatedAt], search.map(text), async |request| {
            let Counted { rows, count } = nodes.two.customers(shop.test.id, &request).await.unwrap();
            Counted { rows: rows.iter().map(dated).collect(), count }
        })
        .await;
    }
    sound(nodes).await;
}

pub(crate) async fn what_making_or_changing_a_customer_needs(nodes: &Nodes) {
    let (ids, shop) = shop(nodes).await;
    let (ada, gone) = (build::customer(&ids, "ada"), build::customer(&ids, "gone"));
    let gone = Customer { deleted_at: Some(moment(1)), ..gone };
    win(nodes, ChangeSet::new(shop.test.id).with_customer(&ada).with_customer(&gone)).await;
    for (id, email, found, owner) in [
        (None, None, None, None),
        (Some(ada.id), Some("ADA@example.com"), Some(&ada), Some(ada.id.uuid())),
        (Some(gone.id), Some("gone@example.com"), Some(&gone), None),
        (Some(ids.id()), Some("new@example.com"), None, None),
    ] {
        let email = email.map(|email| Email::parse(email).unwrap());
        let facts = nodes.two.customer_facts(shop.test.id, id, email.as_ref()).await.unwrap().unwrap();
        let CustomerFacts { merchant, customer, email_owner } = facts;
        assert_eq!((merchant, email_owner), (sets::first(shop.test.clone()), owner));
        assert_eq!(customer, found.cloned().map(sets::first));
    }
    let foreign = nodes.two.customer_facts(shop.live.id, Some(ada.id), Some(&ada.email)).await.unwrap().unwrap();
    assert_eq!((foreign.customer, foreign.email_owner), (None, None));
    assert!(nodes.two.customer_facts(ids.id(), None, None).await.unwrap().is_none());
}
