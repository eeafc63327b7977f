//! What is commanded is predicted; the house and the pack of the demo are commanded, from HTTP to the register and back.

use crate::home::demo_site;
use crate::people::{Client, add, packtwin, stepped_up, with_token};
use crate::support::{Server, folder, free_tcp_port, free_udp_port, repo};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Nothing here takes longer on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The demo with an admin, a program's token, and armed control.
fn armed(hour: f32) -> (Server, String) {
    armed_on(&demo_site(hour))
}

/// The same of a site file.
fn armed_on(site: &str) -> (Server, String) {
    let folder = folder();
    let data = folder.path().join("data");
    add(&data, "mara", "admin");
    let (_, said) = packtwin(&data, &["token", "add", "Robot", "--scope", "control", "--days", "30"], "");
    let token = said.lines().find(|line| line.starts_with("pt_")).expect("a token").to_owned();
    let server = Server::start_in(folder, site, &[]);
    assert_eq!(stepped_up(&server, "mara").post("/api/v1/arming", json!({ "armed": true })).status, 200);
    (server, token)
}

/// Waits until `look` finds what it wants in an answer.
fn until<T>(who: &Client<'_>, path: &str, look: impl Fn(&Value) -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        let answer = who.get(path);
        let found = (answer.status == 200).then(|| look(&answer.json())).flatten();
        if let Some(found) = found {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "{path} never got there: {}", answer.body);
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A control of a system that may be moved either way.
fn ready(who: &Client<'_>, system: &str, key: &str) -> Value {
    until(who, &format!("/api/v1/control?system={system}"), |answer| {
        let control = answer["controls"].as_array()?.iter().find(|control| control["control"] == key)?.clone();
        let open = control["interlocks"].as_array()?.iter().all(|interlock| interlock["blocked"] == "");
        (open && control["present"].is_number()).then_some(control)
    })
}

/// Commands a value with the revision of now.
fn command(who: &Client<'_>, id: &str, system: &str, key: &str, value: f64) -> (u16, String) {
    let revision = ready(who, system, key)["revision"].clone();
    let body = json!({ "id": id, "system": system, "control": key, "value": value, "revision": revision });
    let answer = who.post("/api/v1/commands", body);
    (answer.status, answer.body)
}

fn watts(answer: &Value, point: &str) -> Option<f64> {
    answer["points"][point]["value"].as_f64()
}

#[test]
fn the_house_follows_its_grid_setpoint_and_its_minimum_state_of_charge() {
    let (server, token) = armed(23.0);
    let robot = with_token(&server, &token);
    // At night, with a steady load: nothing else moves the grid.
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let mara = stepped_up(&server, "mara");
    assert_eq!(mara.ask("POST", "/api/v1/lab", &form, "system=home&action=load&kw=2").status, 200);
    let setpoint = ready(&robot, "home", "grid-setpoint");
    assert_eq!((setpoint["stored_in_flash"].as_bool(), setpoint["lease_s"].as_u64()), (Some(false), Some(60)));
    let minimum = ready(&robot, "home", "minimum-soc");
    assert_eq!(
        (minimum["stored_in_flash"].as_bool(), minimum["writes_24h_max"].as_u64(), minimum["present"].as_f64()),
        (Some(true), Some(12), Some(30.0))
    );
    for (key, value, status) in [
        ("grid-setpoint", 5_010.0, 422),
        ("grid-setpoint", -1e9, 422),
        ("minimum-soc", 5.0, 422),
        ("reserve", 20.0, 404),
    ] {
        let body = json!({ "id": format!("beyond-{key}{value}").replace('.', "-"), "system": "home", "control": key, "value": value, "revision": 1 });
        let answer = robot.post("/api/v1/commands", body);
        assert_eq!(answer.status, status, "{key} {value}: {}", answer.body);
    }

    assert_eq!(command(&robot, "grid-1", "home", "grid-setpoint", -1_500.0).0, 202);
    let told = until(&robot, "/api/v1/commands/grid-1", |answer| {
        (answer["command"]["state"] == "effective").then(|| answer.clone())
    });
    let grid_w =
        until(&robot, "/api/v1/state?system=home", |state| watts(state, "grid/power").filter(|w| *w < -1_400.0));
    assert!((grid_w + 1_500.0).abs() < 60.0, "{grid_w} W: {told}");
    // The grid setpoint is what the building may draw: it is predicted with and without.
    let flight = until(&robot, "/api/v1/commands/grid-1", |answer| {
        Some(answer["flight"].clone()).filter(|flight| !flight.is_null())
    });
    assert_eq!(flight["prediction"]["wanted"]["grid_cap_w"].as_f64(), Some(-1_500.0), "{flight}");
    assert_eq!(flight["prediction"]["present"]["grid_cap_w"].as_f64(), Some(0.0), "{flight}");

    assert_eq!(command(&robot, "soc-1", "home", "minimum-soc", 90.0).0, 202);
    // Its state of charge is below.
    until(&robot, "/api/v1/commands/soc-1", |answer| (answer["command"]["state"] == "effective").then_some(()));
    // The battery gives nothing any more, whatever the grid setpoint says.
    until(&robot, "/api/v1/state?system=home", |state| {
        (watts(state, "battery/power")? < 50.0 && watts(state, "grid/power")? > 1_900.0).then_some(())
    });
    let minimum = ready(&robot, "home", "minimum-soc");
    assert_eq!((minimum["present"].as_f64(), minimum["writes_24h"].as_u64()), (Some(90.0), Some(1)));
}

#[test]
fn each_command_is_predicted_and_a_program_asks_for_a_flight_check() {
    let (server, token) = armed(12.0);
    let robot = with_token(&server, &token);
    ready(&robot, "hv", "reserve");
    let check = |body: Value| robot.post("/api/v1/flight", body);
    let training = |outlook: &Value| outlook["training_min"].as_f64();
    // A load that empties it, so that the reserve decides.
    let load = json!({ "profile": "constant", "load_w": 166_000 });
    let answer = until(&robot, "/api/v1/control?system=hv", |_| {
        let answer = check(json!({ "system": "hv", "wanted": { "reserve": 40 }, "load": load })).json();
        training(&answer["present"]).is_some().then_some(answer)
    });
    let (present, wanted) = (&answer["present"], &answer["wanted"]);
    assert!(training(wanted).unwrap() < training(present).unwrap() - 10.0, "{answer}");
    assert_eq!((&present["training_ends_by"], &wanted["training_ends_by"]), (&json!("reserve"), &json!("reserve")));
    assert_eq!((present["grid_cap_w"].as_f64(), answer["load_w"].as_f64()), (Some(66e3), Some(166e3)));
    assert!(present["curve"].as_array().unwrap().len() > 30 && present["lowest_cell_v"].as_f64().unwrap() > 2.5);
    let lost = check(json!({ "backup": true, "load": load })).json();
    assert!(lost["present"]["grid_cap_w"].is_null() && lost["present"]["backup_min"].is_number(), "{lost}");
    for (body, says) in [
        (json!({ "wanted": { "colour": 1 } }), "wanted: there is no \"colour\""),
        (json!({ "wanted": { "reserve": 60 } }), "wanted: reserve is 60, not from 10 to 50"),
        (json!({ "horizon_min": 0.5 }), "horizon_min"),
        (json!({ "horizon_min": 1e30 }), "horizon_min"),
        (json!({ "grid_cap_w": 1e30 }), "grid_cap_w"),
        (json!({ "load": { "profile": "constant", "load_w": -1 } }), "load: -1 W"),
        (
            json!({ "load": { "profile": "bursts", "base_w": 0, "burst_w": 1e5, "every_s": 1e-3, "lasting_s": 1 } }),
            "load: every_s is 0.001",
        ),
        (json!({ "load": { "profile": "recorded", "load_w": [], "step_s": 1 } }), "load_w has no value"),
        (json!({ "load": { "profile": "steady" } }), "steady"),
        (json!({ "sytem": "hv" }), "sytem"),
    ] {
        let answer = check(body.clone());
        let detail = answer.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(answer.status == 422 && detail.contains(says), "{body}: {} {detail}", answer.status);
    }
    assert_eq!(check(json!({ "system": "xx" })).status, 404);

    // It is predicted from what was there when it was taken, and kept.
    assert_eq!(command(&robot, "reserve-1", "hv", "reserve", 35.0).0, 202);
    let told = until(&robot, "/api/v1/commands/reserve-1", |answer| {
        (!answer["flight"].is_null() && answer["command"]["state"] == "confirmed").then(|| answer.clone())
    });
    let flight = &told["flight"];
    assert!(flight["score"].is_null() && flight["scored_at"].is_null(), "{flight}");
    let lasts = |side: &str| flight["prediction"][side]["backup_to_reserve_min"].as_f64().expect("it is known");
    assert!(lasts("wanted") < lasts("present"), "{flight}");
    let last = flight["prediction"]["wanted"]["curve"].as_array().unwrap().last().unwrap().clone();
    assert!(last["at_min"].as_f64().unwrap() <= 10.0, "{flight}");
    assert!(told["command"]["prediction"].as_str().unwrap().contains("backup "), "{told}");
    assert_eq!(
        robot.get("/api/v1/commands?limit=1").json()["commands"][0]["prediction"],
        told["command"]["prediction"]
    );
    let entries = stepped_up(&server, "mara").get("/api/v1/audit?action=command-predicted").json();
    let entry = &entries["entries"][0];
    assert_eq!(
        (&entry["old"], &entry["new"], &entry["who"]),
        (&json!("20 %"), &json!("35 %"), &json!("robot")),
        "{entries}"
    );
    assert_eq!(entry["prediction"], told["command"]["prediction"]);

    // It is kept, and another start makes no second one.
    let made = flight["made_at"].clone();
    let (site, folder) = (demo_site(12.0), server.kill());
    let server = Server::start_in(folder, &site, &[]);
    let robot = with_token(&server, &token);
    assert_eq!(robot.get("/api/v1/commands/reserve-1").json()["flight"]["made_at"], made);
}

/// One of the site files, on free ports.
fn site(name: &str) -> String {
    let mut site = std::fs::read_to_string(repo().join("sites").join(name)).unwrap();
    for port in [20_000, 15_020, 15_021, 15_802] {
        let free = if port == 20_000 { free_udp_port() } else { free_tcp_port() };
        site = site.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{free}"));
    }
    site.replace("\"../", &format!("\"{}/", repo().display()))
}

#[test]
fn the_pack_is_commanded_over_sunspec_and_over_can_as_well() {
    for (file, unit, commands) in [
        ("sunspec.toml", 2_500.0, &[("reserve", 35.0), ("discharge-limit", 100e3), ("charge-limit", 20e3)][..]),
        (
            "can.toml",
            1_000.0,
            &[("reserve", 35.0), ("mode", 0.0), ("discharge-limit", 90e3), ("charge-limit", 20e3), ("run", 0.0)],
        ),
    ] {
        let (server, token) = armed_on(&site(file));
        let robot = with_token(&server, &token);
        for (key, value) in commands {
            let id = format!("by-{key}");
            let (status, body) = command(&robot, &id, "hv", key, *value);
            assert_eq!(status, 202, "{file} {key}: {body}");
            let steps = until(&robot, &format!("/api/v1/commands/{id}"), |answer| {
                let steps = answer["steps"].as_array()?.clone();
                steps.iter().any(|step| step["state"] == "confirmed").then_some(steps)
            });
            let words: Vec<&str> = steps.iter().filter_map(|step| step["state"].as_str()).collect();
            assert!(words.starts_with(&["journalled", "sent"]), "{file} {key}: {words:?}");
            // It is what the device says afterwards, too.
            until(&robot, "/api/v1/control?system=hv", |answer| {
                let control = answer["controls"].as_array()?.iter().find(|control| control["control"] == *key)?;
                ((control["present"].as_f64()? - value).abs() < 1e-6).then_some(())
            });
        }
        // The second limit has left the first one as it was.
        let all = robot.get("/api/v1/control?system=hv").json();
        let limit = all["controls"].as_array().unwrap().iter().find(|control| control["control"] == "discharge-limit");
        let (limit, expected) = (limit.unwrap(), commands.iter().find(|(key, _)| *key == "discharge-limit").unwrap().1);
        assert_eq!((limit["present"].as_f64(), limit["step"].as_f64()), (Some(expected), Some(unit)), "{file}: {all}");
    }
}
