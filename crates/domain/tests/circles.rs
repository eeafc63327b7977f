//! Modules of this crate need one another in one direction.

use std::path::Path;
use testkit::circles::{circles, read_modules};

#[test]
fn modules_need_one_another_in_one_direction() {
    let found = circles(&read_modules(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")));
    assert!(found.is_empty(), "modules that need one another:\n{}", found.join("\n"));
}
