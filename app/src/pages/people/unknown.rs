//! While it is not known who is signed in: what is said meanwhile, and asking again when the server is back.

use crate::live::Live;
use crate::session::{Away, Session};
use crate::source::NO_SERVER;
use leptos::prelude::provide_context;

/// Follows the session, and asks for it at once when the server is back; what is told to it is off while it is away.
pub(super) fn follow() -> Session {
    let session = Session::follow(None);
    let live = Live::expect();
    provide_context(Away(live.lost()));
    live.on_return(move || session.look());
    session
}

/// Why it is not known who is signed in: it is being looked up, the server is away, or the last look failed so.
pub(super) fn words(lost: bool, failed: Option<String>) -> String {
    match failed {
        _ if lost => away(),
        Some(why) if why == NO_SERVER => away(),
        Some(why) => why,
        None => "Looking up who is signed in\u{2026}".to_owned(),
    }
}

fn away() -> String {
    format!(
        "{NO_SERVER}. Only the server knows who is signed in and what they may do: this page goes on by itself when it is back."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_server_nobody_is_being_looked_up() {
        for (lost, failed, part) in [
            (false, None, "Looking up"),
            (true, None, "goes on by itself when it is back"),
            (true, Some(NO_SERVER), "goes on by itself when it is back"),
            (false, Some(NO_SERVER), "goes on by itself when it is back"),
            (false, Some("the server cannot read its accounts"), "cannot read its accounts"),
        ] {
            let said = words(lost, failed.map(str::to_owned));
            assert!(said.contains(part), "{said}");
            assert_eq!(said.contains("Looking up"), part == "Looking up", "{said}");
        }
    }
}
