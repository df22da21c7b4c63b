//! The table itself. A change here is a change of the architecture: say why, in `why` and in the commit.

/// A crate of the workspace and what it may depend on.
pub(super) struct Room {
    pub(super) name: &'static str,
    /// Other rooms it may see.
    pub(super) may: &'static [&'static str],
    /// Further rooms its tests may see.
    pub(super) tests_may: &'static [&'static str],
    /// Crates from outside the workspace. [`OWNED`] holds for every room.
    pub(super) outside: Outside,
    /// What the limits protect; printed when one is broken.
    pub(super) why: &'static str,
}

/// Which crates from outside a room may name in its own code. Its tests are free, save for [`OWNED`].
pub(super) enum Outside {
    /// These alone: a room whose purity is the point.
    Only(&'static [&'static str]),
    /// Any that no other room owns.
    Any,
}

/// Crates that belong to some rooms only.
pub(super) struct Owned {
    pub(super) crates: &'static [&'static str],
    pub(super) by: &'static [&'static str],
    /// Rooms whose tests may use them as well.
    pub(super) tests_of: &'static [&'static str],
    pub(super) why: &'static str,
}

use Outside::{Any, Only};

pub(super) const ROOMS: &[Room] = &[
    Room {
        name: "domain",
        may: &[],
        tests_may: &[],
        outside: Only(&["thiserror", "time", "uuid", "secrecy", "url", "sha2", "crc32fast", "unicode-properties"]),
        why: "the domain is rules alone: no IO, no clock, no randomness, no serde, no async",
    },
    Room {
        name: "ports",
        may: &["domain"],
        tests_may: &[],
        outside: Only(&["async-trait", "thiserror", "uuid", "mockall"]),
        why: "the ports say what is needed from outside, in domain words, and know nobody who provides it",
    },
    Room {
        name: "app",
        may: &["domain", "ports"],
        tests_may: &["testkit", "adapters-postgres", "adapters-sqlite", "adapters-smtp", "adapters-system"],
        outside: Only(&["tracing", "thiserror", "uuid", "quick_cache", "async-trait"]),
        why: "use cases see the domain and the ports; which adapter stands behind a port is the binary's choice",
    },
    Room {
        name: "journal",
        may: &["domain", "ports"],
        tests_may: &["testkit"],
        outside: Only(&["async-trait", "tokio", "tracing", "uuid", "thiserror"]),
        why: "the write path decides who wins for every storage alike, so it knows no storage",
    },
    Room {
        name: "tables",
        may: &["domain", "ports"],
        tests_may: &[],
        outside: Only(&["thiserror", "uuid"]),
        why: "what a table holds is said once for every storage alike, in values that know no SQL",
    },
    Room {
        name: "adapters-postgres",
        may: &["domain", "ports", "journal", "tables"],
        tests_may: &["testkit", "adapters-system"],
        outside: Any,
        why: "a storage adapter serves the ports; it knows neither the use cases nor the API nor its siblings",
    },
    Room {
        name: "adapters-sqlite",
        may: &["domain", "ports", "journal", "tables"],
        tests_may: &["testkit", "adapters-system"],
        outside: Any,
        why: "a storage adapter serves the ports; it knows neither the use cases nor the API nor its siblings",
    },
    Room {
        name: "adapters-smtp",
        may: &["domain", "ports"],
        tests_may: &["testkit"],
        outside: Only(&["async-trait", "thiserror", "tokio", "secrecy", "lettre"]),
        why: "the mailer port over SMTP and nothing else",
    },
    Room {
        name: "adapters-system",
        may: &["domain", "ports"],
        tests_may: &["testkit"],
        outside: Only(&[
            "async-trait",
            "thiserror",
            "tokio",
            "uuid",
            "time",
            "getrandom",
            "rand",
            "governor",
            "secrecy",
            "sha2",
            "hkdf",
        ]),
        why: "the machine's own services (clock, randomness, limiter, keys from the server's secret) and nothing else",
    },
    Room {
        name: "adapters-http",
        may: &["domain", "ports", "app"],
        tests_may: &["testkit", "adapters-system"],
        outside: Any,
        why: "the API calls use cases; which storage keeps the data is the binary's choice",
    },
    Room {
        name: "coterie",
        may: &[
            "domain",
            "ports",
            "app",
            "journal",
            "tables",
            "adapters-postgres",
            "adapters-sqlite",
            "adapters-smtp",
            "adapters-system",
            "adapters-http",
        ],
        tests_may: &["testkit"],
        outside: Any,
        why: "the binary wires everything together, save the tools for tests",
    },
    Room {
        name: "pgkit",
        may: &[],
        tests_may: &[],
        outside: Only(&["tempfile", "rustix", "tokio"]),
        why: "a private PostgreSQL for whoever tests or measures: it knows nothing of Coterie, and compiles soon",
    },
    Room {
        name: "testkit",
        may: &["domain", "ports", "pgkit"],
        tests_may: &[],
        outside: Any,
        why: "the contract speaks of ports alone, or it could not judge every adapter",
    },
    Room {
        name: "bench",
        may: &["pgkit"],
        tests_may: &[],
        outside: Any,
        why: "the benchmarks drive the built programs from outside, as a user would",
    },
    Room {
        name: "xtask",
        may: &["pgkit"],
        tests_may: &[],
        outside: Any,
        why: "the tools drive the built programs from outside, as a user would",
    },
];

pub(super) const OWNED: &[Owned] = &[
    Owned {
        crates: &[
            "diesel",
            "diesel-async",
            "diesel_migrations",
            "libsqlite3-sys",
            "rusqlite",
            "tokio-postgres",
            "postgres",
            "sqlx",
        ],
        by: &["adapters-postgres", "adapters-sqlite"],
        // Whose test of both storages at once reads their tables as they are.
        tests_of: &["coterie"],
        why: "only storage adapters know SQL",
    },
    Owned {
        crates: &["actix-web", "actix-http", "utoipa", "utoipa-actix-web", "utoipa-swagger-ui", "axum", "hyper"],
        by: &["adapters-http", "coterie"],
        tests_of: &[],
        why: "only adapters-http speaks HTTP to clients",
    },
    Owned {
        crates: &["lettre", "mail-send"],
        by: &["adapters-smtp"],
        tests_of: &[],
        why: "only adapters-smtp speaks to mail servers",
    },
    Owned {
        crates: &["serde", "serde_json"],
        by: &["adapters-http", "coterie", "bench", "xtask"],
        tests_of: &[],
        why: "only adapters-http knows JSON (and the binary and the tools, for their own output)",
    },
    Owned {
        crates: &["getrandom", "rand", "fastrand", "governor"],
        by: &["adapters-system"],
        tests_of: &[],
        why: "randomness and limits come through their ports, so that every rule can be tried at will",
    },
    Owned {
        crates: &["clap", "config", "figment"],
        by: &["coterie", "bench", "xtask"],
        tests_of: &[],
        why: "only the binary reads the command line, the configuration and the environment",
    },
    Owned {
        crates: &["tracing-subscriber", "metrics-exporter-prometheus", "mimalloc"],
        by: &["coterie"],
        tests_of: &[],
        why: "how logs are written, metrics served and memory taken is the binary's choice",
    },
    Owned {
        crates: &["mockall"],
        by: &["ports"],
        tests_of: &["app", "adapters-http"],
        why: "mocks stand beside their port, behind its feature `mock`",
    },
    Owned {
        crates: &["reqwest"],
        by: &[],
        tests_of: &["coterie"],
        why: "requests to others go through an adapter that refuses private addresses",
    },
];

/// The folders of the domain: each may use those before it, and no other.
pub(super) const DOMAIN_FOLDERS: &[&str] = &[
    "values",
    "tenancy",
    "rewards",
    "affiliates",
    "events",
    "commissions",
    "payouts",
    "groups",
    "orders",
    "mails",
    "audit",
];
