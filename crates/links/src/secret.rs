//! A token or password: used, never shown.

use crate::text::time;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The longest secret that is believed, bytes.
const LONGEST: u64 = 8_192;

/// A secret. Its `Debug` form hides it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// The secret itself, for the device that asks for it.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }

    /// A text of the other side, without the secret if that repeats it.
    pub(crate) fn hide_in(&self, text: &str) -> String {
        text.replace(&self.0, "***")
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Where a secret is kept: never in a site file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// The first line of a file.
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
}

impl SecretSource {
    /// As [`SecretSource::read`], on a thread of its own: a file may be on a network that does not answer.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) async fn read_within(&self, limit: Duration) -> Result<Secret, String> {
        let source = self.clone();
        let reading = tokio::task::spawn_blocking(move || source.read());
        match tokio::time::timeout(limit, reading).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err("it could not be read".to_owned()),
            Err(_) => Err(format!("it could not be read within {}: does its disk answer?", time(limit))),
        }
    }

    /// Reads the secret, anew each time: it may have been exchanged.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub(crate) fn read(&self) -> Result<Secret, String> {
        let (text, place) = match self {
            SecretSource::File(path) => (read_file(path)?, path.display().to_string()),
            SecretSource::Env(name) => {
                (std::env::var(name).map_err(|_| format!("{name} is not set in the environment"))?, name.clone())
            }
        };
        let secret = text.lines().next().unwrap_or_default().trim();
        match secret {
            "" => Err(format!("{place} is empty")),
            secret if secret.bytes().all(|byte| (0x20..0x7F).contains(&byte)) => Ok(Secret(secret.to_owned())),
            _ => Err(format!("{place} has letters that no token has")),
        }
    }
}

fn read_file(path: &Path) -> Result<String, String> {
    let name = path.display();
    let bytes = crate::host::read_up_to(path, LONGEST).map_err(|e| format!("{name} cannot be read: {e}"))?;
    let bytes = bytes.ok_or_else(|| format!("{name} is too long for a token"))?;
    String::from_utf8(bytes).map_err(|_| format!("{name} cannot be read: it is no text in UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &[u8]) -> (tempfile::TempDir, SecretSource) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, text).unwrap();
        (folder, SecretSource::File(path))
    }

    #[test]
    fn a_secret_is_used_and_never_shown() {
        let (_folder, source) = file(b"  s3cret-of-mine \nsecond line\n");
        let secret = source.read().unwrap();
        assert_eq!(secret.expose(), "s3cret-of-mine");
        assert!(!format!("{secret:?} {source:?}").contains("s3cret"));
        assert_eq!(secret.hide_in("bad token s3cret-of-mine!"), "bad token ***!");
    }

    #[test]
    fn what_is_no_secret_is_said_without_it() {
        let long = vec![b'x'; 10_000];
        for (text, words) in [
            (b"".as_slice(), "is empty"),
            (b" \nsecond", "is empty"),
            (b"a\xffb", "cannot be read"),
            ("tök".as_bytes(), "letters that no token has"),
            (&long, "too long"),
        ] {
            let (_folder, source) = file(text);
            let error = source.read().unwrap_err();
            assert!(error.contains(words) && !error.contains("tök"), "{error}");
        }
        let missing = SecretSource::File("/nowhere/token".into()).read().unwrap_err();
        assert!(missing.starts_with("/nowhere/token cannot be read"), "{missing}");
        let unset = SecretSource::Env("PACKTWIN_NO_SUCH_VARIABLE".into()).read().unwrap_err();
        assert_eq!(unset, "PACKTWIN_NO_SUCH_VARIABLE is not set in the environment");
    }
}
