//! Where the built page is, from whatever folder the program is started.

use std::path::{Path, PathBuf};

/// What makes a folder that of a built page.
const MANIFEST: &str = "pkg/manifest.txt";
/// Where `cargo xtask` builds it, below the folder of the sources.
const BUILT: &str = "target/site";

/// The folder of the built page: the one that is named, or else the first that is there of `target/site`, those beside
/// the program and that of an installation. `target/site` if none is, for the message.
pub(crate) fn find(named: Option<&Path>) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    find_from(named, own.parent().unwrap_or(Path::new(".")))
}

fn find_from(named: Option<&Path>, program: &Path) -> PathBuf {
    if let Some(named) = named {
        return named.to_owned();
    }
    let near = [program.join("site"), program.join("../site"), program.join("../share/packtwin/site")];
    let mut all = [PathBuf::from(BUILT)].into_iter().chain(near);
    all.find(|folder| folder.join(MANIFEST).is_file()).unwrap_or_else(|| BUILT.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_found_beside_the_program_and_where_it_is_installed() {
        let root = tempfile::tempdir().unwrap();
        let program = root.path().join("bin");
        std::fs::create_dir_all(&program).unwrap();
        assert_eq!(find_from(None, &program), Path::new(BUILT));
        for below in ["share/packtwin/site", "site", "bin/site"] {
            let folder = root.path().join(below);
            std::fs::create_dir_all(folder.join("pkg")).unwrap();
            std::fs::write(folder.join(MANIFEST), "").unwrap();
            let found = find_from(None, &program);
            assert_eq!(found.canonicalize().unwrap(), folder.canonicalize().unwrap());
        }
        assert_eq!(find_from(Some(Path::new("elsewhere")), &program), Path::new("elsewhere"));
    }
}
