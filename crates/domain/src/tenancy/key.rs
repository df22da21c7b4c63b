//! API keys: their text, what is stored of it, and what they may do (docs/api-conventions.md).

use crate::tenancy::Mode;
use crate::values::{ApiKeyId, FieldError, KeyName, Refusal, Timestamp};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use std::time::Duration;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const RANDOM: usize = 30;
const CHECK: usize = 6;
const SHOWN: usize = 4;

/// What the text of a key begins with on this server: `cob_` by default, possibly empty, and the prefixes of earlier
/// configurations that stay accepted.
#[derive(Debug, Clone)]
pub struct KeyFormat {
    current: String,
    earlier: Vec<String>,
}

/// The text of a key. Resource once, never stored, never printed by `Debug`.
#[derive(Debug, Clone)]
pub struct KeySecret {
    text: SecretString,
    mode: Mode,
}

/// A server secret mixed into the stored hash, so that a stolen database alone does not let anyone test guesses.
#[derive(Debug, Clone)]
pub struct Pepper(SecretString);

/// SHA-256 of a key's text, after the pepper and a zero byte where there is a pepper.
///
/// A plain fast hash is right here: the text holds 178 random bits, so there is nothing to guess slowly.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct KeyHash([u8; 32]);

impl KeyFormat {
    /// A prefix is at most 16 of `[a-z0-9_]`, or empty.
    pub fn new(current: &str, earlier: &[String]) -> Result<Self, String> {
        let sound =
            |p: &str| p.len() <= 16 && p.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        if !sound(current) || !earlier.iter().all(|prefix| sound(prefix)) {
            return Err("must be at most 16 of a-z, 0-9 and _".to_owned());
        }
        Ok(Self { current: current.to_owned(), earlier: earlier.to_vec() })
    }

    /// Makes a key from random bytes; bytes that would favor a letter are skipped. `None` if too few were usable, which
    /// does not happen with 64.
    pub fn write(&self, mode: Mode, random: &[u8]) -> Option<KeySecret> {
        let letters = random.iter().filter(|&&byte| byte < 248).filter_map(|byte| BASE62.get(usize::from(byte % 62)));
        let mut text = format!("{}{}_", self.current, mode.as_str());
        let bare = text.len();
        text.extend(letters.take(RANDOM).map(|&letter| char::from(letter)));
        if text.len() < bare + RANDOM {
            return None;
        }
        text.push_str(&checksum(&text));
        Some(KeySecret { text: text.into(), mode })
    }

    /// Reads a key. `None` for anything malformed: wrong prefix, wrong length, wrong alphabet, wrong checksum.
    pub fn read(&self, text: &str) -> Option<KeySecret> {
        let prefixes = std::iter::once(&self.current).chain(&self.earlier);
        let mode = prefixes.filter_map(|prefix| text.strip_prefix(prefix.as_str())).find_map(mode_of)?;
        let (body, check) = text.split_at_checked(text.len().checked_sub(CHECK)?)?;
        (checksum(body) == check).then(|| KeySecret { text: text.to_owned().into(), mode })
    }
}

/// The mode of a key's text without its vendor prefix, if mode, length and alphabet are right.
fn mode_of(rest: &str) -> Option<Mode> {
    let (mode, word) = rest.split_once('_')?;
    let fits = word.len() == RANDOM + CHECK && word.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { mode.parse().ok() } else { None }
}

/// CRC-32 (IEEE) of the text so far, in six digits of base 62.
fn checksum(text: &str) -> String {
    let mut rest = crc32fast::hash(text.as_bytes());
    let mut digits = [b'0'; CHECK];
    for slot in digits.iter_mut().rev() {
        *slot = BASE62.get((rest % 62) as usize).copied().unwrap_or(b'0');
        rest /= 62;
    }
    digits.iter().map(|&digit| char::from(digit)).collect()
}

impl KeySecret {
    /// The mode it says.
    pub const fn mode(&self) -> Mode {
        self.mode
    }

    /// The text, for the one time it is shown.
    pub fn expose(&self) -> &str {
        self.text.expose_secret()
    }

    /// What is stored in its place.
    pub fn hash(&self, pepper: Option<&Pepper>) -> KeyHash {
        let mut hasher = Sha256::new();
        if let Some(Pepper(pepper)) = pepper {
            hasher.update(pepper.expose_secret());
            hasher.update([0]);
        }
        hasher.update(self.text.expose_secret());
        KeyHash(hasher.finalize().into())
    }

    /// The visible start: prefix, mode and the first four letters.
    pub fn start(&self) -> String {
        let text = self.text.expose_secret();
        text.get(..text.len().saturating_sub(RANDOM + CHECK - SHOWN)).unwrap_or_default().to_owned()
    }

    /// The last four letters.
    pub fn last_four(&self) -> String {
        let text = self.text.expose_secret();
        text.get(text.len().saturating_sub(SHOWN)..).unwrap_or_default().to_owned()
    }
}

impl Pepper {
    /// A pepper from the configuration.
    pub fn new(text: SecretString) -> Self {
        Self(text)
    }
}

impl KeyHash {
    /// From storage.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// For storage.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// In hexadecimal, the form in which it is unique on the server.
    pub fn hex(&self) -> String {
        self.0.iter().fold(String::with_capacity(64), |mut text, byte| {
            for digit in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
            }
            text
        })
    }
}

impl std::fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyHash(…)")
    }
}

/// One thing that keys may be allowed. None implies another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every GET, validate, dry run.
    Read,
    /// Create and update what a shop creates and updates.
    Write,
    /// Settings, money status, every DELETE, test mode.
    Admin,
}
crate::values::string_enum::string_enum!(Scope { Read = "read", Write = "write", Admin = "admin" });

/// A set of scopes; never empty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    /// All three, the default of a new key.
    pub const ALL: Self = Self(7);

    /// The set of these scopes; `None` for an empty one.
    pub fn of(scopes: &[Scope]) -> Option<Self> {
        let bits = scopes.iter().fold(0, |bits, &scope| bits | Self::bit(scope));
        (bits != 0).then_some(Self(bits))
    }

    /// Reads a comma-separated list.
    pub fn parse(text: &str) -> Result<Self, String> {
        let scopes: Result<Vec<Scope>, String> = text.split(',').map(|word| word.trim().parse()).collect();
        Self::of(&scopes?).ok_or_else(|| "must name at least one scope".to_owned())
    }

    /// Whether `scope` is in the set.
    pub const fn allow(self, scope: Scope) -> bool {
        self.0 & Self::bit(scope) != 0
    }

    /// The scopes, in declared order.
    pub fn list(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.iter().copied().filter(move |&scope| self.allow(scope))
    }

    /// The comma-separated list.
    pub fn text(self) -> String {
        self.list().map(Scope::as_str).collect::<Vec<_>>().join(",")
    }

    const fn bit(scope: Scope) -> u8 {
        match scope {
            Scope::Read => 1,
            Scope::Write => 2,
            Scope::Admin => 4,
        }
    }
}

/// A stored key. All its times are real time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// Its public id.
    pub id: ApiKeyId,
    /// What a person calls it.
    pub name: KeyName,
    /// The hash of its text.
    pub hash: KeyHash,
    /// The visible start.
    pub start: String,
    /// The last four letters.
    pub last_four: String,
    /// What it may do.
    pub scopes: Scopes,
    /// Requests a minute, 1 to 10,000,000.
    pub rate_limit_per_min: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it stops being valid.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// The key that followed it.
    pub rolled_to: Option<ApiKeyId>,
}

/// The input for a new key.
#[derive(Debug, Clone)]
pub struct NewApiKey {
    /// See [`ApiKey::name`].
    pub name: KeyName,
    /// See [`ApiKey::scopes`].
    pub scopes: Scopes,
    /// See [`ApiKey::rate_limit_per_min`].
    pub rate_limit_per_min: u32,
    /// How long it is valid; for ever if absent.
    pub expires_in: Option<Duration>,
}

impl ApiKey {
    /// Requests per minute by default.
    pub const DEFAULT_RATE_LIMIT: u32 = 600;
    /// The highest rate limit.
    pub const MOST_RATE_LIMIT: u32 = 10_000_000;
    /// How long a rolled key stays valid by default.
    pub const DEFAULT_OVERLAP: Duration = Duration::from_secs(86_400);

    /// A key whose text is `secret`, made at `now`.
    pub fn create(
        id: ApiKeyId,
        request: NewApiKey,
        secret: &KeySecret,
        hash: KeyHash,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        if !(1..=Self::MOST_RATE_LIMIT).contains(&request.rate_limit_per_min) {
            let expected = format!("must be 1 to {}", Self::MOST_RATE_LIMIT);
            return Err(Refusal::Invalid(vec![FieldError::new("rate_limit_per_min", expected)]));
        }
        Ok(Self {
            id,
            name: request.name,
            hash,
            start: secret.start(),
            last_four: secret.last_four(),
            scopes: request.scopes,
            rate_limit_per_min: request.rate_limit_per_min,
            created_at: now,
            expires_at: request.expires_in.map(|span| now.plus(span)),
            revoked_at: None,
            rolled_to: None,
        })
    }

    /// Whether it opens anything at `now`.
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Replaced by a new key with the same rights; this one stays valid for `overlap`, or until its own end if sooner.
    pub fn roll(
        self,
        new: ApiKeyId,
        secret: &KeySecret,
        hash: KeyHash,
        overlap: Duration,
        now: Timestamp,
    ) -> Result<(Self, Self), Refusal> {
        if !self.is_valid(now) || self.rolled_to.is_some() {
            return Err(Refusal::State("Only a valid key that was not rolled before can be rolled.".to_owned()));
        }
        let end = now.plus(overlap);
        let follower = Self {
            id: new,
            hash,
            start: secret.start(),
            last_four: secret.last_four(),
            created_at: now,
            ..self.clone()
        };
        let old =
            Self { expires_at: Some(self.expires_at.map_or(end, |own| own.min(end))), rolled_to: Some(new), ..self };
        Ok((old, follower))
    }

    /// No longer valid from `now` on; revoking twice changes nothing.
    #[must_use]
    pub fn revoke(self, now: Timestamp) -> Self {
        Self { revoked_at: self.revoked_at.or(Some(now)), ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn format() -> KeyFormat {
        KeyFormat::new("cob_", &["old_".to_owned()]).unwrap()
    }

    #[test]
    fn the_form_is_as_documented() {
        let key = format().write(Mode::Live, &[7; 64]).unwrap();
        let text = key.expose();
        assert!(text.starts_with("cob_live_") && text.len() == 9 + 36, "{text}");
        assert_eq!((key.start().as_str(), key.start().len()), (&text[..13], 13));
        assert_eq!(key.last_four(), text[text.len() - 4..]);
        assert_eq!(format!("{key:?}").matches(&text[9..]).count(), 0);
        let plain = KeyFormat::new("", &[]).unwrap().write(Mode::Test, &[7; 64]).unwrap();
        assert!(plain.expose().starts_with("test_"));
    }

    #[test]
    fn an_earlier_prefix_stays_accepted_and_a_foreign_one_is_not() {
        let old = KeyFormat::new("old_", &[]).unwrap().write(Mode::Test, &[1; 64]).unwrap();
        let foreign = KeyFormat::new("foe_", &[]).unwrap().write(Mode::Test, &[1; 64]).unwrap();
        assert_eq!(format().read(old.expose()).unwrap().mode(), Mode::Test);
        assert!(format().read(foreign.expose()).is_none());
    }

    #[test]
    fn a_pepper_changes_the_hash() {
        let key = format().write(Mode::Live, &[7; 64]).unwrap();
        let pepper = Pepper::new("salt".to_owned().into());
        assert_ne!(key.hash(None), key.hash(Some(&pepper)));
    }

    #[test]
    fn rolling_keeps_the_rights_and_ends_the_old_key() {
        let now = Timestamp::from_micros(1_000_000).unwrap();
        let secret = format().write(Mode::Live, &[7; 64]).unwrap();
        let request = NewApiKey {
            name: KeyName::parse("shop").unwrap(),
            scopes: Scopes::of(&[Scope::Read]).unwrap(),
            rate_limit_per_min: 10,
            expires_in: None,
        };
        let id = |n| ApiKeyId::from_uuid(uuid::Uuid::from_u128(n));
        let key = ApiKey::create(id(1), request, &secret, secret.hash(None), now).unwrap();
        let (old, new) = key.roll(id(2), &secret, secret.hash(None), Duration::ZERO, now).unwrap();
        assert!(!old.is_valid(now) && new.is_valid(now));
        assert_eq!((new.scopes, new.rate_limit_per_min), (old.scopes, 10));
        assert!(old.roll(id(3), &secret, secret.hash(None), Duration::ZERO, now).is_err());
        assert!(!new.revoke(now).is_valid(now));
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(random in prop::collection::vec(any::<u8>(), 64)) {
            if let Some(key) = format().write(Mode::Test, &random) {
                prop_assert_eq!(format().read(key.expose()).unwrap().hash(None), key.hash(None));
            }
        }

        #[test]
        fn one_changed_letter_is_noticed(at in 9_usize..45, to in 0_usize..62) {
            let key = format().write(Mode::Test, &[99; 64]).unwrap();
            let mut bytes = key.expose().as_bytes().to_vec();
            if bytes[at] != BASE62[to] {
                bytes[at] = BASE62[to];
                prop_assert!(format().read(std::str::from_utf8(&bytes).unwrap()).is_none());
            }
        }
    }
}
