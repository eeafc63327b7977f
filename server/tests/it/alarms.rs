//! Alarms outlive the process: one that is still bad stays the same, one that ended meanwhile is ended, and one of what is
//! gone from the site is ended with words. What comes and goes is told too.

use crate::support::{Server, free_udp_port, pack_site, packet, refuses, send};
use serde_json::Value;
use std::time::{Duration, Instant};

const STATE: &str = "/api/v1/state";
const HISTORY: &str = "/api/v1/history?points=soc";
const LOW: &str = "cell.voltage.low";

/// The frame with the voltages of cells 1.1 to 1.4, mV.
fn cells(mv: [u16; 4]) -> [u8; 8] {
    let bits = mv.iter().fold(0xF_u64, |bits, mv| bits << 13 | u64::from(*mv));
    bits.to_be_bytes()
}

/// A battery controller that says these voltages every 100 ms while it is asked to.
pub(crate) struct Controller {
    pub(crate) port: u16,
    pub(crate) sequence: u8,
}

impl Controller {
    pub(crate) fn say(&mut self, mv: [u16; 4]) {
        send(self.port, &packet(self.sequence, &[(0x250, &cells(mv))]));
        self.sequence = self.sequence.wrapping_add(1);
    }

    /// Says them until `look` finds what it wants at `path`.
    pub(crate) fn say_until<T>(
        &mut self,
        server: &Server,
        mv: [u16; 4],
        path: &str,
        look: impl Fn(&Value) -> Option<T>,
    ) -> T {
        let start = Instant::now();
        loop {
            self.say(mv);
            std::thread::sleep(Duration::from_millis(100));
            let answer = server.get(path);
            if let Some(found) = look(&answer) {
                return found;
            }
            assert!(start.elapsed() < Duration::from_secs(20), "{path} never got there: {answer:#}");
        }
    }
}

/// The active alarms of a rule: what each is about, since when, and whether its signal is lost.
fn active(state: &Value, rule: &str) -> Vec<(String, String, bool)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let alarms = state["alarms"].as_array().unwrap().iter().filter(|alarm| alarm["rule"] == rule);
    let mut found: Vec<_> =
        alarms.map(|a| (text(&a["subject"]), text(&a["since"]), a["signal_lost"] == true)).collect();
    found.sort();
    found
}

/// The events of a rule: kind and subject, oldest first.
fn events(history: &Value, rule: &str) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let events = history["events"].as_array().unwrap().iter().filter(|event| event["rule"] == rule);
    events.map(|event| (text(&event["kind"]), text(&event["subject"]))).collect()
}

fn told<const N: usize>(events: [(&str, &str); N]) -> Vec<(String, String)> {
    events.map(|(kind, subject)| (kind.to_owned(), subject.to_owned())).to_vec()
}

#[test]
fn after_kill_9_an_alarm_is_the_same_or_over_and_every_one_that_was_raised_is_cleared() {
    let port = free_udp_port();
    let site = pack_site(port);
    let mut bms = Controller { port, sequence: 0 };
    let server = Server::start(&site, &[]);
    let count = |n: usize| move |state: &Value| Some(active(state, LOW)).filter(|found| found.len() == n);
    let before = bms.say_until(&server, [2_700, 2_700, 3_300, 3_300], STATE, count(2));
    let raised = told([("raised", "cell 1.1"), ("raised", "cell 1.2")]);
    bms.say_until(&server, [2_700, 2_700, 3_300, 3_300], HISTORY, |history| {
        (events(history, LOW) == raised).then_some(())
    });
    let folder = server.kill();

    // Before anything is heard: the same alarms, and whether they are over is not known.
    let server = Server::start_in(folder, &site, &[]);
    let same: Vec<_> = before.iter().map(|(subject, since, _)| (subject.clone(), since.clone(), true)).collect();
    assert_eq!(active(&server.get(STATE), LOW), same);
    // The second one ended meanwhile.
    let left = bms.say_until(&server, [2_700, 3_300, 3_300, 3_300], STATE, count(1));
    assert_eq!(left, before[..1], "an alarm that is still bad is the same one");
    let all = told([("raised", "cell 1.1"), ("raised", "cell 1.2"), ("cleared", "cell 1.2")]);
    bms.say_until(&server, [2_700, 3_300, 3_300, 3_300], HISTORY, |history| {
        (events(history, LOW) == all).then_some(())
    });

    // The controller falls silent, and the site file calls it by another name.
    server.wait_for(STATE, |state| (active(state, "link.silent").len() == 1).then_some(()));
    server.wait_for(HISTORY, |history| (!events(history, "link.silent").is_empty()).then_some(()));
    let renamed = site.replace("id = \"bms\"", "id = \"other\"");
    let server = Server::start_in(server.kill(), &renamed, &[]);
    server.wait_for(HISTORY, |history| {
        let ended = history["events"]
            .as_array()?
            .iter()
            .find(|event| event["subject"] == "link bms" && event["kind"] == "cleared")?;
        assert_eq!(
            ended["words"],
            "Battery controller is silent: ended, because the site file no longer has link bms in hv"
        );
        Some(())
    });
    assert_eq!(active(&server.get(STATE), LOW).len(), 1, "the cell's alarm is still there");
    bms.say_until(&server, [3_300; 4], STATE, count(0));
    let all = told([("raised", "cell 1.1"), ("raised", "cell 1.2"), ("cleared", "cell 1.2"), ("cleared", "cell 1.1")]);
    bms.say_until(&server, [3_300; 4], HISTORY, |history| (events(history, LOW) == all).then_some(()));
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn how_bad_an_alarm_became_outlives_the_process() {
    let port = free_udp_port();
    let site = pack_site(port);
    let mut bms = Controller { port, sequence: 0 };
    let server = Server::start(&site, &[]);
    bms.say_until(&server, [2_600, 3_300, 3_300, 3_300], STATE, |state| (active(state, LOW).len() == 1).then_some(()));
    // Still bad, but better, for long enough that it is kept.
    for _ in 0..30 {
        bms.say([2_700, 3_300, 3_300, 3_300]);
        std::thread::sleep(Duration::from_millis(100));
    }
    let server = Server::start_in(server.kill(), &site, &[]);
    let words = bms.say_until(&server, [3_300; 4], HISTORY, |history| {
        let mut events = history["events"].as_array()?.iter();
        let cleared = events.find(|event| event["rule"] == LOW && event["kind"] == "cleared")?;
        Some(cleared["words"].as_str().unwrap().replace('\u{202f}', " "))
    });
    assert!(words.contains("2600 mV"), "{words}");
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn a_cell_that_flaps_is_one_alarm_that_says_so() {
    let port = free_udp_port();
    let server = Server::start(&pack_site(port), &[]);
    let mut bms = Controller { port, sequence: 0 };
    let start = Instant::now();
    let alarm = (0..).find_map(|cycle| {
        bms.say(if cycle % 2 == 0 { [2_700, 3_300, 3_300, 3_300] } else { [3_300; 4] });
        std::thread::sleep(Duration::from_millis(200));
        let state = server.get(STATE);
        let found = state["alarms"].as_array().unwrap().iter().find(|alarm| alarm["rule"] == LOW).cloned();
        assert!(found.is_some() || start.elapsed() < Duration::from_secs(40), "it was never told: {state:#}");
        found
    });
    let alarm = alarm.unwrap();
    assert_eq!((&alarm["chattering"], &alarm["subject"]), (&Value::Bool(true), &Value::from("cell 1.1")));
    assert!(alarm["words"].as_str().unwrap().ends_with("(comes and goes)"), "{alarm}");
    let all = told([("raised", "cell 1.1"), ("cleared", "cell 1.1")]);
    bms.say_until(&server, [3_300; 4], HISTORY, |history| (events(history, LOW) == all).then_some(()));
    assert_eq!(server.terminate(), Some(0));
}

#[test]
fn more_links_or_systems_than_can_be_told_apart_are_refused() {
    let mut site = pack_site(free_udp_port());
    let link = site[site.find("[[link]]").unwrap()..].to_owned();
    for n in 1..257 {
        site += &link.replace("id = \"bms\"", &format!("id = \"bms{n}\""));
    }
    let said = refuses(crate::support::folder().path(), &site, &[]);
    assert!(said.contains("the site has 257 links: at most 255 are possible"), "{said}");

    let systems: String = (0..256)
        .map(|n| format!("[[system]]\nid = \"s{n}\"\nkind = \"home\"\ncapacity_ah = 280\nnominal_v = 51.2\n"))
        .collect();
    let said = refuses(crate::support::folder().path(), &format!("[site]\nname = \"Large\"\n{systems}"), &[]);
    assert!(said.contains("the site has 256 systems: at most 255 are possible"), "{said}");
}
