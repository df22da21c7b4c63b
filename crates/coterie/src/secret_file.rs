//! The server's secret of an embedded installation: a file beside the database, made at the first start.

use crate::settings::ServerSecret;
use ports::IdSource;
use std::{
    ffi::OsString,
    fs::{self, OpenOptions, Permissions},
    io::{self, ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// Only the owner reads and writes it.
const OWNER_ONLY: u32 = 0o600;

/// Why the secret's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretFileError {
    #[error("{} cannot be read or made", .path.display())]
    Io {
        path: PathBuf,
        #[source]
        cause: io::Error,
    },
    #[error("{} must hold the server's secret, a text of at least 32 characters", .0.display())]
    Weak(PathBuf),
}

/// Reads the secret beside the database at `database`, or makes one. Call it as the only server on that database: two
/// servers that make one at the same time would each use their own.
pub(crate) fn read_or_make(database: &Path, ids: &dyn IdSource) -> Result<ServerSecret, SecretFileError> {
    let path = beside(database);
    let failed = |cause| SecretFileError::Io { path: path.clone(), cause };
    let text = match fs::read_to_string(&path) {
        Ok(text) => {
            warn_if_open(&path).map_err(failed)?;
            text
        }
        Err(error) if error.kind() == ErrorKind::NotFound => make(&path, ids).map_err(failed)?,
        Err(error) => return Err(failed(error)),
    };
    ServerSecret::new(text.trim_end()).ok_or(SecretFileError::Weak(path))
}

/// `data/coterie.db.secret` for `data/coterie.db`.
fn beside(database: &Path) -> PathBuf {
    let mut name = OsString::from(database);
    name.push(".secret");
    name.into()
}

/// Writes 256 random bits, whole or not at all.
fn make(path: &Path, ids: &dyn IdSource) -> io::Result<String> {
    let mut random = [0; 32];
    ids.fill(&mut random);
    let text: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let draft = path.with_extension("secret.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(OWNER_ONLY).open(&draft)?;
    // The mode above counts only for a file that was not there.
    file.set_permissions(Permissions::from_mode(OWNER_ONLY))?;
    writeln!(file, "{text}")?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::File::open(folder)?.sync_all()?;
    tracing::info!(path = %path.display(), "made the server's secret; keep it with the backups of the database");
    Ok(text)
}

fn warn_if_open(path: &Path) -> io::Result<()> {
    if fs::metadata(path)?.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others than its owner can read the server's secret; chmod 600 it");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use adapters_system::SystemIds;
    use secrecy::ExposeSecret;

    #[test]
    fn it_is_made_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("coterie.db");
        let ids = SystemIds::new();
        let first = read_or_make(&database, &ids).unwrap();
        let again = read_or_make(&database, &ids).unwrap();
        assert_eq!(first.0.expose_secret().len(), 64);
        assert_eq!(first.0.expose_secret(), again.0.expose_secret());
        let file = folder.path().join("coterie.db.secret");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, OWNER_ONLY);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_spoilt_file_is_refused_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("coterie.db");
        fs::write(folder.path().join("coterie.db.secret"), "short").unwrap();
        let error = read_or_make(&database, &SystemIds::new()).unwrap_err();
        assert!(matches!(error, SecretFileError::Weak(_)) && !error.to_string().contains("short"), "{error}");
        assert_eq!(fs::read_to_string(folder.path().join("coterie.db.secret")).unwrap(), "short");
    }
}
