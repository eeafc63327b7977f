//! The offer to install the page: a window of its own, and the last values while the server is away.
//!
//! Browsers that can do it say so (`beforeinstallprompt`, which the document keeps for us: it may come before this code).
//! Safari on a phone cannot be asked; it gets a sentence. Whoever does not want it is not asked again.

use crate::icons::{Glyph, Icon};
use js_sys::{Function, Reflect};
use leptos::prelude::*;
use wasm_bindgen::{JsCast as _, JsValue};

crate::lazy_page!(CHUNK, install, InstallOffer);

/// Where the document keeps the browser's offer, and the event that tells of it.
const OFFER: &str = "installOffer";
/// In the local storage: the offer is not wanted.
const UNWANTED: &str = "no-install";

/// How this browser installs a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// It asks by itself when it is told to.
    Prompt,
    /// By hand, as Safari on a phone.
    ByHand,
}

/// A button with a few words behind it; nothing where the page cannot be installed, or is.
#[component]
pub fn InstallOffer() -> impl IntoView {
    let way = RwSignal::new(None::<Way>);
    let look = move || way.set(possible().filter(|_| !is_unwanted()));
    Effect::new(move |_| {
        look();
        window_event_listener_untyped(OFFER, move |_| look());
    });
    let install = move |_| {
        prompt();
        way.set(None);
    };
    let refuse = move |_| {
        if let Some(storage) = storage() {
            // Storage can be switched off: then it is offered again with the next page.
            let _ = storage.set_item(UNWANTED, "1");
        }
        way.set(None);
    };
    move || {
        way.get().map(|way| {
            view! {
                <button type="button" class="icon-button" popovertarget="install" aria-label="Install Packtwin" title="Install Packtwin">
                    <Icon glyph=Glyph::Install />
                </button>
                <div id="install" class="install" popover="auto" role="dialog" aria-label="Install Packtwin">
                    <p>"Packtwin can have a window and an icon of its own. While the server is away it then shows the last values."</p>
                    {match way {
                        Way::Prompt => view! { <button type="button" class="button" on:click=install>"Install"</button> }.into_any(),
                        Way::ByHand => view! { <p>"In Safari: touch Share, then \u{201c}Add to Home Screen\u{201d}."</p> }.into_any(),
                    }}
                    <button type="button" class="button" on:click=refuse>"Do not offer it again"</button>
                </div>
            }
        })
    }
}

fn possible() -> Option<Way> {
    let of = |object: &JsValue, name: &str| Reflect::get(object, &JsValue::from_str(name)).ok();
    if of(&window(), OFFER).is_some_and(|offer| offer.is_object()) {
        return Some(Way::Prompt);
    }
    // Only Safari on phones has it; `true` in a page that is installed.
    let standalone = of(&of(&window(), "navigator")?, "standalone")?;
    (standalone.as_bool() == Some(false)).then_some(Way::ByHand)
}

/// Lets the browser ask. An offer can be taken once.
fn prompt() {
    let name = JsValue::from_str(OFFER);
    let offer = Reflect::get(&window(), &name).unwrap_or_default();
    let ask = Reflect::get(&offer, &JsValue::from_str("prompt")).ok().and_then(|ask| ask.dyn_into::<Function>().ok());
    if let Some(ask) = ask {
        let _ = ask.call0(&offer);
        let _ = Reflect::delete_property(&window(), &name);
    }
}

fn is_unwanted() -> bool {
    storage().and_then(|storage| storage.get_item(UNWANTED).ok().flatten()).is_some()
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}
