//! Every refusal is said in one form and in plain words, whatever the address and whoever refuses: the router, a handler,
//! or the HTTP library before there is a request.

use crate::support::{Server, free_udp_port, pack_site};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// An answer: status, head in small letters, body.
struct Answer {
    status: u16,
    head: String,
    body: String,
}

fn ask(server: &Server, request: &str) -> Answer {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    // Who is refused early may not read all of it.
    let _ = stream.write_all(request.as_bytes());
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer to {request:.200}: {text}"));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap();
    Answer { status, head: head.to_lowercase(), body: body.to_owned() }
}

/// Words of Rust, of its libraries and of the system, which mean nothing to who asks.
const FOREIGN: [&str; 16] = [
    "os error",
    "i128",
    "u64",
    "u16",
    "usize",
    "f32",
    "f64",
    "\\u{",
    "Some(",
    "None",
    "expected ",
    "Failed to",
    "invalid ",
    "deserialize",
    "serde",
    "variant",
];

fn check(what: &str, answer: &Answer, status: u16, page: bool) {
    let Answer { head, body, .. } = answer;
    assert_eq!(answer.status, status, "{what}: {head}\n{body}");
    let words = if page {
        assert!(head.contains("content-type: text/html"), "{what}: {head}");
        assert!(body.contains("<h1>") && !body.contains("<script"), "{what}: {body}");
        body.split("<h1>").nth(1).unwrap().replace("</h1>", " ")
    } else {
        assert!(head.contains("content-type: application/problem+json"), "{what}: {head}\n{body}");
        let problem: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{what}: {error}: {body}"));
        assert_eq!(problem["status"], status, "{what}: {body}");
        assert!(!problem["title"].as_str().unwrap().is_empty(), "{what}: {body}");
        problem["detail"].as_str().unwrap().to_owned()
    };
    assert!(words.split_whitespace().count() >= 2, "{what}: {words}");
    for foreign in FOREIGN {
        assert!(!words.contains(foreign), "{what}: {foreign} in {words}");
    }
    assert!(status != 405 || head.contains("\nallow: "), "{what}: {head}");
    assert!(status != 503 || head.contains("\nretry-after: "), "{what}: {head}");
    assert!(head.contains("cache-control: no-store"), "{what}: {head}");
}

/// One address of each family, with a method that it does not have, and whether a browser gets a page there.
const FAMILIES: [(&str, &str, bool); 10] = [
    ("/api/v1/state", "POST", false),
    ("/api/v1/lab", "DELETE", false),
    ("/victron/battery/current", "POST", false),
    ("/live/hv", "POST", false),
    ("/healthz", "POST", false),
    ("/actions/lab", "DELETE", true),
    ("/", "POST", true),
    ("/cells", "DELETE", true),
    ("/pkg/a.js", "POST", true),
    ("/offline", "POST", true),
];

#[test]
fn every_family_of_addresses_refuses_in_one_form() {
    let server = Server::start(&pack_site(free_udp_port()), &[]);
    let own = format!("Host: {}\r\nConnection: close\r\n", server.address);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let accepts = "Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";
    for (path, wrong, has_page) in FAMILIES {
        for (from, page) in [("", false), (accepts, has_page)] {
            let large = "x".repeat(70_000);
            for (what, status, request) in [
                ("method", 405, format!("{wrong} {path} HTTP/1.1\r\n{own}{from}\r\n")),
                ("name", 421, format!("GET {path} HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n{from}\r\n")),
                ("host", 400, format!("GET {path} HTTP/1.1\r\n{own}Host: b\r\n{from}\r\n")),
                ("site", 403, format!("POST {path} HTTP/1.1\r\n{own}{from}Sec-Fetch-Site: cross-site\r\n\r\n")),
                (
                    "origin",
                    403,
                    format!(
                        "POST {path} HTTP/1.1\r\n{own}{from}Sec-Fetch-Site: none\r\nOrigin: http://e.example\r\n\r\n"
                    ),
                ),
                (
                    "kind",
                    415,
                    format!(
                        "POST {path} HTTP/1.1\r\n{own}{from}Content-Type: text/plain\r\nContent-Length: 3\r\n\r\na=b"
                    ),
                ),
                ("size", 413, format!("POST {path} HTTP/1.1\r\n{own}{from}{form}Content-Length: 70000\r\n\r\n{large}")),
            ] {
                check(&format!("{what} of {path}, page {page}"), &ask(&server, &request), status, page);
            }
        }
        // Before there is a request nobody knows who asks.
        for (what, status, request) in [
            ("length", 414, format!("GET {path}?{} HTTP/1.1\r\n{own}\r\n", "x".repeat(65_600))),
            ("headers", 431, format!("GET {path} HTTP/1.1\r\n{own}Cookie: {}\r\n\r\n", "x".repeat(300_000))),
            ("count", 431, format!("GET {path} HTTP/1.1\r\n{own}{}\r\n", "a: b\r\n".repeat(120))),
            ("line", 400, format!("GET {path} HTTP/7.1\r\n{own}\r\n")),
            ("name", 400, format!("GET {path} HTTP/1.1\r\n{own}a b: c\r\n\r\n")),
        ] {
            let answer = ask(&server, &request);
            // An address that fills the buffer before its end is seen is one of the headers to hyper.
            let status = if status == 414 && answer.status == 431 { 431 } else { status };
            check(&format!("{what} of {path}"), &answer, status, false);
        }
    }
}

#[test]
fn what_is_asked_wrongly_is_told_in_plain_words() {
    let server = Server::start(&crate::home::demo_site(12.0), &[]);
    let own = format!("Host: {}\r\nConnection: close\r\n", server.address);
    let post = |path: &str, kind: &str, body: &str| {
        let head = format!("POST {path} HTTP/1.1\r\n{own}Content-Type: {kind}\r\nContent-Length: {}", body.len());
        ask(&server, &format!("{head}\r\n\r\n{body}"))
    };
    const FORM: &str = "application/x-www-form-urlencoded";
    const JSON: &str = "application/json";
    for (path, kind, body, status) in [
        ("/actions/lab", FORM, "", 422),
        ("/actions/lab", FORM, "%ff=%fe", 422),
        ("/actions/lab", FORM, "system[a]=b&system=c", 422),
        ("/actions/lab", FORM, "system=hv&system=hv&action=load", 422),
        ("/actions/lab", FORM, "a[b][c][d][e][f][g][h][i]=1", 422),
        ("/actions/lab", FORM, "system=h%C3%A4%0A%1b&action=load&kw=1", 404),
        ("/actions/lab", FORM, "system=hv&action=%E7%94%B5%0A&kw=1", 422),
        ("/actions/lab", JSON, "{}", 415),
        ("/actions/none", FORM, "a=b", 404),
        ("/api/v1/lab", JSON, "{}", 415),
        ("/api/v1/lab", FORM, "%ff", 422),
        ("/api/v1/lab", FORM, "action=load&kw=1e99", 422),
        ("/api/v1/analysis/sql", JSON, "{\"sql\": 99999999999999999999999999}", 422),
        ("/api/v1/analysis/sql", JSON, "{\"sql\": 1e999}", 400),
        ("/api/v1/analysis/sql", JSON, "{\"sql\"", 400),
        ("/api/v1/analysis/sql", JSON, "{\"sql\": \"\u{0}\"}", 400),
        ("/api/v1/analysis/sql", JSON, "{\"sql\": \"select 1\", \"format\": \"\u{7535}\"}", 422),
        ("/api/v1/analysis/sql", FORM, "", 422),
        ("/api/v1/links/%0A/recording", FORM, "", 404),
    ] {
        let answer = post(path, kind, body);
        check(&format!("{path} {body}"), &answer, status, false);
    }
    for (path, status) in [
        ("/api/v1/nothing", 404),
        ("/api/v1/state?system=h%C3%A4%0A%E2%80%AE", 404),
        ("/api/v1/state?system=%ff", 404),
        ("/api/v1/history?points=%22%0A%F0%9F%94%8B", 422),
        ("/api/v1/history?points=soc&width=99999999999999999999999", 422),
        ("/api/v1/history?points=soc&width=-1", 422),
        ("/api/v1/history?points=soc&from=%0A%1b", 422),
        ("/api/v1/series?points=%E7%94%B5", 422),
        ("/api/v1/series?seconds=1e9", 422),
        ("/api/v1/series?cell=%0A", 422),
        ("/api/v1/links/%E7%94%B5/frames", 404),
        ("/api/v1/recordings/%E7%94%B5", 404),
        ("/api/v1/recordings/%ff", 422),
        ("/api/v1/analysis/questions/%0A", 404),
        ("/live/%E7%94%B5", 426),
        ("/live/hv", 426),
        ("/pkg/%0A", 404),
    ] {
        let answer = ask(&server, &format!("GET {path} HTTP/1.1\r\n{own}\r\n"));
        let answer = if answer.status == 400 && status == 426 { Answer { status, ..answer } } else { answer };
        if status == 426 {
            assert!(answer.body.contains("WebSocket"), "{path}: {}", answer.body);
            continue;
        }
        check(path, &answer, status, false);
        let words = &answer.body;
        assert!(
            !words.contains("\\n") && !words.contains("\\u001b"),
            "{path}: an end of line is shown as it is: {words}"
        );
        assert!(!path.contains("%E7%94%B5") || words.contains('\u{7535}'), "{path}: {words}");
    }
}

/// Requests that are bent in one way each: the status, and what the words say of it.
#[test]
fn what_is_bent_is_refused_for_what_it_is_and_never_with_all_of_it() {
    let server = Server::start(&crate::home::demo_site(12.0), &[]);
    let own = format!("Host: {}\r\nConnection: close\r\n", server.address);
    let form = "Content-Type: application/x-www-form-urlencoded\r\n";
    let json = "Content-Type: application/json\r\n";
    let page = "Accept: text/html,*/*;q=0.8\r\n";
    let post = |path: &str, head: &str, body: &str| {
        format!("POST {path} HTTP/1.1\r\n{own}{head}Content-Length: {}\r\n\r\n{body}", body.len())
    };
    let long = "x".repeat(40_000);
    let chunked = "Transfer-Encoding: chunked\r\n\r\n";
    for (status, says, request) in [
        // A page only for who names one.
        (404, "nothing at /nope", format!("GET /nope HTTP/1.1\r\n{own}\r\n")),
        (404, "nothing at /nope", format!("GET /nope HTTP/1.1\r\n{own}Accept: */*\r\n\r\n")),
        (404, "nothing at /nope", format!("GET /nope HTTP/1.1\r\n{own}Accept: application/json\r\n\r\n")),
        (404, "nothing at /nope", format!("GET /nope HTTP/1.1\r\n{own}Accept: text/html;q=0, */*\r\n\r\n")),
        (404, "no system of that name", format!("GET /cells?system=nope HTTP/1.1\r\n{own}Accept: */*\r\n\r\n")),
        // A body that is no body of HTTP, and one that is too large.
        (400, "cannot be read", format!("POST /api/v1/lab HTTP/1.1\r\n{own}{form}{chunked}zz\r\n")),
        (
            413,
            "at most 65536",
            format!("POST /api/v1/lab HTTP/1.1\r\n{own}{form}{chunked}11170\r\n{long}{long}\r\n0\r\n\r\n"),
        ),
        // Kinds of bodies.
        (415, "with Content-Type: application/x-www-form-urlencoded", post("/api/v1/lab", json, "{}")),
        (415, "send application/x-www-form-urlencoded\"", post("/api/v1/lab", "Content-Type: text/plain\r\n", "a")),
        (
            415,
            "send application/json or application/x",
            post("/api/v1/analysis/sql", "Content-Type: text/plain\r\n", "a"),
        ),
        (415, "x\u{2026}", post("/api/v1/lab", &format!("Content-Type: {long}\r\n"), "a")),
        (422, "action: missing", post("/api/v1/lab", "Content-Type: Application/X-WWW-Form-Urlencoded\r\n", "")),
        (
            422,
            "`sql` is missing",
            post("/api/v1/analysis/sql", "Content-Type: Application/X-WWW-Form-Urlencoded\r\n", ""),
        ),
        // What stands in them.
        (400, "it ends too early", post("/api/v1/analysis/sql", json, "{\"sql\": \"x\", ")),
        (400, "cannot be understood", post("/api/v1/analysis/sql", json, "{\"sql\": \"x\"} x")),
        (400, "the body is no JSON", post("/api/v1/analysis/sql", json, "{\"sql\": \"\\ud800\"}")),
        (400, "the body is no JSON", post("/api/v1/analysis/sql", json, "{\"sql\": \"\\uZZ\"}")),
        (422, "`kw` is there twice", post("/api/v1/lab", form, "action=load&kw=1&kw=2")),
        (422, "`kw` is there twice", post("/actions/lab", form, "system=hv&action=load&kw=1&kw=2")),
        (422, "`power` is not known here", post("/api/v1/lab", form, "action=load&kw=1&power=2")),
        (422, "`power` is not known here", post("/actions/lab", form, "system=hv&action=load&kw=1&power=2")),
        (404, "is not simulated", post("/api/v1/lab", form, "system=nope&action=load&kw=1")),
        (404, "is not simulated", post("/actions/lab", form, "system=nope&action=load&kw=1")),
        // Addresses and methods.
        (404, "nothing at /actions/", post("/actions/", form, "a=b")),
        (404, "nothing at", format!("OPTIONS * HTTP/1.1\r\n{own}\r\n")),
        // Nothing is sent back without an end.
        (404, "x\u{2026}", format!("GET /{long} HTTP/1.1\r\n{own}\r\n")),
        (404, "x\u{2026}", format!("GET /api/{long} HTTP/1.1\r\n{own}\r\n")),
        (405, "X\u{2026}", format!("{} / HTTP/1.1\r\n{own}\r\n", "X".repeat(40_000))),
        (403, "x\u{2026}", post("/api/v1/lab", &format!("{form}Origin: http://{long}\r\n"), "a=b")),
        (422, "x\u{2026}", post("/api/v1/lab", form, &format!("action={long}"))),
        (422, "x\u{2026}", post("/api/v1/lab", form, &format!("action=load&{long}=1"))),
        (422, "x\u{2026}", post("/api/v1/analysis/sql", json, &format!("{{\"{long}\": 1}}"))),
        (422, "x\u{2026}", post("/api/v1/analysis/sql", json, &format!("{{\"sql\": \"a\", \"format\": \"{long}\"}}"))),
    ] {
        let what = format!("{request:.120}");
        let answer = ask(&server, &request);
        check(&what, &answer, status, false);
        assert!(answer.body.contains(says), "{what}: {}", answer.body);
        assert!(answer.body.len() < 2_000, "{what}: {} bytes", answer.body.len());
    }
    let missing = ask(&server, &format!("GET /nope HTTP/1.1\r\n{own}{page}\r\n"));
    assert!(missing.status == 404 && missing.head.contains("content-type: text/html"), "{}", missing.head);
    let api = ask(&server, &format!("GET /api/ HTTP/1.1\r\n{own}\r\n"));
    assert!(api.status == 308 && api.head.contains("location: /api"), "{}", api.head);
    // No text: as bytes, which a `String` cannot have.
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let head = format!("POST /actions/lab HTTP/1.1\r\n{own}{form}Content-Length: 2\r\n\r\n");
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(b"\xff\xfe")).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    assert!(said.contains(" 400 ") && said.contains("the body is no text in UTF-8"), "{said}");
    // A body that breaks off: the other side is still read.
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream
        .write_all(format!("POST /api/v1/lab HTTP/1.1\r\n{own}{form}Content-Length: 20\r\n\r\naction").as_bytes())
        .unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut said = String::new();
    let _ = stream.read_to_string(&mut said);
    assert!(said.is_empty() || said.contains(" 400 ") && said.contains("cannot be read"), "{said}");
}
