//! Whose packets are believed: one sender's. Pure: time is a parameter.
//!
//! Two senders in turn would mix two batteries, and their sequence numbers would hide what is lost. The site file names
//! the sender; if it does not, the first that is heard is believed until it is silent. While another floods the socket
//! the silence of the first proves nothing: its packets may be among those that the full queue drops.

use domain::time::Mono;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

/// Packets of others in a second from which on the socket's queue may drop packets. A bus of 1 Mbit/s fills at most half
/// as many, with a packet for each few frames.
const FLOOD_PER_S: u32 = 2_000;
/// The time over which they are counted.
const SECOND: Duration = Duration::from_secs(1);

/// The sender that the site file names: an address, with its port if that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    ip: IpAddr,
    port: Option<u16>,
}

impl FromStr for Peer {
    type Err = std::net::AddrParseError;

    fn from_str(text: &str) -> Result<Peer, Self::Err> {
        match text.parse::<SocketAddr>() {
            Ok(address) => Ok(Peer { ip: address.ip().to_canonical(), port: Some(address.port()) }),
            Err(_) => text.parse::<IpAddr>().map(|ip| Peer { ip: ip.to_canonical(), port: None }),
        }
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            Some(port) => write!(f, "{}", SocketAddr::new(self.ip, port)),
            None => write!(f, "{}", self.ip),
        }
    }
}

/// Follows who sends.
#[derive(Debug)]
pub(super) struct Pin {
    peer: Option<Peer>,
    /// The sender that is believed, and when it was last heard.
    believed: Option<(SocketAddr, Mono)>,
    /// The second in which packets of others are counted: its beginning, and how many.
    others: Option<(Mono, u32)>,
    /// When there were last so many of others that packets may have been dropped.
    flooded: Option<Mono>,
}

/// Who sent a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sender {
    /// The one that is believed.
    Known,
    /// The first.
    First,
    /// Another, which is believed from now on: the one before has been silent.
    Changed(SocketAddr),
    /// Another, which is not believed.
    Other,
}

impl Pin {
    pub(super) fn new(peer: Option<Peer>) -> Pin {
        Pin { peer, believed: None, others: None, flooded: None }
    }

    /// The sender that is believed, for people.
    pub(super) fn name(&self) -> String {
        match (self.believed, self.peer) {
            (Some((believed, _)), _) => believed.to_string(),
            (None, Some(peer)) => peer.to_string(),
            (None, None) => "nobody".into(),
        }
    }

    /// Where the sender that is believed sends from.
    pub(super) fn believed(&self) -> Option<SocketAddr> {
        self.believed.map(|(sender, _)| sender)
    }

    /// Whether the sender is the one that is believed, or could become it.
    pub(super) fn may_be(&self, sender: SocketAddr, now: Mono, silent_after: Duration) -> bool {
        let named = self.peer.is_none_or(|peer| {
            peer.ip == sender.ip().to_canonical() && peer.port.is_none_or(|port| port == sender.port())
        });
        let drowned = self.flooded.is_some_and(|at| now.since(at) <= silent_after.max(SECOND));
        let silent = |at| now.since(at) > silent_after && !drowned;
        named && self.believed.is_none_or(|(known, at)| known == sender || silent(at))
    }

    /// Counts a packet of a sender that may not be believed.
    pub(super) fn refuse(&mut self, now: Mono) {
        let (began, count) = self.others.filter(|(began, _)| now.since(*began) < SECOND).unwrap_or((now, 0));
        self.others = Some((began, count + 1));
        if count + 1 >= FLOOD_PER_S {
            self.flooded = Some(now);
        }
    }

    /// Takes a sound packet's sender.
    pub(super) fn take(&mut self, sender: SocketAddr, now: Mono, silent_after: Duration) -> Sender {
        if !self.may_be(sender, now, silent_after) {
            self.refuse(now);
            return Sender::Other;
        }
        match self.believed.replace((sender, now)) {
            None => Sender::First,
            Some((known, _)) if known == sender => Sender::Known,
            Some((known, _)) => Sender::Changed(known),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SILENT: Duration = Duration::from_secs(1);

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_first_sender_is_believed_until_it_is_silent() {
        let (a, b) = (address("10.0.0.1:20000"), address("10.0.0.2:20000"));
        let mut pin = Pin::new(None);
        for (sender, ms, expected) in [
            (a, 0, Sender::First),
            (b, 100, Sender::Other),
            (a, 900, Sender::Known),
            // What another sends does not make the first silent.
            (b, 1_800, Sender::Other),
            (a, 1_900, Sender::Known),
            (b, 3_000, Sender::Changed(a)),
            (a, 3_100, Sender::Other),
        ] {
            assert_eq!(pin.take(sender, Mono(ms * 1_000), SILENT), expected, "{sender} at {ms} ms");
        }
        assert_eq!(pin.name(), "10.0.0.2:20000");
    }

    #[test]
    fn a_flood_does_not_make_the_first_sender_silent() {
        let (a, b) = (address("10.0.0.1:20000"), address("10.0.0.2:20000"));
        let mut pin = Pin::new(None);
        assert_eq!(pin.take(a, Mono(0), SILENT), Sender::First);
        // Ten seconds of 4,000 packets a second.
        for us in (0..10_000_000).step_by(250) {
            assert_eq!(pin.take(b, Mono(us), SILENT), Sender::Other, "at {us} us");
        }
        assert_eq!(pin.take(a, Mono(10_000_000), SILENT), Sender::Known);
        // As slow as a bus it is believed, a silence and a quiet second later.
        assert_eq!(pin.take(b, Mono(10_500_000), SILENT), Sender::Other);
        assert_eq!(pin.take(b, Mono(11_100_000), SILENT), Sender::Changed(a));
    }

    #[test]
    fn a_named_sender_is_never_replaced_by_another() {
        let port = "10.0.0.1:20000".parse::<Peer>().unwrap();
        let machine = "10.0.0.1".parse::<Peer>().unwrap();
        for (peer, sender, expected) in [
            (port, "10.0.0.1:20000", Sender::First),
            (port, "[::ffff:10.0.0.1]:20000", Sender::First),
            (port, "10.0.0.1:20001", Sender::Other),
            (machine, "10.0.0.1:20001", Sender::First),
            (machine, "10.0.0.2:20000", Sender::Other),
        ] {
            assert_eq!(Pin::new(Some(peer)).take(address(sender), Mono(0), SILENT), expected, "{peer} {sender}");
        }
        assert!("bms.local".parse::<Peer>().is_err());
    }
}
