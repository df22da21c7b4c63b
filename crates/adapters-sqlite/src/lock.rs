//! One server a file.

use crate::OpenError;
use std::{
    ffi::OsString,
    fs::{File, OpenOptions, TryLockError},
    os::unix::fs::OpenOptionsExt as _,
    path::{Path, PathBuf},
};

/// The right to serve a database file. Given back when it is dropped or the process ends, however it ends.
#[derive(Debug)]
pub struct ServingLock(#[allow(dead_code, reason = "held for its drop")] File);

impl ServingLock {
    /// Takes the lock of the database at `path`: an advisory lock on a file beside it, because a lock on the database
    /// itself would meddle with SQLite's own.
    pub(crate) fn take(path: &Path) -> Result<Self, OpenError> {
        let beside = lock_path(path);
        let failed = |source| OpenError::File { path: beside.clone(), source };
        let open = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&beside);
        let file = open.map_err(failed)?;
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(OpenError::Served(path.to_owned())),
            Err(TryLockError::Error(source)) => Err(failed(source)),
        }
    }
}

fn lock_path(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push("-serving");
    PathBuf::from(name)
}
