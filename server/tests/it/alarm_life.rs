//! What people do about alarms, over HTTP: who may, what is refused, and that it outlives a kill and another order of the
//! site file.

mod kills;

use crate::alarms::Controller;
use crate::people::{Answer, Client, add, nobody, packtwin, sign_in, stepped_up, with_token};
use crate::support::{Server, folder, free_udp_port, pack_site};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const ALARMS: &str = "/api/v1/alarms?system=hv";
const LOW: &str = "cell.voltage.low";

/// A folder with an admin, an operator and a viewer, and a token that may do what an operator may.
fn staffed() -> (TempDir, String) {
    let folder = folder();
    let data = folder.path().join("data");
    for (name, role) in [("mara", "admin"), ("timo", "operator"), ("vera", "viewer")] {
        add(&data, name, role);
    }
    let (_, said) = packtwin(&data, &["token", "add", "robot", "--scope", "control", "--days", "30"], "");
    let token = said.lines().find(|line| line.starts_with("pt_")).expect("a token").to_owned();
    (folder, token)
}

/// The alarm of a rule about a subject.
fn find<'a>(answer: &'a Value, rule: &str, subject: &str) -> Option<&'a Value> {
    answer["alarms"].as_array()?.iter().find(|alarm| alarm["rule"] == rule && alarm["subject"] == subject)
}

fn state<'a>(answer: &'a Value, subject: &str) -> &'a str {
    find(answer, LOW, subject).map_or("normal", |alarm| alarm["state"].as_str().unwrap())
}

fn cell(subject: &str) -> Value {
    json!({ "rule": LOW, "subject": subject })
}

fn named(subjects: &[&str]) -> Value {
    json!({ "system": "hv", "alarms": subjects.iter().map(|subject| cell(subject)).collect::<Vec<_>>() })
}

fn with(mut body: Value, more: Value) -> Value {
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

fn post(who: &Client<'_>, what: &str, body: Value) -> Answer {
    who.post(&format!("/api/v1/alarms/{what}"), body)
}

/// Does it, and returns how many alarms it changed.
fn done(who: &Client<'_>, what: &str, body: Value) -> u64 {
    let answer = post(who, what, body);
    assert_eq!(answer.status, 200, "{what}: {}", answer.body);
    answer.json()["changed"].as_u64().unwrap()
}

#[test]
fn an_acknowledgement_outlives_a_kill_and_another_order_of_the_site_file_and_a_latch_waits_for_its_reset() {
    let port = free_udp_port();
    let site = pack_site(port);
    let mut bms = Controller { port, sequence: 0 };
    let (folder, token) = staffed();
    let server = Server::start_in(folder, &site, &[]);
    let bad = [2_700, 2_700, 3_300, 3_300];
    let both = |answer: &Value| ["cell 1.1", "cell 1.2"].map(|subject| state(answer, subject).to_owned());
    let seen = bms.say_until(&server, bad, ALARMS, |answer| {
        (both(answer) == ["active-unacknowledged"; 2]).then(|| answer["timestamp"].clone())
    });
    let robot = with_token(&server, &token);
    let body = with(named(&["cell 1.1"]), json!({ "seen": seen }));
    assert_eq!(done(&robot, "acknowledge", body.clone()), 1);
    assert_eq!(done(&robot, "acknowledge", body), 0, "asked again it is so already");
    let before = server.get(ALARMS);
    let first = find(&before, LOW, "cell 1.1").unwrap();
    assert_eq!((&first["acknowledged"]["by"], &first["count"]), (&json!("robot"), &json!(1)));
    assert!(first["consequence"].as_str().unwrap().contains("damaged for good"));
    let shelved = json!({ "system": "hv", "alarms": [{ "rule": "cell.spread", "subject": "system" }],
        "lasts_s": 3_600, "why": "balancing today" });
    assert_eq!(done(&robot, "shelve", shelved), 1);

    // At once, and with another system before the first one.
    let house = "[[system]]\nid = \"house\"\nkind = \"home\"\ncapacity_ah = 280\nnominal_v = 51.2\n\n";
    let other = site.replacen("[[system]]", &format!("{house}[[system]]"), 1);
    let server = Server::start_in(server.kill(), &other, &[]);
    let after = server.get(ALARMS);
    assert_eq!(both(&after), ["active-acknowledged", "active-unacknowledged"]);
    for key in ["acknowledged", "first", "since", "count"] {
        assert_eq!(find(&after, LOW, "cell 1.1").unwrap()[key], first[key], "{key}");
    }
    let spread = find(&after, "cell.spread", "system").unwrap();
    assert_eq!((&spread["state"], &spread["shelved"]["why"]), (&json!("shelved"), &json!("balancing today")));

    // It ends while the server is away: good data say so, and it latches.
    let server = Server::start_in(server.kill(), &site, &[]);
    let robot = with_token(&server, &token);
    let answer = post(&robot, "reset", named(&["cell 1.1"]));
    assert!(answer.status == 409 && answer.body.contains("its condition still stands"), "{}", answer.body);
    let seen = bms.say_until(&server, [3_300; 4], ALARMS, |answer| {
        (both(answer) == ["latched"; 2]).then(|| answer["timestamp"].clone())
    });
    let answer = post(&robot, "reset", named(&["cell 1.1", "cell 1.2"]));
    assert!(answer.status == 409 && answer.body.contains("acknowledge it first"), "{}", answer.body);
    assert_eq!(both(&server.get(ALARMS)), ["latched"; 2], "none of them, if not all");
    assert!(done(&robot, "acknowledge-all", json!({ "system": "hv", "seen": seen })) >= 1);
    assert_eq!(done(&robot, "reset", named(&["cell 1.1", "cell 1.2"])), 2);
    let server = Server::start_in(server.kill(), &site, &[]);
    assert_eq!(both(&server.get(ALARMS)), ["normal"; 2], "a reset outlives a kill too");

    let audit = stepped_up(&server, "mara").get("/api/v1/audit").json();
    let entries = audit["entries"].as_array().unwrap();
    let actions: Vec<&str> = entries.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    let own: Vec<&str> = actions.iter().filter(|action| action.starts_with("alarms-")).copied().rev().collect();
    assert_eq!(own, ["alarms-acknowledged", "alarms-shelved", "alarms-acknowledged", "alarms-reset"]);
    let (status, said) = packtwin(&server.kill().path().join("data"), &["audit", "verify"], "");
    assert_eq!(status, Some(0), "{said}");
}

#[test]
fn who_may_not_and_what_cannot_be_is_refused_in_words() {
    let port = free_udp_port();
    let mut bms = Controller { port, sequence: 0 };
    let (folder, token) = staffed();
    let server = Server::start_in(folder, &pack_site(port), &[]);
    let robot = with_token(&server, &token);
    bms.say_until(&server, [2_700, 3_300, 3_300, 3_300], ALARMS, |answer| {
        (state(answer, "cell 1.1") == "active-unacknowledged").then_some(())
    });
    let shelve = |lasts_s: u64, why: &str| with(named(&["cell 1.1"]), json!({ "lasts_s": lasts_s, "why": why }));
    for (what, body) in [
        ("acknowledge", named(&["cell 1.1"])),
        ("acknowledge-all", json!({ "system": "hv", "seen": "2099-01-01" })),
        ("reset", named(&["cell 1.1"])),
        ("shelve", shelve(60, "x")),
        ("unshelve", named(&["cell 1.1"])),
    ] {
        assert_eq!(post(&nobody(&server), what, body.clone()).status, 401, "{what}");
        let viewer = post(&sign_in(&server, "vera"), what, body.clone());
        assert!(viewer.status == 403 && viewer.body.contains("only an operator may"), "{what}: {}", viewer.body);
        let form = [("Content-Type", "application/x-www-form-urlencoded")];
        assert_eq!(robot.ask("POST", &format!("/api/v1/alarms/{what}"), &form, "system=hv").status, 415, "{what}");
        assert_eq!(post(&robot, what, json!({ "system": "nowhere", "alarms": [] })).status / 100, 4, "{what}");
    }
    let long = vec!["cell 1.1"; 1_001];
    for (what, body, status, words) in [
        ("acknowledge", named(&["cell 99.1"]), 404, "there is no alarm"),
        ("acknowledge", named(&[]), 422, "name 1 to 1000 alarms"),
        ("acknowledge", named(&long), 422, "name 1 to 1000 alarms"),
        ("acknowledge", with(named(&["cell 1.1"]), json!({ "seen": "yesterday" })), 422, "seen"),
        ("acknowledge", with(named(&["cell 1.1"]), json!({ "seen": "2020-01-01" })), 409, "was raised again at"),
        ("acknowledge", with(named(&["cell 1.1"]), json!({ "sen": "2020-01-01" })), 422, "sen"),
        ("shelve", shelve(0, "x"), 422, "1 s to 24 h"),
        ("shelve", shelve(86_401, "x"), 422, "1 s to 24 h"),
        ("shelve", shelve(60, "  "), 422, "say why"),
        ("shelve", shelve(60, &"x".repeat(201)), 422, "at most 200"),
        ("shelve", shelve(60, "<script>\u{7}"), 422, "in one line"),
        ("shelve", shelve(60, "loose \u{202e}esool"), 422, "in one line"),
        ("shelve", shelve(60, "\u{200b}"), 422, "in one line"),
        ("reset", named(&["cell 1.1"]), 409, "still stands"),
    ] {
        let answer = post(&robot, what, body);
        assert!(answer.status == status && answer.body.contains(words), "{what}: {} {}", answer.status, answer.body);
    }
    assert_eq!(state(&server.get(ALARMS), "cell 1.1"), "active-unacknowledged", "nothing was done");
    let audit = stepped_up(&server, "mara").get("/api/v1/audit?limit=500").body;
    assert!(!audit.contains("\"alarms-"), "and nothing of it is in the audit");
    assert_eq!(server.terminate(), Some(0));
}

/// A site file without the system for one start, as by a slip of the pen, releases no latch.
#[test]
fn what_is_of_a_system_that_the_site_file_does_not_have_is_kept_and_comes_back_with_it() {
    let port = free_udp_port();
    let site = pack_site(port);
    let mut bms = Controller { port, sequence: 0 };
    let (folder, token) = staffed();
    let server = Server::start_in(folder, &site, &[]);
    for cells in [[2_700, 3_300, 3_300, 3_300], [3_300; 4]] {
        let expected = if cells[0] == 2_700 { "active-unacknowledged" } else { "latched" };
        bms.say_until(&server, cells, ALARMS, |answer| (state(answer, "cell 1.1") == expected).then_some(()));
    }
    let body = with(named(&["cell 1.2"]), json!({ "lasts_s": 3_600, "why": "loose" }));
    assert_eq!(done(&with_token(&server, &token), "shelve", body), 1);
    let states = |server: &Server| ["cell 1.1", "cell 1.2"].map(|cell| state(&server.get(ALARMS), cell).to_owned());
    assert_eq!(states(&server), ["latched", "shelved"]);
    let server = Server::start_in(server.kill(), &site.replace("\"hv\"", "\"hw\""), &[]);
    let other = server.get("/api/v1/alarms?system=hw");
    assert_eq!(["cell 1.1", "cell 1.2"].map(|cell| state(&other, cell)), ["normal"; 2], "another one begins afresh");
    let server = Server::start_in(server.kill(), &site, &[]);
    assert_eq!(states(&server), ["latched", "shelved"]);
    assert_eq!(server.terminate(), Some(0));
}

/// Nobody fills the disk by putting aside and taking back; what was seen is never told too often.
#[test]
fn orders_in_a_loop_are_turned_away_for_a_while_but_never_an_acknowledgement() {
    let (folder, token) = staffed();
    let server = Server::start_in(folder, &pack_site(free_udp_port()), &[]);
    let robot = with_token(&server, &token);
    let shelve = || with(named(&["cell 1.1"]), json!({ "lasts_s": 60, "why": "loose" }));
    let mut answers = (0..200).map(|n| match n % 2 {
        0 => post(&robot, "shelve", shelve()),
        _ => post(&robot, "unshelve", named(&["cell 1.1"])),
    });
    let refused = answers.find(|answer| answer.status != 200).expect("there is an end");
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")), "{}", refused.body);
    for _ in 0..100 {
        assert_eq!(done(&robot, "acknowledge", named(&["cell 1.1"])), 0);
    }
    let timo = sign_in(&server, "timo");
    assert_eq!(post(&timo, "unshelve", named(&["cell 1.1"])).status, 200, "others may");
    let page = stepped_up(&server, "mara").get("/api/v1/audit?limit=500").json();
    let written = |entry: &&Value| entry["action"].as_str().is_some_and(|action| action.starts_with("alarms-"));
    let written = page["entries"].as_array().unwrap().iter().filter(written).count();
    assert!((60..100).contains(&written), "{written}");
    assert_eq!(server.terminate(), Some(0));
}

/// What a form does, what ended, and the figures of the period: with an alarm that stood before it and one that ended in it.
#[test]
fn a_form_acknowledges_and_what_ended_is_told_with_its_figures() {
    let port = free_udp_port();
    let mut bms = Controller { port, sequence: 0 };
    let (folder, _) = staffed();
    let server = Server::start_in(folder, &pack_site(port), &[]);
    let seen = bms.say_until(&server, [2_700, 2_700, 3_300, 3_300], ALARMS, |answer| {
        let both = ["cell 1.1", "cell 1.2"].map(|subject| state(answer, subject) == "active-unacknowledged");
        (both == [true; 2]).then(|| answer["timestamp"].as_str().unwrap().to_owned())
    });
    let own = format!("http://{}", server.address);
    let form = |who: &Client<'_>, page: bool, body: &str| {
        let referer = format!("{own}/alarms?state=unacknowledged");
        let mut headers = vec![
            ("Content-Type", "application/x-www-form-urlencoded"),
            ("Origin", own.as_str()),
            ("Referer", referer.as_str()),
        ];
        headers.extend(page.then_some(("Accept", "text/html")));
        who.ask("POST", "/actions/alarms", &headers, body)
    };
    let timo = sign_in(&server, "timo");
    let names = "alarms=cell.voltage.low+cell+1.1%0D%0Acell.voltage.low+cell+1.2%0D%0A";
    for (who, body, status, words) in [
        (&sign_in(&server, "vera"), format!("what=acknowledge&system=hv&{names}"), 403, "operator"),
        (&nobody(&server), format!("what=acknowledge&system=hv&{names}"), 401, "sign in"),
        (&timo, "what=acknowledge&system=hv".to_owned(), 422, "alarms"),
        (&timo, format!("what=silence&system=hv&{names}"), 422, "silence"),
        (&timo, format!("what=shelve&system=hv&{names}&lasts_s=x&why=loose"), 422, "lasts_s"),
        (&timo, format!("what=acknowledge&system=hv&{names}&seen=2020-01-01"), 409, "raised again"),
    ] {
        let answer = form(who, false, &body);
        let said = answer.body.to_lowercase();
        assert!(answer.status == status && said.contains(words), "{body}: {} {}", answer.status, answer.body);
    }
    // A browser without our code is led back to the page that it was on.
    let answer = form(&timo, true, &format!("what=acknowledge&system=hv&{names}&seen={seen}"));
    assert_eq!(
        (answer.status, answer.header("location")),
        (303, Some("/alarms?state=unacknowledged")),
        "{}",
        answer.body
    );
    assert_eq!(state(&server.get(ALARMS), "cell 1.2"), "active-acknowledged");
    let page = timo.ask("GET", "/alarms", &[("Accept", "text/html")], "");
    assert!(page.status == 200 && page.body.contains("Stop discharging, then check the cell."), "{}", page.status);
    assert!(page.body.contains("Acknowledged by"), "who is in the document, without a script");

    bms.say_until(&server, [3_300, 2_700, 3_300, 3_300], ALARMS, |answer| {
        (state(answer, "cell 1.1") == "latched").then_some(())
    });
    let start = Instant::now();
    let ended = loop {
        let history = server.get("/api/v1/alarms/history?system=hv");
        let ended = history["alarms"].as_array().unwrap().clone();
        if ended.iter().any(|of| of["rule"] == LOW && of["subject"] == "cell 1.1") {
            break ended;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{history:#}");
        bms.say([3_300, 2_700, 3_300, 3_300]);
        std::thread::sleep(Duration::from_millis(200));
    };
    assert!(!ended.iter().any(|of| of["rule"] == LOW && of["subject"] == "cell 1.2"), "it stands: {ended:#?}");
    let first = ended.iter().find(|of| of["rule"] == LOW).unwrap();
    assert!(first["raised"].as_str() < first["ended"].as_str() && first["words"].as_str().unwrap().contains("2700"));
    let figures = server.get("/api/v1/alarms/figures?system=hv");
    let low = figures["top"].as_array().unwrap().iter().find(|of| of["rule"] == LOW && of["subject"] == "cell 1.2");
    assert_eq!((&figures["whole"], &low.unwrap()["count"]), (&json!(true), &json!(1)), "{figures:#}");
    assert_eq!(figures["acknowledged"], 2, "{figures:#}");
    let within = figures["acknowledged_most_s"].as_f64().unwrap();
    assert!((0.0..60.0).contains(&within), "{figures:#}");
    // Rates are by what was recorded, which is less than the day that was asked about.
    let recorded_s = figures["recorded_s"].as_f64().unwrap();
    assert!(recorded_s > 0.0 && recorded_s < 600.0, "{figures:#}");
    assert!(figures["per_day"].is_null(), "of less than a day: {figures:#}");
    // Of a period before all of it there is nothing, and no share of it; and a period needs an order.
    let before = server.get("/api/v1/alarms/figures?system=hv&from=2020-01-01&to=2020-01-02");
    assert_eq!((&before["raised"], &before["recorded_s"]), (&json!(0), &json!(0.0)));
    for unknown in ["per_day", "flood_pct", "acknowledged_median_s"] {
        assert_eq!(before[unknown], Value::Null, "{unknown}");
    }
    assert_eq!(nobody(&server).get("/api/v1/alarms/figures?from=2020-01-02&to=2020-01-01").status, 422);
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_shelf_ends_by_itself_also_while_the_server_is_away() {
    let port = free_udp_port();
    let site = pack_site(port);
    let mut bms = Controller { port, sequence: 0 };
    let (folder, token) = staffed();
    let server = Server::start_in(folder, &site, &[]);
    let bad = [2_700, 2_700, 3_300, 3_300];
    let shelve = |subject: &str, lasts_s: u64| with(named(&[subject]), json!({ "lasts_s": lasts_s, "why": "loose" }));
    let robot = with_token(&server, &token);
    assert_eq!(done(&robot, "shelve", shelve("cell 1.1", 4)), 1);
    assert_eq!(done(&robot, "shelve", shelve("cell 1.2", 600)), 1);
    bms.say_until(&server, bad, ALARMS, |answer| {
        let active = |subject| find(answer, LOW, subject).is_some_and(|alarm| alarm["active"] == true);
        (active("cell 1.1") && active("cell 1.2")).then_some(())
    });
    assert_eq!(state(&server.get(ALARMS), "cell 1.2"), "shelved");
    // What is answered after it says that what was before it is on the disk.
    assert_eq!(done(&robot, "shelve", shelve("cell 1.3", 600)), 1);
    let folder = server.kill();
    std::thread::sleep(Duration::from_secs(4));
    let server = Server::start_in(folder, &site, &[]);
    let answer = server.get(ALARMS);
    assert_eq!((state(&answer, "cell 1.1"), state(&answer, "cell 1.2")), ("active-unacknowledged", "shelved"));
    let robot = with_token(&server, &token);
    assert_eq!(done(&robot, "unshelve", named(&["cell 1.2"])), 1);
    assert_eq!(state(&server.get(ALARMS), "cell 1.2"), "active-unacknowledged");
    assert_eq!(done(&robot, "shelve", shelve("cell 1.2", 1)), 1);
    let start = Instant::now();
    while state(&server.get(ALARMS), "cell 1.2") == "shelved" {
        assert!(start.elapsed() < Duration::from_secs(10), "it never ended");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(server.terminate(), Some(0));
}
