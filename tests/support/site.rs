//! A place where one Coterie could live: its folder, its database, its environment. The command line runs here.

use super::{Failed, Server};
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection};
use serde_json::Value;
use std::{
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::atomic::{AtomicUsize, Ordering},
};
use tempfile::TempDir;
use testkit::postgres::Cluster;

/// A server secret for sites that need one.
const SECRET: &str = "the black-box tests' own secret, 0123456789abcdef";

/// A folder, a database and an environment.
#[derive(Debug)]
pub(crate) struct Site {
    folder: TempDir,
    url: String,
    /// The database's cluster and name, on PostgreSQL.
    database: Option<(&'static Cluster, String)>,
    environment: Vec<(String, String)>,
}

/// A command that has ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A row of one text.
#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

/// How to start the program at a site; lives on when the site is shared with another thread.
#[derive(Debug, Clone)]
pub(crate) struct Program {
    pub(crate) folder: PathBuf,
    pub(crate) environment: Vec<(String, String)>,
}

impl Site {
    /// An empty SQLite database in memory, as a file in a RAM file system where there is one.
    pub(crate) fn sqlite() -> Self {
        let ram = Path::new("/dev/shm");
        Self::sqlite_in(if ram.is_dir() { ram } else { Path::new("/tmp") })
    }

    /// The same, with its tables made.
    pub(crate) fn migrated_sqlite() -> Self {
        let site = Self::sqlite();
        site.run(&["migrate"]).success();
        site
    }

    /// An empty SQLite database in a new folder below `parent`.
    pub(crate) fn sqlite_in(parent: &Path) -> Self {
        let folder = tempfile::Builder::new().prefix("coterie-site-").tempdir_in(parent).unwrap();
        let url = format!("sqlite:{}", folder.path().join("coterie.db").display());
        Self::new(folder, url)
    }

    /// A new, migrated database of `cluster`.
    pub(crate) fn postgres(cluster: &'static Cluster) -> Self {
        let site = Self::unmigrated_postgres(cluster);
        site.run(&["migrate"]).success();
        site
    }

    /// A new, empty database of `cluster`.
    pub(crate) fn unmigrated_postgres(cluster: &'static Cluster) -> Self {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("blackbox_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        cluster.psql("postgres", &format!("CREATE DATABASE {name}")).unwrap();
        let folder = tempfile::Builder::new().prefix("coterie-site-").tempdir().unwrap();
        let mut site = Self::new(folder, cluster.url(&name)).with("server.secret", SECRET);
        site.database = Some((cluster, name));
        site
    }

    fn new(folder: TempDir, url: String) -> Self {
        let site = Self { folder, url: url.clone(), database: None, environment: Vec::new() };
        site.with("database.url", &url).with("http.addr", "127.0.0.1:0").with("ops.addr", "127.0.0.1:0")
    }

    /// The same site with one more setting, named as in the configuration file: `http.addr`.
    pub(crate) fn with(mut self, setting: &str, value: &str) -> Self {
        let name = format!("COTERIE__{}", setting.to_uppercase().replace('.', "__"));
        self.environment.retain(|(known, _)| *known != name);
        self.environment.push((name, value.to_owned()));
        self
    }

    /// The same site with one more variable in its environment.
    pub(crate) fn with_variable(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The folder, which is also the program's working directory.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Where the database is.
    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Runs SQL, where there is a client to run it with (on PostgreSQL).
    pub(crate) fn sql(&self, sql: &str) -> Option<String> {
        let (cluster, name) = self.database.as_ref()?;
        Some(cluster.psql(name, sql).unwrap())
    }

    /// How many rows each table has, where there is a client to ask with (on PostgreSQL).
    pub(crate) fn rows(&self) -> Option<String> {
        self.sql(
            "SELECT table_name, (xpath('/row/n/text()', query_to_xml(
            format('SELECT count(*) AS n FROM %I', table_name), false, true, '')))[1]::text
            FROM information_schema.tables WHERE table_schema = 'public' ORDER BY table_name",
        )
    }

    /// What was announced here, in the order in which it was made.
    pub(crate) fn announced(&self) -> Vec<Value> {
        let lines = match &self.database {
            Some(_) => {
                let sql = "SELECT convert_from(payload, 'UTF8') FROM announcements ORDER BY id";
                self.sql(sql).unwrap_or_default().lines().map(str::to_owned).collect()
            }
            None => self.lines("SELECT CAST(payload AS TEXT) AS line FROM announcements ORDER BY id"),
        };
        lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// What SQL that selects a `line` gives, on SQLite.
    fn lines(&self, sql: &str) -> Vec<String> {
        let mut connection = SqliteConnection::establish(self.url.trim_start_matches("sqlite:")).unwrap();
        diesel::sql_query("PRAGMA busy_timeout = 5000").execute(&mut connection).unwrap();
        let lines: Vec<Line> = diesel::sql_query(sql).load(&mut connection).unwrap();
        lines.into_iter().map(|Line { line }| line).collect()
    }

    /// How to start the program here.
    pub(crate) fn program(&self) -> Program {
        Program { folder: self.folder().to_path_buf(), environment: self.environment.clone() }
    }

    /// Runs the command line to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        let ran = self.program().command().args(arguments).stdin(Stdio::null()).output();
        Ran::from(ran.expect("the program can be started"))
    }

    /// Runs a command with `--json` and reads what it printed.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let mut arguments = arguments.to_vec();
        arguments.push("--json");
        let printed = self.run(&arguments).success();
        serde_json::from_str(&printed).unwrap_or_else(|error| panic!("{arguments:?} printed {printed:?}: {error}"))
    }

    /// Starts a server.
    pub(crate) fn serve(&self) -> Server {
        self.try_serve().unwrap_or_else(|failed| panic!("the server does not start: {failed:?}"))
    }

    /// Starts a server that may refuse to.
    pub(crate) fn try_serve(&self) -> Result<Server, Failed> {
        Server::start(&self.program(), &["serve"])
    }
}

impl Program {
    /// The program in its folder, with nothing of our environment but what the site says.
    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_coterie"));
        command.current_dir(&self.folder).env_clear().envs(self.environment.iter().cloned());
        command
    }
}

impl Ran {
    /// What it printed, if it went well.
    #[track_caller]
    pub(crate) fn success(self) -> String {
        assert_eq!(self.code, Some(0), "{self:#?}");
        self.stdout
    }

    /// What it complained, if it ended with `code`.
    #[track_caller]
    pub(crate) fn failure(self, code: i32) -> String {
        assert_eq!(self.code, Some(code), "{self:#?}");
        assert!(!self.stderr.trim().is_empty(), "a failure says why: {self:#?}");
        self.stderr
    }
}

impl From<Output> for Ran {
    fn from(Output { status, stdout, stderr }: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the program prints UTF-8");
        Self { code: status.code(), stdout: text(stdout), stderr: text(stderr) }
    }
}
