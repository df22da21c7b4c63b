use super::*;
use crate::listing::{CUSTOMERS, GROUPS, ORDERS, SESSIONS};
use domain::{Currency, OrderStatus};
use ports::{OrderAmount, OrderTerm, OrderTime, Wording};
use proptest::prelude::*;

fn terms(text: &str) -> Vec<OrderTerm> {
    match read(text, ORDERS).unwrap() {
        Search::Terms(terms) => terms,
        Search::Text(text) => panic!("only a text: {text}"),
    }
}

fn refusal(text: &str) -> String {
    read(text, ORDERS).unwrap_err()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn created(least: Option<i64>, most: Option<i64>) -> Vec<OrderTerm> {
    vec![OrderTerm::Time(OrderTime::Created, Between { least: least.map(at), most: most.map(at) })]
}

#[test]
fn terms_are_read_in_both_spellings_and_with_spaces() {
    let paid = |least, most| OrderTerm::Amount(OrderAmount::Paid, Between { least, most });
    let available = OrderTerm::Status(OrderStatus::CashbackAvailable);
    assert_eq!(terms("status:CASHBACK_AVAILABLE,amount>=10"), [available, paid(Some(10), None)]);
    assert_eq!(terms(" amount <= 10.0 , amount : 7 "), [paid(None, Some(10)), paid(Some(7), Some(7))]);
    for name in ["customerEmail", "customer_email"] {
        let has = OrderTerm::Email(Wording::Has("ada@".to_owned()));
        assert_eq!(terms(&format!("{name}~ADA@")), [has]);
    }
    assert_eq!(terms("currency:eur"), [OrderTerm::Currency("EUR".parse::<Currency>().unwrap())]);
}

#[test]
fn values_with_commas_and_quotes_are_quoted() {
    let has = |part: &str| OrderTerm::LastName(Wording::Has(part.to_owned()));
    let risk = OrderTerm::Risk(domain::RiskLevel::Low);
    assert_eq!(terms(r#"customerLastName~"a, b" , riskLevel:LOW"#), [has("a, b"), risk.clone()]);
    assert_eq!(terms(r#"customerLastName~"a\"\\b""#), [has(r#"a"\b"#)]);
    assert_eq!(terms(r#"customerLastName~a"b\,riskLevel:LOW"#), [has(r#"a"b\"#), risk]);
    assert_eq!(terms("customerLastName~a:b>=c~"), [has("a:b>=c~")]);
    for bad in [r#"customerLastName~"a"#, r#"customerLastName~"a"b"#, r#"customerLastName~"a\n""#, r#"currency:""EUR"#]
    {
        assert!(refusal(bad).contains("double quotes"), "{bad}");
    }
}

#[test]
fn a_date_is_a_day_and_a_time_is_its_millisecond() {
    const DAY: i64 = 86_400_000_000;
    assert_eq!(terms("createdAt:1970-01-02"), created(Some(DAY), Some(2 * DAY - 1)));
    assert_eq!(terms("createdAt>=1970-01-02"), created(Some(DAY), None));
    assert_eq!(terms("created_at<=1970-01-02"), created(None, Some(2 * DAY - 1)));
    assert_eq!(terms("createdAt:1970-01-01T00:00:01.002Z"), created(Some(1_002_000), Some(1_002_999)));
    assert_eq!(terms("createdAt:1970-01-01T01:00:00.000001+01:00"), created(Some(1), Some(1)));
}

#[test]
fn a_text_without_fields_is_looked_for_as_it_stands() {
    for (text, found) in [
        ("BOB@", "bob@"),
        ("Lovelace, Ada", "lovelace, ada"),
        ("a=b", "a=b"),
        ("\"12:30, Ä\"", "12:30, ä"),
        ("\"amount>=1\"", "amount>=1"),
        ("say \"x\"", "say \"x\""),
        ("\"open", "\"open"),
    ] {
        assert_eq!(read(text, ORDERS), Ok(Search::Text(found.to_owned())), "{text}");
    }
    for bad in ["", "\"\"", "a\0b", &"x".repeat(256)] {
        assert!(read(bad, ORDERS).is_err(), "{bad}");
    }
}

#[test]
fn refusals_say_what_was_expected() {
    for (text, said) in [
        ("12:30", "must name a field out of id, amount, "),
        ("stranger~x", "must name a field out of id, amount, "),
        (":x", "must name a field out of"),
        ("status:OPEN", "must have a value behind status: that must be one of: CREATED"),
        ("currency:XXX", "must have a value behind currency: that must be an ISO 4217"),
        ("amount>=10.5", "must have a value behind amount>= that must be a whole number"),
        ("createdAt<=yesterday", "must have a value behind createdAt<= that must be a date"),
        ("customerEmail:x", "must have a value behind customerEmail: that must be an e-mail address"),
        ("customerEmail:", "must have a value behind customerEmail:"),
        ("id:x", "must have a value behind id: that must be the id of an existing object (ord_…)"),
        ("customerLastName~", "must have a value behind customerLastName~ that must be 1 to 255 characters"),
        ("customerLastName~a\0", "control characters"),
        ("status~CREATED", "must ask about status with :"),
        ("customerEmail>=a", "must ask about customerEmail with : or ~"),
        ("amount~1", "must ask about amount with :, >= or <="),
        ("createdAt~2024", "must ask about createdAt with :, >= or <="),
        ("amount>10", "must be a text, or field:value"),
        ("amount=10", "must be a text, or field:value"),
        ("status:CREATED,", "must be a text, or field:value"),
        ("ada,status:CREATED", "must be a text, or field:value"),
    ] {
        assert!(refusal(text).contains(said), "{text}: {}", refusal(text));
    }
    let long = "x".repeat(256);
    assert!(refusal(&format!("customerLastName~{long}")).contains("1 to 255 characters"));
    let many = |count| vec!["amount>=1"; count].join(",");
    assert_eq!(terms(&many(10)).len(), 10);
    assert_eq!(refusal(&many(11)), "must have at most 10 terms");
    assert_eq!(refusal(&"x".repeat(MOST_LETTERS + 1)), "must be at most 4000 characters");
}

/// The document lists every field.
#[test]
fn the_document_names_all_fields() {
    fn names<T>(fields: &[Field<T>]) -> Vec<String> {
        fields.iter().map(|field| field.name.to_owned()).collect()
    }
    let document = crate::openapi::document();
    for (path, names, snake) in [
        ("/customers", names(CUSTOMERS), false),
        ("/orders", names(ORDERS), false),
        ("/groups", names(GROUPS), false),
        ("/payment-groups", names(GROUPS), true),
        ("/checkout-sessions", names(SESSIONS), true),
    ] {
        let told = document["paths"][path]["get"]["description"].as_str().unwrap();
        for name in names {
            let name = if snake { snake_case(&name) } else { name };
            assert!(told.contains(&format!("`{name}`")), "{path} {name}: {told}");
        }
    }
}

proptest! {
    #[test]
    fn no_text_breaks_it(text in ".*", like in "[a-zA-Z:~<>=,\"\\\\ é0-9]{0,60}", name in 0..ORDERS.len()) {
        for text in [text.clone(), like.clone(), format!("{}{like}", ORDERS[name].name), format!("{like},{text}")] {
            let _ = (read(&text, CUSTOMERS).is_ok(), read(&text, ORDERS).is_ok());
            let _ = (read(&text, GROUPS).is_ok(), read(&text, SESSIONS).is_ok());
        }
    }

    #[test]
    fn a_quoted_value_comes_back(value in "[^\\p{Cc}]{1,255}", spaces in " {0,3}", snake: bool) {
        let name = if snake { "client_reference_id" } else { "clientReferenceId" };
        let quoted = value.replace('\\', "\\\\").replace('"', "\\\"");
        let first = format!("{spaces}{name}{spaces}:{spaces}\"{quoted}\"{spaces}");
        let text = format!("{first},{spaces}amount{spaces}<={spaces}9{spaces}");
        let reference = domain::OrderReference::parse(&value).unwrap();
        let found = terms(&text);
        prop_assert_eq!(&found[0], &OrderTerm::Reference(Wording::Is(reference)));
        prop_assert_eq!(found.len(), 2);
        let plain = read(&format!("{spaces}\"{quoted}\"{spaces}"), ORDERS);
        prop_assert_eq!(plain, Ok(Search::Text(value.to_lowercase())));
    }
}
