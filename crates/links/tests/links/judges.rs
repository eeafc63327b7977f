//! Runs Python programs that judge us, where there is a Python that has what they need.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A judge ready to be called with arguments; `None`, with a line on the console, if `PACKTWIN_PYTHON` names no
/// interpreter that has `module`.
pub(crate) fn judge(script: &str, module: &str) -> Option<Command> {
    let Some(python) = std::env::var_os("PACKTWIN_PYTHON").map(PathBuf::from) else {
        println!("skipped: PACKTWIN_PYTHON does not name a Python with {module}");
        return None;
    };
    let has_module = Command::new(&python).args(["-c", &format!("import {module}")]).output();
    assert!(
        has_module.is_ok_and(|output| output.status.success()),
        "PACKTWIN_PYTHON names {}, which has no {module}",
        python.display()
    );
    let mut command = Command::new(python);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges").join(script));
    Some(command)
}
