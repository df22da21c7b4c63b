//! The envelope around the data of an announcement.

use super::scalars::Instant;
use domain::Mode;
use ports::Envelope;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Something that happened, as subscribers receive it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Announcement)]
pub(crate) struct AnnouncementObject<'a> {
    /// Unique identifier of the object.
    id: String,
    /// What happened, as `affiliate.created`.
    r#type: &'static str,
    /// When.
    created_at: Instant,
    /// The organization that the object belongs to.
    merchant_id: String,
    /// `false` in test mode.
    livemode: bool,
    /// The object, as GET returned it at that moment.
    #[schema(value_type = Object)]
    data: &'a RawValue,
}

/// The data that replace erased data.
const ERASED: &str = r#"{"erased":true}"#;

/// An announcement as it was stored.
#[derive(Debug, Serialize, Deserialize)]
struct Stored<'a> {
    #[serde(borrow)]
    id: &'a RawValue,
    #[serde(borrow)]
    r#type: &'a RawValue,
    #[serde(borrow)]
    created_at: &'a RawValue,
    #[serde(borrow)]
    merchant_id: &'a RawValue,
    livemode: bool,
    #[serde(borrow)]
    data: &'a RawValue,
}

/// The same announcement without its data.
pub(super) fn redact(announcement: &[u8]) -> Vec<u8> {
    let blank = serde_json::from_str::<&RawValue>(ERASED).unwrap_or(RawValue::NULL);
    let read = serde_json::from_slice::<Stored<'_>>(announcement);
    read.map_or_else(|_| ERASED.into(), |stored| super::bytes(&Stored { data: blank, ..stored }))
}

impl<'a> AnnouncementObject<'a> {
    /// Around the bytes of an object that this crate rendered.
    pub(crate) fn new(envelope: Envelope, data: &'a [u8]) -> Self {
        let Envelope { id, topic, created_at, merchant, mode } = envelope;
        Self {
            id: id.to_string(),
            r#type: topic.as_str(),
            created_at: created_at.into(),
            merchant_id: merchant.to_string(),
            livemode: mode == Mode::Live,
            data: serde_json::from_slice(data).unwrap_or(RawValue::NULL),
        }
    }
}
