//! Making, rolling and revoking keys; organizations and plans.

use crate::stage::{TestApp, new_key, refusal};
use app::AppError;
use domain::{Mode, NewApiKey, OrganizationName, Plan, Refusal, Scope};
use std::time::Duration;
use testkit::build::usd;

#[tokio::test]
async fn organizations_of_one_name_have_slugs_of_their_own() {
    let stage = TestApp::new().await;
    let name = OrganizationName::parse("Ama").unwrap();
    let other = stage.app.organizations.create(name, Plan::Free, usd()).await.unwrap();
    let slug = stage.storage.merchant(other.live).await.unwrap().unwrap().row.slug;
    assert_eq!(slug.as_str(), "ama-2");
    assert_eq!(stage.app.organizations.list(None, 10).await.unwrap().len(), 2);
    let refused = stage.app.keys.create(other.id, Mode::Live, new_key()).await;
    assert!(matches!(refused, Err(AppError::ApiPlan)));
}

#[tokio::test]
async fn a_rolled_key_overlaps_and_a_revoked_one_does_not() {
    let stage = TestApp::new().await;
    let made = stage.app.keys.create(stage.organization.id, Mode::Live, new_key()).await.unwrap();
    let new = stage.app.keys.roll(made.key.id, Duration::from_secs(60)).await.unwrap();
    let opens = async |secret: &domain::KeySecret| stage.app.authenticator.identify(secret.expose()).await.is_ok();
    assert!(opens(&made.secret).await && opens(&new.secret).await);
    stage.clock.advance(Duration::from_secs(60));
    assert!(!opens(&made.secret).await && opens(&new.secret).await);
    stage.app.keys.revoke(new.key.id).await.unwrap();
    stage.clock.advance(Duration::from_secs(5));
    assert!(!opens(&new.secret).await);
    let facts = stage.app.keys.list(stage.organization.id).await.unwrap();
    assert_eq!(facts.len(), 3);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn a_downgrade_closes_the_api_and_deletes_nothing() {
    let stage = TestApp::new().await;
    let made = stage.app.keys.create(stage.organization.id, Mode::Test, new_key()).await.unwrap();
    let require = async || stage.app.authenticator.identify(made.secret.expose()).await.unwrap().require(Scope::Read);
    assert!(require().await.is_ok());
    stage.app.organizations.set_plan(stage.organization.id, Plan::Starter).await.unwrap();
    stage.clock.advance(Duration::from_secs(5));
    let refused = require().await;
    assert!(matches!(&refused, Err(AppError::ApiPlan)));
    assert_eq!(refused.unwrap_err().to_string(), "API access requires the Growth plan or above.");
    stage.app.organizations.set_plan(stage.organization.id, Plan::Growth).await.unwrap();
    stage.clock.advance(Duration::from_secs(5));
    assert!(require().await.is_ok());
}

#[tokio::test]
async fn a_rate_limit_has_bounds() {
    let stage = TestApp::new().await;
    for rate_limit_per_min in [0, 10_000_001] {
        let command = NewApiKey { rate_limit_per_min, ..new_key() };
        let refused = stage.app.keys.create(stage.organization.id, Mode::Test, command).await;
        assert!(matches!(refusal(refused), Refusal::Invalid(_)));
    }
}
