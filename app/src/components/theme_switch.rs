//! The button that changes the theme.

use crate::derived::Derived;
use crate::icons::{Glyph, Icon};
use crate::theme::{Theme, ThemeEpoch};
use leptos::prelude::*;

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
            <Icon glyph=Derived::new(move || glyph(theme.get())) />
        </button>
    }
}

fn glyph(theme: Theme) -> Glyph {
    match theme {
        Theme::Auto => Glyph::Auto,
        Theme::Light => Glyph::Sun,
        Theme::Dark => Glyph::Moon,
    }
}
