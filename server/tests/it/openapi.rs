//! The description of the API, held against a running server: every address and method is asked with the parameters of its
//! own examples, and every answer in JSON is held against its schema.

use crate::history::packtwin;
use crate::home::demo_site;
use crate::support::{Server, folder};
use boon::{Compiler, Schemas};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Where the description is, for references within it.
const AT: &str = "http://packtwin/openapi.json";

/// A day and an hour before it as in the examples, with cells.
fn with_a_past() -> Server {
    let folder = folder();
    let data = folder.path().join("data");
    let arguments = ["--rate", "1", "--cells", "--from", "2026-11-20", "--data", data.to_str().unwrap()];
    let (status, said) = packtwin(&[&["generate", "--days", "1"], &arguments[..]].concat());
    assert_eq!(status, Some(0), "{said}");
    crate::people::add(&data, "mara", "admin");
    Server::start_in(folder, &demo_site(12.0), &[])
}

struct Answer {
    status: u16,
    media: String,
    /// Who signs in, or gives the password, gets it.
    cookie: Option<String>,
    body: Vec<u8>,
}

/// HTTP/1.0: the body comes as it is and ends with the connection.
fn ask(server: &Server, cookie: &str, method: &str, target: &str, body: Option<(&str, String)>) -> Answer {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let mut request = format!("{method} {target} HTTP/1.0\r\nHost: {}\r\nCookie: {cookie}\r\n", server.address);
    let (media, body) = body.unwrap_or_default();
    if !body.is_empty() {
        request += &format!("Content-Type: {media}\r\nContent-Length: {}\r\n", body.len());
    }
    stream.write_all(format!("{request}\r\n{body}").as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an HTTP answer");
    let body = answer.split_off(end + 4);
    let head = String::from_utf8(answer).unwrap();
    let set = head.lines().find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = set.and_then(|set| set.split(';').next()).map(str::to_owned);
    let head = head.to_lowercase();
    let media = head.lines().find_map(|line| line.strip_prefix("content-type: ")).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().to_owned();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { status, media, cookie, body }
}

/// Text within an address.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/,:".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

fn words(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The examples as the fields of a form, or of an address.
fn form(examples: impl Iterator<Item = (String, Value)>) -> String {
    examples.map(|(name, value)| format!("{name}={}", escaped(&words(&value)))).collect::<Vec<_>>().join("&")
}

/// The description with every object closed: what is answered but not described is found.
fn closed(mut document: Value) -> Value {
    for schema in document["components"]["schemas"].as_object_mut().unwrap().values_mut() {
        if schema["type"] == "object" {
            schema["unevaluatedProperties"] = false.into();
        }
    }
    document
}

#[test]
fn every_address_answers_as_it_is_described() {
    let server = with_a_past();
    server.wait_for("/api/v1/state?system=home", |state| state["points"]["battery/soc"]["value"].as_f64());
    server.wait_for("/api/v1/state?system=hv", |state| state["cell_voltage_v"]["fresh"].as_u64());
    let document = closed(server.get("/api/openapi.json"));
    assert_eq!(document["openapi"], "3.1.0");
    let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
    compiler.add_resource(AT, document.clone()).unwrap();

    let mut operations: Vec<(&str, &str, &Value)> = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        operations.extend(methods.as_object().unwrap().iter().map(|(method, of)| (path.as_str(), method.as_str(), of)));
    }
    // What is begun is read, then ended; what is left of it is read, then removed. Another password, and then signing out,
    // come after what they would spoil.
    let rank = |method: &str| ["post", "get", "delete"].iter().position(|known| *known == method);
    let spoils = |path: &str, method: &str| path == "/api/v1/session" && method == "delete";
    operations.sort_by_key(|(path, method, _)| {
        (spoils(path, method), path.contains("/recordings"), rank(method), *path == "/api/v1/password")
    });
    // As the examples have it.
    let signs_in = |password: &str| {
        let body = serde_json::json!({ "name": "mara", "password": password }).to_string();
        let answer = ask(&server, "", "POST", "/api/v1/session", Some(("application/json", body)));
        answer.cookie.expect("signed in")
    };
    let body = r#"{"password":"lamp tractor mild seven"}"#.to_owned();
    let cookie = signs_in("lamp tractor mild seven");
    let step_up = ask(&server, &cookie, "POST", "/api/v1/session/step-up", Some(("application/json", body)));
    let mut cookie = step_up.cookie.expect("stepped up");
    assert!(operations.len() >= 30, "{}", operations.len());

    for (path, method, of) in operations {
        if path.ends_with("/recording") && method == "delete" {
            // Its file is read below: something must be in it.
            let frames = |recording: &Value| recording["frames"].as_u64().filter(|frames| *frames > 0);
            server.wait_for("/api/v1/links/bms/recording", frames);
        }
        let parameters = || of["parameters"].as_array().into_iter().flatten();
        let mut target = path.to_owned();
        for part in parameters().filter(|parameter| parameter["in"] == "path") {
            let name = part["name"].as_str().unwrap();
            // A file's name has the time of its start in it.
            let example = match path.contains("/recordings/") {
                true => words(&server.get("/api/v1/recordings")["recordings"][0]["name"]),
                // Of another session: the own one is needed for what follows.
                false if path.contains("/sessions/") => {
                    signs_in("seven mild tractor lamp");
                    let all = ask(&server, &cookie, "GET", "/api/v1/sessions", None);
                    let all: Value = serde_json::from_slice(&all.body).unwrap();
                    let other = all["sessions"].as_array().unwrap().iter().find(|session| session["own"] == false);
                    words(&other.unwrap()["id"])
                }
                false => words(&part["example"]),
            };
            target = target.replace(&format!("{{{name}}}"), &escaped(&example));
        }
        let asked = parameters().filter(|parameter| parameter["in"] == "query" && !parameter["example"].is_null());
        let query = form(asked.map(|parameter| (words(&parameter["name"]), parameter["example"].clone())));
        if !query.is_empty() {
            target = format!("{target}?{query}");
        }
        let bodies = of["requestBody"]["content"].as_object().into_iter().flatten();
        let mut bodies: Vec<Option<(&str, String)>> = bodies
            .map(|(media, content)| {
                let fields = content["example"].as_object().unwrap().clone();
                let json = media == "application/json";
                Some((media.as_str(), if json { content["example"].to_string() } else { form(fields.into_iter()) }))
            })
            .collect();
        if bodies.is_empty() {
            bodies.push(None);
        }
        for body in bodies {
            let what = format!("{method} {target} {body:?}");
            let answer = ask(&server, &cookie, &method.to_uppercase(), &target, body);
            cookie = answer.cookie.clone().unwrap_or(cookie);
            let text = || String::from_utf8_lossy(&answer.body).chars().take(600).collect::<String>();
            let described = &of["responses"][answer.status.to_string()];
            assert!(!described.is_null(), "{what}: status {} is not described: {}", answer.status, text());
            // Without DuckDB, or a kernel that confines it, there is no SQL; that is described, too.
            let without_sql = path.ends_with("/sql") && answer.status == 503;
            // There is an account already.
            let set_up = path == "/api/v1/setup" && answer.status == 409;
            // The example is refused, because control is not armed or its revision is an old one; it is kept all the same.
            let refused = path.starts_with("/api/v1/commands") && answer.status == 409;
            let not_ready = path == "/readyz" && answer.status == 503;
            assert!(
                answer.status < 300 || without_sql || not_ready || set_up || refused,
                "{what}: {} {}",
                answer.status,
                text()
            );
            let content = &described["content"];
            if content.is_null() {
                assert!(answer.body.is_empty(), "{what}: {}", text());
                continue;
            }
            let form = &content[&answer.media];
            assert!(!form.is_null(), "{what}: {:?} is not described: {}", answer.media, text());
            if form["schema"].is_null() {
                assert!(!answer.body.is_empty(), "{what} has no content");
                continue;
            }
            let json: Value = serde_json::from_slice(&answer.body).unwrap_or_else(|error| panic!("{what}: {error}"));
            let pointer =
                |part: &str| part.replace('~', "~0").replace('/', "~1").replace('{', "%7B").replace('}', "%7D");
            let at = format!(
                "{AT}#/paths/{}/{method}/responses/{}/content/{}/schema",
                pointer(path),
                answer.status,
                pointer(&answer.media)
            );
            let schema = compiler.compile(&at, &mut schemas).unwrap_or_else(|error| panic!("{what}: {error:#}"));
            schemas.validate(&json, schema).unwrap_or_else(|error| panic!("{what}: {error:#}\n{}", text()));
        }
    }
}

#[test]
fn people_read_the_same_without_code() {
    let server = Server::start(&demo_site(12.0), &[]);
    let (status, html) = server.request("GET", "/api", &[], "");
    assert_eq!(status, 200, "{html}");
    let document = server.get("/api/openapi.json");
    for path in document["paths"].as_object().unwrap().keys() {
        assert!(html.contains(&format!("<code>{path}</code>")), "{path}");
    }
    assert!(!html.contains("<script") && html.contains("a.css"), "{html}");
    for path in ["/api/v2/state", "/api/nothing", "/api/v1"] {
        let (status, body) = server.request("GET", path, &[], "");
        assert!(status == 404 && body.contains("/api lists the addresses"), "{path}: {status} {body}");
    }
}
