//! The modules of this crate stand in layers, and know only what is below them.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the lowest to the highest. Modules of one layer do not know each other.
const LAYERS: [&[&str]; 10] = [
    &["boot", "derived", "format", "hydration", "lazy", "order", "sample", "source", "theme"],
    &["actions", "fetch", "icons", "kept", "reading", "updates"],
    &["address", "charts", "components", "install"],
    &["whose"],
    &["live", "problem"],
    &["playback"],
    &["pages"],
    &["frame"],
    &["offline"],
    &["lib", "shell", "layers"],
];

fn layer(module: &str) -> usize {
    let place = LAYERS.iter().position(|layer| layer.contains(&module));
    place.unwrap_or_else(|| panic!("the module `{module}` is in no layer of {}", file!()))
}

/// Every source file with the module of the crate that it belongs to.
fn files(folder: &Path, module: Option<&str>, found: &mut Vec<(String, PathBuf)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let stem = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let module = module.unwrap_or(&stem).to_owned();
        if path.is_dir() {
            files(&path, Some(&module), found);
        } else {
            found.push((module, path));
        }
    }
}

/// The modules that a line names: `use crate::live::Live;`, `use crate::{fetch, whose};`, `crate::order::sort_by(..)`.
fn named(line: &str) -> Vec<String> {
    if line.trim_start().starts_with("//") {
        return Vec::new();
    }
    let word = |text: &str| text.trim().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let rest = line.split("crate::").skip(1);
    let modules = rest.flat_map(|rest| match rest.strip_prefix('{') {
        Some(list) => list.split('}').next().unwrap_or_default().split(',').map(word).collect(),
        None => vec![word(rest)],
    });
    modules.filter(|name| name.starts_with(char::is_lowercase) && name != "lazy_page").collect()
}

#[test]
fn a_line_names_modules() {
    for (line, modules) in [
        ("use crate::live::Live;", vec!["live"]),
        ("use crate::{fetch::get, whose};", vec!["fetch", "whose"]),
        ("    crate::order::sort_by(&mut crate::format::all())", vec!["order", "format"]),
        ("crate::lazy_page!(CHUNK, ended, Ended);", vec![]),
        ("//! See [`crate::pages`].", vec![]),
        ("use crate::App;", vec![]),
    ] {
        assert_eq!(named(line), modules, "{line}");
    }
}

#[test]
fn no_module_knows_one_above_it() {
    let mut found = Vec::new();
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), None, &mut found);
    assert!(found.len() > 100, "all files are looked at");
    let mut upward = BTreeSet::new();
    for (module, path) in &found {
        for line in fs::read_to_string(path).unwrap().lines() {
            for known in named(line) {
                if known != *module && layer(&known) >= layer(module) {
                    upward.insert(format!("{} knows {known}: {}", path.display(), line.trim()));
                }
            }
        }
    }
    assert!(upward.is_empty(), "{upward:#?}");
}
