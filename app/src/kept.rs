//! The last values, kept by this browser for the time when the server is away.
//!
//! A page writes the key frame that it got last, with what a document carries around it ([`Boot`]), to the browser's
//! local storage, for each system. The offline document starts the app from it ([`offline`](crate::offline)). Its values
//! are those of then, and their ages run on.

use crate::boot::{Boot, own_build};
use domain::live::is_key;
use domain::spec::SiteSpec;
use leptos::prelude::*;
use std::cell::Cell;
use std::time::Duration;

/// How its names in the storage begin; the id of the system follows.
const NAME: &str = "last/";
/// It is written so often at most, ms.
const EVERY_MS: f64 = 4_000.0;

/// What is kept of one system.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept {
    /// What the page starts from.
    pub boot: Boot,
    /// When its frame came, ms since 1970-01-01 UTC on the browser's own clock.
    pub at_ms: i64,
}

/// When the values came that the page started from, if those are kept ones, ms since 1970-01-01 UTC. A context.
#[derive(Clone, Copy, Debug)]
pub struct KeptAt(pub i64);

impl KeptAt {
    /// How old they are now.
    pub fn age(self) -> Duration {
        Duration::from_millis((js_sys::Date::now() as i64 - self.0).max(0) as u64)
    }
}

impl Kept {
    /// With the build of the page that writes it.
    fn encode(&self, build: &str) -> String {
        format!("{} {build} {}", self.at_ms, self.boot.encode())
    }

    /// `None` if it is damaged, or another build wrote it, which may have had another form.
    fn decode(text: &str, build: &str) -> Option<Kept> {
        let (at_ms, text) = text.split_once(' ')?;
        let boot = text.strip_prefix(build)?.strip_prefix(' ')?;
        let kept = Kept { boot: Boot::decode(boot).ok()?, at_ms: at_ms.parse().ok()? };
        kept.boot.snapshot().is_ok().then_some(kept)
    }
}

/// Keeps a frame of the live stream of the system at a place in the site, if it stands alone and the last one was kept a
/// while ago.
pub fn keep(site: &SiteSpec, system: usize, frame: &[u8]) {
    thread_local! {
        static LAST_MS: Cell<f64> = const { Cell::new(0.0) };
    }
    let now_ms = js_sys::Date::now();
    if !is_key(frame) || (now_ms - LAST_MS.get()).abs() < EVERY_MS {
        return;
    }
    LAST_MS.set(now_ms);
    let boot = Boot { site: site.clone(), system, key: frame.to_vec(), at: None, lab: None, page: Vec::new() };
    if let (Some((storage, build)), Ok(system)) = (storage().zip(own_build()), boot.system()) {
        let name = format!("{NAME}{}", system.id);
        // A full storage keeps what it has.
        let _ = storage.set_item(&name, &Kept { boot, at_ms: now_ms as i64 }.encode(&build));
    }
}

/// What is kept of every system. What another build wrote is left out.
pub(crate) fn all() -> Vec<Kept> {
    let Some((storage, build)) = storage().zip(own_build()) else { return Vec::new() };
    let names = (0..storage.length().unwrap_or(0)).filter_map(|n| storage.key(n).ok()?);
    let texts = names.filter(|name| name.starts_with(NAME)).filter_map(|name| storage.get_item(&name).ok()?);
    texts.filter_map(|text| Kept::decode(&text, &build)).collect()
}

/// A browser may have none, or refuse it.
fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::sample::{site, snapshot};
    use domain::live::key_frame;

    pub(crate) fn kept(site: &SiteSpec, system: usize, at_ms: i64) -> Kept {
        let key = key_frame(&site.systems[system], 0, &snapshot());
        Kept { boot: Boot { site: site.clone(), system, key, at: None, lab: None, page: Vec::new() }, at_ms }
    }

    #[test]
    fn what_is_kept_is_read_back_and_what_is_damaged_is_not() {
        let kept = kept(&site(), 0, 1_760_000_000_123);
        let text = kept.encode("b1");
        assert_eq!(Kept::decode(&text, "b1"), Some(kept));
        for damaged in ["", "1760000000123", "x b1 AAAA", &text[..text.len() / 2], &text.replacen("b1 ", "b1 A", 1)] {
            assert_eq!(Kept::decode(damaged, "b1"), None, "{damaged:.40}");
        }
        assert_eq!(Kept::decode(&text, "b2"), None, "another build may have another form");
    }
}
