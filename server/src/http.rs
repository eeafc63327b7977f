//! HTTP: pages, API, live stream, static files.
//!
//! | path | what |
//! |---|---|
//! | `/`, `/cells`, `/trends`, `/home`, `/analysis`, `/links`, `/lab` | pages, rendered with the newest values |
//! | `/live/{system}` | WebSocket: binary live frames, server to page |
//! | `/api/v1/...` | JSON for people and programs, the same in a binary form for the page |
//! | `/victron/...` | the battery as a Victron GX says it, in JSON |
//! | `/pkg/...` | the built page, cached for ever by content hash |
//! | `/healthz`, `/readyz` | for process supervisors |

mod analysis;
mod api;
mod assets;
mod cells;
mod drawn;
mod error_page;
mod guard;
mod history;
mod home;
mod instant;
mod lab;
mod live;
mod pages;
mod playback;
mod problem;
mod recording;
mod victron;

use crate::analysis::Analysis;
use crate::hub::Hub;
pub(crate) use api::RECENT_S;
pub(crate) use assets::Manifest;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing::{get, post};
use std::path::Path;
use std::sync::Arc;

/// What every handler has.
#[derive(Clone)]
pub(crate) struct AppState {
    /// What the engine publishes.
    pub(crate) hub: Arc<Hub>,
    /// The names of the built page's files.
    pub(crate) manifest: Arc<Manifest>,
    /// The data folder.
    pub(crate) data: Arc<Path>,
    /// Runs queries.
    pub(crate) analysis: Arc<Analysis>,
}

/// No request of ours is larger.
const BODY_LIMIT: usize = 64 * 1024;

/// Every route of the server.
pub(crate) fn router(state: AppState, assets: &Path) -> Router {
    // Rendering spawns; an executor that is already there is the same one.
    let _ = any_spawner::Executor::init_tokio();
    let api = Router::new()
        .route("/state", get(api::state))
        .route("/cells", get(api::cells))
        .route("/links", get(api::links))
        .route("/links/{id}/frames", get(api::frames))
        .route("/links/{id}/recording", get(recording::state).post(recording::start).delete(recording::stop))
        .route("/recordings", get(recording::list))
        .route("/recordings/{name}", get(recording::download))
        .route("/series", get(api::series))
        .route("/history", get(history::history))
        .route("/history.csv", get(history::csv))
        .route("/history.parquet", get(history::parquet))
        .route("/cells/history", get(cells::history))
        .route("/home", get(home::home))
        .route("/playback/film", get(playback::film))
        .route("/playback/jump", get(playback::jump))
        .route("/lab", get(lab::read).post(lab::command))
        .route("/analysis/sql", post(analysis::sql))
        .route("/analysis/questions", get(analysis::questions))
        .route("/analysis/questions/{id}", get(analysis::question))
        .fallback(problem::no_such_path);
    Router::new()
        .nest("/api/v1", api)
        .route("/live/{system}", get(live::live))
        .route("/victron/battery/current", get(victron::current))
        .route("/victron/battery/history", get(victron::history))
        .route("/victron/health", get(victron::health))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(api::ready))
        .nest_service("/pkg", assets::service(&assets.join("pkg")))
        .route_service("/favicon.png", assets::file(&assets.join("favicon.png")))
        .route("/", get(pages::page))
        .route("/cells", get(pages::page))
        .route("/links", get(pages::page))
        .route("/trends", get(pages::page))
        .route("/lab", get(pages::page))
        .route("/home", get(pages::page))
        .route("/analysis", get(pages::page))
        .fallback(get(pages::missing))
        .layer(from_fn(guard::same_origin))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn(guard::headers))
        .with_state(state)
}
