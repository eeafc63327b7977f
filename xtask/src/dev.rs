//! `dev`: the demo site while its sources change.
//!
//! The sources are looked at twice a second. After a change both builds run; if the server or the site became another one,
//! the server starts anew. An open page sees another build number on its live stream and loads itself. What does not
//! compile changes nothing: the server that runs goes on.

use crate::build::{self, Profile};
use crate::commands::find_program;
use crate::job::{Steps, run_together, spoken};
use crate::run;
use crate::tools::{self, wasm_target};
use crate::wasm::Page;
use anyhow::{Context as _, Result};
use std::fs;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::process::{Child, Command};
use std::thread::sleep;
use std::time::{Duration, Instant, SystemTime};

/// What the demo site is made of.
const SOURCES: [&str; 12] = [
    "app/src",
    "app/Cargo.toml",
    "frontend/src",
    "frontend/Cargo.toml",
    "server/src",
    "server/Cargo.toml",
    "crates",
    "style",
    "public",
    "registers",
    "sites",
    "Cargo.toml",
];
/// Between two looks at them.
const LOOK: Duration = Duration::from_millis(500);
/// So long the server has to end in order; its history is whole after a kill too.
const GRACE: Duration = Duration::from_secs(5);

/// Builds, serves, and does so again after each change, for ever.
///
/// # Errors
/// A tool is missing or the sources cannot be read.
pub(crate) fn dev(passed_on: &[String]) -> Result<()> {
    let (way, duckdb) = (wasm_target::find()?, tools::duckdb());
    let mut server = None::<Child>;
    let mut seen;
    loop {
        seen = settled()?;
        let (began, mut steps) = (Instant::now(), Steps::of(3));
        let before = modified(&build::packtwin(Profile::Dev));
        let built = run_together(vec![Page::Plain.job(way), build::server(Profile::Dev)], &mut steps)
            .and_then(|()| run::pack_site(Page::Plain, &mut steps));
        match built {
            Ok(other_site) => {
                let runs = server.as_mut().is_some_and(|child| matches!(child.try_wait(), Ok(None)));
                if other_site || !runs || modified(&build::packtwin(Profile::Dev)) != before {
                    end(server.take());
                    let mut demo = run::demo(Profile::Dev, Page::Plain, &duckdb);
                    server = Some(demo.args(passed_on).spawn().context("start the server")?);
                }
                eprintln!("      after {}; waits for the next change", spoken(began.elapsed()));
            }
            Err(error) => {
                eprintln!("xtask: {error:#}\n      what ran goes on; this is tried again after the next change")
            }
        }
        while state_of(&SOURCES)? == seen {
            sleep(LOOK);
        }
    }
}

/// The state of the sources, once it stands: an editor or git may be writing many files.
fn settled() -> Result<u64> {
    let mut seen = state_of(&SOURCES)?;
    loop {
        sleep(LOOK / 2);
        let now = state_of(&SOURCES)?;
        if now == seen {
            return Ok(now);
        }
        seen = now;
    }
}

/// A number of all files below `paths`: it changes when one comes, goes or is written.
fn state_of(paths: &[impl AsRef<Path>]) -> Result<u64> {
    let mut hasher = DefaultHasher::new();
    for path in paths {
        add(path.as_ref(), &mut hasher).with_context(|| format!("look at {}", path.as_ref().display()))?;
    }
    Ok(hasher.finish())
}

fn add(path: &Path, hasher: &mut DefaultHasher) -> Result<()> {
    // Editors write a file by replacing it: between the list and the look it may be gone.
    let Ok(about) = fs::metadata(path) else { return Ok(()) };
    if about.is_file() {
        (path, about.modified()?, about.len()).hash(hasher);
        return Ok(());
    }
    let mut inside = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    inside.sort();
    inside.iter().try_for_each(|path| add(path, hasher))
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|about| about.modified()).ok()
}

/// Ends the server as Ctrl-C does, and at once if that takes long.
fn end(server: Option<Child>) {
    let Some(mut child) = server else { return };
    let asked = find_program("kill").map(|kill| Command::new(kill).args(["-TERM", &child.id().to_string()]).status());
    let began = Instant::now();
    while asked.is_some() && matches!(child.try_wait(), Ok(None)) && began.elapsed() < GRACE {
        sleep(Duration::from_millis(20));
    }
    // An error means that it has ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_comes_changes_or_goes_is_seen() {
        let folder = std::env::temp_dir().join(format!("packtwin-dev-{}", std::process::id()));
        fs::create_dir_all(folder.join("inside")).unwrap();
        let look = || state_of(&[&folder]).unwrap();
        let file = folder.join("inside/a.rs");
        let mut seen = vec![look(), look()];
        fs::write(&file, "1").unwrap();
        seen.push(look());
        fs::write(&file, "22").unwrap();
        seen.push(look());
        fs::rename(&file, folder.join("inside/b.rs")).unwrap();
        seen.push(look());
        fs::remove_dir_all(folder.join("inside")).unwrap();
        seen.push(look());
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(seen[0], seen[1]);
        assert!(seen[1..].windows(2).all(|pair| pair[0] != pair[1]), "{seen:?}");
    }
}
