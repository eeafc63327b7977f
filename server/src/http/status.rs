//! `GET /api/v1/server`: how the server itself does: who is connected, what its limits are, what was refused.

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::leave::{Connected, Who};
use api::server::{Capacity, CertificateEntry, ConnectionState, Counters, SecurityState, ServerResponse};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use domain::wire::Wire as _;
use std::sync::atomic::{AtomicU64, Ordering};

/// How the server is reached and protected.
fn security(app: &AppState, connected: Connected) -> SecurityState {
    let reach = &app.reach;
    let certificate = reach.tls.as_ref().map(|tls| (tls.facts(), tls.is_made()));
    SecurityState {
        listens: reach.listens.to_string(),
        tls: certificate.is_some(),
        certificate: certificate.map(|(facts, made)| CertificateEntry {
            names: facts.names,
            begins: facts.begins,
            ends: facts.ends,
            sha256: facts.fingerprint,
            made_by_packtwin: made,
        }),
        proxies: reach.proxies.words(),
        names: app.names.given().to_vec(),
        reading_open: app.people.reading_open(),
        connection: ConnectionState { secure: connected.secure, address: connected.from.to_string() },
    }
}

/// The handler. How it is protected is said to those alone who have shown who they are.
pub(super) async fn server(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
    headers: HeaderMap,
) -> Response {
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let capacity = |open: usize, most: usize| Capacity { open: open as u64, most: most as u64 };
    let (gate, connections) = (&app.gate, app.connections.counters());
    let known = !asker.who.name.is_empty();
    let answer = ServerResponse {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        connections: capacity(app.connections.open(), app.connections.most()),
        viewers: capacity(gate.viewers(), gate.viewers_max),
        sql: app.analysis.confinement().words().to_owned(),
        security: known.then(|| security(&app, connected)),
        since_start: Counters {
            connections_turned_away: read(&connections.turned_away),
            idle_connections_closed: read(&connections.evicted),
            tls_handshakes_failed: read(&connections.handshakes_failed),
            stalled_readers_cut: read(&connections.stalled),
            viewers_dropped: read(&gate.counters.viewers_dropped),
            requests_without_a_place: read(&gate.counters.refused),
            panics: crate::panics::count(),
        },
    };
    if wants_octets(&headers) { octets(answer.to_bytes()) } else { json(answer) }
}
