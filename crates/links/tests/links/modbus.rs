//! The checked client against garbage, and a whole link against a gateway that fails and comes back.

use crate::gateway::{exception, gateway, registers};
use crate::support::{Running, but_skipped, sample};
use domain::link::{LinkFault, LinkState};
use domain::point::PointId;
use domain::reading::{NoData, Target};
use links::bus::modbus::{Client, Exception, Framing, ReadError};
use links::device::registers::Area;
use proptest::prelude::*;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const LIMIT: Duration = Duration::from_millis(500);

/// Asks for registers 16 and 17 of unit 9; the first question has transaction number 0.
const GOOD: [u8; 13] = [0, 0, 0, 0, 0, 7, 9, 3, 4, 0x12, 0x34, 0x56, 0x78];

/// What the client makes of `reply`, and whether it would ask again over the same connection.
async fn ask(reply: &[u8]) -> (Result<Vec<u16>, ReadError>, bool) {
    let (ours, mut theirs) = tokio::io::duplex(100_000);
    let mut client = Client::attach(ours, Framing::Tcp, 9, LIMIT);
    theirs.write_all(reply).await.unwrap();
    let outcome = client.read(Area::Holding, 16, 2).await;
    let mut request = [0; 12];
    theirs.read_exact(&mut request).await.unwrap();
    assert_eq!(request, [0, 0, 0, 0, 0, 6, 9, 3, 0, 16, 0, 2]);
    let usable = !matches!(client.read(Area::Holding, 16, 2).await, Err(ReadError::Closed));
    (outcome, usable)
}

#[tokio::test(start_paused = true)]
async fn only_the_answer_to_the_question_is_believed() {
    let (outcome, usable) = ask(&GOOD).await;
    assert_eq!((outcome.unwrap(), usable), (vec![0x1234, 0x5678], true));

    let change = |at: usize, to: u8| {
        let mut reply = GOOD;
        reply[at] = to;
        reply.to_vec()
    };
    let garbage: [(&str, Vec<u8>); 16] = [
        ("64 KB announced", change(4, 0xFF)),
        ("another transaction", change(1, 1)),
        ("another protocol", change(3, 1)),
        ("another unit", change(6, 8)),
        ("another function", change(7, 4)),
        ("a write's echo", vec![0, 0, 0, 0, 0, 6, 9, 6, 0, 16, 0x12, 0x34]),
        ("no function", vec![0, 0, 0, 0, 0, 1, 9]),
        ("one register", vec![0, 0, 0, 0, 0, 5, 9, 3, 2, 0x12, 0x34]),
        ("three registers", [&[0, 0, 0, 0, 0, 9, 9, 3, 6], [0_u8; 6].as_slice()].concat()),
        ("no register", vec![0, 0, 0, 0, 0, 3, 9, 3, 0]),
        ("an odd byte count", change(8, 3)),
        ("more bytes announced than sent", change(8, 6)),
        ("fewer bytes announced than sent", change(8, 2)),
        ("bytes after the registers", [&[0, 0, 0, 0, 0, 8], &GOOD[6..], &[0]].concat()),
        ("bytes after the reply", [GOOD.as_slice(), &[0, 0, 0]].concat()),
        ("length zero", change(5, 0)),
    ];
    for (what, reply) in garbage {
        let (outcome, usable) = ask(&reply).await;
        assert!(matches!(outcome, Err(ReadError::Malformed(_))), "{what}: {outcome:?}");
        assert!(!usable, "{what}");
    }
    for (what, reply) in [("nothing", vec![]), ("half a reply", GOOD[..9].to_vec())] {
        let (outcome, usable) = ask(&reply).await;
        assert!(matches!(outcome, Err(ReadError::Timeout(LIMIT))), "{what}: {outcome:?}");
        assert!(!usable, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_exception_is_an_answer_and_keeps_the_connection() {
    for (code, words) in [(2, "illegal data address (exception 2)"), (7, "negative acknowledge (exception 7)")] {
        let (outcome, usable) = ask(&[0, 0, 0, 0, 0, 3, 9, 0x83, code]).await;
        let error = outcome.unwrap_err();
        assert!(matches!(error, ReadError::Exception(Exception(c)) if c == code), "{error:?}");
        assert_eq!((error.to_string().as_str(), usable), (words, true));
    }
    let (outcome, usable) = ask(&[0, 0, 0, 0, 0, 4, 9, 0x83, 2, 0]).await;
    assert!(matches!(outcome, Err(ReadError::Malformed(_))), "{outcome:?}");
    assert!(!usable);
}

proptest! {
    /// Whatever is sent, registers come only out of the one reply that is right.
    #[test]
    fn random_replies_are_never_believed(
        mut reply in proptest::collection::vec(any::<u8>(), 0..40), header in any::<bool>(), function in any::<bool>()
    ) {
        if header && reply.len() >= 7 {
            let length = reply.len() as u8 - 6;
            reply[..7].copy_from_slice(&[0, 0, 0, 0, 0, length, 9]);
        }
        if function && reply.len() >= 9 {
            reply[7] = 3;
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let (outcome, _) = runtime.block_on(ask(&reply));
        if let Ok(words) = outcome {
            let sent: Vec<u16> = reply[9..].chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            prop_assert_eq!(&reply[..9], &GOOD[..9]);
            prop_assert_eq!(words, sent);
        }
    }
}

fn keys(address: impl std::fmt::Display) -> String {
    format!(
        "kind = \"modbus-tcp\"\nconnect = \"{address}\"\npoll_ms = 20\ntimeout_ms = 300\ntable = \"crates/links/tests/fixtures/meter.toml\""
    )
}

#[tokio::test]
async fn a_gateway_that_fails_is_dropped_and_found_again() {
    let mut polls = 0;
    let address = gateway(Box::new(move |request| {
        polls += 1;
        match polls {
            1 => Some(registers(request, &[0, 1_500, 0x8000, 0])),
            // A late answer would be believed by the next question, were the connection kept.
            2 => Some(registers(request, &[0, 9_999])),
            _ => Some(registers(request, &[0xFFFF, 0xFF9C, 0, 7])),
        }
    }))
    .await;
    let mut link = Running::start(&keys(address)).await;
    let (grid, load) = (Target::Point(PointId::GridPower), Target::Point(PointId::LoadPower));
    let first = link.batch().await;
    assert_eq!([sample(&first, grid), sample(&first, load)], [Some(Ok(1_500.0)), Some(Err(NoData::Error))]);
    let down = link.until(LinkState::Down).await;
    assert_eq!((down.frames, down.faults(LinkFault::Malformed), down.reconnects), (1, 1, 0));
    let again = link.batch().await;
    assert_eq!([sample(&again, grid), sample(&again, load)], [Some(Ok(-100.0)), Some(Ok(7.0))]);
    assert!(again.at.mono.since(first.at.mono) >= Duration::from_secs(1), "it waits before it connects again");
    let up = link.until(LinkState::Up).await;
    assert!(up.reconnects == 1 && up.latency_ms.is_some() && but_skipped(&up) == 1, "{up:?}");
    let rows = link.handle.frames((link.clock)());
    assert_eq!((rows[0].key.as_str(), rows[0].decoded[0].text.as_str()), ("reg 0-3", "-100 W"));
}

#[tokio::test]
async fn a_device_that_refuses_is_not_stormed() {
    let address = gateway(Box::new(|request| Some(exception(request, 2)))).await;
    let mut link = Running::start(&keys(address)).await;
    // Fifty polls a second, but the block that was refused, and each of its halves, rests for a second, then for two.
    let status = link.status(|status| status.faults(LinkFault::Refused) >= 4).await;
    assert_eq!((status.faults(LinkFault::Refused), status.reconnects, status.last_at), (4, 0, None));
}

#[tokio::test]
async fn nobody_there_a_silent_device_and_one_that_hangs_up() {
    let nobody = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        listener.local_addr().unwrap()
    };
    let silent = gateway(Box::new(|_| Some(Vec::new()))).await;
    let hangs_up = gateway(Box::new(|_| None)).await;
    for (address, fault) in
        [(nobody, LinkFault::NoConnection), (silent, LinkFault::Timeout), (hangs_up, LinkFault::Refused)]
    {
        let mut link = Running::start(&keys(address)).await;
        let status = link.until(LinkState::Down).await;
        assert_eq!((status.faults(fault), but_skipped(&status)), (1, 1), "{fault:?}");
    }
}
