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
    let state = Derived::new(move || state(live.connection.get(), live.page_age_s.get(), live.past.get()));
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

/// How the page is connected; while it shows the past its frames are not of now, and it is not called live.
fn state(connection: Connection, age_s: f32, past: bool) -> (Tone, String) {
    match connection {
        Connection::Live | Connection::Connecting if past => (Tone::Warning, "shows the past".to_owned()),
        Connection::Connecting => (Tone::Neutral, "connecting".to_owned()),
        Connection::Live if age_s > 0.0 => (Tone::Warning, format!("no frame for {}", format::age(age_s))),
        Connection::Live => (Tone::Good, "live".to_owned()),
        Connection::Reconnecting { .. } => {
            (Tone::Critical, format!("connection lost, tried again by itself; values are {} old", format::age(age_s)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_shows_the_past_is_not_called_live() {
        let lost = Connection::Reconnecting { since_ms: 0.0 };
        for (connection, age_s, past, words) in [
            (Connection::Live, 0.0, false, "live"),
            (Connection::Live, 4.0, false, "no frame for 4.0 s"),
            (Connection::Live, 0.0, true, "shows the past"),
            (Connection::Connecting, 0.0, true, "shows the past"),
            (lost, 4.0, true, "connection lost, tried again by itself; values are 4.0 s old"),
        ] {
            assert_eq!(state(connection, age_s, past).1.replace(format::THIN, " "), words);
        }
    }
}
