//! Checks the dependencies between crates (`cargo metadata`) against a table of allowed ones, and those between the
//! modules inside each.

mod inside;
mod modules;
mod rooms;
mod scan;

use crate::{Outcome, faults, workspace};
use cargo_metadata::{DependencyKind, MetadataCommand, Package};
use rooms::{OWNED, Outside, ROOMS, Room};
use std::collections::BTreeSet;
use std::io;

/// One dependency that a manifest declares.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Edge {
    from: String,
    to: String,
    /// A dev-dependency: seen by tests only.
    tests: bool,
    /// Another crate of this workspace.
    ours: bool,
}

/// Fails on a dependency outside the table, and on one inside a crate that goes in circles or against its order.
pub(crate) fn check() -> Outcome {
    let workspace = MetadataCommand::new().current_dir(workspace::root()).no_deps().exec().map_err(io::Error::other)?;
    let members: Vec<String> = workspace.packages.iter().map(|package| package.name.to_string()).collect();
    let edges: Vec<Edge> = workspace.packages.iter().flat_map(edges_of).collect();
    let mut found = members_outside(&members);
    found.extend(edges.iter().filter_map(fault));
    for package in &workspace.packages {
        let folder = package.manifest_path.parent().map(|folder| folder.join("src"));
        found.extend(
            folder.map(|src| inside::faults(&package.name, src.as_std_path())).transpose()?.unwrap_or_default(),
        );
    }
    faults(&found)
}

fn edges_of(package: &Package) -> Vec<Edge> {
    let edge = |dependency: &cargo_metadata::Dependency| Edge {
        from: package.name.to_string(),
        to: dependency.name.clone(),
        tests: dependency.kind == DependencyKind::Development,
        ours: dependency.path.is_some(),
    };
    package.dependencies.iter().map(edge).collect()
}

/// Crates without a room, and rooms without a crate.
fn members_outside(members: &[String]) -> Vec<String> {
    let members: BTreeSet<&str> = members.iter().map(String::as_str).collect();
    let rooms: BTreeSet<&str> = ROOMS.iter().map(|room| room.name).collect();
    let homeless = members.difference(&rooms).map(|name| format!("{name}: no room in xtask/src/arch/rooms.rs"));
    let empty =
        rooms.difference(&members).map(|name| format!("{name}: a room in xtask/src/arch/rooms.rs, but no crate"));
    homeless.chain(empty).collect()
}

/// What is wrong with an edge, if anything.
fn fault(edge: &Edge) -> Option<String> {
    let room = ROOMS.iter().find(|room| room.name == edge.from)?;
    let fault = if edge.ours { inner_fault(room, edge) } else { outer_fault(room, edge) };
    let how = if edge.tests { "tests depend" } else { "depends" };
    fault.map(|reason| format!("{}: {how} on {}, but {reason}", edge.from, edge.to))
}

fn inner_fault(room: &Room, edge: &Edge) -> Option<String> {
    let to = edge.to.as_str();
    let allowed = room.may.contains(&to) || (edge.tests && room.tests_may.contains(&to));
    (!allowed).then(|| room.why.to_owned())
}

fn outer_fault(room: &Room, edge: &Edge) -> Option<String> {
    let to = edge.to.as_str();
    let owned = OWNED.iter().find(|owned| owned.crates.contains(&to));
    if let Some(owned) = owned {
        let allowed = owned.by.contains(&room.name) || (edge.tests && owned.tests_of.contains(&room.name));
        if !allowed {
            return Some(owned.why.to_owned());
        }
    }
    match room.outside {
        Outside::Only(list) if !edge.tests && !list.contains(&to) => Some(room.why.to_owned()),
        Outside::Only(_) | Outside::Any => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edge(from: &str, to: &str, tests: bool) -> Option<String> {
        let ours = ROOMS.iter().any(|room| room.name == to);
        fault(&Edge { from: from.into(), to: to.into(), tests, ours })
    }

    #[test]
    fn the_workspace_obeys_the_table() {
        if let Err(error) = check() {
            panic!("{error}");
        }
    }

    #[test]
    fn an_edge_against_the_direction_is_found() {
        for (from, to) in [
            ("domain", "ports"),
            ("ports", "app"),
            ("app", "adapters-postgres"),
            ("journal", "adapters-sqlite"),
            ("adapters-postgres", "app"),
            ("adapters-sqlite", "adapters-http"),
            ("adapters-http", "adapters-postgres"),
            ("coterie", "testkit"),
        ] {
            let found = edge(from, to, false).unwrap_or_else(|| panic!("{from} -> {to} was let through"));
            assert!(found.starts_with(&format!("{from}: depends on {to}, but ")), "{found}");
        }
    }

    #[test]
    fn a_foreign_crate_in_the_wrong_room_is_found() {
        for (from, to) in [
            ("domain", "serde"),
            ("domain", "tokio"),
            ("app", "tokio"),
            ("app", "serde_json"),
            ("journal", "diesel"),
            ("adapters-http", "diesel"),
            ("adapters-postgres", "serde_json"),
            ("adapters-postgres", "actix-web"),
            ("adapters-http", "getrandom"),
        ] {
            assert!(edge(from, to, false).is_some(), "{from} -> {to} was let through");
        }
        assert_eq!(edge("adapters-postgres", "diesel", false), None);
        assert_eq!(edge("domain", "uuid", false), None);
    }

    #[test]
    fn tests_may_more_but_not_all() {
        assert_eq!(edge("app", "adapters-sqlite", true), None);
        assert_eq!(edge("domain", "proptest", true), None);
        assert_eq!(edge("app", "mockall", true), None);
        assert_eq!(edge("app", "adapters-postgres", true), None);
        assert!(edge("domain", "diesel", true).is_some());
    }

    #[test]
    fn a_new_crate_needs_a_room() {
        let mut members: Vec<String> = ROOMS.iter().map(|room| room.name.to_owned()).collect();
        assert_eq!(members_outside(&members), Vec::<String>::new());
        members.push("adapters-redis".to_owned());
        members.retain(|name| name != "journal");
        let found = members_outside(&members);
        assert_eq!(found.len(), 2, "{found:?}");
    }

    #[test]
    fn every_name_in_the_table_is_a_room() {
        for room in ROOMS {
            for name in room.may.iter().chain(room.tests_may) {
                assert!(ROOMS.iter().any(|room| room.name == *name), "{}: no room {name}", room.name);
            }
        }
        for owned in OWNED {
            for name in owned.by.iter().chain(owned.tests_of) {
                assert!(ROOMS.iter().any(|room| room.name == *name), "{:?}: no room {name}", owned.crates);
            }
        }
    }
}
