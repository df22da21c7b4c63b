//! Every subcommand, with and without a server beside it.

use crate::{
    on_both_sites,
    support::{Ran, Site},
};
use serde_json::Value;

on_both_sites!(
    organizations_are_made_listed_and_moved,
    keys_are_made_listed_rolled_and_revoked,
    what_does_not_exist_is_refused,
    commands_work_beside_a_server,
    migrating_twice_changes_nothing,
    a_server_is_asked_for_its_health,
);

#[test]
fn the_document_needs_no_database() {
    let site = Site::sqlite();
    let printed = site.run(&["openapi"]).success();
    let document: Value = serde_json::from_str(&printed).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    assert!(!site.folder().join("coterie.db").exists(), "nothing was made for it");
    let served = site.serve().raw("GET /api/v1/openapi HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\n\r\n");
    assert_eq!(served.json(), document);
}

#[test]
fn what_cannot_be_read_is_a_usage_error() {
    let site = Site::sqlite();
    let org = "org_01hzy3v7k2e9m8q4t6w0x5b1ca";
    for line in [
        vec!["dance"],
        vec!["org", "create"],
        vec!["org", "create", "--name", ""],
        vec!["org", "create", "--name", "x", "--plan", "gold"],
        vec!["org", "set-plan", "org_x", "growth"],
        vec!["keys", "create", "--org", org, "--mode", "prod", "--name", "x"],
        vec!["keys", "create", "--org", org, "--mode", "test"],
        vec!["keys", "create", "--org", org, "--mode", "test", "--name", "x", "--scopes", "read,fly"],
        vec!["keys", "create", "--org", org, "--mode", "test", "--name", "x", "--rate-limit", "0"],
        vec!["keys", "create", "--org", org, "--mode", "test", "--name", "x", "--rate-limit", "10000001"],
        vec!["keys", "create", "--org", org, "--mode", "test", "--name", "x", "--expires-in", "soon"],
        vec!["keys", "roll", "key_x"],
        vec!["serve", "--port", "80"],
    ] {
        let ran = site.run(&line);
        assert_eq!((ran.code, ran.stdout.as_str()), (Some(2), ""), "{line:?}: {ran:?}");
        assert!(!ran.stderr.is_empty(), "{line:?}");
    }
    let help = site.run(&["--help"]).success();
    for command in ["serve", "migrate", "org", "keys", "openapi", "config", "reconcile", "healthcheck"] {
        assert!(help.contains(command), "{command} is not in the help");
    }
    assert!(site.run(&["--version"]).success().starts_with("coterie "));
}

fn make(site: &Site, name: &str) -> Value {
    site.json(&["org", "create", "--name", name, "--plan", "growth"])
}

fn organizations_are_made_listed_and_moved(site: Site) {
    let made = make(&site, "Ama's Shop");
    assert_eq!((&made["name"], &made["plan"]), (&"Ama's Shop".into(), &"growth".into()));
    assert!(made["id"].as_str().unwrap().starts_with("org_"));
    let merchants = made["merchants"].as_object().unwrap();
    for mode in ["test", "live"] {
        assert!(merchants[mode].as_str().unwrap().starts_with("mer_"), "{made}");
    }
    assert_ne!(merchants["test"], merchants["live"]);
    let small = site.json(&["org", "create", "--name", "Small", "--plan", "starter"]);
    let plain = site.run(&["org", "create", "--name", "Plain"]).success();
    assert!(plain.contains("org_"), "{plain}");

    let listed = site.json(&["org", "list"]);
    let rows = listed["data"].as_array().unwrap();
    assert_eq!(rows.len(), 3);
    assert!(rows.contains(&made) && rows.contains(&small), "{listed}");
    let text = site.run(&["org", "list"]).success();
    assert!(text.contains("Ama's Shop") && text.contains(made["id"].as_str().unwrap()), "{text}");

    let id = small["id"].as_str().unwrap();
    let key = ["keys", "create", "--org", id, "--mode", "test", "--name", "k"];
    let refused = site.run(&key).failure(1);
    assert!(refused.contains("API access requires the Growth plan or above."), "{refused}");
    site.run(&["org", "set-plan", id, "enterprise"]).success();
    site.run(&key).success();
    let plan_of = |listed: Value| {
        let rows = listed["data"].as_array().unwrap().clone();
        rows.iter().find(|row| row["id"] == id).unwrap()["plan"].clone()
    };
    assert_eq!(plan_of(site.json(&["org", "list"])), "enterprise");
}

fn keys_are_made_listed_rolled_and_revoked(site: Site) {
    let org = make(&site, "Keys")["id"].as_str().unwrap().to_owned();
    let create = |mode: &str| site.json(&["keys", "create", "--org", &org, "--mode", mode, "--name", "my key"]);
    let test = create("test");
    let live = site.json(&[
        "keys",
        "create",
        "--org",
        &org,
        "--mode",
        "live",
        "--name",
        "live",
        "--scopes",
        "read,write",
        "--rate-limit",
        "10",
        "--expires-in",
        "90d",
    ]);
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    assert!(text(&test, "key").starts_with("cob_test_") && text(&live, "key").starts_with("cob_live_"));
    assert_eq!(text(&test, "key").len(), "cob_test_".len() + 36);
    assert_eq!(
        (&test["scopes"], &test["rate_limit_per_min"]),
        (&serde_json::json!(["read", "write", "admin"]), &600.into())
    );
    assert_eq!((&live["scopes"], &live["rate_limit_per_min"]), (&serde_json::json!(["read", "write"]), &10.into()));
    assert!(test["expires_at"].is_null() && live["expires_at"].is_string());

    let rolled = site.json(&["keys", "roll", &text(&live, "id"), "--overlap", "1h"]);
    assert_ne!(rolled["key"], live["key"]);
    assert_eq!((&rolled["scopes"], &rolled["expires_at"]), (&live["scopes"], &live["expires_at"]), "the same rights");
    site.run(&["keys", "revoke", &text(&test, "id")]).success();
    site.run(&["keys", "revoke", &text(&test, "id")]).success();

    let listed = site.json(&["keys", "list", "--org", &org]);
    let rows = listed["data"].as_array().unwrap();
    let row = |key: &Value| rows.iter().find(|row| row["id"] == key["id"]).unwrap_or_else(|| panic!("{listed}"));
    assert_eq!(rows.len(), 3);
    assert!(row(&test)["revoked_at"].is_string() && row(&live)["revoked_at"].is_null());
    assert_eq!(row(&live)["rolled_to"], rolled["id"]);
    let listed = site.run(&["keys", "list", "--org", &org]).success();
    for key in [&test, &live, &rolled] {
        let secret = text(key, "key");
        assert!(!listed.contains(&secret) && !rows.iter().any(|row| row.to_string().contains(&secret)), "shown once");
        assert!(listed.contains(&text(key, "id")));
    }
    let plain = site.run(&["keys", "create", "--org", &org, "--mode", "test", "--name", "plain"]).success();
    assert!(plain.contains("cob_test_"), "{plain}");
}

fn what_does_not_exist_is_refused(site: Site) {
    make(&site, "Someone");
    let (org, key) = ("org_01hzy3v7k2e9m8q4t6w0x5b1ca", "key_01hzy3v7k2e9m8q4t6w0x5b1ca");
    for line in [
        vec!["org", "set-plan", org, "growth"],
        vec!["keys", "create", "--org", org, "--mode", "test", "--name", "x"],
        vec!["keys", "list", "--org", org],
        vec!["keys", "roll", key],
        vec!["keys", "revoke", key],
    ] {
        let ran = site.run(&line);
        assert_eq!(ran.stdout, "", "{line:?}");
        ran.failure(1);
    }
}

fn commands_work_beside_a_server(site: Site) {
    let server = site.serve();
    let org = make(&site, "Beside");
    let key = site.json(&["keys", "create", "--org", org["id"].as_str().unwrap(), "--mode", "test", "--name", "k"]);
    let request = format!(
        "GET /api/v1/settings HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\nAuthorization: Bearer {}\r\n\r\n",
        key["key"].as_str().unwrap()
    );
    assert_eq!(server.raw(&request).status, 200);
    site.run(&["reconcile"]).success();
    site.run(&["migrate"]).success();
    site.run(&["config", "check"]).success();
    assert_eq!(server.raw(&request).status, 200);
}

fn migrating_twice_changes_nothing(site: Site) {
    for _ in 0..2 {
        site.run(&["migrate"]).success();
    }
    make(&site, "Kept");
    site.run(&["migrate"]).success();
    assert!(site.run(&["org", "list"]).success().contains("Kept"));
    site.run(&["reconcile"]).success();
}

/// A health check asks the operators' listener at the address in the settings, so that must have a fixed port.
fn a_server_is_asked_for_its_health(site: Site) {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let site = site.with("ops.addr", &format!("127.0.0.1:{port}"));
    site.run(&["healthcheck"]).failure(1);
    let mut server = site.serve();
    site.run(&["healthcheck"]).success();
    assert_eq!(server.stop(), Some(0));
    let Ran { code, .. } = site.run(&["healthcheck"]);
    assert_eq!(code, Some(1));
}
