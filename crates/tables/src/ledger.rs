//! Events, what they earned, and what is paid of it.

use crate::{
    describe::table,
    parts::{amount as amount_of, items as items_of, reward as reward_of},
};
use domain::{Account, Commission, Currency, Event, Money, Payout, PayoutItem, Rate};

table! {
    events(merchant_id, id): Event by id as event {
        plain {
            kind, external_id, order_id, refunded_minor, refunds, session, coupon, affiliate_id, customer_email,
            customer_external_id, occurred_at, metadata, decision, fingerprint, created_at,
        }
        stored {
            amount_minor: Option<i64> = amount.map(Money::minor),
            currency: Option<Currency> = amount.map(Money::currency),
            items: String = items.to_string(),
            payout_cap_minor: Option<i64> = payout_cap.map(Money::minor),
        }
        made {
            amount = amount_of(amount_minor, currency) => amount_minor,
            items = items_of(&items, amount) => items,
            payout_cap = currency.zip(payout_cap_minor).map(|(currency, minor)| Money::from_minor(minor, currency)),
        }
    }
}

// Basis and amount are in one currency: a commission is a part of its basis.
table! {
    commissions(merchant_id, id): Commission by id as commission {
        plain {
            event_id, order_id, affiliate_id, level, leaf_id, reverses, refund_id, rate_source, rule_id, made_as,
            status, payout_id, reason, matures_at, created_at, updated_at,
        }
        stored {
            basis_minor: i64 = basis.minor(),
            rate: Option<Rate> = reward.rate(),
            flat_minor: Option<i64> = reward.flat().map(Money::minor),
            amount_minor: i64 = amount.minor(),
            currency: Currency = amount.currency(),
        }
        made {
            basis = Money::from_minor(basis_minor, currency),
            reward = reward_of(rate, flat_minor, currency) => rate,
            amount = Money::from_minor(amount_minor, currency),
        }
    }
}

table! {
    accounts(merchant_id, id): Account by id as account {
        plain { affiliate_id }
        stored {
            currency: Currency = account.currency(),
            approved_minor: i64 = approved.minor(),
            in_payout_minor: i64 = in_payout.minor(),
            paid_minor: i64 = paid.minor(),
        }
        made {
            approved = Money::from_minor(approved_minor, currency),
            in_payout = Money::from_minor(in_payout_minor, currency),
            paid = Money::from_minor(paid_minor, currency),
        }
    }
}

table! {
    payouts(merchant_id, id): Payout by id as payout {
        plain {
            status, items_count, paid_count, failed_count, commissions_count, begun_at, sealed_at, sent_at, ended_at,
            created_at, updated_at,
        }
        stored {
            currency: Currency = payout.currency(),
            total_minor: i64 = total.minor(),
            paid_minor: i64 = paid.minor(),
        }
        made { total = Money::from_minor(total_minor, currency), paid = Money::from_minor(paid_minor, currency) }
    }
}

table! {
    payout_items(merchant_id, id): PayoutItem by id as item {
        plain {
            payout_id, affiliate_id, commissions_count, status, reference, reason, created_at, updated_at,
        }
        stored { amount_minor: i64 = amount.minor(), currency: Currency = amount.currency() }
        made { amount = Money::from_minor(amount_minor, currency) }
    }
}
