//! The packets of MQTT 3.1.1 that are needed to listen.

/// The longest packet that is taken, bytes after its length.
pub const MAX_BYTES: usize = 256 << 10;
/// Asks whether the other side is there.
pub const PING: [u8; 2] = [0xC0, 0];

/// The first bytes of packets that a broker sends to a client that listens without acknowledgements.
const KINDS: [u8; 6] = [0x20, 0x30, 0x31, 0x90, 0xB0, 0xD0];

/// A packet that cannot be, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct PacketError(pub &'static str);

/// A packet of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// Answer to a connect: 0, or why not.
    ConnAck {
        /// See [`refusal`].
        code: u8,
    },
    /// A message.
    Publish {
        /// Its topic.
        topic: &'a str,
        /// Its payload.
        payload: &'a [u8],
        /// Whether the broker kept it from before: nobody knows how old it is.
        retained: bool,
    },
    /// Answer to a subscribe.
    SubAck {
        /// The number of the subscription.
        id: u16,
        /// Whether every topic was granted.
        granted: bool,
    },
    /// Answer to an unsubscribe.
    UnsubAck,
    /// Answer to a ping.
    Pong,
}

/// Why a broker refuses, in words.
pub fn refusal(code: u8) -> &'static str {
    match code {
        1 => "it does not speak MQTT 3.1.1",
        2 => "it does not like the name of this client",
        3 => "it is not available",
        4 => "user or password are wrong",
        5 => "not authorised: does it want a user and password?",
        _ => "for a reason that it does not say",
    }
}

/// Connects with a clean session, without user and will.
pub fn connect(id: &str, keep_alive_s: u16) -> Vec<u8> {
    let [high, low] = keep_alive_s.to_be_bytes();
    let mut body = vec![0, 4, b'M', b'Q', b'T', b'T', 4, 2, high, low];
    push_text(&mut body, id);
    packet(0x10, &body)
}

/// Subscribes to a topic, without acknowledgements.
pub fn subscribe(id: u16, topic: &str) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    push_text(&mut body, topic);
    body.push(0);
    packet(0x82, &body)
}

/// Ends a subscription.
pub fn unsubscribe(id: u16, topic: &str) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    push_text(&mut body, topic);
    packet(0xA2, &body)
}

/// Publishes a message, not retained.
pub fn publish(topic: &str, payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    push_text(&mut body, topic);
    body.extend_from_slice(payload);
    packet(0x30, &body)
}

fn push_text(body: &mut Vec<u8>, text: &str) {
    let bytes = &text.as_bytes()[..text.len().min(usize::from(u16::MAX))];
    body.extend_from_slice(&(bytes.len() as u16).to_be_bytes());
    body.extend_from_slice(bytes);
}

fn packet(kind: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![kind];
    let mut rest = body.len();
    loop {
        let seven = (rest & 0x7F) as u8;
        rest >>= 7;
        bytes.push(if rest > 0 { seven | 0x80 } else { seven });
        if rest == 0 {
            break;
        }
    }
    bytes.extend_from_slice(body);
    bytes
}

/// Where the body begins and ends; `None` while the length has not come in full.
fn frame(bytes: &[u8]) -> Result<Option<(usize, usize)>, PacketError> {
    let mut length = 0;
    for nth in 0..4 {
        let Some(byte) = bytes.get(1 + nth) else { return Ok(None) };
        length |= usize::from(byte & 0x7F) << (7 * nth);
        if byte & 0x80 == 0 {
            let start = 2 + nth;
            return if length <= MAX_BYTES { Ok(Some((start, start + length))) } else { Err(PacketError("too long")) };
        }
    }
    Err(PacketError("a length of more than four bytes"))
}

/// Whether the first packet is one that a broker may send, as far as its first byte tells.
///
/// # Errors
/// It is not: something else speaks there, and its length would mean nothing.
pub fn check(bytes: &[u8]) -> Result<(), PacketError> {
    let known = bytes.first().is_none_or(|kind| KINDS.contains(kind));
    if known { Ok(()) } else { Err(PacketError("of a kind that no broker sends here")) }
}

/// How many bytes the first packet has; `None` while it has not come in full.
///
/// # Errors
/// It is longer than [`MAX_BYTES`], or its length is none.
pub fn length(bytes: &[u8]) -> Result<Option<usize>, PacketError> {
    Ok(frame(bytes)?.map(|(_, end)| end).filter(|end| *end <= bytes.len()))
}

/// Reads one whole packet.
///
/// # Errors
/// It is not one that a broker sends to a client that listens without acknowledgements.
pub fn read(bytes: &[u8]) -> Result<Packet<'_>, PacketError> {
    let whole = frame(bytes)?.filter(|(_, end)| *end == bytes.len());
    let (start, _) = whole.ok_or(PacketError("not one whole packet"))?;
    let body = &bytes[start..];
    match (bytes[0], body) {
        (0x20, [0 | 1, code]) => Ok(Packet::ConnAck { code: *code }),
        (0x90, [high, low, codes @ ..]) if !codes.is_empty() => {
            let id = u16::from_be_bytes([*high, *low]);
            Ok(Packet::SubAck { id, granted: codes.iter().all(|code| *code < 0x80) })
        }
        (0xB0, [_, _]) => Ok(Packet::UnsubAck),
        (0xD0, []) => Ok(Packet::Pong),
        // Retained or not; with an acknowledgement (bits 1 and 2) we would not have asked for it.
        (0x30 | 0x31, [high, low, rest @ ..]) => {
            let topic = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])));
            let (topic, payload) = topic.ok_or(PacketError("a topic longer than its packet"))?;
            let topic = std::str::from_utf8(topic).map_err(|_| PacketError("a topic that is no text"))?;
            Ok(Packet::Publish { topic, payload, retained: bytes[0] == 0x31 })
        }
        _ => Err(PacketError("of a form that no broker sends here")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packets_of_the_specification() {
        let client = [0x10, 13, 0, 4, b'M', b'Q', b'T', b'T', 4, 2, 0, 30, 0, 1, b'p'];
        assert_eq!(connect("p", 30), client);
        assert_eq!(subscribe(10, "a/b"), [0x82, 8, 0, 10, 0, 3, b'a', b'/', b'b', 0]);
        assert_eq!(unsubscribe(1, "a"), [0xA2, 5, 0, 1, 0, 1, b'a']);
        for (bytes, packet) in [
            ([0x20, 2, 0, 0].as_slice(), Packet::ConnAck { code: 0 }),
            (&[0x20, 2, 0, 5], Packet::ConnAck { code: 5 }),
            (&[0x90, 3, 0, 10, 0], Packet::SubAck { id: 10, granted: true }),
            (&[0x90, 4, 0, 10, 0, 0x80], Packet::SubAck { id: 10, granted: false }),
            (&[0xB0, 2, 0, 1], Packet::UnsubAck),
            (&[0xD0, 0], Packet::Pong),
            (&[0x31, 4, 0, 1, b'a', b'x'], Packet::Publish { topic: "a", payload: b"x", retained: true }),
            (&[0x30, 3, 0, 1, b'a'], Packet::Publish { topic: "a", payload: b"", retained: false }),
        ] {
            assert_eq!((length(bytes), read(bytes)), (Ok(Some(bytes.len())), Ok(packet)));
            for cut in 0..bytes.len() {
                assert_eq!(length(&bytes[..cut]), Ok(None));
                assert!(read(&bytes[..cut]).is_err());
            }
        }
    }

    #[test]
    fn what_no_broker_sends_is_refused() {
        for bytes in [
            [0x30, 2, 0, 9].as_slice(),
            &[0x32, 5, 0, 1, b'a', 0, 1],
            &[0x30, 4, 0, 2, 0xFF, 0xFE],
            &[0x90, 2, 0, 1],
            &[0x20, 2, 2, 0],
            &[0x00, 0],
            &[0xD0, 0, 0],
        ] {
            assert!(read(bytes).is_err(), "{bytes:x?}");
        }
        assert!(check(b"HTTP/1.1 400 Bad Request").is_err() && check(b"").is_ok());
        assert_eq!(length(&[0x30, 0xFF, 0xFF, 0xFF, 0x7F]), Err(PacketError("too long")));
        assert!(length(&[0x30, 0x80, 0x80, 0x80, 0x80, 1]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_published_is_read(topic in "[a-zA-Z/0-9]{0,300}", payload in prop::collection::vec(any::<u8>(), 0..20_000)) {
            let bytes = publish(&topic, &payload);
            prop_assert_eq!(length(&[bytes.as_slice(), b"more"].concat()), Ok(Some(bytes.len())));
            prop_assert_eq!(read(&bytes), Ok(Packet::Publish { topic: &topic, payload: &payload, retained: false }));
        }
    }
}
