//! The forms of people at the real server, posted as a browser without our code posts them; and what leads to them.

use crate::people::{Answer, Client, PASSWORD, nobody, sign_in, signed_in_before, staffed, with_cookie};
use crate::support::Server;

/// Posts a form as a browser does that goes to a page then.
pub(crate) fn form(client: &Client<'_>, page: &str, fields: &[(&str, &str)]) -> Answer {
    post(client, page, fields, &[("Accept", "text/html")])
}

fn post(client: &Client<'_>, page: &str, fields: &[(&str, &str)], more: &[(&str, &str)]) -> Answer {
    let own = format!("http://{}", client.server.address);
    let referer = format!("{own}{page}");
    let mut headers =
        vec![("Content-Type", "application/x-www-form-urlencoded"), ("Origin", own.as_str()), ("Referer", &referer)];
    headers.extend(more);
    let pair = |(name, value): &(&str, &str)| format!("{name}={}", value.replace('%', "%25").replace('&', "%26"));
    let body = fields.iter().map(pair).collect::<Vec<_>>().join("&").replace(' ', "+");
    client.ask("POST", "/actions/people", &headers, &body)
}

fn closed() -> Server {
    staffed("[access]\nreading = \"closed\"")
}

#[test]
fn where_reading_is_closed_every_page_leads_to_sign_in_and_back() {
    let server = closed();
    let nobody = nobody(&server);
    let html = [("Accept", "text/html")];
    for (page, to) in [
        ("/", "/sign-in?to=/"),
        ("/cells?cell=7.12", "/sign-in?to=/cells%3Fcell%3D7.12"),
        ("/settings", "/sign-in?to=/settings"),
        ("/nothing", "/sign-in?to=/nothing"),
    ] {
        let answer = nobody.ask("GET", page, &html, "");
        assert_eq!((answer.status, answer.header("location")), (303, Some(to)), "{page}");
        assert!(answer.body.is_empty(), "{}", answer.body);
    }
    // Programs are told, and not led.
    assert_eq!(nobody.ask("GET", "/api/v1/state", &html, "").status, 401);
    let page = nobody.ask("GET", "/sign-in?to=/cells%3Fcell%3D7.12", &html, "");
    assert_eq!(page.status, 200);
    assert!(page.body.contains("name=\"to\" value=\"/cells?cell=7.12\""), "{}", page.body);
    assert!(!page.body.contains("Simulated") && !page.body.contains("Back without"), "{}", page.body);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && policy.contains("form-action 'self'"), "{policy}");

    let fields = [("what", "sign-in"), ("name", "Vera"), ("password", PASSWORD), ("to", "/cells?cell=7.12")];
    let answer = form(&nobody, "/sign-in", &fields);
    assert_eq!((answer.status, answer.header("location")), (303, Some("/cells?cell=7.12")), "{}", answer.body);
    let vera = with_cookie(&server, answer.cookie());
    assert_eq!(vera.ask("GET", "/cells", &html, "").status, 200);
    assert_eq!(vera.get("/api/v1/session").json()["name"], "vera");

    let out = form(&vera, "/settings", &[("what", "sign-out")]);
    assert_eq!((out.status, out.header("location")), (303, Some("/settings")), "{}", out.body);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(vera.ask("GET", "/settings", &html, "").status, 303, "the session has ended");
}

#[test]
fn a_wrong_password_is_told_on_the_form_with_the_name_and_the_wait() {
    let server = staffed("");
    let nobody = nobody(&server);
    let wrong = || {
        form(
            &nobody,
            "/sign-in",
            &[("what", "sign-in"), ("name", "<b>mara"), ("password", "wrong"), ("to", "//evil.example")],
        )
    };
    let answer = wrong();
    assert_eq!((answer.status, answer.header("set-cookie")), (401, None), "{}", answer.body);
    assert!(answer.body.contains("The name or the password is wrong."), "{}", answer.body);
    assert!(
        answer.body.contains("value=\"&lt;b&gt;mara\"") || answer.body.contains("value=\"&lt;b>mara\""),
        "{}",
        answer.body
    );
    assert!(answer.body.contains("name=\"to\" value=\"/evil.example\""), "{}", answer.body);
    assert!(!answer.body.contains("wrong\""), "what was typed for a password is not shown: {}", answer.body);
    let throttled = (0..20).map(|_| wrong()).find(|answer| answer.status == 429).expect("a wait");
    assert!(throttled.body.contains("Too many wrong passwords: try again in "), "{}", throttled.body);
    assert!(throttled.header("retry-after").is_some());
}

#[test]
fn a_form_may_what_the_api_may_and_the_own_password_goes_with_it() {
    let server = staffed("");
    let admin = signed_in_before(&server, "mara");
    let program = [("Accept", "application/octet-stream")];
    let add =
        [("what", "add-user"), ("name", "nora"), ("role", "operator"), ("password", "nine lamps of the east hall")];
    let denied = post(&admin, "/settings", &add, &program);
    assert_eq!(denied.status, 403, "{}", denied.body);
    assert!(denied.body.contains("give your password once more"), "{}", denied.body);
    let with_password: Vec<_> = add.into_iter().chain([("own_password", PASSWORD)]).collect();
    let done = post(&admin, "/settings", &with_password, &program);
    assert_eq!(done.status, 200, "{}", done.body);
    assert!(done.body.contains("the account of nora is made, as operator"), "{}", done.body);
    // Their session goes on under another secret, as after every password.
    assert_eq!(admin.get("/api/v1/session").json()["name"], serde_json::Value::Null);
    let admin = with_cookie(&server, done.cookie());
    assert_eq!(admin.get("/api/v1/users").json()["users"].as_array().unwrap().len(), 4);
    let again = post(&admin, "/settings", &add, &program);
    assert_eq!(again.status, 409, "{}", again.body);
    // The right password with what is refused: the new cookie comes all the same.
    let refused =
        post(&admin, "/settings", &[("what", "remove-user"), ("name", "nobody"), ("own_password", PASSWORD)], &program);
    assert!(refused.status == 404 && refused.header("set-cookie").is_some(), "{}", refused.body);
    let admin = with_cookie(&server, refused.cookie());

    let made = post(
        &admin,
        "/settings",
        &[("what", "add-token"), ("name", "planner"), ("scope", "read"), ("days", "7")],
        &program,
    );
    assert!(made.status == 200 && made.body.contains("pt_"), "{}", made.body);
    for (fields, status) in [
        (&[("what", "add-token"), ("name", "x"), ("scope", "read"), ("days", "0")][..], 422),
        (&[("what", "add-token"), ("name", "x"), ("scope", "root"), ("days", "1")], 422),
        (&[("what", "end-token"), ("id", "x")], 422),
        (&[("what", "end-token"), ("id", "77")], 404),
        (&[("what", "format-disk")], 404),
        (&[("what", "change-user"), ("role", "admin")], 422),
        (&[("name", "x")], 422),
        (&[("what", "step-up")], 422),
        (&[("what", "step-up"), ("own_password", "wrong")], 401),
    ] {
        let answer = post(&admin, "/settings", fields, &program);
        assert_eq!(answer.status, status, "{fields:?}: {}", answer.body);
    }
    let vera = sign_in(&server, "vera");
    for what in ["add-user", "change-user", "remove-user", "add-token", "end-token", "arm", "disarm"] {
        let answer = post(&vera, "/settings", &[("what", what)], &program);
        assert_eq!(answer.status, 403, "{what}: {}", answer.body);
        let answer = post(&nobody(&server), "/settings", &[("what", what)], &program);
        assert_eq!(answer.status, 401, "{what}: {}", answer.body);
    }
    let timo = sign_in(&server, "timo");
    assert_eq!(post(&timo, "/settings", &[("what", "disarm")], &program).status, 200);
    assert_eq!(post(&timo, "/settings", &[("what", "arm"), ("own_password", PASSWORD)], &program).status, 403);
}

#[test]
fn the_audit_is_given_away_as_it_is_hashed_and_its_chain_is_checked() {
    let server = staffed("");
    let admin = sign_in(&server, "mara");
    let head = admin.get("/api/v1/audit?limit=1").json()["head"].as_str().unwrap().to_owned();
    let chain = admin.get("/api/v1/audit/chain").json();
    assert_eq!((chain["head"].as_str(), &chain["broken"]), (Some(&*head), &serde_json::Value::Null), "{chain:#}");
    let noted = admin.get(&format!("/api/v1/audit/chain?noted={}", head.replace(':', "%3A")));
    assert_eq!((noted.status, &noted.json()["broken"]), (200, &serde_json::Value::Null), "{}", noted.body);
    let other = admin.get(&format!("/api/v1/audit/chain?noted=1:{}", "0".repeat(64))).json();
    assert!(other["broken"].as_str().unwrap().contains("was written anew"), "{other:#}");
    assert_eq!(admin.get("/api/v1/audit/chain?noted=x").status, 422);

    let export = admin.get("/api/v1/audit.jsonl");
    assert_eq!(export.status, 200);
    assert_eq!(export.header("content-disposition"), Some("attachment; filename=\"audit.jsonl\""));
    let lines = export.body.lines().filter(|line| line.starts_with('{')).collect::<Vec<_>>();
    assert_eq!(lines.len().to_string(), head.split(':').next().unwrap());
    let of_vera = admin.get("/api/v1/audit.jsonl?action=user-added&who=console");
    assert_eq!(of_vera.body.lines().filter(|line| line.contains("user-added")).count(), 3, "{}", of_vera.body);
    assert!(!of_vera.body.contains("signed-in"), "{}", of_vera.body);
    for path in ["/api/v1/audit.jsonl", "/api/v1/audit/chain"] {
        assert_eq!(nobody(&server).get(path).status, 401);
        assert_eq!(sign_in(&server, "vera").get(path).status, 403);
    }
    if let Some(python) = crate::support::judges() {
        let file = server.folder.path().join("audit.jsonl");
        std::fs::write(&file, lines.join("\n")).unwrap();
        let checked = crate::support::judge(&python, "audit.py").arg(&file).output().unwrap();
        let says = String::from_utf8_lossy(&checked.stdout);
        assert!(checked.status.success() && says.trim() == head, "{says} {}", String::from_utf8_lossy(&checked.stderr));
    }
}
