//! Refunds: what taking back a part of a sale, or all of it, does to its commissions (docs/rules/commissions.md).

use crate::commissions::{
    Commission, CommissionStatus,
    sale_commissions::{SaleCommissions, WithReversals},
};
use crate::events::{AsSent, Event, EventKind, Items};
use crate::rewards::Target;
use crate::values::{
    CommissionId, Currency, Decimal, Email, EventId, ExternalId, FieldError, Metadata, Money, OrderReference, Refusal,
    ShortText, Timestamp,
};

/// The input for a refund.
#[derive(Debug, Clone)]
pub struct NewRefund {
    /// The shop's id of the refund; in a space of its own.
    pub external_id: ExternalId,
    /// Names that were sent otherwise than they are read.
    pub as_sent: AsSent,
    /// The event it takes back.
    pub refunds: Option<EventId>,
    /// The order it takes back; enough where only one paying event has it.
    pub order_id: Option<OrderReference>,
    /// How much, in whole units of the sale's currency; all that is left where absent.
    pub amount: Option<Decimal>,
    /// The sale's, if it is given.
    pub currency: Option<Currency>,
    /// The buyer's address.
    pub customer_email: Option<Email>,
    /// The shop's id of the buyer.
    pub customer_external_id: Option<ShortText>,
    /// When it happened, as reported. Stored; not used in calculations.
    pub occurred_at: Option<Timestamp>,
    /// The caller's own data.
    pub metadata: Metadata,
    /// Of the body as parsed.
    pub fingerprint: [u8; 32],
}

/// What a refund does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refund {
    /// The refund's own event.
    pub event: Event,
    /// The sale, with what is taken back.
    pub sale: Event,
    /// The reversals that it makes, by level.
    pub reversals: Vec<Commission>,
    /// The rows that it makes void, by level.
    pub voided: Vec<Commission>,
}

impl NewRefund {
    /// The one sale that is meant among those found by what it names: events of any kind. The sale of an order may come
    /// later than its refund; an event whose id is known to nobody never comes.
    pub fn sale<'a>(&self, found: impl Iterator<Item = &'a Event>) -> Result<&'a Event, Refusal> {
        let field = if self.refunds.is_some() { "refunds" } else { "order_id" };
        let mut paying = found.filter(|event| event.kind.pays());
        match (paying.next(), paying.next()) {
            (Some(sale), None) if self.may_be_of(&sale.order_id) => Ok(sale),
            (Some(_), None) => Err(Refusal::invalid("order_id", "must be the order of the event that refunds names")),
            (Some(_), Some(_)) => Err(Refusal::invalid(field, "names several events: use refunds")),
            (None, _) if self.refunds.is_some() => {
                Err(Refusal::invalid(field, "must name an existing event of a type that pays"))
            }
            (None, _) => Err(Refusal::NotYet(FieldError::new(
                field,
                "names no recorded event of a type that pays: send the refund again after its sale",
            ))),
        }
    }

    fn may_be_of(&self, order: &OrderReference) -> bool {
        let named = [&self.order_id, &self.as_sent.order_id];
        named.into_iter().flatten().any(|known| known == order) || self.order_id.is_none()
    }

    /// How much of `sale` is meant; `None` is all that is left.
    pub fn amount(&self, sale: &Event) -> Result<Option<Money>, Refusal> {
        let currency = currency_of(sale)?;
        if self.currency.is_some_and(|given| given != currency) {
            return Err(Refusal::invalid("currency", format!("must be {currency}, as that of the event it refunds")));
        }
        let Some(amount) = self.amount else { return Ok(None) };
        let money = Money::from_decimal(amount, currency).ok().filter(|money| money.minor() > 0);
        let digits = currency.exponent();
        money.map(Some).ok_or_else(|| {
            let expected =
                format!("must be an amount of {currency} above 0, with at most {digits} digits after the point");
            Refusal::invalid("amount", expected)
        })
    }

    fn event(self, id: EventId, sale: &Event, amount: Money, now: Timestamp) -> Event {
        let Self {
            external_id,
            as_sent: _,
            refunds: _,
            order_id: _,
            amount: _,
            currency: _,
            customer_email,
            customer_external_id,
            occurred_at,
            metadata,
            fingerprint,
        } = self;
        Event {
            id,
            kind: EventKind::Refund,
            external_id,
            order_id: sale.order_id.clone(),
            amount: Some(amount),
            items: Items::default(),
            payout_cap: None,
            refunded_minor: 0,
            refunds: Some(sale.id),
            session: None,
            coupon: None,
            affiliate_id: sale.affiliate_id,
            customer_email,
            customer_external_id,
            occurred_at,
            metadata,
            // The affiliate credited with the sale bears its refund.
            decision: sale.decision.clone(),
            fingerprint,
            created_at: now,
        }
    }
}

fn currency_of(sale: &Event) -> Result<Currency, Refusal> {
    let nothing = || Refusal::State("That event has no amount to refund.".to_owned());
    sale.amount.map(Money::currency).ok_or_else(nothing)
}

/// Takes back what `request` says of `sale`, whose rows, reversals included, are `rows`. Every row ends at its target for
/// what is left: by a reversal, or, if nothing at all is left and the row is still pending or in review, by becoming
/// void. A void row takes no part, and a refund never pays anything out.
pub fn refund(
    id: EventId,
    request: NewRefund,
    sale: &Event,
    rows: &[Commission],
    mut next_id: impl FnMut() -> CommissionId,
    now: Timestamp,
) -> Result<Refund, Refusal> {
    let wanted = request.amount(sale)?;
    let left = sale.left().unwrap_or(Money::zero(currency_of(sale)?));
    let amount = wanted.unwrap_or(left);
    if left.minor() <= 0 {
        return Err(Refusal::State("Nothing of that event is left to refund.".to_owned()));
    }
    if amount.minor() > left.minor() {
        let text = format!("Only {} {} of that event is left to refund.", left.decimal(), left.currency());
        return Err(Refusal::State(text));
    }
    let now = now.max(sale.created_at);
    let sale_commissions = SaleCommissions::of(rows);
    let rest = left.minus(amount).map_err(damaged)?;
    let lefts = sale_commissions.left_after(amount, left).map_err(damaged)?;
    let targets = sale_commissions.targets(sale, &lefts, rest);
    let event = request.event(id, sale, amount, now);
    let refunded_minor = sale.refunded_minor.saturating_add(amount.minor());
    let mut made =
        Refund { event, sale: Event { refunded_minor, ..sale.clone() }, reversals: Vec::new(), voided: Vec::new() };
    let whole = rest.minor() == 0;
    for ((branch, left), targets) in sale_commissions.branches.iter().zip(lefts).zip(targets) {
        made.take_back(&branch.leaf, targets.leaf.amount, left, whole, &mut next_id, now).map_err(damaged)?;
        for (entry, Target { amount, earned: _ }) in branch.overrides.iter().zip(targets.overrides) {
            made.take_back(entry, amount, targets.leaf.earned, whole, &mut next_id, now).map_err(damaged)?;
        }
    }
    made.reversals.sort_by_key(|row| row.level);
    made.voided.sort_by_key(|row| row.level);
    Ok(made)
}

/// Stored sums fit and agree; if they do not, they must not be touched.
fn damaged(_: crate::values::MoneyError) -> Refusal {
    Refusal::State("The amounts of that event cannot be reckoned with.".to_owned())
}

impl Refund {
    fn take_back(
        &mut self,
        entry: &WithReversals<'_>,
        target: Money,
        basis: Money,
        whole: bool,
        next_id: impl FnOnce() -> CommissionId,
        now: Timestamp,
    ) -> Result<(), crate::values::MoneyError> {
        let row = entry.original;
        let status = match row.status {
            CommissionStatus::Void => return Ok(()),
            CommissionStatus::Paid => CommissionStatus::Review,
            status @ (CommissionStatus::Pending | CommissionStatus::Approved | CommissionStatus::Review) => status,
        };
        let undecided = matches!(row.status, CommissionStatus::Pending | CommissionStatus::Review);
        if whole && undecided && entry.reversals.is_empty() {
            self.voided.push(Commission {
                status: CommissionStatus::Void,
                refund_id: Some(self.event.id),
                updated_at: now.max(row.updated_at),
                ..row.clone()
            });
            return Ok(());
        }
        let less = |target: Money, now: Money| {
            target.minus(now).map(|delta| Money::from_minor(delta.minor().min(0), delta.currency()))
        };
        let (amount, basis) = (less(target, entry.sum()?)?, less(basis, entry.left()?)?);
        if (amount.minor(), basis.minor()) == (0, 0) {
            return Ok(());
        }
        self.reversals.push(Commission {
            id: next_id(),
            reverses: Some(row.id),
            refund_id: Some(self.event.id),
            basis,
            amount,
            made_as: status,
            status,
            payout_id: None,
            reason: None,
            created_at: now,
            updated_at: now,
            ..row.clone()
        });
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests;
