//! A site whose pack is simulated and whose controls are those of a [`Device`], and people who command it.

use super::PATIENCE;
use super::device::Device;
use crate::people::{Answer, Client, add, packtwin, stepped_up, with_token};
use crate::support::{Server, folder, free_tcp_port, free_udp_port, repo};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// What the controls of a site may be asked for in a test.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wants {
    /// For how long the device holds a limit.
    pub(super) lease_s: Option<u64>,
    /// The keys of every `[[control]]`.
    pub(super) keys: &'static str,
}

/// As many writes as a test likes.
pub(super) const FREELY: Wants = Wants { lease_s: None, keys: "gap_s = 0\nwrites_per_hour = 100000" };

/// The demo's pack with its meters, without the house; its `[[control]]`s are not in it.
pub(super) fn pack() -> String {
    let mut site = std::fs::read_to_string(repo().join("sites/demo.toml")).unwrap();
    site.truncate(site.find("[[system]]\nid = \"home\"").expect("the house is the second system"));
    site = site.replace("127.0.0.1:20000", &format!("127.0.0.1:{}", free_udp_port()));
    for port in [15_020, 15_021, 15_022] {
        site = site.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{}", free_tcp_port()));
    }
    let (before, controls) = site.split_once("[[control]]").expect("the demo has controls");
    let after = controls.rfind("[[simulator]]").expect("the demo is simulated");
    format!("{before}{}", &controls[after..]).replace("\"../", &format!("\"{}/", repo().display()))
}

/// The table of a control.
pub(super) fn control(control: &str, link: &str, keys: &str) -> String {
    format!("\n[[control]]\nsystem = \"hv\"\ncontrol = \"{control}\"\nlink = \"{link}\"\n{keys}\n")
}

/// What the simulated controller, and the [`Device`], have when a lease is over.
pub(super) fn returns(control: &str) -> &'static str {
    match control {
        "discharge-limit" => "returns_to = 150_000",
        "charge-limit" => "returns_to = 50_000",
        _ => "",
    }
}

/// The site file with a link to `device`, whose register table lies in `folder`.
pub(super) fn with_device(folder: &Path, device: &str, wants: &Wants) -> String {
    let table = std::fs::read_to_string(repo().join("registers/packtwin_controller.toml")).unwrap();
    let lease = wants.lease_s.map(|s| format!(", lease_s = {s}")).unwrap_or_default();
    let path = folder.join("device.toml");
    std::fs::write(&path, table.replace(", lease_s = 60", &lease)).unwrap();
    let link = format!(
        "\n[[link]]\nid = \"device\"\nsystem = \"hv\"\nkind = \"modbus-tcp\"\nconnect = \"{device}\"\npoll_ms = 200\n\
         timeout_ms = 700\ntable = \"{}\"\n",
        path.display()
    );
    // The simulator's own controller is not read beside it.
    let pack = pack();
    let start = pack.find("[[link]]\nid = \"controller\"").expect("the demo reads its controller");
    let end = start + 1 + pack[start + 1..].find("[[").unwrap();
    let pack = format!("{}{}", &pack[..start], &pack[end..]);
    let controls = ["reserve", "discharge-limit", "charge-limit", "mode", "run"];
    let keys = |key| format!("{}\n{}", wants.keys, if wants.lease_s.is_some() { returns(key) } else { "" });
    let controls = controls.map(|key| control(key, "device", &keys(key))).concat();
    format!("{pack}{link}{controls}")
}

/// A server with people, a program's token, and armed control.
pub(super) struct Armed {
    pub(super) server: Server,
    pub(super) token: String,
    pub(super) site: String,
}

/// A folder with an admin, two operators and a viewer, and the token of a program that may command.
pub(super) fn staffed() -> (TempDir, String) {
    let folder = folder();
    let data = folder.path().join("data");
    for (name, role) in [("mara", "admin"), ("timo", "operator"), ("ida", "operator"), ("vera", "viewer")] {
        add(&data, name, role);
    }
    let (_, said) = packtwin(&data, &["token", "add", "Robot", "--scope", "control", "--days", "30"], "");
    let token = said.lines().find(|line| line.starts_with("pt_")).expect("a token").to_owned();
    (folder, token)
}

impl Armed {
    /// Starts a server on the site that `make` writes for a folder, arms control, and waits until every control may be moved
    /// either way.
    pub(super) fn start(make: impl FnOnce(&Path) -> String) -> Armed {
        let armed = Armed::tightening(make);
        armed.wait_until_open();
        armed
    }

    /// The same, without waiting: only towards the safe side may be open.
    pub(super) fn tightening(make: impl FnOnce(&Path) -> String) -> Armed {
        let (folder, token) = staffed();
        let site = make(folder.path());
        let server = Server::start_in(folder, &site, &[]);
        let armed = Armed { server, token, site };
        assert_eq!(stepped_up(&armed.server, "mara").post("/api/v1/arming", json!({ "armed": true })).status, 200);
        armed
    }

    /// A server whose controls are those of `device`.
    pub(super) fn on(device: &Device, wants: &Wants) -> Armed {
        Armed::start(|folder| with_device(folder, &device.address.to_string(), wants))
    }

    /// Kills the server and starts it again on the same folder.
    pub(super) fn killed_and_started(self) -> Armed {
        let Armed { server, token, site } = self;
        let server = Server::start_in(server.kill(), &site, &[]);
        Armed { server, token, site }
    }

    /// A program with the token.
    pub(super) fn robot(&self) -> Client<'_> {
        with_token(&self.server, &self.token)
    }

    /// Waits until every control is read back and no interlock stands against any.
    pub(super) fn wait_until_open(&self) {
        self.wait_for("every control may be moved", |controls| {
            controls.iter().all(|control| {
                let open = |interlock: &Value| interlock["blocked"] == "";
                control["present"].is_number() && control["interlocks"].as_array().unwrap().iter().all(open)
            })
        });
    }

    /// Waits until the controls are so.
    pub(super) fn wait_for(&self, what: &str, so: impl Fn(&[Value]) -> bool) -> Vec<Value> {
        let start = Instant::now();
        loop {
            let controls = self.server.get("/api/v1/control?system=hv")["controls"].as_array().unwrap().clone();
            if so(&controls) {
                return controls;
            }
            assert!(start.elapsed() < PATIENCE, "never: {what}: {controls:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// A control as the API shows it now.
    pub(super) fn control(&self, key: &str) -> Value {
        let all = self.server.get("/api/v1/control?system=hv");
        of(all["controls"].as_array().unwrap(), key).clone()
    }

    /// Asks for a command as somebody, with the revision of now.
    pub(super) fn ask(&self, by: &Client<'_>, control: &str, value: f64) -> (String, Answer) {
        let revision = self.control(control)["revision"].clone();
        let id = fresh_id();
        let answer = by.post("/api/v1/commands", command(&id, control, value, &revision));
        (id, answer)
    }

    /// A command of the program that is admitted; its id.
    pub(super) fn command(&self, control: &str, value: f64) -> String {
        let (id, answer) = self.ask(&self.robot(), control, value);
        assert_eq!(answer.status, 202, "{control} {value}: {}", answer.body);
        id
    }

    /// A command with all of its steps, as soon as it is in one of these states.
    pub(super) fn ends(&self, id: &str, states: &[&str]) -> Value {
        let (start, path) = (Instant::now(), format!("/api/v1/commands/{id}"));
        loop {
            let answer = self.robot().get(&path);
            let history = (answer.status == 200).then(|| answer.json());
            let in_one = |history: &Value| states.contains(&history["command"]["state"].as_str().unwrap());
            if let Some(mut history) = history.filter(in_one) {
                history["command"]["steps"] = history["steps"].take();
                return history["command"].take();
            }
            assert!(start.elapsed() < PATIENCE, "{id} is never one of {states:?}: {}", answer.body);
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The control with this key.
pub(super) fn of<'a>(controls: &'a [Value], key: &str) -> &'a Value {
    controls.iter().find(|control| control["control"] == key).expect("the site has this control")
}

/// The words of the steps of a command.
pub(super) fn steps(history: &Value) -> Vec<&str> {
    history["steps"].as_array().unwrap().iter().map(|step| step["state"].as_str().unwrap()).collect()
}

/// The body of a command.
pub(super) fn command(id: &str, control: &str, value: f64, revision: &Value) -> Value {
    json!({ "id": id, "system": "hv", "control": control, "value": value, "revision": revision })
}

/// An id that no other command has.
pub(super) fn fresh_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("test-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}
