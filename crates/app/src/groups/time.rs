//! What time does to groups: reminders, and the end.
//!
//! A turn looks for what is due and does it one by one, in the lane of its group. Any number of nodes may run it: a step
//! that another has done is no longer due when it is decided.

use super::Groups;
use crate::{
    AppError,
    commit_loop::Decision,
    lanes,
    order_representation::announce,
    workers::{OneByOne, Turn},
};
use domain::{GroupId, GroupStatus, Language, MerchantId, Mode, OutgoingEmail};
use ports::{ChangeSet, ClosingFacts, Due, IdSourceExt as _, Resource, Tenant, Topic};
use std::time::Duration;

impl Groups {
    /// Sends reminders and closes groups that are due; each step of each group on its own.
    pub(crate) async fn turn(&self) -> Result<Turn, AppError> {
        let mut turn = OneByOne::default();
        loop {
            let due = self.reads.due_groups(self.context.now(), turn.passed_over(), OneByOne::SCANNED).await?;
            if let Some(over) = turn.over(due.len()) {
                return Ok(over);
            }
            for Due { merchant, id } in due {
                turn.count("a group", self.step_one(merchant, id).await)?;
            }
        }
    }

    /// The next step of one group, if it is due, and how late it came; `None` if it cannot be done now.
    async fn step_one(&self, merchant: MerchantId, id: GroupId) -> Result<Option<Duration>, AppError> {
        let load = || self.reads.closing_facts(merchant, id);
        self.context.work(&[lanes::group(merchant, id)], load, |facts| self.next_step(facts)).await
    }

    fn next_step(&self, facts: Option<ClosingFacts>) -> Result<Decision<Option<Duration>>, AppError> {
        let Some(facts) = facts else { return Ok(Decision::Return(Some(Duration::ZERO))) };
        if facts.merchant.row.resetting {
            return Ok(Decision::Return(None));
        }
        let now = facts.merchant.row.clock.at(self.context.now());
        let lag = facts.group.row.due_at().map_or(Duration::ZERO, |due| now.since(due));
        Ok(match self.reminded_or_closed(facts)? {
            Some(set) => Decision::commit(set, Some(lag)),
            None => Decision::Return(Some(Duration::ZERO)),
        })
    }

    /// The set that reminds or closes a group; `None` where nothing is due.
    fn reminded_or_closed(&self, facts: ClosingFacts) -> Result<Option<ChangeSet>, AppError> {
        let ClosingFacts { merchant: loaded, group, orders } = facts;
        let merchant = &loaded.row;
        let now = merchant.clock.at(self.context.now());
        let mut set = self.context.set_for(&loaded)?;
        let (after, topic) = match (group.row.reminded(now), group.row.closed(now)) {
            (Some(reminded), _) => (reminded, Topic::PaymentGroupReminder),
            (None, Some(closed)) if closed.status == GroupStatus::Completed => (closed, Topic::PaymentGroupSucceeded),
            (None, Some(closed)) => (closed, Topic::PaymentGroupExpired),
            (None, None) => return Ok(None),
        };
        if after.status == GroupStatus::Completed {
            for order in orders {
                let settled = order.row.settled(&after.terms, after.reached(), now)?;
                if settled.available_at.is_none() {
                    let topic = Topic::OrderCashbackAvailable;
                    announce(&self.context, &mut set, merchant, topic, &settled);
                }
                set.rows.orders.change(order.version, settled);
            }
        }
        // Test mode sends no e-mails.
        if topic == Topic::PaymentGroupReminder && self.writes_mails && merchant.mode == Mode::Live {
            let mail = OutgoingEmail::reminder(self.context.ids.id(), &after, Language::En, self.context.now());
            set.rows.mails.new.extend(mail);
        }
        let resource = Resource::Group(Tenant::from(merchant), &after);
        self.context.announce_resource(&mut set, merchant, topic, after.updated_at, resource);
        set.rows.groups.change(group.version, after);
        Ok(Some(set))
    }
}
