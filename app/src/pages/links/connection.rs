//! The last link of the chain: from the server to this screen.

use crate::components::{Card, Chip, Tone};
use crate::format;
use crate::live::{Connection, Latency, Live};
use leptos::prelude::*;

/// How this page is connected, and how long a reading takes to its pixel.
#[component]
pub(super) fn PageConnection() -> impl IntoView {
    let live = Live::expect();
    let state = Memo::new(move |_| state(live.connection.get(), live.page_age_s.get()));
    let delay = move |read: fn(&Latency) -> f32| {
        move || {
            let ms = live.latency.get().map(|latency| read(&latency));
            ms.map_or_else(|| format::NONE.to_owned(), |ms| format!("{}{}ms", format::fixed(ms, 0), format::THIN))
        }
    };
    let note = move || match live.latency.get() {
        None => "Measured once frames arrive.".to_owned(),
        Some(latency) => format!(
            "Over the last {} frames. Read on two clocks, the server's and this device's: elsewhere than on the server's own \
             machine their difference is part of it.",
            latency.frames
        ),
    };
    view! {
        <Card title="This page" class="page-connection">
            <p class="page-state">
                <Chip dot=true tone=Signal::derive(move || state.get().0)>
                    {move || state.get().1}
                </Chip>
            </p>
            <dl class="link-figures">
                <div>
                    <dt>"Reading to pixel, half within"</dt>
                    <dd data-testid="latency-p50">{delay(|latency| latency.p50_ms)}</dd>
                </div>
                <div>
                    <dt>"99 of 100 within"</dt>
                    <dd data-testid="latency-p99">{delay(|latency| latency.p99_ms)}</dd>
                </div>
            </dl>
            <p class="note">{note}</p>
        </Card>
    }
}

fn state(connection: Connection, age_s: f32) -> (Tone, String) {
    match connection {
        Connection::Connecting => (Tone::Neutral, "connecting: values are those the page came with".to_owned()),
        Connection::Live if age_s > 0.0 => (Tone::Warning, format!("no frame for {}", format::age(age_s))),
        Connection::Live => (Tone::Good, "live".to_owned()),
        Connection::Reconnecting { .. } => {
            (Tone::Critical, format!("connection lost, tried again by itself; values are {} old", format::age(age_s)))
        }
    }
}
