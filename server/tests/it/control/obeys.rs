//! A device that obeys: every door, every step, nothing twice.

use super::PATIENCE;
use super::device::{CHARGE, DISCHARGE, Device, RESERVE};
use super::judged::SETPOINTS;
use super::site::{Armed, FREELY, Wants, command, control, fresh_id, of, pack, returns, steps};
use crate::people::{sign_in, signed_in_before, stepped_up};
use crate::support::free_tcp_port;
use serde_json::json;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A register of the simulated controller, over a connection of our own.
fn register(address: &str, register: u16) -> u16 {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    let [high, low] = register.to_be_bytes();
    stream.write_all(&[0, 1, 0, 0, 0, 6, 1, 3, high, low, 0, 1]).unwrap();
    let mut answer = [0; 11];
    stream.read_exact(&mut answer).unwrap();
    assert_eq!(answer[7..9], [3, 2], "{answer:?}");
    u16::from_be_bytes([answer[9], answer[10]])
}

/// The pack with the doors of its controller, and where its registers are.
fn doors() -> (String, String) {
    let pack = pack();
    let line = pack.lines().find(|line| line.starts_with("controller = ")).expect("the pack has a controller");
    let address = line.split('"').nth(1).unwrap().to_owned();
    (pack, address)
}

/// Lets the load of the simulation draw so much, kW, so that the battery gives what the grid does not.
fn load(armed: &Armed, kw: u32) {
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    let answer = stepped_up(&armed.server, "timo").ask(
        "POST",
        "/actions/lab",
        &[form],
        &format!("system=hv&action=load&kw={kw}"),
    );
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Lowers the discharge limit to 90 kW and sets the reserve to 30 %, and looks into the device.
fn reserve_and_limit(site: &str, registers: &str, settle: Duration) {
    let site = site.to_owned();
    let armed = Armed::start(|_| site);
    load(&armed, 220);
    // The state of charge is far above the reserve: no power shows that it is kept.
    for (key, value, at, word, end) in
        [("discharge-limit", 90e3, DISCHARGE, 900, "effective"), ("reserve", 30.0, RESERVE, 300, "confirmed")]
    {
        let id = armed.command(key, value);
        let confirmed = armed.ends(&id, &["confirmed", "effective"]);
        assert_eq!(register(registers, at), word, "{key}: confirmed is what the device has: {confirmed:#}");
        let ended = armed.ends(&id, &[end]);
        let mut told = steps(&ended);
        // A bus without answers has no echo.
        told.retain(|step| *step != "echoed");
        let all = ["journalled", "sent", "confirmed", "effective"];
        assert_eq!(told, all[..if end == "effective" { 4 } else { 3 }], "{ended:#}");
        let words = ended["words"].as_str().unwrap();
        assert!(words.starts_with(&format!("{end}: ")) && words.len() > 15, "{words}");
        std::thread::sleep(settle);
        assert_eq!(armed.control(key)["present"], value);
    }
    let audit = stepped_up(&armed.server, "mara").get("/api/v1/audit?action=command-result&limit=10").json();
    let results = audit["entries"].as_array().unwrap();
    assert!(results.iter().any(|entry| entry["read_back"] == "90 kW" && entry["who"] == "robot"), "{audit:#}");
    let data = armed.server.kill();
    let (status, said) = crate::people::packtwin(&data.path().join("data"), &["audit", "verify"], "");
    assert_eq!(status, Some(0), "{said}");
}

#[test]
fn over_modbus_a_command_is_written_read_back_and_seen_in_the_power() {
    let (pack, registers) = doors();
    let controls = ["discharge-limit", "reserve"].map(|key| control(key, "controller", returns(key))).concat();
    reserve_and_limit(&format!("{pack}{controls}"), &registers, Duration::ZERO);
}

#[test]
fn over_sunspec_a_command_is_written_read_back_and_seen_in_the_power() {
    let (pack, registers) = doors();
    let port = free_tcp_port();
    let pack = format!("{pack}sunspec = \"127.0.0.1:{port}\"\n");
    let link = format!(
        "\n[[link]]\nid = \"sun\"\nsystem = \"hv\"\nkind = \"sunspec\"\nconnect = \"127.0.0.1:{port}\"\npoll_ms = 200\nsetpoints = [\n\
         {{ name = \"reserve\", sets = \"802.SoCRsvMin\", min = 10, max = 50, step = 1, wear = \"flash\" }},\n\
         {{ name = \"discharge-limit\", sets = \"124.OutWRte\", min = 0, max = 100, step = 1, wear = \"volatile\", lease_s = 120 }}]\n"
    );
    // 36 % of 250 kW are 90 kW.
    let controls = control("discharge-limit", "sun", "full_scale_w = 250000\nreturns_to = 150_000")
        + &control("reserve", "sun", "");
    reserve_and_limit(&format!("{pack}{link}{controls}"), &registers, Duration::ZERO);
}

#[test]
fn over_can_a_command_is_sent_told_by_the_device_and_seen_in_the_power() {
    let (pack, registers) = doors();
    let setpoints = format!("peer = \"127.0.0.1\"\n{SETPOINTS}dbc = ");
    let pack = pack.replacen("dbc = ", &setpoints, 1);
    let controls = ["discharge-limit", "reserve"].map(|key| control(key, "bms", returns(key))).concat();
    // Its limit is held by frames every 200 ms: it stands longer than the 2 s for which each holds it.
    reserve_and_limit(&format!("{pack}{controls}"), &registers, Duration::from_secs(3));
}

#[test]
fn what_is_there_already_is_not_written_and_an_id_counts_once() {
    let device = Device::start(None);
    let armed = Armed::on(&device, &FREELY);
    assert_eq!(device.written(), [], "looking at a device writes nothing");
    let id = armed.command("reserve", 20.0);
    assert_eq!(steps(&armed.ends(&id, &["unchanged"])), ["journalled", "unchanged"]);
    assert_eq!(armed.control("reserve")["writes_total"], 0);
    // The battery gives less by itself: nothing shows that the limit is kept.
    load(&armed, 150);
    let id = armed.command("discharge-limit", 120e3);
    armed.ends(&id, &["confirmed"]);
    assert_eq!(device.words(DISCHARGE), [1_200]);
    // The same once more, also after the end of the server: it is known. With another value it is another command.
    let again = |armed: &Armed, value: f64| {
        let answer = armed.robot().post("/api/v1/commands", command(&id, "discharge-limit", value, &json!(0)));
        assert!(answer.status == 200 || answer.status == 202, "{}", answer.body);
        assert_eq!(answer.json()["value"], 120e3, "{}", answer.body);
    };
    let steps_before = armed.ends(&id, &["confirmed"])["steps"].as_array().unwrap().len();
    for value in [120e3, 120e3] {
        again(&armed, value);
    }
    let other = || armed.robot().post("/api/v1/commands", command(&id, "discharge-limit", 60e3, &json!(0)));
    assert_eq!(other().status, 409, "{}", other().body);
    let armed = armed.killed_and_started();
    armed.wait_until_open();
    again(&armed, 120e3);
    assert_eq!(armed.ends(&id, &["confirmed"])["steps"].as_array().unwrap().len(), steps_before);
    assert_eq!(device.words(DISCHARGE), [1_200]);
    // Ten at once with one id.
    let (id, revision) = (fresh_id(), armed.control("charge-limit")["revision"].clone());
    std::thread::scope(|scope| {
        for _ in 0..10 {
            scope.spawn(|| {
                let answer = armed.robot().post("/api/v1/commands", command(&id, "charge-limit", 40e3, &revision));
                assert!(answer.status == 200 || answer.status == 202, "{}", answer.body);
            });
        }
    });
    let told = armed.ends(&id, &["confirmed", "effective"]);
    let once = |word| steps(&told).iter().filter(|step| **step == word).count() == 1;
    assert!(once("journalled") && once("sent") && once("confirmed"), "{told:#}");
    assert_eq!(device.words(CHARGE), [400]);
}

#[test]
fn of_two_operators_at_once_one_is_told_who_was_faster_and_towards_the_safe_side_both_go() {
    let device = Device::start(None);
    let armed = Armed::on(&device, &FREELY);
    let (timo, ida) = (stepped_up(&armed.server, "timo"), stepped_up(&armed.server, "ida"));
    let ask = |by: &crate::people::Client<'_>, value: f64, revision: &serde_json::Value| {
        by.post("/api/v1/commands", command(&fresh_id(), "discharge-limit", value, revision))
    };
    let seen = armed.control("discharge-limit")["revision"].clone();
    // Both saw the same, and press at the same time.
    let answers = std::thread::scope(|scope| {
        let one = scope.spawn(|| ask(&timo, 170e3, &seen));
        let other = scope.spawn(|| ask(&ida, 180e3, &seen));
        [(one.join().unwrap(), "timo", "170 kW"), (other.join().unwrap(), "ida", "180 kW")]
    });
    let (won, lost): (Vec<_>, Vec<_>) = answers.iter().partition(|(answer, ..)| answer.status == 202);
    assert_eq!((won.len(), lost.len()), (1, 1), "{:?}", answers.iter().map(|(a, ..)| &a.body).collect::<Vec<_>>());
    let (answer, words) = (&lost[0].0, lost[0].0.json()["detail"].as_str().unwrap().to_owned());
    assert_eq!(answer.status, 409, "{words}");
    // Who, what and when.
    assert!(words.contains(won[0].1) && words.contains(won[0].2), "{words}");
    assert!(words.contains("20") && words.ends_with("UTC"), "an instant: {words}");
    let expected = if won[0].1 == "timo" { 1_700 } else { 1_800 };
    device.wait_for_writes(1);
    armed.wait_for("read back", |controls| of(controls, "discharge-limit")["present"] == f64::from(expected) * 100.0);
    assert_eq!(device.words(DISCHARGE), [expected]);
    // Towards the safe side what was seen does not matter.
    for (by, value) in [(&timo, 100e3), (&ida, 90e3)] {
        let answer = ask(by, value, &json!(1));
        assert_eq!(answer.status, 202, "{}", answer.body);
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        armed.ends(&id, &["confirmed", "effective", "superseded"]);
    }
    device.wait_for_writes(3);
    assert_eq!(device.words(DISCHARGE), [expected, 1_000, 900]);
    // Somebody at the device is faster too.
    let seen = armed.control("discharge-limit")["revision"].clone();
    device.set(DISCHARGE, 950);
    armed.wait_for("what was set there is seen", |controls| of(controls, "discharge-limit")["present"] == 95e3);
    let answer = ask(&timo, 110e3, &seen);
    assert!(answer.status == 409 && answer.body.contains("at the device since you looked"), "{}", answer.body);
    assert!(answer.body.contains("95 kW"), "{}", answer.body);
}

#[test]
fn who_may_not_is_refused_and_nothing_is_written() {
    let device = Device::start(None);
    let armed = Armed::on(&device, &FREELY);
    let (_, said) = crate::people::packtwin(
        &crate::people::data(&armed.server),
        &["token", "add", "Reader", "--scope", "read", "--days", "30"],
        "",
    );
    let reader = said.lines().find(|line| line.starts_with("pt_")).unwrap();
    let (nobody, reader) = (crate::people::nobody(&armed.server), crate::people::with_token(&armed.server, reader));
    let (vera, timo) = (sign_in(&armed.server, "vera"), signed_in_before(&armed.server, "timo"));
    let wrong = crate::people::with_token(&armed.server, "pt_nothing");
    for (by, value, status, says) in [
        (&nobody, 90e3, 401, "sign in"),
        (&wrong, 90e3, 401, ""),
        (&reader, 90e3, 403, "may"),
        (&vera, 90e3, 403, "may"),
        // Without the password in the last minutes only towards the safe side.
        (&timo, 200e3, 403, "password"),
        (&timo, 251e3, 422, "250000"),
        (&timo, -1.0, 422, "0"),
    ] {
        let (_, answer) = armed.ask(by, "discharge-limit", value);
        assert!(answer.status == status && answer.body.to_lowercase().contains(says), "{status}: {}", answer.body);
        let safe = json!({ "id": fresh_id(), "system": "hv" });
        if status == 401 || says == "may" {
            assert_eq!(by.post("/api/v1/commands/safe-values", safe).status, status);
        }
    }
    let disarm = json!({ "armed": false });
    assert_eq!(sign_in(&armed.server, "timo").post("/api/v1/arming", disarm).status, 200);
    let (_, answer) = armed.ask(&armed.robot(), "discharge-limit", 90e3);
    assert!(answer.status == 409 && answer.body.contains("not armed"), "{}", answer.body);
    assert_eq!(device.written(), []);
    // What is refused is in the audit, with its reason.
    let audit = stepped_up(&armed.server, "mara").get("/api/v1/audit?action=command-refused&limit=50").json();
    assert!(audit.to_string().contains("not armed") && audit.to_string().contains("password"), "{audit:#}");
    // Armed again, it goes.
    assert_eq!(stepped_up(&armed.server, "mara").post("/api/v1/arming", json!({ "armed": true })).status, 200);
    let (id, answer) = armed.ask(&timo, "discharge-limit", 90e3);
    assert_eq!(answer.status, 202, "{}", answer.body);
    armed.ends(&id, &["confirmed", "effective"]);
    // All at once, and without a password.
    let safe = timo.post("/api/v1/commands/safe-values", json!({ "id": fresh_id(), "system": "hv" }));
    assert_eq!(safe.status, 200, "{}", safe.body);
    // The limits and the reserve are as safe already.
    let of = |command: &serde_json::Value| command["control"].as_str().unwrap().to_owned();
    let done: Vec<String> = safe.json()["commands"].as_array().unwrap().iter().map(of).collect();
    assert_eq!(done, ["mode", "run"], "{}", safe.body);
}

#[test]
fn a_hold_ends_at_the_safe_value_also_when_the_server_was_killed_meanwhile() {
    for kill in [false, true] {
        let device = Device::start(None);
        let mut armed = Armed::on(&device, &FREELY);
        let (id, revision) = (fresh_id(), armed.control("discharge-limit")["revision"].clone());
        let mut body = command(&id, "discharge-limit", 180e3, &revision);
        body["hold_s"] = json!(10);
        // Nobody takes the place of the return by an id that looks like it.
        let looks = command(&format!("{id}-end"), "mode", 0.0, &armed.control("mode")["revision"]);
        assert_eq!(armed.robot().post("/api/v1/commands", looks).status, 202);
        let asked = Instant::now();
        assert_eq!(armed.robot().post("/api/v1/commands", body).status, 202);
        armed.ends(&id, &["confirmed", "effective"]);
        assert!(armed.control("discharge-limit")["holds_for_s"].as_u64().is_some_and(|s| s <= 10));
        if kill {
            armed = armed.killed_and_started();
            armed.wait_until_open();
        }
        armed.wait_for("the safe value is back", |controls| of(controls, "discharge-limit")["present"] == 150e3);
        assert!(asked.elapsed() >= Duration::from_secs(9), "{:?}", asked.elapsed());
        assert_eq!(device.words(DISCHARGE), [1_800, 1_500], "killed: {kill}");
        assert_eq!(armed.ends(&id, &["superseded", "lease-ended"])["state"], "superseded");
    }
}

#[test]
fn a_lease_is_renewed_until_the_server_is_killed_or_control_disarmed() {
    let lease = Duration::from_secs(4);
    let device = Device::start(Some(lease));
    let wants = Wants { lease_s: Some(4), ..FREELY };
    let armed = Armed::on(&device, &wants);
    let id = armed.command("discharge-limit", 90e3);
    armed.ends(&id, &["confirmed", "effective"]);
    let start = Instant::now();
    while start.elapsed() < 3 * lease {
        assert_eq!(device.has(DISCHARGE), 900, "after {:?}", start.elapsed());
        std::thread::sleep(Duration::from_millis(50));
    }
    let renewed = device.words(DISCHARGE);
    println!("a lease of 4 s was renewed {} times in {:?}", renewed.len() - 1, start.elapsed());
    assert!((4..=8).contains(&renewed.len()) && renewed.iter().all(|word| *word == 900), "{renewed:?}");
    // Renewals are no commands: they are not in its history, and do not use its budget up.
    assert_eq!(armed.control("discharge-limit")["writes_24h"], 1);
    let Armed { server, token, site } = armed;
    let folder = server.kill();
    let killed = Instant::now();
    while device.has(DISCHARGE) != 1_500 {
        assert!(killed.elapsed() < lease + Duration::from_secs(1), "the lease outlives the server");
        std::thread::sleep(Duration::from_millis(20));
    }
    println!("after the kill the default was back in {:?}", killed.elapsed());
    // Nothing is renewed after the start, because the device has another value, and the command says so.
    let server = crate::support::Server::start_in(folder, &site, &[]);
    let armed = Armed { server, token, site };
    armed.wait_until_open();
    let ended = armed.ends(&id, &["lease-ended"]);
    let words = "it was not renewed while Packtwin was down, and the device had 150 kW then";
    assert!(ended["words"].as_str().unwrap().contains(words), "{ended:#}");
    let control = armed.control("discharge-limit");
    assert_eq!((&control["ended"]["id"], &control["changed"]["how"]), (&json!(id), &json!("lease")), "{control:#}");
    assert_eq!(device.words(DISCHARGE).len(), renewed.len());
    // Disarmed, it is not renewed either.
    let id = armed.command("discharge-limit", 80e3);
    armed.ends(&id, &["confirmed", "effective"]);
    assert_eq!(stepped_up(&armed.server, "mara").post("/api/v1/arming", json!({ "armed": false })).status, 200);
    let ended = armed.ends(&id, &["lease-ended"]);
    assert!(ended["words"].as_str().unwrap().contains("armed"), "{ended:#}");
    let start = Instant::now();
    while device.has(DISCHARGE) != 1_500 {
        assert!(start.elapsed() < 2 * lease, "a disarmed lease is renewed");
        std::thread::sleep(Duration::from_millis(20));
    }
}
