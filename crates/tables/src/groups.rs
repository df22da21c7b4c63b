//! Customers, their referral groups and orders, and the messages about them.

use crate::{column::Narrow, describe::table, parts::message as letter_of};
use domain::{
    Checkout, Currency, Customer, Email, Group, GroupSettings, GroupTerms, Money, Order, OutgoingEmail, Schedule,
};

/// Describes a table with a group's terms.
macro_rules! table_with_terms {
    ($table:ident $key:tt: $entity:ident by $id:ident as $it:ident { $($clauses:tt)* }) => {
        table! {
            $table $key: $entity by $id as $it {
                $($clauses)*
                within terms: GroupTerms {
                    plain { levels, max_participants }
                    renamed {
                        discount_type = discount, min_purchase_minor = min_purchase, fee_rate = application_fee_rate,
                    }
                    stored {
                        minutes_duration: Narrow = Narrow(*minutes_duration),
                        hold_minutes: Narrow = Narrow(*cashback_hold_minutes),
                    }
                    made { minutes_duration = minutes_duration.0, cashback_hold_minutes = hold_minutes.0 }
                }
            }
        }
    };
}

table_with_terms! {
    group_settings(merchant_id, id): GroupSettings by merchant_id as settings {
        plain { updated_at, updated_by }
    }
}

table! {
    customers(merchant_id, id): Customer by id as customer {
        plain {
            email, earlier_emails, first_name, last_name, phone, metadata, blocked_at, deleted_at, created_at,
            created_by, updated_at, updated_by,
        }
        derived { email_folded = customer.email.folded(), search_text = customer.search_text() }
    }
}

table_with_terms! {
    referral_groups(merchant_id, id): Group by id as group {
        plain {
            share_id, customer_id, creator_email, status, metadata, currency, participants, reminder, alone_since,
            level, created_at, created_by, updated_at, updated_by, canceled_at, completed_at,
        }
        derived { due_at = group.due_at(), search_text = group.search_text() }
        within schedule: Schedule {
            plain { expires_at, mid_expire_at, j_plus3_start_at, j_minus2_expire_at }
        }
    }
}

table! {
    orders(merchant_id, id): Order by id as order {
        plain {
            group_id, share_id, customer_id, email, first_name, last_name, phone, locale, status, available_at,
            participates, ambassador_id, reference, event_id, risk, metadata, created_at, created_by, updated_at,
            updated_by,
        }
        stored {
            currency: Currency = amount.currency(),
            amount_minor: i64 = amount.minor(),
            refunded_minor: i64 = refunded.minor(),
            cashback_minor: i64 = cashback.minor(),
            review_minor: i64 = cashback_in_review.minor(),
            fee_minor: i64 = application_fee.minor(),
            checkout: Option<String> = checkout.to_stored(),
        }
        made {
            amount = Money::from_minor(amount_minor, currency),
            refunded = Money::from_minor(refunded_minor, currency),
            cashback = Money::from_minor(cashback_minor, currency),
            cashback_in_review = Money::from_minor(review_minor, currency),
            application_fee = Money::from_minor(fee_minor, currency),
            checkout = Checkout::stored(checkout.as_deref()) => checkout,
        }
        derived { email_folded = order.email.folded(), search_text = order.search_text() }
    }
}

table! {
    mails(merchant_id, id): OutgoingEmail by id as mail {
        plain { group_id, status, attempts, due_at, useless_at, created_at }
        stored {
            recipient: Option<Email> = message.as_ref().map(|message| message.to.clone()),
            subject: Option<String> = message.as_ref().map(|message| message.subject.clone()),
            body: Option<String> = message.as_ref().map(|message| message.text.clone()),
        }
        made { message = letter_of(recipient, subject, body) => recipient }
    }
}
