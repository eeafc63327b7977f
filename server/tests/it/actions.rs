//! Actions of pages: who may take them, and what is answered to whom may not or asks wrongly.

use crate::home::demo_site;
use crate::people::{PASSWORD, add, sign_in, signed_in_before};
use crate::support::{Server, folder};
use api::control::{CommandResponse, CommandsResponse};
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
    if !headers.iter().any(|(name, _)| *name == "Content-Type") {
        head += "Content-Type: application/x-www-form-urlencoded\r\n";
    }
    head += &format!("Content-Length: {}\r\n\r\n", body.len());
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
        ("GET", "/actions/lab", 303),
        ("DELETE", "/actions/lab", 405),
        ("POST", "/actions/none", 404),
        ("POST", "/actions/", 404),
    ] {
        assert_eq!(ask(&server, method, path, &[], "").0, status, "{method} {path}");
    }
    let state = server.get("/api/v1/lab");
    assert_eq!(state["load"]["power_w"], 120_000.0, "nothing that was refused was done");
}

/// What the browser of somebody who has just signed in sends.
fn cookie(server: &Server, name: &str) -> String {
    sign_in(server, name).shows.unwrap().1
}

#[test]
fn a_page_commands_by_the_same_door_as_programs() {
    let folder = folder();
    for (name, role) in [("mara", "admin"), ("timo", "operator"), ("vera", "viewer")] {
        add(&folder.path().join("data"), name, role);
    }
    let server = Server::start_in(folder, &demo_site(12.0), &[]);
    let [mara, timo, vera] = ["mara", "timo", "vera"].map(|name| cookie(&server, name));
    let json = ("Content-Type", "application/json");
    let armed = ask(&server, "POST", "/api/v1/arming", &[json, ("Cookie", &mara)], "{\"armed\":true}");
    assert_eq!(armed.0, 200);
    let revision = server.wait_for("/api/v1/control?system=hv", |seen| {
        let limit = seen["controls"].as_array()?.iter().find(|control| control["control"] == "discharge-limit")?;
        limit["present"].as_f64()?;
        limit["revision"].as_u64()
    });
    let fields =
        |id: &str, value: &str| format!("id={id}&system=hv&control=discharge-limit&value={value}&revision={revision}");
    let post = |who: &str, headers: &[(&str, &str)], path: &str, body: &str| {
        let all = [headers, &[("Cookie", who)]].concat();
        ask(&server, "POST", path, &all, body)
    };
    for (who, body, status, words) in [
        ("x=y", fields("a", "120000"), 401, "sign in first"),
        (&vera[..], fields("a", "120000"), 403, "only an operator may"),
        (&timo[..], fields("a", "251000"), 422, "250"),
        (&timo[..], fields("a", "many"), 422, "is no number"),
        (&timo[..], fields("", "120000"), 422, "id: use 1 to 64"),
        (&timo[..], fields("a", "120000").replace("hv", "nowhere"), 404, "no system"),
    ] {
        let (got, head, answer) = post(who, &[], "/actions/command", &body);
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(got, status, "{body}: {head} {answer}");
        assert!(answer.contains(words), "{body}: {answer}");
    }

    let asked = || post(&timo, &[], "/actions/command", &fields("one", "120000"));
    let (status, head, answer) = asked();
    assert_eq!(status, 200, "{head} {}", String::from_utf8_lossy(&answer));
    let command = CommandResponse::from_bytes(&answer).unwrap();
    assert_eq!((&command.id[..], command.value, &command.by[..]), ("one", 120e3, "timo"));
    // Asked again with the same id it is the same command.
    assert_eq!(CommandResponse::from_bytes(&asked().2).unwrap().asked_at, command.asked_at);
    server.wait_for("/api/v1/commands/one", |told| {
        ["confirmed", "effective"].contains(&told["command"]["state"].as_str()?).then_some(())
    });
    let all = server.get("/api/v1/commands?system=hv");
    let done = all["commands"].as_array().unwrap().iter().filter(|command| command["state"] != "refused");
    assert_eq!(done.count(), 1, "{all}");

    // A plain form leads to its result; what is safer already stays as it is.
    let page = format!("http://{}/control?system=hv&review=safe-values", server.address);
    let by_hand = [("Accept", "text/html"), ("Referer", &page[..])];
    let (status, head, _) = post(&timo, &by_hand, "/actions/safe-values", "id=two&system=hv");
    assert!(status == 303 && head.contains("location: /control?system=hv&asked=two\r\n"), "{head}");
    let seen = |path: &str| {
        let (status, _, page) = ask(&server, "GET", path, &[("Accept", "text/html"), ("Cookie", &timo)], "");
        assert_eq!(status, 200, "{path}");
        String::from_utf8(page).unwrap().replace(['\u{202f}', '\u{a0}'], " ")
    };
    let result = seen("/control?system=hv&asked=two");
    let asked = result.split("Asked from here").nth(1).and_then(|rest| rest.split("</section>").next()).unwrap();
    for words in ["Max Safety", "Standby", "timo", "control-steps", "Look again", "Back to what is set"] {
        assert!(asked.contains(words), "{words}: {asked}");
    }
    assert!(!result.contains("Asking what was commanded") && result.contains("120 kW"), "history is in the document");
    let settled = || {
        server.wait_for("/api/v1/control?system=hv", |seen| {
            let done = |of: &serde_json::Value| of["command"].is_null() || of["command"]["under_way"] == false;
            seen["controls"].as_array()?.iter().all(done).then_some(())
        })
    };
    // A form with how long it is to stand, as a browser posts it: nothing chosen; then 15 minutes, after which a wider value
    // returns: what stands against that, standby here, is looked at then. To have more now it stands in the way.
    for (id, hold, value, status, words) in [
        ("three", "", "110000", 303, ""),
        ("four", "900", "100000", 303, ""),
        ("wider", "", "130000", 409, "The contactors are not closed"),
    ] {
        settled();
        let revision = server.get("/api/v1/control?system=hv")["controls"][1]["revision"].as_u64().unwrap();
        let body = format!("id={id}&system=hv&control=discharge-limit&value={value}&revision={revision}&hold_s={hold}");
        let (got, head, answer) = post(&timo, &by_hand, "/actions/command", &body);
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(got, status, "{answer}");
        assert!(answer.contains(words), "{answer}");
        let asked = format!("location: /control?system=hv&asked={id}\r\n");
        assert_eq!(head.contains(&asked), status == 303, "{head}");
    }
    // What is refused says why, and leads back to the page with the form.
    let (status, _, answer) = post(&timo, &by_hand, "/actions/command", &fields("five", "999000000"));
    let answer = String::from_utf8_lossy(&answer);
    assert_eq!(status, 422, "{answer}");
    assert!(answer.contains("<a href=\"/control?system=hv&amp;review=safe-values\">Back to the page</a>"), "{answer}");
    settled();
    // Away from the safe side the form has the password with it.
    let (_, plain) = signed_in_before(&server, "timo").shows.unwrap();
    let revision = server.get("/api/v1/control?system=hv")["controls"][1]["revision"].as_u64().unwrap();
    let wider = |id: &str, password: &str| {
        let body = format!(
            "id={id}&system=hv&control=discharge-limit&value=115000&revision={revision}&own_password={password}"
        );
        let (status, _, answer) = post(&plain, &by_hand, "/actions/command", &body);
        (status, String::from_utf8_lossy(&answer).into_owned())
    };
    let (status, answer) = wider("w1", "");
    assert!(status == 403 && answer.contains("give your password once more"), "{status} {answer}");
    let (status, answer) = wider("w2", "wrong");
    assert_eq!(status, 401, "{answer}");
    // With the right one it is judged as from a living page: standby stands against it.
    let (status, answer) = wider("w3", &PASSWORD.replace(' ', "+"));
    assert!(status == 409 && !answer.contains("password"), "{status} {answer}");
    // All is safe already: that is said.
    settled();
    let (status, head, _) = post(&timo, &by_hand, "/actions/safe-values", "id=six&system=hv");
    assert!(status == 303 && head.contains("asked=six"), "{head}");
    assert!(seen("/control?system=hv&asked=six").contains("nothing had to be sent"));
    // The lab of a simulated system is an operator's.
    let (status, _, answer) = post(&vera, &[], "/actions/lab", "system=hv&action=load&kw=120");
    assert!(status == 403, "{}", String::from_utf8_lossy(&answer));
    let (_, _, lab) = ask(&server, "GET", "/lab?system=hv", &[("Accept", "text/html"), ("Cookie", &vera)], "");
    let lab = String::from_utf8_lossy(&lab);
    assert!(lab.contains("only an operator may use the lab"), "a viewer is told why nothing can be done");

    let (status, _, answer) = post(&timo, &[], "/actions/safe-values", "id=two&system=hv");
    let commands = CommandsResponse::from_bytes(&answer).unwrap().commands;
    assert_eq!(status, 200);
    assert!(commands.iter().all(|command| command.control != "discharge-limit"), "{commands:?}");
    assert!(commands.iter().any(|command| command.id == "two.mode" && command.value == 0.0), "{commands:?}");
}

/// After a refusal the browser is at the action's address: opened again, it is the form's page.
#[test]
fn the_address_of_an_action_opened_again_leads_to_its_page() {
    let server = Server::start(&demo_site(12.0), &[]);
    for (action, page) in [
        ("people", Some("/sign-in")),
        ("lab", Some("/lab")),
        ("command", Some("/control")),
        ("safe-values", Some("/control")),
        ("nothing", None),
    ] {
        let path = format!("/actions/{action}");
        let answer = crate::people::nobody(&server).ask("GET", &path, &[("Accept", "text/html")], "");
        assert_eq!(
            (answer.status, answer.header("location")),
            (if page.is_some() { 303 } else { 404 }, page),
            "{path}"
        );
    }
}
