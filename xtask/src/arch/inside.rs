//! What holds inside a crate: no circles between modules, and the order of the domain's folders.

use super::modules::{Circle, Sources, Use, circles};
use super::rooms::DOMAIN_FOLDERS;
use crate::{Outcome, source, workspace};
use std::collections::BTreeSet;
use std::io;
use std::path::Path;

/// What is wrong inside the crate `name`, whose sources are below `src`.
pub(super) fn faults(name: &str, src: &Path) -> Outcome<Vec<String>> {
    let mut files = Vec::new();
    for path in source::files_below(src)? {
        let text = std::fs::read_to_string(&path)?;
        files.push((path.strip_prefix(src).unwrap_or(&path).to_owned(), text));
    }
    let files = files.iter().map(|(path, text)| (path.as_path(), text.as_str()));
    let below = src.strip_prefix(workspace::root()).unwrap_or(src);
    let uses = Sources::read(below, files).map_err(io::Error::other)?.uses();
    let mut found = circle_faults(name, &circles(&uses));
    if name == "domain" {
        found.extend(order_faults(&uses, DOMAIN_FOLDERS));
    }
    Ok(found)
}

/// The circles of a crate, each with the uses that make it.
fn circle_faults(name: &str, circles: &[Circle]) -> Vec<String> {
    let parent = |circle: &Circle| [&[name.to_owned()], circle.parent.as_slice()].concat().join("::");
    let named = circles.iter().map(|circle| {
        let modules = circle.modules.join(", ");
        format!("{}: a circle of the modules {modules}: {}", parent(circle), circle.uses.join("; "))
    });
    named.collect()
}

/// Uses of a later folder by an earlier one, and folders without a place in the order.
fn order_faults(uses: &[Use], folders: &[&str]) -> Vec<String> {
    let place = |folder: &str| folders.iter().position(|known| *known == folder);
    let across = uses.iter().filter_map(|it| it.from.first().zip(it.to.first()).map(|(from, to)| (from, to, it)));
    let across: Vec<_> = across.filter(|(from, to, _)| from != to).collect();
    let backward = across.iter().filter(|(from, to, _)| place(from).zip(place(to)).is_some_and(|(a, b)| a < b));
    let backward = backward.map(|(from, to, it)| {
        format!("{}: `{from}` may not use `{to}`, which comes after it in xtask/src/arch/rooms.rs", it.place)
    });
    let all: BTreeSet<&String> = across.iter().flat_map(|(from, to, _)| [*from, *to]).collect();
    let homeless = all.into_iter().filter(|folder| place(folder).is_none());
    let homeless = homeless.map(|folder| format!("domain: `{folder}` has no place in xtask/src/arch/rooms.rs"));
    backward.chain(homeless).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uses(files: &[(&str, &str)]) -> Vec<Use> {
        let files = files.iter().map(|(path, text)| (Path::new(*path), *text));
        Sources::read(Path::new("x/src"), files).unwrap().uses()
    }

    const LIB: (&str, &str) = ("lib.rs", "mod a; mod b;\npub use b::B;");

    #[test]
    fn a_use_against_the_order_is_named_with_its_place() {
        let files =
            [LIB, ("a.rs", "use crate::b::c::C;"), ("b/mod.rs", "pub use c::B;\nuse crate::a::A;"), ("b/c.rs", "")];
        let found = order_faults(&uses(&files), &["a", "b"]);
        let wanted = "x/src/a.rs:1: `a` may not use `b`, which comes after it in xtask/src/arch/rooms.rs";
        assert_eq!(found, [wanted]);
        assert_eq!(order_faults(&uses(&files), &["b"]).len(), 1, "a folder without a place");
    }

    #[test]
    fn the_order_cannot_be_passed_by_through_the_root() {
        for detour in ["use crate::B;", "use super::B;", "fn f() -> crate::B {}", "use crate::{b::c, B as X};"] {
            let files = [LIB, ("a.rs", detour), ("b/mod.rs", "pub use c::B;"), ("b/c.rs", "")];
            assert!(!order_faults(&uses(&files), &["a", "b"]).is_empty(), "{detour}");
        }
    }

    #[test]
    fn circles_are_found_on_every_level() {
        let files = [
            ("lib.rs", "mod a; mod d;\npub use a::b::B;"),
            ("a/mod.rs", "pub mod b; mod c;"),
            ("a/b.rs", "use super::c::C;"),
            ("a/c.rs", "fn f(_: crate::B) {}"),
            ("d.rs", "use crate::a::b;"),
        ];
        let found = circle_faults("x", &circles(&uses(&files)));
        assert_eq!(found, ["x::a: a circle of the modules b, c: b uses c (x/src/a/b.rs:1); c uses b (x/src/a/c.rs:1)"]);
    }

    #[test]
    fn parents_and_tests_make_no_circle() {
        let files = [
            ("lib.rs", "mod a; mod b;\nuse b::f;"),
            ("a.rs", "use super::b;\n#[cfg(test)]\nmod tests { use super::*; }"),
            ("b.rs", "use super::f as g;\n#[cfg(test)]\nmod tests;"),
            ("b/tests.rs", "use crate::a::A;"),
        ];
        assert_eq!(circle_faults("x", &circles(&uses(&files))), [""; 0]);
    }

    #[test]
    fn a_circle_through_the_root_is_found() {
        let files = [LIB, ("a.rs", "use crate::B;"), ("b.rs", "use crate::a::A;")];
        assert_eq!(circle_faults("x", &circles(&uses(&files))).len(), 1);
    }
}
