//! Commands that come to nothing, in a loop: they do not fill the disk, and hide nobody's way to the safe value.

use super::device::{Device, RESERVE};
use super::site::{Armed, FREELY, command, fresh_id, of};
use crate::people::stepped_up;
use serde_json::{Value, json};
use std::time::Instant;

/// Commands of each kind.
const MANY: usize = 2_000;
/// At once and then each second, as many of a program's leave their lines.
const BURST: f64 = 60.0;
const EACH_S: f64 = 1.0;

#[test]
fn a_program_in_a_loop_is_turned_away_and_leaves_few_lines() {
    let device = Device::start(None);
    let armed = Armed::on(&device, &FREELY);
    let robot = armed.robot();
    let size = |armed: &Armed| {
        let data = crate::people::data(&armed.server);
        let file = |name: &str| std::fs::metadata(data.join(name)).map_or(0, |file| file.len());
        file("control.db") + file("control.db-wal")
    };
    let (before, start) = (size(&armed), Instant::now());
    let (mut turned_away, mut kept) = (0_usize, 0_usize);
    let none = Value::from(0);
    for n in 0..2 * MANY {
        // Beyond the envelope; and what the device has already.
        let body = match n < MANY {
            true => command(&fresh_id(), "discharge-limit", 251e3, &none),
            false => command(&fresh_id(), "reserve", 20.0, &none),
        };
        let answer = robot.post("/api/v1/commands", body);
        match answer.status {
            429 => {
                turned_away += 1;
                let wait: u64 = answer.header("retry-after").expect("a time to wait").parse().unwrap();
                assert!((1..=5).contains(&wait) && answer.body.contains("came to nothing"), "{}", answer.body);
            }
            422 | 202 => kept += 1,
            status => panic!("{status}: {}", answer.body),
        }
    }
    let took_s = start.elapsed().as_secs_f64();
    // One whose end is not known yet may be let through.
    assert!(kept as f64 <= BURST + EACH_S * took_s + 5.0, "{kept} in {took_s:.0} s");
    let grown = size(&armed).saturating_sub(before);
    println!("{} commands in {took_s:.1} s: {turned_away} turned away, {kept} kept, {grown} bytes", 2 * MANY);
    assert_eq!(turned_away + kept, 2 * MANY);
    // A person is heard meanwhile, and so is the way to the safe value, whoever asks for it.
    let timo = stepped_up(&armed.server, "timo");
    assert_eq!(armed.ask(&timo, "charge-limit", 40e3).1.status, 202);
    // What the allowance has regained meanwhile is used up again.
    let use_up = || while robot.post("/api/v1/commands", command(&fresh_id(), "run", 7.0, &none)).status != 429 {};
    let status = |control: &str, value: f64| {
        use_up();
        armed.ask(&robot, control, value).1.status
    };
    assert!((0..9).any(|_| status("charge-limit", 40e3) == 429), "nothing else of the program is heard");
    armed.wait_for("it is there", |controls| of(controls, "charge-limit")["present"] == 40e3);
    assert_eq!(status("charge-limit", 30e3), 202, "but for what makes safer");
    device.set(RESERVE, 120);
    armed.wait_for("it is seen", |controls| of(controls, "reserve")["present"] == 12.0);
    use_up();
    let safe = robot.post("/api/v1/commands/safe-values", json!({ "id": fresh_id(), "system": "hv" }));
    assert_eq!(safe.status, 200, "{}", safe.body);
    armed.wait_for("it is safe", |controls| of(controls, "reserve")["present"] == 20.0);
    // How many they were is one entry, at the latest at the end.
    let Armed { server, token, site } = armed;
    let server = crate::support::Server::start_in(server.stop(), &site, &[]);
    let armed = Armed { server, token, site };
    let mara = stepped_up(&armed.server, "mara");
    let sums = mara.get("/api/v1/audit?action=commands-turned-away").json();
    let sums = sums["entries"].as_array().unwrap();
    let told: Vec<&str> = sums.iter().filter_map(|entry| entry["result"].as_str()).collect();
    assert!(!told.is_empty() && told.len() <= 2, "{told:?}");
    let counted: usize = told.iter().filter_map(|told| told.split(' ').next()?.parse::<usize>().ok()).sum();
    assert!(counted > turned_away && counted < turned_away + 30, "{counted}: {told:?}");
    assert!(sums.iter().all(|entry| entry["who"] == "robot"), "{sums:?}");
    let (status, said) = crate::people::packtwin(&crate::people::data(&armed.server), &["audit", "verify"], "");
    assert_eq!(status, Some(0), "{said}");
}
