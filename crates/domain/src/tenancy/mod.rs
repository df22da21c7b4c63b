//! Organizations, their merchants with settings and clocks, and the keys that open them.

mod actor;
mod clock;
mod key;
mod merchant;
mod organization;
mod settings;

pub use actor::Actor;
pub use clock::{MerchantClock, TestClock, TestClockStep};
pub use key::{ApiKey, KeyFormat, KeyHash, KeySecret, NewApiKey, Pepper, Scope, Scopes};
pub use merchant::Merchant;
pub use organization::{Mode, Organization, Plan};
pub use settings::{AttributionModel, Recurring, RedirectHost, SelfReferral, Settings, SettingsChange, WebUrl};
