//! Fields for passwords.

use super::{May, Session};
use crate::derived::Derived;
use domain::people::action::Action;
use leptos::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

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
    // Label and field belong together by an id: the button between them is no part of the name.
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let id = format!("password-{}", NEXT.fetch_add(1, Ordering::Relaxed));
    let shown = RwSignal::new(false);
    view! {
        <div class="labelled">
            <label class="field-label" for=id.clone()>{label}</label>
            <div class="field-row">
                <input
                    id=id
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
            </div>
            {(!hint.is_empty()).then(|| view! { <p class="field-hint">{hint}</p> })}
        </div>
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
