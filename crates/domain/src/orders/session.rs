//! Where a checkout session stands.

use crate::groups::GroupStatus;
use crate::orders::Order;
use crate::values::string_enum::string_enum;

/// The status of a checkout session, which follows its order's group as long as the order takes part in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SessionStatus {
    /// The group takes participants.
    Open,
    /// The group is completed, and there is cashback.
    Complete,
    /// The order takes part in nothing any more: its group came to nothing, or it was taken back.
    Expired,
}
string_enum!(SessionStatus { Open = "OPEN", Complete = "COMPLETED", Expired = "EXPIRED" });

impl SessionStatus {
    /// Of `order`, whose group stands at `group`.
    pub const fn of(order: &Order, group: GroupStatus) -> Self {
        match group {
            GroupStatus::Open if order.participates => Self::Open,
            GroupStatus::Completed if order.participates => Self::Complete,
            _ => Self::Expired,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_stands_with_its_group_while_its_order_takes_part() {
        use GroupStatus::{Canceled, Completed, Expired, Open};
        let order = crate::orders::order::tests::order(1);
        let out = Order { participates: false, ..order.clone() };
        for (group, status) in [
            (Open, SessionStatus::Open),
            (Completed, SessionStatus::Complete),
            (Expired, SessionStatus::Expired),
            (Canceled, SessionStatus::Expired),
        ] {
            assert_eq!(SessionStatus::of(&order, group), status);
            assert_eq!(SessionStatus::of(&out, group), SessionStatus::Expired);
        }
    }
}
