//! How this site is protected.

use crate::components::Card;
use crate::session::Session;
use leptos::prelude::*;

/// The card.
#[component]
pub(super) fn Security() -> impl IntoView {
    let session = Session::expect();
    let encrypted = RwSignal::new(None::<bool>);
    Effect::new(move |_| encrypted.set(window().location().protocol().ok().map(|scheme| scheme == "https:")));
    let reading = move || {
        session.now.with(|now| match now {
            Some(now) if now.reading_open => "Open: whoever reaches this server can look",
            Some(_) => "Closed: only who is signed in can look",
            None => "\u{2026}",
        })
    };
    view! {
        <Card title="Security" class="span-12 security" id="security">
            <dl class="facts">
                <div><dt>"Reading"</dt><dd>{reading}</dd></div>
                <div>
                    <dt>"This connection"</dt>
                    <dd>
                        {move || match encrypted.get() {
                            Some(true) => "Encrypted (https)",
                            Some(false) => "Not encrypted: good on this machine only",
                            None => "\u{2026}",
                        }}
                    </dd>
                </div>
            </dl>
        </Card>
    }
    .into_any()
}
