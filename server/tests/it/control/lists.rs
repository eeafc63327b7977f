//! Who reads lists keeps nobody from what decides: commands, disarming, signing in and out.

use super::device::Device;
use super::site::{Armed, FREELY, command, fresh_id};
use crate::people::{PASSWORD, data, nobody, sign_in};
use crate::support::repo;
use domain::time::Utc;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use store::{CommandRow, CommandStep, Control};

/// Who reads at the same time: `PACKTWIN_READERS`, if it is set.
const READERS: usize = 60;
/// Commands that there are, each with a prediction.
const COMMANDS: i64 = 500;
const LIMIT: Duration = Duration::from_secs(2);

/// A journal of many commands.
fn fill(armed: &Armed) {
    let golden = std::fs::read_to_string(repo().join("crates/api/tests/golden/command-flight.json")).unwrap();
    let prediction = serde_json::from_str::<Value>(&golden).unwrap()["prediction"].to_string();
    let control = Control::open(&data(&armed.server)).unwrap();
    let write = |tables: &mut store::Tables<'_>| {
        for n in 0..COMMANDS {
            let at = Utc(1_790_000_000_000_000 + n * 60_000_000);
            let state = |state: &str| CommandStep { at, state: state.into(), words: state.into(), read_back: None };
            let row = |last| CommandRow {
                id: format!("old-{n}"),
                system: "hv".into(),
                control: "mode".into(),
                value: 0.0,
                before: None,
                hold_s: None,
                revision: n,
                who: "timo".into(),
                asked: at,
                last,
            };
            for step in ["journalled", "sent", "confirmed", "superseded"] {
                tables.add_command_step(&row(state(step)), Duration::ZERO)?;
            }
            tables.add_prediction(&format!("old-{n}"), at, at, &prediction)?;
        }
        Ok(())
    };
    control.write(write).unwrap();
}

#[test]
fn commands_disarming_and_signing_in_do_not_wait_behind_lists() {
    let readers = std::env::var("PACKTWIN_READERS").ok().and_then(|count| count.parse().ok()).unwrap_or(READERS);
    let device = Device::start(None);
    let armed = Armed::on(&device, &FREELY);
    fill(&armed);
    let mara = sign_in(&armed.server, "mara");
    let (over, lists, later) = (AtomicBool::new(false), AtomicUsize::new(0), AtomicUsize::new(0));
    let times = thread::scope(|scope| {
        for _ in 0..readers {
            let (armed, over, lists, later) = (&armed, &over, &lists, &later);
            scope.spawn(move || {
                let reader = nobody(&armed.server);
                while !over.load(Ordering::Relaxed) {
                    let answer = reader.get("/api/v1/commands?limit=500");
                    match answer.status {
                        200 => lists.fetch_add(1, Ordering::Relaxed),
                        503 if answer.header("retry-after").is_some() => later.fetch_add(1, Ordering::Relaxed),
                        status => panic!("{status}: {}", answer.body),
                    };
                }
            });
        }
        thread::sleep(Duration::from_secs(2));
        let robot = armed.robot();
        let mut times = Vec::new();
        let mut timed = |what: &'static str, status: u16, done: &dyn Fn() -> crate::people::Answer| {
            let start = Instant::now();
            let answer = done();
            times.push((what, start.elapsed()));
            assert_eq!(answer.status, status, "{what}: {}", answer.body);
        };
        for n in 0..10_u16 {
            let body = command(&fresh_id(), "discharge-limit", 140e3 - 1e3 * f64::from(n), &json!(0));
            timed("a safe command", 202, &|| robot.post("/api/v1/commands", body.clone()));
        }
        let credentials = json!({ "name": "timo", "password": PASSWORD });
        timed("signing in", 200, &|| nobody(&armed.server).post("/api/v1/session", credentials.clone()));
        timed("disarming", 200, &|| robot.post("/api/v1/arming", json!({ "armed": false })));
        timed("signing out", 204, &|| mara.delete("/api/v1/session"));
        over.store(true, Ordering::Relaxed);
        times
    });
    println!("{readers} readers, {lists:?} lists, {later:?} told to come later: {times:.0?}");
    assert!(times.iter().all(|(_, time)| *time < LIMIT), "{times:?}");
    assert!(lists.load(Ordering::Relaxed) > 0);
}
