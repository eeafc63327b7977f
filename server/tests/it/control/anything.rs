//! Whatever is sent to the doors of control: no answer says that the server broke, nothing outside of the envelope is on
//! the wire, and no more writes than the budget allows.

use super::device::{Device, RESERVE};
use super::site::{Armed, Wants, fresh_id};
use crate::people::{Client, stepped_up};
use std::collections::BTreeMap;

/// Bodies, unless `PACKTWIN_BODIES` says how many.
const BODIES: u64 = 10_000;

/// Programs that send them.
const PROGRAMS: usize = 60;

/// Numbers of whatever kind, the same for the same seed (xorshift64*).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, end: usize) -> usize {
        (self.next() >> 16) as usize % end
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    /// A number as JSON may have it, or something in its place.
    fn number(&mut self, sound_max: usize) -> String {
        match self.below(8) {
            0..=4 => self.below(sound_max).to_string(),
            5 => (f64::from_bits(self.next())).to_string(),
            6 => self
                .one(&["-1", "-0.0", "1e308", "-1e308", "1e999", "251000", "250000.4", "9.5", "50.49", "0.1"])
                .to_owned(),
            _ => self.one(&["null", "true", "\"12\"", "[]", "{}", "18446744073709551616", "\"\"", "NaN"]).to_owned(),
        }
    }

    fn id(&mut self) -> String {
        match self.below(6) {
            0 => "test-1".to_owned(),
            1 => self.one(&["", "a/b", "<script>", "x.end", "\\u0000", "ä", "' OR 1=1 --"]).to_owned(),
            2 => "x".repeat(self.below(200)),
            _ => fresh_id(),
        }
    }

    /// A command that is sound more often than not in each of its fields.
    fn command(&mut self) -> String {
        let control = match self.below(8) {
            0 => self.one(&["", "soc", "grid-setpoint", "minimum-soc", "Reserve", "../x"]),
            _ => self.one(&["reserve", "discharge-limit", "charge-limit", "mode", "run"]),
        };
        let range = if control.ends_with("limit") { 260_000 } else { 60 };
        let value =
            if matches!(control, "mode" | "run") && self.below(4) > 0 { self.number(3) } else { self.number(range) };
        let system = if self.below(10) == 0 { self.one(&["", "home", "HV", "hv/"]) } else { "hv" };
        let hold = match self.below(4) {
            0 => format!(",\"hold_s\":{}", self.number(100)),
            1 if self.below(8) == 0 => ",\"force\":true".to_owned(),
            _ => String::new(),
        };
        let (id, revision) = (self.id(), self.number(2_000_000_000));
        format!(
            "{{\"id\":\"{id}\",\"system\":\"{system}\",\"control\":\"{control}\",\"value\":{value},\"revision\":{revision}{hold}}}"
        )
    }

    /// Any form of an action; every other one has the fields of a command.
    fn form(&mut self) -> String {
        if self.below(2) == 0 {
            return self.command().replace(['{', '}', '"'], "").replace(',', "&").replace(':', "=");
        }
        let fields = (0..self.below(8)).map(|_| {
            let name = self.one(&[
                "action", "system", "control", "value", "revision", "id", "hold_s", "password", "fault", "what",
                "name", "role", "%00", "",
            ]);
            let value = match self.below(3) {
                0 => self.number(250_000),
                1 => self
                    .one(&["hv", "discharge-limit", "clear-all", "add-user", "arm", "%FF%FE", "%", "<script>", "a=b"])
                    .to_owned(),
                _ => self.id(),
            };
            format!("{name}={value}")
        });
        fields.collect::<Vec<_>>().join("&")
    }

    /// A few bytes of it are others, gone or there twice.
    fn bent(&mut self, mut body: Vec<u8>) -> Vec<u8> {
        for _ in 0..self.below(4) {
            let at = self.below(body.len() + 1);
            match self.below(4) {
                0 => body.insert(at, self.next() as u8),
                1 => body.truncate(at),
                2 if at < body.len() => body[at] = self.next() as u8,
                _ => body.extend_from_within(at..),
            }
        }
        body
    }
}

/// The paths of the actions of pages, as the page's own code names them.
const ACTIONS: &[&str] =
    &["/actions/lab", "/actions/command", "/actions/safe-values", "/actions/people", "/actions/nothing"];

#[test]
fn ten_thousand_bodies_break_nothing_and_put_nothing_outside_of_the_envelope_on_the_wire() {
    let bodies = std::env::var("PACKTWIN_BODIES").map_or(BODIES, |bodies| bodies.parse().unwrap());
    let device = Device::start(None);
    // The budgets are the usual ones: 24 writes a day of what is stored in flash.
    let armed = Armed::on(&device, &Wants { lease_s: None, keys: "gap_s = 0\nwrites_per_hour = 100000" });
    let timo = stepped_up(&armed.server, "timo");
    // So many programs that none is turned away because too many of its commands came to nothing.
    let data = crate::people::data(&armed.server);
    let tokens: Vec<String> = (0..PROGRAMS)
        .map(|n| {
            let name = format!("robot-{n}");
            let (_, said) =
                crate::people::packtwin(&data, &["token", "add", &name, "--scope", "control", "--days", "1"], "");
            said.lines().find(|line| line.starts_with("pt_")).expect("a token").to_owned()
        })
        .collect();
    let robots: Vec<Client<'_>> = tokens.iter().map(|token| crate::people::with_token(&armed.server, token)).collect();
    let mut statuses = BTreeMap::<(&str, u16), usize>::new();
    let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
    for n in 0..bodies {
        let (path, body) = match dice.below(10) {
            0..=5 => ("/api/v1/commands", dice.command()),
            6 => {
                let id = dice.id();
                let system = dice.one(&["hv", "hv", "home", ""]);
                ("/api/v1/commands/safe-values", format!("{{\"id\":\"{id}\",\"system\":\"{system}\"}}"))
            }
            _ => (dice.one(ACTIONS), dice.form()),
        };
        let kind = match dice.below(20) {
            0 => dice.one(&["text/plain", "application/json;charset=utf-16", "multipart/form-data; boundary=x"]),
            _ if path.starts_with("/api") => "application/json",
            _ => "application/x-www-form-urlencoded",
        };
        let bend = dice.below(3) == 0;
        let body = if bend { dice.bent(body.into_bytes()) } else { body.into_bytes() };
        // Every now and then somebody at the device sets it wide, so that there is something to tighten.
        if n % 500 == 0 {
            device.set(super::device::DISCHARGE, 2_400);
            device.set(super::device::CHARGE, 2_400);
            device.set(RESERVE, 110);
        }
        let by: &Client<'_> = if dice.below(20) == 0 { &timo } else { &robots[dice.below(PROGRAMS)] };
        let answer = by.ask_bytes("POST", path, &[("Content-Type", kind)], &body);
        let shown = String::from_utf8_lossy(&body).into_owned();
        assert!(answer.status < 500, "{path}: {shown:.300}: {} {}", answer.status, answer.body);
        assert!((200..300).contains(&answer.status) || answer.body.contains("detail"), "{shown:.300}: {}", answer.body);
        *statuses.entry((path, answer.status)).or_default() += 1;
    }
    // Whatever still waits for its link.
    std::thread::sleep(std::time::Duration::from_secs(2));
    let mut counts = BTreeMap::<u16, usize>::new();
    for write in device.written() {
        let (low, high, step, _) = ENVELOPE[usize::from(write.address)];
        let within = (low..=high).contains(&write.word) && (write.word - low).is_multiple_of(step);
        assert!(within, "register {}: {}", write.address, write.word);
        *counts.entry(write.address).or_default() += 1;
    }
    for (address, count) in &counts {
        let most = ENVELOPE[usize::from(*address)].3;
        assert!(*count <= most, "register {address}: {count} writes, {most} are allowed");
    }
    println!("{bodies} bodies: {statuses:?}; writes by register: {counts:?}, all within the envelope and the budget");
    assert!(statuses.get(&("/api/v1/commands", 202)).is_some_and(|count| *count > 20), "too few were sound");
    assert!(counts.len() >= 3, "too few were written");
}

/// Lowest and highest word of each register that can be set, its step, and the writes of a day. Those of the reserve are
/// 24, and one more each time that somebody at the device sets it too low: the way back to the safe value is always open.
const ENVELOPE: [(u16, u16, u16, usize); 5] = [
    (100, 500, 10, 24 + (BODIES / 500) as usize),
    (0, 2_500, 10, 1_440),
    (0, 2_500, 10, 1_440),
    (0, 1, 1, 25),
    (0, 1, 1, 1_440),
];
