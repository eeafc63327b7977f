//! The document to sign in, or to make the first admin. It says nothing of the site, and its form needs no script.
//!
//! Who may not see a page is [led](lead) here, and from here back to it.

use super::AppState;
use super::actions::path_of;
use super::leave::{Connected, Who};
use super::problem::{Problem, sentence};
use app::address::Address;
use app::session::PATH as ACTION;
use app::sign_in::{Form, SignIn, document};
use axum::extract::{Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, LOCATION, REFERER, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{Html, IntoResponse as _, Response};
use std::collections::HashMap;
use std::fmt::Write as _;

/// Where it is.
pub(super) const PATH: &str = "/sign-in";
/// The field of its address and its form that says where one goes then.
pub(super) const TO: &str = "to";

const READABLE: &str = "Here nobody can sign in: this connection is not encrypted, and others could read the password. \
    Open Packtwin by https, or on the machine that it runs on. If there is no https yet, start packtwin with TLS: \
    docs/operate.md says how";
const NO_ACCOUNT: &str = "Nobody has an account here yet, and the token for the first one is not good any more. Restart \
    packtwin: it writes a new one on its console, good for 15 minutes. Or make the account on its machine: packtwin user \
    add NAME --role admin";

/// A form that signs somebody in.
#[derive(Debug)]
pub(super) struct SignsIn {
    sets_up: bool,
    name: String,
    /// Where one goes then, on this server.
    pub(super) to: String,
}

impl SignsIn {
    /// If the action at this path is one.
    pub(super) fn of(path: &str, fields: &HashMap<String, String>) -> Option<SignsIn> {
        let what = fields.get("what").filter(|_| path == ACTION)?;
        let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
        match what.as_str() {
            "sign-in" | "set-up" => {
                Some(SignsIn { sets_up: what == "set-up", name: field("name"), to: way_back(&field(TO)) })
            }
            _ => None,
        }
    }
}

/// An address of this server to go to from here; not this one itself.
fn way_back(to: &str) -> String {
    let to = path_of(Some(&format!("http://here{to}")));
    if Address::parse(&to).path() == PATH { "/".to_owned() } else { to }
}

/// Leads somebody here who may not see the page at `uri` before they have said who they are.
pub(super) fn lead(uri: &Uri) -> Response {
    let to = uri.path_and_query().map_or("/", |at| at.as_str());
    let location = HeaderValue::from_str(&format!("{PATH}?{TO}={}", encoded(to)));
    let location = location.unwrap_or(HeaderValue::from_static(PATH));
    (StatusCode::SEE_OTHER, [(LOCATION, location), (CACHE_CONTROL, HeaderValue::from_static("no-store"))])
        .into_response()
}

/// A text as the value of a field of an address.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        let plain = byte.is_ascii_alphanumeric() || b"-_.~/".contains(&byte);
        // Writing to a text does not fail.
        let _ = if plain { write!(out, "{}", char::from(byte)) } else { write!(out, "%{byte:02X}") };
        out
    })
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
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; manifest-src 'self'; \
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_back_is_a_page_of_this_server() {
        for (to, back) in [
            ("/cells?cell=7.12", "/cells?cell=7.12"),
            ("", "/"),
            ("//evil.example/x", "/evil.example/x"),
            ("/\\evil.example", "/evil.example"),
            ("https://evil.example/x", "/evil.example/x"),
            ("@evil.example", "/"),
            ("/sign-in?to=/sign-in", "/"),
            ("/h\u{e4}ll", "/"),
        ] {
            assert_eq!(way_back(to), back, "{to}");
        }
    }

    #[test]
    fn who_may_not_see_a_page_is_led_here_with_its_address() {
        let response = lead(&"/cells?cell=7.12&by=a%20b".parse().unwrap());
        assert_eq!(response.status(), StatusCode::SEE_OTHER);
        let to = response.headers()[LOCATION].to_str().unwrap();
        assert_eq!(to, "/sign-in?to=/cells%3Fcell%3D7.12%26by%3Da%2520b");
        assert_eq!(Address::parse(to).field(TO).as_deref(), Some("/cells?cell=7.12&by=a%20b"));
    }
}
