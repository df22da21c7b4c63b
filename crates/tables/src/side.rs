//! Tables whose rows have no version.

use crate::{Column as _, Value, describe::written};
use domain::{Click, Utm};
use ports::{Announcement, KeyUse, ResponseRecord};

// Nothing reads a whole click back.
written! {
    clicks: Click as Click {
        id, affiliate_id, session, landing_page, referrer,
        utm: Utm { source, medium, campaign, term, content }, user_agent, ip_hash, created_at
    }, by merchant {
        merchant_id = Value::Uuid(merchant.uuid()), id = id.value();
        affiliate_id = affiliate_id.value(), session = session.value(), landing_page = landing_page.value(),
        referrer = referrer.value(), utm_source = source.value(), utm_medium = medium.value(),
        utm_campaign = campaign.value(), utm_term = term.value(), utm_content = content.value(),
        user_agent = user_agent.value(), ip_hash = ip_hash.value(), created_at = created_at.value(),
    }
}

written! {
    key_uses: KeyUse as KeyUse { key_id, at }, by merchant {
        merchant_id = Value::Uuid(merchant.uuid()), key_id = key_id.value();
        last_used_at = at.value(),
    }
}

written! {
    announcements: Announcement as Announcement { id, topic, created_at, payload }, by merchant {
        merchant_id = Value::Uuid(merchant.uuid()), id = id.value();
        topic = Value::borrowed(topic.as_str()), created_at = created_at.value(), payload = payload.value(),
    }
}

/// An announcement that is still to be delivered.
#[derive(Debug, Clone, Copy)]
pub struct Outboxed(pub domain::AnnouncementId);

written! {
    outbox: Outboxed as Outboxed(id), by merchant {
        merchant_id = Value::Uuid(merchant.uuid()), announcement_id = id.value();
    }
}

written! {
    replies: ResponseRecord as ResponseRecord { route, key, fingerprint, status, body, created_at, expires_at }, by merchant {
        merchant_id = Value::Uuid(merchant.uuid()), route = route.value(), key = Value::borrowed(key.as_str());
        fingerprint = fingerprint.value(),
        // Three digits.
        status = Value::Small(i16::try_from(status.code()).unwrap_or(i16::MAX)),
        body = body.value(), created_at = created_at.value(), expires_at = expires_at.value(),
    }
}
