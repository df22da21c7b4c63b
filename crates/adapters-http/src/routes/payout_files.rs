//! Payment files for PayPal and Wise, and what comes back from them.

use crate::{
    csv::{
        self,
        Cell::{Exact, Guarded},
    },
    values::currency,
};
use domain::{
    AffiliateId, DisplayName, FieldError, PayoutItemId, PayoutOutcome, Reason, ResultLine, ResultOf, ShortText,
};
use ports::PayoutLine;
use std::str::FromStr;

/// The most lines that one file of results may have.
pub(super) const MOST_LINES: usize = 5_000;
/// The most faults that one answer lists.
const MOST_FAULTS: usize = 50;

/// What a payment file is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FileFormat {
    Paypal,
    Wise,
}

impl FileFormat {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Paypal => "paypal",
            Self::Wise => "wise",
        }
    }

    const fn header(self) -> &'static [&'static str] {
        match self {
            Self::Paypal => {
                &["Email/Phone", "Amount", "Currency code", "Reference ID", "Note to recipient", "Recipient wallet"]
            }
            Self::Wise => &[
                "name",
                "recipientEmail",
                "paymentReference",
                "receiverType",
                "amountCurrency",
                "amount",
                "sourceCurrency",
                "targetCurrency",
                "type",
            ],
        }
    }
}

impl FromStr for FileFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "paypal" => Ok(Self::Paypal),
            "wise" => Ok(Self::Wise),
            _ => Err("must be one of: paypal wise".to_owned()),
        }
    }
}

/// The file that pays these items.
pub(super) fn write(format: FileFormat, lines: &[PayoutLine]) -> String {
    let mut out = String::new();
    csv::record(&format.header().iter().copied().map(Exact).collect::<Vec<_>>(), &mut out);
    for PayoutLine { item, email, display_name } in lines {
        let (id, amount, currency) = (item.id.to_string(), item.amount.decimal(), item.amount.currency().to_string());
        let email = email.as_str();
        match format {
            FileFormat::Paypal => {
                let cells = [email, &amount, &currency, &id, "", "PayPal"];
                csv::record(&cells.map(Exact), &mut out);
            }
            FileFormat::Wise => {
                // Wise requires a name; an affiliate without one is named by its address.
                let name = display_name.as_ref().map_or(email, DisplayName::as_str);
                let [first, cells @ ..] =
                    [name, email, &id, "PERSON", "target", &amount, &currency, &currency, "EMAIL"].map(Exact);
                let name = if display_name.is_some() { Guarded(name) } else { first };
                csv::record(&[&[name], cells.as_slice()].concat(), &mut out);
            }
        }
    }
    out
}

/// The columns of a file of results; the header gives their order.
struct Columns {
    item: Option<usize>,
    affiliate: Option<usize>,
    status: Option<usize>,
    amount: Option<usize>,
    currency: Option<usize>,
    reference: Option<usize>,
    reason: Option<usize>,
}

impl Columns {
    fn of(header: &[String]) -> Result<Self, Vec<FieldError>> {
        let folded: Vec<String> = header.iter().map(|name| folded(name)).collect();
        let mut faults = Vec::new();
        let mut column = |names: &[&str]| {
            let mut found = folded.iter().enumerate().filter(|(_, name)| names.contains(&name.as_str()));
            let first = found.next().map(|(at, _)| at);
            if let (Some(_), Some((_, name))) = (first, found.next()) {
                faults.push(FieldError::new(format!("lines[1].{name}"), "must be given only once"));
            }
            first
        };
        let columns = Self {
            item: column(&["itemid", "referenceid", "paymentreference"]),
            affiliate: column(&["affiliateid"]),
            status: column(&["status"]),
            amount: column(&["amount"]),
            currency: column(&["currency", "currencycode", "targetcurrency"]),
            reference: column(&["reference"]),
            reason: column(&["reason"]),
        };
        let lacking =
            [(columns.item.or(columns.affiliate), "item_id"), (columns.status, "status"), (columns.amount, "amount")];
        let lacking = lacking.into_iter().filter(|(column, _)| column.is_none());
        faults
            .extend(lacking.map(|(_, name)| FieldError::new(format!("lines[1].{name}"), "is required in the header")));
        if faults.is_empty() { Ok(columns) } else { Err(faults) }
    }
}

/// What a rail's own word for how a payment stands means; folded as [`folded`] does. PayPal: `transaction_status` of its
/// Payouts API. Wise: the states of a transfer. Both as of November 2026.
const WORDS: &[(&str, Option<PayoutOutcome>)] = &[
    ("success", Some(PayoutOutcome::Paid)),
    ("failed", Some(PayoutOutcome::Failed)),
    ("returned", Some(PayoutOutcome::Failed)),
    ("blocked", Some(PayoutOutcome::Failed)),
    ("refunded", Some(PayoutOutcome::Failed)),
    ("reversed", Some(PayoutOutcome::Failed)),
    ("denied", Some(PayoutOutcome::Failed)),
    ("pending", None),
    ("onhold", None),
    ("unclaimed", None),
    ("outgoingpaymentsent", Some(PayoutOutcome::Paid)),
    ("cancelled", Some(PayoutOutcome::Failed)),
    ("fundsrefunded", Some(PayoutOutcome::Failed)),
    ("incomingpaymentwaiting", None),
    ("processing", None),
    ("fundsconverted", None),
    ("bouncedback", None),
];

/// A word without case, blanks, hyphens and underscores.
fn folded(word: &str) -> String {
    word.trim().to_ascii_lowercase().replace([' ', '_', '-'], "")
}

/// How a payment ended; `None` for a word of a rail that says that it has not.
fn outcome(text: &str) -> Result<Option<PayoutOutcome>, String> {
    let word = folded(text);
    let known = WORDS.iter().find(|(known, _)| *known == word).map(|(_, outcome)| *outcome);
    known.map_or_else(|| word.parse().map(Some), Ok)
}

/// One line while it is read.
struct Line<'a> {
    name: String,
    cells: &'a [String],
    faults: &'a mut Vec<FieldError>,
}

impl Line<'_> {
    fn text(&self, column: Option<usize>) -> Option<&str> {
        self.cells.get(column?).map(|cell| cell.trim()).filter(|cell| !cell.is_empty())
    }

    fn optional<T>(
        &mut self,
        field: &str,
        column: Option<usize>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        match read(self.text(column)?) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.faults.push(FieldError::new(format!("{}.{field}", self.name), expected));
                None
            }
        }
    }

    fn required<T>(
        &mut self,
        field: &str,
        column: Option<usize>,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if self.text(column).is_none() {
            self.faults.push(FieldError::new(format!("{}.{field}", self.name), "is required"));
        }
        self.optional(field, column, read)
    }
}

/// Reads a file of results. Its lines are named by their place in the file, of which the header is the first.
pub(super) fn read(text: &str) -> Result<Vec<ResultLine>, Vec<FieldError>> {
    let whole = |expected: String| vec![FieldError::new("body", expected)];
    if text.contains('\0') {
        return Err(whole("must not contain U+0000".to_owned()));
    }
    let records = csv::records(text).map_err(|at| whole(format!("must be CSV with sound quotes (see line {at})")))?;
    let Some(((_, header), records)) = records.split_first() else {
        return Err(whole("must have a header".to_owned()));
    };
    let columns = Columns::of(header)?;
    if records.is_empty() || records.len() > MOST_LINES {
        return Err(whole(format!("must have 1 to {MOST_LINES} lines after the header")));
    }
    let mut faults = Vec::new();
    let lines: Vec<Option<ResultLine>> = records
        .iter()
        .map(|(number, cells)| result(&columns, Line { name: format!("lines[{number}]"), cells, faults: &mut faults }))
        .collect();
    faults.truncate(MOST_FAULTS);
    let lines: Vec<ResultLine> = lines.into_iter().flatten().collect();
    match (faults.is_empty(), lines.is_empty()) {
        (true, false) => Ok(lines),
        (true, true) => Err(whole("must have a line with a result: all payments are still under way".to_owned())),
        (false, _) => Err(faults),
    }
}

fn result(columns: &Columns, mut line: Line<'_>) -> Option<ResultLine> {
    let unknown = || "must be of an item of this payout".to_owned();
    let item = |text: &str| text.parse::<PayoutItemId>().map(ResultOf::Item).map_err(|_| unknown());
    let affiliate = |text: &str| text.parse::<AffiliateId>().map(ResultOf::Affiliate).map_err(|_| unknown());
    let of = match (line.text(columns.item), line.text(columns.affiliate)) {
        (None, Some(_)) => line.required("affiliate_id", columns.affiliate, affiliate),
        (Some(_), Some(_)) => {
            let expected = "must not be given together with item_id";
            line.faults.push(FieldError::new(format!("{}.affiliate_id", line.name), expected));
            None
        }
        (_, None) => line.required("item_id", columns.item, item),
    };
    let outcome = line.required("status", columns.status, outcome);
    let amount = |text: &str| text.parse().map_err(|_| "must be a number".to_owned());
    let amount = line.required("amount", columns.amount, amount);
    let currency = line.optional("currency", columns.currency, currency);
    let reference = line.optional("reference", columns.reference, ShortText::parse);
    let reason = line.optional("reason", columns.reason, Reason::parse);
    // A payment that is still under way has no result: its line is passed over.
    let outcome = outcome??;
    Some(ResultLine { name: line.name, of: of?, outcome, amount: amount?, currency, reference, reason })
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Email, Money, Timestamp};

    fn item(n: u128, minor: i64) -> domain::PayoutItem {
        let id = |n| uuid::Uuid::from_u128(n);
        let payout =
            domain::Payout::begin(domain::Id::from_uuid(id(1)), "EUR".parse().unwrap(), Timestamp::MIN, Timestamp::MIN);
        let item = domain::PayoutItem::begin(
            PayoutItemId::from_uuid(id(n)),
            &payout,
            AffiliateId::from_uuid(id(n)),
            Timestamp::MIN,
        );
        domain::PayoutItem { amount: Money::from_minor(minor, "EUR".parse().unwrap()), ..item }
    }

    fn lines() -> Vec<PayoutLine> {
        let line = |n, minor, email: &str, name: Option<&str>| PayoutLine {
            item: item(n, minor),
            email: Email::parse(email).unwrap(),
            display_name: name.and_then(|name| DisplayName::parse(name).ok()),
        };
        vec![
            line(1, 123_450, "bob@example.com", Some("Bob \"the Builder\", Ltd")),
            line(2, 5, "=cmd|x@example.com", Some("=HYPERLINK(0)")),
            line(3, 100, "zoe@example.com", None),
        ]
    }

    #[test]
    fn the_file_for_paypal() {
        let (one, two, three) = (item(1, 0).id, item(2, 0).id, item(3, 0).id);
        assert_eq!(one.to_string().len(), 30, "the longest that PayPal takes as a reference");
        let expected = [
            "Email/Phone,Amount,Currency code,Reference ID,Note to recipient,Recipient wallet".to_owned(),
            format!("bob@example.com,1234.50,EUR,{one},,PayPal"),
            format!("=cmd|x@example.com,0.05,EUR,{two},,PayPal"),
            format!("zoe@example.com,1.00,EUR,{three},,PayPal"),
            String::new(),
        ];
        assert_eq!(write(FileFormat::Paypal, &lines()), expected.join("\r\n"));
    }

    #[test]
    fn the_file_for_wise() {
        let (one, two, three) = (item(1, 0).id, item(2, 0).id, item(3, 0).id);
        let expected = [
            "name,recipientEmail,paymentReference,receiverType,amountCurrency,amount,sourceCurrency,targetCurrency,type".to_owned(),
            format!("\"Bob \"\"the Builder\"\", Ltd\",bob@example.com,{one},PERSON,target,1234.50,EUR,EUR,EMAIL"),
            format!("'=HYPERLINK(0),=cmd|x@example.com,{two},PERSON,target,0.05,EUR,EUR,EMAIL"),
            format!("zoe@example.com,zoe@example.com,{three},PERSON,target,1.00,EUR,EUR,EMAIL"),
            String::new(),
        ];
        assert_eq!(write(FileFormat::Wise, &lines()), expected.join("\r\n"));
    }

    #[test]
    fn results_are_read_by_their_header() {
        let id = item(7, 0).id;
        let text = format!(
            "\u{feff}Fee,Reference ID,Status,Amount,Currency code,reason\r\n0.1,{id},FAILED,\"12.50\",eur,\"Closed, gone\"\r\n"
        );
        let read = read(&text).unwrap();
        assert_eq!((read.len(), read[0].of, read[0].outcome), (1, ResultOf::Item(id), PayoutOutcome::Failed));
        assert_eq!((read[0].name.as_str(), read[0].reason.as_ref().unwrap().as_str()), ("lines[2]", "Closed, gone"));
    }

    #[test]
    fn the_rails_own_words_are_read_and_what_is_under_way_is_passed_over() {
        let (one, two, three) = (item(1, 0).id, item(2, 0).id, item(3, 0).id);
        let text = format!(
            "Reference ID;Status;Amount\n{one};SUCCESS;1.00\n{two};Unclaimed;2.00\n{three};funds_refunded;3.00\n"
        );
        let outcomes: Vec<_> = read(&text).unwrap().into_iter().map(|line| (line.of, line.outcome)).collect();
        let expected = [(ResultOf::Item(one), PayoutOutcome::Paid), (ResultOf::Item(three), PayoutOutcome::Failed)];
        assert_eq!(outcomes, expected);
        let waiting = read(&format!("item_id,status,amount\n{one},PENDING,1.00\n")).unwrap_err();
        assert_eq!(waiting[0].field, "body");
    }

    #[test]
    fn every_fault_of_a_file_is_named() {
        let faults = |text: &str| read(text).unwrap_err().into_iter().map(|fault| fault.field).collect::<Vec<_>>();
        assert_eq!(faults(""), ["body"]);
        assert_eq!(faults("item_id\nx"), ["lines[1].status", "lines[1].amount"]);
        assert_eq!(faults("item_id,status,amount\n"), ["body"]);
        assert_eq!(
            faults("item_id,status,amount\nx,lost,1\n\n,paid,\"1,5\"\n"),
            ["lines[2].item_id", "lines[2].status", "lines[4].item_id", "lines[4].amount"]
        );
        assert_eq!(faults("item_id,Reference ID,status,amount\n"), ["lines[1].referenceid"]);
    }
}
