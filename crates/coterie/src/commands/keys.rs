//! `coterie keys …`. The keys are shown as the API shows them, and a new one with its text.

use super::{Failure, shown};
use crate::{
    cli::{KeysCommand, Span},
    print,
};
use adapters_http::instant_text;
use app::{App, MadeKey};
use domain::{ApiKey, NewApiKey};
use ports::{KeyFacts, Renderer, Resource};
use serde_json::{Map, Value};

type Object = Map<String, Value>;

/// Does what was asked and prints the result.
pub(super) async fn run(app: &App, renderer: &dyn Renderer, command: KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::Create { organization, mode, name, scopes, rate_limit, expires_in, shape } => {
            let expires_in = expires_in.map(|Span(span)| span);
            let ask = NewApiKey { name, scopes, rate_limit_per_min: rate_limit, expires_in };
            print_made(renderer, &app.keys.create(organization, mode, ask).await?, shape.json)
        }
        KeysCommand::Roll { key, overlap: Span(overlap), shape } => {
            print_made(renderer, &app.keys.roll(key, overlap).await?, shape.json)
        }
        KeysCommand::List { organization, shape } => {
            let keys = app.keys.list(organization).await?;
            let rows: Result<Vec<Object>, Failure> = keys.iter().map(|facts| listed(renderer, facts)).collect();
            print_list(rows?, shape.json)
        }
        KeysCommand::Revoke { key, shape } => {
            let revoked = object(renderer, &app.keys.revoke(key).await?)?;
            let text = if shape.json { shown::json(&revoked)? } else { format!("revoked {key}") };
            Ok(print::result(&text)?)
        }
    }
}

/// A key as the API shows it.
fn object(renderer: &dyn Renderer, key: &ApiKey) -> Result<Object, Failure> {
    serde_json::from_slice(&renderer.object(Resource::ApiKey(key))).map_err(Failure::Json)
}

fn print_made(renderer: &dyn Renderer, made: &MadeKey, json: bool) -> Result<(), Failure> {
    let MadeKey { key, secret, mode, merchant_id } = made;
    if !json {
        return Ok(print::result(&format!("{}\n{}", key.id, secret.expose()))?);
    }
    let mut row = object(renderer, key)?;
    row.insert("key".to_owned(), secret.expose().into());
    row.insert("mode".to_owned(), mode.as_str().into());
    row.insert("merchant_id".to_owned(), merchant_id.to_string().into());
    Ok(print::result(&shown::json(&row)?)?)
}

/// A key with where it belongs and when it was last used.
fn listed(renderer: &dyn Renderer, facts: &KeyFacts) -> Result<Object, Failure> {
    let KeyFacts { key, merchant_id, mode, organization_id: _, plan: _, last_used_at } = facts;
    let mut row = object(renderer, &key.row)?;
    row.insert("mode".to_owned(), mode.as_str().into());
    row.insert("merchant_id".to_owned(), merchant_id.to_string().into());
    row.insert("last_used_at".to_owned(), last_used_at.map(instant_text).into());
    Ok(row)
}

fn print_list(rows: Vec<Object>, json: bool) -> Result<(), Failure> {
    if json {
        return Ok(print::result(&shown::json(&shown::List { data: rows })?)?);
    }
    let text = |row: &Object, name: &str| row.get(name).and_then(Value::as_str).unwrap_or("-").to_owned();
    let line = |row: &Object| {
        let [id, mode, start, last_four] = ["id", "mode", "start", "last_four"].map(|name| text(row, name));
        let [expires, revoked, used, name] =
            ["expires_at", "revoked_at", "last_used_at", "name"].map(|name| text(row, name));
        format!("{id}  {mode}  {start}…{last_four}  expires={expires}  revoked={revoked}  used={used}  {name}")
    };
    Ok(rows.iter().try_for_each(|row| print::result(&line(row)))?)
}
