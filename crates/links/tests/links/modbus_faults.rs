//! Faults of a Modbus device, one by one: slow, half-open, refusing, lying, exchanged for another.

use crate::gateway::{exception, gateway, registers};
use crate::support::{Running, but_skipped, sample};
use domain::link::{LinkFault, LinkState};
use domain::point::PointId;
use domain::reading::{NoData, Target};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const GRID: Target = Target::Point(PointId::GridPower);

fn keys(address: SocketAddr, more: &str) -> String {
    format!("kind = \"modbus-tcp\"\nconnect = \"{address}\"\npoll_ms = 20\ntimeout_ms = 300\n{more}")
}

fn meter(address: SocketAddr) -> String {
    keys(address, "table = \"crates/links/tests/fixtures/meter.toml\"")
}

/// As [`meter`], with a time-out of a second.
fn patient(address: SocketAddr) -> String {
    meter(address).replace("timeout_ms = 300", "timeout_ms = 1000")
}

/// A device that answers after `delay`, and counts the requests that wait for an answer.
async fn slow(delay: Duration) -> (SocketAddr, Arc<AtomicU16>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let most = Arc::new(AtomicU16::new(0));
    let seen = most.clone();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = [0; 256];
            while let Ok(bytes @ 1..) = stream.read(&mut buffer).await {
                seen.fetch_max(bytes as u16 / 12, Ordering::Relaxed);
                tokio::time::sleep(delay).await;
                let request = buffer[..12].try_into().unwrap();
                if stream.write_all(&registers(request, &[0, 5, 0, 6])).await.is_err() {
                    break;
                }
            }
        }
    });
    (address, most)
}

#[tokio::test]
async fn a_slow_device_is_asked_once_at_a_time_and_one_that_is_too_slow_is_dropped() {
    // 0.9 of the time-out: every answer counts, and questions do not pile up although 45 polls fall due meanwhile.
    let (address, most) = slow(Duration::from_millis(900)).await;
    let mut link = Running::start(&patient(address)).await;
    for _ in 0..3 {
        assert_eq!(sample(&link.batch().await, GRID), Some(Ok(5.0)));
    }
    let status = link.until_status(|status| status.faults(LinkFault::SkippedPoll) >= 2 * 43).await;
    assert_eq!((but_skipped(&status), status.reconnects, most.load(Ordering::Relaxed)), (0, 0, 1));
    assert!(status.latency_ms.is_some_and(|ms| ms >= 900.0), "{status:?}");

    // 1.1 of it: no value, and the connection ends, so that the late answer reaches nobody.
    let (address, _) = slow(Duration::from_millis(1_100)).await;
    let mut link = Running::start(&patient(address)).await;
    let status = link.status(|status| status.faults(LinkFault::Timeout) >= 2).await;
    assert_eq!((status.last_at, but_skipped(&status), status.reconnects), (None, 2, 1));
}

/// Answers polls with `value` on one connection, until the other side or the test ends it.
async fn answer(listener: &TcpListener, value: u16) {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut request = [0; 12];
    while stream.read_exact(&mut request).await.is_ok() {
        if stream.write_all(&registers(request, &[0, value, 0, 0])).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_device_that_goes_away_is_looked_for_with_pauses_and_found_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mut link = Running::start(&meter(address)).await;
    {
        let first = async { assert_eq!(sample(&link.batch().await, GRID), Some(Ok(1.0))) };
        tokio::select! {
            () = answer(&listener, 1) => panic!("the link hung up"),
            () = first => {}
        }
    }
    drop(listener);
    let down = link.until(LinkState::Down).await;
    // Once lost, then refused after 1 s and again after 2 s more.
    let looking = link.until_status(|status| status.faults(LinkFault::NoConnection) >= 2).await;
    assert_eq!((looking.state, looking.last_at, looking.reconnects), (LinkState::Down, down.last_at, 0));
    let listener = TcpListener::bind(address).await.unwrap();
    let again = async {
        let found = link.batch().await;
        assert_eq!(sample(&found, GRID), Some(Ok(2.0)));
        assert!(found.at.mono.since(down.last_at.unwrap()) >= Duration::from_secs(3), "it waits longer each time");
    };
    tokio::select! {
        () = answer(&listener, 2) => panic!("the link hung up"),
        () = again => {}
    }
    assert_eq!(link.until(LinkState::Up).await.reconnects, 1);
}

#[tokio::test]
async fn half_open_the_peer_is_gone_but_the_connection_is_not() {
    // It takes the question and never says anything again, not even that it is gone.
    let mut polls = 0;
    let address = gateway(Box::new(move |request| {
        polls += 1;
        Some(if polls == 2 { Vec::new() } else { registers(request, &[0, polls, 0, 0]) })
    }))
    .await;
    let mut link = Running::start(&meter(address)).await;
    assert_eq!(sample(&link.batch().await, GRID), Some(Ok(1.0)));
    let down = link.until(LinkState::Down).await;
    assert_eq!((down.faults(LinkFault::Timeout), but_skipped(&down)), (1, 1));
    assert_eq!(sample(&link.batch().await, GRID), Some(Ok(3.0)), "found again");
}

#[tokio::test]
async fn an_exception_makes_no_reading_and_a_lost_source_loses_its_value_at_once() {
    for (code, lost) in [(1, true), (2, true), (3, true), (4, true), (6, false), (10, true), (11, true)] {
        let mut polls = 0;
        let address = gateway(Box::new(move |request| {
            polls += 1;
            Some(if polls == 1 { registers(request, &[0, 5, 0, 6]) } else { exception(request, code) })
        }))
        .await;
        let mut link = Running::start(&meter(address)).await;
        assert_eq!(sample(&link.batch().await, GRID), Some(Ok(5.0)));
        if lost {
            assert_eq!(sample(&link.batch().await, GRID), Some(Err(NoData::Timeout)), "exception {code}");
        } else {
            // Busy says nothing about the value: it ages.
            let status = link.status(|status| status.faults(LinkFault::Refused) >= 1).await;
            assert_eq!(status.reconnects, 0);
        }
    }
}

const SOLARK: &str = "table = \"registers/solark.toml\"";

/// A Sol-Ark whose serial number and registers the test can change.
async fn solark(serial: Arc<AtomicU16>) -> SocketAddr {
    gateway(Box::new(move |request| {
        let (address, count) = (u16::from_be_bytes([request[8], request[9]]), request[11]);
        let words: Vec<u16> = (address..address + u16::from(count))
            .map(|at| match at {
                3 => serial.load(Ordering::Relaxed),
                183 => 5_214,
                184 => 81,
                169 => 0x7FFF,
                _ => 0,
            })
            .collect();
        // Function 3 only, and an exception for the registers that this model lacks.
        Some(if address == 314 { exception(request, 2) } else { registers(request, &words) })
    }))
    .await
}

#[tokio::test]
async fn sentinels_and_missing_registers_hide_nothing_else() {
    let address = solark(Arc::new(AtomicU16::new(0x4142))).await;
    let mut link = Running::start(&keys(address, SOLARK)).await;
    let (soc, limit) = (Target::Point(PointId::Soc), Target::Point(PointId::ChargeCurrentMax));
    let first = link.gather(&[GRID, soc, limit]).await;
    assert_eq!(sample(&first, soc), Some(Ok(81.0)));
    assert_eq!(sample(&first, GRID), Some(Err(NoData::Error)), "0x7FFF");
    assert_eq!(sample(&first, Target::Point(PointId::ChargeCurrentMax)), Some(Err(NoData::Timeout)));
    let again = link.gather(&[GRID, soc, Target::Point(PointId::DischargeCurrentMax)]).await;
    assert_eq!(sample(&again, limit), Some(Err(NoData::Timeout)));
}

#[tokio::test]
async fn another_device_in_the_place_of_the_first_is_refused() {
    let serial = Arc::new(AtomicU16::new(0x4142));
    let address = solark(serial.clone()).await;
    let mut link = Running::start(&keys(address, &format!("{SOLARK}\nserial = \"AB\""))).await;
    assert!(sample(&link.batch().await, GRID).is_some());
    drop(link);

    serial.store(0x4344, Ordering::Relaxed);
    let mut link = Running::start(&keys(address, &format!("{SOLARK}\nserial = \"AB\""))).await;
    let status = link.status(|status| status.state == LinkState::WrongDevice).await;
    assert_eq!((status.last_at, status.faults(LinkFault::Refused), but_skipped(&status)), (None, 1, 1));
    assert_eq!(status.reason, "the device's serial number is CD, not AB");
    serial.store(0x4142, Ordering::Relaxed);
    assert!(sample(&link.batch().await, GRID).is_some(), "the right one is back");
}

#[tokio::test]
async fn a_device_that_changes_while_we_are_connected_is_noticed_at_the_next_connect() {
    let (serial, polls) = (Arc::new(AtomicU16::new(0x4142)), Arc::new(AtomicU16::new(0)));
    let (said, counted) = (serial.clone(), polls.clone());
    let address = gateway(Box::new(move |request| {
        let words = vec![said.load(Ordering::Relaxed); usize::from(request[11])];
        // After the first poll the other gateway takes over: the connection ends.
        (counted.fetch_add(1, Ordering::Relaxed) != 4).then(|| registers(request, &words))
    }))
    .await;
    let mut link = Running::start(&keys(address, SOLARK)).await;
    link.batch().await;
    serial.store(0x4344, Ordering::Relaxed);
    // The first number was kept: readings of the other device never arrive.
    link.until(LinkState::WrongDevice).await;
    link.status(|status| status.faults(LinkFault::Refused) >= 2 && status.state == LinkState::WrongDevice).await;
}

#[tokio::test]
async fn a_device_that_changes_behind_an_open_connection_is_noticed_within_a_minute() {
    let serial = Arc::new(AtomicU16::new(0x4142));
    let address = solark(serial.clone()).await;
    // A minute passes in 60 ms.
    let mut link = Running::hurried(&keys(address, SOLARK), 1_000).await;
    link.batch().await;
    serial.store(0x4344, Ordering::Relaxed);
    let down = link.until(LinkState::WrongDevice).await;
    assert_eq!((down.reconnects, down.faults(LinkFault::Malformed), down.faults(LinkFault::Timeout)), (0, 0, 0));
    // At once or later, but not before the right one is back.
    let refused = link.status(|status| status.reconnects >= 1 && status.state == LinkState::WrongDevice).await;
    assert_eq!(refused.last_at, down.last_at);
    serial.store(0x4142, Ordering::Relaxed);
    link.batch().await;
}

#[tokio::test]
async fn a_device_that_is_too_busy_to_say_who_it_is_is_believed_once_it_has() {
    let mut asked = 0;
    let address = gateway(Box::new(move |request| {
        let identity = request[9] == 3;
        asked += u16::from(identity);
        Some(if identity && asked <= 3 {
            exception(request, 6)
        } else {
            registers(request, &vec![0x4142; request[11].into()])
        })
    }))
    .await;
    let mut link = Running::start(&keys(address, &format!("{SOLARK}\nserial = \"ABABABABAB\""))).await;
    link.batch().await;
    let status = link.until(LinkState::Up).await;
    assert_eq!((status.reconnects, status.faults(LinkFault::Refused)), (0, 0));
}

#[tokio::test]
async fn a_sunspec_map_that_cannot_be_is_refused() {
    for (what, chain) in [
        ("no marker", vec![]),
        ("a battery model that is too short", vec![0x5375, 0x6E53, 802, 61]),
        ("a chain that leads beyond the last register", vec![0x5375, 0x6E53, 7, 0xFFF0]),
        ("nothing that we know", vec![0x5375, 0x6E53, 7, 1, 0, 0xFFFF, 0]),
    ] {
        let address = gateway(Box::new(move |request| {
            let at = usize::from(u16::from_be_bytes([request[8], request[9]]));
            let word =
                |place: usize| place.checked_sub(40_000).and_then(|place| chain.get(place)).copied().unwrap_or(0);
            Some(registers(request, &(at..at + usize::from(request[11])).map(word).collect::<Vec<u16>>()))
        }))
        .await;
        let mut link = Running::start(&format!("kind = \"sunspec\"\nconnect = \"{address}\"")).await;
        let status = link.status(|status| status.state == LinkState::WrongDevice).await;
        assert_eq!((status.faults(LinkFault::Refused), but_skipped(&status), status.last_at), (1, 1, None), "{what}");
    }
}
