//! Fields for passwords.

use super::{May, Session};
use crate::derived::Derived;
use domain::people::action::Action;
use leptos::prelude::*;

/// A password, that can be looked at while it is typed.
#[component]
pub fn PasswordField(
    /// Name of the field in the form.
    name: &'static str,
    /// Its label.
    label: &'static str,
    /// What a password manager shall put here: `current-password`, `new-password`.
    autocomplete: &'static str,
    /// What is asked for.
    #[prop(optional)]
    hint: &'static str,
) -> impl IntoView {
    let shown = RwSignal::new(false);
    view! {
        <label class="labelled">
            <span class="field-label">{label}</span>
            <span class="field-row">
                <input
                    class="field"
                    name=name
                    type=move || if shown.get() { "text" } else { "password" }
                    autocomplete=autocomplete
                    autocapitalize="none"
                    spellcheck="false"
                    required=true
                />
                <button
                    type="button"
                    class="button"
                    aria-label=move || format!("{} {}", if shown.get() { "Hide" } else { "Show" }, label.to_ascii_lowercase())
                    on:click=move |_| shown.update(|shown| *shown = !*shown)
                >
                    {move || if shown.get() { "Hide" } else { "Show" }}
                </button>
            </span>
            {(!hint.is_empty()).then(|| view! { <span class="field-hint">{hint}</span> })}
        </label>
    }
    .into_any()
}

/// The own password once more, where an action needs it now.
#[component]
pub fn OwnPassword(
    /// The action.
    action: Action,
) -> impl IntoView {
    let session = Session::expect();
    let asked = Derived::new(move || session.may(action) == May::AfterPassword);
    view! {
        {move || asked.get().then(|| view! {
            <PasswordField
                name="own_password"
                label="Your own password"
                autocomplete="current-password"
                hint="Asked for once; good for ten minutes."
            />
        })}
    }
    .into_any()
}
