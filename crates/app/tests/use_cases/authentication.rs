//! From a key's text to a principal.

use crate::stage::{TestApp, new_key};
use app::AppError;
use domain::{KeyFormat, Mode, NewApiKey, Scope, Scopes};
use std::time::Duration;

#[tokio::test]
async fn only_a_known_key_opens_and_only_what_its_scopes_say() {
    let stage = TestApp::new().await;
    let command = NewApiKey { scopes: Scopes::of(&[Scope::Read]).unwrap(), ..new_key() };
    let made = stage.app.keys.create(stage.organization.id, Mode::Live, command).await.unwrap();
    let identity = stage.app.authenticator.identify(made.secret.expose()).await.unwrap();
    let principal = identity.require(Scope::Read).unwrap();
    assert_eq!((principal.merchant_id, principal.mode), (stage.organization.live, Mode::Live));
    for scope in [Scope::Write, Scope::Admin] {
        assert!(matches!(identity.require(scope), Err(AppError::Scope(refused)) if refused == scope));
    }
    let unknown = KeyFormat::new("cob_", &[]).unwrap().write(Mode::Live, &[3; 64]).unwrap();
    for text in ["", "cob_live_", unknown.expose(), &made.secret.expose()[1..]] {
        assert!(matches!(stage.app.authenticator.identify(text).await, Err(AppError::Unauthorized)));
    }
}

#[tokio::test]
async fn a_use_is_noted_at_most_once_a_minute() {
    let stage = TestApp::new().await;
    let made = stage.app.keys.create(stage.organization.id, Mode::Test, new_key()).await.unwrap();
    let last_use = async || {
        stage.app.authenticator.identify(made.secret.expose()).await.unwrap();
        stage.storage.key(made.key.id).await.unwrap().unwrap().last_used_at.unwrap()
    };
    let first = last_use().await;
    stage.clock.advance(Duration::from_secs(59));
    assert_eq!(last_use().await, first);
    stage.clock.advance(Duration::from_secs(1));
    assert_eq!(last_use().await, first.plus(Duration::from_secs(60)));
}
