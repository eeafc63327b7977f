//! The server is killed while a command is under way (row 24), and at any instant (rows 1 and 24 of the faults).

use super::device::{DISCHARGE, Device, Does};
use super::site::{Armed, FREELY, Wants, command, fresh_id, of, steps, with_device};
use crate::people::packtwin;
use crate::support::Server;
use serde_json::Value;
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;

/// Kills, unless `PACKTWIN_KILLS` says how many.
const ROUNDS: u64 = 6;
/// The highest word that is asked for.
const HIGHEST: u16 = 1_490;
/// What a command may have become in the end.
const OVER: [&str; 10] = [
    "confirmed",
    "effective",
    "no-effect",
    "superseded",
    "changed-at-device",
    "unknown",
    "not-sent",
    "unchanged",
    "ignored",
    "clamped",
];

#[test]
fn killed_while_a_device_holds_the_answer_it_is_read_back_and_never_sent_again() {
    type After = fn(&Device);
    let variants: [(&str, Does, After, &str, &str); 3] = [
        ("not applied", Does::Hangs, |_| {}, "unknown", "the device has 150 kW"),
        ("applied", Does::HoldsTheAnswer, |_| {}, "confirmed", "the device has the value"),
        ("applied, then changed", Does::HoldsTheAnswer, |device| device.set(DISCHARGE, 1_100), "unknown", "110 kW"),
    ];
    for (what, does, after, end, words) in variants {
        let device = Device::start(None);
        let armed = Armed::on(&device, &FREELY);
        device.does(does);
        let id = armed.command("discharge-limit", 90e3);
        device.wait_for_writes(1);
        armed.ends(&id, &["sent"]);
        let Armed { server, token, site } = armed;
        let folder = server.kill();
        after(&device);
        device.does(Does::Obeys);
        let server = Server::start_in(folder, &site, &[]);
        let armed = Armed { server, token, site };
        let told = armed.ends(&id, &[end]);
        assert!(told["words"].as_str().unwrap().contains(words), "{what}: {told:#}");
        assert!(["journalled", "sent"].iter().all(|step| steps(&told).contains(step)), "{what}: {told:#}");
        let has = f64::from(device.has(DISCHARGE)) * 100.0;
        armed.wait_for("what it has is shown", |controls| of(controls, "discharge-limit")["present"] == has);
        std::thread::sleep(Duration::from_secs(1));
        assert_eq!(device.words(DISCHARGE), [900], "{what}: it is sent once");
        let audit = crate::people::stepped_up(&armed.server, "mara").get("/api/v1/audit?action=command-result").json();
        let says = |entry: &Value| {
            entry["detail"] == format!("command {id}") && entry["result"].as_str().unwrap().contains(words)
        };
        assert!(audit["entries"].as_array().unwrap().iter().any(says), "{what}: {audit:#}");
        let (status, said) = packtwin(&armed.server.kill().path().join("data"), &["audit", "verify"], "");
        assert_eq!(status, Some(0), "{said}");
        println!("row 24, {what}: {end}");
    }
}

#[test]
fn what_was_confirmed_is_renewed_after_a_restart_and_what_was_changed_meanwhile_is_left_alone() {
    let lease = Duration::from_secs(12);
    for changed in [false, true] {
        let device = Device::start(Some(lease));
        let armed = Armed::on(&device, &Wants { lease_s: Some(12), ..FREELY });
        let id = armed.command("discharge-limit", 90e3);
        armed.ends(&id, &["confirmed"]);
        let Armed { server, token, site } = armed;
        let folder = server.kill();
        let written = device.words(DISCHARGE).len();
        if changed {
            device.set(DISCHARGE, 700);
        }
        let armed = Armed { server: Server::start_in(folder, &site, &[]), token, site };
        if changed {
            let words = "it was not renewed while Packtwin was down, and the device had 70 kW then";
            let told = armed.ends(&id, &["lease-ended"]);
            assert!(told["words"].as_str().unwrap().contains(words), "{told:#}");
            let control = armed.control("discharge-limit");
            assert_eq!(
                (&control["changed"]["how"], &control["command"]),
                (&"device".into(), &Value::Null),
                "{control:#}"
            );
            assert_eq!(device.words(DISCHARGE).len(), written, "nothing is written");
            continue;
        }
        let start = std::time::Instant::now();
        while start.elapsed() < 2 * lease {
            assert_eq!(device.has(DISCHARGE), 900, "after {:?}", start.elapsed());
            std::thread::sleep(Duration::from_millis(100));
        }
        assert!(device.words(DISCHARGE)[written..].iter().all(|word| *word == 900));
        // It is no step of the command, and the audit says what it is.
        let told = armed.ends(&id, &["confirmed", "effective", "no-effect"]);
        assert_eq!(steps(&told).iter().filter(|step| ["journalled", "sent"].contains(*step)).count(), 2, "{told:#}");
        let control = armed.control("discharge-limit");
        assert!(control["not_renewed"] == "" && control["changed"]["by"] == "robot", "{control:#}");
        let audit = crate::people::stepped_up(&armed.server, "mara").get("/api/v1/audit?action=command-renewed").json();
        assert_eq!(audit["entries"].as_array().unwrap().len(), 1, "{audit:#}");
        println!("renewed {} times after a restart", device.words(DISCHARGE).len() - written);
    }
}

/// What was asked for in the life of a server: the words of all commands, and the ids of those that were acknowledged.
#[derive(Default)]
struct Asked {
    words: Vec<u16>,
    acknowledged: Vec<String>,
}

/// Commands one after another until the server is gone, each lower than the one before. With a pause some are confirmed
/// before the next one takes their place.
fn ask_until_gone(address: &str, token: &str, pause: Duration) -> Asked {
    let mut asked = Asked::default();
    for word in (1..=HIGHEST).rev() {
        loop {
            let id = fresh_id();
            let body = command(&id, "discharge-limit", f64::from(word) * 100.0, &Value::from(1)).to_string();
            asked.words.push(word);
            match ask(address, token, &body) {
                Some((202, _)) => {
                    asked.acknowledged.push(id);
                    std::thread::sleep(pause);
                    break;
                }
                // The link to the device is not up yet, the device is not read yet, or too much was replaced unsent.
                Some((409 | 429, _)) => asked.words.pop().map_or((), |_| std::thread::sleep(Duration::from_millis(5))),
                Some((status, says)) => panic!("{status}: {says}"),
                None => return asked,
            }
        }
    }
    panic!("the server lived on");
}

/// A request that may find nobody any more.
fn ask(address: &str, token: &str, body: &str) -> Option<(u16, String)> {
    let head = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    talk(address, &format!("POST /api/v1/commands HTTP/1.0\r\nHost: {address}\r\n{head}"), body)
}

fn talk(address: &str, head: &str, body: &str) -> Option<(u16, String)> {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    stream.write_all(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    // What was cut off is no answer.
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    (length.parse() == Ok(body.len())).then(|| Some((head.split(' ').nth(1)?.parse().ok()?, body.to_owned())))?
}

#[test]
fn killed_at_any_instant_nothing_acknowledged_is_lost_and_nothing_is_sent_twice() {
    let kills: u64 = std::env::var("PACKTWIN_KILLS").map_or(ROUNDS, |kills| kills.parse().unwrap());
    let device = Device::start(None);
    let Armed { mut server, token, site } = Armed::start(|folder| {
        let site = with_device(folder, &device.address.to_string(), &FREELY);
        let (limit, table) = ("control = \"discharge-limit\"\n", folder.join("device.toml"));
        let fine = std::fs::read_to_string(&table).unwrap().replace("step = 1000", "step = 100");
        std::fs::write(table, fine).unwrap();
        site.replacen(limit, &format!("{limit}step = 100\nwrites_per_day = 1000000\n"), 1)
    });
    let (mut acknowledged, mut asked_for, mut written) = (Vec::new(), 0, 0);
    for round in 0..kills {
        // Some lives end before the link is up, most while commands are on their way.
        let life = Duration::from_micros(RandomState::new().hash_one(round) % 2_500_000);
        let (pid, address) = (server.id().to_string(), server.address.clone());
        let killer = std::thread::spawn(move || {
            std::thread::sleep(life);
            assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        });
        let asked = ask_until_gone(&address, &token, Duration::from_millis(60 * (round % 4)));
        killer.join().unwrap();
        let folder = server.kill();
        // What was on its way has arrived.
        std::thread::sleep(Duration::from_millis(50));
        let arrived = device.words(DISCHARGE).split_off(written);
        written += arrived.len();
        assert!(arrived.iter().all(|word| asked.words.contains(word)), "round {round}: sent unasked: {arrived:?}");
        assert!(arrived.windows(2).all(|pair| pair[0] > pair[1]), "round {round}: sent twice: {arrived:?}");
        asked_for += asked.words.len();
        acknowledged.extend(asked.acknowledged);
        device.set(DISCHARGE, HIGHEST + 10);
        server = Server::start_in(folder, &site, &[]);
    }
    let armed = Armed { server, token, site };
    armed.wait_for("the device is read", |controls| of(controls, "discharge-limit")["present"].is_number());
    std::thread::sleep(Duration::from_secs(1));
    let mut states = BTreeMap::<String, usize>::new();
    for id in &acknowledged {
        let told = armed.ends(id, &OVER);
        *states.entry(told["state"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    assert_eq!(device.words(DISCHARGE).len(), written, "after the last start nothing is sent");
    let (status, said) = packtwin(&armed.server.kill().path().join("data"), &["audit", "verify"], "");
    assert_eq!(status, Some(0), "{said}");
    println!(
        "{kills} kills: {asked_for} commands, {} acknowledged, none lost; {written} writes at the device, none twice; \
         {states:?}; {}",
        acknowledged.len(),
        said.trim()
    );
    assert!(acknowledged.len() as u64 >= kills && written as u64 >= kills, "too few to say anything");
}
