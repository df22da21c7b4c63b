//! One database per test, copied from a template.

use super::address::{Address, random_word};
use std::fs::{File, TryLockError};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io;
use std::time::Duration;

/// How often the lock on the templates is tried.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A database for one test alone. Dropped, with whoever is still connected, when the value is.
#[derive(Debug)]
pub struct Database {
    address: Address,
    name: String,
}

impl Database {
    /// See [`super::Cluster::database`].
    pub(super) async fn create<F, R, E>(address: &Address, template: &str, migrate: F) -> io::Result<Self>
    where
        F: FnOnce(String) -> R,
        R: Future<Output = Result<(), E>>,
        E: std::fmt::Display,
    {
        let template = template_name(template)?;
        make_template(address, &template, migrate).await?;
        let database = Self { address: address.clone(), name: format!("test_{}", random_word()) };
        sql(address, format!("CREATE DATABASE {} TEMPLATE {template}", database.name)).await?;
        Ok(database)
    }

    /// Where it is reached.
    #[must_use]
    pub fn url(&self) -> String {
        self.address.url(&self.name)
    }

    /// Its name in the cluster.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs SQL in it through `psql`; see [`super::Cluster::psql`].
    ///
    /// # Errors
    /// The server does not answer or refuses the SQL.
    pub fn psql(&self, sql: &str) -> io::Result<String> {
        self.address.psql(&self.name, sql)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // The cluster may be down, or gone before us; then so is the database.
        let _ = self.address.psql("postgres", &format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name));
    }
}

/// The template's name in the cluster: the caller's, and a fingerprint of the running program.
fn template_name(wanted: &str) -> io::Result<String> {
    if wanted.is_empty() || wanted.len() > 40 || !wanted.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
        let text = format!("the template name {wanted:?} is not 1 to 40 lower-case letters and underscores");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
    }
    let program = std::env::current_exe()?;
    let built = program.metadata()?.modified()?;
    let mut fingerprint = DefaultHasher::new();
    (program, built).hash(&mut fingerprint);
    Ok(format!("{wanted}_{:016x}", fingerprint.finish()))
}

async fn make_template<F, R, E>(address: &Address, template: &str, migrate: F) -> io::Result<()>
where
    F: FnOnce(String) -> R,
    R: Future<Output = Result<(), E>>,
    E: std::fmt::Display,
{
    let _lock = lock(address).await?;
    let known = format!("SELECT count(*) FROM pg_database WHERE datname = '{template}'");
    if sql(address, known).await? == "1" {
        return Ok(());
    }
    // Filled under another name, so that a template that exists is a whole one.
    let draft = format!("{template}_new");
    sql(address, format!("DROP DATABASE IF EXISTS {draft} WITH (FORCE)")).await?;
    sql(address, format!("CREATE DATABASE {draft} TEMPLATE template0")).await?;
    let filled = migrate(address.url(&draft)).await;
    filled.map_err(|error| io::Error::other(format!("the template {template} could not be filled: {error}")))?;
    // A connection of the migration may still be closing, and neither renaming nor copying bears one.
    sql(address, format!("ALTER DATABASE {draft} ALLOW_CONNECTIONS false")).await?;
    let others = format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{draft}'");
    sql(address, others).await?;
    sql(address, format!("ALTER DATABASE {draft} RENAME TO {template}")).await.map(drop)
}

/// The lock under which templates are made, between tests and between processes; freed when the file is closed.
/// Tried again and again instead of waited for: the holder may be another task on this very thread.
async fn lock(address: &Address) -> io::Result<File> {
    let file = File::options().create(true).append(true).open(address.folder().join("templates.lock"))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => tokio::time::sleep(LOOK_AGAIN).await,
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

async fn sql(address: &Address, sql: String) -> io::Result<String> {
    let address = address.clone();
    tokio::task::spawn_blocking(move || address.psql("postgres", &sql)).await.map_err(io::Error::other)?
}
