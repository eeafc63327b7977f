//! Finds modules of a crate that need one another.
//!
//! Modules are files. What a file uses is read from its paths that begin with `crate::`, `super::` or `self::`; a name
//! that a module only hands on (`pub use`) counts as the place that it comes from. Among the children of a module
//! the arrows must point one way. A child may use what its own parent defines, and a parent its children: that is one
//! subject in several files. Tests do not count.

mod paths;

use paths::{paths, without_tests};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The modules of a crate by their path (`"bus::modbus"`; the crate itself is empty), with their source text.
pub type Modules = BTreeMap<String, String>;

/// Reads the modules of a crate from its `src` folder. Files called `tests.rs`, and what is in folders of this name, are
/// left out.
///
/// # Panics
/// A file cannot be read.
pub fn read_modules(src: &Path) -> Modules {
    let mut modules = Modules::new();
    read_folder(src, "", &mut modules);
    modules
}

fn read_folder(folder: &Path, module: &str, modules: &mut Modules) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path();
        let Some(stem) = path.file_stem().and_then(|stem| stem.to_str()) else { continue };
        let child = if module.is_empty() { stem.to_owned() } else { format!("{module}::{stem}") };
        if stem == "tests" {
            continue;
        }
        if path.is_dir() {
            read_folder(&path, &child, modules);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let name = if matches!(stem, "lib" | "main" | "mod") { module.to_owned() } else { child };
            modules.insert(name, text);
        }
    }
}

/// Every module with each that it uses.
pub fn arrows_of(modules: &Modules) -> Vec<(String, String)> {
    let of = |(module, text): (&String, &String)| {
        let used = used_modules(modules, module, text).into_iter();
        used.map(|used| (module.clone(), used)).collect::<Vec<_>>()
    };
    modules.iter().flat_map(of).collect()
}

/// The circles among the modules: each as a sentence that names the modules and a file that makes each arrow. Empty if
/// there are none.
pub fn circles(modules: &Modules) -> Vec<String> {
    // Of each pair of siblings: the file that makes the first need the second.
    let mut arrows: BTreeMap<(String, String), String> = BTreeMap::new();
    for (module, used) in arrows_of(modules) {
        if let Some((from, to)) = siblings(&module, &used) {
            arrows.entry((from, to)).or_insert(module);
        }
    }
    let mut found = BTreeSet::new();
    for (from, to) in arrows.keys() {
        if let Some(mut circle) = way(&arrows, to, from) {
            // The same circle is found from each of its modules: the first by name begins it.
            let first = circle.iter().enumerate().min_by_key(|(_, name)| (*name).clone()).map_or(0, |(at, _)| at);
            circle.rotate_left(first);
            found.insert(circle);
        }
    }
    found.iter().map(|circle| sentence(circle, &arrows)).collect()
}

/// `a needs b (in a::x), b needs a (in b)`.
fn sentence(circle: &[String], arrows: &BTreeMap<(String, String), String>) -> String {
    let next = circle.iter().cycle().skip(1);
    let arrow = |(from, to): (&String, &String)| {
        let file = arrows.get(&(from.clone(), to.clone())).map_or("", String::as_str);
        format!("{from} needs {to} (in {file})")
    };
    circle.iter().zip(next).map(arrow).collect::<Vec<_>>().join(", ")
}

/// The shortest way along the arrows from one module to another.
fn way(arrows: &BTreeMap<(String, String), String>, from: &str, to: &str) -> Option<Vec<String>> {
    let mut ways = std::collections::VecDeque::from([vec![from.to_owned()]]);
    let mut seen = BTreeSet::from([from.to_owned()]);
    while let Some(way) = ways.pop_front() {
        let last = way.last()?;
        if last == to {
            return Some(way);
        }
        for (_, next) in arrows.keys().filter(|(from, _)| from == last) {
            if seen.insert(next.clone()) {
                ways.push_back([way.clone(), vec![next.clone()]].concat());
            }
        }
    }
    None
}

/// The two different children of one module that these modules are or are in; `None` if one is in the other.
fn siblings(one: &str, other: &str) -> Option<(String, String)> {
    let (ones, others): (Vec<&str>, Vec<&str>) = (one.split("::").collect(), other.split("::").collect());
    let shared = ones.iter().zip(&others).take_while(|(one, other)| one == other).count();
    let is_both = !one.is_empty() && !other.is_empty() && shared < ones.len() && shared < others.len();
    is_both.then(|| (ones[..=shared].join("::"), others[..=shared].join("::")))
}

/// The modules that a module uses.
fn used_modules(modules: &Modules, module: &str, text: &str) -> BTreeSet<String> {
    paths(&without_tests(text)).into_iter().filter_map(|path| resolve(modules, module, &path, 0)).collect()
}

/// Where what a path names is defined. Names that are handed on are followed.
fn resolve(modules: &Modules, module: &str, path: &[String], depth: usize) -> Option<String> {
    /// Names are not handed on more often.
    const DEPTH_MAX: usize = 8;
    let mut at: Vec<&str> = module.split("::").filter(|part| !part.is_empty()).collect();
    let mut rest = path;
    match rest.first().map(String::as_str)? {
        "crate" => (at, rest) = (Vec::new(), &rest[1..]),
        "self" => rest = &rest[1..],
        _ => {}
    }
    while rest.first().is_some_and(|part| part == "super") {
        at.pop()?;
        rest = &rest[1..];
    }
    while let Some(part) = rest.first() {
        let child = at.iter().copied().chain([part.as_str()]).collect::<Vec<_>>().join("::");
        if !modules.contains_key(&child) {
            break;
        }
        at.push(part);
        rest = &rest[1..];
    }
    let found = at.join("::");
    let text = modules.get(&found)?;
    let Some(name) = rest.first().filter(|_| depth < DEPTH_MAX) else { return Some(found) };
    // A child of the module that it hands the name on from.
    let handed = paths(&without_tests(text))
        .into_iter()
        .find(|handed| handed.len() > 1 && handed.last() == Some(name) && is_child(modules, &found, handed));
    handed.map_or(Some(found.clone()), |handed| resolve(modules, &found, &handed, depth + 1))
}

/// Whether a path in a module begins with one of its children.
fn is_child(modules: &Modules, module: &str, path: &[String]) -> bool {
    let first = path.iter().find(|part| *part != "self");
    let child = |first: &String| if module.is_empty() { first.clone() } else { format!("{module}::{first}") };
    first.is_some_and(|first| modules.contains_key(&child(first)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modules(files: &[(&str, &str)]) -> Modules {
        files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect()
    }

    #[test]
    fn arrows_among_siblings_point_one_way() {
        for (what, files, expected) in [
            ("one way", vec![("", ""), ("a", "use crate::b::B;"), ("b", "")], vec![]),
            (
                "both ways",
                vec![("", ""), ("a", "use crate::b::B;"), ("b", "fn f() { crate::a::f() }")],
                vec!["a needs b (in a), b needs a (in b)"],
            ),
            (
                "three, deep inside",
                vec![
                    ("", ""),
                    ("a", ""),
                    ("a::x", "use crate::{b::{self, B}, std};"),
                    ("b", "use super::c::C as D;"),
                    ("c", "use crate::a::x;"),
                ],
                vec!["a needs b (in a::x), b needs c (in b), c needs a (in c)"],
            ),
            (
                "siblings that hand names on through their parent",
                vec![
                    ("p", "mod a;\nmod b;\npub use a::A;\npub use self::b::B;"),
                    ("p::a", "use super::B;"),
                    ("p::b", "use super::{A, A as C};"),
                ],
                vec!["p::a needs p::b (in p::a), p::b needs p::a (in p::b)"],
            ),
            ("a child and its parent", vec![("p", "use self::a::A; struct P;"), ("p::a", "use super::P;")], vec![]),
            (
                "tests, comments and texts",
                vec![
                    ("a", "use crate::b;"),
                    (
                        "b",
                        "// use crate::a;\nconst T: &str = \"crate::a\";\n#[cfg(test)]\nmod tests {\n use crate::a;\n}",
                    ),
                ],
                vec![],
            ),
        ] {
            assert_eq!(circles(&modules(&files)), expected, "{what}");
        }
    }

    #[test]
    fn modules_are_read_from_their_folder() {
        let modules = read_modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
        let names: Vec<&str> = modules.keys().map(String::as_str).collect();
        assert_eq!(names, ["", "bend", "circles", "circles::paths", "fuzz", "kept", "ports"]);
        assert_eq!(circles(&modules), Vec::<String>::new());
    }
}
