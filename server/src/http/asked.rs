//! What a request asks for, read from its address or its body. What cannot be read is answered in plain words: which
//! field, what stands in it, and what is possible.

use super::guard::{FORM, JSON, is_media_type};
use super::problem::Problem;
use axum::body::Bytes;
use axum::extract::rejection::{FormRejection, JsonRejection};
use axum::extract::{self, FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use domain::plain;
use serde::de::DeserializeOwned;

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
        match extract::Form::<T>::from_request(request, state).await {
            Ok(extract::Form(asked)) => Ok(Form(asked)),
            Err(FormRejection::InvalidFormContentType(_)) => Err(Problem::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "send the fields of a form, with Content-Type: application/x-www-form-urlencoded",
            )),
            Err(wrong) => Err(Problem::bad_parameter(words(&wrong.body_text(), &[]))),
        }
    }
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
        let bytes = Bytes::from_request(Request::from_parts(parts.clone(), body), state).await;
        let bytes = bytes.map_err(|wrong| Problem::new(wrong.status(), wrong.body_text()))?;
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
                let why = text.split_once(": ").map_or(text.as_str(), |(_, why)| why);
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

/// The answer to a method that a path of the API does not have.
pub(super) async fn no_such_method(method: axum::http::Method, uri: extract::OriginalUri) -> Response {
    let words = format!("{} is not asked with {method}; the header Allow of this answer names what it is", uri.path());
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
            format!("{field}: {value} must not be negative")
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
    use axum::http::header::CONTENT_TYPE;
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
            ("application/json", "{", "the body is no JSON: "),
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
