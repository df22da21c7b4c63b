//! `coterie org …`

use super::{Failure, shown};
use crate::{cli::OrgCommand, print};
use app::App;
use domain::{Organization, OrganizationId};
use serde::Serialize;

/// How many organizations are read at a time.
const PAGE: u32 = 500;

/// An organization as the command line shows it.
#[derive(Debug, Serialize)]
struct Row<'a> {
    id: String,
    name: &'a str,
    plan: &'static str,
    merchants: Merchants,
}

/// Its two merchants.
#[derive(Debug, Serialize)]
struct Merchants {
    test: String,
    live: String,
}

impl<'a> From<&'a Organization> for Row<'a> {
    fn from(organization: &'a Organization) -> Self {
        let Organization { id, name, plan, test, live, created_at: _ } = organization;
        let merchants = Merchants { test: test.to_string(), live: live.to_string() };
        Self { id: id.to_string(), name: name.as_str(), plan: plan.as_str(), merchants }
    }
}

impl Row<'_> {
    fn line(&self) -> String {
        let Self { id, name, plan, merchants: Merchants { test, live } } = self;
        format!("{id}  {plan:10}  test={test}  live={live}  {name}")
    }
}

/// Does what was asked and prints the result.
pub(super) async fn run(app: &App, command: OrgCommand) -> Result<(), Failure> {
    let (organization, shape) = match command {
        OrgCommand::Create { name, plan, currency, shape } => {
            (app.organizations.create(name, plan, currency).await?, shape)
        }
        OrgCommand::SetPlan { organization, plan, shape } => {
            (app.organizations.set_plan(organization, plan).await?, shape)
        }
        OrgCommand::List { shape } => return list(app, shape.json).await,
    };
    let row = Row::from(&organization);
    Ok(print::result(&if shape.json { shown::json(&row)? } else { row.line() })?)
}

async fn list(app: &App, json: bool) -> Result<(), Failure> {
    let mut all = Vec::new();
    let mut after: Option<OrganizationId> = None;
    loop {
        let page = app.organizations.list(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        all.extend(page);
    }
    let rows: Vec<Row<'_>> = all.iter().map(Row::from).collect();
    if json {
        return Ok(print::result(&shown::json(&shown::List { data: rows })?)?);
    }
    Ok(rows.iter().try_for_each(|row| print::result(&row.line()))?)
}
