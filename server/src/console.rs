//! `print!` and its like, for a command whose reader may have gone away.
//!
//! Those of the standard library panic when a pipe is closed, as by `packtwin check-config hall.toml | head -1`. These
//! stand in for them in the whole program: nobody is left to be told, so what cannot be written is left out. No word that
//! a person reads here has the number of an error of the system in it.

pub(crate) use domain::plain::without_numbers;

/// As [`std::print`].
macro_rules! print {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        let words = $crate::console::without_numbers(&format!($($text)*));
        let _ = out.write_all(words.as_bytes()).and_then(|()| out.flush());
    }};
}

/// As [`std::println`].
macro_rules! println {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        let words = $crate::console::without_numbers(&format!($($text)*));
        let _ = writeln!(out, "{words}").and_then(|()| out.flush());
    }};
}

/// As [`std::eprintln`].
macro_rules! eprintln {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let words = $crate::console::without_numbers(&format!($($text)*));
        let _ = writeln!(std::io::stderr(), "{words}");
    }};
}

/// The log, in plain words: what tells of errors of the system does not print their numbers.
pub(crate) struct Log;

impl std::io::Write for Log {
    /// One event is one call.
    fn write(&mut self, event: &[u8]) -> std::io::Result<usize> {
        let words = without_numbers(&String::from_utf8_lossy(event));
        std::io::stderr().write_all(words.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        std::io::stderr().flush()
    }
}

/// An error with its causes. Many an error says its cause itself; then it is not said again.
pub(crate) fn causes(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |said, cause| {
        let words = without_numbers(&cause.to_string());
        match said.as_str() {
            "" => words,
            said if said.contains(&words) => said.to_owned(),
            said => format!("{said}: {words}"),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn a_cause_is_said_once() {
        let cause = || Error::from(ErrorKind::NotFound);
        let numbered = anyhow::Error::new(Error::from_raw_os_error(13)).context("open the history");
        assert_eq!(causes(&numbered), "open the history: Permission denied");
        let doubled = anyhow::Error::new(cause()).context(format!("cannot use a: {}", cause()));
        assert_eq!(causes(&doubled.context("open the history")), "open the history: cannot use a: entity not found");
    }
}
