//! Light, dark, or as the system says. Stored in this browser; the document sets it before the first paint.

use crate::derived::Derived;
use crate::icons::{Glyph, Icon};
use leptos::prelude::*;

/// The key in the browser's local storage, and the name of the attribute on the document.
pub(crate) const THEME_KEY: &str = "theme";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Theme {
    Auto,
    Light,
    Dark,
}

impl Theme {
    fn word(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    fn next(self) -> Theme {
        match self {
            Theme::Auto => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Auto,
        }
    }

    fn glyph(self) -> Glyph {
        match self {
            Theme::Auto => Glyph::Auto,
            Theme::Light => Glyph::Sun,
            Theme::Dark => Glyph::Moon,
        }
    }

    fn stored() -> Theme {
        let stored = storage().and_then(|s| s.get_item(THEME_KEY).ok().flatten());
        match stored.as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::Auto,
        }
    }

    /// Shows and keeps it. Storage can be switched off in a browser: then it lasts as long as the page.
    fn apply(self) {
        if let Some(root) = document().document_element() {
            let _ = match self {
                Theme::Auto => root.remove_attribute("data-theme"),
                chosen => root.set_attribute("data-theme", chosen.word()),
            };
        }
        if let Some(storage) = storage() {
            let _ = match self {
                Theme::Auto => storage.remove_item(THEME_KEY),
                chosen => storage.set_item(THEME_KEY, chosen.word()),
            };
        }
    }
}

fn storage() -> Option<web_sys::Storage> {
    window().local_storage().ok().flatten()
}

/// Counts switches of the theme, for drawings that read their colours from the document. A context.
#[derive(Clone, Copy, Debug)]
pub struct ThemeEpoch(pub RwSignal<u32>);

/// A button that goes from automatic to light to dark.
#[component]
pub fn ThemeSwitch() -> impl IntoView {
    let theme = RwSignal::new(Theme::Auto);
    Effect::new(move |_| theme.set(Theme::stored()));
    let epoch = use_context::<ThemeEpoch>();
    let switch = move |_| {
        let next = theme.get_untracked().next();
        next.apply();
        theme.set(next);
        if let Some(ThemeEpoch(epoch)) = epoch {
            epoch.update(|switches| *switches += 1);
        }
    };
    let label = Derived::new(move || format!("Theme: {}. Switch to {}", theme.get().word(), theme.get().next().word()));
    view! {
        <button type="button" class="icon-button" on:click=switch aria-label=label title=label>
            <Icon glyph=Derived::new(move || theme.get().glyph()) />
        </button>
    }
}
