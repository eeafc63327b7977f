//! SunSpec devices as they are: what they do where they have nothing, lengths that cannot be, heartbeats that stand.

use crate::gateway::{exception, registers};
use crate::support::{Running, sample};
use domain::link::{LinkFault, LinkState};
use domain::point::PointId;
use domain::reading::Target;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

const SOC: Target = Target::Point(PointId::Soc);
const MARKER: [u16; 2] = [0x5375, 0x6E53];

/// What a device does where it has no registers.
#[derive(Clone, Copy, Debug)]
enum Nothing {
    Refuses,
    Closes,
    Zeros,
    Silent,
}

/// Model 802 with a state of charge of 71 %.
fn battery() -> Vec<u16> {
    let mut words = vec![0xFFFF; 64];
    words[..2].copy_from_slice(&[802, 62]);
    (words[11], words[56]) = (71, 0);
    words
}

/// A device with these registers from `base` on; `beat` is register 18 of the model behind the marker.
async fn device(base: u16, words: Vec<u16>, nothing: Nothing, most: u16, beat: Arc<AtomicU16>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 12];
            while stream.read_exact(&mut request).await.is_ok() {
                let (at, count) = (u16::from_be_bytes([request[8], request[9]]), u16::from(request[11]));
                let mut words = words.clone();
                words[20] = beat.load(Ordering::Relaxed);
                let from = at.checked_sub(base).map(usize::from);
                let there = from.and_then(|from| words.get(from..from + usize::from(count)));
                let reply = match (there, nothing) {
                    _ if count > most => exception(request, 3),
                    (Some(there), _) => registers(request, there),
                    (None, Nothing::Refuses) => exception(request, 2),
                    (None, Nothing::Closes) => break,
                    (None, Nothing::Zeros) => registers(request, &vec![0; count.into()]),
                    (None, Nothing::Silent) => continue,
                };
                if stream.write_all(&reply).await.is_err() {
                    break;
                }
            }
        }
    });
    address
}

fn keys(address: SocketAddr) -> String {
    format!("kind = \"sunspec\"\nconnect = \"{address}\"\npoll_ms = 50\ntimeout_ms = 300")
}

#[tokio::test]
async fn the_chain_ends_and_bases_are_tried_whatever_the_device_does_there() {
    for base in [40_000, 50_000, 0] {
        for nothing in [Nothing::Refuses, Nothing::Closes, Nothing::Zeros, Nothing::Silent] {
            // Nothing follows the battery: no mark of the end.
            let words = [MARKER.as_slice(), &battery()].concat();
            let address = device(base, words, nothing, 125, Arc::default()).await;
            let mut link = Running::start(&keys(address)).await;
            assert_eq!(sample(&link.batch().await, SOC), Some(Ok(71.0)), "{base}, {nothing:?}");
            let up = link.until(LinkState::Up).await;
            assert_eq!((up.faults_total() - u64::from(up.faults(LinkFault::SkippedPoll)), up.reconnects), (0, 0));
        }
    }
}

#[tokio::test]
async fn a_device_that_is_silent_everywhere_is_silent_and_not_another_one() {
    let words = [MARKER.as_slice(), &battery()].concat();
    let address = device(10_000, words, Nothing::Silent, 125, Arc::default()).await;
    let mut link = Running::start(&keys(address)).await;
    let down = link.until(LinkState::Down).await;
    assert_eq!((down.faults(LinkFault::Timeout), down.reason.as_str()), (1, "no answer within 300 ms"));
}

#[tokio::test]
async fn an_odd_length_costs_that_model_and_small_requests_read_the_others() {
    // A bank that is a register too short, before the battery.
    let odd = [vec![803, 25], vec![0xFFFF; 25]].concat();
    let words = [MARKER.as_slice(), &odd, &battery(), &[0xFFFF, 0]].concat();
    let address = device(40_000, words, Nothing::Refuses, 20, Arc::default()).await;
    let mut link = Running::start(&format!("{}\nmax_read = 20", keys(address))).await;
    assert_eq!(sample(&link.batch().await, SOC), Some(Ok(71.0)));
    let status = link.until_status(|status| !status.reason.is_empty()).await;
    assert!(status.reason.contains("model 803 at 40002 cannot have length 25"), "{}", status.reason);
}

#[tokio::test]
async fn a_heartbeat_that_stands_still_is_told_and_nothing_more_is_believed() {
    let beat = Arc::new(AtomicU16::new(1));
    let words = [MARKER.as_slice(), &battery(), &[0xFFFF, 0]].concat();
    let address = device(40_000, words, Nothing::Refuses, 125, beat.clone()).await;
    // Ten seconds pass in one.
    let mut link = Running::hurried(&keys(address), 10).await;
    link.batch().await;
    beat.store(2, Ordering::Relaxed);
    let status = link.until_status(|status| status.faults(LinkFault::FrozenCounter) > 0).await;
    assert!(status.reason.contains("heartbeat stands still"), "{}", status.reason);
    // Nothing comes any more, until it beats again.
    link.status(|status| status.faults(LinkFault::FrozenCounter) > 5).await;
    beat.store(3, Ordering::Relaxed);
    assert_eq!(sample(&link.batch().await, SOC), Some(Ok(71.0)));
    let well = link.until_status(|status| !status.reason.contains("heartbeat"));
    let well = tokio::time::timeout(Duration::from_secs(5), well).await.unwrap();
    assert_eq!(well.reason, "the device has no model 805, so no cell of the system can be read");
}

#[tokio::test]
async fn a_heartbeat_that_never_beats_is_believed_for_a_while_only() {
    let beat = Arc::new(AtomicU16::new(5));
    let words = [MARKER.as_slice(), &battery(), &[0xFFFF, 0]].concat();
    let address = device(40_000, words, Nothing::Refuses, 125, beat.clone()).await;
    let mut link = Running::hurried(&keys(address), 20).await;
    let began = link.batch().await.at.mono;
    let status = link.until_status(|status| status.faults(LinkFault::FrozenCounter) > 0).await;
    assert!(status.reason.starts_with("the battery's heartbeat stands still at 5"), "{}", status.reason);
    assert!(status.last_at.unwrap().since(began) < Duration::from_secs(16), "{:?}", status.last_at);
    // Nothing comes any more, over a new connection neither, until it beats.
    link.status(|status| status.faults(LinkFault::FrozenCounter) > 5).await;
    beat.store(6, Ordering::Relaxed);
    assert_eq!(sample(&link.batch().await, SOC), Some(Ok(71.0)));
}
