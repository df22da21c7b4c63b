//! The use cases: load the facts, let the domain decide, commit once.
//!
//! Every write has the same three steps in the same order. The rules are in `domain`, the bytes of answers come from the
//! `Renderer` port, the one atomic write goes through the `Journal` port. A use case takes a [`Principal`] and trusts no
//! tenant id from anywhere else.
//!
//! # Adding an operation
//! Say what it needs to know as a facts method of the aggregate's read port, decide in `domain`, and give both to
//! `UseCaseContext::run` here, as its neighbours do. Then give it a route in `adapters-http`.

mod accounts;
mod affiliates;
mod authenticator;
mod clicks;
mod commissions;
mod commit_loop;
mod context;
mod coupons;
mod customers;
mod erasing;
mod error;
mod events;
mod group_settings;
mod groups;
mod keys;
mod lanes;
mod mails;
mod maturing;
mod order_representation;
mod orders;
mod organizations;
mod payouts;
mod principal;
mod recording;
mod refunds;
mod response;
mod rules;
mod settings;
mod stored_responses;
mod taking_back;
mod testing;
mod tiers;
mod upkeep;
mod workers;

pub use affiliates::{Affiliates, ChangeAffiliateCommand, CreateAffiliateCommand};
pub use authenticator::{Authenticator, Identity, KeyPolicy};
pub use clicks::{Clicks, Landing, RecordClickCommand, Redirect};
pub use commissions::{Commissions, MoveCommissionCommand};
pub use context::Dependencies;
pub use coupons::{Coupons, CreateCouponCommand};
pub use customers::Customers;
pub use erasing::{Erasing, Person};
pub use error::AppError;
pub use events::{AskedItem, BatchLine, Events, RecordEventBatchCommand, RecordEventCommand};
pub use group_settings::GroupSettingsCases;
pub use groups::{Groups, OpenGroupCommand, ValidateGroupCommand};
pub use keys::{Keys, MadeKey};
pub use mails::Mails;
pub use maturing::Maturing;
pub use order_representation::OrderRepresentation;
pub use orders::{OrderReferral, Orders, PlaceOrderCommand};
pub use organizations::Organizations;
pub use payouts::{ChangePayoutCommand, CreatePayoutCommand, Payouts, RecordPayoutResultsCommand};
pub use principal::Principal;
pub use refunds::Refunds;
pub use response::{IdempotentRequest, Response};
pub use rules::Rules;
pub use settings::SettingsCases;
pub use stored_responses::StoredResponses;
pub use testing::TestMode;
pub use tiers::Tiers;
pub use upkeep::Upkeep;
pub use workers::{PollInterval, Turn, Worker};

use context::UseCaseContext;
use std::sync::Arc;
use workers::Shifts;

/// All use cases over one storage.
pub struct App {
    /// Authentication.
    pub authenticator: Authenticator,
    /// Affiliates.
    pub affiliates: Affiliates,
    /// Coupons.
    pub coupons: Coupons,
    /// Settings.
    pub settings: SettingsCases,
    /// Clicks.
    pub clicks: Clicks,
    /// Conversion events.
    pub events: Events,
    /// Refunds.
    pub refunds: Refunds,
    /// Commissions.
    pub commissions: Commissions,
    /// Tiers.
    pub tiers: Tiers,
    /// Commission rules.
    pub rules: Rules,
    /// Payouts.
    pub payouts: Payouts,
    /// Customers.
    pub customers: Customers,
    /// Orders.
    pub orders: Orders,
    /// Referral groups.
    pub groups: Groups,
    /// Settings of referral groups.
    pub group_settings: GroupSettingsCases,
    /// Responses stored for idempotency keys.
    pub stored_responses: StoredResponses,
    /// Organizations; for operators.
    pub organizations: Organizations,
    /// API keys; for operators.
    pub keys: Keys,
    /// The clock and the reset of test mode.
    pub test_mode: TestMode,
    /// Time passing over commissions.
    pub maturing: Maturing,
    /// Erasing.
    pub erasing: Erasing,
    /// E-mails.
    pub mails: Mails,
    /// Work that the server does in the background.
    pub upkeep: Upkeep,
    /// Which work this node does.
    shifts: Shifts,
    /// The storage as a whole; for operators.
    pub inspection: Arc<dyn ports::Inspection>,
}

impl App {
    /// Wires the use cases.
    pub fn new(dependencies: Dependencies, policy: KeyPolicy) -> Self {
        let storage = Arc::clone(&dependencies.storage);
        let limiter = Arc::clone(&dependencies.limiter);
        let redactor = Arc::clone(&dependencies.redactor);
        let context = Arc::new(UseCaseContext::new(dependencies));
        let policy = Arc::new(policy);
        Self {
            authenticator: Authenticator::new(Arc::clone(&context), storage.clone(), limiter, Arc::clone(&policy)),
            affiliates: Affiliates::new(Arc::clone(&context), storage.clone()),
            coupons: Coupons::new(Arc::clone(&context), storage.clone()),
            settings: SettingsCases::new(Arc::clone(&context), storage.clone()),
            clicks: Clicks::new(Arc::clone(&context), storage.clone()),
            events: Events::new(Arc::clone(&context), storage.clone()),
            refunds: Refunds::new(Arc::clone(&context), storage.clone()),
            commissions: Commissions::new(Arc::clone(&context), storage.clone()),
            tiers: Tiers::new(Arc::clone(&context), storage.clone()),
            rules: Rules::new(Arc::clone(&context), storage.clone()),
            payouts: Payouts::new(Arc::clone(&context), storage.clone()),
            customers: Customers::new(Arc::clone(&context), storage.clone()),
            orders: Orders::new(Arc::clone(&context), &storage),
            groups: Groups::new(Arc::clone(&context), storage.clone(), storage.clone()),
            group_settings: GroupSettingsCases::new(Arc::clone(&context), storage.clone()),
            stored_responses: StoredResponses::new(Arc::clone(&context)),
            organizations: Organizations::new(Arc::clone(&context), storage.clone()),
            keys: Keys::new(Arc::clone(&context), storage.clone(), storage.clone(), policy),
            test_mode: TestMode::new(Arc::clone(&context), storage.clone(), storage.clone()),
            maturing: Maturing::new(Arc::clone(&context), storage.clone()),
            erasing: Erasing::new(Arc::clone(&context), storage.clone(), storage.clone(), redactor),
            mails: Mails::new(Arc::clone(&context), storage.clone(), storage.clone()),
            upkeep: Upkeep::new(Arc::clone(&context), storage.clone()),
            shifts: Shifts::new(context, storage.clone()),
            inspection: storage,
        }
    }

    /// Adds a mailer; without one no e-mails are written.
    #[must_use]
    pub fn with_mailer(mut self, mailer: Arc<dyn ports::Mailer>) -> Self {
        self.groups.writes_mails = true;
        self.mails.mailer = Some(mailer);
        self
    }

    /// The same with another form of the groups' share ids.
    #[must_use]
    pub fn with_share_ids(mut self, format: domain::ShareIdFormat) -> Self {
        self.orders.share_ids = format.clone();
        self.groups.share_ids = format;
        self
    }
}
