//! The lab brings about every alarm of a pack: a fault is injected over HTTP, the simulated devices say it in bytes, and
//! the alarm stands in the state. Faults are grouped, so that what is slow waits together.

use crate::home::demo_site;
use crate::support::Server;
use domain::alarm::RULES;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

const STATE: &str = "/api/v1/state?system=hv";
const HOUSE: &str = "/api/v1/state?system=home";
/// The lab has no second device with another serial number.
const WITHOUT_A_FAULT: &str = "link.stranger";
/// Of the house: see the second test.
const OF_THE_HOUSE: &str = "soc.inverter.impossible";

/// What is asked of the lab, one form after the other, and the alarms that follow. The sag comes first: it is measured
/// against the voltage of the last 30 s, which other groups distort.
type Group = (&'static [&'static str], &'static [&'static str]);

#[rustfmt::skip]
const GROUPS: [Group; 7] = [
    (
        &["load&kw=20", "inject&fault=loose-busbar", "burst&kw=300&seconds=20"],
        &["bus.sag"],
    ),
    (
        &["load&kw=20", "inject&fault=frozen-voltage", "inject&fault=limits-ignored", "burst&kw=300&seconds=60"],
        &["value.frozen", "sop.use"],
    ),
    (
        &["load&kw=20", "ambient&celsius=15", "inject&fault=cold-pack", "inject&fault=limits-ignored",
            "burst&kw=300&seconds=60"],
        &["discharge.temperature.low", "bms.limit.discharge"],
    ),
    (
        &["load&kw=200", "inject&fault=hot-pack", "inject&fault=limits-ignored", "inject&fault=high-current"],
        &["discharge.temperature.high", "current.discharge.high"],
    ),
    (
        &["load&kw=20", "inject&fault=low-cell&cell=1.2", "inject&fault=slow-node&node=3",
            "inject&fault=dead-node&node=5", "inject&fault=silent-link&device=grid-meter",
            "inject&fault=low-insulation", "inject&fault=stuck-contactor", "inject&fault=bms-alarm",
            "inject&fault=bms-warning", "inject&fault=low-charge", "inject&fault=voltage-overflow"],
        &["cell.voltage.low", "cell.voltage.low.warning", "cell.spread", "afe.node.delay", "afe.node.lost",
            "cells.missing", "link.silent", "insulation.low", "insulation.low.warning", "contactor.mismatch",
            "bms.alarm", "bms.warning", "soc.low", "soc.impossible", "voltage.impossible"],
    ),
    (
        &["load&kw=20", "inject&fault=cold-pack", "inject&fault=limits-ignored", "inject&fault=high-cell&cell=7.12",
            "inject&fault=high-voltage", "inject&fault=high-current"],
        &["cell.temperature.low", "charge.temperature.low", "bms.limit.charge", "cell.voltage.high",
            "cell.voltage.high.warning", "controller.error", "pack.voltage.high", "current.charge.high"],
    ),
    (
        &["load&kw=20", "inject&fault=hot-pack", "inject&fault=limits-ignored", "inject&fault=low-voltage"],
        &["cell.temperature.high", "charge.temperature.high", "pack.voltage.low"],
    ),
];

fn active(state: &Value) -> BTreeSet<String> {
    let alarms = state["alarms"].as_array().unwrap().iter();
    alarms.map(|alarm| alarm["rule"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn the_lab_brings_about_every_alarm_of_a_pack() {
    let server = Server::start(&demo_site(12.0), &[]);
    let post = |form: &str| {
        let (status, body) = server.request("POST", "/api/v1/lab", &[], &format!("system=hv&action={form}"));
        assert_eq!(status, 200, "{form}: {body}");
    };
    // The contactors are closed and every cell is measured: nothing is wrong.
    post("load&kw=20");
    server.wait_for(STATE, |state| {
        let settled = state["points"]["battery/current"]["value"].as_f64()? < -10.0;
        (settled && state["cell_voltage_v"]["fresh"].as_u64() == Some(260)).then_some(())
    });
    assert_eq!(active(&server.get(STATE)), BTreeSet::new());

    let mut seen = BTreeSet::new();
    for (forms, expected) in GROUPS {
        // What the faults before have left behind is over.
        server.wait_for(STATE, |state| {
            let found = active(state);
            expected.iter().all(|rule| !found.contains(*rule)).then_some(())
        });
        let (start, mut missing) = (Instant::now(), expected.to_vec());
        forms.iter().for_each(|form| post(form));
        while !missing.is_empty() {
            let found = active(&server.get(STATE));
            missing.retain(|rule| !found.contains(*rule));
            assert!(start.elapsed() < Duration::from_secs(40), "{forms:?}: no {missing:?}, but {found:?}");
            std::thread::sleep(Duration::from_millis(50));
        }
        seen.extend(expected);
        post("clear-all");
    }
    // Of device points it is in `devices.rs`: those of the demo have no limits.
    let here = |rule: &&str| ![WITHOUT_A_FAULT, OF_THE_HOUSE].contains(rule) && !rule.starts_with("device.point.");
    let all: BTreeSet<_> = RULES.iter().map(|rule| rule.id).filter(here).collect();
    assert_eq!(seen, all, "every rule has its fault");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn an_inverter_that_sets_its_estimate_anew_is_told() {
    let server = Server::start(&demo_site(22.0), &[]);
    let estimate = |state: &Value| state["points"]["inverter/soc"]["value"].as_f64();
    let before = server.wait_for(HOUSE, estimate);
    let post = |form: &str| server.request("POST", "/api/v1/lab", &[], &format!("system=home&action={form}")).0;
    // The watch holds a value against one that it has seen before.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(post("inject&fault=wrong-estimate"), 200);
    let after = server.wait_for(HOUSE, |state| active(state).contains(OF_THE_HOUSE).then(|| estimate(state)).flatten());
    assert!((before - after - 15.0).abs() < 1.5, "{before} %, then {after} %");
    assert_eq!(post("clear&fault=wrong-estimate"), 200);
    server.wait_for(HOUSE, |state| estimate(state).filter(|now| (now - before).abs() < 1.5));
    assert_eq!(post("inject&fault=hot-pack"), 422, "a house has no such fault");
}
