//! Controllers that are not ours: pymodbus, pysunspec2, and python-can with cantools say what Packtwin has written.

use super::PATIENCE;
use super::site::{Armed, control, of, returns, steps};
use crate::support::{Running, free_udp_port, judge, repo};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{ChildStdin, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// A controller in Python, and what it has heard.
struct Judge {
    _process: Running,
    _orders: ChildStdin,
    port: u64,
    heard: Arc<Mutex<Vec<Value>>>,
}

impl Judge {
    /// `None` where there is no judge and that is allowed.
    fn start(arguments: &[&str]) -> Option<Judge> {
        let python = testkit::python("can, cantools, pymodbus, sunspec2")?;
        let mut program = judge(&python, "controlled.py");
        let mut child = program.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, mut lines) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()).lines());
        let port = lines.next().expect("it says its port").unwrap().parse().unwrap();
        let heard = Arc::<Mutex<Vec<Value>>>::default();
        let to = heard.clone();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                to.lock().unwrap().push(serde_json::from_str(&line).unwrap());
            }
        });
        Some(Judge { _process: Running(child), _orders: orders, port, heard })
    }

    fn heard(&self) -> Vec<Value> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until it has heard something like this.
    fn wait_for(&self, what: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            if let Some(found) = self.heard().into_iter().find(&what) {
                return found;
            }
            assert!(start.elapsed() < PATIENCE, "never heard: {:#?}", self.heard());
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

/// A pack of which nothing is read but what the judge says: only the safe direction is open.
fn site(link: &str, controls: &[(&str, &str)]) -> String {
    let controls: String = controls.iter().map(|(key, keys)| control(key, "judge", keys)).collect();
    format!(
        "[site]\nname = \"Judged\"\n[[system]]\nid = \"hv\"\nkind = \"data-centre\"\ncapacity_ah = 280\nnominal_v = 832\n\
         topology = {{ modules_per_rack = 13, cells_per_module = 20 }}\n[[link]]\nid = \"judge\"\nsystem = \"hv\"\n{link}\n{controls}"
    )
}

/// Commands towards the safe side, each confirmed.
fn tighten(armed: &Armed, commands: &[(&str, f64)]) {
    armed.wait_for("all is read", |controls| controls.iter().all(|control| control["present"].is_number()));
    for (key, value) in commands {
        let told = armed.ends(&armed.command(key, *value), &["confirmed", "effective"]);
        assert!(steps(&told).contains(&"confirmed"), "{told:#}");
        armed.wait_for("it is shown", |controls| of(controls, key)["present"] == *value);
    }
}

#[test]
fn pymodbus_is_written_what_was_commanded() {
    let Some(judge) = Judge::start(&["modbus"]) else { return };
    let link = format!(
        "kind = \"modbus-tcp\"\nconnect = \"127.0.0.1:{}\"\npoll_ms = 200\ntable = \"{}\"",
        judge.port,
        repo().join("registers/packtwin_controller.toml").display()
    );
    let site = site(&link, &[("reserve", ""), ("discharge-limit", returns("discharge-limit")), ("mode", "")]);
    let armed = Armed::tightening(|_| site);
    tighten(&armed, &[("reserve", 35.0), ("discharge-limit", 87e3), ("mode", 0.0)]);
    let written: Vec<_> =
        judge.heard().iter().map(|write| (write["address"].clone(), write["values"].clone())).collect();
    assert_eq!(written, [(json!(0), json!([350])), (json!(1), json!([870])), (json!(3), json!([0]))]);
    println!("pymodbus: {} writes, each as commanded", written.len());
}

#[test]
fn pysunspec2_understands_what_was_written() {
    let Some(judge) = Judge::start(&["sunspec"]) else { return };
    let link = format!(
        "kind = \"sunspec\"\nconnect = \"127.0.0.1:{}\"\npoll_ms = 200\nsetpoints = [\n\
         {{ name = \"reserve\", sets = \"802.SoCRsvMin\", min = 10, max = 50, step = 1, wear = \"flash\" }},\n\
         {{ name = \"discharge-limit\", sets = \"124.OutWRte\", min = 0, max = 100, step = 1, wear = \"volatile\", lease_s = 90 }}]",
        judge.port
    );
    let armed = Armed::tightening(|_| {
        site(&link, &[("reserve", ""), ("discharge-limit", "full_scale_w = 250000\nreturns_to = 150_000")])
    });
    tighten(&armed, &[("reserve", 33.0), ("discharge-limit", 90e3)]);
    let last = judge.wait_for(|heard| heard["out"] == 36.0 && heard["mode"].as_u64().is_some_and(|mode| mode & 2 > 0));
    assert_eq!((&last["reserve"], &last["revert"]), (&json!(33.0), &json!(90)), "{:#?}", judge.heard());
    // The time after which it is given up, and that it counts, are written around the value.
    println!(
        "pysunspec2: reserve {} %, OutWRte {} %, reverts after {} s",
        last["reserve"], last["out"], last["revert"]
    );
}

#[test]
fn python_can_and_cantools_understand_the_frames_that_are_sent() {
    let port = free_udp_port();
    let dbc = repo().join("dbc/packtwin_hv.dbc");
    let Some(judge) = Judge::start(&["can", &port.to_string(), dbc.to_str().unwrap()]) else { return };
    let link = format!(
        "kind = \"cannelloni\"\nlisten = \"127.0.0.1:{port}\"\npeer = \"127.0.0.1\"\ndbc = \"{}\"\n\
         map = [{{ point = \"battery/soc\", signal = \"Soc\" }}]\n{SETPOINTS}",
        dbc.display()
    );
    let armed = Armed::tightening(|_| site(&link, &[("reserve", ""), ("discharge-limit", returns("discharge-limit"))]));
    tighten(&armed, &[("reserve", 33.0), ("discharge-limit", 88e3)]);
    judge.wait_for(|heard| heard["message"] == "ControlLimits" && heard["DischargeLimit"] == 88.0);
    std::thread::sleep(std::time::Duration::from_secs(2));
    let heard = judge.heard();
    assert!(heard.iter().all(|frame| frame["crc"] == true && frame["dlc"] == 8), "{heard:#?}");
    let of = |message: &str| heard.iter().filter(|frame| frame["message"] == message).cloned().collect::<Vec<_>>();
    let (settings, limits) = (of("ControlSettings"), of("ControlLimits"));
    // What is not commanded is said as "no change".
    let [setting] = &settings[..] else { panic!("one write is one frame: {settings:#?}") };
    assert_eq!(
        (&setting["BackupReserve"], &setting["ControlMode"], &setting["RunCommand"]),
        (&json!(33.0), &json!(3), &json!(3))
    );
    assert!(limits.len() >= 5, "a limit is held by frames: {limits:#?}");
    let held =
        |frame: &Value| frame["DischargeLimit"] == 88.0 && frame["ChargeLimit"] == 409.5 && frame["LimitHold"] == 2;
    assert!(limits.iter().all(held), "{limits:#?}");
    let counters: Vec<u64> = limits.iter().map(|frame| frame["LimitCounter"].as_u64().unwrap()).collect();
    assert!(counters.windows(2).all(|pair| pair[1] == (pair[0] + 1) % 16), "{counters:?}");
    println!("python-can and cantools: 1 frame of settings, {} of limits, counters and checksums right", limits.len());
}

/// The messages of dbc/packtwin_hv.dbc as setpoints.
pub(super) const SETPOINTS: &str = r#"setpoints = [
  { name = "discharge-limit", sets = "ControlLimits.DischargeLimit", min = 0, max = 250, step = 1, wear = "volatile",
    with = { ChargeLimit = 409.5, LimitHold = 2 }, counter = "LimitCounter",
    checksum = { signal = "LimitCrc", kind = "crc8-j1850" }, feedback = "ControlState.ActiveDischargeLimit",
    every_ms = 200, lease_s = 60 },
  { name = "reserve", sets = "ControlSettings.BackupReserve", min = 10, max = 50, step = 1, wear = "flash",
    with = { ControlMode = 3, RunCommand = 3 }, counter = "SettingsCounter",
    checksum = { signal = "SettingsCrc", kind = "crc8-j1850" }, feedback = "ControlState.ActiveReserve" },
]
"#;
