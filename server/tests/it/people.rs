//! People at the real server: who gets in, who may do what, and everything that an attacker tries.

use crate::home::demo_site;
use crate::support::{Server, command, folder};
use domain::time::Utc;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};
use store::{Control, Tables};

pub(crate) const PASSWORD: &str = "lamp tractor mild seven";

/// Runs `packtwin` on a data folder, with this on its standard input; gives exit status and all that it said.
pub(crate) fn packtwin(data: &Path, arguments: &[&str], input: &str) -> (Option<i32>, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_packtwin"));
    command.args(arguments).arg("--data").arg(data).env_remove("RUST_LOG");
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    (status.code(), String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned())
}

pub(crate) fn add(data: &Path, name: &str, role: &str) {
    let (status, said) = packtwin(data, &["user", "add", name, "--role", role], &format!("{PASSWORD}\n"));
    assert_eq!(status, Some(0), "{said}");
}

/// A site with an admin, an operator and a viewer.
pub(crate) fn staffed(access: &str) -> Server {
    let folder = folder();
    let data = folder.path().join("data");
    for (name, role) in [("mara", "admin"), ("timo", "operator"), ("vera", "viewer")] {
        add(&data, name, role);
    }
    Server::start_in(folder, &format!("{}\n{access}\n", demo_site(12.0)), &[])
}

pub(crate) fn data(server: &Server) -> std::path::PathBuf {
    server.folder.path().join("data")
}

/// What was answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    /// What a browser would send back.
    pub(crate) fn cookie(&self) -> String {
        let set = self.header("set-cookie").expect("a cookie");
        set.split(';').next().unwrap().to_owned()
    }
}

/// Somebody with a cookie or a token, or with nothing.
pub(crate) struct Client<'a> {
    pub(crate) server: &'a Server,
    pub(crate) shows: Option<(&'static str, String)>,
}

impl Client<'_> {
    pub(crate) fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        self.ask_bytes(method, path, headers, body.as_bytes())
    }

    /// The same with a body that may be no text.
    pub(crate) fn ask_bytes(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(&self.server.address).unwrap();
        let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {}\r\n", self.server.address);
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some((name, value)) = &self.shows {
            head += &format!("{name}: {value}\r\n");
        }
        if !headers.iter().any(|(name, _)| *name == "Content-Type") && !body.is_empty() {
            head += "Content-Type: application/json\r\n";
        }
        head += &format!("Content-Length: {}\r\n\r\n", body.len());
        // Who is refused early may not read all of a large body.
        let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let text = String::from_utf8_lossy(&answer);
        let (head, body) = text.split_once("\r\n\r\n").expect("an HTTP answer");
        let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
        // Names of headers are in small letters already.
        Answer { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "")
    }

    pub(crate) fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, &[], &body.to_string())
    }

    pub(crate) fn delete(&self, path: &str) -> Answer {
        self.ask("DELETE", path, &[], "")
    }
}

pub(crate) fn nobody(server: &Server) -> Client<'_> {
    Client { server, shows: None }
}

pub(crate) fn with_cookie(server: &Server, cookie: String) -> Client<'_> {
    Client { server, shows: Some(("Cookie", cookie)) }
}

pub(crate) fn with_token<'a>(server: &'a Server, token: &str) -> Client<'a> {
    Client { server, shows: Some(("Authorization", format!("Bearer {token}"))) }
}

/// Signs in, or says why not.
pub(crate) fn sign_in<'a>(server: &'a Server, name: &str) -> Client<'a> {
    let answer = nobody(server).post("/api/v1/session", json!({ "name": name, "password": PASSWORD }));
    assert_eq!(answer.status, 200, "{name}: {}", answer.body);
    with_cookie(server, answer.cookie())
}

/// Somebody who has signed in a quarter of an hour ago: what needs the password asks for it.
pub(crate) fn signed_in_before<'a>(server: &'a Server, name: &str) -> Client<'a> {
    let (secret, port) = (format!("before-{name}"), server.address.rsplit(':').next().unwrap());
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap() - Duration::from_secs(15 * 60);
    let begun = Utc(since.as_micros() as i64);
    let control = Control::open(&data(server)).unwrap();
    let add = |tables: &mut Tables<'_>| {
        let user = tables.user(name)?.unwrap();
        tables.add_session(&Sha256::digest(secret.as_bytes()).into(), (user.id, begun, ("127.0.0.1", "test")))
    };
    control.write(add).unwrap();
    with_cookie(server, format!("packtwin-{port}={secret}"))
}

/// The same, with the password given once more.
pub(crate) fn stepped_up<'a>(server: &'a Server, name: &str) -> Client<'a> {
    let answer = sign_in(server, name).post("/api/v1/session/step-up", json!({ "password": PASSWORD }));
    assert_eq!(answer.status, 200, "{}", answer.body);
    with_cookie(server, answer.cookie())
}

#[test]
fn the_first_admin_is_made_with_the_token_on_the_console_and_is_signed_in() {
    let folder = folder();
    let mut child = command(folder.path(), &demo_site(12.0), &[]);
    let mut child = crate::support::Running(child.stdout(Stdio::piped()).spawn().unwrap());
    let mut lines = std::io::BufRead::lines(std::io::BufReader::new(child.0.stdout.take().unwrap()));
    let mut line = || lines.next().unwrap().unwrap();
    let address = line().trim().strip_prefix("Packtwin is at http://").unwrap().to_owned();
    assert!(line().contains("To make the first admin in the next 15 minutes"));
    let (token, how) = (line(), line());
    assert!(how.contains("packtwin user add NAME --role admin --data "), "{how}");
    let server = Server::of(child, address, folder);

    let session = nobody(&server).get("/api/v1/session").json();
    let expected = json!({
        "name": null, "role": "viewer", "account_role": null, "rights_left_s": null, "step_up_left_s": 0,
        "reading_open": true, "accounts": false, "setup_open": true, "armed": false, "unusable": null,
    });
    assert_eq!(session, expected);
    let set_up = |token: &str, password: &str| {
        nobody(&server).post("/api/v1/setup", json!({ "token": token, "name": "mara", "password": password }))
    };
    assert_eq!(set_up("abcde-fghij-kmnpq-rstuv", PASSWORD).status, 401);
    let weak = set_up(&token, "password1234");
    assert!(weak.status == 422 && weak.body.contains("one of the first"), "{}", weak.body);
    // On the page what was typed stays, all but the password.
    let fields = [("what", "set-up"), ("token", &*token), ("name", "mara"), ("password", "password1234"), ("to", "/")];
    let page = crate::sign_in::form(&nobody(&server), "/sign-in", &fields);
    assert!(page.status == 422 && page.body.contains("one of the first"), "{}", page.body);
    for stays in [token.trim(), "mara"] {
        assert!(page.body.contains(&format!("value=\"{stays}\"")), "{stays}: {}", page.body);
    }
    assert!(!page.body.contains("password1234") && page.header("cache-control") == Some("no-store"), "{}", page.head);
    let made = set_up(&token, PASSWORD);
    assert_eq!((made.status, made.json()["role"].as_str()), (201, Some("admin")), "{}", made.body);
    let set = made.header("set-cookie").unwrap();
    let port = server.address.rsplit(':').next().unwrap();
    assert!(set.starts_with(&format!("packtwin-{port}=")), "{set}");
    assert!(set.ends_with("; Path=/; Max-Age=2592000; HttpOnly; SameSite=Strict"), "{set}");
    assert_eq!(set_up(&token, PASSWORD).status, 409, "it is used");
    let mara = with_cookie(&server, made.cookie());
    assert_eq!(mara.get("/api/v1/users").json()["users"][0]["made_by"], "mara");
    // From now on even this machine needs an account to do something.
    let lab = nobody(&server).ask(
        "POST",
        "/api/v1/lab",
        &[("Content-Type", "application/x-www-form-urlencoded")],
        "action=clear-all",
    );
    assert_eq!((lab.status, lab.header("www-authenticate")), (401, Some("Bearer realm=\"packtwin\"")), "{}", lab.body);
}

#[test]
fn without_accounts_the_demo_is_open_and_nothing_of_people_is() {
    let server = Server::start(&demo_site(12.0), &[]);
    let nobody = nobody(&server);
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    assert_eq!(nobody.get("/api/v1/state").status, 200);
    assert_eq!(nobody.ask("POST", "/api/v1/lab", &form, "system=hv&action=load&kw=120").status, 200);
    assert_eq!(nobody.ask("POST", "/actions/lab", &form, "system=hv&action=load&kw=120").status, 200);
    for (method, path) in [
        ("GET", "/api/v1/users"),
        ("GET", "/api/v1/tokens"),
        ("GET", "/api/v1/audit"),
        ("GET", "/api/v1/sessions"),
        ("POST", "/api/v1/users"),
        ("POST", "/api/v1/tokens"),
        ("POST", "/api/v1/arming"),
        ("POST", "/api/v1/password"),
        ("POST", "/api/v1/session/step-up"),
        ("DELETE", "/api/v1/users/mara"),
        ("DELETE", "/api/v1/tokens/1"),
        ("DELETE", "/api/v1/sessions/1"),
    ] {
        let answer = nobody.ask(method, path, &[], "");
        assert_eq!(answer.status, 401, "{method} {path}: {}", answer.body);
        assert!(answer.body.contains("sign in first"), "{}", answer.body);
    }
    assert_eq!(nobody.delete("/api/v1/session").status, 204);
}

/// Every row of people's part of the API, and of what changes something, by everybody who is not enough for it.
#[test]
fn each_may_what_their_role_allows_and_is_told_why_not() {
    let server = staffed("");
    let admin = stepped_up(&server, "mara");
    let token = |scope: &str| {
        let made = admin.post("/api/v1/tokens", json!({ "name": scope, "scope": scope, "days": 7 }));
        assert_eq!(made.status, 201, "{}", made.body);
        made.json()["token"].as_str().unwrap().to_owned()
    };
    let (read, control) = (token("read"), token("control"));
    let clients = [
        nobody(&server),
        with_token(&server, &read),
        with_token(&server, &control),
        sign_in(&server, "vera"),
        sign_in(&server, "timo"),
        signed_in_before(&server, "mara"),
    ];
    // Nobody, a token to read, one to control, viewer, operator, admin whose password was given a quarter of an hour ago.
    let user = json!({ "name": "new", "role": "admin", "password": "nine lamps of the east hall" });
    for (method, path, body, statuses) in [
        ("GET", "/api/v1/state", Value::Null, [200, 200, 200, 200, 200, 200]),
        ("POST", "/api/v1/links/bms/recording", Value::Null, [401, 403, 201, 403, 409, 409]),
        ("DELETE", "/api/v1/links/bms/recording", Value::Null, [401, 403, 200, 403, 404, 404]),
        ("GET", "/api/v1/arming", Value::Null, [200, 200, 200, 200, 200, 200]),
        ("POST", "/api/v1/arming", json!({ "armed": false }), [401, 403, 200, 403, 200, 200]),
        ("POST", "/api/v1/arming", json!({ "armed": true }), [401, 403, 403, 403, 403, 403]),
        ("GET", "/api/v1/audit", Value::Null, [401, 403, 403, 403, 200, 200]),
        ("GET", "/api/v1/sessions", Value::Null, [401, 403, 403, 200, 200, 200]),
        ("GET", "/api/v1/sessions?all=true", Value::Null, [401, 403, 403, 403, 403, 200]),
        ("GET", "/api/v1/users", Value::Null, [401, 403, 403, 403, 403, 200]),
        ("GET", "/api/v1/tokens", Value::Null, [401, 403, 403, 403, 403, 200]),
        ("POST", "/api/v1/users", user, [401, 403, 403, 403, 403, 403]),
        ("POST", "/api/v1/users/vera", json!({ "role": "admin" }), [401, 403, 403, 403, 403, 403]),
        ("DELETE", "/api/v1/users/vera", Value::Null, [401, 403, 403, 403, 403, 403]),
        (
            "POST",
            "/api/v1/tokens",
            json!({ "name": "x", "scope": "control", "days": 1 }),
            [401, 403, 403, 403, 403, 403],
        ),
        ("DELETE", "/api/v1/tokens/1", Value::Null, [401, 403, 403, 403, 403, 403]),
        ("POST", "/api/v1/session/step-up", json!({ "password": PASSWORD }), [401, 403, 403, 200, 200, 200]),
    ] {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let found = clients.iter().map(|client| {
            let answer = client.ask(method, path, &[], &body);
            if answer.status >= 400 {
                let media = answer.header("content-type");
                assert_eq!(media, Some("application/problem+json"), "{method} {path}: {}", answer.body);
                assert!(answer.json()["detail"].as_str().unwrap().len() > 20, "{}", answer.body);
            }
            answer.status
        });
        assert_eq!(found.collect::<Vec<_>>(), statuses, "{method} {path} {body}");
    }
    // Who has given it in the last minutes may, to sign in as well.
    assert_eq!(sign_in(&server, "mara").post("/api/v1/arming", json!({ "armed": true })).status, 200);
    let armed = admin.post("/api/v1/arming", json!({ "armed": true }));
    assert_eq!((armed.status, armed.json()["by"].as_str()), (200, Some("mara")), "{}", armed.body);
    assert_eq!(admin.post("/api/v1/users/vera", json!({ "role": "operator" })).status, 200);
    assert_eq!(admin.delete("/api/v1/users/vera").status, 204);
    assert_eq!(admin.delete("/api/v1/users/mara").status, 409, "the last admin");
    assert_eq!(admin.post("/api/v1/users/mara", json!({ "role": "viewer" })).status, 409);
    // What was refused was not done.
    let users = admin.get("/api/v1/users").json();
    let names: Vec<&str> = users["users"].as_array().unwrap().iter().filter_map(|user| user["name"].as_str()).collect();
    assert_eq!(names, ["mara", "timo"]);
}

#[test]
fn wrong_passwords_are_slowed_down_and_say_nothing() {
    let server = staffed("");
    let attempt = |name: &str, password: &str| {
        nobody(&server).post("/api/v1/session", json!({ "name": name, "password": password }))
    };
    let (known, unknown) = (attempt("mara", "wrong"), attempt("nobody", "wrong"));
    assert_eq!((known.status, &known.body), (401, &unknown.body), "whether there is an account is not told");
    let began = Instant::now();
    let statuses: Vec<u16> = (0..20).map(|n| attempt("mara", &format!("wrong {n}")).status).collect();
    // Five are free for each account, and one was tried before.
    assert_eq!(statuses[4..], [429; 16], "{statuses:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let right = attempt("mara", PASSWORD);
    assert_eq!(right.status, 429, "not even the right one is looked at");
    let again: u64 = right.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=60).contains(&again), "{again}");
    assert!(right.header("set-cookie").is_none());
    // Whoever has access to the machine gets in: here, by another password.
    let (status, said) = packtwin(&data(&server), &["user", "password", "mara"], "seven mild tractor lamp\n");
    assert_eq!(status, Some(0), "{said}");
}

#[test]
fn a_session_cannot_be_planted_guessed_or_used_after_its_end() {
    let server = staffed("");
    let timo = sign_in(&server, "timo");
    let Some((_, planted)) = timo.shows.clone() else { panic!() };
    // The victim signs in with the attacker's cookie in her browser.
    let headers = [("Cookie", planted.as_str())];
    let body = json!({ "name": "mara", "password": PASSWORD }).to_string();
    let signed_in = nobody(&server).ask("POST", "/api/v1/session", &headers, &body);
    assert!(signed_in.status == 200 && signed_in.cookie() != planted, "{}", signed_in.head);
    assert_eq!(with_cookie(&server, planted.clone()).get("/api/v1/session").json()["name"], Value::Null);
    let mara = with_cookie(&server, signed_in.cookie());
    let up = mara.post("/api/v1/session/step-up", json!({ "password": PASSWORD }));
    assert_ne!(up.cookie(), signed_in.cookie());
    assert_eq!(mara.get("/api/v1/users").status, 401, "the one before is worth nothing");
    let mara = with_cookie(&server, up.cookie());
    assert_eq!(mara.get("/api/v1/users").status, 200);
    // Names and values that are nearly right.
    let (name, value) = up.cookie().split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())).unwrap();
    for cookie in [
        format!("{name}={}", &value[1..]),
        format!("{name}={value}0"),
        format!("{name}=' OR 1=1 --"),
        format!("{name}={value}; {name}={value}"),
        format!("packtwin-1={value}"),
        format!("__Host-packtwin={value}"),
        format!("{name}="),
        "x".repeat(20_000),
    ] {
        assert_eq!(with_cookie(&server, cookie.clone()).get("/api/v1/users").status, 401, "{cookie:.60}");
    }
    // Sessions are seen, and ended from another one.
    let other = sign_in(&server, "mara");
    let sessions = mara.get("/api/v1/sessions").json()["sessions"].clone();
    let of_other = sessions.as_array().unwrap().iter().find(|session| session["own"] == false).unwrap()["id"].clone();
    assert_eq!(sign_in(&server, "timo").delete(&format!("/api/v1/sessions/{of_other}")).status, 404, "not of others");
    assert_eq!(mara.delete(&format!("/api/v1/sessions/{of_other}")).status, 204);
    assert_eq!(other.get("/api/v1/users").status, 401);
    assert_eq!(mara.delete("/api/v1/sessions/abc").status, 404);
    let out = mara.delete("/api/v1/session");
    assert!(out.status == 204 && out.header("set-cookie").unwrap().contains("=; Path=/; Max-Age=0;"), "{}", out.head);
    assert_eq!(mara.get("/api/v1/users").status, 401);
    // A change of role from the command line, while the server runs.
    let vera = sign_in(&server, "vera");
    assert_eq!(packtwin(&data(&server), &["user", "role", "vera", "admin"], "").0, Some(0));
    assert_eq!(vera.get("/api/v1/session").json()["name"], Value::Null);
}

#[test]
fn tokens_are_shown_once_and_end() {
    let server = staffed("");
    let folder = data(&server);
    let (status, said) = packtwin(&folder, &["token", "add", "Logger", "--scope", "read", "--days", "30"], "");
    assert!(status == Some(0) && said.contains("This is shown once"), "{said}");
    let token = said.lines().find(|line| line.starts_with("pt_")).unwrap();
    let logger = with_token(&server, token);
    let session = logger.get("/api/v1/session").json();
    assert_eq!((session["name"].as_str(), session["role"].as_str()), (Some("logger"), Some("viewer")));
    assert_eq!(logger.get("/api/v1/state").status, 200);
    let (_, said) = packtwin(&folder, &["token", "list"], "");
    assert!(said.contains("logger") && said.contains(&token[..11]) && !said.contains(token), "{said}");
    assert!(said.contains("made by console") && !said.contains("used never"), "{said}");
    assert_eq!(
        packtwin(&folder, &["token", "add", "logger", "--scope", "read"], "").0,
        Some(1),
        "a name is taken once"
    );
    assert_eq!(packtwin(&folder, &["token", "revoke", "logger"], "").0, Some(0));
    let over = logger.get("/api/v1/state");
    assert!(over.status == 401 && over.body.contains("was ended"), "{}", over.body);
    // Nothing that is nearly a token is one, and a wrong one is never as none.
    for wrong in ["", "pt_", &token[..60], &format!("{token}0"), "' OR 1=1 --"] {
        assert_eq!(with_token(&server, wrong).get("/api/v1/state").status, 401, "{wrong}");
    }
    let basic = Client { server: &server, shows: Some(("Authorization", "Basic bWFyYTp4".to_owned())) };
    assert_eq!(basic.get("/api/v1/state").status, 401);
    let database = std::fs::read(folder.join("control.db")).unwrap();
    let log = std::fs::read(folder.join("control.db-wal")).unwrap_or_default();
    let kept =
        |what: &str| [&database, &log].iter().any(|file| file.windows(what.len()).any(|part| part == what.as_bytes()));
    assert!(kept("logger") && !kept(token) && !kept(PASSWORD) && !kept("tractor"), "secrets are kept hashed");
}

#[test]
fn foreign_pages_wrong_bodies_and_scripts_get_nowhere() {
    let server = staffed("");
    let admin = stepped_up(&server, "mara");
    let user =
        |name: &str| json!({ "name": name, "role": "viewer", "password": "nine lamps of the east hall" }).to_string();
    let large = json!({ "name": "x".repeat(70_000), "role": "viewer", "password": "y" }).to_string();
    let form = "name=eve&role=admin&password=nine+lamps+of+the+east+hall";
    let kind = |kind: &'static str| ("Content-Type", kind);
    for (headers, body, status) in [
        (&[("Origin", "https://evil.example")][..], user("eve"), 403),
        (&[("Sec-Fetch-Site", "cross-site")], user("eve"), 403),
        (&[("Sec-Fetch-Site", "same-site")], user("eve"), 403),
        (&[kind("application/x-www-form-urlencoded")], form.to_owned(), 415),
        (&[kind("text/plain")], user("eve"), 415),
        (&[kind("multipart/form-data; boundary=x")], user("eve"), 415),
        (&[kind("")], user("eve"), 415),
        (&[], large, 413),
        (&[], "{".to_owned(), 400),
        (&[], "[]".to_owned(), 422),
        (&[], "{}".to_owned(), 422),
        (&[], user("eve").replace("viewer", "root"), 422),
        (&[], user("eve").replace("}", ",\"id\":1}"), 422),
        (&[], user("<script>alert(1)</script>"), 422),
        (&[], user("mara\\u0000"), 422),
        (&[], user(""), 422),
        (&[], user("mara"), 409),
        (&[], user("MARA"), 409),
        (&[], json!({ "name": "eve", "role": "viewer", "password": "short" }).to_string(), 422),
        (&[], json!({ "name": "eve", "role": "viewer", "password": "eve-eve-eve-eve" }).to_string(), 422),
    ] {
        let answer = admin.ask("POST", "/api/v1/users", headers, &body);
        assert_eq!(answer.status, status, "{headers:?} {body:.80}: {}", answer.body);
        assert!(!answer.body.contains("nine lamps"), "a password is never said back: {}", answer.body);
        assert!(answer.header("x-content-type-options") == Some("nosniff"), "{}", answer.head);
    }
    assert_eq!(admin.get("/api/v1/users").json()["users"].as_array().unwrap().len(), 3);
    // What can hold any text holds it as text: a browser's name, what the audit is asked for.
    let agent = [("User-Agent", "<script>alert(1)</script>")];
    let body = json!({ "name": "vera", "password": PASSWORD }).to_string();
    assert_eq!(nobody(&server).ask("POST", "/api/v1/session", &agent, &body).status, 200);
    let sessions = admin.get("/api/v1/sessions?all=true");
    assert!(sessions.body.contains("<script>") && sessions.header("content-type") == Some("application/json"));
    for path in [
        "/api/v1/audit?who=%3Cscript%3E&action=%27%3B+DROP+TABLE+audit",
        "/api/v1/audit?before=0",
        "/api/v1/audit?before=-9223372036854775808&limit=500",
        "/api/v1/audit?before=9223372036854775807",
    ] {
        assert_eq!(admin.get(path).status, 200, "{path}");
    }
    for path in ["/api/v1/audit?limit=0", "/api/v1/audit?limit=501", "/api/v1/audit?from=x", "/api/v1/audit?colour=1"] {
        assert_eq!(admin.get(path).status, 422, "{path}");
    }
    for path in ["/api/v1/users/%3Cscript%3E", "/api/v1/users/..%2f..%2fetc%2fpasswd", "/api/v1/users/nobody"] {
        let status = admin.delete(path).status;
        assert!(status == 404 || status == 422, "{path}: {status}");
    }
}

#[test]
fn everything_that_was_done_is_in_the_audit_and_the_chain_holds() {
    let server = staffed("");
    let admin = stepped_up(&server, "mara");
    assert_eq!(admin.post("/api/v1/arming", json!({ "armed": true })).status, 200);
    // A wrong password of who is signed in has its person; of who is not, nobody.
    assert_eq!(admin.post("/api/v1/session/step-up", json!({ "password": "hunter2" })).status, 401);
    let wrong = nobody(&server).post("/api/v1/session", json!({ "name": "hunter2", "password": "hunter2" }));
    assert_eq!(wrong.status, 401);
    let page = admin.get("/api/v1/audit?limit=4").json();
    let entries = page["entries"].as_array().unwrap();
    let told: Vec<_> = entries.iter().map(|entry| (entry["action"].as_str(), entry["who"].as_str())).collect();
    assert_eq!(told[0], (Some("sign-in-refused"), Some("")), "{page:#}");
    assert_eq!(told[1], (Some("step-up-refused"), Some("mara")));
    assert_eq!(told[2], (Some("control-armed"), Some("mara")));
    assert_eq!(told[3], (Some("stepped-up"), Some("mara")));
    assert_eq!(entries[2]["address"], "127.0.0.1");
    assert_eq!((&entries[2]["old"], &entries[2]["new"]), (&json!("disarmed"), &json!("armed")));
    assert!(!page.to_string().contains("hunter2"), "what was typed for a name may be a password");
    let next = admin.get(&format!("/api/v1/audit?before={}", page["next"])).json();
    let rest = next["entries"].as_array().unwrap();
    assert!(rest.iter().any(|entry| entry["came"] == "console" && entry["action"] == "user-added"), "{next:#}");
    assert_eq!(next["next"], Value::Null);
    assert_eq!(admin.get("/api/v1/audit?action=user-added&who=console").json()["entries"].as_array().unwrap().len(), 3);

    // The command line, while the server runs: the same end of the chain.
    let folder = data(&server);
    let (status, said) = packtwin(&folder, &["audit", "verify"], "");
    let head = page["head"].as_str().unwrap();
    assert!(status == Some(0) && said.contains(head), "{said}");
    let (status, said) = packtwin(&folder, &["audit", "verify", "--noted", head], "");
    assert_eq!(status, Some(0), "{said}");
    let other = head.replace(['a', 'b'], "c");
    assert_eq!(packtwin(&folder, &["audit", "verify", "--noted", &other], "").0, Some(1));
    assert_eq!(packtwin(&folder, &["audit", "verify", "--noted", "x"], "").0, Some(2));
    // The export is what another program checks.
    let (status, said) = packtwin(&folder, &["audit", "export"], "");
    assert_eq!(status, Some(0), "{said}");
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with('{')).collect();
    assert_eq!(lines.len().to_string(), head.split(':').next().unwrap());
    if let Some(python) = crate::support::judges() {
        let file = server.folder.path().join("audit.jsonl");
        std::fs::write(&file, lines.join("\n")).unwrap();
        let checked = crate::support::judge(&python, "audit.py").arg(&file).output().unwrap();
        let says = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success() && says.trim() == head, "{says} {}", String::from_utf8_lossy(&checked.stderr));
    }
    // After a kill, too; and what was changed by hand is found.
    let folder = server.kill();
    let data = folder.path().join("data");
    let (status, said) = packtwin(&data, &["audit", "verify", "--noted", head], "");
    assert_eq!(status, Some(0), "{said}");
    let path = data.join("control.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let at = bytes.windows(13).position(|part| part == b"control-armed").expect("the entry is in the file");
    bytes[at..at + 13].copy_from_slice(b"control-alarm");
    std::fs::write(&path, bytes).unwrap();
    let (status, said) = packtwin(&data, &["audit", "verify"], "");
    assert!(status == Some(1) && said.contains("was changed: its hash does not fit"), "{said}");
}

#[test]
fn closed_reading_shows_nothing_but_how_to_sign_in() {
    let server = staffed("[access]\nreading = \"closed\"");
    let nobody = nobody(&server);
    for path in [
        "/api/v1/state",
        "/api/v1/history?points=soc",
        "/api/v1/links",
        "/api/openapi.json",
        "/victron/health",
        "/api/v1/nothing",
        "/nothing",
        "/cells",
        "/",
        "/api",
    ] {
        let answer = nobody.get(path);
        assert_eq!(answer.status, 401, "{path}: {}", answer.body);
        assert!(!answer.body.contains("hv") && !answer.body.contains("Simulated"), "{path}: {}", answer.body);
    }
    let upgrade = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA=="),
    ];
    assert_eq!(nobody.ask("GET", "/live/hv", &upgrade, "").status, 401);
    for path in ["/healthz", "/pkg/a.js", "/sw.js", "/api/v1/session", "/api/v1/version"] {
        let status = nobody.get(path).status;
        assert!(status == 200 || status == 404, "{path}: {status}");
    }
    // A probe needs no account, and learns nothing else.
    let ready = nobody.get("/readyz");
    assert!([(200, "ready\n"), (503, "not ready\n")].contains(&(ready.status, &*ready.body)), "{}", ready.body);
    let vera = sign_in(&server, "vera");
    assert_eq!((vera.get("/api/v1/state").status, vera.get("/readyz").status == 401), (200, false));
    let said =
        crate::support::refuses(folder().path(), &format!("{}\n[access]\nreading = \"close\"\n", demo_site(1.0)), &[]);
    assert!(said.contains("access.reading") && said.contains("open"), "{said}");
}

/// Rows 22 and 23 of the faults: the server runs and shows, and lets nobody in.
#[test]
fn a_damaged_or_newer_file_lets_nobody_in_and_is_left_alone() {
    let folder = folder();
    let data = folder.path().join("data");
    add(&data, "mara", "admin");
    let path = data.join("control.db");
    let good = std::fs::read(&path).unwrap();
    let mut newer = good.clone();
    // `user_version` of the header.
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let mut folder = Some(folder);
    for (what, bytes, says) in [
        ("damaged", vec![0xA5; 20_000], "is damaged"),
        ("newer", newer, "newer packtwin"),
        ("empty", Vec::new(), "gone or empty"),
    ] {
        std::fs::write(&path, &bytes).unwrap();
        let server = Server::start_in(folder.take().unwrap(), &demo_site(12.0), &[]);
        let session = nobody(&server).get("/api/v1/session").json();
        let words = session["unusable"].as_str().unwrap();
        assert!(words.contains(says) && session["setup_open"] == false, "{what}: {session:#}");
        let refused = nobody(&server).post("/api/v1/session", json!({ "name": "mara", "password": PASSWORD }));
        assert_eq!(refused.status, 503, "{}", refused.body);
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        assert_eq!(nobody(&server).ask("POST", "/api/v1/lab", &form, "action=clear-all").status, 401);
        assert_eq!(nobody(&server).get("/api/v1/state").status, 200, "the site can be looked at");
        folder = Some(server.stop());
        assert_eq!(std::fs::read(&path).unwrap(), bytes, "{what}");
        assert_eq!(packtwin(&data, &["user", "list"], "").0, Some(1));
    }
    std::fs::write(&path, good).unwrap();
    let (status, said) = packtwin(&data, &["user", "list"], "");
    assert!(status == Some(0) && said.contains("mara"), "{said}");
}

#[test]
fn the_command_line_says_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let run = |arguments: &[&str], input: &str| packtwin(&data, arguments, input);
    for arguments in [&["user", "list"][..], &["token", "list"], &["audit", "verify"], &["audit", "export"]] {
        let (status, said) = run(arguments, "");
        assert!(status == Some(1) && said.contains("has no accounts and no audit yet"), "{said}");
    }
    assert!(!data.exists(), "a question makes nothing");
    for (arguments, input, code, says) in [
        (
            &["user", "add", "mara", "--role", "root"][..],
            "",
            2,
            "there is no role \"root\"; there is viewer, operator, admin",
        ),
        (&["user", "add", "<b>", "--role", "admin"], "", 2, "cannot be a name here"),
        (&["user", "add", "mara", "--role", "admin"], "short\n", 1, "at least 12 are needed"),
        (&["user", "add", "mara", "--role", "admin"], "", 1, "at least 12 are needed"),
        (&["user", "add", "Mara", "--role", "admin"], "lamp tractor mild seven\r\n", 0, "mara is admin now"),
        (
            &["user", "add", "mara", "--role", "viewer"],
            "lamp tractor mild seven\n",
            1,
            "there is an account \"mara\" already",
        ),
        (&["user", "remove", "mara"], "", 1, "the last admin"),
        (&["user", "role", "mara", "viewer"], "", 1, "the last admin"),
        (&["user", "role", "timo", "viewer"], "", 1, "there is no account \"timo\""),
        (&["user", "list"], "", 0, "mara                             admin    made 20"),
        (&["token", "add", "x", "--scope", "all"], "", 2, "there is no scope \"all\"; there is read, control"),
        (&["token", "add", "x", "--scope", "read", "--days", "0"], "", 2, "0"),
        (&["token", "revoke", "x"], "", 1, "there is no token \"x\""),
        (&["token", "add", "mara", "--scope", "read"], "", 1, "there is an account \"mara\": nobody could tell"),
        (&["token", "add", "server", "--scope", "control"], "", 2, "is Packtwin's own: choose another"),
        (&["audit", "export", "--from", "yesterday"], "", 1, "is no instant"),
    ] {
        let (status, said) = run(arguments, input);
        assert!(status == Some(code) && said.contains(says), "{arguments:?}: {status:?} {said}");
    }
}
