//! Actions of pages: Leptos' server functions, and what they may do here.
//!
//! They pass the same guards as everything that writes ([`guard`](super::guard), [`host`](super::host), the limit of a
//! body). A plain form is sent back to the page that it was on, or gets a page that says why not.

use super::AppState;
use super::answer::wants_page;
use super::asked::{Form, Path, by_name};
use super::control;
use super::guard::{FORM, is_media_type};
use super::leave::{Connected, Who};
use super::people::forms::{self, Sender};
use super::problem::Problem;
use super::requests::BODY_LIMIT;
use super::sign_in::{self, SignsIn};
use super::way_back::{self, path_of};
use super::{alarms, lab, people};
use crate::people::SignsInFrom;
use api::alarms::AlarmsChangedResponse;
use api::control::{CommandRequest, CommandResponse, CommandsResponse, SafeValuesRequest};
use app::actions::{ActionError, Doing, Door, INCOMPLETE};
use app::pages::alarms::AlarmsAction;
use app::pages::control::{self as control_page, CommandAction, SafeValuesAction};
use app::pages::lab::LabAction;
use app::session::PeopleAction;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, REFERER, SET_COOKIE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use domain::lab::LabState;
use domain::people::action::Action;
use domain::plain;
use leptos::prelude::provide_context;
use leptos::server_fn::axum::{register_explicit, server_fn_paths};
use leptos_axum::handle_server_fns_with_context;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// No answer of an action is larger, bytes.
const ANSWER_MAX: usize = 1 << 20;

/// The field of a form with the password of who is signed in, once more.
const OWN_PASSWORD: &str = "own_password";

/// Makes every action known. A new one is a line here.
pub(super) fn register() {
    register_explicit::<LabAction>();
    register_explicit::<CommandAction>();
    register_explicit::<SafeValuesAction>();
    register_explicit::<PeopleAction>();
    register_explicit::<AlarmsAction>();
}

/// `POST /actions/...`
pub(super) async fn action(
    State(state): State<AppState>,
    who: Who,
    connected: Connected,
    request: Request,
) -> Result<Response, Problem> {
    let path = request.uri().path().to_owned();
    if !server_fn_paths().any(|(known, _)| known == path) {
        return Err(Problem::not_found("there is no such action; reload the page if it was open for long"));
    }
    if !is_media_type(request.headers(), FORM) {
        let words = format!("an action is the fields of a form: send them with Content-Type: {FORM}");
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
    }
    let (mut head, body) = request.into_parts();
    let fields = to_bytes(body, BODY_LIMIT).await.unwrap_or_default();
    let form = Form::from_request(Request::from_parts(head.clone(), Body::from(fields.clone())), &());
    let named = by_name(form.await?.0)?;
    // What a browser without our code gets, is decided here and in `problem`.
    let by_hand = wants_page(&head.headers);
    head.headers.remove(ACCEPT);
    let signs_in = SignsIn::of(&path, &named);
    let page = match &signs_in {
        Some(form) => form.to.clone(),
        None => path_of(head.headers.get(REFERER).and_then(|page| page.to_str().ok())),
    };
    let said = Arc::new(Said::default());
    let from = people::from(connected, &head.headers);
    let mut who = who;
    // A living page gives the password before; a form that is posted by hand has it with the command.
    if let Some(password) = named.get(OWN_PASSWORD).filter(|given| by_hand && is_command(&path) && !given.is_empty()) {
        let fields = HashMap::from([(OWN_PASSWORD.to_owned(), password.clone())]);
        let mut sender = Sender { asker: (*who.0).clone(), connected, from: from.clone(), cookie: None };
        forms::act(&state, &mut sender, "step-up", fields).await?;
        if let Some(cookie) = sender.cookie {
            let _ = said.cookie.set(cookie);
        }
        who = Who(Arc::new(sender.asker));
    }
    let door: Arc<dyn Door> = Arc::new(Doors { state: state.clone(), who, connected, from, said: said.clone() });
    let request = Request::from_parts(head, Body::from(fields));
    let answer = handle_server_fns_with_context(move || provide_context(door.clone()), request).await.into_response();
    let mut response = match (answer.status(), said.refused.get()) {
        (StatusCode::INTERNAL_SERVER_ERROR, refused) => {
            let problem = match refused {
                Some(problem) => Problem::clone(problem),
                None => undone(answer).await,
            };
            match signs_in {
                Some(form) if by_hand => sign_in::again(&state, connected, &form, &problem).await,
                _ => problem.into_response(),
            }
        }
        _ if by_hand => Redirect::to(&result(&path, &named).unwrap_or(page)).into_response(),
        _ => answer,
    };
    // Also of what was refused: the password before it may have been right.
    if let Some(cookie) = said.cookie.get() {
        response.headers_mut().append(SET_COOKIE, cookie.clone());
        response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    Ok(response)
}

/// Where the form of an action is. Of people it is where one signs in, for who is not.
const PAGES: [(&str, &str); 5] = [
    ("people", "/settings"),
    ("lab", "/lab"),
    ("command", "/control"),
    ("safe-values", "/control"),
    ("alarms", "/alarms"),
];

/// `GET /actions/...`: what a browser asks for that opens a refused form's address again. It is led to the form's page.
pub(super) async fn page(Path(name): Path, Who(asker): Who) -> Result<Redirect, Problem> {
    let found = PAGES.iter().find(|(action, _)| *action == name).map(|(_, page)| *page);
    match found.ok_or_else(|| Problem::not_found("there is no such action"))? {
        "/settings" if asker.session.is_none() => Ok(Redirect::to(way_back::PATH)),
        page => Ok(Redirect::to(page)),
    }
}

/// Whether an action is a command.
fn is_command(action: &str) -> bool {
    [control_page::COMMAND, control_page::SAFE_VALUES].contains(&action)
}

/// Where the result of a form that was posted by hand is seen, if that is another page than the one with the form: what
/// becomes of a command stands on Control, under the id that the form gave to it.
fn result(action: &str, fields: &HashMap<String, String>) -> Option<String> {
    let [id, system] = ["id", "system"].map(|name| fields.get(name));
    is_command(action).then(|| Some(format!("/control?system={}&{}={}", system?, control_page::ASKED, id?))).flatten()
}

/// An action that is not done is refused, with a sentence for its body.
async fn undone(answer: Response) -> Problem {
    let body = to_bytes(answer.into_body(), ANSWER_MAX).await.unwrap_or_default();
    let sentence = String::from_utf8_lossy(&body);
    Problem::bad_parameter(match sentence.split_once(INCOMPLETE) {
        Some(("", why)) => format!("{INCOMPLETE}{}", unread(why)),
        _ => sentence.into_owned(),
    })
}

/// Why the fields cannot be read, in plain words.
fn unread(why: &str) -> String {
    let words = plain::words(why);
    if words == why { "its fields cannot be read; reload the page and try again".to_owned() } else { words }
}

/// What actions may do: as the API does it.
struct Doors {
    state: AppState,
    who: Who,
    connected: Connected,
    from: SignsInFrom,
    said: Arc<Said>,
}

/// What an action says besides its answer.
#[derive(Default)]
struct Said {
    /// Why it was not done, with the status that the API gives to it.
    refused: OnceLock<Problem>,
    /// What becomes of the cookie of who asks.
    cookie: OnceLock<HeaderValue>,
}

impl Said {
    fn refused(&self, problem: Problem) -> ActionError {
        let sentence = ActionError(problem.detail().to_owned());
        let _ = self.refused.set(problem);
        sentence
    }
}

impl Door for Doors {
    fn lab(&self, system: &str, fields: &HashMap<String, String>) -> Result<LabState, ActionError> {
        let done = self.who.may(Action::UseLab).and_then(|()| lab::apply(&self.state, Some(system), fields));
        done.map_err(|problem| self.said.refused(problem))
    }

    fn people(&self, what: String, mut fields: HashMap<String, String>) -> Doing<(String, Option<String>)> {
        let (app, said) = (self.state.clone(), self.said.clone());
        let asker = (*self.who.0).clone();
        let mut sender = Sender { asker, connected: self.connected, from: self.from.clone(), cookie: None };
        // Where the page goes then.
        fields.remove(way_back::TO);
        Box::pin(async move {
            let done = forms::act(&app, &mut sender, &what, fields).await;
            if let Some(cookie) = sender.cookie {
                let _ = said.cookie.set(cookie);
            }
            done.map(|done| (done.words, done.token)).map_err(|problem| said.refused(problem))
        })
    }

    fn alarms(&self, what: String, fields: HashMap<String, String>) -> Doing<AlarmsChangedResponse> {
        let (state, who, said) = (self.state.clone(), self.who.clone(), self.said.clone());
        Box::pin(async move {
            let done = alarms::of_form(&state, &who, &what, &fields).await;
            done.map_err(|problem| said.refused(problem))
        })
    }

    fn command(&self, asked: CommandRequest) -> Doing<CommandResponse> {
        let (state, who, said) = (self.state.clone(), self.who.clone(), self.said.clone());
        Box::pin(async move {
            let done = async {
                who.may(Action::Tighten)?;
                Ok(control::apply(&state, &who.0, asked).await?.answer)
            };
            done.await.map_err(|problem| said.refused(problem))
        })
    }

    fn safe_values(&self, asked: SafeValuesRequest) -> Doing<CommandsResponse> {
        let (state, who, said) = (self.state.clone(), self.who.clone(), self.said.clone());
        Box::pin(async move {
            let done = async {
                who.may(Action::SafeValues)?;
                control::apply_safe_values(&state, &who.0, asked).await
            };
            done.await.map_err(|problem| said.refused(problem))
        })
    }
}
