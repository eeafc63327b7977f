//! What a person reads never is what Rust prints for programmers.

use crate::support::{Running, repository};
use domain::link::LinkState;
use links::bus::modbus::{Client, Exception, Framing, ReadError};
use std::path::Path;
use std::time::Duration;

/// Marks of text that is made for programmers.
const MARKS: [&str; 8] = ["Os {", "os error", "Elapsed", "Some(", "Err(", "ExceptionCode", "kind:", "ErrorKind"];

fn is_plain(words: &str) {
    assert!(!words.is_empty() && MARKS.iter().all(|mark| !words.contains(mark)), "{words}");
}

#[tokio::test]
async fn errors_of_connections_are_words() {
    let nobody = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap().to_string()
    };
    let limit = Duration::from_millis(300);
    for address in [nobody.as_str(), "no-such-host.invalid:502", "127.0.0.1:0", "no address"] {
        let error = Client::connect(address, Framing::Tcp, 1, limit).await.unwrap_err();
        is_plain(&error.to_string());
    }
    for code in 0..=255 {
        is_plain(&Exception(code).to_string());
    }
    for error in
        [ReadError::Timeout(Duration::from_millis(1_500)), ReadError::Closed, ReadError::WrongDevice("x".into())]
    {
        is_plain(&error.to_string());
    }
    assert_eq!(ReadError::Timeout(Duration::from_millis(1_500)).to_string(), "no answer within 1.5 s");
    for kind in [
        "modbus-tcp\"\ntable = \"registers/grid_meter.toml",
        "modbus-rtu-tcp\"\ntable = \"registers/grid_meter.toml",
        "sunspec",
        "victron-mqtt",
    ] {
        let mut link = Running::start(&format!("kind = \"{kind}\"\nconnect = \"{nobody}\"")).await;
        let down = link.until(LinkState::Down).await;
        is_plain(&down.reason);
        assert!(down.reason.contains("refused: nothing listens there"), "{}", down.reason);
    }
}

/// Lines of the sources in which a value is put into words by its `Debug` form, outside of tests. (The server quotes what
/// a person wrote in that way, so that nothing in it can pass for something else.)
fn debug_words(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            debug_words(&path, found);
            continue;
        }
        let name = path.file_name().unwrap().to_str().unwrap();
        // Modules that are tests as a whole.
        let tests = ["tests.rs", "tables.rs", "layers.rs"].contains(&name);
        if path.extension().is_none_or(|extension| extension != "rs") || tests {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        // Tests stand at the end of their file.
        let code = text.split("#[cfg(test)]").next().unwrap();
        let is_debug = |line: &&str| line.contains(":?}") || line.contains(":#?}");
        let hits = code.lines().filter(is_debug).filter(|line| !line.trim_start().starts_with("//"));
        found.extend(hits.map(|line| format!("{}: {}", path.display(), line.trim())));
    }
}

#[test]
fn no_words_are_made_of_debug_forms() {
    let mut found = Vec::new();
    for folder in ["crates/links/src", "app/src"] {
        debug_words(&repository().join(folder), &mut found);
    }
    assert!(found.is_empty(), "a person reads these:\n{}", found.join("\n"));
}
