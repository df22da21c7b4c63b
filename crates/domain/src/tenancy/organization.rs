//! Organizations, their plan and their two modes.

use crate::values::{MerchantId, OrganizationId, OrganizationName, Timestamp, string_enum::string_enum};

/// Test and live data never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// For trying things out; has a clock of its own.
    Test,
    /// Real money.
    Live,
}
string_enum!(Mode { Test = "test", Live = "live" });

/// What an organization has paid for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Plan {
    /// The console only, 25 affiliates.
    Free,
    /// The console only, 250 affiliates.
    Starter,
    /// The API, parents, any number of affiliates.
    Growth,
    /// As growth.
    Enterprise,
}
string_enum!(Plan { Free = "free", Starter = "starter", Growth = "growth", Enterprise = "enterprise" });

impl Plan {
    /// The literal message for a key of a smaller plan.
    pub const API_REFUSAL: &'static str = "API access requires the Growth plan or above.";

    /// Whether keys may be made and used.
    pub const fn allows_api(self) -> bool {
        matches!(self, Self::Growth | Self::Enterprise)
    }

    /// Whether affiliates may have parents.
    pub const fn allows_parents(self) -> bool {
        matches!(self, Self::Growth | Self::Enterprise)
    }

    /// How many affiliates fit; `None` is any number.
    pub const fn affiliate_seats(self) -> Option<u32> {
        match self {
            Self::Free => Some(25),
            Self::Starter => Some(250),
            Self::Growth | Self::Enterprise => None,
        }
    }
}

/// The owner of two merchants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Organization {
    /// Its id.
    pub id: OrganizationId,
    /// Its name.
    pub name: OrganizationName,
    /// Its plan; shared by both modes.
    pub plan: Plan,
    /// The test merchant.
    pub test: MerchantId,
    /// The live merchant.
    pub live: MerchantId,
    /// Real time of creation.
    pub created_at: Timestamp,
}

impl Organization {
    /// The merchant of one mode.
    pub const fn merchant(&self, mode: Mode) -> MerchantId {
        match mode {
            Mode::Test => self.test,
            Mode::Live => self.live,
        }
    }
}
