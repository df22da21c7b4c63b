//! Whether a stored payload contains personal data of a subject.

use crate::json::{self, Entries, Node};
use domain::AffiliateId;
use ports::SubjectIdentifiers;

/// Checks every text and every object in the payload.
pub(super) fn mentions(body: &[u8], of: &SubjectIdentifiers) -> bool {
    let text = String::from_utf8_lossy(body);
    if text.contains(&of.erased) {
        return false;
    }
    match json::parse(body) {
        Ok(node) => Telling::of(of).node(&node),
        // No payload is malformed. If one is, it is better to erase too much than too little.
        Err(_) => {
            let text = text.to_lowercase();
            of.texts.iter().chain(&of.resource_ids).any(|told| text.contains(told))
        }
    }
}

struct Telling<'a> {
    of: &'a SubjectIdentifiers,
    coupons_of: Option<String>,
}

impl<'a> Telling<'a> {
    fn of(of: &'a SubjectIdentifiers) -> Self {
        Self { of, coupons_of: of.coupons_of.as_ref().map(AffiliateId::to_string) }
    }

    fn node(&self, node: &Node<'_>) -> bool {
        match node {
            Node::Text(text) => self.of.texts.contains(&text.to_lowercase()),
            Node::List(items) => items.iter().any(|item| self.node(item)),
            Node::Object(entries) => self.shows(entries) || entries.iter().any(|(_, value)| self.node(value)),
            Node::Null | Node::Bool(_) | Node::Number(_) => false,
        }
    }

    /// Whether the object is about the subject. A coupon is recognized by its affiliate and code: its id may have been
    /// deleted with its row.
    fn shows(&self, entries: &Entries<'_>) -> bool {
        let member = |name: &str| {
            entries.iter().find_map(|(key, value)| match value {
                Node::Text(text) if key == name => Some(text.as_ref()),
                _ => None,
            })
        };
        member("id").is_some_and(|id| self.of.resource_ids.contains(id))
            || (member("code").is_some()
                && self.coupons_of.is_some()
                && member("affiliate_id") == self.coupons_of.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> bool {
        let affiliate = AffiliateId::from_uuid(uuid::Uuid::nil());
        mentions(
            body.as_bytes(),
            &SubjectIdentifiers {
                texts: ["ann@example.com".to_owned(), "cus_1".to_owned()].into(),
                resource_ids: ["evt_1".to_owned()].into(),
                coupons_of: Some(affiliate),
                erased: "erased-1@erased.invalid".to_owned(),
            },
        )
    }

    #[test]
    fn whole_texts_and_shown_objects_tell() {
        let own = AffiliateId::from_uuid(uuid::Uuid::nil());
        let coupon = format!(r#"{{"id":"cou_1","affiliate_id":"{own}","code":"ANN-1"}}"#);
        for telling in [
            r#"{"data":{"customerEmail":"Ann@Example.com"}}"#,
            r#"{"data":[{"customerId":"cus_1"}]}"#,
            r#"{"data":{"id":"evt_1"}}"#,
            r#"{"outcomes":[{"event":{"id":"evt_1"}}]}"#,
            &coupon,
        ] {
            assert!(told(telling), "{telling}");
        }
        for silent in [
            r#"{"data":{"customerEmail":"joann@example.com","note":"see cus_12"}}"#.to_owned(),
            r#"{"data":{"id":"com_1","event_id":"evt_1"}}"#.to_owned(),
            r#"{"customerId":"cus_1","customerEmail":"erased-1@erased.invalid"}"#.to_owned(),
            coupon.replace("code", "rate"),
            coupon.replace(&own.to_string(), "aff_1"),
            String::new(),
        ] {
            assert!(!told(&silent), "{silent}");
        }
        assert!(told("not JSON, but ann@example.com"));
    }
}
