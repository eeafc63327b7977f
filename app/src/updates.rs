//! A page that is open while the server is replaced: it says so, and loads itself at a quiet moment.
//!
//! The server's build and the number of its site come first on every live stream; the page's own came with its document.
//! The build differs after an update, the site when it is set up differently. The page is never loaded while somebody is in the middle of something, and for
//! one build of the server at most once by itself: a document that comes out of a cache would be as old again.

use crate::boot::{is_offline, own_build, own_site};
use leptos::ev;
use leptos::prelude::*;
use std::time::Duration;
use wasm_bindgen::JsCast as _;
use web_sys::{Element, Node};

/// Without a touch of keys or pointer for this long nobody is in the middle of something, s.
const IDLE_S: f64 = 60.0;
/// Between two looks for a quiet moment.
const LOOK: Duration = Duration::from_secs(2);
/// How the first message of a live stream begins, and what stands between the build and the number of the site.
const BUILD: &str = "build ";
const SITE: &str = " site ";
/// A build of a developer's server: its pages follow at once.
const DEV: &str = "dev-";
/// In the session's storage: the build for which the page was loaded by itself.
const LOADED_FOR: &str = "loaded-for";
/// Fields that hold what somebody typed.
const TYPED: &str = "textarea,input:not([type=checkbox],[type=radio],[type=range],[type=button],[type=submit])";

/// What the page knows about its own age. A context.
#[derive(Clone, Copy)]
pub struct Updates {
    /// What the server has, if it is something else than the page has.
    other: RwSignal<Option<Other>>,
    /// The field that somebody typed into last and did not send.
    typed: StoredValue<Option<Element>, LocalStorage>,
    /// When somebody last touched keys or pointer, ms, `performance.now()`.
    touched_ms: StoredValue<f64>,
}

/// What the server is, beside this page.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Other {
    /// It has another build.
    Build(String),
    /// It has the same build, and another site.
    Site(String),
    /// It is back, and this page was opened without it: who is signed in and more is not in its document.
    Back,
    /// Its frames have a format that this page does not know.
    Format,
}

impl Other {
    /// What this first text of a stream says, beside a page of this build and site.
    fn of(text: &str, own_build: Option<String>, own_site: Option<String>) -> Option<Other> {
        let said = text.strip_prefix(BUILD)?;
        let (build, site) = said.split_once(SITE).unwrap_or((said, ""));
        let differs = |own: Option<String>, other: &str| own.is_some_and(|own| own != other);
        if differs(own_build, build) {
            return Some(Other::Build(build.to_owned()));
        }
        differs(own_site, site).then(|| Other::Site(site.to_owned()))
    }

    /// By which it is remembered that the page was loaded for it.
    fn name(&self) -> &str {
        match self {
            Other::Build(number) | Other::Site(number) => number,
            Other::Back => "back",
            Other::Format => "format",
        }
    }
}

/// What somebody is doing with the page.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Doing {
    /// The tab is not seen.
    hidden: bool,
    /// A dialog or a list is open.
    dialog: bool,
    /// Something is typed and not sent.
    typed: bool,
    /// The page shows the past.
    past: bool,
    /// Since the last touch of keys or pointer, s.
    idle_s: f64,
}

impl Doing {
    /// Whether loading the page anew disturbs nobody. A page that cannot read what comes is of no use as it is.
    fn is_quiet(self, unreadable: bool) -> bool {
        let busy = self.dialog || self.typed || self.past;
        !busy && (self.hidden || unreadable || self.idle_s >= IDLE_S)
    }
}

impl Updates {
    /// Puts it into the context, and in the browser begins to notice what somebody does.
    pub fn provide() -> Updates {
        let updates = Updates {
            other: RwSignal::new(None),
            typed: StoredValue::new_local(None),
            touched_ms: StoredValue::new(0.0),
        };
        provide_context(updates);
        Effect::new(move |_| {
            window_event_listener(ev::input, move |event| {
                let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
                updates.typed.set_value(target.filter(|field| field.matches(TYPED).unwrap_or(false)));
            });
            window_event_listener(ev::submit, move |_| updates.typed.set_value(None));
            window_event_listener(ev::keydown, move |_| updates.touched_ms.set_value(now_ms()));
            window_event_listener(ev::pointerdown, move |_| updates.touched_ms.set_value(now_ms()));
            window_event_listener(ev::wheel, move |_| updates.touched_ms.set_value(now_ms()));
        });
        updates
    }

    /// A text of the live stream. `past` says whether the page shows the past.
    pub fn hear(self, text: &str, past: ReadSignal<bool>) {
        match Other::of(text, own_build(), own_site()).or_else(|| is_offline().then_some(Other::Back)) {
            Some(other) => self.found(other, past),
            None => self.other.set(None),
        }
    }

    /// A frame of the live stream has a format that this page does not know.
    pub fn unreadable(self, past: ReadSignal<bool>) {
        self.found(Other::Format, past);
    }

    fn found(self, other: Other, past: ReadSignal<bool>) {
        let other = Some(other);
        // The stream says it again each time that it is connected anew.
        if self.other.with_untracked(|known| *known != other) {
            self.other.set(other);
            self.load_when_quiet(past);
        }
    }

    /// Looks now and again; ends when the page is loaded, or need not be.
    fn load_when_quiet(self, past: ReadSignal<bool>) {
        let Some(other) = self.other.get_untracked() else { return };
        if was_loaded_for(other.name()) {
            return;
        }
        let quiet = match &other {
            Other::Build(build) if build.starts_with(DEV) => true,
            other => self.doing(past).is_quiet(*other == Other::Format),
        };
        if quiet && remember(other.name()) {
            reload();
        } else {
            set_timeout(move || self.load_when_quiet(past), LOOK);
        }
    }

    fn doing(self, past: ReadSignal<bool>) -> Doing {
        let typed = self.typed.with_value(|typed| typed.as_ref().is_some_and(|field| Node::is_connected(field)));
        Doing {
            hidden: document().hidden(),
            dialog: document().query_selector("dialog[open],:popover-open").is_ok_and(|found| found.is_some()),
            typed,
            past: past.try_get_untracked() == Some(true),
            idle_s: (now_ms() - self.touched_ms.get_value()) / 1e3,
        }
    }
}

fn now_ms() -> f64 {
    window().performance().map_or(0.0, |performance| performance.now())
}

fn session() -> Option<web_sys::Storage> {
    window().session_storage().ok().flatten()
}

fn was_loaded_for(name: &str) -> bool {
    session().and_then(|storage| storage.get_item(LOADED_FOR).ok().flatten()).is_some_and(|loaded| loaded == name)
}

/// Without a memory the page must not load itself: it would do so for ever.
fn remember(name: &str) -> bool {
    session().is_some_and(|storage| storage.set_item(LOADED_FOR, name).is_ok())
}

fn reload() {
    // A browser that refuses leaves the page as it is, with its notice.
    let _ = window().location().reload();
}

/// Says that the page is older than the server, with the way to the newer one.
#[component]
pub fn NewVersion() -> impl IntoView {
    let updates = use_context::<Updates>();
    let words = move || match updates?.other.get()? {
        Other::Build(_) => Some(("The server has a newer version of this page.", "Load the new version")),
        Other::Site(_) => Some(("The site is set up differently since this page was loaded.", "Load the page again")),
        Other::Back => Some(("This page was opened without the server, which is back.", "Load the page again")),
        Other::Format => {
            let what = "This page cannot read what the server sends: the server has another version.";
            Some((what, "Load the new version"))
        }
    };
    view! {
        <div role="status">
            {move || words().map(|(words, button)| view! {
                <p class="notice" data-tone="notice">
                    <b>{words}</b>
                    <button type="button" class="button" on:click=move |_| reload()>{button}</button>
                    <span class="note">"It is loaded by itself when nobody uses the page."</span>
                </p>
            })}
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_build_is_told_from_a_site_that_is_set_up_differently() {
        for (text, other) in [
            ("build b1 site 5", None),
            ("build b2 site 5", Some(Other::Build("b2".to_owned()))),
            ("build b2 site 6", Some(Other::Build("b2".to_owned()))),
            ("build b1 site 6", Some(Other::Site("6".to_owned()))),
            ("something else", None),
        ] {
            assert_eq!(Other::of(text, Some("b1".to_owned()), Some("5".to_owned())), other, "{text}");
        }
        assert_eq!(Other::of("build b1 site 6", Some("b1".to_owned()), None), None);
    }

    #[test]
    fn a_page_is_loaded_only_when_that_disturbs_nobody() {
        let idle = Doing { idle_s: IDLE_S, ..Doing::default() };
        let hidden = Doing { hidden: true, ..Doing::default() };
        for (doing, quiet, quiet_unreadable) in [
            (Doing::default(), false, true),
            (idle, true, true),
            (hidden, true, true),
            (Doing { typed: true, ..hidden }, false, false),
            (Doing { dialog: true, ..idle }, false, false),
            (Doing { past: true, ..idle }, false, false),
        ] {
            assert_eq!((doing.is_quiet(false), doing.is_quiet(true)), (quiet, quiet_unreadable), "{doing:?}");
        }
    }
}
