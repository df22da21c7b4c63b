//! Derives keys from the server's secret, each for one purpose (docs/api-conventions.md).

use domain::Timestamp;
use hkdf::Hkdf;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::Sha256;
use std::net::{IpAddr, Ipv6Addr};

const MICROS_A_DAY: i64 = 86_400_000_000;

/// The secret is too short to derive anything from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be at least {} characters long", SecretKeys::LEAST)]
pub struct WeakSecret;

/// The keys that the server's secret gives. One of them reveals neither the others nor the secret.
///
/// HKDF with SHA-256 (RFC 5869); the purpose is its `info`. The purposes are part of what is stored and handed out:
/// never change one.
#[derive(Clone)]
pub struct SecretKeys(Hkdf<Sha256>);

/// Hashes visitors' addresses, so that a visitor can be recognized within a day and the address cannot be recovered.
///
/// HMAC-SHA256 with a salt that changes at midnight UTC, cut to 16 bytes: hashes of different days cannot be matched.
/// The salts are derived, never stored.
#[derive(Debug, Clone)]
pub struct AddressHasher(SecretKeys);

impl SecretKeys {
    /// The shortest secret: 32 characters hold 128 bits even if they are hexadecimal digits.
    pub const LEAST: usize = 32;

    /// Takes the server's secret.
    pub fn new(secret: &SecretString) -> Result<Self, WeakSecret> {
        let secret = secret.expose_secret();
        if secret.chars().count() < Self::LEAST {
            return Err(WeakSecret);
        }
        Ok(Self(Hkdf::new(Some(b"coterie"), secret.as_bytes())))
    }

    /// Signs the cursors of lists.
    pub fn cursor(&self) -> SecretBox<[u8; 32]> {
        self.derive("cursor")
    }

    /// Encrypts the secrets of webhook endpoints.
    pub fn webhook_secret(&self) -> SecretBox<[u8; 32]> {
        self.derive("webhook-secret")
    }

    /// Hashes visitors' addresses.
    pub fn addresses(&self) -> AddressHasher {
        AddressHasher(self.clone())
    }

    fn derive(&self, purpose: &str) -> SecretBox<[u8; 32]> {
        SecretBox::init_with_mut(|key: &mut [u8; 32]| {
            // Fails only for more than 255 blocks; this is one.
            let _one_block = self.0.expand(purpose.as_bytes(), key);
        })
    }
}

impl std::fmt::Debug for SecretKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretKeys(…)")
    }
}

impl AddressHasher {
    /// The hash of a visitor's address at the real instant `at`. An IPv4 address hashes alike however it is written.
    pub fn hash(&self, address: IpAddr, at: Timestamp) -> [u8; 16] {
        let day = at.micros().div_euclid(MICROS_A_DAY);
        let salt = self.0.derive(&format!("ip-hash {day}"));
        let wide: Ipv6Addr = match address {
            IpAddr::V4(four) => four.to_ipv6_mapped(),
            IpAddr::V6(six) => six,
        };
        // The extract step of HKDF is HMAC-SHA256 keyed with the salt.
        let (hash, _) = Hkdf::<Sha256>::extract(Some(salt.expose_secret()), &wide.octets());
        hash.first_chunk().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn keys(secret: &str) -> SecretKeys {
        SecretKeys::new(&secret.to_owned().into()).unwrap()
    }

    const SECRET: &str = "0123456789abcdef0123456789abcdef";

    #[test]
    fn the_derivation_never_changes() {
        // Worked out by hand with HMAC-SHA256: PRK = HMAC("coterie", secret), OKM = HMAC(PRK, "cursor" 0x01).
        let key = hex(keys(SECRET).cursor().expose_secret());
        assert_eq!(key, "f9d3a13c643c8795f62e909dbe6b9122423b7a2e95ddea1f5795f76098060b4b");
    }

    #[test]
    fn purposes_and_secrets_give_different_keys() {
        let other = keys("another secret that is long enough!");
        let of = |keys: &SecretKeys| [*keys.cursor().expose_secret(), *keys.webhook_secret().expose_secret()];
        let all: HashSet<_> = of(&keys(SECRET)).into_iter().chain(of(&other)).collect();
        assert_eq!(all.len(), 4);
        assert_eq!(of(&keys(SECRET)), of(&keys(SECRET)));
    }

    #[test]
    fn a_short_secret_is_refused_and_none_is_printed() {
        assert_eq!(SecretKeys::new(&SECRET[1..].to_owned().into()).unwrap_err(), WeakSecret);
        assert_eq!(WeakSecret.to_string(), "must be at least 32 characters long");
        let keys = keys(SECRET);
        assert_eq!(format!("{keys:?} {:?}", keys.addresses()), "SecretKeys(…) AddressHasher(SecretKeys(…))");
    }

    #[test]
    fn an_address_hashes_alike_within_a_day_only() {
        let hasher = keys(SECRET).addresses();
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        let (morning, night, tomorrow) = (at(0), at(MICROS_A_DAY - 1), at(MICROS_A_DAY));
        let four: IpAddr = "203.0.113.7".parse().unwrap();
        let mapped: IpAddr = "::ffff:203.0.113.7".parse().unwrap();
        let neighbour: IpAddr = "203.0.113.8".parse().unwrap();
        let hash = hasher.hash(four, morning);
        assert_eq!(hash, hasher.hash(mapped, night));
        assert_ne!(hash, hasher.hash(neighbour, morning));
        assert_ne!(hash, hasher.hash(four, tomorrow));
        assert_ne!(hash, keys("another secret that is long enough!").addresses().hash(four, morning));
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}
