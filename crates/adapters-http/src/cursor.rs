//! Cursors: where a list goes on, sealed so that a caller can neither read meaning into one nor make one up.

use crate::json::digest_text;
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{MerchantId, Timestamp};
use hmac::{Hmac, Mac};
use ports::Position;
use sha2::{Digest, Sha256};
use uuid::Uuid;

const POSITION: usize = 24;
const SEAL: usize = 16;

/// The key that cursors are sealed with; derived from the server's secret, the same on every node.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

impl CursorKey {
    /// From 32 derived bytes.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for CursorKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CursorKey(…)")
    }
}

/// The list a cursor belongs to. A cursor of another merchant, list or filter does not open it.
#[derive(Debug, Clone)]
pub(crate) struct List {
    merchant: MerchantId,
    digest: [u8; 32],
}

impl List {
    /// The list `name` of `merchant`, shown through `filter`: its parameters as sent, without limit and cursor.
    pub(crate) fn new<'f>(
        merchant: MerchantId,
        name: &str,
        filter: impl IntoIterator<Item = (&'f str, &'f str)>,
    ) -> Self {
        let mut pairs: Vec<_> = filter.into_iter().collect();
        pairs.sort_unstable();
        let mut hasher = Sha256::new();
        digest_text(b'"', name, &mut hasher);
        for (name, value) in pairs {
            digest_text(b'"', name, &mut hasher);
            digest_text(b'"', value, &mut hasher);
        }
        Self { merchant, digest: hasher.finalize().into() }
    }

    /// The cursor that goes on after `position`.
    pub(crate) fn seal(&self, position: Position, key: &CursorKey) -> String {
        let mut bytes = Vec::with_capacity(POSITION + SEAL);
        bytes.extend(position.at.micros().to_be_bytes());
        bytes.extend(position.id.as_bytes());
        let seal = self.mac(&bytes, key).finalize().into_bytes();
        bytes.extend(seal.iter().take(SEAL));
        BASE64_URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Opens a cursor and returns the position it continues from; the error says what was expected.
    pub(crate) fn open(&self, cursor: &str, key: &CursorKey) -> Result<Position, String> {
        self.read(cursor, key).ok_or_else(|| "must be a next_cursor of this list with these filters".to_owned())
    }

    fn read(&self, cursor: &str, key: &CursorKey) -> Option<Position> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (position, seal) = bytes.split_at_checked(POSITION)?;
        if seal.len() != SEAL {
            return None;
        }
        self.mac(position, key).verify_truncated_left(seal).ok()?;
        let (at, id) = position.split_at_checked(8)?;
        let at = Timestamp::from_micros(i64::from_be_bytes(at.try_into().ok()?))?;
        Some(Position { at, id: Uuid::from_slice(id).ok()? })
    }

    fn mac(&self, position: &[u8], key: &CursorKey) -> Hmac<Sha256> {
        // A key of 32 bytes is within the block, so this is how HMAC itself would pad it (RFC 2104, section 2).
        let mut padded = [0_u8; 64];
        padded.iter_mut().zip(key.0).for_each(|(slot, byte)| *slot = byte);
        Hmac::<Sha256>::new(&padded.into())
            .chain_update(self.merchant.uuid().as_bytes())
            .chain_update(self.digest)
            .chain_update(position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn merchant(n: u128) -> MerchantId {
        MerchantId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn opens_its_own_list_only() {
        let key = CursorKey::new([7; 32]);
        let position = Position { at: Timestamp::from_micros(123_456).unwrap(), id: Uuid::from_u128(9) };
        let list = List::new(merchant(1), "affiliates", [("status", "approved"), ("email", "a")]);
        let cursor = list.seal(position, &key);
        assert_eq!(list.open(&cursor, &key), Ok(position));
        assert_eq!(
            List::new(merchant(1), "affiliates", [("email", "a"), ("status", "approved")]).open(&cursor, &key),
            Ok(position)
        );
        for other in [
            List::new(merchant(2), "affiliates", [("status", "approved"), ("email", "a")]),
            List::new(merchant(1), "events", [("status", "approved"), ("email", "a")]),
            List::new(merchant(1), "affiliates", [("status", "approved")]),
        ] {
            assert!(other.open(&cursor, &key).is_err());
        }
        assert!(list.open(&cursor, &CursorKey::new([8; 32])).is_err());
    }

    #[test]
    fn every_changed_letter_is_noticed() {
        let key = CursorKey::new([7; 32]);
        let list = List::new(merchant(1), "events", []);
        let cursor = list.seal(Position { at: Timestamp::MIN, id: Uuid::nil() }, &key);
        for at in 0..cursor.len() {
            let mut changed = cursor.clone().into_bytes();
            changed[at] = if changed[at] == b'B' { b'C' } else { b'B' };
            assert!(list.open(std::str::from_utf8(&changed).unwrap(), &key).is_err(), "{at}");
        }
        for bad in ["", "x", "====", &cursor[1..], &format!("{cursor}A")] {
            assert!(list.open(bad, &key).is_err(), "{bad}");
        }
    }
}
