//! CAN over UDP, from packet to readings and counters.

use crate::support::{Running, build, sample};
use domain::link::{LinkFault, LinkState};
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData, Target};
use std::net::SocketAddr;
use tokio::net::UdpSocket;

const KEYS: &str = r#"
kind = "cannelloni"
listen = "127.0.0.1:0"
silent_ms = 300
dbc = "dbc/packtwin_hv.dbc"
map = [
  { point = "cells/voltage", signal = "CellVoltage_{cell}", valid = "CellVoltageValid_{cell}", first = 0 },
  { point = "battery/voltage", signal = "BatteryVoltage" },
  { point = "battery/bus_voltage", signal = "BusVoltage" },
  { point = "battery/power", signal = "BatteryPower" },
  { point = "battery/current", signal = "BatteryCurrent", sign = "charge-positive" },
  { point = "battery/contactors", bits = ["MainPlusClosed", "MainMinusClosed", "PrechargeClosed"] },
]"#;

const VOLTAGES: [u8; 8] = [0x00, 0xF6, 0x72, 0x33, 0x95, 0x9C, 0xCC, 0xE7];
const LAST_VOLTAGES: [u8; 8] = [0x40, 0xB6, 0x40, 0xB2, 0x09, 0x90, 0x6C, 0x84];
const PACK: [u8; 8] = [0x43, 0x08, 0x85, 0xFF, 0xBC, 0xF9, 0xD8, 0xF0];

fn packet(sequence: u8, frames: &[(u32, &[u8])]) -> Vec<u8> {
    let mut bytes = vec![2, 0, sequence, 0, frames.len() as u8];
    for (id, data) in frames {
        bytes.extend(id.to_be_bytes());
        bytes.push(data.len() as u8);
        bytes.extend(*data);
    }
    bytes
}

struct Sender(UdpSocket, SocketAddr);

impl Sender {
    async fn to(link: &Running) -> Sender {
        Sender(UdpSocket::bind("127.0.0.1:0").await.unwrap(), link.address.unwrap())
    }

    async fn send(&self, sequence: u8, frames: &[(u32, &[u8])]) {
        self.bytes(&packet(sequence, frames)).await;
    }

    async fn bytes(&self, bytes: &[u8]) {
        self.0.send_to(bytes, self.1).await.unwrap();
    }
}

#[tokio::test]
async fn a_packet_becomes_one_batch_of_readings_in_our_units_and_signs() {
    let mut link = Running::start(KEYS).await;
    let sender = Sender::to(&link).await;
    let details = [0, 0, 0, 0, 0, 0b011, 0, 0];
    sender.send(7, &[(0x250, &VOLTAGES), (0x250, &LAST_VOLTAGES), (0x233, &PACK), (0x2A3, &details)]).await;
    let batch = link.batch().await;
    assert_eq!(batch.readings.len(), 13);
    let cell = |n| Target::Cell(CellQuantity::Voltage, n);
    for (target, expected) in [
        (cell(0), Ok(3.3)),
        (cell(257), Ok(3.202)),
        (cell(258), Err(NoData::Error)),
        (Target::Point(PointId::Voltage), Ok(858.0)),
        (Target::Point(PointId::Power), Ok(-85_800.0)),
        (Target::Point(PointId::Current), Ok(100.0)),
        (Target::Point(PointId::Contactors), Ok(3.0)),
    ] {
        assert_eq!(sample(&batch, target), Some(expected), "{target:?}");
    }
    let status = link.until(LinkState::Up).await;
    assert_eq!((status.frames, status.last_at, status.faults_total()), (4, Some(batch.at.mono), 0));
    assert!(status.latency_ms.is_some());

    let rows = link.handle.frames((link.clock)());
    assert_eq!(rows.len(), 4);
    let pack = rows.iter().find(|row| row.key == "0x233").unwrap();
    assert_eq!((pack.name.as_str(), pack.raw.as_slice(), pack.count), ("PackValues", PACK.as_slice(), 1));
    assert_eq!((pack.decoded[0].name.as_str(), pack.decoded[0].text.as_str()), ("BatteryVoltage", "858.0 V"));
    assert!(rows.iter().any(|row| row.key == "0x250 mux 64"));
}

#[tokio::test]
async fn bad_input_is_counted_and_makes_no_reading() {
    let mut link = Running::start(KEYS).await;
    let sender = Sender::to(&link).await;
    let impossible = [0x80, 0, 0, 0, 0, 0, 0, 0];
    sender.bytes(b"hello").await;
    sender.bytes(&packet(0, &[(0x250, &VOLTAGES)])[..12]).await;
    sender.send(1, &[(0x777, &VOLTAGES), (0x250, &[0x41; 8])]).await;
    sender.send(2, &[(0x250, &[]), (0x233, &[])]).await;
    // The good values of a frame with a bad one are taken.
    sender.send(5, &[(0x233, &impossible)]).await;
    let batch = link.batch().await;
    assert_eq!(sample(&batch, Target::Point(PointId::Voltage)), None);
    assert_eq!(sample(&batch, Target::Point(PointId::BusVoltage)), Some(Ok(0.0)));
    sender.send(5, &[(0x250, &VOLTAGES)]).await;
    sender.send(4, &[(0x250, &VOLTAGES)]).await;
    let status = link.status(|status| status.faults(LinkFault::OutOfOrder) == 2).await;
    let faults: Vec<_> = LinkFault::ALL.iter().take(8).map(|fault| status.faults(*fault)).collect();
    // Malformed, unknown id, wrong length, impossible, lost, out of order, time-out, refused.
    assert_eq!(faults, [2, 1, 2, 1, 2, 2, 0, 0]);
    // The id is known, only the group is not.
    assert_eq!(status.faults(LinkFault::UnknownGroup), 1);
    let reason = link.handle.status().reason;
    assert!(reason.contains("frames of CellVoltages (0x250) have") && reason.contains("which cannot be"), "{reason}");

    let rows = link.handle.frames((link.clock)());
    let unlisted: Vec<_> = rows.iter().map(|row| (row.key.as_str(), row.name.as_str())).collect();
    assert!(unlisted.contains(&("0x777", "unknown id")), "{unlisted:?}");
}

#[tokio::test]
async fn silence_is_noticed_and_ends_with_the_next_reading() {
    let mut link = Running::start(KEYS).await;
    let sender = Sender::to(&link).await;
    assert_eq!(link.until(LinkState::Connecting).await.last_at, None);
    sender.send(200, &[(0x233, &PACK)]).await;
    link.until(LinkState::Up).await;
    let silent = link.until(LinkState::Silent).await;
    assert!(silent.last_at.is_some());
    // The sender has started again: after a silence its numbers are no losses.
    sender.send(0, &[(0x233, &PACK)]).await;
    let up = link.until(LinkState::Up).await;
    assert_eq!((up.faults_total(), link.handle.status().state), (0, LinkState::Up));
}

#[tokio::test]
async fn the_first_sender_is_listened_to_until_it_is_silent_and_others_are_faults() {
    let mut link = Running::start(KEYS).await;
    let (first, second) = (Sender::to(&link).await, Sender::to(&link).await);
    let volts = |decivolts: i16| ((i32::from(decivolts) << 1) as u16).to_be_bytes();
    let pack = |decivolts| [&volts(decivolts)[..], &PACK[2..]].concat();
    first.send(1, &[(0x233, &pack(8_000))]).await;
    link.until(LinkState::Up).await;
    for sequence in [200, 201, 1] {
        second.send(sequence, &[(0x233, &pack(7_000))]).await;
    }
    first.send(2, &[(0x233, &pack(8_001))]).await;
    let batch = link.batch().await;
    assert_eq!(sample(&batch, Target::Point(PointId::Voltage)), Some(Ok(800.1)));
    let status = link.until_status(|status| status.faults(LinkFault::OtherSender) == 3).await;
    assert_eq!(status.faults_total(), 3, "{status:?}");
    let (one, other) = (first.0.local_addr().unwrap(), second.0.local_addr().unwrap());
    let words = format!("{other} sends here too: only {one} is listened to");
    assert_eq!(link.handle.status().reason, words);
    // The first is silent: then the other is listened to, and that is said.
    link.until(LinkState::Silent).await;
    second.send(77, &[(0x233, &pack(7_000))]).await;
    let batch = link.batch().await;
    assert_eq!(sample(&batch, Target::Point(PointId::Voltage)), Some(Ok(700.0)));
    let reason = link.handle.status().reason;
    assert!(reason.contains(&format!("the sender has changed: {one} has been silent, now {other}")), "{reason}");
}

#[tokio::test]
async fn a_named_sender_is_the_only_one() {
    let ours = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let keys = format!("{KEYS}\npeer = \"{}\"", ours.local_addr().unwrap());
    let mut link = Running::start(&keys).await;
    let (other, ours) = (Sender::to(&link).await, Sender(ours, link.address.unwrap()));
    other.send(1, &[(0x233, &PACK)]).await;
    other.bytes(b"hello").await;
    let status = link.status(|status| status.faults(LinkFault::OtherSender) == 2).await;
    assert_eq!((status.frames, status.faults_total()), (0, 2));
    ours.send(1, &[(0x233, &PACK)]).await;
    assert_eq!(link.batch().await.readings.len(), 4);
    let wrong = crate::support::config(&format!("{KEYS}\npeer = \"bms.local\""));
    let topology = domain::topology::Topology::new(1, 13, 20);
    let error = wrong.build(domain::spec::SystemIdx(0), &topology, crate::support::repository()).unwrap_err();
    assert!(error.to_string().contains("`bms.local` is not the address of a sender"), "{error}");
}

#[tokio::test]
async fn an_address_in_use_says_so_before_anything_runs() {
    let link = Running::start(KEYS).await;
    let address = link.address.unwrap();
    let keys = KEYS.replace("127.0.0.1:0", &address.to_string());
    let mut second = crate::support::config(&keys)
        .build(domain::spec::SystemIdx(0), &domain::topology::Topology::new(1, 13, 20), crate::support::repository())
        .unwrap();
    let error = second.bind().await.unwrap_err();
    assert_eq!(error.to_string(), format!("{address} is in use by another program"));
    let elsewhere = crate::support::config(&KEYS.replace("127.0.0.1:0", "203.0.113.1:20000"));
    let elsewhere = elsewhere.build(
        domain::spec::SystemIdx(0),
        &domain::topology::Topology::new(1, 13, 20),
        crate::support::repository(),
    );
    assert!(elsewhere.unwrap().bind().await.unwrap_err().to_string().contains("not an address of this machine"));
}

#[tokio::test(start_paused = true)]
async fn a_link_ends_when_it_is_told_to() {
    let task = build(KEYS).await;
    let (sink, _inputs) = tokio::sync::mpsc::channel(8);
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let running = tokio::spawn(task.run(domain::link::LinkIdx(0), crate::support::clock(), sink, stopped));
    stop.send(true).unwrap();
    running.await.unwrap();
}
