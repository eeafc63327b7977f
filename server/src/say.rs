//! `print!` and its like, for a command whose reader may have gone away.
//!
//! Those of the standard library panic when a pipe is closed, as by `packtwin check-config hall.toml | head -1`. These
//! take their place in the whole program: nobody is left to be told, so what cannot be written is left out.

/// As [`std::print`].
macro_rules! print {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        let _ = write!(out, $($text)*).and_then(|()| out.flush());
    }};
}

/// As [`std::println`].
macro_rules! println {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let mut out = std::io::stdout().lock();
        let _ = writeln!(out, $($text)*).and_then(|()| out.flush());
    }};
}

/// As [`std::eprintln`].
macro_rules! eprintln {
    ($($text:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($text)*);
    }};
}
