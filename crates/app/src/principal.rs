//! The principal on whose behalf a use case runs.

use crate::AppError;
use domain::{ApiKeyId, MerchantId, Mode, OrganizationId, Plan};

/// The authenticated caller. Made only by the authenticator, from a valid key with the right scope on a plan that allows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Principal {
    /// The merchant that every row of the use case belongs to.
    pub merchant_id: MerchantId,
    /// Its mode.
    pub mode: Mode,
    /// Its organization.
    pub organization_id: OrganizationId,
    /// The organization's plan.
    pub plan: Plan,
    /// The key that was used.
    pub key_id: ApiKeyId,
}

impl Principal {
    /// Insists on test mode, for what does not exist in live mode.
    pub fn require_test(&self) -> Result<(), AppError> {
        if self.mode == Mode::Test { Ok(()) } else { Err(AppError::LiveMode) }
    }
}
