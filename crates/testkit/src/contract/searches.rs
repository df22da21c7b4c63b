//! Customers, orders and groups, found by their fields. A neighbour that has the same of everything is never found.

use super::{
    Nodes,
    orders::Opened,
    settle::{shop, sound, win},
};
use crate::{
    build::{self, moment},
    sets::Grow,
};
use domain::{
    Currency, Customer, Email, Group, GroupStatus, Money, Order, OrderReference, OrderStatus, PersonName, PhoneNumber,
    RiskLevel, Schedule, ShareId,
};
use ports::{
    Between, ChangeSet, Counted, CustomerTerm, CustomerTime, GroupTerm, GroupTime, IdSourceExt, ListRequest,
    OrderAmount, OrderTerm, OrderTime, Search, SortBy,
    Wording::{self, Has, Is},
};
use uuid::Uuid;

/// Asks for all of these terms in every order; `expected` are places in `made`.
async fn finds<T: Clone + std::fmt::Debug>(
    made: &[Uuid],
    terms: &[T],
    expected: &[usize],
    list: impl AsyncFn(ListRequest<T>) -> Counted<Uuid>,
) {
    let mut expected: Vec<Uuid> = expected.iter().map(|&at| made[at]).collect();
    expected.sort_unstable();
    for by in [SortBy::CreatedAt, SortBy::UpdatedAt] {
        for descending in [true, false] {
            let search = Some(Search::Terms(terms.to_vec()));
            let Counted { mut rows, count } = list(ListRequest { search, by, descending, skip: 0, take: 100 }).await;
            rows.sort_unstable();
            assert_eq!((&rows, count), (&expected, u64::try_from(expected.len()).unwrap()), "{terms:?}");
        }
    }
}

fn has<T>(part: &str) -> Wording<T> {
    Has(part.to_owned())
}

fn name(text: &str) -> PersonName {
    PersonName::parse(text).unwrap()
}

fn email(text: &str) -> Email {
    Email::parse(text).unwrap()
}

fn from<T>(least: T) -> Between<T> {
    Between { least: Some(least), most: None }
}

fn until<T>(most: T) -> Between<T> {
    Between { least: None, most: Some(most) }
}

fn just<T: Copy>(value: T) -> Between<T> {
    Between { least: Some(value), most: Some(value) }
}

/// Names that fold to more letters, or are written beyond ASCII.
const NAMES: [(&str, &str); 4] = [("Ada", "King"), ("İpek", "ÅSTRÖM"), ("élodie", "ada"), ("ÉLODIE", "a'%_\\\"b")];

pub(crate) async fn customers_are_found_by_each_field(nodes: &Nodes) {
    use CustomerTerm as Term;
    let (ids, shop) = shop(nodes).await;
    let make = |n: usize| Customer {
        email: email(&format!("Büyer{n}@Example.com")),
        first_name: Some(name(NAMES[n].0)),
        last_name: Some(name(NAMES[n].1)),
        phone: (n > 1).then(|| PhoneNumber::parse(&format!("+33 {n} X")).unwrap()),
        blocked_at: (n == 2).then(|| moment(9)),
        created_at: moment(i64::try_from(n).unwrap()),
        updated_at: moment(10),
        ..build::customer(&ids, "any")
    };
    let mut made: Vec<Customer> = (0..4).map(make).collect();
    made.push(Customer { first_name: None, ..build::customer(&ids, "nameless") });
    let gone = Customer { deleted_at: Some(moment(9)), ..make(3) };
    win(nodes, made.iter().chain([&gone]).fold(ChangeSet::new(shop.test.id), Grow::with_customer)).await;
    win(nodes, (0..4).map(make).collect::<Vec<_>>().iter().fold(ChangeSet::new(shop.live.id), Grow::with_customer))
        .await;
    let places: Vec<Uuid> = made.iter().map(|customer| customer.id.uuid()).collect();
    let cases: &[(&[Term], &[usize])] = &[
        (&[Term::Id(made[1].id)], &[1]),
        (&[Term::Id(gone.id)], &[]),
        (&[Term::Id(ids.id())], &[]),
        (&[Term::Email(Is(email("büyer1@EXAMPLE.com")))], &[1]),
        (&[Term::Email(Is(email("nobody@example.com")))], &[]),
        (&[Term::Email(has("büyer"))], &[0, 1, 2, 3]),
        (&[Term::Email(has("ada"))], &[]),
        (&[Term::FirstName(Is(name("Ada")))], &[0]),
        (&[Term::FirstName(Is(name("ada")))], &[]),
        (&[Term::FirstName(has("ada"))], &[0]),
        (&[Term::FirstName(has("élodie"))], &[2, 3]),
        (&[Term::FirstName(has("i\u{307}pek"))], &[1]),
        (&[Term::FirstName(has("k å"))], &[]),
        (&[Term::LastName(has("ada"))], &[2]),
        (&[Term::LastName(has("åström"))], &[1]),
        (&[Term::LastName(has("'%_\\\""))], &[3]),
        (&[Term::LastName(has("%"))], &[3]),
        (&[Term::LastName(Is(name("ada")))], &[2]),
        (&[Term::Phone(has(" 2 x"))], &[2]),
        (&[Term::Phone(Is(PhoneNumber::parse("+33 3 X").unwrap()))], &[3]),
        (&[Term::Blocked(true)], &[2]),
        (&[Term::Blocked(false)], &[0, 1, 3, 4]),
        (&[Term::Time(CustomerTime::Created, from(moment(2)))], &[2, 3]),
        (&[Term::Time(CustomerTime::Created, until(moment(1)))], &[0, 1, 4]),
        (&[Term::Time(CustomerTime::Created, just(moment(1)))], &[1]),
        (&[Term::Time(CustomerTime::Updated, from(moment(10)))], &[0, 1, 2, 3]),
        (&[Term::Time(CustomerTime::Blocked, until(moment(9)))], &[2]),
        (&[Term::FirstName(has("élodie")), Term::Blocked(false)], &[3]),
        (&[Term::FirstName(has("a")), Term::FirstName(has("d")), Term::LastName(has("k"))], &[0]),
    ];
    for (terms, expected) in cases {
        finds(&places, terms, expected, async |request| {
            let Counted { rows, count } = nodes.two.customers(shop.test.id, &request).await.unwrap();
            Counted { rows: rows.iter().map(|customer| customer.id.uuid()).collect(), count }
        })
        .await;
    }
    let foreign = ListRequest { search: Some(Search::Terms(vec![Term::Id(made[0].id)])), ..ListRequest::newest(9) };
    assert_eq!(nodes.two.customers(shop.live.id, &foreign).await.unwrap().count, 0);
    sound(nodes).await;
}

pub(crate) async fn orders_are_found_by_each_field(nodes: &Nodes) {
    use OrderTerm as Term;
    let Opened { ids, shop, creator, group, order } = Opened::stored(nodes).await;
    let euros: Currency = "EUR".parse().unwrap();
    let usd = build::usd();
    let mut made = vec![order];
    let mut set = ChangeSet::new(shop.test.id);
    let elsewhere = build::group(&ids, &creator, "OTHER000");
    set = set.with_group(&elsewhere);
    let mut friends = Vec::new();
    for (n, (first, last)) in NAMES.into_iter().enumerate() {
        let friend = Customer { email: email(&format!("Friend{n}@example.com")), ..build::customer(&ids, "any") };
        let amount = i64::try_from(n).unwrap() * 10;
        let money = |minor| Money::from_minor(minor, if n == 3 { euros } else { usd });
        let order = Order {
            first_name: Some(name(first)),
            last_name: Some(name(last)),
            phone: PhoneNumber::parse(&format!("0{n}")).ok(),
            amount: money(amount + 5),
            refunded: money(if n == 1 { 5 } else { 0 }),
            cashback: money(amount),
            cashback_in_review: money(if n == 2 { 2 } else { 0 }),
            application_fee: money(if n == 3 { 3 } else { 0 }),
            status: [OrderStatus::Created, OrderStatus::CashbackAvailable, OrderStatus::CashbackSent][n % 3],
            risk: [RiskLevel::Low, RiskLevel::High][n % 2],
            ambassador_id: (n == 1).then_some(creator.id),
            reference: OrderReference::parse(&format!("ÖRDER,{n}")).ok(),
            participates: false,
            created_at: moment(i64::try_from(n).unwrap() + 1),
            updated_at: moment(20),
            ..build::order(&ids, &friend, if n == 0 { &group } else { &elsewhere })
        };
        set = set.with_customer(&friend).with_order(&order);
        friends.push(friend);
        made.push(order);
    }
    win(nodes, set).await;
    // The neighbor has equal rows with other ids.
    let twin = Customer { id: ids.id(), ..friends[0].clone() };
    let twins = Group { id: ids.id(), customer_id: twin.id, ..group.clone() };
    let theirs = Order { id: ids.id(), group_id: twins.id, customer_id: twin.id, ..made[1].clone() };
    let twins = Group { participants: 0, ..twins };
    win(nodes, ChangeSet::new(shop.live.id).with_customer(&twin).with_group(&twins).with_order(&theirs)).await;
    let places: Vec<Uuid> = made.iter().map(|order| order.id.uuid()).collect();
    let reference = |text: &str| OrderReference::parse(text).unwrap();
    let share = |text: &str| ShareId::stored(text).unwrap();
    let cases: &[(&[Term], &[usize])] = &[
        (&[Term::Id(made[2].id)], &[2]),
        (&[Term::Id(theirs.id)], &[]),
        (&[Term::CustomerId(friends[0].id)], &[1]),
        (&[Term::CustomerId(creator.id)], &[0]),
        (&[Term::AmbassadorId(creator.id)], &[2]),
        (&[Term::GroupId(group.id)], &[0, 1]),
        (&[Term::GroupId(twins.id)], &[]),
        (&[Term::ShareId(Is(share("KHT-OPENED00")))], &[0, 1]),
        (&[Term::ShareId(Is(share("ANY-OTHER000")))], &[2, 3, 4]),
        (&[Term::ShareId(Is(share("KHT-NOTHING0")))], &[]),
        (&[Term::ShareId(has("-other"))], &[2, 3, 4]),
        (&[Term::Email(Is(email("FRIEND1@example.com")))], &[2]),
        (&[Term::Email(has("friend"))], &[1, 2, 3, 4]),
        (&[Term::FirstName(Is(name("élodie")))], &[3]),
        (&[Term::FirstName(has("élodie"))], &[3, 4]),
        (&[Term::FirstName(has("i\u{307}pek"))], &[2]),
        (&[Term::LastName(has("åström"))], &[2]),
        (&[Term::LastName(has("ada"))], &[3]),
        (&[Term::LastName(Is(name("ada")))], &[3]),
        (&[Term::Phone(Is(PhoneNumber::parse("03").unwrap()))], &[4]),
        (&[Term::Phone(has("0"))], &[1, 2, 3, 4]),
        (&[Term::Reference(Is(reference("ÖRDER,1")))], &[2]),
        (&[Term::Reference(Is(reference("örder,1")))], &[]),
        (&[Term::Reference(has("örder,1"))], &[2]),
        (&[Term::Reference(has("örder"))], &[1, 2, 3, 4]),
        (&[Term::Reference(has("kht-"))], &[]),
        (&[Term::Currency(euros)], &[4]),
        (&[Term::Status(OrderStatus::CashbackAvailable)], &[2]),
        (&[Term::Status(OrderStatus::Created)], &[0, 1, 4]),
        (&[Term::Risk(RiskLevel::High)], &[2, 4]),
        (&[Term::Amount(OrderAmount::Paid, just(15))], &[2]),
        (&[Term::Amount(OrderAmount::Paid, from(25))], &[0, 3, 4]),
        (&[Term::Amount(OrderAmount::Paid, until(25))], &[1, 2, 3]),
        (&[Term::Amount(OrderAmount::Refunded, from(1))], &[2]),
        (&[Term::Amount(OrderAmount::Cashback, from(20))], &[3, 4]),
        (&[Term::Amount(OrderAmount::InReview, just(2))], &[3]),
        (&[Term::Amount(OrderAmount::Fee, from(1))], &[4]),
        (&[Term::Time(OrderTime::Created, from(moment(3)))], &[3, 4]),
        (&[Term::Time(OrderTime::Created, until(moment(1)))], &[0, 1]),
        (&[Term::Time(OrderTime::Updated, just(moment(20)))], &[1, 2, 3, 4]),
        (&[Term::Status(OrderStatus::CashbackAvailable), Term::Amount(OrderAmount::Paid, from(10))], &[2]),
        (&[Term::Status(OrderStatus::CashbackAvailable), Term::Amount(OrderAmount::Paid, from(16))], &[]),
        (&[Term::Amount(OrderAmount::Paid, from(10)), Term::Amount(OrderAmount::Paid, until(30))], &[2, 3]),
    ];
    for (terms, expected) in cases {
        finds(&places, terms, expected, async |request| {
            let Counted { rows, count } = nodes.two.orders(shop.test.id, &request).await.unwrap();
            Counted { rows: rows.iter().map(|order| order.id.uuid()).collect(), count }
        })
        .await;
    }
}

pub(crate) async fn groups_are_found_by_each_field(nodes: &Nodes) {
    use GroupTerm as Term;
    let Opened { ids, shop, creator, group, .. } = Opened::stored(nodes).await;
    let other = Customer { email: email("Øther@Example.com"), ..build::customer(&ids, "any") };
    let canceled = Group {
        status: GroupStatus::Canceled,
        creator_email: other.email.clone(),
        canceled_at: Some(moment(5)),
        created_at: moment(3),
        updated_at: moment(5),
        ..build::group(&ids, &other, "CANCELED")
    };
    let completed = build::group(&ids, &creator, "COMPLETE");
    let completed = Group {
        status: GroupStatus::Completed,
        level: Some(1),
        completed_at: Some(moment(900)),
        updated_at: moment(900),
        schedule: Schedule { expires_at: moment(900), ..completed.schedule },
        ..completed
    };
    let set = ChangeSet::new(shop.test.id).with_customer(&other).with_group(&canceled).with_group(&completed);
    win(nodes, set).await;
    let twin = Group { id: ids.id(), ..completed.clone() };
    win(nodes, ChangeSet::new(shop.live.id).with_group(&twin)).await;
    let places = [&group, &canceled, &completed].map(|group| group.id.uuid());
    let share = |text: &str| ShareId::stored(text).unwrap();
    let cases: &[(&[Term], &[usize])] = &[
        (&[Term::Id(canceled.id)], &[1]),
        (&[Term::Id(twin.id)], &[]),
        (&[Term::ShareId(Is(share("ANY-COMPLETE")))], &[2]),
        (&[Term::ShareId(Is(share("KHT-NOTHING0")))], &[]),
        (&[Term::ShareId(has("kht-c"))], &[1, 2]),
        (&[Term::ShareId(has("@"))], &[]),
        (&[Term::CustomerId(creator.id)], &[0, 2]),
        (&[Term::CreatorEmail(Is(email("øther@example.com")))], &[1]),
        (&[Term::CreatorEmail(has("creator@"))], &[0, 2]),
        (&[Term::CreatorEmail(has("kht"))], &[]),
        (&[Term::CreatorEmail(has("øther"))], &[1]),
        (&[Term::Status(GroupStatus::Open)], &[0]),
        (&[Term::Time(GroupTime::Created, from(moment(1)))], &[1]),
        (&[Term::Time(GroupTime::Updated, from(moment(6)))], &[2]),
        (&[Term::Time(GroupTime::Expires, from(moment(601)))], &[2]),
        (&[Term::Time(GroupTime::Canceled, until(moment(5)))], &[1]),
        (&[Term::Time(GroupTime::Completed, just(moment(900)))], &[2]),
        (&[Term::CustomerId(creator.id), Term::Status(GroupStatus::Completed)], &[2]),
    ];
    for (terms, expected) in cases {
        finds(&places, terms, expected, async |request| {
            let Counted { rows, count } = nodes.two.groups(shop.test.id, &request).await.unwrap();
            Counted { rows: rows.iter().map(|group| group.id.uuid()).collect(), count }
        })
        .await;
    }
}
