use super::*;
use crate::groups::{ShareIdFormat, cashback::tests::terms};
use proptest::prelude::*;

const MINUTE: i64 = 60_000_000;

pub(crate) fn at(minutes: i64) -> Timestamp {
    Timestamp::from_micros(minutes * MINUTE).unwrap()
}

/// A group of so many participants that opened at minute 0 and is open for `minutes`.
pub(crate) fn group(participants: u16, minutes: u32) -> Group {
    let request = NewGroup {
        share_id: ShareIdFormat::new("KHT-").unwrap().make("AB12CD34"),
        customer_id: CustomerId::from_uuid(uuid::Uuid::from_u128(1)),
        creator_email: Email::parse("buyer1@example.com").unwrap(),
        metadata: Metadata::default(),
        currency: "EUR".parse().unwrap(),
        terms: GroupTerms { minutes_duration: minutes, ..terms() },
        participants,
        schedule: ScheduleWish::default(),
    };
    Group::open(GroupId::from_uuid(uuid::Uuid::from_u128(2)), request, Actor::System, at(0)).unwrap()
}

const JOINER: Joiner = Joiner { email_is_used: false, currency: None, amount: Some(100) };

#[test]
fn short_groups_have_a_middle_and_long_ones_two_other_dates() {
    let days = |days: i64| at(days * 1_440);
    let dates = |minutes: u32| group(1, minutes).schedule;
    let week = dates(10_080);
    assert_eq!((week.expires_at, week.mid_expire_at), (days(7), Some(at(5_040))));
    assert_eq!((week.j_plus3_start_at, week.j_minus2_expire_at), (None, None));
    let long = dates(129_600);
    assert_eq!((long.expires_at, long.mid_expire_at), (days(90), None));
    assert_eq!((long.j_plus3_start_at, long.j_minus2_expire_at), (Some(days(3)), Some(days(88))));
    let wish = |expires_at, mid_expire_at| Schedule::of(at(5), DAY, ScheduleWish { expires_at, mid_expire_at });
    let own = wish(Some(days(30)), Some(days(9))).unwrap();
    assert_eq!((own.mid_expire_at, own.j_plus3_start_at), (Some(days(9)), None), "a middle that was asked for");
    for (expiry, middle) in
        [(Some(at(5)), None), (Some(days(400)), None), (Some(at(9)), Some(at(9))), (None, Some(at(5)))]
    {
        assert!(matches!(wish(expiry, middle), Err(Refusal::Invalid(_))), "{expiry:?} {middle:?}");
    }
}

#[test]
fn join_rules_are_told_in_their_order() {
    use GroupRefusal::{AmountTooLow, Closed, EmailUsed, Full};
    let terms = GroupTerms { max_participants: 2, min_purchase: 50, ..terms() };
    let full = Group { participants: 2, terms: terms.clone(), ..group(1, 10) };
    let room = Group { participants: 1, terms, ..group(1, 10) };
    let worst = Joiner { email_is_used: true, currency: "USD".parse().ok(), amount: Some(49) };
    let unused = Joiner { email_is_used: false, ..worst };
    let euro = Joiner { currency: "EUR".parse().ok(), ..unused };
    for (group, joiner, now, rule) in [
        (&full, worst, at(10), Closed),
        (&Group { status: GroupStatus::Canceled, ..full.clone() }, worst, at(1), Closed),
        (&full, worst, at(9), Full),
        (&room, worst, at(9), EmailUsed),
        (&room, euro, at(9), AmountTooLow),
    ] {
        assert_eq!(group.admits(joiner, now), Err(Refusal::Group(rule)));
    }
    assert!(matches!(room.admits(unused, at(9)), Err(Refusal::Invalid(faults)) if faults[0].field == "currency"));
    assert_eq!(room.admits(Joiner { amount: Some(50), ..euro }, at(9)), Ok(()));
    assert_eq!(room.admits(Joiner { amount: None, ..euro }, at(9)), Ok(()));
}

#[test]
fn only_an_open_group_whose_creator_is_alone_is_canceled_or_expired_by_hand() {
    let by = Actor::System;
    for &status in GroupStatus::ALL {
        for participants in 0..4 {
            for now in [at(0), at(9), at(10), at(99)] {
                let group = Group { status, ..group(participants, 10) };
                let open = status == GroupStatus::Open;
                let (alone, over) = (participants <= 1, now >= at(10));
                let canceled = group.canceled(by, now);
                assert_eq!(canceled.is_ok(), open && alone && !over, "{group:?} {now:?}");
                assert!(canceled.is_err() || canceled.unwrap().canceled_at == Some(now));
                let expired = group.expired(by, now).map(|group| group.status);
                assert_eq!(expired.is_ok(), open && alone && over, "{group:?} {now:?}");
                let closed = group.closed(now).map(|group| group.status);
                let wanted = if alone { GroupStatus::Expired } else { GroupStatus::Completed };
                assert_eq!(closed, (open && over).then_some(wanted));
            }
        }
    }
}

#[test]
fn a_lone_creator_is_reminded_and_never_early() {
    let short = group(1, 10);
    assert_eq!((short.due_at(), short.reminded(at(4))), (Some(at(5)), None));
    let midway = short.reminded(at(5)).unwrap();
    assert_eq!(
        (midway.reminder, midway.due_at(), midway.updated_by),
        (Reminder::MidwaySent, Some(at(10)), Actor::System)
    );
    assert_eq!(midway.reminded(at(9)), None, "once");
    assert_eq!(short.reminded(at(10)), None, "its time passed together with the expiry");
    assert_eq!(group(2, 10).reminded(at(5)), None, "not alone");

    let long = group(1, 129_600);
    let third = long.reminded(at(3 * 1_440)).unwrap();
    assert_eq!((third.reminder, third.due_at()), (Reminder::Day3Sent, Some(at(88 * 1_440))));
    let last = third.reminded(at(88 * 1_440)).unwrap();
    assert_eq!((last.reminder, last.due_at()), (Reminder::Day2BeforeEndSent, Some(at(90 * 1_440))));
    assert_eq!(last.reminded(at(89 * 1_440)), None);
}

#[test]
fn who_is_alone_again_hears_only_of_what_is_still_to_come() {
    let pair = group(2, 129_600);
    assert_eq!(pair.due_at(), Some(at(90 * 1_440)), "nobody is reminded");
    let alone = pair.left(Actor::System, at(4 * 1_440));
    assert_eq!((alone.reminded(at(5 * 1_440)), alone.due_at()), (None, Some(at(88 * 1_440))));
    assert_eq!(alone.reminded(at(88 * 1_440)).unwrap().reminder, Reminder::Day2BeforeEndSent);
}

#[test]
fn the_terms_stay_and_a_closed_group_can_still_be_annotated() {
    let closed = group(2, 10).closed(at(10)).unwrap();
    assert_eq!((closed.level, closed.completed_at), (Some(1), Some(at(10))));
    let change = GroupChange { metadata: Some(Metadata::stored("{\"a\":1}".to_owned())), creator_email: None };
    let noted = closed.changed(change, Actor::System, at(11));
    assert_eq!((noted.metadata.as_str(), noted.updated_at, noted.status), ("{\"a\":1}", at(11), closed.status));
    assert_eq!(closed.changed(GroupChange::default(), Actor::System, at(99)), closed);
}

/// What a group is, as simply as it can be said.
#[derive(Debug, Default)]
struct Model {
    members: Vec<u8>,
    closed: bool,
}

proptest! {
    /// Whoever joins, leaves, cancels or lets time pass in whatever order: never more than the most, nobody twice, and
    /// the end is final and follows from who is there.
    #[test]
    fn a_group_goes_as_its_model(steps in prop::collection::vec((0_u8..5, 0_u8..6, 0_i64..4), 0..60)) {
        let mut group = Group { terms: GroupTerms { max_participants: 3, ..terms() }, ..group(0, 10) };
        let (mut model, mut now) = (Model::default(), 0);
        for (step, who, pause) in steps {
            now += pause;
            let (open, by, time) = (!model.closed && now < 10, Actor::System, at(now));
            match step {
                0 | 1 => {
                    let joiner = Joiner { email_is_used: model.members.contains(&who), ..JOINER };
                    let welcome = open && model.members.len() < 3 && !model.members.contains(&who);
                    prop_assert_eq!(group.admits(joiner, time).is_ok(), welcome);
                    if welcome { model.members.push(who); group = group.joined(by, time); }
                }
                2 if !model.closed && model.members.contains(&who) => {
                    model.members.retain(|member| *member != who);
                    group = group.left(by, time);
                }
                3 => {
                    let canceled = group.canceled(by, time);
                    prop_assert_eq!(canceled.is_ok(), open && model.members.len() < 2);
                    if let Ok(next) = canceled { model.closed = true; group = next; }
                }
                _ => {
                    let closed = group.closed(time);
                    prop_assert_eq!(closed.is_some(), !model.closed && now >= 10);
                    if let Some(next) = closed {
                        model.closed = true;
                        let completed = next.status == GroupStatus::Completed;
                        prop_assert_eq!(completed, model.members.len() >= 2);
                        prop_assert_eq!(next.reached().is_some(), completed);
                        group = next;
                    }
                }
            }
            prop_assert_eq!(usize::from(group.participants), model.members.len());
            prop_assert_eq!(group.due_at().is_none(), model.closed);
            prop_assert!(group.due_at().is_none_or(|due| due <= at(10)));
            prop_assert!(group.updated_at <= time);
        }
    }

    /// Time alone brings every lone group through its reminders to its end, each step at its date and once.
    #[test]
    fn every_step_comes_at_its_date(minutes in 2_u32..20_000, late in 0_i64..3) {
        let mut group = group(1, minutes);
        let mut steps = Vec::new();
        while let Some(due) = group.due_at() {
            prop_assert!(group.reminded(due.minus(Duration::from_micros(1))).is_none());
            prop_assert!(group.closed(due.minus(Duration::from_micros(1))).is_none());
            let now = due.plus(Duration::from_micros(u64::try_from(late).unwrap()));
            group = group.reminded(now).or_else(|| group.closed(now)).unwrap();
            steps.push((group.reminder, group.status));
        }
        let (sent, last) = if minutes <= 10_080 { (2, Reminder::MidwaySent) } else { (3, Reminder::Day2BeforeEndSent) };
        prop_assert_eq!(steps.len(), sent);
        prop_assert_eq!(steps.last(), Some(&(last, GroupStatus::Expired)));
    }
}
