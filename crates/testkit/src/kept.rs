//! Files that are kept beside a test, to be compared with what is made today.

use std::path::Path;

/// Set: tests write what they keep anew, and the change is seen in review.
const RENEW: &str = "PACKTWIN_RENEW";

/// Whether what is kept is to be written anew.
pub fn renewing() -> bool {
    std::env::var_os(RENEW).is_some()
}

/// What is kept in a file; first it is written anew from what is made `today`, if [`renewing`].
///
/// # Panics
/// The file cannot be read or written.
pub fn kept(path: impl AsRef<Path>, today: &str) -> String {
    let path = path.as_ref();
    if renewing() {
        std::fs::write(path, today).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
