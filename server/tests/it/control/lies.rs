//! Devices that do something else than they say. A state never says more than what was read back.

use super::PATIENCE;
use super::device::{DISCHARGE, Device, Does, MODE, RESERVE};
use super::site::{Armed, FREELY, of, steps};
use std::time::{Duration, Instant};

#[test]
fn a_device_that_holds_the_answer_lies_drops_or_reverts_is_told_as_what_it_is() {
    let device = Device::start(None);
    let armed = Armed::on(&device, &FREELY);
    let mut wrong = 0;
    for (does, end, words) in [
        (Does::Refuses, "rejected", "illegal data value"),
        (Does::Ignores, "ignored", "still has the value from before"),
        (Does::OneStepOff, "one-step-off", "reported 91 kW, one step beside the 90 kW that was set"),
        (Does::HoldsTheAnswer, "unknown", "no answer"),
        (Does::Hangs, "unknown", "no answer"),
        (Does::DropsAfter, "unknown", ""),
        (Does::DropsBefore, "unknown", ""),
    ] {
        device.does(Does::Obeys);
        device.set(DISCHARGE, 1_500);
        armed.wait_for("the device is read", |controls| {
            let control = of(controls, "discharge-limit");
            control["present"] == 150e3 && control["interlocks"].as_array().unwrap().iter().all(|i| i["blocked"] == "")
        });
        let before = device.written().len();
        device.does(does);
        let id = armed.command("discharge-limit", 90e3);
        let told = armed.ends(&id, &[end]);
        assert!(told["words"].as_str().unwrap().contains(words), "{does:?}: {told:#}");
        assert!(!steps(&told).contains(&"confirmed") && !steps(&told).contains(&"effective"), "{does:?}: {told:#}");
        // What the device has is shown as soon as it can be read, whatever was commanded.
        device.does(Does::Obeys);
        let has = f64::from(device.has(DISCHARGE)) * 100.0;
        armed.wait_for("what it has is shown", |controls| of(controls, "discharge-limit")["present"] == has);
        // It is not sent again by itself.
        assert_eq!(device.written().len(), before + 1, "{does:?}");
        wrong += 1;
    }
    println!("{wrong} ways of a wrong device, none of them called confirmed");
}

#[test]
fn what_a_device_gives_up_after_it_was_confirmed_is_told() {
    let device = Device::start(None);
    let armed = Armed::on(&device, &FREELY);
    device.does(Does::Reverts(Duration::from_secs(3)));
    let id = armed.command("discharge-limit", 90e3);
    armed.ends(&id, &["confirmed", "effective"]);
    let told = armed.ends(&id, &["changed-at-device"]);
    assert!(told["words"].as_str().unwrap().contains(", then changed at the device, to 150 kW"), "{told:#}");
    let control = armed.control("discharge-limit");
    assert!(control["command"].is_null() && control["changed"]["how"] == "device", "{control:#}");
    assert_eq!(control["ended"]["id"], id.as_str(), "{control:#}");
    assert_eq!(device.words(DISCHARGE), [900]);
}

#[test]
fn a_device_without_an_answer_holds_up_no_other_control_and_the_last_wish_wins() {
    let device = Device::start(None);
    let armed = Armed::on(&device, &FREELY);
    device.does(Does::HoldsTheAnswer);
    let first = armed.command("discharge-limit", 120e3);
    device.wait_for_writes(1);
    // Lower still: it is taken at once, and written after the first.
    let (second, mode) = (armed.command("discharge-limit", 80e3), armed.command("mode", 0.0));
    let told = armed.ends(&first, &["superseded"]);
    assert!(told["words"].as_str().unwrap().contains("robot"), "{told:#}");
    device.does(Does::Obeys);
    let start = Instant::now();
    for id in [&second, &mode] {
        armed.ends(id, &["confirmed", "effective", "not-sent"]);
    }
    assert!(start.elapsed() < PATIENCE);
    // Whatever came of the first: what is confirmed is what the device has.
    for (id, register, word) in [(&second, DISCHARGE, 800), (&mode, MODE, 0)] {
        let told = armed.ends(id, &["confirmed", "effective", "not-sent"]);
        if told["state"] != "not-sent" {
            assert_eq!(device.has(register), word, "{told:#}");
        }
    }
    assert_eq!(device.has(RESERVE), 200);
}
