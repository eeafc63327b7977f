//! What the documents say works when it is followed.

use crate::support::repo;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use tempfile::TempDir;

/// A folder as the repository is after the build: what the program finds there it finds by the paths of the site file.
fn checkout() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let place = |name: &str| folder.path().join(name);
    for part in ["dbc", "registers"] {
        std::os::unix::fs::symlink(repo().join(part), place(part)).unwrap();
    }
    std::fs::create_dir_all(place("sites")).unwrap();
    std::fs::copy(repo().join("sites/demo.toml"), place("sites/demo.toml")).unwrap();
    std::fs::create_dir_all(place("target/debug")).unwrap();
    let (built, program) = (env!("CARGO_BIN_EXE_packtwin"), place("target/debug/packtwin"));
    // A second name where that can be, for the program is large.
    if std::fs::hard_link(built, &program).is_err() {
        std::fs::copy(built, &program).unwrap();
    }
    (folder, program)
}

/// What stands in the fenced blocks of a language in a document, in its order.
fn blocks(document: &str, language: &str) -> Vec<String> {
    let text = std::fs::read_to_string(repo().join(document)).unwrap();
    let begin = format!("\n```{language}\n");
    text.split(&begin).skip(1).map(|rest| rest.split("\n```").next().unwrap_or_default().to_owned()).collect()
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn check_config(program: &Path, site: &Path) {
    let checked = Command::new(program).arg("check-config").arg(site).output().unwrap();
    assert!(checked.status.success(), "{}: {}", site.display(), said(&checked));
}

#[test]
fn the_readme_leads_from_the_demo_to_a_site_of_ones_own() {
    let (folder, _) = checkout();
    let block =
        blocks("README.md", "sh").into_iter().find(|block| block.contains("hall2")).expect("how to connect a pack");
    let (serve, before): (Vec<&str>, Vec<&str>) = block.lines().partition(|line| line.contains(" serve "));
    assert!(!before.is_empty() && serve == ["target/debug/packtwin serve --site sites/hall2.toml"], "{block}");
    let done = Command::new("sh").args(["-e", "-c", &before.join("\n")]).current_dir(folder.path()).output().unwrap();
    assert!(done.status.success() && said(&done).contains("hall2.toml is right"), "{}", said(&done));
}

#[test]
fn the_controls_of_the_manual_are_right() {
    let (folder, program) = checkout();
    let demo = std::fs::read_to_string(folder.path().join("sites/demo.toml")).unwrap();
    let is_other = |table: &&str| !table.starts_with("control]]") && !table.contains("id = \"gx-settings\"");
    let base: Vec<&str> = demo.split("\n[[").filter(is_other).collect();
    let blocks = blocks("docs/control.md", "toml");
    assert_eq!(blocks.len(), 2, "of a pack, of a house");
    for (number, block) in blocks.iter().enumerate() {
        let site = folder.path().join(format!("sites/manual-{number}.toml"));
        std::fs::write(&site, format!("{}\n\n{block}\n", base.join("\n[["))).unwrap();
        check_config(&program, &site);
    }
}
