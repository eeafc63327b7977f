//! The DuckDB program: where it is, and whether it is new enough.

use domain::plain::without_numbers;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// The first version with everything that locks a query in; tests run with 1.5.
const OLDEST: (u32, u32) = (1, 4);

/// What to do where there is none.
const ADVICE: &str = "SQL needs the DuckDB program, version 1.4 or newer. `cargo xtask run` fetches it where there is \
    Python; otherwise run `pip install duckdb-cli`, or take it from duckdb.org, and name it with --duckdb if it is not on \
    the search path. The ready questions work without it";

/// A program that answers.
#[derive(Clone, Debug)]
pub(super) struct Program {
    /// Its file.
    pub(super) path: PathBuf,
    /// Its version: `1.5.6`.
    pub(super) version: String,
}

/// The program as the server finds it: for commands that need it once.
///
/// # Errors
/// As [`Finder::find`].
pub(crate) fn find_duckdb(named: Option<PathBuf>) -> Result<PathBuf, String> {
    Finder::new(named).find().map(|program| program.path)
}

/// Finds the program, and remembers it.
#[derive(Debug)]
pub(super) struct Finder {
    named: Option<PathBuf>,
    found: Mutex<Option<Program>>,
}

impl Finder {
    /// Takes the program that a person has named, and no other, if one is.
    pub(super) fn new(named: Option<PathBuf>) -> Finder {
        Finder { named, found: Mutex::default() }
    }

    /// The program. It may be installed while the server runs: it is looked for until it is there. Blocks for 0.1 s.
    ///
    /// # Errors
    /// There is none, or it is too old: says what to do.
    pub(super) fn find(&self) -> Result<Program, String> {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(program) = found.as_ref().filter(|program| program.path.exists()) {
            return Ok(program.clone());
        }
        let mut why = None;
        // A query runs in a folder of its own, from which a relative path leads elsewhere.
        for path in self.candidates().into_iter().map(|path| std::path::absolute(&path).unwrap_or(path)) {
            match version_of(&path) {
                Ok(version) => return Ok(found.insert(Program { path, version }).clone()),
                Err(error) => why = why.or(Some(error)),
            }
        }
        Err(why.map_or(ADVICE.to_owned(), |why| format!("{why}. {ADVICE}")))
    }

    /// Where it may be: as named; beside this program, or where `cargo xtask` puts it; on the search path.
    fn candidates(&self) -> Vec<PathBuf> {
        let on_path = |name: &Path| {
            let path = std::env::var_os("PATH").unwrap_or_default();
            let files: Vec<PathBuf> = std::env::split_paths(&path).map(|folder| folder.join(name)).collect();
            files.into_iter().filter(|file| file.is_file())
        };
        if let Some(named) = &self.named {
            let is_name = named.components().count() == 1 && !named.exists();
            return if is_name { on_path(named).chain([named.clone()]).collect() } else { vec![named.clone()] };
        }
        let own = std::env::current_exe().unwrap_or_default();
        let folder = own.parent().unwrap_or(Path::new("."));
        let near = [folder.join("duckdb"), folder.join("../tools/duckdb")];
        near.into_iter().filter(|file| file.is_file()).chain(on_path(Path::new("duckdb"))).collect()
    }
}

/// Asks a program for its version.
fn version_of(path: &Path) -> Result<String, String> {
    let asked = Command::new(path).arg("--version").env_clear().stdin(Stdio::null()).output();
    let said = asked.map_err(|error| without_numbers(&format!("{}: {error}", path.display())))?;
    let said = String::from_utf8_lossy(&said.stdout);
    let version = said.split_whitespace().next().and_then(|word| word.strip_prefix('v'));
    match version.and_then(|version| Some((version, numbers(version)?))) {
        Some((version, numbers)) if numbers >= OLDEST => Ok(version.to_owned()),
        Some((version, _)) => Err(format!("{} is version {version}", path.display())),
        None => Err(format!("{} is not the DuckDB program", path.display())),
    }
}

fn numbers(version: &str) -> Option<(u32, u32)> {
    let mut parts = version.split('.').map(|part| part.parse().ok());
    Some((parts.next()??, parts.next()??))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn only_a_program_that_is_new_enough_is_taken_and_others_are_named() {
        let folder = tempfile::tempdir().unwrap();
        for (output, found) in [
            ("v1.5.6 (Variegata) 069cc9f9b5", Ok("1.5.6")),
            ("v2.0.0", Ok("2.0.0")),
            ("v1.3.2 (Ossivalis)", Err("is version 1.3.2. SQL needs")),
            ("SQLite 3.51", Err("is not the DuckDB program. SQL needs")),
        ] {
            let path = folder.path().join("program");
            std::fs::write(&path, format!("#!/bin/sh\necho '{output}'\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
            match (Finder::new(Some(path)).find(), found) {
                (Ok(program), Ok(version)) => assert_eq!(program.version, version),
                (Err(why), Err(part)) => assert!(why.contains(part), "{why}"),
                other => panic!("{output}: {other:?}"),
            }
        }
        let none = Finder::new(Some(folder.path().join("none"))).find().unwrap_err();
        assert!(none.contains("none: No such file") && none.contains("pip install duckdb-cli"), "{none}");
    }
}
