//! Conversion events, and who is credited with them.

mod attribution;
mod decision;
mod event;
mod item;
mod kind;

pub use attribution::{Attributed, BoundAffiliate, Candidates, ClickedAffiliate, attribute};
pub use decision::{
    Candidate, CandidateOutcome, CandidateSource, Considered, Decision, DecisionError, ParentVerdict, PassedParent,
    Rating, RewardVerdict, Via,
};
pub use event::{AsSent, Event, NewEvent, Unreadable};
pub use item::{Item, Items, ItemsError};
pub use kind::{EventKind, EventSpace};
