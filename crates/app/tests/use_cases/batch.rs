//! Recording many events in one request.

use crate::refunds::of_order;
use crate::stage::{TestApp, email_of, once, purchase};
use app::{AppError, BatchLine, IdempotentRequest, RecordEventBatchCommand, RecordEventCommand, Response};
use domain::{Affiliate, CommissionStatus, EventKind, ExternalId, FieldError, Refusal};
use ports::{EventRecord, LineOutcome, Outcomes, Resource};
use proptest::prelude::*;
use std::{collections::BTreeMap, sync::Arc};

type Line = Result<RecordEventCommand, Refusal>;

fn batch(lines: Vec<Line>) -> RecordEventBatchCommand {
    let lines = lines.into_iter().map(|line| line.map(BatchLine::Event)).collect();
    RecordEventBatchCommand { lines, request_id: "request".to_owned() }
}

#[tokio::test]
async fn a_refund_in_a_batch_takes_back_its_sale_wherever_that_stands() {
    let stage = TestApp::new().await;
    let leaf = stage.affiliate("bob", None).await;
    let sale = |id: &str| Ok(BatchLine::Event(RecordEventCommand { affiliate_id: Some(leaf.id), ..purchase(id) }));
    let back = |order: &str, id: &str| Ok(BatchLine::Refund(of_order(order, id)));
    let lines =
        || vec![back("2", "r0"), sale("1"), sale("2"), back("1", "r1"), back("1", "r2"), back("4", "r3"), sale("3")];
    let command = || RecordEventBatchCommand { lines: lines(), request_id: "request".to_owned() };
    let run = async || {
        let key = once("POST /events/batch", "key", 1);
        stage.app.events.record_batch(&stage.who, command(), &stage.app.refunds, key).await.unwrap()
    };
    let first = run().await;
    let text = String::from_utf8_lossy(&first.body).into_owned();
    assert_eq!(text.matches("Done(Created").count(), 5, "three sales, a refund after its sale, one before: {text}");
    assert_eq!(text.matches("Refused(State(").count(), 1, "nothing is left: {text}");
    assert_eq!(text.matches("Refused(NotYet(").count(), 1, "its sale never comes: {text}");
    let rows = stage.commissions().await;
    let void = rows.iter().filter(|row| row.status == CommissionStatus::Void).count();
    assert_eq!((rows.len(), void), (3, 2));
    let again = run().await;
    assert!(again.replayed && again.body == first.body);
    stage.assert_reconciled().await;
}

async fn recorded(stage: &TestApp, lines: Vec<Line>, once: Option<IdempotentRequest>) -> Result<Response, AppError> {
    stage.app.events.record_batch(&stage.who, batch(lines), &stage.app.refunds, once).await
}

/// What each line alone is answered with.
async fn one_by_one(stage: &TestApp, lines: Vec<Line>) -> Vec<LineOutcome> {
    let mut outcomes = Vec::new();
    for line in lines {
        let answered = match line {
            Ok(command) => stage.record(command).await,
            Err(refusal) => Err(refusal.into()),
        };
        outcomes.push(match answered {
            Ok(answer) => LineOutcome::Done(answer.status, answer.body),
            Err(AppError::Refused(refusal)) => LineOutcome::Refused(refusal),
            Err(other) => panic!("{other}"),
        });
    }
    outcomes
}

/// Text with every id replaced by the order in which it first appears: what two runs have in common.
fn without_ids(text: &str) -> String {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut out = String::new();
    for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '-') {
        let bare = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric());
        if ["evt_", "com_", "bnd_"].iter().any(|prefix| bare.starts_with(prefix)) {
            let next = seen.len();
            let number = *seen.entry(bare.to_owned()).or_insert(next);
            out.push_str(&format!("#{number}{}", &word[bare.len()..]));
        } else {
            out.push_str(word);
        }
    }
    out
}

fn shown(outcomes: Vec<LineOutcome>) -> Vec<u8> {
    format!("{:?}", Resource::Outcomes(&Outcomes { request_id: "request".to_owned(), lines: outcomes })).into_bytes()
}

/// A line in few words: which external id, which body, whose sale, of whom.
#[derive(Debug, Clone, Copy)]
struct Brief {
    id: u8,
    body: u8,
    affiliate: u8,
    kind: u8,
    customer: u8,
}

impl Brief {
    fn line(self, affiliates: &[Affiliate]) -> Line {
        let Self { id, body, affiliate, kind, customer } = self;
        let kind = ["purchase", "signup", "renewal", "broken"][usize::from(kind)];
        if kind == "broken" {
            return Err(Refusal::Invalid(vec![FieldError::new("type", "is required")]));
        }
        let named = affiliates.get(usize::from(affiliate));
        Ok(RecordEventCommand {
            kind: EventKind::parse(kind).unwrap(),
            external_id: ExternalId::parse(&id.to_string()).unwrap(),
            // Some cannot be in this currency, some name nobody who exists.
            amount: ["99.00", "12.345", "5"][usize::from(body)].parse().ok(),
            affiliate_id: named.map(|named| named.id),
            customer_email: (customer > 0).then(|| email_of(&format!("buyer-{customer}"))),
            fingerprint: [body; 32],
            ..purchase("1")
        })
    }
}

fn briefs() -> impl Strategy<Value = Vec<Brief>> {
    let brief = (0..12_u8, 0..3_u8, 0..4_u8, 0..4_u8, 0..4_u8);
    prop::collection::vec(
        brief.prop_map(|(id, body, affiliate, kind, customer)| Brief { id, body, affiliate, kind, customer }),
        1..40,
    )
}

/// The rows, oldest first, save for what tells one run from another.
async fn rows(stage: &TestApp) -> String {
    let mut events: Vec<EventRecord> = stage.events().await;
    events.sort_by(|a, b| a.event.external_id.as_str().cmp(b.event.external_id.as_str()));
    let key = |record: &EventRecord| format!("{:?} {}", record.event.kind.space(), record.event.external_id.as_str());
    events.sort_by_key(key);
    without_ids(&format!("{events:?}"))
}

async fn furnished() -> (TestApp, Vec<Affiliate>) {
    let stage = TestApp::new().await;
    stage.affiliate("alice", None).await;
    let affiliates = vec![
        stage.affiliate("bob", Some("alice")).await,
        stage.affiliate("carol", None).await,
        stage.affiliate_named("alice").await,
    ];
    (stage, affiliates)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_does_what_its_lines_would_do_one_by_one(briefs in briefs()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let (together, alone) = (furnished().await, furnished().await);
            let lines = |affiliates: &[Affiliate]| briefs.iter().map(|brief| brief.line(affiliates)).collect::<Vec<_>>();
            let answer = recorded(&together.0, lines(&together.1), None).await.unwrap();
            let expected = shown(one_by_one(&alone.0, lines(&alone.1)).await);
            // Objects stand in the outcomes as the bytes of their text; compare the readable forms.
            let readable = |body: &[u8]| without_ids(&unescaped(&String::from_utf8_lossy(body)));
            assert_eq!(readable(&answer.body), readable(&expected));
            assert_eq!(rows(&together.0).await, rows(&alone.0).await);
            together.0.assert_reconciled().await;
        });
    }
}

/// `[123, 34, …]`, which is how bytes print, as the text they are.
fn unescaped(text: &str) -> String {
    let mut out = String::new();
    for piece in text.split_inclusive(']') {
        let Some((before, list)) = piece.rsplit_once('[') else {
            out.push_str(piece);
            continue;
        };
        let bytes: Result<Vec<u8>, _> = list.trim_end_matches(']').split(", ").map(str::parse::<u8>).collect();
        out.push_str(before);
        match bytes {
            Ok(bytes) if bytes.len() > 40 => out.push_str(&String::from_utf8_lossy(&bytes)),
            _ => out.push_str(&format!("[{list}")),
        }
    }
    out
}

#[tokio::test]
async fn a_thousand_lines_take_several_sets_and_are_kept_together() {
    let (stage, affiliates) = furnished().await;
    let lines = || -> Vec<Line> {
        (0..1_000)
            .map(|n| Ok(RecordEventCommand { affiliate_id: Some(affiliates[0].id), ..purchase(&n.to_string()) }))
            .collect()
    };
    let first = recorded(&stage, lines(), once("POST /events/batch", "key", 1)).await.unwrap();
    assert!(!first.replayed);
    let again = recorded(&stage, lines(), once("POST /events/batch", "key", 1)).await.unwrap();
    assert!(again.replayed);
    assert_eq!(again.body, first.body);
    let other = recorded(&stage, lines(), once("POST /events/batch", "key", 2)).await;
    assert!(matches!(other, Err(AppError::IdempotencyMismatch)));
    // Without the key every line is a repeat, and nothing is there twice.
    recorded(&stage, lines(), None).await.unwrap();
    let filter = ports::CommissionFilter::default();
    let mut seen = 0;
    let mut command = crate::stage::ALL;
    loop {
        let page = stage.app.commissions.list(&stage.who, &filter, &command).await.unwrap();
        seen += page.rows.len();
        let Some(last) = page.rows.last().filter(|_| page.more) else { break };
        command.after = Some(ports::Position { at: last.created_at, id: last.id.uuid() });
    }
    assert_eq!(seen, 2_000);
    stage.assert_reconciled().await;
}

#[tokio::test]
async fn batches_at_once_record_each_line_once() {
    let (stage, affiliates) = furnished().await;
    let stage = Arc::new(stage);
    let id = affiliates[0].id;
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let stage = Arc::clone(&stage);
            let lines = (0..60)
                .map(|n| Ok(RecordEventCommand { affiliate_id: Some(id), ..purchase(&n.to_string()) }))
                .collect();
            tokio::spawn(async move { recorded(&stage, lines, None).await.unwrap() })
        })
        .collect();
    for task in tasks {
        let answer = task.await.unwrap();
        assert!(!String::from_utf8(answer.body).unwrap().contains("Refused"));
    }
    assert_eq!(stage.events().await.len(), 60);
    assert_eq!(stage.commissions().await.len(), 100, "the first page of a hundred and twenty");
    stage.assert_reconciled().await;
}
