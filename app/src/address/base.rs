//! The folder of the site that the page lies in: the root of its server, but for a demo on a static host, which may lie
//! anywhere.
//!
//! Addresses have it in the browser's bar and in links; within the page they are without it.

use crate::source::DEMO;
use std::borrow::Cow;
use std::sync::OnceLock;

/// Where the page lies: `/packtwin`, or nothing for the root.
pub fn base() -> &'static str {
    static BASE: OnceLock<String> = OnceLock::new();
    if !DEMO {
        return "";
    }
    BASE.get_or_init(|| {
        let path = leptos::prelude::window().location().pathname().unwrap_or_default();
        folder(&path).to_owned()
    })
}

/// The folder of a document. Every page is one step below that of the site, so it is the site's.
fn folder(path: &str) -> &str {
    path.rfind('/').map_or("", |end| &path[..end])
}

/// An address as the browser shows it.
pub(super) fn with(to: &str) -> Cow<'_, str> {
    if base().is_empty() { to.into() } else { format!("{}{to}", base()).into() }
}

/// An address as the page knows it.
pub(super) fn without(to: &str) -> &str {
    to.strip_prefix(base()).filter(|rest| rest.starts_with('/')).unwrap_or(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_that_of_the_document() {
        for (path, base) in [("/", ""), ("/cells", ""), ("/packtwin/", "/packtwin"), ("/a/b/cells", "/a/b"), ("", "")] {
            assert_eq!(folder(path), base, "{path}");
        }
        assert_eq!(without("/cells?cell=7.12"), "/cells?cell=7.12");
    }
}
