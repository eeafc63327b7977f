//! What a request asks for, read from its address or its body. What cannot be read is answered in plain words: which
//! field, what stands in it, and what is possible.

use super::guard::{FORM, JSON, is_media_type};
use super::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::JsonRejection;
use axum::extract::{self, FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use domain::plain;
use serde::de::DeserializeOwned;
use std::collections::HashMap;

/// The part of an address after the question mark.
#[derive(Debug)]
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Query<T>, Problem> {
        let wrong = match extract::Query::<T>::try_from_uri(&parts.uri) {
            Ok(extract::Query(asked)) => return Ok(Query(asked)),
            Err(wrong) => wrong.body_text(),
        };
        let fields = extract::Query::<Vec<(String, String)>>::try_from_uri(&parts.uri);
        let fields = fields.map(|extract::Query(fields)| fields).unwrap_or_default();
        Err(Problem::bad_parameter(words(&wrong, &fields)))
    }
}

/// A part of the path of an address.
#[derive(Debug)]
pub(super) struct Path(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Path {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Path, Problem> {
        let path = extract::Path::<String>::from_request_parts(parts, state).await;
        path.map(|extract::Path(text)| Path(text))
            .map_err(|_| Problem::bad_parameter("the address is no text in UTF-8"))
    }
}

/// The fields of a form in the body.
#[derive(Debug)]
pub(super) struct Form<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Form<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Form<T>, Problem> {
        if !is_media_type(request.headers(), FORM) {
            let words = format!("send the fields of a form, with Content-Type: {FORM}");
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
        }
        let (mut parts, body) = request.into_parts();
        // axum knows it in small letters only.
        parts.headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        let bytes = bytes_of(&parts, body, state).await?;
        if std::str::from_utf8(&bytes).is_err() {
            let words = "the body is no text in UTF-8: send the fields of a form, such as action=load&kw=120";
            return Err(Problem::new(StatusCode::BAD_REQUEST, words));
        }
        let form = extract::Form::<T>::from_request(Request::from_parts(parts, bytes.into()), state).await;
        form.map(|extract::Form(asked)| Form(asked))
            .map_err(|wrong| Problem::bad_parameter(words(&wrong.body_text(), &[])))
    }
}

/// All of a body, so that it can be looked at before it is read as something.
async fn bytes_of<S: Send + Sync>(parts: &Parts, body: axum::body::Body, state: &S) -> Result<Bytes, Problem> {
    let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
    bytes.map_err(|wrong| Problem::new(wrong.status(), wrong.body_text()))
}

/// The fields of a form by their names.
///
/// # Errors
/// One is there twice: nobody knows which is meant.
pub(super) fn by_name(fields: Vec<(String, String)>) -> Result<HashMap<String, String>, Problem> {
    let mut names = HashMap::with_capacity(fields.len());
    for (name, value) in fields {
        if names.contains_key(&name) {
            return Err(Problem::bad_parameter(format!("`{}` is there twice", plain::shown(&name))));
        }
        names.insert(name, value);
    }
    Ok(names)
}

/// The body: JSON, or the fields of a form.
#[derive(Debug)]
pub(super) struct Body<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Body<T>, Problem> {
        if is_media_type(request.headers(), FORM) {
            return Form::from_request(request, state).await.map(|Form(asked)| Body(asked));
        }
        let (parts, body) = request.into_parts();
        let bytes = bytes_of(&parts, body, state).await?;
        let is_json = is_media_type(&parts.headers, JSON);
        // A list would be taken for the fields in their order.
        if is_json && bytes.trim_ascii_start().first().is_some_and(|first| b"[\"0123456789-tfn".contains(first)) {
            return Err(Problem::bad_parameter("the body must be a JSON object: { \"name\": value, ... }"));
        }
        match extract::Json::<T>::from_request(Request::from_parts(parts, bytes.into()), state).await {
            Ok(extract::Json(asked)) => Ok(Body(asked)),
            Err(JsonRejection::MissingJsonContentType(_)) => Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send JSON, with Content-Type: application/json, or the fields of a form",
            )),
            Err(JsonRejection::JsonSyntaxError(wrong)) => {
                let text = wrong.body_text();
                let why = not_json(text.split_once(": ").map_or(text.as_str(), |(_, why)| why));
                Err(Problem::new(StatusCode::BAD_REQUEST, format!("the body is no JSON: {why}")))
            }
            Err(wrong) => Err(Problem::bad_parameter(words(&wrong.body_text(), &[]))),
        }
    }
}

/// The body: JSON alone, which no form of another site can send.
#[derive(Debug)]
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<JsonBody<T>, Problem> {
        if !is_media_type(request.headers(), JSON) {
            let words = "send JSON, with Content-Type: application/json";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, words));
        }
        Body::from_request(request, state).await.map(|Body(asked)| JsonBody(asked))
    }
}

/// What is wrong with a text that is no JSON, and where, without the words of its parser.
fn not_json(why: &str) -> String {
    let (message, place) = why.rsplit_once(" at ").unwrap_or((why, "its begin"));
    // The name of the field that it is in may stand before it.
    let what = match message {
        _ if message.ends_with("number out of range") => "a number in it is too large",
        _ if message.contains("EOF while") => "it ends too early",
        _ => "it cannot be understood",
    };
    format!("{what}, at {place}")
}

/// The answer to a method that a path of the API does not have.
pub(super) async fn no_such_method(method: axum::http::Method, uri: extract::OriginalUri) -> Response {
    let (path, method) = (plain::shown(uri.path()), plain::shown(method.as_str()));
    let words = format!("{path} is not asked with {method}; the header Allow of this answer names what it is");
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, words).into_response()
}

/// What axum says of a request, `Failed to ...: field: message`, in plain words with the value of the field.
fn words(text: &str, fields: &[(String, String)]) -> String {
    let message =
        text.split_once(": ").filter(|(start, _)| start.starts_with("Failed to")).map_or(text, |(_, rest)| rest);
    // A text that was sent without the name of a field becomes one, whatever stands in it.
    if let Some((_, unknown)) = message.split_once(": unknown field `") {
        return plain::words(&format!("unknown field `{unknown}"));
    }
    let is_field = |name: &str| !name.is_empty() && !name.contains(' ');
    let Some((field, message)) = message.split_once(": ").filter(|(field, _)| is_field(field)) else {
        return plain::words(message);
    };
    let words = plain::words(message);
    let value = fields.iter().find(|(name, _)| name == field).map(|(_, value)| value);
    match value {
        Some(value) if value.starts_with('-') && words == "is no whole number" && value.parse::<i64>().is_ok() => {
            format!("{field}: {} must not be negative", plain::shown(value))
        }
        Some(value) if words.starts_with("is ") => format!("{field}: {} {words}", plain::quoted(value)),
        // Of a field that is unknown, missing or there twice, the words name it.
        _ if words.starts_with(&format!("`{field}`")) => words,
        _ => format!("{field}: {words}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[allow(dead_code, reason = "only its reading is looked at")]
    struct Asked {
        from: String,
        width: Option<usize>,
        back: Option<bool>,
        sight: Option<Sight>,
        share: Option<f32>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Sight {
        Alarm,
        Sag,
    }

    async fn query(text: &str) -> String {
        let request = Request::builder().uri(format!("/x?{text}")).body(()).unwrap();
        let asked = Query::<Asked>::from_request_parts(&mut request.into_parts().0, &()).await;
        asked.unwrap_err().detail().to_owned()
    }

    #[tokio::test]
    async fn a_wrong_query_names_the_field_its_value_and_what_is_possible() {
        for (text, expected) in [
            ("from=a&width=abc", "width: \"abc\" is no whole number"),
            ("from=a&width=-5", "width: -5 must not be negative"),
            ("from=a&width=", "width: \"\" is empty: write a whole number"),
            ("from=a&width=99999999999999999999999", "is too large"),
            ("from=a&back=maybe", "back: \"maybe\" is neither true nor false"),
            ("from=a&share=x", "share: \"x\" is no number"),
            ("from=a&sight=foo", "\"foo\" is not known here; there is alarm, sag"),
            ("from=a&widt=5", "`widt` is not known here; the nearest is `width`"),
            ("from=a&from=b", "`from` is there twice"),
            ("width=5", "`from` is missing"),
        ] {
            let said = query(text).await;
            assert!(said.contains(expected), "{text}: {said}");
        }
    }

    #[tokio::test]
    async fn a_wrong_body_does_too() {
        for (kind, text, expected) in [
            ("application/json", "{\"from\": 3}", "from: 3 cannot stand here: write a text, in quotes"),
            ("application/json", "{\"from\": \"a\", \"colour\": 3}", "`colour` is not known here"),
            ("application/json", "{}", "`from` is missing"),
            ("application/json", "{", "the body is no JSON: it ends too early, at line 1 column 1"),
            (
                "application/json",
                "{\"from\": \"a\"} x",
                "the body is no JSON: it cannot be understood, at line 1 column ",
            ),
            ("Application/JSON", "{\"from\": \"\\ud800\"}", "the body is no JSON: it "),
            ("application/json", "{\"from\": \"\\uZZ\"}", "the body is no JSON: it "),
            ("application/json", "{\"share\": 1e999}", "the body is no JSON: a number in it is too large, at line 1"),
            ("Application/X-WWW-Form-Urlencoded", "width=5", "`from` is missing"),
            ("application/json", " [\"a\", 3]", "the body must be a JSON object"),
            ("application/json", "null", "the body must be a JSON object"),
            ("text/plain", "{}", "send JSON, with Content-Type: application/json"),
            ("application/x-www-form-urlencoded", "from=a&width=x", "is no whole number"),
            (
                "application/x-www-form-urlencoded",
                "SELECT 1: 2",
                "`SELECT 1: 2` is not known here; there is from, width",
            ),
        ] {
            let request = Request::builder().method("POST").uri("/x").header(CONTENT_TYPE, kind);
            let request = request.body(axum::body::Body::from(text)).unwrap();
            let said = Body::<Asked>::from_request(request, &()).await.unwrap_err();
            assert!(said.detail().contains(expected), "{text}: {}", said.detail());
        }
    }
}
