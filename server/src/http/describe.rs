//! The description of the API: for programs in OpenAPI 3.1 (`/api/openapi.json`), for people as a page (`/api`) that needs
//! no code. Both are the same: the page is made of the description.

use super::AppState;
use super::answer::json;
use api::openapi;
use axum::extract::State;
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY};
use axum::response::{Html, IntoResponse as _, Response};
use serde_json::Value;
use std::fmt::Write as _;
use std::sync::LazyLock;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| openapi::document(env!("CARGO_PKG_VERSION")));
const TEMPLATE: &str = include_str!("describe.html");
const POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'self' 'unsafe-inline'; img-src 'self'; base-uri 'none'");

/// `GET /api/openapi.json`
pub(super) async fn document() -> Response {
    json(&*DOCUMENT)
}

/// `GET /api`
pub(super) async fn page(State(app): State<AppState>) -> Response {
    let html = TEMPLATE.replace("CSS", &app.manifest.assets.css).replace("CONTENT", &content(&DOCUMENT));
    let headers = [(CONTENT_SECURITY_POLICY, POLICY), (CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (headers, Html(html)).into_response()
}

/// What the page says: each part with its addresses, then what their answers are made of.
fn content(document: &Value) -> String {
    let mut html = format!("<p class=\"about\">{}</p>", text(&document["info"]["description"]));
    let operations = || {
        let methods = |(path, methods): (&String, &Value)| {
            let methods = methods.as_object().cloned().unwrap_or_default();
            methods.into_iter().map(|(method, of)| (path.clone(), method.to_uppercase(), of)).collect::<Vec<_>>()
        };
        document["paths"].as_object().into_iter().flatten().flat_map(methods)
    };
    for part in document["tags"].as_array().into_iter().flatten() {
        let (name, about) = (text(&part["name"]), text(&part["description"]));
        let _ = write!(html, "<section><h2>{name}</h2><p>{about}</p>");
        for (path, method, of) in operations().filter(|(_, _, of)| of["tags"][0] == part["name"]) {
            operation(&mut html, &path, &method, &of);
        }
        html += "</section>";
    }
    html += "<section><h2>What answers are made of</h2>";
    for (name, schema) in document["components"]["schemas"].as_object().into_iter().flatten() {
        let _ = write!(
            html,
            "<article class=\"card\" id=\"{name}\"><h3>{name}</h3><p>{}</p>",
            text(&schema["description"])
        );
        fields(&mut html, schema);
        html += "</article>";
    }
    html + "</section>"
}

fn operation(html: &mut String, path: &str, method: &str, of: &Value) {
    let id = text(&of["operationId"]);
    let _ = write!(
        html,
        "<article class=\"card\" id=\"{id}\"><h3><b>{method}</b> <code>{path}</code></h3><p>{}</p>",
        text(&of["summary"])
    );
    if of["deprecated"] == true {
        let _ = write!(html, "<p><b>{}</b></p>", text(&of["description"]));
    }
    let parameters = of["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let body = of["requestBody"]["content"].as_object().and_then(|content| content.values().next());
    let in_body = body.and_then(|body| body["schema"]["properties"].as_object());
    if !parameters.is_empty() || in_body.is_some() {
        *html += "<table><tr><th>Parameter</th><th>Type</th><th>Meaning</th><th>Example</th></tr>";
        for of in parameters {
            let name = of["name"].as_str().unwrap_or_default();
            row(html, name, of["required"] == true, (&of["schema"], &of["description"], &of["example"]));
        }
        for (name, schema) in in_body.into_iter().flatten() {
            let required = body.and_then(|body| body["schema"]["required"].as_array());
            let required = required.is_some_and(|names| names.iter().any(|of| of == name));
            row(html, name, required, (schema, &schema["description"], &schema["examples"][0]));
        }
        *html += "</table>";
    }
    for (status, answer) in of["responses"].as_object().into_iter().flatten() {
        let content = answer["content"].as_object().into_iter().flatten();
        let forms: Vec<String> = content.map(|(media, of)| form(media, &of["schema"])).collect();
        let _ = write!(html, "<p><b>{status}</b> {} {}</p>", text(&answer["description"]), forms.join(", "));
    }
    *html += "</article>";
}

/// A media type, and what is in it.
fn form(media: &str, schema: &Value) -> String {
    match kind(schema) {
        of if of.is_empty() => format!("<code>{media}</code>"),
        of => format!("<code>{media}</code>: {of}"),
    }
}

/// A table of a schema's fields.
fn fields(html: &mut String, schema: &Value) {
    // Shapes that answers share or choose from are named, and described at their own place.
    let parts = ["anyOf", "oneOf"].iter().filter_map(|of| schema[of].as_array()).flatten();
    let parts: Vec<&Value> = std::iter::once(schema).chain(parts).collect();
    for part in parts.into_iter().filter(|part| part["properties"].is_object()) {
        *html += "<table><tr><th>Field</th><th>Type</th><th>Meaning</th></tr>";
        for (name, of) in part["properties"].as_object().into_iter().flatten() {
            let _ = write!(
                html,
                "<tr><td><code>{name}</code></td><td>{}</td><td>{}</td></tr>",
                kind(of),
                text(&of["description"])
            );
        }
        *html += "</table>";
    }
}

fn row(html: &mut String, name: &str, required: bool, (schema, about, example): (&Value, &Value, &Value)) {
    let needed = if required { "needed" } else { "may be left out" };
    let example = match example {
        Value::Null => String::new(),
        Value::String(example) => format!("<code>{}</code>", escaped(example)),
        example => format!("<code>{example}</code>"),
    };
    let _ = write!(
        html,
        "<tr><td><code>{name}</code></td><td>{}, {needed}</td><td>{}</td><td>{example}</td></tr>",
        kind(schema),
        text(about)
    );
}

/// The type of a value in words, with a link to what is described elsewhere.
fn kind(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|at| at.rsplit('/').next()) {
        return format!("<a href=\"#{name}\">{name}</a>");
    }
    let words = |of: &Value| of.as_str().map(|word| format!("<code>{}</code>", escaped(word)));
    if let Some(words_of) = schema["enum"].as_array() {
        return words_of.iter().filter_map(words).collect::<Vec<_>>().join(", ");
    }
    if let Some(word) = words(&schema["const"]) {
        return word;
    }
    if let Some(choices) = schema["anyOf"].as_array().or(schema["oneOf"].as_array()) {
        return choices.iter().map(kind).filter(|kind| !kind.is_empty()).collect::<Vec<_>>().join(" or ");
    }
    let name = |name: &Value| match name.as_str().unwrap_or_default() {
        "array" => format!("list of {}", kind(&schema["items"])),
        "object" if schema["additionalProperties"].is_object() => {
            format!("{} by name", kind(&schema["additionalProperties"]))
        }
        "string" if schema["format"] == "date-time" => "instant".to_owned(),
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        other => other.to_owned(),
    };
    let kinds = match &schema["type"] {
        Value::Array(names) => names.iter().map(name).collect::<Vec<_>>().join(" or "),
        one => name(one),
    };
    match (schema["minimum"].as_f64(), schema["maximum"].as_f64()) {
        (Some(low), Some(high)) => format!("{kinds}, {low} to {high}"),
        _ => kinds,
    }
}

/// Text of the description, in HTML. What stands between two grave accents is code.
fn text(of: &Value) -> String {
    let escaped = escaped(of.as_str().unwrap_or_default());
    let parts = escaped.split('`').enumerate();
    parts.map(|(i, part)| if i % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() }).collect()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::operations::OPERATIONS;

    #[test]
    fn the_page_has_every_operation_and_every_link_leads_somewhere() {
        let html = content(&DOCUMENT);
        for of in OPERATIONS {
            assert!(html.contains(&format!("<b>{}</b> <code>{}</code>", of.method.name(), of.path)), "{}", of.path);
        }
        for link in html.split("href=\"#").skip(1).filter_map(|rest| rest.split('"').next()) {
            assert!(html.contains(&format!("id=\"{link}\"")), "{link} leads nowhere");
        }
        assert!(html.contains("<td><code>system</code></td><td>text, may be left out</td>"), "{html}");
        assert!(!html.contains("<script") && !html.contains("[`"), "{html}");
        assert_eq!(text(&Value::from("a `<b>` \"c\"")), "a <code>&lt;b></code> &quot;c&quot;");
    }
}
