//! The description of the API in OpenAPI 3.1, made from [`OPERATIONS`] and the documentation of the types.

use crate::operations::{Needs, OPERATIONS, Operation};
use crate::problem::ProblemDetails;
use crate::victron::FailureResponse;
use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

const ABOUT: &str = "What page, programs and server say to one another. Numbers are in the unit that their field names or \
    its description says; power and current are positive into the site's bus: battery discharge, grid import, solar; loads \
    are positive. Instants are RFC 3339 in UTC. A value that is not known is null, with its reason where there is one, and \
    never zero. Fields are added; none changes its name, unit or meaning within v1. The form application/octet-stream is \
    the page's own: it changes with every version.";

/// The parts of the API: name, what it is about, how its addresses begin. The first that fits.
const PARTS: [(&str, &str, &[&str]); 8] = [
    ("Server", "The server itself.", &["/api/v1/server", "/api/openapi.json", "/healthz", "/readyz"]),
    ("Analysis", "Questions about the past, ready or in SQL.", &["/api/v1/analysis"]),
    ("Playback", "The past as a stream, and where there is something to see.", &["/api/v1/playback"]),
    ("Links", "How each source works, and what it sends.", &["/api/v1/links", "/api/v1/recordings"]),
    ("Lab", "Simulated systems only.", &["/api/v1/lab"]),
    (
        "People",
        "Who may do what: signing in, accounts, tokens of programs, arming, and the audit.",
        &[
            "/api/v1/session",
            "/api/v1/setup",
            "/api/v1/password",
            "/api/v1/users",
            "/api/v1/tokens",
            "/api/v1/arming",
            "/api/v1/audit",
        ],
    ),
    ("Victron", "The battery as a Victron GX says it, with Victron's signs.", &["/victron"]),
    ("Systems", "What is known of a battery system, now and over time.", &["/api/v1"]),
];

/// The name of the part that an address belongs to.
pub fn part(path: &str) -> &'static str {
    let found = PARTS.iter().find(|(.., starts)| starts.iter().any(|start| path.starts_with(start)));
    found.map_or("", |(name, ..)| name)
}

/// The description.
pub fn document(version: &str) -> Value {
    // What is asked stands in place; what is answered has a name, because answers share their parts.
    let mut asked = SchemaSettings::draft2020_12().for_deserialize();
    (asked.inline_subschemas, asked.meta_schema) = (true, None);
    let mut answered = SchemaSettings::draft2020_12().for_serialize();
    answered.meta_schema = None;
    answered.definitions_path = "/components/schemas".into();
    let (mut asked, mut answered) = (asked.into_generator(), answered.into_generator());

    let mut paths: Map<String, Value> = Map::new();
    for of in OPERATIONS {
        let methods = paths.entry(of.path).or_insert_with(|| json!({}));
        methods[of.method.name().to_ascii_lowercase()] = operation(of, &mut asked, &mut answered);
    }
    let tags = PARTS.iter().rev().map(|(name, about, _)| json!({ "name": name, "description": about }));
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Packtwin", "version": version, "description": ABOUT,
            "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
        },
        "servers": [{ "url": "/" }],
        "tags": tags.collect::<Vec<_>>(),
        "paths": paths,
        "components": {
            "schemas": answered.take_definitions(true),
            "securitySchemes": {
                "token": { "type": "http", "scheme": "bearer", "description": "The token of a program." },
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "packtwin",
                    "description": "Set by signing in; called __Host-packtwin over TLS.",
                },
            },
        },
    })
}

fn operation(of: &Operation, asked: &mut SchemaGenerator, answered: &mut SchemaGenerator) -> Value {
    let mut parameters = Vec::new();
    if let Some([name, about, example]) = of.in_path {
        parameters.push(json!({
            "name": name, "in": "path", "required": true, "description": about, "example": example,
            "schema": { "type": "string" },
        }));
    }
    if let Some(query) = of.query {
        parameters.extend(fields(query(asked)));
    }
    let mut responses = Map::new();
    let mut content = Map::new();
    if let Some(answer) = of.json {
        content.insert("application/json".into(), json!({ "schema": answer(answered) }));
    }
    for media in of.other {
        content.insert((*media).into(), json!({}));
    }
    let mut answer = json!({ "description": status_words(of.status) });
    if !content.is_empty() {
        answer["content"] = content.into();
    }
    responses.insert(of.status.to_string(), answer);
    let without_leave: &[u16] = if of.needs == Needs::Nothing { &[] } else { &[401, 403] };
    for status in without_leave.iter().chain(of.errors) {
        let content = match (of.path, *status) {
            (_, 401 | 403) => {
                json!({ "application/problem+json": { "schema": answered.subschema_for::<ProblemDetails>() } })
            }
            ("/readyz", _) => json!({ "text/plain": {} }),
            (path, _) if path.starts_with("/victron") => {
                json!({ "application/json": { "schema": answered.subschema_for::<FailureResponse>() } })
            }
            _ => json!({ "application/problem+json": { "schema": answered.subschema_for::<ProblemDetails>() } }),
        };
        responses.insert(status.to_string(), json!({ "description": status_words(*status), "content": content }));
    }
    let mut out = json!({
        "operationId": of.id, "summary": of.summary, "tags": [part(of.path)], "responses": responses,
    });
    if let Needs::Leave(action) = of.needs {
        let rule = action.rule();
        let open = if rule.anonymous { json!([{}, { "session": [] }, { "token": [] }]) } else { Value::Null };
        let signed_in = json!([{ "session": [] }]);
        let either = json!([{ "session": [] }, { "token": [] }]);
        out["security"] = match (open, rule.token) {
            (Value::Null, None) => signed_in,
            (Value::Null, Some(_)) => either,
            (open, _) => open,
        };
        out["x-role"] = rule.least.word().into();
    }
    if let Some(other) = of.replaced_by {
        out["deprecated"] = true.into();
        out["description"] = format!("Deprecated: ask {other}.").into();
    }
    if !parameters.is_empty() {
        out["parameters"] = parameters.into();
    }
    if let Some((media, body)) = of.body {
        let mut schema = body(asked);
        let fields = schema.get_mut("properties").and_then(Value::as_object_mut);
        fields.into_iter().flatten().for_each(|(_, field)| without_null(field));
        let example = example(&schema);
        let content: Map<String, Value> = (media.iter())
            .map(|media| ((*media).to_owned(), json!({ "schema": schema, "example": example })))
            .collect();
        out["requestBody"] = json!({ "required": true, "content": content });
    }
    out
}

/// The fields of a query as parameters.
fn fields(schema: Schema) -> Vec<Value> {
    let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
    let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let parameter = |(name, mut schema): (String, Value)| {
        let taken = |schema: &mut Value, key: &str| schema.as_object_mut().and_then(|schema| schema.remove(key));
        let (about, examples) = (taken(&mut schema, "description"), taken(&mut schema, "examples"));
        without_null(&mut schema);
        let required = required.contains(&json!(name));
        let mut out = json!({ "name": name, "in": "query", "required": required, "schema": schema });
        out["description"] = about.unwrap_or_default();
        if let Some(example) = examples.and_then(|examples| examples.get(0).cloned()) {
            out["example"] = example;
        }
        out
    };
    properties.into_iter().map(parameter).collect()
}

/// What is asked is left out if there is nothing to say: no null stands in an address or a form.
fn without_null(schema: &mut Value) {
    let is_null = |of: &Value| of.is_null() || *of == json!("null") || of["type"] == "null";
    for key in ["type", "enum", "anyOf"] {
        if let Some(kinds) = schema.get_mut(key).and_then(Value::as_array_mut) {
            kinds.retain(|kind| !is_null(kind));
        }
    }
    if let Some([one]) = schema["type"].as_array().map(Vec::as_slice) {
        schema["type"] = one.clone();
    }
    if let Some([Value::Object(one)]) = schema["anyOf"].as_array().map(Vec::as_slice) {
        let one = one.clone();
        if let Some(schema) = schema.as_object_mut() {
            schema.remove("anyOf");
            schema.extend(one);
        }
    }
}

/// The first example of each field that has one.
fn example(schema: &Schema) -> Value {
    let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let of = |(name, schema): (String, Value)| Some((name, schema.get("examples")?.get(0)?.clone()));
    Value::Object(properties.into_iter().filter_map(of).collect())
}

/// A status in words.
pub fn status_words(status: u16) -> &'static str {
    match status {
        200 => "The answer.",
        201 => "It has begun, or is made.",
        204 => "It is done.",
        400 => "The body cannot be read.",
        401 => "Nobody is signed in, or the password or token is wrong or has ended.",
        403 => "They may not do this; the words say what it needs.",
        404 => "It is not there.",
        409 => "Not now: something else is under way.",
        415 => "The body is of another media type than is known.",
        422 => "A parameter is wrong; the words say which, and what is possible.",
        429 => "Too many at once, or too often; come again later, after the time in Retry-After where it is said.",
        500 => "The server made a mistake, or cannot read its files.",
        503 => "It is too much at once for now, or what it needs is missing; come again after the time in Retry-After.",
        504 => "It took too long.",
        507 => "There is no room on the disk.",
        _ => "Another status.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_schema_is_one_and_every_field_is_described() {
        let document = document("0.1.0");
        let mut compiler = boon::Compiler::new();
        compiler.add_resource("http://packtwin/openapi.json", document.clone()).unwrap();
        let mut schemas = boon::Schemas::new();
        let names = document["components"]["schemas"].as_object().unwrap();
        for (name, schema) in names {
            let at = format!("http://packtwin/openapi.json#/components/schemas/{name}");
            compiler.compile(&at, &mut schemas).unwrap_or_else(|error| panic!("{name}: {error:#}"));
            assert!(schema["description"].is_string(), "{name} is not described");
            let properties = schema["properties"].as_object().into_iter().flatten();
            for (field, schema) in properties {
                assert!(schema["description"].is_string(), "{name}.{field} is not described: {schema}");
            }
        }
        assert!(!document.to_string().contains("$defs"), "a reference leads nowhere");
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_described_parameters() {
        let names: BTreeSet<&str> = OPERATIONS.iter().map(|of| of.id).collect();
        assert_eq!(names.len(), OPERATIONS.len());
        let document = document("0.1.0");
        for of in OPERATIONS {
            let described = &document["paths"][of.path][of.method.name().to_ascii_lowercase()];
            assert_eq!(described["operationId"], of.id);
            assert_eq!(of.path.contains('{'), of.in_path.is_some(), "{}", of.path);
            assert!(!part(of.path).is_empty(), "{}", of.path);
            for parameter in described["parameters"].as_array().into_iter().flatten() {
                let about = parameter["description"].as_str().unwrap_or_default();
                assert!(!about.is_empty(), "{} {}", of.path, parameter["name"]);
                let required = parameter["required"].as_bool().unwrap();
                assert!(!parameter["schema"].to_string().contains("null"), "{} {parameter}", of.path);
                assert!(!required || !parameter["example"].is_null(), "{} {}", of.path, parameter["name"]);
            }
        }
        assert_eq!(part("/api/v1/server"), "Server");
        assert_eq!(part("/api/v1/links/{id}/frames"), "Links");
    }
}
