//! The document to sign in, or to make the first admin. It says nothing of the site, and its form needs no script.
//!
//! Who may not see a page is [led](super::way_back::lead) here, and from here back to it.

use super::AppState;
use super::leave::{Connected, Who};
use super::problem::{Problem, sentence};
use super::way_back::{TO, path_of, way_back};
use app::address::Address;
use app::session::PATH as ACTION;
use app::sign_in::{Form, SignIn, document};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERER, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{Html, IntoResponse as _, Response};
use std::collections::HashMap;

const READABLE: &str = "Here nobody can sign in: this connection is not encrypted, and others could read the password. \
    Open Packtwin by https, or on the machine that it runs on. If there is no https yet, start packtwin with TLS: \
    docs/operate.md says how";
const NO_ACCOUNT: &str = "Nobody has an account here yet, and the token for the first one is not good any more. Restart \
    packtwin: it writes a new one on its console, good for 15 minutes. Or make the account on its machine: packtwin user \
    add NAME --role admin";

/// A form that signs somebody in. What was typed into it is shown again with a refusal, all but the password.
pub(super) struct SignsIn {
    sets_up: bool,
    name: String,
    /// The token from the console. It is good for once, and only until the first account is made.
    token: String,
    /// Where one goes then, on this server.
    pub(super) to: String,
}

impl SignsIn {
    /// If the action at this path is one.
    pub(super) fn of(path: &str, fields: &HashMap<String, String>) -> Option<SignsIn> {
        let what = fields.get("what").filter(|_| path == ACTION)?;
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        match what.as_str() {
            "sign-in" | "set-up" => Some(SignsIn {
                sets_up: what == "set-up",
                name: field("name"),
                token: field("token"),
                to: way_back(&field(TO)),
            }),
            _ => None,
        }
    }
}

/// `GET /sign-in?to=/cells`
pub(super) async fn page(
    State(app): State<AppState>,
    Who(asker): Who,
    connected: Connected,
    request: Request,
) -> Result<Response, Problem> {
    let headers = request.headers();
    let address = request.uri().path_and_query().map_or_else(Address::default, |at| Address::parse(at.as_str()));
    let to = address.field(TO).map(|to| way_back(&to));
    // From a page of ours one goes back to it.
    let referer = headers.get(REFERER).and_then(|page| page.to_str().ok());
    let to = to.unwrap_or_else(|| way_back(&path_of(referer)));
    // Who comes by a link of another site has not shown their cookie yet: browsers keep it back.
    let foreign = headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    let signed_in = asker.session.as_ref().map(|(session, _)| session.name.clone());
    let form = form(&app, connected).await?;
    let open = app.people.reading_open();
    let shown = SignIn { form, to, signed_in, foreign, open, ..SignIn::default() };
    Ok(answer(&app, shown, StatusCode::OK, None))
}

/// The document once more, with the reason why nobody was signed in by a form.
pub(super) async fn again(app: &AppState, connected: Connected, form: &SignsIn, problem: &Problem) -> Response {
    // What could be asked for may be another form by now.
    let now = self::form(app, connected).await.unwrap_or(if form.sets_up { Form::SetUp } else { Form::SignIn });
    let refused = Some(sentence(problem.detail()));
    let shown = SignIn {
        form: now,
        to: form.to.clone(),
        name: form.name.clone(),
        token: form.token.clone(),
        refused,
        open: app.people.reading_open(),
        ..SignIn::default()
    };
    answer(app, shown, problem.status(), problem.again_s())
}

/// What can be asked for now.
async fn form(app: &AppState, connected: Connected) -> Result<Form, Problem> {
    let ask = |people: &crate::people::People| {
        (people.any_account(), people.setup_is_open(), people.unusable().map(str::to_owned))
    };
    Ok(match app.people.ask(ask).await? {
        (_, _, Some(why)) => Form::None(sentence(&why)),
        _ if connected.unread().is_err() => Form::None(format!("{READABLE}.")),
        (true, ..) => Form::SignIn,
        (false, true, _) => Form::SetUp,
        (false, false, _) => Form::None(format!("{NO_ACCOUNT}.")),
    })
}

fn answer(app: &AppState, shown: SignIn, status: StatusCode, again_s: Option<u64>) -> Response {
    let nonce = leptos::nonce::Nonce::new().to_string();
    let page = document(&app.manifest.assets.css, &nonce, shown);
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data:; manifest-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        headers.insert(CONTENT_SECURITY_POLICY, policy);
    }
    if let Some(again_s) = again_s {
        headers.insert(RETRY_AFTER, HeaderValue::from(again_s));
    }
    (status, headers, Html(page)).into_response()
}
