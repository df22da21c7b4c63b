//! The servers that the cases of a test program share, one per storage.

use super::{Contract, Server, Site};
use std::sync::OnceLock;
use testkit::postgres;

/// Where the data are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Storage {
    Sqlite,
    Postgres,
}

/// A site, its server, and what that server says it does.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) storage: Storage,
    pub(crate) site: Site,
    pub(crate) server: Server,
    pub(crate) contract: Contract,
}

/// The shared world on `storage`, made the first time.
pub(crate) fn world(storage: Storage) -> &'static World {
    static SQLITE: OnceLock<World> = OnceLock::new();
    static POSTGRES: OnceLock<World> = OnceLock::new();
    match storage {
        Storage::Sqlite => SQLITE.get_or_init(|| World::open(storage, storage.site())),
        Storage::Postgres => POSTGRES.get_or_init(|| World::open(storage, storage.site())),
    }
}

impl World {
    /// Starts a server at `site` for cases to share. All of them together would trip over the limit of one address.
    fn open(storage: Storage, site: Site) -> Self {
        Self::open_with(storage, site.with("clicks.beacon_per_minute", "10000000"))
    }

    /// Starts a server at `site` as it is.
    pub(crate) fn open_with(storage: Storage, site: Site) -> Self {
        let server = site.serve();
        let contract = Contract::of(&server);
        Self { storage, site, server, contract }
    }
}

impl Storage {
    /// A new, empty, migrated site.
    pub(crate) fn site(self) -> Site {
        match self {
            Self::Sqlite => Site::sqlite(),
            Self::Postgres => Site::postgres(postgres::shared().unwrap()),
        }
    }
}
