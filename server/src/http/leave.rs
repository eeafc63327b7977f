//! Who asks, and whether they may: before anything else is done for a request.
//!
//! What each address of the API needs is said in its row of [`OPERATIONS`]; what the others need, here. An address that is
//! in neither needs leave to read, and one that changes something the most there is. Handlers ask for [`Who`].

use super::AppState;
use super::answer::wants_page;
use super::problem::{OF_PROGRAMS, Problem};
use super::{cookie, way_back};
use crate::listener::Arrived;
use crate::people::{Asker, Presented, Refused};
use crate::proxies::UNKNOWN;
use api::operations::{Method as Verb, Needs, OPERATIONS};
use axum::extract::{FromRequestParts, MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use domain::people::action::Action;
use domain::people::{Denied, authorize};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

/// Who asks: for every handler.
#[derive(Clone, Debug)]
pub(super) struct Who(pub(super) Arc<Asker>);

impl Who {
    /// Whether they may do this, besides what the address needs.
    ///
    /// # Errors
    /// Why not.
    pub(super) fn may(&self, action: Action) -> Result<(), Problem> {
        authorize(&self.0.who, action).map_err(|denied| Problem::from(Refused::Denied(denied)))
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Who {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Who, Problem> {
        // Without the layer below nobody is let in.
        parts.extensions.get::<Who>().cloned().ok_or_else(|| Problem::from(Refused::Denied(Denied::SignIn("do this"))))
    }
}

/// How somebody is connected.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connected {
    /// From where.
    pub(super) from: IpAddr,
    /// Whether nobody else can read what is said.
    pub(super) secure: bool,
    /// Our port.
    pub(super) port: u16,
}

impl Connected {
    /// Of a request that came in by the listener; of any other, as from far away and read by all.
    pub(super) fn of(extensions: &axum::http::Extensions) -> Connected {
        match extensions.get::<Arrived>() {
            Some(arrived) => Connected { from: arrived.from, secure: arrived.secure, port: arrived.port },
            None => Connected { from: UNKNOWN, secure: false, port: 0 },
        }
    }

    /// Whether a password may be said here.
    ///
    /// # Errors
    /// Others could read it.
    pub(super) fn unread(self) -> Result<(), Refused> {
        if self.secure || self.from.to_canonical().is_loopback() { Ok(()) } else { Err(Refused::Readable) }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Connected {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Connected, Self::Rejection> {
        Ok(Connected::of(&parts.extensions))
    }
}

/// What the rows of the API need.
static ROWS: LazyLock<HashMap<(Verb, &'static str), Needs>> =
    LazyLock::new(|| OPERATIONS.iter().map(|row| ((row.method, row.path), row.needs)).collect());

/// What a request needs. `path` is that of its route; `None` if there is none.
fn needs(method: &Method, path: Option<&str>, is_public: impl FnOnce(&str) -> bool) -> Needs {
    let verb = match *method {
        Method::GET | Method::HEAD => Verb::Get,
        Method::POST => Verb::Post,
        Method::DELETE => Verb::Delete,
        // No route has it.
        _ => return Needs::Leave(Action::Read),
    };
    let Some(path) = path else { return Needs::Leave(Action::Read) };
    if let Some(needs) = ROWS.iter().find(|((of, at), _)| *of == verb && *at == path).map(|(_, needs)| *needs) {
        return needs;
    }
    // Without these no page can be shown, not even one that lets somebody sign in; they say nothing of the site.
    let is_file =
        ["/pkg/{name}", "/sw.js", "/offline", "/offline.js", way_back::PATH].contains(&path) || is_public(path);
    match (verb, path) {
        // Each says for itself.
        (Verb::Post, "/actions/{name}") => Needs::Nothing,
        (Verb::Get, _) if is_file => Needs::Nothing,
        (Verb::Get, _) => Needs::Leave(Action::Read),
        // A method that a route does not have is answered with that.
        (Verb::Post | Verb::Delete, _) if is_file => Needs::Leave(Action::Read),
        (Verb::Post | Verb::Delete, path) if ONLY_READ.contains(&path) || ROWS.keys().any(|(_, at)| *at == path) => {
            Needs::Leave(Action::Read)
        }
        (Verb::Post | Verb::Delete, _) => Needs::Leave(Action::ManageUsers),
    }
}

/// Routes besides the API that change nothing, whatever is asked; the last is the answer to addresses that there are not.
const ONLY_READ: [&str; 14] = [
    "/",
    "/control",
    "/cells",
    "/links",
    "/trends",
    "/lab",
    "/home",
    "/analysis",
    "/settings",
    "/audit",
    "/live/{system}",
    "/actions/{name}",
    "/api",
    "/api/{*rest}",
];

/// Whether a person does something with this request: sends something, or goes to a page. What an open page asks by itself
/// keeps nobody's rights alive.
fn is_active(method: &Method, headers: &HeaderMap) -> bool {
    !matches!(*method, Method::GET | Method::HEAD)
        || headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate")
}

/// Lets those through who may.
pub(super) async fn needed(State(app): State<AppState>, mut request: Request, next: Next) -> Response {
    let connected = Connected::of(request.extensions());
    let path = request.extensions().get::<MatchedPath>().map(|path| path.as_str().to_owned());
    let needs = needs(request.method(), path.as_deref(), |path| app.files.public().any(|file| file == path));
    let shown = cookie::presented(request.headers(), connected.secure, connected.port);
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    let looks = reads && matches!(needs, Needs::Nothing | Needs::Leave(Action::Read));
    let active = is_active(request.method(), request.headers());
    let asker = match look(&app, shown, connected, active, looks).await {
        Ok(asker) => asker,
        Err(refused) => return Problem::from(refused).into_response(),
    };
    if let Needs::Leave(action) = needs
        && let Err(denied) = authorize(&asker.who, action)
    {
        let of_programs = || OF_PROGRAMS.iter().any(|start| request.uri().path().starts_with(start));
        // A person who wants to see a page is led to where they can say who they are.
        if reads && matches!(denied, Denied::SignIn(_)) && wants_page(request.headers()) && !of_programs() {
            return way_back::lead(request.uri());
        }
        return Problem::from(Refused::Denied(denied)).into_response();
    }
    request.extensions_mut().insert(Who(Arc::new(asker)));
    next.run(request).await
}

/// Who asks; `looks` if they want no more than to look.
async fn look(
    app: &AppState,
    shown: Presented,
    connected: Connected,
    active: bool,
    looks: bool,
) -> Result<Asker, Refused> {
    // Most who look show nothing, and need nothing to be looked up.
    if looks && shown.cookie.is_none() && shown.bearer.is_none() && app.people.reading_open() {
        return Ok(app.people.stranger(connected.from));
    }
    if shown.bearer.is_some() {
        connected.unread()?;
    }
    let found = app.people.ask(move |people| people.who(&shown, connected.from, active)).await?;
    found.map_err(Refused::from)
}

/// Says again whether who follows the live stream may: their session may have ended.
pub(super) async fn still(app: &AppState, shown: &Presented, connected: Connected) -> bool {
    let asker = look(app, shown.clone(), connected, false, true).await;
    asker.is_ok_and(|asker| authorize(&asker.who, Action::Read).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_address_needs_what_its_row_says_and_others_the_most() {
        use Action::{ManageUsers, Read, UseLab};
        let read = Needs::Leave(Read);
        for (method, path, expected) in [
            (Method::GET, Some("/api/v1/state"), read),
            (Method::HEAD, Some("/api/v1/state"), read),
            (Method::POST, Some("/api/v1/lab"), Needs::Leave(UseLab)),
            (Method::POST, Some("/api/v1/users"), Needs::Leave(ManageUsers)),
            (Method::POST, Some("/api/v1/session"), Needs::Nothing),
            (Method::GET, Some("/healthz"), Needs::Nothing),
            (Method::GET, Some("/readyz"), Needs::Nothing),
            (Method::GET, Some("/victron/health"), read),
            (Method::GET, Some("/live/{system}"), read),
            (Method::GET, Some("/cells"), read),
            (Method::GET, Some("/api"), read),
            (Method::GET, Some("/settings"), read),
            (Method::GET, Some("/audit"), read),
            (Method::GET, Some("/sign-in"), Needs::Nothing),
            (Method::POST, Some("/sign-in"), read),
            (Method::GET, Some("/pkg/{name}"), Needs::Nothing),
            (Method::GET, Some("/favicon.png"), Needs::Nothing),
            (Method::POST, Some("/favicon.png"), read),
            (Method::DELETE, Some("/pkg/{name}"), read),
            (Method::POST, Some("/actions/{name}"), Needs::Nothing),
            (Method::GET, Some("/actions/{name}"), read),
            (Method::POST, Some("/new"), Needs::Leave(ManageUsers)),
            (Method::DELETE, Some("/api/{*rest}"), read),
            (Method::POST, Some("/cells"), read),
            (Method::DELETE, Some("/actions/{name}"), read),
            (Method::DELETE, Some("/api/v1/state"), read),
            (Method::PUT, Some("/api/v1/lab"), read),
            (Method::GET, None, read),
        ] {
            assert_eq!(needs(&method, path, |path| path == "/favicon.png"), expected, "{method} {path:?}");
        }
        // Every row that changes something says what it needs, or is about who somebody is.
        for row in OPERATIONS.iter().filter(|row| row.method != Verb::Get) {
            let own = ["/api/v1/session", "/api/v1/setup"].contains(&row.path);
            assert_eq!(row.needs == Needs::Nothing, own, "{}", row.path);
        }
    }

    #[test]
    fn only_what_a_person_does_counts_as_doing_something() {
        let with =
            |mode: &'static str| HeaderMap::from_iter([("sec-fetch-mode".parse().unwrap(), mode.parse().unwrap())]);
        assert!(is_active(&Method::POST, &HeaderMap::new()) && is_active(&Method::GET, &with("navigate")));
        assert!(!is_active(&Method::GET, &HeaderMap::new()) && !is_active(&Method::GET, &with("cors")));
    }
}
