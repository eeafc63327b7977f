//! The page's address: where it is, and how to go elsewhere, to another system too, without loading the document again.
//!
//! A page is a row of [`PAGES`](crate::pages::PAGES), so all that a router has to do is to keep a path and a query. The
//! general one was a tenth of what a browser loads (see `docs/adr/0006`).

mod base;
mod entries;
mod writer;

pub use writer::AddressWriter;

use crate::{fetch, hydration};
pub use base::base;
use entries::Entries;
use leptos::ev;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use wasm_bindgen::JsCast as _;
use web_sys::{Element, HtmlAnchorElement, MouseEvent};

/// Path and query of an address on this server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    path: String,
    query: String,
}

impl Address {
    /// Of `/cells?cell=7.12#map`; a slash at the end of the path and what follows `#` do not count.
    pub fn parse(text: &str) -> Address {
        let text = text.split_once('#').map_or(text, |(address, _)| address);
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        let path = match path.trim_end_matches('/') {
            "" => "/",
            path => path,
        };
        Address { path: path.to_owned(), query: query.to_owned() }
    }

    /// Path and query: `/cells?cell=7.12`.
    pub fn text(&self) -> String {
        if self.query.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, self.query) }
    }

    /// The path: `/cells`.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The same with another value of a field, as text: at the end, or nowhere if there is none. A value is letters, digits
    /// and `-_.:`.
    pub fn with(&self, name: &str, value: Option<&str>) -> String {
        let is_it = |field: &&str| field.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
        let mut fields: Vec<&str> = self.query.split('&').filter(|field| !field.is_empty() && !is_it(field)).collect();
        let field = value.map(|value| format!("{name}={value}"));
        fields.extend(field.as_deref());
        if fields.is_empty() { self.path.clone() } else { format!("{}?{}", self.path, fields.join("&")) }
    }

    /// A field of the query, decoded; `None` if it is not there or cannot be decoded.
    pub fn field(&self, name: &str) -> Option<String> {
        let value = self.query.split('&').find_map(|field| field.strip_prefix(name)?.strip_prefix('='))?;
        decode(value)
    }
}

/// A text as the value of a field of an address.
pub fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// Text without percent signs and pluses of a query.
fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || char::from(rest.next()?).to_digit(16);
                (digit()? * 16 + digit()?) as u8
            }
            plain => plain,
        });
    }
    String::from_utf8(bytes).ok()
}

/// What going somewhere leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// An entry of the history: the way back leads here. The page is seen from its top, or from the place after `#`.
    Entry,
    /// An entry too, and nothing scrolls. For a step within a page that one may want to take back: another time.
    Step,
    /// Nothing: the new address takes the place of this one, and nothing scrolls. For a choice within a page.
    Nothing,
}

/// Where the page is. A context: [`Navigation::expect`].
#[derive(Clone, Copy)]
pub struct Navigation {
    at: RwSignal<Address>,
    prepare: StoredValue<Prepare>,
    entries: Entries,
    carried: RwSignal<Option<(&'static str, String)>>,
    unopened: RwSignal<Option<Unopened>>,
}

/// An address that somebody wanted to go to, while the server was away.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Unopened {
    to: String,
    way: Way,
}

/// How an address is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Within this document.
    Page(Leave),
    /// By loading its document.
    Document,
}

/// Gets what the page at an address needs and does not have yet, be it code or values; `None` if nothing is missing.
pub type Prepare = Arc<dyn Fn(&Address) -> Option<Preparing> + Send + Sync>;
/// What is missing, on its way; none if it cannot be had.
pub type Preparing = Pin<Box<dyn Future<Output = Option<Prepared>>>>;
/// Puts in place what was missing, right before the page is shown.
pub type Prepared = Box<dyn FnOnce()>;

/// How often somebody wanted to go somewhere in this document: who asks last gets there.
static ASKED: AtomicU32 = AtomicU32::new(0);

impl Navigation {
    /// Puts it into the context, and in the browser starts to follow links and the way back.
    pub fn provide(at: Address, prepare: Prepare) -> Navigation {
        let navigation = Navigation {
            at: RwSignal::new(at),
            prepare: StoredValue::new(prepare),
            entries: Entries::new(),
            carried: RwSignal::new(None),
            unopened: RwSignal::new(None),
        };
        provide_context(navigation);
        Effect::new(move |_| {
            // They stay as long as the document.
            window_event_listener(ev::click, move |event| navigation.on_click(&event));
            window_event_listener(ev::popstate, move |_| navigation.on_way_back());
            navigation.entries.follow();
        });
        navigation
    }

    /// The page's navigation. Every component below the root has it.
    #[allow(clippy::expect_used, reason = "a component outside of the root is a programming error")]
    pub fn expect() -> Navigation {
        use_context().expect("the page's root provides Navigation")
    }

    /// Where the page is. The reader runs again when that changes.
    pub fn at(self) -> Address {
        self.at.get()
    }

    /// Where the page is at this moment: for what is done once, and not again when that changes.
    pub fn here(self) -> Address {
        self.at.get_untracked()
    }

    /// From now on every address that the page goes to has this field, unless it has one of that name; or none more.
    pub fn carry(self, field: Option<(&'static str, String)>) {
        if self.carried.with_untracked(|carried| *carried != field) {
            self.carried.set(field);
        }
    }

    /// An address of this server with what is [carried](Navigation::carry). The reader runs again when that changes.
    pub fn carrying(self, to: &str) -> String {
        let to = base::without(to);
        let (address, place) = to.split_once('#').map_or((to, None), |(address, place)| (address, Some(place)));
        let address = self.carried.with(|carried| match carried {
            Some((name, value)) if Address::parse(address).field(name).is_none() => {
                Address::parse(address).with(name, Some(value))
            }
            _ => address.to_owned(),
        });
        let address = base::with(&address);
        place.map_or(address.to_string(), |place| format!("{address}#{place}"))
    }

    /// Goes to another address of this server: at once, or when what its page needs is there. If that cannot be had, the
    /// server may have a newer page by now, and the document is loaded; if the server is away, nothing moves and
    /// [`Navigation::unopened`] says so.
    pub fn go(self, to: &str, leave: Leave) {
        let to = untrack(|| base::without(&self.carrying(to)).to_owned());
        self.prepared(
            &Address::parse(&to),
            Box::new(move |prepared| match prepared {
                Some(prepared) => self.arrive(&to, leave, prepared),
                None => self.load(to, Way::Page(leave)),
            }),
        );
    }

    /// The page that was asked for and not opened, because the server was away. The reader runs again when that changes.
    pub fn unopened(self) -> Option<Address> {
        self.unopened.with(|unopened| unopened.as_ref().map(|unopened| Address::parse(&unopened.to)))
    }

    /// Goes where somebody wanted to go when the server was away.
    pub fn try_again(self) {
        match self.unopened.get_untracked() {
            Some(Unopened { to, way: Way::Page(leave) }) => self.go(&to, leave),
            Some(Unopened { to, way: Way::Document }) => self.load(to, Way::Document),
            None => {}
        }
    }

    fn on_way_back(self) {
        let to = Address::current();
        let Some(scrolled) = self.entries.arrive() else { return };
        self.prepared(
            &to.clone(),
            Box::new(move |prepared| match prepared {
                Some(prepared) => {
                    let other = self.show(to, prepared);
                    request_animation_frame(move || {
                        if other {
                            entries::focus(None);
                        }
                        entries::scroll_back(scrolled);
                    });
                }
                // The browser has gone back already: to try again leaves nothing behind.
                None => self.load(to.text(), Way::Page(Leave::Nothing)),
            }),
        );
    }

    /// Loads the document at `to`, if the server is there to send it. A browser's own page of errors has no way back.
    fn load(self, to: String, way: Way) {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed) + 1;
        spawn_local(async move {
            let there = fetch::text("GET", "/healthz".to_owned()).await.is_ok();
            if ASKED.load(Ordering::Relaxed) != asked {
                return;
            }
            if !there || window().location().assign(&base::with(&to)).is_err() {
                self.unopened.set(Some(Unopened { to, way }));
            }
        });
    }

    /// Calls `go_on` when what the page at `address` needs is there, or cannot be had; never, if somebody wants to go
    /// elsewhere meanwhile.
    fn prepared(self, address: &Address, go_on: Box<dyn FnOnce(Option<Prepared>)>) {
        let asked = ASKED.fetch_add(1, Ordering::Relaxed) + 1;
        if self.unopened.with_untracked(Option::is_some) {
            self.unopened.set(None);
        }
        let other = self.at.with_untracked(|at| at.path != address.path);
        match self.prepare.with_value(|prepare| prepare(address)) {
            // Its parts are not all there to be changed.
            _ if other && hydration::failed() => go_on(None),
            Some(preparing) => spawn_local(async move {
                let prepared = preparing.await;
                if ASKED.load(Ordering::Relaxed) == asked {
                    go_on(prepared);
                }
            }),
            None => go_on(Some(Box::new(|| {}))),
        }
    }

    fn arrive(self, to: &str, leave: Leave, prepared: Prepared) {
        let Ok(history) = window().history() else { return };
        // Browsers refuse only floods of calls; the page goes on with the old address then.
        let shown = base::with(to);
        let _ = match leave {
            Leave::Entry | Leave::Step => {
                self.entries.leave();
                history.push_state_with_url(&self.entries.enter(), "", Some(&shown))
            }
            Leave::Nothing => history.replace_state_with_url(&self.entries.here(), "", Some(&shown)),
        };
        let other = self.show(Address::parse(to), prepared);
        if leave == Leave::Entry {
            let place = to.split_once('#').map(|(_, place)| place.to_owned());
            // The new page is there with the next frame.
            request_animation_frame(move || {
                if other || place.is_some() {
                    entries::focus(place.as_deref());
                }
                scroll_to(place.as_deref());
            });
        }
    }

    /// Shows the page at an address, and says whether it is another page, or that of another system.
    fn show(self, to: Address, prepared: Prepared) -> bool {
        let system = |at: &Address| at.field("system");
        let other = self.at.with_untracked(|at| at.path != to.path || system(at) != system(&to));
        prepared();
        self.at.set(to);
        other
    }

    fn on_click(self, event: &MouseEvent) {
        let Some((link, to)) = followed(event) else { return };
        event.prevent_default();
        if link.rel() == "external" {
            self.load(to, Way::Document);
        } else {
            self.go(&to, if link.has_attribute("data-noscroll") { Leave::Nothing } else { Leave::Entry });
        }
    }
}

impl Address {
    /// The address of this document.
    pub fn current() -> Address {
        let location = window().location();
        let query = location.search().unwrap_or_default();
        let path = location.pathname().unwrap_or_default();
        Address::parse(&format!("{}{query}", base::without(&path)))
    }
}

/// The link that was clicked and its address, if the page can follow it by itself: a plain click, on this server, no
/// download, and not just a place on this page. One with `rel="external"` leads to another document.
fn followed(event: &MouseEvent) -> Option<(HtmlAnchorElement, String)> {
    let changed = event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key();
    if changed || event.button() != 0 || event.default_prevented() {
        return None;
    }
    let clicked = event.target()?.dyn_into::<Element>().ok()?;
    let link = clicked.closest("a[href]").ok()??.dyn_into::<HtmlAnchorElement>().ok()?;
    let elsewhere = link.has_attribute("download") || link.has_attribute("target");
    let location = window().location();
    if elsewhere || location.origin().ok()? != link.origin() {
        return None;
    }
    let (address, place) = (link.pathname() + &link.search(), link.hash());
    let here = location.pathname().ok()? + &location.search().ok()?;
    (place.is_empty() || address != here).then(|| (link, address + &place))
}

fn scroll_to(place: Option<&str>) {
    match place.and_then(|place| document().get_element_by_id(place)) {
        Some(element) => element.scroll_into_view(),
        None => window().scroll_to_with_x_and_y(0.0, 0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_path_and_fields() {
        for (text, path) in [("/", "/"), ("", "/"), ("/cells/?a=1", "/cells"), ("/lab#faults", "/lab"), ("?x", "/")] {
            assert_eq!(Address::parse(text).path(), path, "{text}");
        }
        let address = Address::parse("/cells?cell=R3%207.12&by=a+b&bad=%zz&cut=%4&utf=%ff&empty=#map");
        for (name, value) in [
            ("cell", Some("R3 7.12")),
            ("by", Some("a b")),
            ("empty", Some("")),
            ("bad", None),
            ("cut", None),
            ("utf", None),
            ("cel", None),
        ] {
            assert_eq!(address.field(name).as_deref(), value, "{name}");
        }
    }
}
