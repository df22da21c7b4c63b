//! Settings: their layers, and the refusal of what is wrong by its name.

use crate::support::{Ran, Site};
use std::fs;

#[test]
fn a_bad_value_stops_the_start_and_is_named() {
    for (setting, bad) in [
        ("http.addr", "nowhere"),
        ("http.body_bytes", "many"),
        ("http.body_seconds", "-1"),
        ("ops.addr", "127.0.0.1:99999"),
        ("database.url", "mysql://localhost/x"),
        ("database.migrate_on_start", "perhaps"),
        ("database.committers", "0"),
        ("log.level", "loud"),
        ("log.format", "xml"),
        ("server.key_prefix", "Not A Prefix!"),
        ("server.secret", "short"),
        ("workers.enabled", "sometimes"),
        ("workers.soon_millis", "0"),
        ("workers.seldom_seconds", "86400"),
        ("clicks.beacon_per_minute", "0"),
    ] {
        for command in [["config", "check"].as_slice(), &["serve"]] {
            let said = Site::sqlite().with(setting, bad).run(command).failure(78);
            assert!(said.contains(setting), "{setting}={bad}: {said}");
            assert!(setting != "server.secret" || !said.contains(bad), "a secret is not repeated: {said}");
        }
    }
}

#[test]
fn a_setting_nobody_knows_is_refused() {
    for (setting, named) in [("http.adr", "http.adr"), ("htp.addr", "htp"), ("http.addr.port", "http.addr")] {
        let said = Site::sqlite().with(setting, "127.0.0.1:0").run(&["config", "check"]).failure(78);
        assert!(said.contains(named), "{setting}: {said}");
    }
    let site = Site::sqlite();
    fs::write(site.folder().join("c.toml"), "[http]\naddress = \"x\"\n").unwrap();
    let said = site.run(&["--config", "c.toml", "config", "check"]).failure(78);
    assert!(said.contains("http.address"), "{said}");
    for bad in ["not = toml = at all", "[http]\nconnections = \"many\"\n"] {
        fs::write(site.folder().join("c.toml"), bad).unwrap();
        site.run(&["--config", "c.toml", "config", "check"]).failure(78);
    }
    site.run(&["--config", "missing.toml", "config", "check"]).failure(78);
}

#[test]
fn postgresql_needs_a_secret() {
    let site = Site::sqlite().with("database.url", "postgres://localhost/none");
    let said = site.run(&["config", "check"]).failure(78);
    assert!(said.contains("server.secret"), "{said}");
}

#[test]
fn what_is_set_later_wins() {
    let site = Site::sqlite();
    let check = |site: &Site, arguments: &[&str]| -> Ran {
        let mut line = arguments.to_vec();
        line.extend(["config", "check"]);
        site.run(&line)
    };
    check(&site, &[]).success();
    // A file goes before the environment's file, and the environment before both.
    fs::create_dir(site.folder().join("config")).unwrap();
    fs::write(site.folder().join("config/shop.toml"), "[log]\nlevel = \"loud\"\n").unwrap();
    fs::write(site.folder().join("c.toml"), "[log]\nlevel = \"info\"\n").unwrap();
    let site = site.with_variable("COTERIE_ENV", "shop");
    check(&site, &[]).failure(78);
    check(&site, &["--config", "c.toml"]).success();
    fs::write(site.folder().join("c.toml"), "[log]\nlevel = \"quiet\"\n").unwrap();
    check(&site, &["--config", "c.toml"]).failure(78);
    let site = site.with("log.level", "warn");
    check(&site, &["--config", "c.toml"]).success();
}

#[test]
fn a_secret_may_lie_in_a_file() {
    let site = Site::sqlite();
    let file = site.folder().join("secret");
    fs::write(&file, "a secret that is certainly long enough, 0123456789\n").unwrap();
    let site = site.with("server.secret_file", file.to_str().unwrap());
    site.run(&["config", "check"]).success();
    fs::write(&file, "short").unwrap();
    let said = site.run(&["config", "check"]).failure(78);
    assert!(said.contains("server.secret"), "{said}");
    fs::remove_file(&file).unwrap();
    site.run(&["config", "check"]).failure(78);
    let both = site.with("server.secret", "another secret that is long enough, 0123456789");
    both.run(&["config", "check"]).failure(78);
}
