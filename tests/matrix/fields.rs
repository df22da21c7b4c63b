//! Every field with everything it cannot be: 417 that names it, nothing written, no fault of the server.

use crate::{
    faults::{faults, objects, properties, with},
    fixtures::{Fixture, Things, paired},
    support::{Operation, Reply, Shop, on_both_storages},
};
use serde_json::{Value, json};

on_both_storages!(alone; a_bad_field_is_named_and_nothing_written, a_bad_parameter_is_named, a_bad_path_is_not_found);

/// Why a body without a field is wrong.
const LEFT_OUT: &str = "left out";

/// Texts that are never an id of anything.
const NO_IDS: [&str; 6] = ["x", "aff_", "%00", "..%2F..", "aff_zzzzzzzzzzzzzzzzzzzzzzzzzz", "%F0%9F%92%A9"];

async fn state(shop: &Shop) -> (Value, Option<String>) {
    (shop.stored().await, shop.world.site.rows())
}

async fn a_bad_field_is_named_and_nothing_written(shop: Shop) {
    let things = Things::make(&shop).await;
    let (mut tried, mut wrong) = (0, Vec::new());
    for (operation, fixture) in paired(&shop.world.contract.operations) {
        let (Some(schema), Some(body)) = (operation.body(), fixture.body) else {
            assert_eq!(operation.body().is_some(), fixture.body.is_some(), "{}", operation.name());
            continue;
        };
        let before = state(&shop).await;
        let mut judge = |name: &str, why: &str, answer: &Reply| {
            tried += 1;
            let Told { status, code, params } = Told::by(answer);
            // A fault inside a list or an object may be named more exactly.
            let named = params.iter().any(|param| param == name || (why != LEFT_OUT && is_within(param, name)));
            if (status, code) != (417, "INVALID_INPUT") || !named {
                let what = format!("{} with {name} {why}", operation.name());
                wrong.push(format!("{what}: {} {}", answer.status, answer.text));
            }
        };
        for property in properties(&shop.world.contract, schema, "") {
            let name = property.name.as_str();
            if property.required {
                let answer = send(&shop, operation, fixture, &things, &with(&body(&things), name, None)).await;
                judge(name, LEFT_OUT, &answer);
            }
            for fault in faults(&shop.world.contract, property.schema) {
                let bad = with(&body(&things), name, Some(&fault.value));
                let answer = send(&shop, operation, fixture, &things, &bad).await;
                judge(name, &fault.why, &answer);
            }
        }
        if !operation.passes_unknown_fields_over() {
            for object in objects(&shop.world.contract, schema) {
                let name = format!("{object}never_heard_of");
                let unknown = with(&body(&things), &name, Some(&json!(1)));
                let answer = send(&shop, operation, fixture, &things, &unknown).await;
                judge(&name, "given", &answer);
            }
        }
        assert_eq!(state(&shop).await, before, "{}: nothing is written", operation.name());
    }
    assert!(wrong.is_empty(), "{} of {tried}: {wrong:#?}", wrong.len());
    assert!(tried > 200, "only {tried} faults were tried: does the document still describe the bodies?");
}

/// The faulty fields that a response names. Each line of a batch has its own outcome.
struct Told<'a> {
    status: u64,
    code: &'a str,
    params: Vec<String>,
}

impl<'a> Told<'a> {
    fn by(answer: &'a Reply) -> Self {
        let outcome = &answer.json["outcomes"][0];
        if outcome.is_null() {
            let params = answer.params().into_iter().map(str::to_owned).collect();
            return Self { status: answer.status.into(), code: answer.code(), params };
        }
        let details = outcome["error"]["details"].as_array();
        let of_line = |param: &str| if param == "body" { "events[0]".to_owned() } else { format!("events[0].{param}") };
        Self {
            status: outcome["status"].as_u64().unwrap(),
            code: outcome["error"]["code"].as_str().unwrap_or_default(),
            params: details.into_iter().flatten().map(|detail| of_line(detail["param"].as_str().unwrap())).collect(),
        }
    }
}

/// Whether `param` names something inside what `name` names.
fn is_within(param: &str, name: &str) -> bool {
    param.strip_prefix(name).is_some_and(|rest| rest.starts_with(['.', '[']))
}

async fn send(shop: &Shop, operation: &Operation, fixture: &Fixture, things: &Things, body: &Value) -> Reply {
    shop.client.call(&operation.method, &(fixture.path)(things)).json(body).await
}

/// The parameters of lists; those of links are read leniently, because a visitor could mend nothing.
async fn a_bad_parameter_is_named(shop: Shop) {
    let things = Things::make(&shop).await;
    let mut wrong = Vec::new();
    for (operation, fixture) in paired(&shop.world.contract.operations) {
        if !operation.is_secured() {
            continue;
        }
        let path = (fixture.path)(&things);
        let (path, given) = path.split_once('?').unwrap_or((&path, ""));
        let given: Vec<(&str, &str)> = given.split('&').filter_map(|pair| pair.split_once('=')).collect();
        let mut tries: Vec<(String, Vec<String>)> = Vec::new();
        if !operation.passes_unknown_parameters_over() {
            tries.push(("never_heard_of".to_owned(), vec!["1".to_owned()]));
        }
        for parameter in operation.parameters("query") {
            let name = parameter["name"].as_str().unwrap().to_owned();
            if parameter["required"] == true {
                tries.push((name.clone(), Vec::new()));
            }
            tries.push((name.clone(), vec!["a\u{0}b".to_owned()]));
            for fault in faults(&shop.world.contract, &parameter["schema"]) {
                // In a query everything is text: only what is text or a number can be wrong.
                match fault.value {
                    // An empty parameter is as good as absent.
                    Value::String(text) if text.is_empty() => {}
                    Value::String(text) => tries.push((name.clone(), vec![text])),
                    Value::Number(number) if parameter["schema"]["type"] != "string" => {
                        tries.push((name.clone(), vec![number.to_string()]));
                    }
                    _ => {}
                }
            }
            let twice = if name == "limit" { "1" } else { "approved" };
            tries.push((name, vec![twice.to_owned(), twice.to_owned()]));
        }
        for (name, values) in tries {
            let is_text = operation.parameters("query").iter().any(|it| it["name"] == name.as_str());
            let others = given.iter().filter(|(other, _)| *other != name).copied();
            let call = others.chain(values.iter().map(|value| (name.as_str(), value.as_str())));
            let call =
                call.fold(shop.client.call(&operation.method, path), |call, (name, value)| call.query(name, value));
            let answer = match fixture.body {
                Some(body) => call.json(&body(&things)).await,
                None => call.await,
            };
            if (answer.status, answer.code()) != (417, "INVALID_INPUT") || !answer.params().contains(&name.as_str()) {
                wrong.push(format!(
                    "{} ?{name}={values:?} ({is_text}): {} {}",
                    operation.name(),
                    answer.status,
                    answer.text
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

async fn a_bad_path_is_not_found(shop: Shop) {
    let things = Things::make(&shop).await;
    for (operation, fixture) in paired(&shop.world.contract.operations) {
        if !operation.path.contains('{') {
            continue;
        }
        let query = (fixture.path)(&things).split_once('?').map(|(_, query)| format!("?{query}")).unwrap_or_default();
        let segments: Vec<&str> = operation.path.split('/').collect();
        let first = segments.iter().position(|segment| segment.starts_with('{')).unwrap();
        for id in NO_IDS.iter().map(|id| (*id).to_owned()).chain(["x".repeat(3_000)]) {
            let filled = segments.iter().enumerate().map(|(at, segment)| {
                if !segment.starts_with('{') {
                    *segment
                } else if at == first {
                    id.as_str()
                } else {
                    "x"
                }
            });
            let path = filled.collect::<Vec<_>>().join("/") + &query;
            let call = shop.client.call(&operation.method, &path);
            let answer = match fixture.body {
                Some(body) => call.json(&body(&things)).await,
                None => call.await,
            };
            assert_eq!(
                (answer.status, answer.code()),
                (404, "NOT_FOUND"),
                "{} {path}: {}",
                operation.method,
                answer.text
            );
        }
    }
}
