//! Links: the paths to the devices, and how well each one works.

mod frames;

pub use frames::{DecodedValue, FrameRow};

use crate::time::Mono;
use crate::topology::SystemIdx;
use std::time::Duration;

/// A link's place in [`crate::spec::SiteSpec::links`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkIdx(pub u8);

/// How a link is configured, as far as pages and alarms need it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkSpec {
    /// Short name: `bms`.
    pub id: String,
    /// Name for people: `Battery controller`.
    pub name: String,
    /// The protocol in words: `CAN over UDP (cannelloni)`.
    pub protocol: String,
    /// What answers, as its register table calls it: `Victron GX`; empty where the protocol says it, or nothing does.
    pub device: String,
    /// Where it listens or connects to: `127.0.0.1:20000`.
    pub address: String,
    /// The system that its readings belong to.
    pub system: SystemIdx,
    /// Without a valid reading for this long, the link is silent.
    pub silent_after: Duration,
    /// Whether it reads nothing but what is set, and so tells nothing of what its system does.
    pub only_settings: bool,
}

impl LinkSpec {
    /// Whether a Victron GX tells by it what its system does, directly or through Victron's cloud.
    pub fn is_victron(&self) -> bool {
        !self.only_settings && [&self.protocol, &self.device].into_iter().any(|name| name.starts_with("Victron"))
    }

    /// Whether its address is our own, at which it listens, and not that of a device which it asks.
    pub fn listens(&self) -> bool {
        self.protocol.starts_with(LISTENS)
    }
}

/// The protocol of links that wait for packets on a port of their own, as [`LinkSpec::protocol`] begins.
const LISTENS: &str = "CAN over UDP";

/// What a link is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LinkState {
    /// Not started yet.
    #[default]
    Idle = 0,
    /// Trying to reach the device, or waiting for its first bytes.
    Connecting = 1,
    /// Readings arrive.
    Up = 2,
    /// The path is open but no valid reading arrives.
    Silent = 3,
    /// The path is closed; it will be tried again.
    Down = 4,
    /// A replay has reached its end.
    Ended = 5,
    /// Another device answers than the one expected; nothing that it says is believed.
    WrongDevice = 6,
}

impl LinkState {
    /// Every state, by wire code.
    pub const ALL: [LinkState; 7] = [
        LinkState::Idle,
        LinkState::Connecting,
        LinkState::Up,
        LinkState::Silent,
        LinkState::Down,
        LinkState::Ended,
        LinkState::WrongDevice,
    ];

    /// The state in one word.
    pub fn word(self) -> &'static str {
        match self {
            LinkState::Idle => "idle",
            LinkState::Connecting => "connecting",
            LinkState::Up => "up",
            LinkState::Silent => "silent",
            LinkState::Down => "down",
            LinkState::Ended => "ended",
            LinkState::WrongDevice => "wrong device",
        }
    }
}

/// Something wrong with what a link received. Each is counted, and changes no reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum LinkFault {
    /// A packet, line or reply that does not follow its protocol.
    Malformed = 0,
    /// A CAN id, register or topic that no table names.
    UnknownId = 1,
    /// A frame shorter or longer than its description; the values that are wholly in it are read.
    WrongLength = 2,
    /// A value that cannot be: not a number, infinite, outside the plausible range.
    Impossible = 3,
    /// Packets that never arrived, by their sequence numbers, or that found a full buffer.
    Lost = 4,
    /// A packet that came twice or after its successor.
    OutOfOrder = 5,
    /// A request without an answer in time.
    Timeout = 6,
    /// The device answered with an exception, closed the connection, or is another one.
    Refused = 7,
    /// The CAN controller has left the bus after too many errors: nothing is received until it restarts.
    BusOff = 8,
    /// The CAN controller has become error-passive: an error counter has reached 128.
    ErrorPassive = 9,
    /// An error counter of the CAN controller has reached 96.
    BusWarning = 10,
    /// A violation of the CAN protocol, no acknowledgement, or trouble of the transceiver.
    BusError = 11,
    /// The CAN controller gave up a frame because another node kept the bus.
    ArbitrationLost = 12,
    /// A rolling counter that stands still: its device sends, but no longer works.
    FrozenCounter = 13,
    /// Part of a multiplexed message that stays away while other parts arrive.
    MissingGroup = 14,
    /// A poll that fell due while the one before was still waiting for its answer, and was left out.
    SkippedPoll = 15,
    /// A value that jumped further than it can between two samples, and was not there again in the next.
    Jump = 16,
    /// A packet of another sender than the one that the link listens to.
    OtherSender = 17,
    /// A value outside of the range that its description declares.
    OutsideRange = 18,
    /// A multiplexed message with a switch value that its description does not have.
    UnknownGroup = 19,
    /// Nothing listens at the address, or it cannot be reached.
    NoConnection = 20,
}

impl LinkFault {
    /// Every fault, by wire code.
    pub const ALL: [LinkFault; 21] = [
        LinkFault::Malformed,
        LinkFault::UnknownId,
        LinkFault::WrongLength,
        LinkFault::Impossible,
        LinkFault::Lost,
        LinkFault::OutOfOrder,
        LinkFault::Timeout,
        LinkFault::Refused,
        LinkFault::BusOff,
        LinkFault::ErrorPassive,
        LinkFault::BusWarning,
        LinkFault::BusError,
        LinkFault::ArbitrationLost,
        LinkFault::FrozenCounter,
        LinkFault::MissingGroup,
        LinkFault::SkippedPoll,
        LinkFault::Jump,
        LinkFault::OtherSender,
        LinkFault::OutsideRange,
        LinkFault::UnknownGroup,
        LinkFault::NoConnection,
    ];

    /// The fault in words.
    pub fn words(self) -> &'static str {
        match self {
            LinkFault::Malformed => "malformed",
            LinkFault::UnknownId => "unknown id",
            LinkFault::WrongLength => "wrong length",
            LinkFault::Impossible => "impossible value",
            LinkFault::Lost => "lost",
            LinkFault::OutOfOrder => "out of order",
            LinkFault::Timeout => "time-out",
            LinkFault::Refused => "refused",
            LinkFault::BusOff => "bus off",
            LinkFault::ErrorPassive => "error passive",
            LinkFault::BusWarning => "bus warning",
            LinkFault::BusError => "bus error",
            LinkFault::ArbitrationLost => "arbitration lost",
            LinkFault::FrozenCounter => "frozen counter",
            LinkFault::MissingGroup => "missing group",
            LinkFault::SkippedPoll => "skipped poll",
            LinkFault::Jump => "impossible jump",
            LinkFault::OtherSender => "another sender",
            LinkFault::OutsideRange => "outside declared range",
            LinkFault::UnknownGroup => "unknown group",
            LinkFault::NoConnection => "no connection",
        }
    }
}

/// How a link does: counters since the start, rates over the last seconds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkStatus {
    /// What it is doing.
    pub state: LinkState,
    /// When the last valid reading came; `None` before the first.
    pub last_at: Option<Mono>,
    /// CAN frames or Modbus replies received.
    pub frames: u64,
    /// CAN frames or Modbus replies a second.
    pub frames_per_s: f32,
    /// Bytes a second.
    pub bytes_per_s: f32,
    /// What went wrong, by [`LinkFault`].
    pub faults: [u32; LinkFault::ALL.len()],
    /// Modbus: time from request to reply, ms. CAN: time from the packet's arrival to its readings, ms.
    pub latency_ms: Option<f32>,
    /// How often the path had to be opened again.
    pub reconnects: u32,
    /// Why it is in its state, in words; empty if there is nothing to say.
    pub reason: String,
}

/// How the reason of a silent link begins whose device answers.
pub const UNBELIEVABLE: &str = "answers, but with no value that can be believed";

impl LinkStatus {
    /// Whether it is silent although its device answers: no value of the answers can be. Its power and its wiring are
    /// well.
    pub fn is_unbelievable(&self) -> bool {
        self.state == LinkState::Silent && self.reason.starts_with(UNBELIEVABLE)
    }

    /// How often this fault was seen.
    pub fn faults(&self, fault: LinkFault) -> u32 {
        self.faults[fault as usize]
    }

    /// All faults together.
    pub fn faults_total(&self) -> u64 {
        self.faults.iter().map(|n| u64::from(*n)).sum()
    }

    /// Age of the last valid reading, s; `None` if there was none.
    pub fn age_s(&self, now: Mono) -> Option<f32> {
        self.last_at.map(|at| now.seconds_since(at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_that_waits_for_packets_has_an_address_of_ours() {
        for (protocol, listens) in
            [("CAN over UDP (cannelloni)", true), ("Modbus TCP", false), ("CAN (SocketCAN)", false), ("MQTT", false)]
        {
            let link = LinkSpec { protocol: protocol.into(), ..LinkSpec::default() };
            assert_eq!(link.listens(), listens, "{protocol}");
        }
    }
}
