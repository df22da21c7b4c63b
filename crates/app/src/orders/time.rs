//! What time does to orders: held cashback becomes available.

use super::Orders;
use crate::{
    AppError,
    commit_loop::Decision,
    order_representation::announce,
    workers::{OneByOne, Turn},
};
use domain::{MerchantId, OrderId};
use ports::{Due, OrderFacts, Topic};
use std::time::Duration;

impl Orders {
    /// Makes cashback available once its hold is over.
    pub(crate) async fn turn(&self) -> Result<Turn, AppError> {
        let mut turn = OneByOne::default();
        loop {
            let due = self.reads.due_orders(self.context.now(), turn.passed_over(), OneByOne::SCANNED).await?;
            if let Some(over) = turn.over(due.len()) {
                return Ok(over);
            }
            for Due { merchant, id } in due {
                turn.count("held cashback", self.release_one(merchant, id).await)?;
            }
        }
    }

    /// Of one order, and how late it came; `None` if it cannot be done now.
    async fn release_one(&self, merchant: MerchantId, id: OrderId) -> Result<Option<Duration>, AppError> {
        let load = || self.reads.order_facts(merchant, id);
        self.context.work(&[], load, |facts| self.released(facts)).await
    }

    fn released(&self, facts: Option<OrderFacts>) -> Result<Decision<Option<Duration>>, AppError> {
        let Some(facts) = facts else { return Ok(Decision::Return(Some(Duration::ZERO))) };
        let OrderFacts { merchant, order, group: _ } = facts;
        if merchant.row.resetting {
            return Ok(Decision::Return(None));
        }
        let now = merchant.row.clock.at(self.context.now());
        let lag = order.row.available_at.map_or(Duration::ZERO, |due| now.since(due));
        let Some(released) = order.row.released(now) else { return Ok(Decision::Return(Some(Duration::ZERO))) };
        let mut set = self.context.set_for(&merchant)?;
        announce(&self.context, &mut set, &merchant.row, Topic::OrderCashbackAvailable, &released);
        set.rows.orders.change(order.version, released);
        Ok(Decision::commit(set, Some(lag)))
    }
}
