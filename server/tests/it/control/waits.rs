//! Commands that wait for their link: replaced, too late, or lost with the connection. None of them is ever written.

use super::device::{DISCHARGE, Device, Does, RESERVE};
use super::site::{Armed, FREELY, command, fresh_id, steps, with_device};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A confirmation is good for so long.
const EXPIRES_AFTER: Duration = Duration::from_secs(30);

/// A site whose link waits for an answer longer than a command is good.
fn patient(device: &Device) -> Armed {
    Armed::start(|folder| {
        let site = with_device(folder, &device.address.to_string(), &FREELY);
        assert!(site.contains("timeout_ms = 700"));
        site.replace("timeout_ms = 700", "timeout_ms = 50000")
    })
}

#[test]
fn what_is_replaced_or_too_late_while_its_link_waits_is_never_written() {
    let device = Device::start(None);
    let armed = patient(&device);
    // The device takes a value and does not answer: the link waits for it.
    device.does(Does::HoldsTheAnswer);
    let held = armed.command("reserve", 30.0);
    device.wait_for_writes(1);
    let asked = Instant::now();
    let replaced = armed.command("discharge-limit", 90e3);
    let late = armed.command("discharge-limit", 80e3);
    let told = armed.ends(&replaced, &["superseded"]);
    assert_eq!(steps(&told), ["journalled", "superseded"], "{told:#}");
    assert_eq!(armed.control("discharge-limit")["writes_24h"], 1, "a write that was not sent does not count");
    std::thread::sleep((EXPIRES_AFTER + Duration::from_secs(1)).saturating_sub(asked.elapsed()));
    device.does(Does::Obeys);
    armed.ends(&held, &["confirmed", "effective"]);
    let told = armed.ends(&late, &["expired"]);
    assert_eq!(steps(&told), ["journalled", "expired"], "{told:#}");
    // Here and after a restart it is the same: nothing was written, and nothing counts as written.
    assert_eq!(armed.control("discharge-limit")["writes_24h"], 0);
    let armed = armed.killed_and_started();
    armed.wait_until_open();
    assert_eq!(
        (armed.control("discharge-limit")["writes_24h"].clone(), armed.control("reserve")["writes_24h"].clone()),
        (0.into(), 1.into())
    );
    let last = armed.command("discharge-limit", 70e3);
    armed.ends(&last, &["confirmed", "effective"]);
    assert_eq!((device.words(DISCHARGE), device.words(RESERVE)), (vec![700], vec![300]));
}

#[test]
fn safe_values_leave_what_is_safer_and_on_its_way_and_an_id_is_one_value() {
    let device = Device::start(None);
    let armed = patient(&device);
    device.does(Does::HoldsTheAnswer);
    armed.command("reserve", 30.0);
    device.wait_for_writes(1);
    let lower = armed.command("discharge-limit", 0.0);
    let robot = armed.robot();
    let safe = robot.post("/api/v1/commands/safe-values", json!({ "id": fresh_id(), "system": "hv" }));
    let told = safe.json();
    let asked = told["commands"].as_array().into_iter().flatten().map(|command| command["control"].as_str().unwrap());
    assert!(asked.clone().all(|control| !["discharge-limit", "reserve"].contains(&control)), "{told:#}");
    let again = |value: f64| robot.post("/api/v1/commands", command(&lower, "discharge-limit", value, &Value::from(0)));
    assert_eq!((again(0.0).status, again(60e3).status), (200, 409), "{}", again(60e3).body);
    device.does(Does::Obeys);
    armed.ends(&lower, &["confirmed", "effective"]);
    assert_eq!(device.words(DISCHARGE), [0]);
}

/// Each look at the device takes longer than the pause between two commands.
#[test]
fn commands_in_a_row_do_not_keep_every_value_from_the_device() {
    let device = Device::start(None);
    let armed = Armed::on(&device, &FREELY);
    device.does(Does::Late(Duration::from_millis(100)));
    let start = Instant::now();
    let mut asked = 0;
    while device.words(DISCHARGE).is_empty() {
        assert!(start.elapsed() < Duration::from_secs(10), "{asked} commands, and nothing was written");
        armed.ask(&armed.robot(), "discharge-limit", 80e3 - 1e3 * f64::from(asked % 40));
        asked += 1;
    }
    println!("the first of {asked} commands in a row was written after {} ms", start.elapsed().as_millis());
}

#[test]
fn what_waits_when_the_connection_breaks_is_never_written_also_when_the_device_is_back() {
    let device = Device::start(None);
    let armed = Armed::on(&device, &FREELY);
    device.does(Does::Hangs);
    let broken = armed.command("reserve", 30.0);
    device.wait_for_writes(1);
    let waits = armed.command("discharge-limit", 90e3);
    armed.ends(&broken, &["unknown"]);
    let told = armed.ends(&waits, &["not-sent"]);
    assert_eq!(steps(&told), ["journalled", "not-sent"], "{told:#}");
    device.does(Does::Obeys);
    armed.wait_until_open();
    let last = armed.command("discharge-limit", 80e3);
    armed.ends(&last, &["confirmed", "effective"]);
    assert_eq!(device.words(DISCHARGE), [800]);
}
