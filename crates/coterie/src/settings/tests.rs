//! Every setting: its default, valid values, and the messages about invalid ones.

use super::*;
use secrecy::ExposeSecret;
use std::{ffi::OsString, path::Path};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn environment(variables: &[(&str, &str)]) -> Environment {
    let texts = variables.iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
    Environment::new(texts).unwrap()
}

fn read(variables: &[(&str, &str)]) -> Result<Settings, SettingsError> {
    load(&environment(variables), None)
}

fn refusal(variables: &[(&str, &str)]) -> String {
    read(variables).unwrap_err().to_string()
}

fn read_file(toml: &str) -> Result<Settings, SettingsError> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), toml).unwrap();
    load(&Environment::default(), Some(file.path()))
}

#[test]
fn the_defaults_are_complete_and_as_documented() {
    let settings = read(&[]).unwrap();
    assert_eq!(settings.http.addr.to_string(), "127.0.0.1:8080");
    assert_eq!(settings.ops.addr.to_string(), "127.0.0.1:9090");
    assert!(matches!(&settings.database.url, DatabaseUrl::Sqlite(path) if path == Path::new("data/coterie.db")));
    assert!(settings.server.secret.is_none() && settings.http.tls().is_none() && !settings.database.migrate_on_start);
    assert_eq!((settings.http.body_bytes.get(), settings.http.body_time().as_secs()), (256 * 1024, 13));
    assert_eq!(settings.http.batch_bytes.get(), 2 * 1024 * 1024);
    assert_eq!((settings.http.answer_time().as_secs(), settings.clicks.beacon_per_minute.get()), (10, 60));
}

#[test]
fn later_layers_win() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "[http]\naddr = '127.0.0.1:1'\n[ops]\naddr = '127.0.0.1:2'\n").unwrap();
    let variables = environment(&[("COTERIE__OPS__ADDR", "127.0.0.1:3")]);
    let settings = load(&variables, Some(file.path())).unwrap();
    assert_eq!((settings.http.addr.port(), settings.ops.addr.port()), (1, 3));
}

#[test]
fn bad_values_are_refused_by_name_from_wherever_they_come() {
    for (key, bad, expected) in [
        ("server.secret", "short", "a text of at least 32 characters"),
        ("server.key_prefix", "COB_", "at most 16 of a-z, 0-9 and _"),
        ("server.earlier_key_prefixes", "ok_,NO_", "at most 16 of a-z, 0-9 and _"),
        ("http.addr", "localhost:8080", "an IP address and a port, as 127.0.0.1:8080 or [::1]:8080"),
        ("http.addr", "", "an IP address and a port, as 127.0.0.1:8080 or [::1]:8080"),
        ("http.workers", "-1", "a whole number from 0 to 1024"),
        ("http.connections", "0", "a whole number from 1 to 1000000"),
        ("http.body_bytes", "1e6", "a whole number from 1024 to 16777216"),
        ("http.header_seconds", "0", "a whole number from 1 to 3600"),
        ("http.body_seconds", "15s", "a whole number from 1 to 3600"),
        ("http.answer_seconds", "4000", "a whole number from 1 to 3600"),
        ("http.trusted_proxies", "10.0.0.0/8, proxy", "IP addresses or networks, as 127.0.0.1 or 10.0.0.0/8"),
        ("ops.addr", "9090", "an IP address and a port, as 127.0.0.1:8080 or [::1]:8080"),
        ("database.url", "mysql://x", "postgres://user:password@host/name or sqlite:<path of a file>"),
        ("database.url", "sqlite::memory:", "postgres://user:password@host/name or sqlite:<path of a file>"),
        ("database.migrate_on_start", "yes", "true or false"),
        ("database.connections", "257", "a whole number from 1 to 256"),
        ("database.committers", "2.0", "a whole number from 1 to 32"),
        ("log.format", "xml", "json or pretty"),
        ("log.level", "inof", "off, error, warn, info, debug or trace, or directives as info,adapters_http=debug"),
        ("clicks.beacon_per_minute", "0", "a whole number from 1 to 10000000"),
        ("groups.share_prefix", "kht_", "at most 16 of A-Z, 0-9 and -"),
        ("smtp.host", "smtp://mail", "the name or the address of a mail server, without a port"),
        ("smtp.port", "0", "a whole number from 1 to 65535"),
        ("smtp.security", "ssl", "starttls, tls or none"),
        ("smtp.from", "shop", "an address, as shop@example.com or Shop <shop@example.com>"),
        ("smtp.timeout_seconds", "31", "a whole number from 1 to 30"),
    ] {
        let variable = format!("COTERIE__{}", key.to_uppercase().replace('.', "__"));
        let said = refusal(&[(&variable, bad)]);
        assert_eq!(said, format!("{key}: must be {expected} (set in {variable})"));

        let (section, name) = key.split_once('.').unwrap();
        let said = read_file(&format!("[{section}]\n{name} = '{bad}'\n")).unwrap_err().to_string();
        assert!(said.starts_with(&format!("{key}: must be {expected} (set in ")), "{said}");
    }
}

#[test]
fn values_of_another_type_are_refused_without_being_shown() {
    for (toml, key) in [
        ("[server]\nsecret = [\"hidden\"]", "server.secret"),
        ("[server]\npepper = { hidden = 1 }", "server.pepper"),
        ("[server]\nearlier_peppers = { hidden = 1 }", "server.earlier_peppers"),
        ("[server]\nearlier_peppers = [[\"hidden\"]]", "server.earlier_peppers"),
        ("[database]\nurl = 1.5", "database.url"),
        ("[http]\nworkers = 1.5", "http.workers"),
        ("http = 'hidden'", "http"),
    ] {
        let said = read_file(toml).unwrap_err().to_string();
        assert!(said.starts_with(key) && said.contains("must be") && !said.contains("hidden"), "{toml}: {said}");
    }
}

#[test]
fn unknown_settings_are_refused_by_name() {
    let said = refusal(&[("COTERIE__HTTP__ADRR", "127.0.0.1:1")]);
    assert!(said.starts_with("http.adrr: is no setting; expected one of `addr`, "), "{said}");
    let said = refusal(&[("COTERIE__HTPP__ADDR", "127.0.0.1:1")]);
    assert!(said.starts_with("htpp: is no setting; expected one of `server`, "), "{said}");
    let said = read_file("[log]\ncolour = true\n").unwrap_err().to_string();
    assert!(said.starts_with("log.colour: is no setting; expected `format` or `level`"), "{said}");
    assert!(refusal(&[("COTERIE__HTTP__ADDR_FILE", "/dev/null")]).starts_with("http.addr_file: is no setting"));
}

#[test]
fn broken_and_missing_files_are_refused_by_name_without_quoting_them() {
    let said = read_file("[server]\nsecret = hidden\n").unwrap_err().to_string();
    assert!(said.contains("TOML parse error at line 2") && !said.contains("hidden"), "{said}");
    let said = load(&Environment::default(), Some(Path::new("no/such.toml"))).unwrap_err().to_string();
    assert!(said.starts_with("no/such.toml: cannot be read"), "{said}");
    let said = refusal(&[("COTERIE_ENV", "nowhere")]);
    assert!(said.starts_with("config/nowhere.toml: cannot be read"), "{said}");
    assert!(refusal(&[("COTERIE_ENV", "../x")]).starts_with("COTERIE_ENV: must be a name"));
}

#[test]
fn secrets_may_come_from_files_of_their_own() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), format!("{SECRET}\n")).unwrap();
    let path = file.path().to_str().unwrap();
    let settings =
        read(&[("COTERIE__SERVER__SECRET_FILE", path), ("COTERIE__SERVER__EARLIER_PEPPERS", "a, b")]).unwrap();
    assert_eq!(settings.server.secret.unwrap().0.expose_secret(), SECRET);
    assert_eq!(settings.server.earlier_peppers.len(), 2);

    let said = refusal(&[("COTERIE__SERVER__SECRET_FILE", path), ("COTERIE__SERVER__SECRET", SECRET)]);
    assert!(said.starts_with("server.secret: must not be set twice"), "{said}");
    let said = refusal(&[("COTERIE__SERVER__SECRET_FILE", "no/such")]);
    assert!(said.starts_with("COTERIE__SERVER__SECRET_FILE: must name a file with the secret"), "{said}");
}

#[test]
fn settings_that_need_each_other_are_checked_together() {
    let said = refusal(&[("COTERIE__DATABASE__URL", "postgres://u:hidden@h/d")]);
    assert_eq!(said, "server.secret: must be set where PostgreSQL is used");
    assert_eq!(refusal(&[("COTERIE__HTTP__TLS_CERT", "a")]), "http.tls_key: must be set where http.tls_cert is");
    assert_eq!(refusal(&[("COTERIE__HTTP__TLS_KEY", "a")]), "http.tls_cert: must be set where http.tls_key is");
}

#[test]
fn keys_of_earlier_peppers_and_of_none_stay_valid() {
    let none = read(&[]).unwrap().server.key_policy().unwrap();
    assert!(none.pepper.is_none() && none.earlier_peppers.is_empty());
    let variables = [("COTERIE__SERVER__PEPPER", "new"), ("COTERIE__SERVER__EARLIER_PEPPERS", "old")];
    let some = read(&variables).unwrap().server.key_policy().unwrap();
    let earlier: Vec<bool> = some.earlier_peppers.iter().map(Option::is_some).collect();
    assert!(some.pepper.is_some());
    assert_eq!(earlier, [true, false]);
    // A pepper that was taken out again: its keys are found by what is listed, new ones have none.
    let gone = read(&[("COTERIE__SERVER__EARLIER_PEPPERS", "old")]).unwrap().server.key_policy().unwrap();
    assert!(gone.pepper.is_none() && gone.earlier_peppers.len() == 1);
}

#[test]
fn earlier_prefixes_stay_accepted() {
    let variables = [("COTERIE__SERVER__KEY_PREFIX", ""), ("COTERIE__SERVER__EARLIER_KEY_PREFIXES", "cob_")];
    let policy = read(&variables).unwrap().server.key_policy().unwrap();
    let old = domain::KeyFormat::new("cob_", &[]).unwrap().write(domain::Mode::Test, &[7; 64]).unwrap();
    assert!(policy.format.read(old.expose()).is_some());
    assert!(policy.format.write(domain::Mode::Test, &[7; 64]).unwrap().expose().starts_with("test_"));
}

#[test]
fn debug_shows_no_secret() {
    let variables = [("COTERIE__DATABASE__URL", "postgres://u:hidden@h/d"), ("COTERIE__SERVER__SECRET", SECRET)];
    let shown = format!("{:?}", read(&variables).unwrap());
    assert!(!shown.contains("hidden") && !shown.contains(SECRET), "{shown}");
}

#[test]
fn a_database_is_chosen_by_its_url() {
    let url = |text: &str| {
        read(&[("COTERIE__DATABASE__URL", text), ("COTERIE__SERVER__SECRET", SECRET)]).unwrap().database.url
    };
    for (text, path) in [("sqlite:a.db", "a.db"), ("sqlite:/b/a.db", "/b/a.db"), ("sqlite:///b/a.db", "/b/a.db")] {
        assert!(matches!(url(text), DatabaseUrl::Sqlite(found) if found == Path::new(path)), "{text}");
    }
    for text in ["postgres://u@h/d", "postgresql://u@h/d"] {
        assert!(matches!(url(text), DatabaseUrl::Postgres(found) if found.expose_secret() == text), "{text}");
    }
}

#[test]
fn a_mail_server_is_whole_or_there_is_none() {
    assert!(read(&[]).unwrap().smtp.route().is_none());
    let host = ("COTERIE__SMTP__HOST", "mail.example.com");
    let from = ("COTERIE__SMTP__FROM", "Shop <shop@example.com>");
    let (user, password) = (("COTERIE__SMTP__USER", "shop"), ("COTERIE__SMTP__PASSWORD", "sesame"));
    for (given, wrong) in [
        (vec![host], "smtp.from: must be set where smtp.host is"),
        (vec![host, from, user], "smtp.password: must be set where smtp.user is"),
        (vec![host, from, password], "smtp.user: must be set where smtp.password is"),
        (
            vec![host, from, user, password, ("COTERIE__SMTP__SECURITY", "none")],
            "smtp.security: must be starttls or tls where smtp.user is set",
        ),
    ] {
        assert_eq!(refusal(&given), wrong);
    }
    for (security, port) in [("starttls", 587), ("tls", 465), ("none", 25)] {
        let route = read(&[host, from, ("COTERIE__SMTP__SECURITY", security)]).unwrap().smtp.route().unwrap();
        assert_eq!((route.port, route.login.is_none()), (port, true), "{security}");
    }
    let route = read(&[host, from, user, password, ("COTERIE__SMTP__PORT", "2525")]).unwrap().smtp.route().unwrap();
    let (user, password) = route.login.clone().unwrap();
    assert_eq!((route.port, user.as_str(), password.expose_secret()), (2_525, "shop", "sesame"));
    assert!(!format!("{route:?}").contains("sesame"));
}
