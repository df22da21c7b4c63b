//! Conversion events, and who is credited with them.

mod attribution;
mod decision;
mod event;
mod item;
mod kind;

pub use attribution::{Attributed, BoundAffiliate, Candidates, ClickedAffiliate, attribute};
pub use decision::{
    Candidate, CandidateSource, Considered, Decision, DecisionError, ParentVerdict, PassedParent, Rating,
    RewardVerdict, Verdict, Via,
};
pub use event::{Event, NewEvent, Unreadable};
pub use item::{Item, Items, ItemsError};
pub use kind::{EventKind, EventSpace};
