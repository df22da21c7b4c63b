//! The state that all requests share.

use crate::{CursorKey, paths::Routes};
use actix_web::web::Data;
use app::App;
use domain::Timestamp;
use ipnet::IpNet;
use ports::{Clock, IdSource, RateVerdict};
use std::{
    fmt,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// What this crate needs from outside.
#[derive(Clone)]
pub struct Outside {
    /// The use cases.
    pub app: Arc<App>,
    /// Real time.
    pub clock: Arc<dyn Clock>,
    /// Request ids.
    pub ids: Arc<dyn IdSource>,
    /// Seals cursors.
    pub cursor_key: CursorKey,
    /// What happens to visitors' addresses.
    pub visitors: Visitors,
    /// The text of `/metrics`.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

/// What happens to visitors' addresses. They are used for nothing else and go nowhere.
#[derive(Clone)]
pub struct Visitors {
    /// The salted hash of an address at a real instant.
    pub hash: Arc<dyn Fn(IpAddr, Timestamp) -> [u8; 16] + Send + Sync>,
    /// Counts one beacon from an address.
    pub count_beacon: Arc<dyn Fn(IpAddr) -> RateVerdict + Send + Sync>,
}

impl fmt::Debug for Visitors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Visitors(…)")
    }
}

/// How much a request may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The largest body, in bytes.
    pub body_bytes: usize,
    /// The largest body that carries a batch, in bytes.
    pub batch_bytes: usize,
    /// How long a request may take to arrive, from the first byte of its headers to the last of its body.
    pub body_deadline: Duration,
    /// How long an answer may take, once the body is there.
    pub answer_deadline: Duration,
    /// How long the headers may take to arrive.
    pub header_deadline: Duration,
    /// How long a client may leave an answer untaken.
    pub taking_deadline: Duration,
    /// The most connections at once, over all workers.
    pub connections: usize,
}

impl Default for Limits {
    /// 256 KiB, and for a batch a thousand lines of 2 KiB. A slow client is disconnected within 15 s, including the
    /// time to read the refusal: it has 13 s to send a request, and 10 s to read a response. The server has 10 s to
    /// respond.
    fn default() -> Self {
        Self {
            body_bytes: 256 * 1024,
            batch_bytes: 2 * 1024 * 1024,
            body_deadline: Duration::from_secs(13),
            answer_deadline: Duration::from_secs(10),
            header_deadline: Duration::from_secs(10),
            taking_deadline: Duration::from_secs(10),
            connections: 10_000,
        }
    }
}

/// The state that all requests share.
pub(crate) struct Edge {
    pub(crate) outside: Outside,
    pub(crate) limits: Limits,
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// Whether the server itself speaks TLS.
    pub(crate) tls: bool,
    /// The OpenAPI document, as served.
    pub(crate) printed: Vec<u8>,
    /// Its paths and their methods.
    pub(crate) routes: Data<Routes>,
    draining: AtomicBool,
}

impl Edge {
    pub(crate) fn new(
        outside: Outside,
        limits: Limits,
        trusted_proxies: Vec<IpNet>,
        tls: bool,
        document: &serde_json::Value,
    ) -> Self {
        Self {
            outside,
            limits,
            trusted_proxies,
            tls,
            printed: serde_json::to_vec(document).unwrap_or_default(),
            routes: Data::new(Routes::of(document)),
            draining: AtomicBool::new(false),
        }
    }

    /// From now on every answer closes its connection and the server is not ready.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_draining(&self) -> bool {
        self.draining.load(Ordering::Relaxed)
    }

    fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(&peer.to_canonical()))
    }

    /// The visitor's address: the peer's, or what the nearest proxy that is not ours wrote into `X-Forwarded-For`. It is
    /// read from its end, because everything before the first address that we do not trust may be made up.
    pub(crate) fn visitor(&self, peer: Option<IpAddr>, forwarded_for: &[&str]) -> Option<IpAddr> {
        let peer = peer?;
        let hops = forwarded_for.iter().rev().flat_map(|line| line.rsplit(','));
        let mut visitor = peer;
        for hop in hops {
            if !self.trusts(visitor) {
                break;
            }
            match hop.trim().parse() {
                Ok(address) => visitor = address,
                Err(_) => break,
            }
        }
        Some(visitor)
    }

    /// Whether the visitor's own connection is encrypted, as far as the server can know.
    pub(crate) fn is_encrypted(&self, peer: Option<IpAddr>, forwarded_proto: Option<&str>) -> bool {
        self.tls || (peer.is_some_and(|peer| self.trusts(peer)) && forwarded_proto == Some("https"))
    }
}
