//! Which modules of a crate use which, by the paths in its sources.

use super::scan::{Named, Scan};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

type Module = Vec<String>;

/// A use of one module by another of the same crate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) from: Module,
    pub(super) to: Module,
    /// File and line.
    pub(super) place: String,
}

/// The sources of one crate.
#[derive(Debug, Default)]
pub(super) struct Sources {
    modules: BTreeSet<Module>,
    /// Modules for tests alone, with all that is in them.
    tests: BTreeSet<Module>,
    named: Vec<(Module, Named, String)>,
    /// What a name means in a module where a `use` brings it in: re-exports and imports alike.
    names: BTreeMap<(Module, String), Module>,
}

impl Sources {
    /// Reads `files`, each with its path below `src` and its text.
    pub(super) fn read<'a>(src: &Path, files: impl IntoIterator<Item = (&'a Path, &'a str)>) -> Result<Self, String> {
        let mut sources = Self::default();
        for (file, text) in files {
            let own = module_of(file);
            let shown = src.join(file);
            let scan = Scan::of(text).map_err(|error| format!("{}: {error}", shown.display()))?;
            sources.modules.extend(scan.inline.iter().map(|inner| [own.as_slice(), inner].concat()));
            sources.tests.extend(scan.tests.into_iter().map(|name| [own.as_slice(), &[name]].concat()));
            let place = |named: &Named| format!("{}:{}", shown.display(), named.line);
            let named = scan.named.into_iter().map(|it| ([own.as_slice(), &it.within].concat(), place(&it), it));
            sources.named.extend(named.map(|(module, place, named)| (module, named, place)));
            sources.modules.insert(own);
        }
        let in_tests = |module: &Module| sources.tests.iter().any(|tests| module.starts_with(tests));
        sources.named.retain(|(module, ..)| !in_tests(module));
        for (module, named, _) in &sources.named {
            if let (Some(name), Some(path)) = (&named.import, sources.absolute(module, named)) {
                sources.names.insert((module.clone(), name.clone()), path);
            }
        }
        Ok(sources)
    }

    /// Every use of another module.
    pub(super) fn uses(&self) -> Vec<Use> {
        let found = self.named.iter().filter_map(|(from, named, place)| {
            let to = self.owner(&self.absolute(from, named)?, 0);
            (*from != to).then(|| Use { from: from.clone(), to, place: place.clone() })
        });
        found.collect()
    }

    /// The path from the root of the crate; `None` where it leads out of the crate.
    fn absolute(&self, module: &[String], named: &Named) -> Option<Module> {
        let (first, rest) = named.path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.to_vec(),
            "super" => module.split_last()?.1.to_vec(),
            child => {
                let child = [module, &[child.to_owned()]].concat();
                self.modules.contains(&child).then_some(child)?
            }
        };
        for name in rest {
            match name.as_str() {
                "super" => base = base.split_last()?.1.to_vec(),
                "self" => {}
                name => base.push(name.to_owned()),
            }
        }
        Some(base)
    }

    /// The module that has what `path` names, through re-exports.
    fn owner(&self, path: &[String], hops: usize) -> Module {
        let mut at = Module::new();
        for (place, name) in path.iter().enumerate() {
            let child = [at.as_slice(), std::slice::from_ref(name)].concat();
            if self.modules.contains(&child) {
                at = child;
                continue;
            }
            // A name may mean another that means it again: this is no compiler.
            if let Some(meant) = self.names.get(&(at.clone(), name.clone())).filter(|_| hops < 8) {
                let rest = path.get(place + 1..).unwrap_or_default();
                return self.owner(&[meant.as_slice(), rest].concat(), hops + 1);
            }
            break;
        }
        at
    }
}

/// The module that a file below `src` is.
fn module_of(file: &Path) -> Module {
    let stem = file.with_extension("");
    let mut module: Module = stem.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    let is_root = |name: &String, depth: usize| name == "mod" || (depth == 1 && (name == "lib" || name == "main"));
    if module.last().is_some_and(|name| is_root(name, module.len())) {
        module.pop();
    }
    module
}

/// Modules of one parent that all reach each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Circle {
    pub(super) parent: Module,
    pub(super) modules: Vec<String>,
    /// The uses that close it, one for each pair of modules.
    pub(super) uses: Vec<String>,
}

/// The circles between sibling modules, wherever in the crate.
pub(super) fn circles(uses: &[Use]) -> Vec<Circle> {
    let mut levels: BTreeMap<&[String], BTreeMap<(&str, &str), &str>> = BTreeMap::new();
    for it in uses {
        let shared = it.from.iter().zip(&it.to).take_while(|(a, b)| a == b).count();
        if let (Some(from), Some(to), Some(parent)) = (it.from.get(shared), it.to.get(shared), it.from.get(..shared)) {
            levels.entry(parent).or_default().entry((from, to)).or_insert(&it.place);
        }
    }
    let circles = levels.iter().flat_map(|(parent, arrows)| {
        let groups = rings(arrows.keys().copied());
        groups.into_iter().map(|ring| {
            let closing = arrows.iter().filter(|((from, to), _)| ring.contains(from) && ring.contains(to));
            let uses = closing.map(|((from, to), place)| format!("{from} uses {to} ({place})")).collect();
            Circle { parent: parent.to_vec(), modules: ring.into_iter().map(str::to_owned).collect(), uses }
        })
    });
    circles.collect()
}

/// The largest sets of names, of two or more, that all reach each other.
fn rings<'a>(arrows: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeSet<BTreeSet<&'a str>> {
    let mut reach: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in arrows {
        reach.entry(from).or_default().insert(to);
    }
    loop {
        let further = reach.values().map(|to| to.iter().filter_map(|to| reach.get(to)).flatten().copied().collect());
        let further: Vec<BTreeSet<&str>> = further.collect();
        let mut grown = false;
        for (known, more) in reach.values_mut().zip(further) {
            let before = known.len();
            known.extend(more);
            grown |= known.len() > before;
        }
        if !grown {
            break;
        }
    }
    let reaches = |from: &str, to: &str| reach.get(from).is_some_and(|known| known.contains(to));
    let ring = |&name: &&'a str| reach.keys().copied().filter(|other| reaches(name, other) && reaches(other, name));
    let rings = reach.keys().map(|name| ring(name).collect::<BTreeSet<_>>());
    rings.filter(|ring| ring.len() > 1).collect()
}
