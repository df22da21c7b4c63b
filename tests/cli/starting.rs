//! How the server starts.

use crate::support::{RawReply, Server, Site, Storage};
use std::{fs, os::unix::fs::PermissionsExt, path::Path};

/// The first start in an empty folder, with free ports as the only settings: it prints a key and a request that works.
#[test]
fn the_first_start_shows_a_key_and_a_request_that_works() {
    let site = Site::sqlite();
    let url = "sqlite:data/coterie.db";
    let site = site.with("database.url", url);
    let mut server = Server::start(&site.program(), &[]).unwrap();
    let request = server.banner.lines().find(|line| line.trim_start().starts_with("curl ")).unwrap().trim().to_owned();
    let key = server.banner.split_whitespace().find(|word| word.starts_with("cob_test_")).unwrap().to_owned();
    assert!(!server.log().contains(&key), "never through the logger");
    let answer = paste(&request);
    assert_eq!(answer["data"], serde_json::json!([]), "{request}");
    let listed = site.json(&["org", "list"]);
    assert_eq!((&listed["data"][0]["name"], &listed["data"][0]["plan"]), (&"Default".into(), &"growth".into()));
    let mut secrets = files(&site.folder().join("data"));
    secrets.retain(|(name, _)| name.contains("secret"));
    assert!(!secrets.is_empty(), "the server's secret lies beside the database");
    for (name, mode) in secrets {
        assert_eq!(mode & 0o077, 0, "{name} is for its owner alone");
    }
    assert_eq!(server.stop(), Some(0));

    let again = site.serve();
    assert_eq!(again.banner, "", "the key is shown once");
    assert_eq!(get(&again, &key).status, 200, "it is still good");
}

/// Runs the printed line in a shell, as a person would.
fn paste(line: &str) -> serde_json::Value {
    let done = std::process::Command::new("sh").args(["-c", line]).output().unwrap();
    serde_json::from_slice(&done.stdout).unwrap_or_else(|error| panic!("{line} printed {done:?}: {error}"))
}

fn files(folder: &Path) -> Vec<(String, u32)> {
    let entries = fs::read_dir(folder).unwrap().map(Result::unwrap);
    entries
        .filter(|entry| entry.metadata().unwrap().is_file())
        .map(|entry| (entry.file_name().into_string().unwrap(), entry.metadata().unwrap().permissions().mode()))
        .collect()
}

fn get(server: &Server, key: &str) -> RawReply {
    server.raw(&format!(
        "GET /api/v1/affiliates HTTP/1.1\r\nHost: coterie\r\nConnection: close\r\nAuthorization: Bearer {key}\r\n\r\n"
    ))
}

#[test]
fn a_shop_that_has_an_organization_gets_no_other() {
    let site = Site::migrated_sqlite();
    site.run(&["org", "create", "--name", "Mine"]).success();
    let server = site.serve();
    assert_eq!(server.banner, "");
    assert_eq!(site.json(&["org", "list"])["data"].as_array().unwrap().len(), 1);
}

#[test]
fn a_second_server_on_the_same_file_is_refused() {
    let site = Site::sqlite();
    let server = site.serve();
    let failed = site.try_serve().unwrap_err();
    assert!(failed.code.is_some_and(|code| code != 0) && !failed.stderr.is_empty(), "{failed:?}");
    assert!(failed.stdout.is_empty(), "{failed:?}");
    drop(server);
    // A killed one leaves no lock behind.
    site.serve().kill9();
    drop(site.serve());
}

#[test]
fn whether_e_mails_are_sent_is_said_once_at_start() {
    let said = |server: &Server| server.log().lines().filter(|line| line.contains("e-mails are")).count();
    let bare = Site::sqlite();
    let without = bare.serve();
    assert!(without.log().contains("e-mails are not sent: smtp.host is not set") && said(&without) == 1);
    let password = tempfile::NamedTempFile::new().unwrap();
    fs::write(password.path(), "sesame\n").unwrap();
    let site = Site::sqlite()
        .with("smtp.host", "mail.example.com")
        .with("smtp.from", "Shop <shop@example.com>")
        .with("smtp.user", "shop")
        .with("smtp.password_file", &password.path().display().to_string());
    let with = site.serve();
    assert!(with.log().contains("e-mails are sent") && said(&with) == 1);
    assert!(!with.log().contains("sesame"));
}

#[test]
fn an_address_in_use_is_refused() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let failed = Site::sqlite().with("http.addr", &address).try_serve().unwrap_err();
    assert!(failed.code.is_some_and(|code| code != 0) && failed.stderr.contains("in use"), "{failed:?}");
}

#[test]
fn postgresql_is_migrated_by_command_or_on_wish() {
    let empty = || Site::unmigrated_postgres(testkit::postgres::shared().unwrap());
    let site = empty();
    let failed = site.try_serve().unwrap_err();
    assert!(failed.code.is_some_and(|code| code != 0) && failed.stderr.contains("coterie migrate"), "{failed:?}");
    site.run(&["migrate"]).success();
    let server = site.serve();
    assert_eq!(server.banner, "", "no key is made on PostgreSQL");
    assert_eq!(site.json(&["org", "list"])["data"], serde_json::json!([]));
    drop(empty().with("database.migrate_on_start", "true").serve());
    // Several nodes that start at once migrate once.
    let site = empty().with("database.migrate_on_start", "true");
    std::thread::scope(|scope| {
        let nodes: Vec<_> = (0..4).map(|_| scope.spawn(|| site.serve())).collect();
        for node in nodes {
            drop(node.join().unwrap());
        }
    });
}

#[test]
fn a_database_that_is_not_there_is_an_error_without_the_password() {
    let url = "postgres://someone:sesame@127.0.0.1:1/none";
    let site = Storage::Sqlite.site().with("server.secret", "a secret that is long enough, 0123456789");
    for command in [["migrate"].as_slice(), &["reconcile"], &["serve"], &["org", "list"]] {
        let said = site_with(&site, url, command);
        assert!(!said.contains("sesame"), "{said}");
    }
}

fn site_with(site: &Site, url: &str, command: &[&str]) -> String {
    let mut program = site.program();
    program.environment.retain(|(name, _)| name != "COTERIE__DATABASE__URL");
    program.environment.push(("COTERIE__DATABASE__URL".to_owned(), url.to_owned()));
    let done = program.command().args(command).output().unwrap();
    assert!(!done.status.success(), "{command:?}");
    String::from_utf8_lossy(&done.stderr).into_owned()
}
