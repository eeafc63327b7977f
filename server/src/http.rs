//! HTTP: pages, API, live stream, static files.
//!
//! | path | what |
//! |---|---|
//! | `/`, `/cells`, `/trends`, `/home`, `/analysis`, `/links`, `/lab` | pages, rendered with the newest values |
//! | `/live/{system}` | WebSocket: binary live frames, server to page |
//! | `/api/v1/...` | JSON for people and programs, the same in a binary form for the page |
//! | `/actions/...` | what pages tell the server to do: server functions |
//! | `/victron/...` | the battery as a Victron GX says it, in JSON |
//! | `/pkg/...` | the built page, cached for ever by content hash |
//! | `/manifest.webmanifest`, icons | files of `public/` |
//! | `/sw.js`, `/offline`, `/offline.js` | what an installed page has when the server is away |
//! | `/api/v1/version` | which build this is, and the formats that it speaks |
//! | `/healthz`, `/readyz` | for process supervisors |
//!
//! Every request passes, from outside in: [`host`] (does it ask for us), [`guard`] (may that page write), [`requests`]
//! (it comes in time and ends), [`gate`] (there is memory for its answer).

mod actions;
mod analysis;
mod api;
mod asked;
mod assets;
mod cells;
mod downloads;
mod drawn;
mod error_page;
mod gate;
mod guard;
mod history;
mod home;
mod host;
mod instant;
mod lab;
mod large;
mod live;
mod offline;
mod pages;
mod playback;
mod problem;
mod recording;
mod requests;
mod status;
mod version;
mod victron;
mod workers;

use crate::analysis::Analysis;
use crate::hub::Hub;
use crate::listener::Connections;
use crate::recordings::Starts;
pub(crate) use api::RECENT_S;
pub(crate) use assets::{Files, Manifest};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
pub(crate) use gate::Gate;
pub(crate) use host::{Names, host_name};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate as _, SizeAbove};
pub(crate) use version::build;

/// What every handler has.
#[derive(Clone)]
pub(crate) struct AppState {
    /// What the engine publishes.
    pub(crate) hub: Arc<Hub>,
    /// The names of the built page's files.
    pub(crate) manifest: Arc<Manifest>,
    /// Those files.
    pub(crate) files: Files,
    /// What answers may take together.
    pub(crate) gate: Arc<Gate>,
    /// Who is connected.
    pub(crate) connections: Arc<Connections>,
    /// Who takes nothing for so long is cut off.
    pub(crate) patience: Duration,
    /// When recordings were started.
    pub(crate) starts: Arc<Mutex<Starts>>,
    /// The data folder.
    pub(crate) data: Arc<Path>,
    /// Runs queries.
    pub(crate) analysis: Arc<Analysis>,
}

/// Every route of the server, for those who ask by one of `names`.
pub(crate) fn router(state: AppState, names: Arc<Names>) -> Router {
    // Rendering spawns; an executor that is already there is the same one.
    let _ = any_spawner::Executor::init_tokio();
    actions::register();
    let public = state.files.public().map(str::to_owned).collect::<Vec<_>>();
    let api = Router::new()
        .route("/state", get(api::state))
        .route("/cells", get(api::cells))
        .route("/links", get(api::links))
        .route("/links/{id}/frames", get(api::frames))
        .route("/links/{id}/recording", get(recording::state).post(recording::start).delete(recording::stop))
        .route("/recordings", get(recording::list))
        .route("/recordings/{name}", get(recording::download).delete(recording::remove))
        .route("/series", get(api::series))
        .route("/history", get(history::history))
        .route("/history.csv", get(history::csv))
        .route("/history.parquet", get(history::parquet))
        .route("/cells/history", get(cells::history))
        .route("/home", get(home::home))
        .route("/playback/film", get(playback::film))
        .route("/playback/jump", get(playback::jump))
        .route("/server", get(status::server))
        .route("/version", get(version::version))
        .route("/lab", get(lab::read).post(lab::command))
        .route("/analysis/sql", post(analysis::sql))
        .route("/analysis/questions", get(analysis::questions))
        .route("/analysis/questions/{id}", get(analysis::question))
        .fallback(problem::no_such_path)
        .method_not_allowed_fallback(asked::no_such_method);
    let mut routes = Router::new()
        .nest("/api/v1", api)
        .route("/actions/{name}", post(actions::action).fallback(asked::no_such_method))
        .route("/live/{system}", get(live::live))
        .route("/victron/battery/current", get(victron::current))
        .route("/victron/battery/history", get(victron::history))
        .route("/victron/health", get(victron::health))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(api::ready))
        .route("/", get(pages::page))
        .route("/cells", get(pages::page))
        .route("/links", get(pages::page))
        .route("/trends", get(pages::page))
        .route("/lab", get(pages::page))
        .route("/home", get(pages::page))
        .route("/analysis", get(pages::page))
        .fallback(get(pages::missing))
        .layer(from_fn_with_state(state.clone(), gate::answers))
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(512).and(is_text)))
        // In memory already, and compressed as well as can be.
        .route("/pkg/{name}", get(assets::hashed))
        .route("/sw.js", get(offline::worker))
        .route("/offline", get(offline::document))
        .route("/offline.js", get(offline::start));
    for path in public {
        routes = routes.route(&path, get(assets::public));
    }
    routes
        .layer(from_fn(requests::ends))
        .layer(from_fn(requests::body))
        .layer(from_fn(guard::same_origin))
        .layer(DefaultBodyLimit::max(requests::BODY_LIMIT))
        .layer(from_fn_with_state(names, host::ours))
        .layer(from_fn(guard::headers))
        .with_state(state)
}

/// Whether an answer is sent compressed: pages and JSON, which are whole; no files, whose parts come when they are made,
/// and no large answer: its bytes are ready.
fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, more: &Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let text = ["text/html", "application/json", "application/problem+json"].iter().any(|text| kind.starts_with(text));
    text && more.get::<large::Ready>().is_none()
}
