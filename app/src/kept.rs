//! The last values, kept by this browser for the time when the server is away.
//!
//! A page writes the key frame that it got last, with what a document carries around it ([`Boot`]), to the browser's
//! local storage, for each system. The offline document starts the app from it: [`resume`]. Its values are those of then,
//! and their ages run on.

use crate::address::Address;
use crate::boot::Boot;
use crate::live::{AT, Live};
use crate::updates::own_build;
use crate::{App, whose};
use domain::live::is_key;
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

/// When the values came that the page started from, if those are kept ones. A context.
#[derive(Clone, Copy, Debug)]
pub struct KeptAt(i64);

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

/// Keeps a frame of the live stream, if it stands alone and the last one was kept a while ago.
pub fn keep(live: &Live, frame: &[u8]) {
    thread_local! {
        static LAST_MS: Cell<f64> = const { Cell::new(0.0) };
    }
    let now_ms = js_sys::Date::now();
    if !is_key(frame) || (now_ms - LAST_MS.get()).abs() < EVERY_MS {
        return;
    }
    LAST_MS.set(now_ms);
    let boot = Boot { site: (*live.site()).clone(), system: live.place(), key: frame.to_vec(), at: None, lab: None };
    let name = format!("{NAME}{}", live.system().id);
    if let Some((storage, build)) = storage().zip(own_build()) {
        // A full storage keeps what it has.
        let _ = storage.set_item(&name, &Kept { boot, at_ms: now_ms as i64 }.encode(&build));
    }
}

/// Starts the app from what is kept of the system that the address is about. If nothing is, the document stays as it is.
pub async fn resume() {
    let here = Address::current();
    let Some(kept) = chosen(&here, all()) else { return };
    // An instant of the past is not kept: the page shows the last values.
    if let (Some(_), Ok(history)) = (here.field(AT), window().history()) {
        let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&here.with(AT, None)));
    }
    if let Some(chunk) = crate::pages::chunk(&here) {
        // Without its code the page says that it cannot be opened.
        let _ = chunk.load().await;
    }
    if let Some(body) = document().body() {
        body.set_inner_html("");
    }
    leptos::mount::mount_to_body(move || {
        provide_context(kept.boot);
        provide_context(KeptAt(kept.at_ms));
        view! { <App /> }
    });
}

/// Of what is kept, that of the system which an address is about in the site as it was last seen.
fn chosen(address: &Address, mut all: Vec<Kept>) -> Option<Kept> {
    let newest = all.iter().max_by_key(|kept| kept.at_ms)?;
    let site = &newest.boot.site;
    let place = whose::system(address, site).unwrap_or_else(|| whose::default(address.path(), site));
    let id = site.systems.get(place)?.id.clone();
    let found = all.iter().position(|kept| kept.boot.system().is_ok_and(|system| system.id == id))?;
    Some(all.swap_remove(found))
}

fn all() -> Vec<Kept> {
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
mod tests {
    use super::*;
    use crate::sample::{site, snapshot, spec};
    use domain::live::Encoder;
    use domain::spec::{SiteSpec, SystemKind, SystemSpec};
    use domain::topology::Topology;

    fn kept(site: &SiteSpec, system: usize, at_ms: i64) -> Kept {
        let key = Encoder::new(&site.systems[system]).encode(&snapshot()).key;
        Kept { boot: Boot { site: site.clone(), system, key, at: None, lab: None }, at_ms }
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

    #[test]
    fn the_address_chooses_the_system() {
        let house = SystemSpec { id: "home".into(), kind: SystemKind::Home, topology: Topology::NONE, ..spec() };
        let site = SiteSpec { systems: vec![spec(), house], ..site() };
        let both = || vec![kept(&site, 0, 1), kept(&site, 1, 2)];
        for (address, at_ms) in [("/", 1), ("/cells", 1), ("/home", 2), ("/?system=home", 2), ("/?system=gone", 1)] {
            assert_eq!(chosen(&Address::parse(address), both()).map(|kept| kept.at_ms), Some(at_ms), "{address}");
        }
        assert_eq!(chosen(&Address::parse("/cells"), vec![kept(&site, 1, 2)]), None, "nothing is kept of that system");
        assert_eq!(chosen(&Address::parse("/"), Vec::new()), None);
    }
}
