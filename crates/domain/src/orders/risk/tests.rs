use super::*;
use crate::groups::group::tests::at;
use crate::orders::customer::tests::customer;
use proptest::prelude::*;

const ALL: [Signal; 5] = [
    Signal::CreatorsAddress,
    Signal::CreatorsPhone,
    Signal::ThrowawayAddress,
    Signal::HurriedCustomer,
    Signal::HurriedGroup,
];

fn told(email: &str, phone: &str, creator: Option<&Customer>, velocity: &OrderVelocity) -> Vec<Signal> {
    let around = RiskContext { creator, velocity };
    signals(&Email::parse(email).unwrap(), PhoneNumber::parse(phone).ok().as_ref(), around, at(60))
}

#[test]
fn the_creator_is_known_by_address_and_number() {
    let gmail = Customer { email: Email::parse("bob.smith@gmail.com").unwrap(), ..customer(1) };
    let calm = OrderVelocity::default();
    let told = |email: &str, phone: &str, creator| told(email, phone, creator, &calm);
    assert_eq!(told("other@example.com", "+49 999", Some(&gmail)), []);
    assert_eq!(told("other@example.com", "(33) 123", Some(&gmail)), [Signal::CreatorsPhone]);
    let short = Customer { phone: PhoneNumber::parse("33 1").ok(), ..gmail.clone() };
    assert_eq!(told("other@example.com", "33-1", Some(&short)), [], "too few digits to mean anybody");
    assert_eq!(told("bobsmith+2@gmail.com", "", Some(&gmail)), [Signal::CreatorsAddress]);
    assert_eq!(told("bobsmith+2@gmail.com", "+33 1 23", None), [], "who opens a group has nobody beside");
}

#[test]
fn a_hurry_is_five_within_the_time() {
    let minutes = |all: &[i64]| all.iter().map(|&minute| at(minute)).collect::<Vec<_>>();
    for (of_customer, of_group, expected) in [
        (&[120, 120, 120][..], &[120, 120, 120][..], &[][..]),
        (&[119, 90, 62, 60], &[119, 118, 111, 109], &[Signal::HurriedCustomer]),
        (&[119, 90, 62, 59], &[120, 118, 111, 110], &[Signal::HurriedGroup]),
        // A clock that was set back: what seems to come later is not long ago.
        (&[130, 130, 130, 130], &[], &[Signal::HurriedCustomer]),
    ] {
        let velocity = OrderVelocity { of_customer: minutes(of_customer), of_group: minutes(of_group) };
        let around = RiskContext { creator: None, velocity: &velocity };
        assert_eq!(signals(&customer(1).email, None, around, at(120)), expected, "{of_customer:?} {of_group:?}");
    }
    assert_eq!(OrderVelocity::LOOKED_AT, u32::try_from(OrderVelocity::MANY).unwrap() - 1);
}

#[test]
fn levels_by_what_is_told() {
    use RiskLevel::{High, Low, Medium};
    assert_eq!(RiskLevel::by(&[]), Low);
    for signal in ALL {
        assert_eq!(RiskLevel::by(&[signal]), if signal == Signal::CreatorsAddress { High } else { Medium });
    }
    let thrown = RiskLevel::of(
        &Email::parse("x@mailinator.com").unwrap(),
        None,
        RiskContext { creator: None, velocity: &OrderVelocity::default() },
        at(0),
    );
    assert_eq!(thrown, Medium);
}

proptest! {
    /// More that speaks against an order never lowers its level.
    #[test]
    fn more_signals_never_mean_less_risk(held in prop::collection::vec(any::<bool>(), 5), more in 0_usize..5) {
        let those = |held: &[bool]| -> Vec<Signal> {
            ALL.into_iter().zip(held).filter_map(|(signal, &holds)| holds.then_some(signal)).collect()
        };
        let mut all = held.clone();
        all[more] = true;
        prop_assert!(RiskLevel::by(&those(&held)) <= RiskLevel::by(&those(&all)));
    }

    /// The latest few say the same as all of them would, counted.
    #[test]
    fn the_latest_few_say_whether_there_are_many(mut all in prop::collection::vec(0_i64..240, 0..30)) {
        all.sort_unstable_by(|a, b| b.cmp(a));
        let (now, hour) = (at(240), OrderVelocity::OF_CUSTOMER);
        let within = all.iter().filter(|&&minute| now.since(at(minute)) <= hour).count();
        let latest: Vec<_> = all.iter().take(OrderVelocity::LOOKED_AT as usize).map(|&minute| at(minute)).collect();
        prop_assert_eq!(OrderVelocity::is_hurried(&latest, hour, now), within + 1 >= OrderVelocity::MANY);
    }
}
