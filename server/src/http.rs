//! HTTP: pages, API, live stream, static files.
//!
//! | path | what |
//! |---|---|
//! | `/`, `/cells`, `/trends`, `/home`, `/analysis`, `/links`, `/control`, `/alarms`, `/lab` | pages, rendered with the newest values |
//! | `/settings`, `/audit` | the pages of people |
//! | `/sign-in` | the document to sign in, which needs no other |
//! | `/live/{system}` | WebSocket: binary live frames, server to page |
//! | `/api/v1/...` | JSON for people and programs, the same in a binary form for the page |
//! | `/api`, `/api/openapi.json` | the description of the API, for people and for programs |
//! | `/actions/...` | what pages tell the server to do: server functions |
//! | `/victron/...` | the battery as a Victron GX says it, in JSON |
//! | `/pkg/...` | the built page, cached for ever by content hash |
//! | `/manifest.webmanifest`, icons | files of `public/` |
//! | `/sw.js`, `/offline`, `/offline.js` | what an installed page has when the server is away |
//! | `/api/v1/version` | which build this is, and the formats that it speaks |
//! | `/healthz`, `/readyz` | for process supervisors |
//!
//! Every request passes, from outside in: [`problem`] (an error has its form), [`host`] (does it ask for us), [`guard`]
//! (may that page write), [`leave`] (who asks, and may they), [`requests`] (it comes in time and ends), [`large`] (there is
//! memory for its answer).

mod actions;
mod alarms;
mod analysis;
mod answer;
mod ask;
mod asked;
mod assets;
mod cells;
mod control;
mod cookie;
mod describe;
mod downloads;
mod drawn;
mod error_page;
mod flight;
#[cfg(test)]
mod golden;
mod guard;
mod history;
mod home;
mod host;
mod instant;
mod lab;
mod large;
mod leave;
mod links;
mod live;
mod offline;
mod pages;
mod people;
mod playback;
mod problem;
mod recording;
mod requests;
mod routes;
mod series;
mod sign_in;
mod state;
mod status;
mod version;
mod victron;
mod way_back;

use crate::alarms::AlarmOrders;
use crate::analysis::Analysis;
use crate::control::Commands;
use crate::gate::Gate;
use crate::hub::Hub;
use crate::listener::Connections;
use crate::people::People;
use crate::reach::Reach;
use crate::recordings::Starts;
pub(crate) use assets::{Files, Manifest};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Extensions, HeaderMap, StatusCode, Version};
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, post};
pub(crate) use host::{Names, host_name};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate as _, SizeAbove};
pub(crate) use version::site_number;

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
    /// Who asks, and what they did.
    pub(crate) people: Arc<People>,
    /// How the server is reached.
    pub(crate) reach: Arc<Reach>,
    /// The names by which it may be asked.
    pub(crate) names: Arc<Names>,
    /// The way to the engine, for commands.
    pub(crate) commands: Arc<Commands>,
    /// Held by who arms or disarms: what was said last holds in the file and in the engine.
    pub(crate) arming: Arc<Mutex<()>>,
    /// The way to the engine, for what people do about alarms.
    pub(crate) alarms: Arc<AlarmOrders>,
    /// Runs queries.
    pub(crate) analysis: Arc<Analysis>,
}

/// Every route of the server, for those who ask by one of its names.
pub(crate) fn router(state: AppState) -> Router {
    // Rendering spawns; an executor that is already there is the same one.
    let _ = any_spawner::Executor::init_tokio();
    actions::register();
    let public = state.files.public().map(str::to_owned).collect::<Vec<_>>();
    let mut routes = Router::new()
        .merge(routes::api().router)
        .route("/actions/{name}", post(actions::action).get(actions::page))
        .route("/live/{system}", get(live::live))
        .route("/", get(pages::page))
        .route("/cells", get(pages::page))
        .route("/links", get(pages::page))
        .route("/trends", get(pages::page))
        .route("/control", get(pages::page))
        .route("/alarms", get(pages::page))
        .route("/lab", get(pages::page))
        .route("/home", get(pages::page))
        .route("/analysis", get(pages::page))
        .route("/settings", get(pages::page))
        .route("/audit", get(pages::page))
        .route("/sign-in", get(sign_in::page))
        .fallback(pages::missing)
        .layer(from_fn_with_state(state.clone(), large::answers))
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
        .method_not_allowed_fallback(asked::no_such_method)
        .layer(from_fn(requests::ends))
        .layer(from_fn(requests::body))
        .layer(from_fn_with_state(state.clone(), leave::needed))
        .layer(from_fn(guard::same_origin))
        .layer(DefaultBodyLimit::max(requests::BODY_LIMIT))
        .layer(from_fn_with_state(state.names.clone(), host::ours))
        .layer(from_fn(problem::formed))
        .layer(from_fn_with_state(state.reach.insists_on_tls(), guard::headers))
        .with_state(state)
}

/// Whether an answer is sent compressed: pages and JSON, which are whole; no files, whose parts come when they are made,
/// and no large answer: its bytes are ready.
fn is_text(_: StatusCode, _: Version, headers: &HeaderMap, more: &Extensions) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let text = ["text/html", "application/json", "application/problem+json"].iter().any(|text| kind.starts_with(text));
    text && more.get::<large::Ready>().is_none()
}
