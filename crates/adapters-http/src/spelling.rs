//! Names in camelCase, and the same names in snake_case.

use crate::json::Members;
use serde::de::Deserializer as _;
use serde_json::value::RawValue;

/// The member whose names are the caller's own data.
const OWN: &str = "metadata";

/// Respells every camelCase name in a text in snake_case: `customerEmail is required`. A name begins with a lower-case
/// letter; other words are unchanged.
pub(crate) fn snake_case(text: &str) -> String {
    let mut spelled = String::with_capacity(text.len() + 4);
    let (mut in_name, mut before) = (false, ' ');
    for letter in text.chars() {
        if !before.is_alphanumeric() && before != '_' {
            in_name = letter.is_ascii_lowercase();
        }
        if in_name && letter.is_ascii_uppercase() && (before.is_ascii_lowercase() || before.is_ascii_digit()) {
            spelled.push('_');
            spelled.push(letter.to_ascii_lowercase());
        } else {
            spelled.push(letter);
        }
        before = letter;
    }
    spelled
}

/// A JSON text with its names in snake_case, save those in metadata, which stay as the caller gave them.
pub(crate) fn in_snake_case(json: &[u8]) -> serde_json::Result<Vec<u8>> {
    let raw: &RawValue = serde_json::from_slice(json)?;
    let mut spelled = Vec::with_capacity(json.len() + json.len() / 8);
    write(raw.get(), &mut spelled)?;
    Ok(spelled)
}

fn write(raw: &str, out: &mut Vec<u8>) -> serde_json::Result<()> {
    match raw.as_bytes().first() {
        Some(b'{') => {
            out.push(b'{');
            let members = serde_json::Deserializer::from_str(raw).deserialize_map(Members)?;
            for (at, (name, value)) in members.iter().enumerate() {
                separate(at, out);
                serde_json::to_writer(&mut *out, &snake_case(name))?;
                out.push(b':');
                if name == OWN { out.extend_from_slice(value.get().as_bytes()) } else { write(value.get(), out)? }
            }
            out.push(b'}');
        }
        Some(b'[') => {
            out.push(b'[');
            let items: Vec<&RawValue> = serde_json::from_str(raw)?;
            for (at, item) in items.iter().enumerate() {
                separate(at, out);
                write(item.get(), out)?;
            }
            out.push(b']');
        }
        _ => out.extend_from_slice(raw.as_bytes()),
    }
    Ok(())
}

fn separate(at: usize, out: &mut Vec<u8>) {
    if at > 0 {
        out.push(b',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_respelled_and_words_are_not() {
        for (camel, snake) in [
            ("customerEmail", "customer_email"),
            ("jMinus2ExpireAt", "j_minus2_expire_at"),
            ("lineItems[0].imageUrl must be text", "line_items[0].image_url must be text"),
            (
                "`expiresAt` of KohortPay, in UTF-8; Idempotency-Key",
                "`expires_at` of KohortPay, in UTF-8; Idempotency-Key",
            ),
            ("^(createdAt|updatedAt):(asc|desc)$", "^(created_at|updated_at):(asc|desc)$"),
            ("snake_case ÉcolE id en_US", "snake_case ÉcolE id en_US"),
        ] {
            assert_eq!(snake_case(camel), snake);
        }
    }

    #[test]
    fn values_and_what_is_the_callers_own_stay_as_they_are() {
        let given = r#"{"shareId":"someText","levels":[{"toUnlock":1.50},null],"metadata":{"aB":{"cD":1}},"inner":{"metadata":{"eF":[]}}}"#;
        let spelled = r#"{"share_id":"someText","levels":[{"to_unlock":1.50},null],"metadata":{"aB":{"cD":1}},"inner":{"metadata":{"eF":[]}}}"#;
        assert_eq!(String::from_utf8(in_snake_case(given.as_bytes()).unwrap()).unwrap(), spelled);
        assert!(in_snake_case(b"{").is_err());
    }
}
