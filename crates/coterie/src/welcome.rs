//! The very first start of an embedded server, which creates something to try at once.

use crate::{failure::Failure, print};
use app::{App, MadeKey};
use domain::{ApiKey, Currency, KeyName, Mode, NewApiKey, OrganizationName, Plan, Refusal, Scopes};

/// Makes an organization and a test key if there is no organization yet, and shows the key, this one time.
pub(crate) async fn on_first_start(app: &App, base: &str) -> Result<(), Failure> {
    if !app.organizations.list(None, 1).await?.is_empty() {
        return Ok(());
    }
    let name = OrganizationName::parse("Default").map_err(unfit)?;
    let currency: Currency = "USD".parse().map_err(unfit)?;
    let organization = app.organizations.create(name, Plan::Growth, currency).await?;
    let ask = NewApiKey {
        name: KeyName::parse("First test key").map_err(unfit)?,
        scopes: Scopes::ALL,
        rate_limit_per_min: ApiKey::DEFAULT_RATE_LIMIT,
        expires_in: None,
    };
    let MadeKey { secret, .. } = app.keys.create(organization.id, Mode::Test, ask).await?;
    let key = secret.expose();
    Ok(print::result(&format!(
        "This is the first start. Made the organization Default ({id}) and a key for its test mode.\n\
         The key is shown this one time; `coterie keys create` makes more:\n\n    {key}\n\n\
         Try it:\n\n    curl {base}/api/v1/affiliates -H 'Authorization: Bearer {key}'\n",
        id = organization.id,
    ))?)
}

/// The texts above are within their limits; if a limit changes, this reports it.
fn unfit(expected: impl ToString) -> Failure {
    Failure::Refused(Refusal::State(expected.to_string()))
}
