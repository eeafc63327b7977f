//! A Victron GX over its own MQTT broker: told of every change, instead of asking.
//!
//! ```text
//! connect -> (find the portal id) -> subscribe -> ask for everything -> full_publish_completed -> readings
//!                                                  every 30 s: stay alive; everything again if a service is quiet
//! ```
//!
//! A GX publishes changes only, so a service that speaks confirms what it does not mention, and a value is as old as
//! the last word of its service. Nothing is told before a first publication of everything is complete: half the phases
//! are no sum. Retained messages are not believed: nobody knows how old they are.
//!
//! Writes are in [`write`].

mod write;

use super::backoff::{self, Backoff};
use super::mqtt::packet::{self, Packet};
use super::mqtt::{Client, MqttError};
use super::{Bus, Waits};
use crate::describe::Describe;
use crate::device::victron::setpoint::GxSetpoint;
use crate::device::victron::topic::{self, Message};
use crate::device::victron::{Gx, GxTable, Service};
use crate::session::Reporter;
use domain::link::LinkFault;
use domain::time::{Mono, Now};
use domain::write::Setpoint;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::MissedTickBehavior;
use write::Writing;

/// Messages of so long are handed on together.
const GATHER: Duration = Duration::from_millis(200);
/// How often the broker is asked whether it is there.
const BEAT: Duration = Duration::from_secs(10);
/// A broker that says nothing for so long is gone.
const LOST_AFTER: Duration = Duration::from_secs(25);
/// The GX is asked to go on publishing every so many beats; it stops after 60 s.
const KEEPALIVE_BEATS: u32 = 3;
/// A service that is quiet for so long is made to speak.
const QUIET: Duration = Duration::from_secs(30);
/// A GX that does not say that it has published everything is believed after this.
const COMPLETE_AFTER: Duration = Duration::from_secs(10);
/// The broker is told to expect a word from us in this time.
const KEEP_ALIVE: Duration = Duration::from_secs(60);
/// The most that a broker may send before it has accepted our subscriptions. It may send some: they cross on the way.
const BEFORE_ACCEPTED: (u32, usize) = (2_000, 1 << 20);
/// More services than any GX has: what speaks of more is not remembered.
const MOST_SERVICES: usize = 256;
/// More values between two readings than any GX sends.
const MOST_RAW: usize = 1_024;
/// The most of a payload that is remembered, bytes.
const RAW_BYTES: usize = 64;
/// The most of a payload that is looked at, bytes: a setting comes with its limits.
const PAYLOAD_BYTES: usize = 1_024;
/// The numbers of the subscriptions to setpoints begin here.
const SETPOINT_IDS: u16 = 10;
/// Why nothing is written before there is a connection.
const NOT_YET: &str = "the link is down: its broker has not answered yet";
/// The most of a topic that is remembered, characters.
const TOPIC_LETTERS: usize = 100;

/// Asks for everything, and to go on.
const ALL: &[u8] = b"";
/// Asks to go on.
const GO_ON: &[u8] = br#"{"keepalive-options": ["suppress-republish"]}"#;

/// Where the GX is.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// Host and port of its broker.
    pub(crate) address: String,
    /// Its portal id, if it is configured.
    pub(crate) portal: Option<String>,
    /// The instance of the battery whose values count, if one is configured.
    pub(crate) battery: Option<u32>,
    /// Longest wait for a connection.
    pub(crate) timeout: Duration,
    /// What others may set.
    pub(crate) setpoints: Vec<GxSetpoint>,
}

/// Listens to one GX.
#[derive(Debug)]
pub(crate) struct Listener {
    settings: Settings,
    /// The portal id: as configured, or the first that was heard.
    portal: Option<String>,
}

/// One connection.
struct Session<'a> {
    client: Client,
    /// Longest wait for the broker to accept a subscription.
    limit: Duration,
    reporter: &'a Reporter,
    setpoints: &'a [GxSetpoint],
    /// The write that is being carried out.
    writing: Option<Writing>,
    portal: &'a mut Option<String>,
    gx: Gx,
    /// When each service last spoke.
    spoke: BTreeMap<(Service, u32), Mono>,
    /// Payloads of rows that came since the last readings.
    raw: BTreeMap<(usize, u32), (Vec<u8>, Mono)>,
    opened: Mono,
    pending: Pending,
    complete: bool,
    /// Values up to here have been found.
    delivered: Mono,
}

impl Bus for Listener {
    fn table(&self) -> Arc<dyn Describe> {
        Arc::new(GxTable)
    }

    fn setpoints(&self) -> Vec<Setpoint> {
        let Settings { portal, setpoints, .. } = &self.settings;
        // A broker may have several GX.
        let of = portal.as_ref().map_or_else(String::new, |portal| format!(", portal {portal}"));
        let named = |known: &GxSetpoint| {
            let sets = format!("{}{of}", known.setpoint.sets);
            Setpoint { sets, ..known.setpoint.clone() }
        };
        setpoints.iter().map(named).collect()
    }

    fn drive<'a>(&'a mut self, reporter: &'a Reporter) -> Waits<'a, ()> {
        Box::pin(self.run(reporter))
    }
}

impl Listener {
    pub(crate) fn new(settings: Settings) -> Listener {
        let portal = settings.portal.clone();
        Listener { settings, portal }
    }

    async fn run(&mut self, reporter: &Reporter) {
        let mut backoff = Backoff::default();
        loop {
            let error = match self.session(reporter, &mut backoff).await {
                Err(error) => error,
                Ok(never) => match never {},
            };
            reporter.record(|r| r.monitor.fault(fault(&error), 1));
            let why = format!("the link is down: {error}");
            reporter.closed(error).await;
            reporter.orders.not_sent_during(&why, tokio::time::sleep(backoff.next(backoff::random()))).await;
        }
    }

    async fn session(&mut self, reporter: &Reporter, backoff: &mut Backoff) -> Result<Infallible, MqttError> {
        let Settings { address, battery, timeout, .. } = &self.settings;
        // Two clients of one name would throw one another out.
        let id = format!("packtwin-{:08x}", backoff::random() as u32);
        let connected = Client::connect(address, &id, KEEP_ALIVE, *timeout);
        let client = reporter.orders.not_sent_during(NOT_YET, connected).await?;
        reporter.opened().await;
        reporter.remark(match &self.portal {
            Some(portal) => {
                format!("connected: waiting until the GX with the portal id {portal} has published all values")
            }
            None => "connected: waiting until a GX speaks".to_owned(),
        });
        let now = reporter.now().mono;
        let session = Session {
            client,
            limit: *timeout,
            reporter,
            setpoints: &self.settings.setpoints,
            writing: None,
            portal: &mut self.portal,
            gx: Gx::new(*battery),
            spoke: BTreeMap::new(),
            raw: BTreeMap::new(),
            opened: now,
            pending: Pending::default(),
            complete: false,
            delivered: Mono(0),
        };
        session.run(backoff).await
    }
}

/// Inserts, unless that would make a new entry beyond the `most`.
fn insert_within<K: Ord, V>(map: &mut BTreeMap<K, V>, most: usize, key: K, value: V) {
    if map.len() < most || map.contains_key(&key) {
        map.insert(key, value);
    }
}

/// What an error counts as.
fn fault(error: &MqttError) -> LinkFault {
    match error {
        MqttError::Timeout(_) | MqttError::Unaccepted(_) => LinkFault::Timeout,
        MqttError::Malformed(_) => LinkFault::Malformed,
        MqttError::Connect(_) => LinkFault::NoConnection,
        MqttError::Closed | MqttError::Refused(_) => LinkFault::Refused,
    }
}

/// Subscriptions that the broker has not accepted yet, and what it sent meanwhile.
#[derive(Debug, Default)]
struct Pending {
    ids: Vec<u16>,
    since: Mono,
    messages: u32,
    bytes: usize,
}

impl Pending {
    fn asked(&mut self, id: u16, now: Mono) {
        if self.ids.is_empty() {
            *self = Pending { since: now, ..Pending::default() };
        }
        self.ids.push(id);
    }

    fn accepted(&mut self, id: u16) {
        self.ids.retain(|pending| *pending != id);
    }

    /// A message came. A broker that sends many before it has accepted anything is none.
    fn message(&mut self, bytes: usize) -> Result<(), MqttError> {
        if self.ids.is_empty() {
            return Ok(());
        }
        (self.messages, self.bytes) = (self.messages + 1, self.bytes + bytes);
        match self.messages > BEFORE_ACCEPTED.0 || self.bytes > BEFORE_ACCEPTED.1 {
            true => Err(MqttError::Refused("it sends messages without having accepted a subscription")),
            false => Ok(()),
        }
    }

    /// Whether the broker has taken longer than `limit`.
    fn overdue(&self, now: Mono, limit: Duration) -> bool {
        !self.ids.is_empty() && now.since(self.since) > limit
    }
}

/// What came over the connection.
enum Came {
    Message { known: Option<Message>, topic: String, payload: Vec<u8>, bytes: usize },
    Retained { bytes: usize },
    Accepted(u16),
    NotGranted,
    Nothing,
}

impl Came {
    fn of(packet: Packet<'_>) -> Came {
        match packet {
            Packet::Publish { topic, payload, retained: true } => Came::Retained { bytes: topic.len() + payload.len() },
            Packet::Publish { topic, payload, .. } => Came::Message {
                known: topic::parse(topic, payload).ok(),
                topic: topic.to_owned(),
                payload: payload[..payload.len().min(PAYLOAD_BYTES)].to_vec(),
                bytes: topic.len() + payload.len(),
            },
            Packet::SubAck { granted: false, .. } => Came::NotGranted,
            Packet::SubAck { id, .. } => Came::Accepted(id),
            Packet::UnsubAck | Packet::Pong | Packet::ConnAck { .. } => Came::Nothing,
        }
    }
}

impl Session<'_> {
    async fn run(mut self, backoff: &mut Backoff) -> Result<Infallible, MqttError> {
        match self.portal.clone() {
            Some(portal) => self.subscribe(&portal).await?,
            None => self.listen(1, "N/+/#").await?,
        }
        let (mut gather, mut beat) = (tokio::time::interval(GATHER), tokio::time::interval(BEAT));
        gather.set_missed_tick_behavior(MissedTickBehavior::Skip);
        beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
        // The first one is at once.
        beat.tick().await;
        let (mut heard, mut beats) = (self.opened, 0_u32);
        loop {
            tokio::select! {
                packet = self.client.next() => {
                    let came = Came::of(packet?);
                    let now = self.reporter.now();
                    heard = now.mono;
                    self.take(came, now).await?;
                }
                order = self.reporter.orders.next(), if self.writing.is_none() => self.begin_write(order).await?,
                _ = gather.tick() => {
                    self.look_after_write().await?;
                    if self.pending.overdue(self.reporter.now().mono, self.limit) {
                        return Err(MqttError::Unaccepted(self.limit));
                    }
                    if self.deliver().await {
                        *backoff = Backoff::default();
                    }
                }
                _ = beat.tick() => {
                    let now = self.reporter.now().mono;
                    if now.since(heard) >= LOST_AFTER {
                        return Err(MqttError::Timeout(LOST_AFTER));
                    }
                    beats += 1;
                    self.client.send(&packet::PING).await?;
                    self.stay_alive(now, beats).await?;
                }
            }
        }
    }

    /// Subscribes to what is read of this GX, and asks for all of it.
    async fn subscribe(&mut self, portal: &str) -> Result<(), MqttError> {
        for (id, rest) in [(2, "system/+/#"), (3, "battery/+/#"), (4, "full_publish_completed")] {
            self.listen(id, &format!("N/{portal}/{rest}")).await?;
        }
        for (index, setpoint) in self.setpoints.iter().enumerate() {
            self.listen(SETPOINT_IDS.saturating_add(index as u16), &setpoint.notified(portal)).await?;
        }
        self.ask(portal, ALL).await
    }

    async fn listen(&mut self, id: u16, topic: &str) -> Result<(), MqttError> {
        self.pending.asked(id, self.reporter.now().mono);
        self.client.send(&packet::subscribe(id, topic)).await
    }

    async fn ask(&mut self, portal: &str, options: &[u8]) -> Result<(), MqttError> {
        self.client.send(&packet::publish(&format!("R/{portal}/keepalive"), options)).await
    }

    async fn stay_alive(&mut self, now: Mono, beats: u32) -> Result<(), MqttError> {
        let Some(portal) = self.portal.clone() else {
            self.reporter.remark("the broker answers, but no GX speaks: give its portal id as `portal`");
            return Ok(());
        };
        if self.spoke.is_empty() {
            self.reporter.remark(format!("the broker answers, but no GX with the portal id {portal} speaks"));
        }
        if !beats.is_multiple_of(KEEPALIVE_BEATS) {
            return Ok(());
        }
        let quiet = self.spoke.is_empty() || self.spoke.values().any(|at| now.since(*at) >= QUIET);
        self.ask(&portal, if quiet { ALL } else { GO_ON }).await
    }

    async fn take(&mut self, came: Came, now: Now) -> Result<(), MqttError> {
        let (known, topic, mut payload, bytes) = match came {
            Came::Message { known, topic, payload, bytes } => {
                self.pending.message(bytes)?;
                (known, topic, payload, bytes)
            }
            Came::Retained { bytes } => return self.pending.message(bytes),
            Came::Accepted(id) => {
                self.pending.accepted(id);
                return Ok(());
            }
            Came::NotGranted => return Err(MqttError::Refused("it does not let us listen to the GX")),
            Came::Nothing => return Ok(()),
        };
        if self.portal.is_none() {
            let Some(portal) = topic::portal(&topic).map(str::to_owned) else { return Ok(()) };
            tracing::info!("Link {}: the GX has the portal id {portal}", self.reporter.id);
            self.client.send(&packet::unsubscribe(5, "N/+/#")).await?;
            self.subscribe(&portal).await?;
            self.reporter.remark("connected: waiting until the GX has published all values");
            *self.portal = Some(portal);
            return Ok(());
        }
        if topic::portal(&topic) != self.portal.as_deref() {
            return Ok(());
        }
        let at = now.mono;
        self.reporter.record(|r| r.monitor.received(1, bytes, at));
        self.see_write(&topic, &payload, now).await?;
        payload.truncate(RAW_BYTES);
        match known {
            None => {
                let topic: String = topic.chars().take(TOPIC_LETTERS).collect();
                self.reporter.record(|r| {
                    r.monitor.fault(LinkFault::Malformed, 1);
                    r.frames.see_unknown(topic, LinkFault::Malformed, &payload, at);
                });
            }
            Some(Message::Of(service, instance, news)) => {
                self.gx.take(service, instance, &news, at);
                let of = (service, instance);
                match news {
                    // Somebody who is gone is not waited for.
                    topic::News::Gone => drop(self.spoke.remove(&of)),
                    _ => insert_within(&mut self.spoke, MOST_SERVICES, of, at),
                }
                if let topic::News::Value(row, _) = news {
                    insert_within(&mut self.raw, MOST_RAW, (row, instance), (payload, at));
                }
            }
            Some(Message::Complete) => self.complete = true,
            Some(Message::Other) => {}
        }
        Ok(())
    }

    /// Tells what is new, if everything has been published once. Returns whether there was anything.
    async fn deliver(&mut self) -> bool {
        let now = self.reporter.now();
        if !self.complete && now.mono.since(self.opened) < COMPLETE_AFTER {
            return false;
        }
        let found = self.gx.readings(self.delivered);
        let Some(newest) = found.readings.keys().next_back().copied() else { return false };
        self.delivered = newest;
        let raw = std::mem::take(&mut self.raw);
        self.reporter.record(|r| {
            r.why.clear();
            r.monitor.fault(LinkFault::Impossible, found.impossible);
            for ((row, instance), (payload, at)) in raw {
                if self.gx.counts(row, instance) {
                    r.frames.see(row, &payload, at);
                }
            }
        });
        self.reporter.deliver_measured(now, found.readings).await;
        true
    }
}
