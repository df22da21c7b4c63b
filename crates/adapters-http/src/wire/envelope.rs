//! What stands around the data of an announcement.

use super::scalars::Instant;
use domain::Mode;
use ports::Envelope;
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// Something that happened, as subscribers receive it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Announcement)]
pub(crate) struct AnnouncementObject<'a> {
    /// Its id.
    id: String,
    /// What happened, as `affiliate.created`.
    r#type: &'static str,
    /// When.
    created_at: Instant,
    /// Whose.
    merchant_id: String,
    /// Whether it is real: false in test mode.
    livemode: bool,
    /// The object, as GET returned it at that moment.
    #[schema(value_type = Object)]
    data: &'a RawValue,
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
