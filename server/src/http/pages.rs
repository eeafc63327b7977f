//! Pages: rendered with the newest snapshot, which the document also carries for the browser to take over.

use super::AppState;
use super::alarms::ALARMS_AT_ONCE;
use super::answer::wants_page;
use super::control;
use super::error_page::error_page;
use super::leave::Who;
use super::people;
use super::problem::Problem;
use crate::hub::Published;
use api::alarms::AlarmsResponse;
use api::people::SessionResponse;
use app::address::Address;
use app::boot::{Boot, Person};
use app::pages::control as control_page;
use app::shell;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use domain::live::key_frame;
use domain::plain::shown;
use domain::time::Utc;
use domain::twin::Snapshot;
use domain::wire::Wire as _;
use leptos::nonce::use_nonce;
use leptos::prelude::expect_context;
use leptos_axum::{ResponseOptions, render_app_async_with_context};
use std::time::Duration;
use tokio::runtime::Handle;

/// A page of the app.
pub(super) async fn page(State(state): State<AppState>, who: Who, request: Request) -> Response {
    let address = request.uri().path_and_query().map_or_else(Address::default, |at| Address::parse(at.as_str()));
    // A system that the site does not have: the page says so, in the frame of another one.
    let named = app::whose::system(&address, &state.hub.site);
    if named.is_none() && !wants_page(request.headers()) {
        return Problem::not_found("this site has no system of that name").into_response();
    }
    let system = named.unwrap_or_else(|| app::whose::default(address.path(), &state.hub.site));
    let Some(boot) = boot(&state, &who, system, &address).await else {
        let (what, advice) =
            ("This system has no values", "It is not started yet, or has ended. Try again in a moment.");
        return error_page(StatusCode::SERVICE_UNAVAILABLE, what, advice);
    };
    let assets = state.manifest.assets.clone();
    let turn = match state.gate.page().await {
        Ok(turn) => turn,
        Err(_) => {
            let advice = "More people ask for pages than it can make. Try again in a few seconds.";
            return error_page(StatusCode::SERVICE_UNAVAILABLE, "The server is busy", advice);
        }
    };
    let person = Person(who.0.session.as_ref().map(|(session, _)| session.name.clone()));
    let path = request.uri().path().to_owned();
    let render = render_app_async_with_context(headers, move || {
        shell(&assets, boot.clone(), address.clone(), person.clone(), use_nonce().map(|nonce| nonce.to_string()))
    });
    // On one thread from its beginning to its end: what a page keeps for the browser belongs to the thread that made it,
    // and whoever lets go of it on another panics. So a client that goes away does not stop it either.
    let of = path.clone();
    let rendered = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        Handle::current().block_on(async { whole(render(request).await, &of).await })
    });
    let mut response = rendered.await.unwrap_or_else(|_| Problem::broken().into_response());
    if named.is_none() && response.status().is_success() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// A document waits so long for the list of what was commanded.
const HISTORY_WITHIN: Duration = Duration::from_millis(500);

/// No page is larger, bytes.
const PAGE_MAX: usize = 8 << 20;

/// What a whole page has.
const END: &[u8] = b"</html>";

/// The page, if all of it is there: a part of it is an error, not a page.
async fn whole(response: Response, path: &str) -> Response {
    let (head, body) = response.into_parts();
    match to_bytes(body, PAGE_MAX).await {
        // Leptos sets marks behind it.
        Ok(page) if page.windows(END.len()).rev().any(|part| part == END) => {
            Response::from_parts(head, Body::from(page))
        }
        _ => {
            tracing::error!("the page {path} was not rendered to its end");
            Problem::broken().into_response()
        }
    }
}

/// The app's own words for a path that no page has, for a browser that asked for a page.
pub(super) async fn missing(state: State<AppState>, who: Who, request: Request) -> Response {
    if !matches!(*request.method(), Method::GET | Method::HEAD) || !wants_page(request.headers()) {
        let words =
            format!("there is nothing at {}; /api lists the addresses for programs", shown(request.uri().path()));
        return Problem::not_found(words).into_response();
    }
    let mut response = page(state, who, request).await;
    if response.status().is_success() {
        *response.status_mut() = StatusCode::NOT_FOUND;
    }
    response
}

/// What the document starts from: the system at that index of the site, now or at the instant `at`.
async fn boot(state: &AppState, who: &Who, system: usize, address: &Address) -> Option<Boot> {
    let newest = state.hub.newest(system)?;
    // What has not come yet is now: the page says so.
    let at = app::live::instant(address).filter(|at| *at <= newest.snapshot.now.utc);
    let key = match at {
        Some(at) => past(state, system, at).await?,
        None => newest.key().to_vec(),
    };
    let lab = state.hub.labs.get(system)?.as_ref().map(sim::LabHandle::state);
    let page = match address.path() {
        "/control" => control_start(state, who, system, address, at).await,
        "/alarms" => alarms_start(state, who, system, &newest).await,
        "/lab" => app::pages::lab::Start { session: session(state, who).await }.to_bytes(),
        _ => Vec::new(),
    };
    Some(Boot { site: (*state.hub.site).clone(), system, key, at, lab, page })
}

/// Who asks; `None` if that cannot be known now.
async fn session(state: &AppState, who: &Who) -> Option<SessionResponse> {
    people::session_of(state, (*who.0).clone()).await.ok()
}

/// What the page Alarms begins with: those that there are now, unless they are very many, and who asks.
async fn alarms_start(state: &AppState, who: &Who, system: usize, newest: &Published) -> Vec<u8> {
    // What is raised from here on is not in it, and was not seen by who gets it.
    let now = state.alarms.utc();
    let records = state.alarms.records(system);
    let spec = state.hub.site.systems.get(system).filter(|_| records.len() <= ALARMS_AT_ONCE);
    let alarms = spec.map(|spec| AlarmsResponse::of(&state.hub.site, spec, &records, &newest.snapshot, now));
    app::pages::alarms::Start { alarms, session: session(state, who).await }.to_bytes()
}

/// What the page Control begins with: the controls as they are now, who asks, what was commanded until the instant that is
/// shown, and what a form that led here has asked for.
async fn control_start(state: &AppState, who: &Who, system: usize, address: &Address, at: Option<Utc>) -> Vec<u8> {
    let controls = state.commands.state(system).map(|controls| (*controls).clone());
    // A page that does not know who asks shows the values and offers nothing.
    let session = session(state, who).await;
    let spec = state.hub.site.systems.get(system);
    let id = spec.map(|spec| spec.id.clone());
    let before = at.map_or(Utc(i64::MAX), |at| Utc(at.0 + 1));
    // A page does not wait for the lists of others: it asks for its own later.
    let history = control::listed(state, id, before, control_page::LISTED as i64);
    let history = tokio::time::timeout(HISTORY_WITHIN, history).await.ok().and_then(Result::ok);
    let asked = match (address.field(control_page::ASKED), spec) {
        (Some(id), Some(spec)) => Some(control::asked_by(state, spec, &id).await),
        _ => None,
    };
    let mut id = [0; 16];
    let form_id = match getrandom::fill(&mut id) {
        Ok(()) => format!("{:032x}", u128::from_be_bytes(id)),
        Err(_) => String::new(),
    };
    control_page::Start { controls, session, form_id, history, asked }.to_bytes()
}

/// The key frame of an instant; of one that nothing is known of, it says so.
async fn past(state: &AppState, system: usize, at: Utc) -> Option<Vec<u8>> {
    let spec = state.hub.site.systems.get(system)?;
    let snapshot = state.ask_past(system, move |past| past.snapshot(at.0.div_euclid(1_000))).await;
    // An answer that does not come is a snapshot without values: the page says that, and goes on.
    let snapshot = snapshot.ok().flatten().unwrap_or_else(|| Snapshot::unknown(spec, at));
    Some(key_frame(spec, 0, &snapshot))
}

/// Values are of this instant, and only our own scripts run: those with this request's nonce.
fn headers() {
    let options = expect_context::<ResponseOptions>();
    options.insert_header(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nonce = use_nonce().map(|nonce| format!("'nonce-{nonce}'")).unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src {nonce} 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self' {nonce}; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; manifest-src 'self'; \
         worker-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        options.insert_header(CONTENT_SECURITY_POLICY, policy);
    }
}
