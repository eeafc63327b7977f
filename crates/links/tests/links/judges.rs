//! Runs Python programs of others' libraries, which write what we read and read what we write.

use std::path::Path;
use std::process::Command;

/// A call of a program of `tests/judges`, ready for its arguments; `None`, with a line on the console, where no Python has
/// `module`.
pub(crate) fn judge(script: &str, module: &str) -> Option<Command> {
    let mut command = Command::new(testkit::python(module)?);
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges").join(script));
    Some(command)
}
