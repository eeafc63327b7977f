//! A form that tells the simulation something. It works posted by the browser alone; on a living page it is sent without
//! leaving the page, and its answer stands beneath it.

use super::action::PATH;
use super::state::{Lab, Outcome};
use crate::derived::Derived;
use crate::fetch::NO_SERVER;
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;

/// The id of the words that say why nothing can be commanded now.
pub(super) const OFF: &str = "lab-off";

/// Every field that a form of the lab can have.
const FIELDS: [&str; 9] = ["system", "action", "kw", "seconds", "celsius", "fault", "cell", "node", "device"];

/// A form with one button.
#[component]
pub(super) fn CommandForm(
    /// The lab.
    lab: Lab,
    /// What it does: see `domain::lab::LabCommand::from_fields`.
    action: &'static str,
    /// The words on its button.
    #[prop(into)]
    submit: String,
    /// What a screen reader says of the button, where the words alone are not enough.
    #[prop(optional, into)]
    label: Option<String>,
    /// Layout classes.
    #[prop(optional)]
    class: &'static str,
    /// How it went.
    #[prop(optional)]
    outcome: RwSignal<Outcome>,
    /// Its fields.
    #[prop(optional)]
    children: Option<Children>,
) -> impl IntoView {
    let on_submit = move |event: ev::SubmitEvent| {
        event.prevent_default();
        let form = event.current_target().and_then(|target| target.dyn_into::<web_sys::HtmlFormElement>().ok());
        let Some(data) = form.and_then(|form| web_sys::FormData::new_with_form(&form).ok()) else { return };
        let fields = FIELDS.into_iter().filter_map(|name| Some((name, data.get(name).as_string()?)));
        lab.send(fields.collect(), outcome);
    };
    // What was said of a server that could not be reached is over when it is back.
    lab.live.on_return(move || {
        let lost = outcome.with_untracked(|o| matches!(o, Outcome::Refused { field: None, why } if why == NO_SERVER));
        if lost {
            outcome.set(Outcome::Idle);
        }
    });
    let pending = Derived::new(move || outcome.get() == Outcome::Pending);
    let answer = Derived::new(move || match outcome.get() {
        Outcome::Idle | Outcome::Refused { field: Some(_), .. } => String::new(),
        Outcome::Pending => "Sending\u{2026}".to_owned(),
        Outcome::Done(words) => words,
        Outcome::Refused { field: None, why } => why,
    });
    let state = Derived::new(move || match outcome.get() {
        Outcome::Idle => "idle",
        Outcome::Pending => "pending",
        Outcome::Done(_) => "done",
        Outcome::Refused { .. } => "refused",
    });
    view! {
        <form
            method="post"
            action=PATH
            class=format!("command {class}")
            data-state=state
            novalidate=move || lab.hydrated.get()
            on:submit=on_submit
        >
            <input type="hidden" name="system" value=lab.live.system().id.clone() />
            <input type="hidden" name="action" value=action />
            {children.map(|children| children())}
            <div class="command-foot">
                <button
                    type="submit"
                    class="button"
                    aria-label=label
                    title=move || lab.off.get()
                    aria-describedby=move || lab.off.get().map(|_| OFF)
                    disabled=move || pending.get() || lab.off.get().is_some()
                >
                    {submit}
                </button>
                <p class="command-answer" role="status">
                    {answer}
                </p>
            </div>
        </form>
    }
}
