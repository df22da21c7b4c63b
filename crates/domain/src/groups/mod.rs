//! Referral groups, what they promise, and the settings they are opened with.

pub(crate) mod cashback;
pub(crate) mod group;
mod group_settings;
mod share_id;

pub use cashback::{DiscountType, GroupTerms, Level, LevelValue, Levels};
pub use group::{Group, GroupChange, GroupStatus, Joiner, NewGroup, Reminder, Schedule, ScheduleWish};
pub use group_settings::{GroupSettings, GroupSettingsChange};
pub use share_id::{ShareId, ShareIdFormat};
