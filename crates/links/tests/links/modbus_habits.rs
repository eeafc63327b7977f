//! Habits of devices that are no faults: they close connections, lack registers, answer with a unit of their own, or
//! take their time between two blocks.

use crate::gateway::{exception, gateway, registers};
use crate::support::{Running, but_skipped, sample};
use domain::link::{LinkFault, LinkState, LinkStatus};
use domain::point::PointId;
use domain::reading::{NoData, Target};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const GRID: Target = Target::Point(PointId::GridPower);
const POWER: Target = Target::Point(PointId::Power);
const LOAD: Target = Target::Point(PointId::LoadPower);

fn keys(address: SocketAddr, table: &str, more: &str) -> String {
    format!(
        "kind = \"modbus-tcp\"\nconnect = \"{address}\"\npoll_ms = 50\ntimeout_ms = 500\ntable = \"{table}\"\n{more}"
    )
}

const METER: &str = "crates/links/tests/fixtures/meter.toml";

/// A device that answers with `value`, counting up, and closes the connection so long after each reply.
async fn closes_after(pause: Duration) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut value = 0;
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 12];
            if stream.read_exact(&mut request).await.is_ok() {
                value += 1;
                let _ = stream.write_all(&registers(request, &[0, value, 0, 0])).await;
                tokio::time::sleep(pause).await;
            }
        }
    });
    address
}

#[tokio::test]
async fn a_device_that_closes_after_each_reply_or_when_idle_brings_its_values_on_time() {
    for pause in [Duration::ZERO, Duration::from_millis(20)] {
        let mut link = Running::start(&keys(closes_after(pause).await, METER, "")).await;
        let first = link.batch().await;
        let mut last = first.clone();
        for value in 2..=20 {
            last = link.batch().await;
            assert_eq!(sample(&last, GRID), Some(Ok(value as f32)), "closed after {pause:?}");
        }
        let took = last.at.mono.since(first.at.mono);
        assert!(took < Duration::from_millis(19 * 50 + 900), "{took:?}: it never waits before it connects again");
        let status = link.until_status(|status| status.frames >= 20).await;
        assert_eq!((but_skipped(&status), status.reconnects, status.state), (0, 0, LinkState::Up));
    }
}

#[tokio::test]
async fn a_device_that_closes_instead_of_answering_is_at_fault() {
    let mut asked = 0;
    let address = gateway(Box::new(move |request| {
        asked += 1;
        (asked == 1).then(|| registers(request, &[0, 7, 0, 0]))
    }))
    .await;
    let mut link = Running::start(&keys(address, METER, "")).await;
    assert_eq!(sample(&link.batch().await, GRID), Some(Ok(7.0)));
    let down = link.until(LinkState::Down).await;
    assert_eq!((down.faults(LinkFault::Refused), down.reason.as_str()), (1, "the connection was closed"));
}

/// What was asked of a device, as addresses and counts.
type Asked = Arc<Mutex<Vec<(u16, u16)>>>;

/// A GX with firmware that has no registers from the first of each pair to before the second. Each register is its own address, but for some.
async fn old_gx(missing: &'static [(u16, u16)]) -> (SocketAddr, Asked) {
    let asked = Asked::default();
    let seen = asked.clone();
    let address = gateway(Box::new(move |request| {
        let (address, count) = (u16::from_be_bytes([request[8], request[9]]), u16::from(request[11]));
        seen.lock().unwrap().push((address, count));
        if missing.iter().any(|(first, end)| *first < address + count && address < *end) {
            return Some(exception(request, 2));
        }
        let word = |at: u16| match at {
            258 => 0xFD7F,
            817..=819 => 500,
            820..=822 => 100,
            259 => 5_200,
            840 => 520,
            at => at,
        };
        Some(registers(request, &(address..address + count).map(word).collect::<Vec<_>>()))
    }))
    .await;
    (address, asked)
}

#[tokio::test]
async fn a_block_that_is_refused_is_asked_in_parts_and_an_older_register_takes_its_place() {
    let (address, asked) = old_gx(&[(256, 258), (902, 914)]).await;
    let mut link = Running::start(&keys(address, "registers/victron_gx.toml", "")).await;
    // First it is found out what there is; from the next round on the older registers count.
    let mut known = link.gather(&[POWER, LOAD, GRID]).await;
    while [POWER, LOAD, GRID].iter().any(|target| sample(&known, *target).is_some_and(|sample| sample.is_err())) {
        known = link.gather(&[POWER, LOAD, GRID]).await;
    }
    for (target, value) in [(POWER, 641.0), (LOAD, 1_500.0), (GRID, 300.0), (Target::Point(PointId::Voltage), 52.0)] {
        assert_eq!(sample(&known, target), Some(Ok(value)), "{target:?}");
    }
    let all_told = |status: &LinkStatus| status.reason.matches("takes its place").count() >= 3;
    let status = link.until_status(|status| status.state == LinkState::Up && all_told(status)).await;
    assert!(status.reason.contains("register 256 (battery/power): 258 takes its place"), "{}", status.reason);
    assert!(status.reason.contains("register 902 (load/power): 817 takes its place"), "{}", status.reason);
    let refusals = status.faults(LinkFault::Refused);
    assert!((2..40).contains(&refusals), "{refusals}");

    // It is remembered: no more refusals, and no more requests than needed.
    asked.lock().unwrap().clear();
    for _ in 0..40 {
        for reading in link.batch().await.readings {
            assert!(reading.sample.is_ok() || reading.target != POWER, "{reading:?}");
        }
    }
    let asked = asked.lock().unwrap().clone();
    assert!(asked.contains(&(258, 9)) && asked.contains(&(808, 15)), "{asked:?}");
    assert!(asked.iter().all(|(address, _)| !(902..914).contains(address) && *address != 256), "{asked:?}");
    let later = link.until_status(|status| status.frames > 40).await;
    assert_eq!((later.faults(LinkFault::Refused), later.reconnects), (refusals, 0));
}

#[tokio::test]
async fn one_register_that_is_missing_costs_one_value() {
    let (address, _) = old_gx(&[(266, 267)]).await;
    let soc = Target::Point(PointId::Soc);
    let mut link = Running::start(&keys(address, "registers/victron_battery.toml", "")).await;
    let known = link.gather(&[Target::Point(PointId::Voltage), soc]).await;
    assert_eq!(
        (sample(&known, soc), sample(&known, Target::Point(PointId::Voltage))),
        (Some(Err(NoData::Timeout)), Some(Ok(52.0)))
    );
    let status = link.until_status(|status| !status.reason.is_empty()).await;
    assert!(status.reason.contains("the device has no register 266 (battery/soc)"), "{}", status.reason);
}

#[tokio::test]
async fn every_value_has_the_time_of_the_reply_that_it_came_in() {
    // The second of three blocks takes 400 ms.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = [0; 12];
        while stream.read_exact(&mut request).await.is_ok() {
            if request[9] == 178 {
                tokio::time::sleep(Duration::from_millis(400)).await;
            }
            let words = vec![100; usize::from(request[11])];
            if stream.write_all(&registers(request, &words)).await.is_err() {
                return;
            }
        }
    });
    let mut link = Running::start(&keys(address, "registers/solark.toml", "")).await;
    let grid = link.gather(&[GRID]).await;
    let told = (link.clock)().mono;
    assert!(told.since(grid.at.mono) < Duration::from_millis(200), "it is told at once");
    let load = link.gather(&[LOAD]).await;
    assert!(load.at.mono.since(grid.at.mono) >= Duration::from_millis(390));
    assert!(sample(&load, GRID).is_none() && (link.clock)().mono.since(load.at.mono) < Duration::from_millis(200));
}

#[tokio::test]
async fn another_unit_in_the_reply_is_an_option_and_the_error_says_so() {
    let other = || {
        gateway(Box::new(|mut request| {
            request[6] = 7;
            Some(registers(request, &[0, 5, 0, 6]))
        }))
    };
    let mut link = Running::start(&keys(other().await, METER, "")).await;
    let down = link.until(LinkState::Down).await;
    assert!(
        down.reason.contains("unit 7 instead of 1") && down.reason.contains("any_unit_in_reply"),
        "{}",
        down.reason
    );
    let mut link = Running::start(&keys(other().await, METER, "any_unit_in_reply = true")).await;
    assert_eq!(sample(&link.batch().await, GRID), Some(Ok(5.0)));
}

#[tokio::test]
async fn a_device_with_small_buffers_is_asked_for_fewer_registers() {
    let asked = Asked::default();
    let seen = asked.clone();
    let address = gateway(Box::new(move |request| {
        seen.lock().unwrap().push((u16::from_be_bytes([request[8], request[9]]), request[11].into()));
        Some(registers(request, &vec![100; request[11].into()]))
    }))
    .await;
    let mut link = Running::start(&keys(address, "registers/solark.toml", "max_read = 6")).await;
    link.gather(&[GRID, LOAD, POWER]).await;
    assert!(asked.lock().unwrap().iter().all(|(_, count)| *count <= 6));
}

#[tokio::test]
async fn every_refused_register_and_every_value_that_cannot_be_is_told() {
    let table = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("told.toml");
    let row = |address: u16, point: &str, more: &str| {
        format!("[[register]]\naddress = {address}\npoint = \"{point}\"\ntype = \"u16\"\n{more}\n")
    };
    let rows = [
        row(10, "battery/voltage", "scale = 0.1"),
        row(11, "battery/current", ""),
        row(12, "battery/soc", ""),
        row(22, "load/power", ""),
        row(30, "grid/power", ""),
        row(40, "battery/power", ""),
        row(45, "battery/power", "instead_of = 40"),
    ];
    std::fs::write(&table, format!("name = \"A\"\nmax_gap = 0\n{}", rows.concat())).unwrap();
    let (address, _) = old_gx(&[(11, 13), (22, 23), (30, 31), (40, 41)]).await;
    let address_of_odd = gateway(Box::new(|request| Some(registers(request, &vec![0xFFFF; request[11].into()])))).await;
    let mut link = Running::start(&keys(address, table.to_str().unwrap(), "")).await;
    let status = link.until_status(|status| status.reason.contains("takes its place")).await;
    for words in [
        "the device refuses reg 22, reg 30: illegal data address (exception 2)",
        "the device has no register 11 (battery/current), register 12 (battery/soc): illegal data address",
        "register 40 (battery/power): 45 takes its place",
    ] {
        assert!(status.reason.contains(words), "{words:?} is not in {:?}", status.reason);
    }
    let mut link = Running::start(&keys(address_of_odd, table.to_str().unwrap(), "")).await;
    let status = link.until_status(|status| !status.reason.is_empty()).await;
    for words in
        ["register 10 (battery/voltage) says 6553.5 V, which cannot be", "register 12 (battery/soc) says 65535 %"]
    {
        assert!(status.reason.contains(words), "{words:?} is not in {:?}", status.reason);
    }
}

#[tokio::test]
async fn a_device_that_answers_with_nothing_that_can_be_believed_is_said_to_answer() {
    let table = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("unbelievable.toml");
    let row = "[[register]]\naddress = 10\npoint = \"battery/voltage\"\ntype = \"f32\"\n";
    std::fs::write(&table, format!("name = \"A\"\n{row}")).unwrap();
    let address = gateway(Box::new(|request| Some(registers(request, &[0x7FC0, 0])))).await;
    let mut link = Running::start(&keys(address, table.to_str().unwrap(), "silent_ms = 200")).await;
    let status = link.until(LinkState::Silent).await;
    assert!(status.is_unbelievable(), "{status:?}");
    let words =
        "answers, but with no value that can be believed: register 10 (battery/voltage) says NaN V, which cannot be";
    assert_eq!(status.reason, words);
    let replies = status.frames;
    let later = link.until_status(|status| status.frames > replies).await;
    assert_eq!(u64::from(later.faults(LinkFault::Impossible)), later.frames, "each reply had one");
}
