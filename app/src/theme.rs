//! Light, dark, or as the system says. Stored in this browser; the document sets it before the first paint.

use leptos::prelude::*;

/// The key in the browser's local storage, and the name of the attribute on the document.
pub const THEME_KEY: &str = "theme";

/// The colours of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    /// As the system says.
    Auto,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// Its name.
    pub fn word(self) -> &'static str {
        match self {
            Theme::Auto => "auto",
            Theme::Light => "light",
            Theme::Dark => "dark",
        }
    }

    /// The one that the switch goes to from this one.
    pub fn next(self) -> Theme {
        match self {
            Theme::Auto => Theme::Light,
            Theme::Light => Theme::Dark,
            Theme::Dark => Theme::Auto,
        }
    }

    /// The one that this browser has stored.
    pub fn stored() -> Theme {
        let stored = storage().and_then(|s| s.get_item(THEME_KEY).ok().flatten());
        match stored.as_deref() {
            Some("light") => Theme::Light,
            Some("dark") => Theme::Dark,
            _ => Theme::Auto,
        }
    }

    /// Shows and keeps it. Storage can be switched off in a browser: then it lasts as long as the page.
    pub fn apply(self) {
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
