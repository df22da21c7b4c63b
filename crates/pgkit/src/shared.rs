//! One cluster for all tests of a process, or of a whole run.

use super::{Address, Cluster, ClusterOptions};
use std::io;
use std::path::Path;
use std::sync::OnceLock;

/// Names the folder of a running private cluster that the tests may share. `cargo xtask ci` sets it.
pub const SHARED_VARIABLE: &str = "COTERIE_TEST_POSTGRES";

/// The cluster that the tests of this process share: the one that `COTERIE_TEST_POSTGRES` names, after proof that it is
/// a private one, else one started for this process, which ends with it.
///
/// # Errors
/// The named cluster is not a private one or does not run, or none can be started.
pub fn shared() -> io::Result<&'static Cluster> {
    static SHARED: OnceLock<Result<Cluster, String>> = OnceLock::new();
    let cluster = SHARED.get_or_init(|| attach_or_start().map_err(|error| error.to_string()));
    cluster.as_ref().map_err(|text| io::Error::other(text.as_str()))
}

fn attach_or_start() -> io::Result<Cluster> {
    let Some(folder) = std::env::var_os(SHARED_VARIABLE) else {
        return Cluster::start(&ClusterOptions::default());
    };
    let address = Address::attach(Path::new(&folder)).map_err(|error| {
        io::Error::other(format!("{SHARED_VARIABLE} names {}, no private cluster: {error}", folder.display()))
    })?;
    Ok(Cluster { address, keeper: None })
}
