//! Actions of pages: who may take them, and what is answered to whom may not or asks wrongly.

use crate::home::demo_site;
use crate::support::Server;
use domain::lab::{LabState, LoadMode};
use domain::wire::Wire as _;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

/// Status, headers in small letters, and body of an answer to this request.
fn ask(server: &Server, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> (u16, String, Vec<u8>) {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n", server.address);
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += &format!("Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n", body.len());
    // Who is refused early may not read all of a large body.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n").expect("an HTTP answer");
    let head = String::from_utf8_lossy(&answer[..end]).to_lowercase();
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, head, answer[end + 4..].to_vec())
}

#[test]
fn an_action_is_guarded_and_answers_in_words() {
    let server = Server::start(&demo_site(12.0), &[]);
    let post = |headers: &[(&str, &str)], body: &str| ask(&server, "POST", "/actions/lab", headers, body);
    let own = format!("http://{}", server.address);
    let load = "system=hv&action=load&kw=120";

    let (status, head, body) = post(&[("Origin", &own)], load);
    assert_eq!(status, 200, "{head}");
    assert_eq!(LabState::from_bytes(&body).unwrap().load, LoadMode::Fixed(120_000.0));

    // A plain form goes back to its page.
    let page = format!("{own}/lab?system=hv");
    let (status, head, _) = post(&[("Origin", &own), ("Accept", "text/html"), ("Referer", &page)], load);
    assert_eq!(status, 303, "{head}");
    assert!(head.contains("location: /lab?system=hv\r\n"), "{head}");
    let (status, _, body) = post(&[("Accept", "text/html"), ("Referer", &page)], "system=hv&action=load&kw=many");
    assert_eq!(status, 422);
    let body = String::from_utf8_lossy(&body);
    assert!(body.contains("<h1>This was not done</h1>") && body.contains("kw"), "{body}");

    let large = format!("{load}&more={}", "x".repeat(70_000));
    for (headers, body, status, words) in [
        (&[("Origin", "https://evil.example")][..], load, 403, "comes from another site's page"),
        (&[("Sec-Fetch-Site", "cross-site")], load, 403, "comes from another site's page"),
        (&[], &large, 413, "a body has at most 65536 bytes"),
        (&[], "system=hv&action=load&kw=many", 422, "kw"),
        (&[], "system=hv&action=load", 422, "kw"),
        (&[], "system=nowhere&action=load&kw=1", 404, "nowhere\\\" is not simulated"),
        (&[], "action=load&kw=1", 422, "the form is not complete"),
        (&[], "", 422, "the form is not complete"),
    ] {
        let (got, head, answer) = post(headers, body);
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(got, status, "{body:.60}: {head}\n{answer}");
        assert!(answer.contains(words), "{body:.60}: {answer}");
        if status == 422 {
            assert!(head.contains("content-type: application/problem+json"), "{head}");
        }
    }
    for (method, path, status) in [
        ("GET", "/actions/lab", 405),
        ("DELETE", "/actions/lab", 405),
        ("POST", "/actions/none", 404),
        ("POST", "/actions/", 404),
    ] {
        assert_eq!(ask(&server, method, path, &[], "").0, status, "{method} {path}");
    }
    let state = server.get("/api/v1/lab");
    assert_eq!(state["load"]["power_w"], 120_000.0, "nothing that was refused was done");
}
