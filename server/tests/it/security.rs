//! The security list, over a real socket: what is tried from outside, each refusal and that nothing was done.
//!
//! | tried | also in |
//! |---|---|
//! | form post and JSON of a foreign origin, at every address that changes something | `refusals.rs`, `people.rs`, `actions.rs` |
//! | live stream of a foreign origin, without a session, after its end | `people.rs` (closed reading) |
//! | rebound name of the host | `door.rs` |
//! | session fixation | `people.rs` |
//! | brute force; the admin is not kept out | `people.rs`, `tls.rs` (behind a proxy) |
//! | slow headers, slow TLS handshake, slow body | `door.rs`, `tls.rs` |
//! | oversized body, head, address | `refusals.rs`, `people.rs` |
//! | traversal | `recording.rs`, `commands.rs` |
//! | script in every text field | `people.rs` |
//! | a viewer calling what is an operator's, over API and actions | `people.rs` |
//! | expired and ended tokens and sessions | `people.rs` |

use crate::home::demo_site;
use crate::people::{PASSWORD, add, nobody, packtwin, sign_in, staffed, stepped_up, with_cookie, with_token};
use crate::support::{Server, folder};
use domain::people::Scope;
use domain::time::Utc;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use store::{Control, Secret};

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");
/// Every action of a page, with a form that it would take.
const ACTIONS: [(&str, &str); 5] = [
    ("/actions/lab", "system=hv&action=load&kw=120"),
    ("/actions/command", "id=from-a-form&system=hv&control=reserve&value=30&revision=0"),
    ("/actions/safe-values", "id=from-a-form&system=hv"),
    ("/actions/people", "what=disarm"),
    ("/actions/alarms", "what=acknowledge&system=hv&alarms=bus.sag+system"),
];
const SCRIPT: &str = "<script>alert(1)</script>";

/// Every address of the API that changes something, as the server itself says.
fn changing(server: &Server) -> Vec<(String, String)> {
    let document = server.get("/api/openapi.json");
    let paths = document["paths"].as_object().unwrap();
    let named = |path: &str| path.replace("{id}", "1").replace("{name}", "vera");
    let all = paths.iter().flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().keys().filter(|method| *method != "get");
        methods.map(|method| (method.to_uppercase(), named(path))).collect::<Vec<_>>()
    });
    all.collect()
}

#[test]
fn no_page_of_another_site_changes_anything_with_the_session_of_who_visits_it() {
    let server = staffed("");
    let admin = stepped_up(&server, "mara");
    let audited = || admin.get("/api/v1/audit?limit=1").json()["head"].clone();
    let (before, all) = (audited(), changing(&server));
    assert!(all.len() >= 19, "{all:?}");
    let own = format!("http://{}", server.address);
    for (method, path) in all.iter().map(|(method, path)| (method.as_str(), path.as_str())) {
        for foreign in [
            &[("Origin", "https://evil.example")][..],
            &[("Origin", "null")],
            &[("Origin", "http://127.0.0.1:1")],
            &[("Sec-Fetch-Site", "cross-site")],
            &[("Sec-Fetch-Site", "same-site")],
            &[("Origin", &own), ("Sec-Fetch-Site", "cross-site")],
            &[("Origin", &own), ("Origin", "https://evil.example")],
        ] {
            let answer = admin.ask(method, path, foreign, "{}");
            assert_eq!(answer.status, 403, "{method} {path} {foreign:?}: {}", answer.body);
            assert!(answer.body.contains("another site's page"), "{}", answer.body);
        }
        // The other kinds that a form of any site can send are taken nowhere.
        for kind in ["text/plain", "multipart/form-data; boundary=x"] {
            let answer = admin.ask(method, path, &[("Content-Type", kind), ("Origin", &own)], "name=eve&role=admin");
            assert_eq!(answer.status, 415, "{method} {path} {kind}: {}", answer.body);
        }
    }
    for (path, form) in ACTIONS {
        for foreign in [("Origin", "https://evil.example"), ("Sec-Fetch-Site", "cross-site")] {
            assert_eq!(admin.ask("POST", path, &[FORM, foreign], form).status, 403, "{path} {foreign:?}");
        }
    }
    // Reading changes nothing, whoever asks; and no other method does.
    for (_, path) in &all {
        for method in ["PUT", "PATCH", "OPTIONS", "TRACE"] {
            let status = admin.ask(method, path, &[], "").status;
            assert!((400..500).contains(&status), "{method} {path}: {status}");
        }
    }
    assert_eq!(audited(), before, "nothing was done");
    let arming = admin.get("/api/v1/arming").json();
    assert_eq!(arming["armed"], false, "{arming}");
}

/// Asks for the live stream, and gives the head of the answer with the connection.
fn live(server: &Server, headers: &[(&str, &str)]) -> (String, TcpStream) {
    let mut stream = TcpStream::connect(&server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(15))).unwrap();
    let mut head = format!(
        "GET /live/hv HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
        server.address
    );
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
    let mut status = [0; 12];
    stream.read_exact(&mut status).unwrap();
    (String::from_utf8_lossy(&status).into_owned(), stream)
}

#[test]
fn the_live_stream_is_for_our_own_page_and_ends_with_the_session() {
    let server = staffed("[access]\nreading = \"closed\"");
    let (timo, vera) = (sign_in(&server, "timo"), sign_in(&server, "vera"));
    let cookie = |client: &crate::people::Client<'_>| client.shows.clone().unwrap().1;
    let (timos, veras) = (cookie(&timo), cookie(&vera));
    let own = format!("http://{}", server.address);
    for (headers, status) in [
        (&[("Cookie", veras.as_str()), ("Origin", &own)][..], "HTTP/1.1 101"),
        // Another site's page, in the browser of who is signed in.
        (&[("Cookie", &veras), ("Origin", "https://evil.example")], "HTTP/1.1 403"),
        (&[("Cookie", &veras), ("Origin", "null")], "HTTP/1.1 403"),
        (&[("Cookie", &veras), ("Sec-Fetch-Site", "cross-site"), ("Origin", &own)], "HTTP/1.1 403"),
        // Nobody, and who has no session any more.
        (&[("Origin", &own)], "HTTP/1.1 401"),
        (&[("Cookie", "packtwin=1"), ("Origin", &own)], "HTTP/1.1 401"),
    ] {
        assert_eq!(live(&server, headers).0, status, "{headers:?}");
    }
    // Open streams end with their session: one that is signed out, one whose account changes by the command line.
    let streams = [live(&server, &[("Cookie", &timos)]), live(&server, &[("Cookie", &veras)])];
    // A session that goes on under another secret is the same one.
    let up = timo.post("/api/v1/session/step-up", json!({ "password": PASSWORD }));
    let timo = with_cookie(&server, up.cookie());
    let (still, mut nothing) = (&streams[0].1, [0; 1 << 16]);
    let until = Instant::now() + Duration::from_secs(6);
    while Instant::now() < until {
        assert!((&*still).read(&mut nothing).unwrap() > 0, "it ended with the old secret");
    }
    assert_eq!(timo.delete("/api/v1/session").status, 204);
    let data = server.folder.path().join("data");
    assert_eq!(packtwin(&data, &["user", "role", "vera", "operator"], "").0, Some(0));
    for ((status, mut stream), within_s) in streams.into_iter().zip([3, 15]) {
        assert_eq!(status, "HTTP/1.1 101");
        let (began, mut heard) = (Instant::now(), Vec::new());
        let ended = stream.read_to_end(&mut heard);
        assert!(ended.is_ok() && began.elapsed() < Duration::from_secs(within_s), "{ended:?} {:?}", began.elapsed());
        // A close frame with code 1008 and the reason.
        let words = b"the session has ended: sign in again";
        let at = heard.windows(words.len()).rposition(|part| part == words).expect("a reason");
        assert_eq!(heard[at - 4..at], [0x88, words.len() as u8 + 2, 0x03, 0xf0]);
    }
}

/// A page learns at once that nobody is signed in any more: also where it may go on to be looked at.
#[test]
fn where_reading_is_open_a_stream_that_began_with_a_session_ends_with_it_too() {
    let server = staffed("");
    let (mara, timo) = (sign_in(&server, "mara"), sign_in(&server, "timo"));
    let (_, cookie) = timo.shows.clone().unwrap();
    let (status, mut stream) = live(&server, &[("Cookie", &cookie)]);
    let (_, mut of_nobody) = live(&server, &[]);
    assert_eq!(status, "HTTP/1.1 101");
    let all = mara.get("/api/v1/sessions?all=true").json();
    let id =
        all["sessions"].as_array().unwrap().iter().find(|session| session["name"] == "timo").unwrap()["id"].clone();
    assert_eq!(mara.delete(&format!("/api/v1/sessions/{id}")).status, 204);
    let (began, mut heard) = (Instant::now(), Vec::new());
    stream.read_to_end(&mut heard).unwrap();
    assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
    assert!(of_nobody.read(&mut [0; 1 << 16]).unwrap() > 0, "who showed nothing stays");
}

#[test]
fn a_head_that_never_ends_is_cut_however_it_drips() {
    let server = Server::start(&demo_site(12.0), &[]);
    let mut drip = TcpStream::connect(&server.address).unwrap();
    drip.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    drip.write_all(format!("GET / HTTP/1.1\r\nHost: {}\r\n", server.address).as_bytes()).unwrap();
    let began = Instant::now();
    loop {
        let written = drip.write_all(b"X-A: b\r\n");
        let cut = match drip.read(&mut [0; 512]) {
            Ok(count) => count == 0,
            Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut),
        };
        if written.is_err() || cut {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(40), "it is waited for");
    }
    // Too many headers would have been refused earlier: it is the time.
    assert!(began.elapsed() > Duration::from_secs(10), "{:?}", began.elapsed());
}

#[test]
fn no_address_leads_out_of_its_folder() {
    let server = staffed("");
    let data = server.folder.path().join("data");
    std::fs::write(data.join("tls.pem"), "-----BEGIN PRIVATE KEY-----").unwrap();
    let admin = stepped_up(&server, "mara");
    let ups = ["..", "%2e%2e", "..%2f..", "%2e%2e%2f%2e%2e", "..%5c..", "....//", "%252e%252e", ".%00."];
    let files = ["control.db", "data/control.db", "data/tls.pem", "etc/passwd", "site.toml"];
    let places = ["/", "/pkg/", "/api/v1/recordings/", "/api/v1/analysis/questions/", "/api/v1/commands/", "/live/"];
    for place in places {
        for (up, file) in ups.iter().flat_map(|up| files.iter().map(move |file| (up, file))) {
            let flat = file.replace('/', "%2f");
            for path in
                [format!("{place}{up}/{file}"), format!("{place}{up}%2f{flat}"), format!("{place}{up}/../{file}")]
            {
                // A page of the app is made where a browser asks for one.
                let kinds = if place == "/" { &["*/*", "text/html"][..] } else { &["*/*"] };
                for accepts in kinds {
                    let answer = admin.ask("GET", &path, &[("Accept", accepts)], "");
                    assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
                    for secret in ["SQLite format", "PRIVATE KEY", "root:", "[[system]]"] {
                        assert!(!answer.body.contains(secret), "{path}: {secret}");
                    }
                }
            }
        }
    }
    for name in ["..%2fcontrol.db", "..%2f..%2fdata%2ftls.pem", "%2fetc%2fpasswd", "."] {
        let path = format!("/api/v1/recordings/{name}");
        let status = admin.delete(&path).status;
        assert!((400..500).contains(&status), "{path}: {status}");
    }
    for query in ["state?system=../../etc", "history?points=../../etc/passwd", "playback/frames?system=..%2f.."] {
        let status = admin.get(&format!("/api/v1/{query}")).status;
        assert!((400..500).contains(&status), "{query}: {status}");
    }
    assert!(data.join("control.db").exists() && data.join("tls.pem").exists());
}

/// Names of the site file, every parameter of every page, and what the API is asked: no HTML page has it unescaped.
#[test]
fn a_script_in_a_text_field_never_runs() {
    let folder = folder();
    let data = folder.path().join("data");
    add(&data, "mara", "admin");
    let site = demo_site(12.0).replace("name = \"", &format!("name = \"{SCRIPT}"));
    assert!(site.matches(SCRIPT).count() >= 3, "the site, its systems, its links");
    let server = Server::start_in(folder, &site, &[]);
    let escaped = "%3Cscript%3Ealert(1)%3C/script%3E";
    let pages = ["/", "/cells", "/trends", "/home", "/analysis", "/links", "/lab", "/api", "/offline", escaped, "/a/b"];
    let keys = ["system", "at", "cell", "points", "from", "to", "range", "sql", "question", "link", "map", "q"];
    let check = |what: &str, answer: &crate::people::Answer| {
        let kind = answer.header("content-type").unwrap_or_default();
        let policy = answer.header("content-security-policy");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{what}");
        if kind.starts_with("text/html") {
            // Whatever slips in has no nonce.
            let policy = policy.unwrap_or_else(|| panic!("{what}: a page without a policy"));
            assert!(
                policy.contains("default-src 'none'") && !policy.contains("script-src 'unsafe-inline'"),
                "{policy}"
            );
            assert!(!answer.body.contains("<script>alert"), "{what}: {}", around(&answer.body));
        } else {
            let data = ["application/json", "application/problem+json", "text/plain", "application/octet-stream"];
            assert!(data.iter().any(|data| kind.starts_with(data)), "{what}: {kind}");
        }
    };
    let client = nobody(&server);
    let html = [("Accept", "text/html")];
    for page in pages {
        let page = if page.starts_with('/') { page.to_owned() } else { format!("/{page}") };
        check(&page, &client.ask("GET", &page, &html, ""));
        let all: Vec<String> = keys.iter().map(|key| format!("{key}={escaped}")).collect();
        check(&page, &client.ask("GET", &format!("{page}?{}", all.join("&")), &html, ""));
        for one in all {
            check(&one, &client.ask("GET", &format!("{page}?{one}"), &html, ""));
        }
    }
    // The same page twice has two nonces.
    let policy = |page: &str| client.ask("GET", page, &html, "").header("content-security-policy").unwrap().to_owned();
    assert_ne!(policy("/cells"), policy("/cells"));
    // What is sent as data comes back as data, refused or escaped.
    let admin = stepped_up(&server, "mara");
    for (method, path, body, refused) in [
        (
            "POST",
            "/api/v1/users",
            json!({ "name": SCRIPT, "role": "viewer", "password": "nine lamps of the hall" }),
            true,
        ),
        ("POST", "/api/v1/tokens", json!({ "name": SCRIPT, "scope": "read", "days": 1 }), true),
        ("POST", "/api/v1/session", json!({ "name": SCRIPT, "password": SCRIPT }), true),
        ("POST", "/api/v1/setup", json!({ "token": SCRIPT, "name": SCRIPT, "password": SCRIPT }), true),
        ("POST", "/api/v1/session/step-up", json!({ "password": SCRIPT }), true),
        ("POST", "/api/v1/users/mara", json!({ "role": SCRIPT }), true),
        (
            "POST",
            "/api/v1/commands",
            json!({ "id": SCRIPT, "system": SCRIPT, "control": SCRIPT, "value": 1, "revision": 1 }),
            true,
        ),
        ("POST", "/api/v1/commands/safe-values", json!({ "id": SCRIPT, "system": SCRIPT }), true),
        ("POST", "/api/v1/analysis/sql", json!({ "sql": format!("SELECT '{SCRIPT}' AS \"{SCRIPT}\"") }), false),
        ("POST", "/api/v1/analysis/sql", json!({ "sql": SCRIPT }), true),
    ] {
        for accepts in ["*/*", "text/html"] {
            let answer = admin.ask(method, path, &[("Accept", accepts)], &body.to_string());
            assert!(!refused || answer.status >= 400, "{path}: {} {}", answer.status, answer.body);
            check(path, &answer);
        }
    }
    for (path, _) in ACTIONS {
        for body in [format!("system={escaped}&action={escaped}&kw={escaped}"), format!("{escaped}={escaped}")] {
            check(path, &admin.ask("POST", path, &[FORM, ("Accept", "text/html")], &body));
        }
    }
    let agent = [("User-Agent", SCRIPT)];
    let body = json!({ "name": "mara", "password": PASSWORD }).to_string();
    assert_eq!(client.ask("POST", "/api/v1/session", &agent, &body).status, 200);
    for path in ["/api/v1/sessions?all=true", "/api/v1/audit", "/api/v1/state", "/api/v1/links", "/api/v1/control"] {
        let answer = admin.ask("GET", path, &html, "");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        check(path, &answer);
    }
    // What was refused is not in the audit either: what was typed may be a password.
    let audit = admin.get("/api/v1/audit?limit=500").body;
    assert!(!audit.contains("script"), "{}", around(&audit));
}

/// The text around the script in it.
fn around(text: &str) -> String {
    let at = text.find("script>alert").unwrap_or_default();
    text.chars().skip(at.saturating_sub(200)).take(400).collect()
}

#[test]
fn a_viewer_does_nothing_of_an_operator_by_any_door() {
    let server = staffed("");
    let vera = sign_in(&server, "vera");
    let admin = stepped_up(&server, "mara");
    let made = admin.post("/api/v1/tokens", json!({ "name": "reader", "scope": "read", "days": 1 }));
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let load = || server.get("/api/v1/lab?system=hv")["load"].clone();
    let (before, head) = (load(), admin.get("/api/v1/audit?limit=1").json()["head"].clone());
    let own = ["/api/v1/session", "/api/v1/password", "/api/v1/sessions", "/api/v1/setup"];
    let readers = ["/api/v1/analysis/sql", "/api/v1/flight"];
    for client in [vera, with_token(&server, &token), nobody(&server)] {
        for (method, path) in changing(&server) {
            if own.iter().any(|own| path.starts_with(own)) || readers.contains(&path.as_str()) {
                continue;
            }
            let answer = client.ask(&method, &path, &[], "{}");
            assert!(matches!(answer.status, 401 | 403), "{method} {path}: {} {}", answer.status, answer.body);
        }
        for (path, form) in ACTIONS {
            let answer = client.ask("POST", path, &[FORM], form);
            assert!(matches!(answer.status, 401 | 403), "{path}: {} {}", answer.status, answer.body);
            let answer = client.ask("POST", path, &[FORM, ("Accept", "text/html")], form);
            assert!(matches!(answer.status, 401 | 403), "{path}: {} {}", answer.status, answer.body);
        }
    }
    assert_eq!(load(), before);
    assert_eq!(admin.get("/api/v1/audit?limit=1").json()["head"], head, "nothing was done");
}

/// Tokens and sessions whose time is over are put into the file as they would be after that time.
#[test]
fn what_is_over_is_worth_nothing() {
    let server = staffed("");
    let control = Control::open(&server.folder.path().join("data")).unwrap();
    let now = Utc(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_micros() as i64);
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    let hashed = |text: &str| -> Secret { Sha256::digest(text.as_bytes()).into() };
    let put = |name: &'static str, made: Utc, ends: Utc| {
        let secret = format!("pt_{name}");
        control
            .write(|tables| tables.add_token((name, Scope::Control), ("pt_", &hashed(&secret)), (made, "mara"), ends))
            .unwrap();
        with_token(&server, &secret).get("/api/v1/state").status
    };
    assert_eq!(put("good", now - hours(48), now + hours(1)), 200);
    assert_eq!(put("over", now - hours(48), now - hours(1)), 401);
    assert_eq!(put("early", now + hours(1), now + hours(48)), 401, "the clock was put back");

    let port = server.address.rsplit(':').next().unwrap();
    let session = |name: &'static str, user: &'static str, begun: Utc| {
        control
            .write(|tables| {
                let user = tables.user(user)?.unwrap();
                tables.add_session(&hashed(name), (user.id, begun, ("127.0.0.1", "test")))
            })
            .unwrap();
        let client = with_cookie(&server, format!("packtwin-{port}={name}"));
        let session = client.get("/api/v1/session").json();
        let lab = client.ask("POST", "/api/v1/lab", &[FORM], "system=hv&action=load&kw=120").status;
        (session["role"].as_str().map(str::to_owned), session["name"].is_string(), lab)
    };
    let role = |role: &str| Some(role.to_owned());
    assert_eq!(session("fresh", "timo", now - Duration::from_secs(60)), (role("operator"), true, 200));
    // An operator who has done nothing for half an hour, or was here for half a day, sees and does nothing more.
    assert_eq!(session("idle", "timo", now - hours(1)), (role("viewer"), true, 403));
    assert_eq!(session("long", "mara", now - hours(13)), (role("viewer"), true, 403));
    assert_eq!(session("gone", "mara", now - hours(24 * 31)), (role("viewer"), false, 401), "as nobody");
    // A password once more is good for minutes.
    let admin = with_cookie(&server, format!("packtwin-{port}=stale"));
    control
        .write(|tables| {
            let mara = tables.user("mara")?.unwrap();
            let begun = now - Duration::from_secs(25 * 60);
            tables.add_session(&hashed("stale"), (mara.id, begun, ("127.0.0.1", "test")))
        })
        .unwrap();
    let arm = admin.post("/api/v1/arming", json!({ "armed": true }));
    assert_eq!(arm.status, 403, "{}", arm.body);
    assert_eq!(admin.get("/api/v1/arming").json()["armed"], Value::from(false));
}
