//! Scripts for pgbench that do what the server was seen doing: its reads as they were recorded, and its rows written
//! in one transaction an event or order, as one statement.

use crate::record::Statement;
use pgkit::Cluster;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;

/// A script and the values of its variables.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(crate) text: String,
    pub(crate) variables: Vec<(String, String)>,
}

/// Ids: ascending over time, like the server's own, and never the same twice. Sixteen digits each, which together are
/// read as the 32 hexadecimal digits of a uuid.
const COUNT: &str = "\\set seq :run * 1000000000000 + :nth\n\\set nth :nth + 1\n";

/// The key that the caller gives an event.
const EXTERNAL_ID: &str = "(:seq::text || '-' || :client_id::text)";

impl Script {
    /// Runs these statements, in one pipeline if there are several.
    pub(crate) fn reads(statements: &[Statement]) -> Self {
        let mut script = Self::default();
        script.add_reads(statements, |_| None);
        script
    }

    /// Makes fresh keys, runs these reads and then writes these rows in one statement.
    pub(crate) fn write(reads: &[Statement], rows: &Written) -> Self {
        let mut script = Self { text: COUNT.to_owned(), variables: vec![("nth".into(), "0".into())] };
        for index in 0..rows.ids.len() {
            script.text.push_str(&format!("\\set low{index} random(1000000000000000, 9999999999999999)\n"));
        }
        if let Some(touched) = &rows.touched {
            script.text.push_str(&format!("\\set one random(1, {})\n", touched.ids.len()));
        }
        script.add_reads(reads, |value| {
            let one = |(old, new): &(String, String)| {
                let list = format!("{{{old}}}");
                if value == old { Some(new.clone()) } else { (*value == list).then(|| format!("ARRAY[{new}]")) }
            };
            rows.fresh.iter().find_map(one)
        });
        let write = script.statement(rows);
        script.text.push_str(&write);
        script
    }

    fn add_reads(&mut self, statements: &[Statement], fresh: impl Fn(&String) -> Option<String>) {
        let piped = statements.len() > 1;
        if piped {
            self.text.push_str("\\startpipeline\n");
        }
        for Statement { text, parameters } in statements {
            let mut text = text.clone();
            // From the last: $1 is also the beginning of $10.
            for (index, value) in parameters.iter().enumerate().rev() {
                let value = match value {
                    Some(value) => fresh(value).unwrap_or_else(|| self.variable(value)),
                    // A variable that is missing would be NULL as well, but by mistake.
                    None => "NULL".to_owned(),
                };
                text = text.replace(&format!("${}", index + 1), &value);
            }
            self.text.push_str(&text);
            self.text.push_str(";\n");
        }
        if piped {
            self.text.push_str("\\endpipeline\n");
        }
    }

    /// A variable with this value; pgbench sends it as a parameter, as a program would.
    fn variable(&mut self, value: &str) -> String {
        if value.is_empty() {
            // pgbench has no empty variables.
            return "''".to_owned();
        }
        let name = format!("v{}", self.variables.len());
        self.variables.push((name.clone(), value.to_owned()));
        format!(":{name}")
    }

    /// One statement that writes all rows: every table but the last in a WITH.
    fn statement(&mut self, rows: &Written) -> String {
        let mut inserts: Vec<String> = rows.touched.iter().map(Touched::update).collect();
        for Table { name, rows: of_table } in &rows.tables {
            let Some(first) = of_table.first() else { continue };
            let columns: Vec<&str> = first.iter().map(|cell| cell.column.as_str()).collect();
            let values: Vec<String> = of_table.iter().map(|row| self.values(rows, row)).collect();
            inserts.push(format!("INSERT INTO {name} ({}) VALUES {}", columns.join(", "), values.join(", ")));
        }
        let Some(last) = inserts.pop() else { return String::new() };
        let with: Vec<String> =
            inserts.iter().enumerate().map(|(index, insert)| format!("w{index} AS ({insert})")).collect();
        format!("WITH {} {last};\n", with.join(", "))
    }

    fn values(&mut self, rows: &Written, row: &[Cell]) -> String {
        let value = |cell: &Cell| {
            let Cell { column: _, kind, value } = cell;
            let Some(value) = value else { return format!("NULL::{kind}") };
            if let Some(index) = rows.ids.get(value) {
                return format!("(:seq::text || :low{index}::text)::uuid");
            }
            let parts = rows.fresh.iter().find_map(|(old, new)| Some((value.split_once(old)?, new)));
            match parts.filter(|_| kind == "text") {
                Some((("", ""), new)) => new.clone(),
                Some(((before, after), new)) => {
                    format!("({}::text || {new} || {}::text)", self.variable(before), self.variable(after))
                }
                None => format!("{}::{kind}", self.variable(value)),
            }
        };
        format!("({})", row.iter().map(value).collect::<Vec<_>>().join(", "))
    }
}

/// A value that the server wrote, as text.
#[derive(Debug, Clone, Deserialize)]
struct Cell {
    column: String,
    kind: String,
    value: Option<String>,
}

/// The rows of a table that belong to one event.
#[derive(Debug, Clone)]
struct Table {
    name: &'static str,
    rows: Vec<Vec<Cell>>,
}

/// Rows of which a transaction changes any one: only counts and versions.
#[derive(Debug, Clone)]
struct Touched {
    merchant: String,
    ids: Vec<String>,
}

impl Touched {
    fn update(&self) -> String {
        let ids = self.ids.join("','");
        format!(
            "UPDATE referral_groups SET participants = participants + 1, version = version + 1 \
             WHERE merchant_id = '{}' AND id = (ARRAY['{ids}']::uuid[])[:one]",
            self.merchant,
        )
    }
}

/// What the server wrote for one event or order.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Texts that must be others each time, wherever they stand, and the SQL that makes them.
    fresh: Vec<(String, String)>,
    /// The ids that the server made for it, numbered.
    ids: BTreeMap<String, usize>,
    tables: Vec<Table>,
    touched: Option<Touched>,
}

impl Written {
    /// Reads the rows that the newest event of a merchant left.
    pub(crate) fn event(cluster: &Cluster, database: &str, merchant: &str) -> io::Result<Self> {
        let event = format!("(SELECT max(id::text)::uuid FROM events WHERE merchant_id = '{merchant}')");
        let wheres = [
            ("claims", format!("t.owner = {event}")),
            ("events", format!("t.id = {event}")),
            ("commissions", format!("t.event_id = {event}")),
        ];
        let mut written = Self::of(cluster, database, merchant, &wheres, &format!("events t WHERE t.id = {event}"))?;
        let external_id = written.value("external_id")?;
        written.fresh = vec![(external_id, EXTERNAL_ID.to_owned())];
        Ok(written)
    }

    /// Reads the rows that the newest order of a merchant left. One that joined a group changed one of the open ones, too.
    pub(crate) fn order(cluster: &Cluster, database: &str, merchant: &str, joins: bool) -> io::Result<Self> {
        let order = format!("(SELECT max(id::text)::uuid FROM orders WHERE merchant_id = '{merchant}')");
        let of_order = |column: &str| format!("(SELECT {column} FROM orders WHERE id = {order})");
        let (group, customer) = (of_order("group_id"), of_order("customer_id"));
        let mut owners = vec![order.clone(), customer.clone()];
        let mut wheres = vec![("customers", format!("t.id = {customer}")), ("orders", format!("t.id = {order}"))];
        if !joins {
            owners.push(group.clone());
            wheres.push(("referral_groups", format!("t.id = {group}")));
        }
        wheres.insert(0, ("claims", format!("t.owner IN ({})", owners.join(", "))));
        let mut written = Self::of(cluster, database, merchant, &wheres, &format!("orders t WHERE t.id = {order}"))?;
        let (email, share_id) = (written.value("email")?, written.value("share_id")?);
        written.fresh = vec![(email, format!("({EXTERNAL_ID} || '@example.com')"))];
        if joins {
            let sql = format!("SELECT id FROM referral_groups WHERE merchant_id = '{merchant}' AND status = 'OPEN'");
            let ids = cluster.psql(database, &sql)?.lines().map(str::to_owned).collect();
            written.touched = Some(Touched { merchant: merchant.to_owned(), ids });
        } else {
            // Its code stands alone in places.
            let code = share_id.rsplit('-').next().unwrap_or(&share_id).to_owned();
            written.fresh.push((code, EXTERNAL_ID.to_owned()));
        }
        Ok(written)
    }

    /// Reads the rows of these tables, and what was announced with the row `root`.
    fn of(
        cluster: &Cluster,
        database: &str,
        merchant: &str,
        wheres: &[(&'static str, String)],
        root: &str,
    ) -> io::Result<Self> {
        let announced = format!(
            "SELECT a.id FROM announcements a WHERE a.merchant_id = '{merchant}' \
             AND a.created_at = (SELECT t.created_at FROM {root})"
        );
        let told = [
            ("announcements", format!("t.id IN ({announced})")),
            ("outbox", format!("t.announcement_id IN ({announced})")),
        ];
        let mut tables = Vec::new();
        for (name, condition) in wheres.iter().chain(&told) {
            let rows = rows_of(cluster, database, name, &format!("t.merchant_id = '{merchant}' AND {condition}"))?;
            if rows.is_empty() {
                return Err(io::Error::other(format!("the server wrote nothing into {name}")));
            }
            tables.push(Table { name, rows });
        }
        let mut written = Self { fresh: Vec::new(), ids: BTreeMap::new(), tables, touched: None };
        written.ids = written.values("id").into_iter().enumerate().map(|(index, id)| (id, index)).collect();
        Ok(written)
    }

    fn values(&self, column: &str) -> Vec<String> {
        let cells = self.tables.iter().flat_map(|table| table.rows.iter().flatten());
        cells.filter(|cell| cell.column == column).filter_map(|cell| cell.value.clone()).collect()
    }

    fn value(&self, column: &str) -> io::Result<String> {
        self.values(column).into_iter().next().ok_or_else(|| io::Error::other(format!("nothing in {column}")))
    }
}

fn rows_of(cluster: &Cluster, database: &str, table: &str, condition: &str) -> io::Result<Vec<Vec<Cell>>> {
    let sql = format!(
        "SELECT coalesce(json_agg(shown.cells), '[]') FROM (SELECT (SELECT json_agg(json_build_object(\
         'column', a.attname, 'kind', format_type(a.atttypid, a.atttypmod), 'value', to_jsonb(t) ->> a.attname) \
         ORDER BY a.attnum) FROM pg_attribute a \
         WHERE a.attrelid = '{table}'::regclass AND a.attnum > 0 AND NOT a.attisdropped) AS cells \
         FROM {table} t WHERE {condition}) shown"
    );
    serde_json::from_str(&cluster.psql(database, &sql)?).map_err(io::Error::other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(column: &str, kind: &str, value: Option<&str>) -> Cell {
        Cell { column: column.into(), kind: kind.into(), value: value.map(str::to_owned) }
    }

    #[test]
    fn reads_become_variables() {
        let parameters = (0..10).map(|index| (index != 1).then(|| format!("value {index}"))).collect();
        let one = Statement { text: "SELECT $1, $2, $10".into(), parameters };
        let script = Script::reads(std::slice::from_ref(&one));
        assert_eq!(script.text, "SELECT :v8, NULL, :v0;\n");
        assert_eq!(script.variables[0], ("v0".to_owned(), "value 9".to_owned()));
        assert!(Script::reads(&[one.clone(), one]).text.starts_with("\\startpipeline\nSELECT"));
    }

    #[test]
    fn rows_become_one_statement_with_fresh_keys() {
        let tables = vec![
            Table { name: "claims", rows: vec![vec![cell("key", "text", Some("order-1"))]] },
            Table {
                name: "events",
                rows: vec![vec![
                    cell("id", "uuid", Some("u-1")),
                    cell("external_id", "text", Some("order-1")),
                    cell("kind", "text", Some("purchase")),
                    cell("coupon", "text", None),
                    cell("search", "text", Some("an order-1 more")),
                ]],
            },
        ];
        let fresh = vec![("order-1".into(), EXTERNAL_ID.into())];
        let rows = Written { fresh, ids: BTreeMap::from([("u-1".into(), 0)]), tables, touched: None };
        let parameters = vec![Some("order-1".into()), Some("{order-1}".into()), Some(String::new())];
        let read = Statement { text: "SELECT $1, $2, $3".into(), parameters };
        let script = Script::write(&[read], &rows);
        let fresh = format!(
            "SELECT {EXTERNAL_ID}, ARRAY[{EXTERNAL_ID}], '';\nWITH w0 AS (INSERT INTO claims (key) VALUES ({EXTERNAL_ID})) "
        );
        assert!(script.text.contains(&fresh), "{}", script.text);
        let event = format!(
            "VALUES ((:seq::text || :low0::text)::uuid, {EXTERNAL_ID}, :v1::text, NULL::text, (:v2::text || {EXTERNAL_ID} || :v3::text));\n"
        );
        assert!(script.text.ends_with(&event), "{}", script.text);
    }
}
