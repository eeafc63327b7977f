//! A stub of a GX's broker: what comes in which order, and what is not believed.

use crate::support::{Running, sample};
use domain::link::{LinkFault, LinkState};
use domain::point::PointId;
use domain::reading::{Batch, NoData, Sample, Target};
use links::bus::mqtt::packet;
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

pub(crate) const ACCEPTED: [u8; 4] = [0x20, 2, 0, 0];

/// A broker with one client at a time.
pub(crate) struct Broker {
    listener: TcpListener,
}

/// The broker's side of a connection.
pub(crate) struct Connection(TcpStream, Vec<u8>);

impl Broker {
    pub(crate) async fn start() -> (Broker, SocketAddr) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        (Broker { listener }, address)
    }

    /// The next client, answered with `answer`.
    pub(crate) async fn client(&self, answer: &[u8]) -> Connection {
        let mut connection = Connection(self.listener.accept().await.unwrap().0, Vec::new());
        let connect = connection.packet().await;
        assert_eq!(&connect[..12], [0x10, connect.len() as u8 - 2, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 60]);
        connection.0.write_all(answer).await.unwrap();
        connection
    }
}

impl Connection {
    /// The next packet of the client.
    async fn packet(&mut self) -> Vec<u8> {
        loop {
            if let Some(length) = packet::length(&self.1).unwrap() {
                return self.1.drain(..length).collect();
            }
            assert!(self.0.read_buf(&mut self.1).await.unwrap() > 0, "the client has gone");
        }
    }

    /// The client's next subscription or publication: its topic, and what follows.
    pub(crate) async fn asked(&mut self) -> (u8, String, Vec<u8>) {
        loop {
            let asked = self.asked_or_pinged().await;
            if asked.0 != packet::PING[0] {
                return asked;
            }
        }
    }

    /// The same, or a ping without a topic.
    pub(crate) async fn asked_or_pinged(&mut self) -> (u8, String, Vec<u8>) {
        let bytes = self.packet().await;
        if bytes[0] == packet::PING[0] {
            return (bytes[0], String::new(), Vec::new());
        }
        let at = if bytes[0] == 0x30 { 2 } else { 4 };
        let end = at + 2 + usize::from(bytes[at + 1]);
        (bytes[0], String::from_utf8(bytes[at + 2..end].to_vec()).unwrap(), bytes[end..].to_vec())
    }

    pub(crate) async fn say(&mut self, topic: &str, payload: &str) {
        self.0.write_all(&packet::publish(topic, payload.as_bytes())).await.unwrap();
    }

    /// Expects the subscriptions of the GX `c0`, and that it is asked for everything.
    async fn subscribed(&mut self) {
        for topic in ["N/c0/system/+/#", "N/c0/battery/+/#", "N/c0/full_publish_completed"] {
            assert_eq!(self.asked().await, (0x82, topic.to_owned(), vec![0]));
        }
        assert_eq!(self.asked().await, (0x30, "R/c0/keepalive".to_owned(), Vec::new()));
        for id in [2, 3, 4] {
            self.accept(id).await;
        }
    }

    pub(crate) async fn accept(&mut self, id: u8) {
        self.0.write_all(&[0x90, 3, 0, id, 0]).await.unwrap();
    }
}

fn keys(address: SocketAddr) -> String {
    format!("kind = \"victron-mqtt\"\nconnect = \"{address}\"\ntimeout_ms = 500")
}

fn point(batch: &Batch, point: PointId) -> Option<Sample> {
    sample(batch, Target::Point(point))
}

#[tokio::test]
async fn a_gx_is_found_heard_and_believed_only_when_all_of_it_has_come() {
    let (broker, address) = Broker::start().await;
    let mut link = Running::start(&keys(address)).await;
    let mut gx = broker.client(&ACCEPTED).await;
    assert_eq!(gx.asked().await, (0x82, "N/+/#".to_owned(), vec![0]));
    gx.accept(1).await;
    gx.say("N/c0/system/0/Dc/Battery/Soc", r#"{"value":1}"#).await;
    assert_eq!(gx.asked().await, (0xA2, "N/+/#".to_owned(), vec![]));
    gx.subscribed().await;
    // Kept from before: nobody knows how old.
    let mut retained = packet::publish("N/c0/system/0/Dc/Battery/Temperature", br#"{"value":99}"#);
    retained[0] |= 1;
    gx.0.write_all(&retained).await.unwrap();
    gx.say("N/c0/system/0/Ac/Consumption/L1/Power", r#"{"value":1000}"#).await;
    // Time enough for it to be told, which would be too early.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    let status = link.handle.status();
    assert!(status.state == LinkState::Connecting && status.reason.contains("has published all values"), "{status:?}");
    for (path, payload) in [
        ("system/0/Ac/Consumption/L2/Power", r#"{"value":500.5}"#),
        ("system/0/Ac/Consumption/L3/Power", r#"{"value":null}"#),
        ("system/0/Dc/Battery/Soc", r#"{"value":97.5}"#),
        ("system/0/Dc/Battery/Current", r#"{"value":-8.0}"#),
        ("system/0/Dc/Battery/Voltage", r#"{"value":99999}"#),
        ("system/0/Dc/Battery/Power", r#"{"value":"#),
        ("system/0/ActiveBatteryService", r#"{"value":"com.victronenergy.battery/512"}"#),
        ("battery/279/Soh", r#"{"value":50}"#),
        ("battery/512/Soh", r#"{"value":98}"#),
        ("full_publish_completed", r#"{"value":1702459522}"#),
    ] {
        gx.say(&format!("N/c0/{path}"), payload).await;
    }
    // Of another GX behind the same broker.
    gx.say("N/d1/system/0/Dc/Battery/Soc", r#"{"value":3}"#).await;
    let (mut soc, mut load, mut soh) = (None, None, None);
    while soc.is_none() || soh.is_none() {
        let batch = link.batch().await;
        soc = soc.or(point(&batch, PointId::Soc));
        load = load.or(point(&batch, PointId::LoadPower));
        soh = soh.or(point(&batch, PointId::Soh));
        assert_eq!(point(&batch, PointId::Temperature), None);
    }
    assert_eq!((soc, load, soh), (Some(Ok(97.5)), Some(Ok(1_500.5)), Some(Ok(98.0))));
    let up = link.until(LinkState::Up).await;
    assert_eq!((up.faults(LinkFault::Malformed), up.faults(LinkFault::Impossible), up.faults_total()), (1, 1, 2));
    let rows = link.handle.frames((link.clock)());
    let text =
        |key: &str| rows.iter().find(|row| row.key == key).and_then(|row| Some(row.decoded.first()?.text.clone()));
    assert_eq!(text("system/Dc/Battery/Current"), Some("8.00 A".to_owned()));
    assert_eq!(text("battery/Soh"), Some("98.00 %".to_owned()), "of the battery that counts");
    assert!(rows.iter().any(|row| row.key == "N/c0/system/0/Dc/Battery/Power" && row.name == "malformed"));

    // A change confirms what it does not mention; what is gone is said to be.
    gx.say("N/c0/system/0/Dc/Battery/Current", r#"{"value":9}"#).await;
    let batch = link.batch().await;
    assert_eq!(point(&batch, PointId::Current), Some(Ok(-9.0)));
    assert_eq!((point(&batch, PointId::Soc), point(&batch, PointId::Soh)), (Some(Ok(97.5)), None));
    gx.say("N/c0/battery/512/ProductId", "").await;
    assert_eq!(point(&link.batch().await, PointId::Soh), Some(Err(NoData::Timeout)));

    // The portal id is remembered, the values are not.
    drop(gx);
    let down = link.until(LinkState::Down).await;
    assert_eq!(down.reason, "the connection was closed");
    let mut gx = broker.client(&ACCEPTED).await;
    gx.subscribed().await;
    gx.say("N/c0/system/0/Dc/Battery/Power", r#"{"value":-416.08}"#).await;
    gx.say("N/c0/full_publish_completed", "").await;
    let batch = link.batch().await;
    assert_eq!((batch.readings.len(), point(&batch, PointId::Power)), (1, Some(Ok(416.08))));
    assert_eq!(link.until(LinkState::Up).await.reconnects, 1);
}

#[tokio::test]
async fn brokers_that_refuse_say_nonsense_or_nothing() {
    for (answer, words, fault) in [
        ([0x20, 2, 0, 5].as_slice(), "not authorised", LinkFault::Refused),
        (&[0x20, 2, 0, 4], "user or password are wrong", LinkFault::Refused),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "malformed packet", LinkFault::Malformed),
        (&[0x30, 0xFF, 0xFF, 0xFF, 0x7F], "malformed packet: too long", LinkFault::Malformed),
        (&[0xD0, 0], "before the connection was acknowledged", LinkFault::Malformed),
        (&ACCEPTED, "has not accepted our subscription within 500 ms", LinkFault::Timeout),
        (&[0x20, 2, 0], "no answer within 500 ms", LinkFault::Timeout),
        (&[0x20, 2, 0, 0, 0x90, 3, 0, 2, 0x80], "does not let us listen", LinkFault::Refused),
    ] {
        let (broker, address) = Broker::start().await;
        let mut link = Running::start(&format!("{}\nportal = \"c0\"", keys(address))).await;
        let _open = broker.client(answer).await;
        let down = link.until(LinkState::Down).await;
        assert!(down.reason.contains(words), "{}", down.reason);
        assert_eq!((down.faults(fault), down.faults_total()), (1, 1), "{words}");
    }
}

#[tokio::test]
async fn a_broker_that_floods_without_having_accepted_a_subscription_is_dropped() {
    let message = packet::publish("N/c0/system/0/Dc/Battery/Soc", br#"{"value":50}"#);
    let long = packet::publish("N/c0/system/0/Serial", &[b'x'; 100_000]);
    for (message, most) in [(message, 2_000), (long, 11)] {
        let (broker, address) = Broker::start().await;
        let patient = keys(address).replace("timeout_ms = 500", "timeout_ms = 20000");
        let mut link = Running::start(&format!("{patient}\nportal = \"c0\"")).await;
        let mut gx = broker.client(&ACCEPTED).await;
        let flood = async {
            for _ in 0..100_000 {
                if gx.0.write_all(&message).await.is_err() {
                    return;
                }
            }
        };
        let down = async { link.until(LinkState::Down).await };
        let (_, down) = tokio::join!(flood, down);
        assert_eq!(down.reason, "the broker refuses: it sends messages without having accepted a subscription");
        assert!(down.frames <= most, "{} messages were taken", down.frames);
    }
}
