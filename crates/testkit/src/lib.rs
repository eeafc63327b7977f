//! Reference tools for tests: programs of other projects that know the protocols and formats, a generator of bent
//! inputs, files that are compared with what is made today, free ports, and a look at which modules of a crate need one
//! another.
//!
//! A person without them may still run the tests: what needs one is skipped, and says so on the console. Continuous
//! integration sets `PACKTWIN_REQUIRE=all`: then a missing tool fails the test.

mod bend;
pub mod circles;
mod fuzz;
mod kept;
mod ports;

pub use fuzz::{Target, fuzz};
pub use kept::{kept, renewing};
pub use ports::{free_tcp_port, free_udp_port};

use std::io::Write as _;
use std::path::PathBuf;
use std::process::Command;

/// Names the Python that has the packages of `xtask/judges.txt`.
const PYTHON: &str = "PACKTWIN_PYTHON";
/// `all`: nothing may be skipped.
const REQUIRE: &str = "PACKTWIN_REQUIRE";

/// The Python that has `modules` (`"pymodbus, sunspec2"`). `None` if there is none and that is allowed.
///
/// # Panics
/// The Python that is named does not have the modules, or none is named and nothing may be skipped.
pub fn python(modules: &str) -> Option<PathBuf> {
    let Some(python) = std::env::var_os(PYTHON).map(PathBuf::from) else {
        skip(&format!("this test needs a Python with {modules}, and {PYTHON} names none"));
        return None;
    };
    let has_modules = Command::new(&python).args(["-c", &format!("import {modules}")]).output();
    assert!(
        has_modules.is_ok_and(|output| output.status.success()),
        "{PYTHON} names {}, which has no {modules}",
        python.display()
    );
    Some(python)
}

/// Says that a test does not look at what it is for, because something is missing on this machine. The line begins with
/// `SKIPPED: `, which `cargo xtask test` counts.
///
/// # Panics
/// Nothing may be skipped.
pub fn skip(why: &str) {
    if let Err(refusal) = allowed(std::env::var(REQUIRE).ok().as_deref()) {
        panic!("{why}. {refusal}");
    }
    // Not by a macro: the test runner would hide the line of a test that passes.
    let _ = writeln!(std::io::stdout(), "SKIPPED: {why}");
}

fn allowed(required: Option<&str>) -> Result<(), String> {
    match required {
        None | Some("") => Ok(()),
        Some("all") => Err(format!("{REQUIRE}=all: nothing may be skipped")),
        Some(other) => Err(format!("{REQUIRE} is {other:?}; `all` is the only value")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_is_skipped_unless_everything_is_required() {
        assert_eq!(allowed(None), Ok(()));
        assert_eq!(allowed(Some("")), Ok(()));
        assert_eq!(allowed(Some("all")).unwrap_err(), "PACKTWIN_REQUIRE=all: nothing may be skipped");
        assert_eq!(allowed(Some("1")).unwrap_err(), "PACKTWIN_REQUIRE is \"1\"; `all` is the only value");
    }
}
