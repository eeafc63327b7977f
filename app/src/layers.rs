//! The modules of this crate stand in layers, and know only what is below them.

use std::path::Path;
use testkit::circles::{arrows_of, circles, read_modules};

/// From the lowest to the highest. Modules of one layer do not know each other.
const LAYERS: [&[&str]; 12] = [
    &["format"],
    &["boot", "derived", "hydration", "lazy", "order", "sample", "source", "theme"],
    &["actions", "fetch", "icons", "kept", "reading", "updates"],
    &["address", "charts", "components", "install"],
    &["session", "whose"],
    &["live", "problem"],
    &["playback"],
    &["pages"],
    &["frame"],
    &["offline"],
    &["shell"],
    &["layers", "sign_in"],
];

fn layer(module: &str) -> usize {
    let number = LAYERS.iter().position(|layer| layer.contains(&module));
    number.unwrap_or_else(|| panic!("the module `{module}` is in no layer of {}", file!()))
}

#[test]
fn no_module_knows_one_above_it() {
    let modules = read_modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"));
    assert!(modules.len() > 100, "all files are looked at");
    let top = |module: &str| module.split("::").next().unwrap_or_default().to_owned();
    let mut arrows = arrows_of(&modules);
    // The crate itself shows some of its modules to others, and is the whole of them.
    arrows.retain(|(module, used)| !module.is_empty() && !used.is_empty() && top(module) != top(used));
    assert!(arrows.len() > 100, "{arrows:?}");
    let upward = |(module, used): &&(String, String)| layer(&top(used)) >= layer(&top(module));
    let upward: Vec<_> = arrows.iter().filter(upward).collect();
    assert!(upward.is_empty(), "{upward:#?}");
    let found = circles(&modules);
    assert!(found.is_empty(), "modules that need one another:\n{}", found.join("\n"));
}
