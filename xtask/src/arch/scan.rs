//! The paths that a Rust source names: its `use` trees, and what else begins with `crate`, `self` or `super`.
//!
//! What stands under `#[cfg(test)]` is passed over: tests may see more than the code they are for.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A path as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Named {
    /// The modules within the file that it stands in, outermost first.
    pub(super) within: Vec<String>,
    pub(super) path: Vec<String>,
    /// The name that a `use` gives it in its module; `None` for a path in an expression or a type.
    pub(super) import: Option<String>,
    pub(super) line: usize,
}

/// What one file says about modules.
#[derive(Debug, Default)]
pub(super) struct Scan {
    pub(super) named: Vec<Named>,
    /// Modules written out in the file, each with those around it.
    pub(super) inline: Vec<Vec<String>>,
    /// Names of modules that are declared for tests alone.
    pub(super) tests: Vec<String>,
}

impl Scan {
    pub(super) fn of(source: &str) -> Result<Self, String> {
        let tokens: TokenStream = source.parse().map_err(|error| format!("cannot be read: {error}"))?;
        let mut scan = Self::default();
        scan.block(tokens, &[]);
        Ok(scan)
    }

    fn block(&mut self, tokens: TokenStream, within: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut rest = tokens.as_slice();
        while let [first, tail @ ..] = rest {
            rest = match (word(first).as_str(), tail) {
                ("#", [TokenTree::Group(attribute), tail @ ..]) if attribute.stream().to_string() == "cfg (test)" => {
                    self.test_item(tail)
                }
                ("mod", [name, TokenTree::Group(body), tail @ ..]) => {
                    let within = [within, &[word(name)]].concat();
                    self.inline.push(within.clone());
                    self.block(body.stream(), &within);
                    tail
                }
                ("use", tail) => {
                    let end = tail.iter().position(|token| word(token) == ";").unwrap_or(tail.len());
                    let (tree, tail) = tail.split_at(end);
                    self.tree(tree, &[], within);
                    tail
                }
                ("crate" | "self" | "super", tail) => {
                    let (path, tail) = path(first, tail);
                    if path.len() > 1 {
                        let line = first.span().start().line;
                        self.named.push(Named { within: within.to_vec(), path, import: None, line });
                    }
                    tail
                }
                (_, tail) => {
                    if let TokenTree::Group(group) = first {
                        self.block(group.stream(), within);
                    }
                    tail
                }
            };
        }
    }

    /// Passes over an item: to its semicolon or its braces.
    fn test_item<'t>(&mut self, tokens: &'t [TokenTree]) -> &'t [TokenTree] {
        let ends = |token: &TokenTree| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            token => word(token) == ";",
        };
        let end = tokens.iter().position(ends).map_or(tokens.len(), |at| at + 1);
        let (item, rest) = tokens.split_at(end);
        let name = item.iter().skip_while(|token| word(token) != "mod").nth(1);
        self.tests.extend(name.map(word));
        rest
    }

    /// The leaves of a `use` tree below `stem`.
    fn tree(&mut self, tokens: &[TokenTree], stem: &[String], within: &[String]) {
        for branch in tokens.split(|token| word(token) == ",") {
            let [.., last] = branch else { continue };
            let mut words: Vec<String> = branch.iter().map(word).filter(|word| word != ":").collect();
            if let TokenTree::Group(group) = last {
                words.pop();
                let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                self.tree(&inner, &[stem, &words].concat(), within);
                continue;
            }
            let import = words.last().cloned();
            if let Some(at) = words.iter().position(|word| word == "as") {
                words.truncate(at);
            }
            words.retain(|word| word != "self" || stem.is_empty());
            let import = import.filter(|name| name != "self").or_else(|| stem.last().cloned());
            let line = last.span().start().line;
            self.named.push(Named { within: within.to_vec(), path: [stem, &words].concat(), import, line });
        }
    }
}

/// The path that begins with `first`, and what follows it.
fn path<'t>(first: &TokenTree, mut rest: &'t [TokenTree]) -> (Vec<String>, &'t [TokenTree]) {
    let mut path = vec![word(first)];
    while let [a, b, name @ TokenTree::Ident(_), tail @ ..] = rest
        && word(a) == ":"
        && word(b) == ":"
    {
        path.push(word(name));
        rest = tail;
    }
    (path, rest)
}

/// A word or a sign as text; nothing for what has parts or is a literal.
fn word(token: &TokenTree) -> String {
    match token {
        TokenTree::Ident(ident) => ident.to_string(),
        TokenTree::Punct(sign) => sign.as_char().to_string(),
        TokenTree::Group(_) | TokenTree::Literal(_) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(source: &str) -> Vec<String> {
        let scan = Scan::of(source).unwrap();
        let shown = |named: Named| {
            let name = named.import.map_or(String::new(), |name| format!(" as {name}"));
            format!("{}: {}{name}", named.line, [named.within, named.path].concat().join("::"))
        };
        scan.named.into_iter().map(shown).collect()
    }

    #[test]
    fn trees_are_taken_apart() {
        let source = "use a::{b, c::{self, D as E}};\npub(crate) use super::*;\nuse x as y;";
        let wanted = ["1: a::b as b", "1: a::c as c", "1: a::c::D as E", "2: super::* as *", "3: x as y"];
        assert_eq!(found(source), wanted);
    }

    #[test]
    fn paths_are_found_wherever_they_stand() {
        let source =
            "// crate::no\nfn f() -> crate::a::B { call!(super::c::d(\"crate::no\")) }\npub(crate) fn self_(self) {}";
        assert_eq!(found(source), ["2: crate::a::B", "2: super::c::d"]);
    }

    #[test]
    fn modules_within_a_file_are_places_and_tests_are_not() {
        let source = "mod a { use super::b; }\n#[cfg(test)]\n#[path = \"t.rs\"]\npub(crate) mod tests;\n\
                      #[cfg(test)]\nmod more { use crate::no; }\nuse c;";
        assert_eq!(found(source), ["1: a::super::b as b", "7: c as c"]);
        let scan = Scan::of(source).unwrap();
        assert_eq!(
            (scan.inline, scan.tests),
            (vec![vec!["a".to_owned()]], vec!["tests".to_owned(), "more".to_owned()])
        );
    }
}
