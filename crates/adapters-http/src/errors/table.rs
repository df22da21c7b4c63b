//! The one table of error codes. The enum, the OpenAPI document and the page about errors are made from it.

/// Makes the enum and its columns from one list.
macro_rules! codes {
    ($($variant:ident, $word:literal, $status:literal, $meaning:literal;)*) => {
        /// The kind of an error, as callers distinguish it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {$(
            #[doc = concat!("Status ", $status, ". ", $meaning)]
            $variant,
        )*}

        impl Code {
            /// All of them, in the table's order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in the answer.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// The HTTP status it comes with.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status),* }
            }

            /// What it means and what to do about it.
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$variant => $meaning),* }
            }
        }
    };
}

codes! {
    Unauthorized, "UNAUTHORIZED", 401,
        "The API key is missing, malformed, unknown, revoked or expired. Send it as `Authorization: Bearer <key>`.";
    PlanRequired, "PLAN_REQUIRED", 402,
        "The organization's plan does not include this. The data stay as they are; a larger plan opens it again.";
    Forbidden, "FORBIDDEN", 403,
        "The API key lacks the scope that the operation needs (`x-scope` in the OpenAPI document), or the operation exists in test mode only.";
    NotFound, "NOT_FOUND", 404,
        "There is no such path, or no such object for this merchant in this mode.";
    MethodNotAllowed, "METHOD_NOT_ALLOWED", 405, "The path exists, the method does not. `Allow` lists those that do.";
    RequestTimeout, "REQUEST_TIMEOUT", 408, "The request did not arrive in time. Nothing was done.";
    AnswerErased, "ANSWER_ERASED", 410,
        "The `Idempotency-Key` was used before with this request. It was done then and is not done again; but its answer told of a person who has been erased since, and is gone.";
    PayloadTooLarge, "PAYLOAD_TOO_LARGE", 413, "The body is larger than 256 KiB. Nothing was done.";
    UnsupportedMediaType, "UNSUPPORTED_MEDIA_TYPE", 415, "The body must be sent as `application/json`, in UTF-8, not compressed.";
    InvalidInput, "INVALID_INPUT", 417,
        "Something in the request cannot be accepted. `param` names the first such field, `details` all of them. Nothing was done.";
    AlreadyExists, "ALREADY_EXISTS", 417,
        "Another object already has the value that must be unique. `param` names the field. Nothing was done.";
    InvalidState, "INVALID_STATE", 417, "The object is not in a state that allows this. Nothing was done.";
    NotYet, "NOT_YET", 417,
        "The sale that the refund names by `order_id` is not recorded yet. Nothing was done; send the same request again after the sale.";
    IdempotencyMismatch, "IDEMPOTENCY_MISMATCH", 417,
        "The `Idempotency-Key` was used before with another request. Nothing was done; use a new key for a new request.";
    CompletedExpiredCanceled, "COMPLETED_EXPIRED_CANCELED", 417,
        "The referral group is completed, expired or canceled, or its time is over. Nothing was done.";
    MaxParticipantsReached, "MAX_PARTICIPANTS_REACHED", 417,
        "The referral group has as many participants as it may have. Nothing was done.";
    EmailAlreadyUsed, "EMAIL_ALREADY_USED", 417,
        "The e-mail address takes part in the referral group already. Nothing was done.";
    AmountTooLow, "AMOUNT_TOO_LOW", 417, "The order is smaller than `minPurchaseValue`. Nothing was done.";
    CustomerBlocked, "CUSTOMER_BLOCKED", 417, "The customer is blocked and may place no orders. Nothing was done.";
    RateLimited, "RATE_LIMITED", 429, "Too many requests. Try again after the seconds in `Retry-After`.";
    Internal, "INTERNAL", 500, "A fault of the server. The log has the cause under the answer's `request_id`.";
    Unavailable, "UNAVAILABLE", 503,
        "The server cannot answer now, and whether the request took effect may be unknown. Try again after the seconds in `Retry-After`, with the same `Idempotency-Key`.";
}

impl Code {
    /// Returns the code for a response that has a status and nothing else, made by the HTTP library.
    pub(crate) fn of_status(status: u16) -> Self {
        match status {
            400..=499 => Self::ALL.iter().copied().find(|code| code.status() == status).unwrap_or(Self::InvalidInput),
            503 | 504 => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}

/// Renders the page about errors, in Markdown: `GET /api/v1/errors`, and `docs/errors.md`, which a test compares with it.
pub fn page() -> String {
    let mut page = String::from(
        "# Errors\n\n\
         Every error has one form:\n\n\
         ```json\n{\"error\": {\"code\": \"INVALID_INPUT\", \"message\": \"email is required\", \"param\": \"email\",\n  \
         \"details\": [{\"param\": \"email\", \"message\": \"email is required\"}],\n  \
         \"request_id\": \"01890a5d-ac96-774b-bcce-b302099a8057\", \"doc_url\": \"/api/v1/errors#INVALID_INPUT\"}}\n```\n\n\
         With `Accept: application/problem+json` the same facts come in the form of RFC 9457.\n\n\
         The largest body is a setting of the server: 256 KiB by default, 2 MiB for `POST /api/v1/events/batch`.\n\n\
         | code | status | meaning |\n|---|---|---|\n",
    );
    for code in Code::ALL {
        let (word, status, meaning) = (code.as_str(), code.status(), code.meaning());
        page.push_str(&format!("| <a id=\"{word}\"></a>`{word}` | {status} | {meaning} |\n"));
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn the_committed_page_is_this_one() {
        assert_eq!(page(), include_str!("../../../../docs/errors.md"), "copy GET /api/v1/errors to docs/errors.md");
    }

    #[test]
    fn the_page_has_every_code_once() {
        let page = page();
        let words: BTreeSet<&str> = Code::ALL.iter().map(|code| code.as_str()).collect();
        assert_eq!(words.len(), Code::ALL.len());
        for code in Code::ALL {
            assert_eq!(page.matches(&format!("id=\"{}\"", code.as_str())).count(), 1);
            assert_eq!(Code::of_status(code.status()).status(), code.status());
        }
    }
}
