//! Where the files are that a site file names: DBC files, register tables, logs.
//!
//! They are beside the site file. If not, they may be those that come with Packtwin: `dbc/foxbms2.dbc` and
//! `../../registers/solark.toml` are found wherever a copy of an example lies.

use std::path::{Component, Path, PathBuf};

/// The file that the site file in `base` calls `path`. If it is nowhere, it is where it should be.
pub(super) fn find(base: &Path, path: &Path) -> PathBuf {
    let own = std::env::current_exe().unwrap_or_default();
    find_for(base, path, own.parent().unwrap_or(Path::new(".")))
}

fn find_for(base: &Path, path: &Path, program: &Path) -> PathBuf {
    let beside = base.join(path);
    if path.is_absolute() || beside.exists() {
        return beside;
    }
    let inside: PathBuf = path.components().skip_while(|part| !matches!(part, Component::Normal(_))).collect();
    // Beside the program; where it is installed; in its sources, of which it is `target/release/packtwin`.
    let roots = [program.to_owned(), program.join("../share/packtwin"), program.join("../..")];
    roots.into_iter().map(|root| root.join(&inside)).find(|file| file.is_file()).unwrap_or(beside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_beside_the_site_file_comes_before_an_installed_one() {
        let root = tempfile::tempdir().unwrap();
        let (base, program) = (root.path().join("site"), root.path().join("bin"));
        let installed = root.path().join("share/packtwin/dbc");
        std::fs::create_dir_all(&installed).unwrap();
        std::fs::create_dir_all(&program).unwrap();
        std::fs::create_dir_all(base.join("dbc")).unwrap();
        std::fs::write(installed.join("a.dbc"), "").unwrap();
        for path in ["dbc/a.dbc", "../../dbc/a.dbc", "./dbc/a.dbc"] {
            let found = find_for(&base, Path::new(path), &program);
            assert_eq!(found.canonicalize().unwrap(), installed.join("a.dbc").canonicalize().unwrap(), "{path}");
        }
        assert_eq!(find_for(&base, Path::new("dbc/b.dbc"), &program), base.join("dbc/b.dbc"));
        std::fs::write(base.join("dbc/a.dbc"), "").unwrap();
        assert_eq!(find_for(&base, Path::new("dbc/a.dbc"), &program), base.join("dbc/a.dbc"));
    }
}
