//! Records what a CAN link receives, and hands over the log.

use crate::fetch;
use crate::live::Live;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// Starts and stops the recording of a link; it runs on the server, whether a page is open or not.
#[component]
pub(super) fn Record(
    /// The link's id.
    link: String,
) -> impl IntoView {
    // The file that is being written, and why the server refused.
    let (file, refused) = (RwSignal::new(String::new()), RwSignal::new(String::new()));
    let ask = move |method: &'static str| {
        let path = format!("/api/v1/links/{link}/recording");
        spawn_local(async move {
            let answer = fetch::text(method, path).await;
            let (name, why) = answer.map_or_else(|why| (String::new(), why.to_string()), |name| (name, String::new()));
            refused.try_set(why);
            if method == "DELETE" && !name.is_empty() {
                // An attachment: the page stays.
                let _ = window().location().set_href(&format!("/api/v1/recordings/{name}"));
                file.try_set(String::new());
            } else {
                file.try_set(name);
            }
        });
    };
    let (live, first) = (Live::expect(), ask.clone());
    Effect::new(move |_| first("GET"));
    let again = ask.clone();
    live.on_return(move || again("GET"));
    let off = live.needs_server();
    let running = move || file.with(|file| !file.is_empty());
    view! {
        <button
            type="button"
            class="button"
            title=move || off.get()
            prop:disabled=move || off.get().is_some()
            on:click=move |_| ask(if file.with_untracked(String::is_empty) { "POST" } else { "DELETE" })
        >
            {move || if running() { "Stop and download" } else { "Record" }}
        </button>
        <span class="note" role="status">
            {move || match off.get() {
                Some(why) => format!("{why}: whether it records is not known"),
                None if running() => file.get(),
                None => refused.get(),
            }}
        </span>
    }
    .into_any()
}
