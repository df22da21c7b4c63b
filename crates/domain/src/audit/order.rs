//! Whether an order that is a conversion too and its event agree. For `coterie reconcile`.

use crate::events::{Event, EventKind};
use crate::groups::Group;
use crate::orders::Order;
use crate::values::Money;

/// What is wrong between an order that is a conversion too and its event: at most one thing, without personal data. `group`
/// is where the order is now, which may have opened after its first one closed.
pub fn audit_order(order: &Order, group: Option<&Group>, event: Option<&Event>) -> Option<String> {
    let Some(event) = event else { return Some("is a conversion whose event is missing".to_owned()) };
    if event.external_id != Order::conversion_id(order.id, order.reference.as_ref())
        || event.kind != EventKind::Purchase
    {
        return Some("is a conversion whose event is not its purchase".to_owned());
    }
    let amounts = |amount: Option<Money>, refunded: i64| {
        format!("{} with {refunded} refunded", amount.map_or_else(|| "nothing".to_owned(), shown))
    };
    if event.amount != Some(order.amount) || event.refunded_minor != order.refunded.minor() {
        let (own, other) =
            (amounts(Some(order.amount), order.refunded.minor()), amounts(event.amount, event.refunded_minor));
        return Some(format!("is of {own}; its event is of {other}"));
    }
    let Some(reserve) = event.decision.reserve else {
        return Some("has nothing reserved for its cashback".to_owned());
    };
    let room = reserve.room(order.amount);
    if event.payout_cap != Some(room) {
        return Some(format!("leaves {} to the commissions, and its event has another cap", shown(room)));
    }
    let promised = group.map(|group| group.terms.promise(order.amount.currency()));
    promised
        .filter(|promised| !reserve.promise.covers(*promised))
        .map(|_| "is in a group that promises more cashback than is reserved for it".to_owned())
}

fn shown(money: Money) -> String {
    format!("{} {}", money.minor(), money.currency())
}
