//! The last link of the chain: from the server to this screen.

use crate::components::{Card, Chip, Tone};
use crate::derived::Derived;
use crate::format;
use crate::live::{Connection, Latency, Live};
use leptos::prelude::*;

/// How this page is connected, and how long a reading takes to its pixel.
#[component]
pub(super) fn PageConnection() -> impl IntoView {
    let live = Live::expect();
    let state = Derived::new(move || state(live.connection.get(), live.page_age_s.get()));
    let lost = live.lost();
    // What was measured before says nothing of now.
    let latency = Derived::new(move || live.latency.get().filter(|_| !lost.get()));
    let delay = move |read: fn(&Latency) -> f32| {
        Derived::new(move || {
            let ms = latency.get().map(|latency| read(&latency));
            ms.map_or_else(|| format::NONE.to_owned(), |ms| format!("{}{}ms", format::fixed(ms, 0), format::THIN))
        })
    };
    let note = Derived::new(move || match latency.get() {
        None => "The delay from a reading\u{2019}s arrival at the server to this screen, measured once frames arrive."
            .to_owned(),
        Some(latency) => format!(
            "The delay from a reading\u{2019}s arrival at the server to this screen, over the last {} frames. On another \
             machine than the server\u{2019}s it contains the difference of their clocks.",
            latency.frames
        ),
    });
    view! {
        <Card title="This page" class="page-connection">
            <p class="page-state">
                <Chip dot=true tone=Derived::new(move || state.get().0)>
                    {move || state.get().1}
                </Chip>
            </p>
            <dl class="link-figures">
                <div>
                    <dt>"Delay, median"</dt>
                    <dd data-testid="latency-p50">{delay(|latency| latency.p50_ms)}</dd>
                </div>
                <div>
                    <dt>"Delay, 99th percentile"</dt>
                    <dd data-testid="latency-p99">{delay(|latency| latency.p99_ms)}</dd>
                </div>
            </dl>
            <p class="note page-note">{note}</p>
        </Card>
    }
}

fn state(connection: Connection, age_s: f32) -> (Tone, String) {
    match connection {
        Connection::Connecting => (Tone::Neutral, "connecting".to_owned()),
        Connection::Live if age_s > 0.0 => (Tone::Warning, format!("no frame for {}", format::age(age_s))),
        Connection::Live => (Tone::Good, "live".to_owned()),
        Connection::Reconnecting { .. } => {
            (Tone::Critical, format!("connection lost, tried again by itself; values are {} old", format::age(age_s)))
        }
    }
}
