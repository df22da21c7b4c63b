//! The SQL that the server really runs, read from PostgreSQL's log: so a baseline cannot fall behind the adapter.

use pgkit::Cluster;
use std::io;
use std::time::Duration;

/// A prepared statement as it was run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    /// With `$1`, `$2` … in it.
    pub(crate) text: String,
    pub(crate) parameters: Vec<Option<String>>,
}

impl Statement {
    /// Whether it only reads: locking rows is the beginning of writing them.
    pub(crate) fn is_read(&self) -> bool {
        self.text.starts_with("SELECT") && !self.text.ends_with(" OF t")
    }
}

/// The line prefix that a cluster needs for this module to understand its log.
pub(crate) const LINE_PREFIX: &str = "";

/// How often an action is repeated until it shows in the log: every connection takes a moment to learn of the change.
const ATTEMPTS: usize = 50;
const PAUSE: Duration = Duration::from_millis(50);

/// The statements that `action` makes the server run. It is repeated until it shows, and then once more: that time all
/// of the server's connections log, and what the server remembers for a moment it does not ask again.
pub(crate) fn record(cluster: &Cluster, mut action: impl FnMut() -> io::Result<()>) -> io::Result<Vec<Statement>> {
    let mut logged = || {
        let before = log(cluster)?.len();
        action()?;
        Ok::<_, io::Error>(statements(log(cluster)?.get(before..).unwrap_or_default()))
    };
    set_logging(cluster, "all")?;
    for _ in 0..ATTEMPTS {
        if !logged()?.is_empty() {
            break;
        }
        std::thread::sleep(PAUSE);
    }
    std::thread::sleep(PAUSE);
    let found = logged()?;
    set_logging(cluster, "none")?;
    if found.is_empty() { Err(io::Error::other("the log shows no statement")) } else { Ok(found) }
}

fn set_logging(cluster: &Cluster, what: &str) -> io::Result<()> {
    cluster.psql("postgres", &format!("ALTER SYSTEM SET log_statement = '{what}'"))?;
    cluster.psql("postgres", "SELECT pg_reload_conf()").map(drop)
}

fn log(cluster: &Cluster) -> io::Result<String> {
    std::fs::read_to_string(cluster.folder().join("log"))
}

/// The prepared statements in a piece of the log.
fn statements(log: &str) -> Vec<Statement> {
    let mut found: Vec<Statement> = Vec::new();
    for line in log.lines() {
        if let Some(text) = line.strip_prefix("LOG:  execute ").and_then(|rest| rest.split_once(": ")) {
            found.push(Statement { text: text.1.to_owned(), parameters: Vec::new() });
        } else if let Some(list) = line.strip_prefix("DETAIL:  parameters: ")
            && let Some(statement) = found.last_mut()
        {
            statement.parameters = parameters(list);
        }
    }
    found
}

/// Reads `$1 = 'it''s', $2 = NULL`.
fn parameters(mut list: &str) -> Vec<Option<String>> {
    let mut values = Vec::new();
    while let Some((_, value)) = list.split_once(" = ") {
        let Some(quoted) = value.strip_prefix('\'') else {
            values.push(None);
            list = value.trim_start_matches("NULL");
            continue;
        };
        let mut text = String::new();
        let mut rest = quoted;
        while let Some((piece, after)) = rest.split_once('\'') {
            text.push_str(piece);
            rest = after;
            let Some(more) = after.strip_prefix('\'') else { break };
            text.push('\'');
            rest = more;
        }
        values.push(Some(text));
        list = rest;
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_statements_with_their_parameters() {
        let log = "LOG:  statement: BEGIN\nLOG:  execute s1: SELECT a FROM t WHERE b = $1 AND c = $2 AND d = $3\n\
                   DETAIL:  parameters: $1 = 'it''s = x, $2', $2 = NULL, $3 = ''\nLOG:  execute s2: SELECT 1\n";
        let both = statements(log);
        assert_eq!(both.len(), 2);
        assert_eq!(both[0].text, "SELECT a FROM t WHERE b = $1 AND c = $2 AND d = $3");
        assert_eq!(both[0].parameters, [Some("it's = x, $2".to_owned()), None, Some(String::new())]);
        assert_eq!(both[1], Statement { text: "SELECT 1".into(), parameters: vec![] });
    }
}
