//! Customers and their orders in referral groups.

mod checkout;
pub(crate) mod customer;
pub(crate) mod order;
mod risk;
mod session;

pub use checkout::{Checkout, CheckoutError, LineItems};
pub use customer::{Customer, CustomerChange, NewCustomer};
pub use order::{NewOrder, Order, OrderPlacement, OrderStatus};
pub use risk::{OrderVelocity, RiskContext, RiskLevel, Signal, signals};
pub use session::SessionStatus;
