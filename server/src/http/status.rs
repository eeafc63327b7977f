//! `GET /api/v1/server`: how the server itself does: who is connected, what its limits are, what was refused.

use super::AppState;
use super::answer::json;
use api::server::{Capacity, Counters, ServerResponse};
use axum::extract::State;
use axum::response::Response;
use std::sync::atomic::{AtomicU64, Ordering};

/// The handler.
pub(super) async fn server(State(app): State<AppState>) -> Response {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let (gate, connections) = (&app.gate, app.connections.counters());
    json(ServerResponse {
        version: env!("CARGO_PKG_VERSION"),
        connections: Capacity { open: app.connections.open(), most: app.connections.most() },
        viewers: Capacity { open: gate.viewers(), most: gate.viewers_max },
        sql: app.analysis.confinement().words(),
        since_start: Counters {
            connections_turned_away: read(&connections.turned_away),
            idle_connections_closed: read(&connections.evicted),
            stalled_readers_cut: read(&connections.stalled),
            viewers_dropped: read(&gate.counters.viewers_dropped),
            requests_without_a_place: read(&gate.counters.refused),
            panics: crate::panics::count(),
        },
    })
}
