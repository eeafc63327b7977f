//! `GET /api/v1/server`: how the server itself does: who is connected, what its limits are, what was refused.

use super::AppState;
use super::api::json;
use axum::extract::State;
use axum::response::Response;
use serde_json::json as value;
use std::sync::atomic::{AtomicU64, Ordering};

/// The handler.
pub(super) async fn server(State(app): State<AppState>) -> Response {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (gate, connections) = (&app.gate, app.connections.counters());
    json(json_of(&Numbers {
        connections: (app.connections.open() as u64, app.connections.most() as u64),
        viewers: (gate.viewers() as u64, gate.viewers_max as u64),
        sql: app.analysis.confinement().words(),
        since_start: [
            read(&connections.turned_away),
            read(&connections.evicted),
            read(&connections.stalled),
            read(&gate.counters.viewers_dropped),
            read(&gate.counters.refused),
            crate::panics::count() as u64,
        ],
    }))
}

pub(super) struct Numbers {
    pub(super) connections: (u64, u64),
    pub(super) viewers: (u64, u64),
    pub(super) sql: &'static str,
    pub(super) since_start: [u64; 6],
}

pub(super) fn json_of(of: &Numbers) -> serde_json::Value {
    let [turned_away, evicted, stalled, dropped, refused, panics] = of.since_start;
    value!({
        "version": env!("CARGO_PKG_VERSION"),
        "connections": { "open": of.connections.0, "most": of.connections.1 },
        "viewers": { "open": of.viewers.0, "most": of.viewers.1 },
        "sql": of.sql,
        "since_start": {
            "connections_turned_away": turned_away,
            "idle_connections_closed": evicted,
            "stalled_readers_cut": stalled,
            "viewers_dropped": dropped,
            "requests_without_a_place": refused,
            "panics": panics,
        },
    })
}
