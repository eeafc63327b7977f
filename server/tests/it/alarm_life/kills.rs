//! `kill -9` at any instant while alarms come and go and are acknowledged, reset and shelved: what was answered is so after
//! it, and no alarm that nobody acknowledged is lost.

use super::{ALARMS, LOW, cell, find, staffed};
use crate::alarms::Controller;
use crate::people::packtwin;
use crate::support::{Server, free_udp_port, pack_site};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// Kills, unless `PACKTWIN_KILLS` says how many.
const ROUNDS: u64 = 20;
const CELLS: [&str; 4] = ["cell 1.1", "cell 1.2", "cell 1.3", "cell 1.4"];

/// A number from 0 to below `n`, another one each time.
fn any(n: u64) -> u64 {
    RandomState::new().hash_one(n) % n
}

/// A request that may find nobody any more.
fn talk(address: &str, token: &str, method: &str, path: &str, body: &str) -> Option<(u16, Value)> {
    let head = format!("Authorization: Bearer {token}\r\nContent-Type: application/json\r\n");
    let mut stream = TcpStream::connect(address).ok()?;
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\n{head}Content-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    // What was cut off is no answer.
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "))?;
    let whole = length.parse() == Ok(body.len());
    whole.then(|| Some((head.split(' ').nth(1)?.parse().ok()?, serde_json::from_str(body).ok()?)))?
}

/// What is known to be on the disk of each cell's alarm; null if nothing is.
type Sure = BTreeMap<&'static str, Value>;

/// What somebody asked for last, of which cell.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Asked {
    what: &'static str,
    cell: &'static str,
}

/// What a person did in the life of a server.
#[derive(Default)]
struct Did {
    sure: Sure,
    /// What was not answered: it is done or not.
    open: Option<Asked>,
    answered: BTreeMap<&'static str, usize>,
}

/// Does one thing after another until the server is gone. What was answered says that all before it is on the disk as well:
/// one thread writes, in order.
fn do_until_gone(address: &str, token: &str, mut did: Did) -> Did {
    loop {
        let Some((200, seen)) = talk(address, token, "GET", ALARMS, "") else { return did };
        let cell_name = CELLS[any(4) as usize];
        let alarm = find(&seen, LOW, cell_name).cloned().unwrap_or_default();
        let what = match any(16) {
            0..=7 => "acknowledge",
            8..=13 => "reset",
            14 => "shelve",
            _ => "unshelve",
        };
        let asked = Asked { what, cell: cell_name };
        let mut body = json!({ "system": "hv", "alarms": [cell(cell_name)] });
        match what {
            "acknowledge" => body["seen"] = seen["timestamp"].clone(),
            "shelve" => (body["lasts_s"], body["why"]) = (json!(3_600), json!(format!("because {}", any(1_000_000)))),
            _ => {}
        }
        let path = format!("/api/v1/alarms/{what}");
        match talk(address, token, "POST", &path, &body.to_string()) {
            None => {
                did.open = Some(asked);
                return did;
            }
            Some((200, answer)) if answer["changed"] == 1 => {
                *did.answered.entry(what).or_default() += 1;
                did.sure = CELLS.map(|name| (name, find(&seen, LOW, name).cloned().unwrap_or_default())).into();
                let alarm = did.sure.get_mut(cell_name).unwrap();
                match what {
                    "acknowledge" => alarm["acknowledged"] = json!({ "by": "robot" }),
                    "reset" => *alarm = Value::Null,
                    "shelve" if alarm.is_null() => *alarm = json!({ "shelved": { "why": body["why"] } }),
                    "shelve" => alarm["shelved"] = json!({ "why": body["why"] }),
                    // Of what is only shelved nothing is left.
                    _ if alarm["count"] == 0 => *alarm = Value::Null,
                    _ => alarm["shelved"] = Value::Null,
                }
            }
            // Refused, or too often: it waits, and asks for something else.
            Some((200 | 409 | 429, _)) => {}
            Some((status, why)) => panic!("{asked:?} of {alarm}: {status} {why}"),
        }
        std::thread::sleep(Duration::from_millis(any(40)));
    }
}

/// Holds what there is after a kill against what must be.
fn check(round: u64, now: &Value, did: &Did) {
    for name in CELLS {
        let before = did.sure.get(name).cloned().unwrap_or_default();
        let open = did.open.filter(|open| open.cell == name).map(|open| open.what);
        let after = find(now, LOW, name).cloned().unwrap_or_default();
        let told = format!("round {round}, {name}, {open:?} under way:\n{before:#}\n{after:#}");
        if before["shelved"].is_object() && open != Some("unshelve") && open != Some("shelve") {
            assert_eq!(after["shelved"]["why"], before["shelved"]["why"], "{told}");
        }
        let Some(count) = before["count"].as_u64().filter(|count| *count > 0) else { continue };
        if open == Some("reset") && after["first"] != before["first"] {
            continue;
        }
        assert!(after["first"] == before["first"] && after["count"].as_u64() >= Some(count), "{told}");
        if after["count"] != count {
            assert!(after["acknowledged"].is_null() || open == Some("acknowledge"), "{told}");
        } else if before["acknowledged"].is_object() {
            assert_eq!(after["acknowledged"]["by"], "robot", "{told}");
        } else if open != Some("acknowledge") {
            assert!(after["acknowledged"].is_null(), "{told}");
        }
    }
}

#[test]
fn killed_at_any_instant_no_answered_order_and_no_unacknowledged_alarm_is_lost() {
    let kills: u64 = std::env::var("PACKTWIN_KILLS").map_or(ROUNDS, |kills| kills.parse().unwrap());
    let port = free_udp_port();
    let site = pack_site(port);
    let (folder, token) = staffed();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    // Cells go in and out of their limits all the time, one after the other, each for as long as its rule waits.
    let controller = std::thread::spawn(move || {
        let mut bms = Controller { port, sequence: 0 };
        for tick in 0.. {
            if stopped.load(Ordering::Relaxed) {
                break;
            }
            bms.say([0, 1, 2, 3].map(|cell| if (tick + 11 * cell) % 44 < 8 { 2_700 } else { 3_300 }));
            std::thread::sleep(Duration::from_millis(100));
        }
    });
    let mut server = Server::start_in(folder, &site, &[]);
    let (mut sure, mut answered) = (Sure::new(), BTreeMap::<&str, usize>::new());
    for round in 0..kills {
        let life = Duration::from_micros(500_000 + any(4_000_000));
        let (pid, address) = (server.id().to_string(), server.address.clone());
        let killer = std::thread::spawn(move || {
            std::thread::sleep(life);
            assert!(std::process::Command::new("kill").args(["-9", &pid]).status().unwrap().success());
        });
        let did = do_until_gone(&address, &token, Did { sure, ..Did::default() });
        killer.join().unwrap();
        server = Server::start_in(server.kill(), &site, &[]);
        let now = server.get(ALARMS);
        check(round, &now, &did);
        did.answered.iter().for_each(|(what, count)| *answered.entry(what).or_default() += count);
        sure = did.sure;
        // What was not answered is done, or it is not.
        if let Some(open) = did.open {
            sure.insert(open.cell, find(&now, LOW, open.cell).cloned().unwrap_or_default());
        }
    }
    stop.store(true, Ordering::Relaxed);
    controller.join().unwrap();
    let (status, said) = packtwin(&server.kill().path().join("data"), &["audit", "verify"], "");
    assert_eq!(status, Some(0), "{said}");
    let total: usize = answered.values().sum();
    println!("{kills} kills: {total} orders answered, none lost: {answered:?}; {}", said.trim());
    assert!(total as u64 >= kills, "too few to say anything");
}
