//! Links: how each one does, and what it last received. And whether the server is ready, which is whether they are.

use super::AppState;
use super::answer::{json, octets, wants_octets};
use super::asked::Path;
use super::leave::Who;
use super::problem::Problem;
use api::links::{FramesResponse, LinksResponse};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use domain::link::LinkState;
use domain::people::action::Action;
use domain::plain::quoted;
use domain::wire::Wire as _;

/// `GET /api/v1/links`: every link's state and counters.
pub(super) async fn links(State(app): State<AppState>) -> Response {
    let now = (app.hub.clock)();
    let statuses: Vec<_> = app.hub.links.iter().map(|link| link.status()).collect();
    json(LinksResponse::of(&app.hub.site, &statuses, now))
}

/// `GET /api/v1/links/{id}/frames`: the newest raw frames beside their decoded values.
pub(super) async fn frames(
    State(app): State<AppState>,
    Path(id): Path,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let index = app.hub.site.links.iter().position(|link| link.id == id);
    let link = index.and_then(|index| app.hub.links.get(index));
    let link = link.ok_or_else(|| Problem::not_found(format!("there is no link {}", quoted(&id))))?;
    let rows = link.frames((app.hub.clock)());
    Ok(if wants_octets(&headers) { octets(rows.to_bytes()) } else { json(FramesResponse::from(rows.as_slice())) })
}

/// `GET /readyz`: 200 when every link is up and history is written, else 503. A probe needs no account for it; what is not
/// ready is told to who may look at the site.
pub(super) async fn ready(State(app): State<AppState>, who: Who) -> (StatusCode, String) {
    let mut missing: Vec<String> = (app.hub.site.links.iter().zip(&app.hub.links))
        .map(|(spec, link)| (spec, link.status().state))
        .filter(|(_, state)| !matches!(state, LinkState::Up | LinkState::Ended))
        .map(|(spec, state)| format!("link {}: {}\n", spec.id, state.word()))
        .collect();
    if let Some(error) = app.hub.store.health().error {
        missing.push(format!("history: {error}\n"));
    }
    match missing.is_empty() {
        true => (StatusCode::OK, "ready\n".to_owned()),
        false if who.may(Action::Read).is_err() => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned()),
        false => (StatusCode::SERVICE_UNAVAILABLE, missing.concat()),
    }
}
