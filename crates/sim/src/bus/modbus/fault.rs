//! Faults of a Modbus device on the wire, on demand.

use crate::modbus::Request;
use crate::registers::exception;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// What goes wrong between a device's registers and the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WireFault {
    /// Every answer comes so much later.
    Slow(Duration),
    /// Requests are read and never answered.
    Silent,
    /// Every request is refused with this exception code.
    Exception(u8),
    /// Answers that are none: of another transaction, a register short, noise, in turn.
    Garbage,
    /// Connections stay open, but nobody reads what comes in any more. What was open then stays so.
    HalfOpen,
    /// The connection is closed after each answer.
    CloseAfterReply,
    /// The connection is closed when nothing was asked for so long.
    CloseWhenIdle(Duration),
    /// Answers name this unit, whichever was asked.
    OtherUnit(u8),
    /// Noise and an echo of the request come before each answer, as on a serial line.
    Noise,
    /// There are no registers from the first to the last of these: a request that touches one is refused.
    Missing(u16, u16),
    /// No more registers than this are read at once: longer requests are refused.
    ReadAtMost(u16),
    /// Writes are carried out, and their answers never come.
    HoldWriteReplies,
}

/// What goes out for a request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sent {
    /// Bytes; `None` for nothing.
    pub(super) bytes: Option<Vec<u8>>,
    /// Whether the connection is closed then.
    pub(super) close: bool,
}

/// A device's fault, shared with its connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    fault: Option<WireFault>,
    garbage: usize,
}

impl Faults {
    /// Brings a fault about, or ends it.
    pub(crate) fn set(&self, fault: Option<WireFault>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fault = fault;
    }

    /// The fault, and how many garbled answers there were.
    fn next(&self) -> (Option<WireFault>, usize) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.garbage += usize::from(state.fault == Some(WireFault::Garbage));
        (state.fault, state.garbage)
    }

    /// How long a connection may be idle before it is closed.
    pub(super) fn idle(&self) -> Option<Duration> {
        match self.0.lock().unwrap_or_else(PoisonError::into_inner).fault {
            Some(WireFault::CloseWhenIdle(pause)) => Some(pause),
            _ => None,
        }
    }

    /// What goes out instead of `reply` for the request of these bytes.
    pub(super) async fn spoil(&self, asked: &[u8], request: &Request, reply: Option<Vec<u8>>) -> Sent {
        let (fault, garbage) = self.next();
        let touches = |first: u16, last: u16| {
            request.range.is_some_and(|(at, count)| at <= last && u32::from(at) + u32::from(count) > u32::from(first))
        };
        let bytes = match fault {
            None | Some(WireFault::CloseAfterReply | WireFault::CloseWhenIdle(_)) => reply,
            Some(WireFault::OtherUnit(unit)) => reply.map(|reply| request.of_unit(unit, reply)),
            Some(WireFault::Noise) => reply.map(|reply| [&[0xFF, 0, request.unit, 3], asked, &reply].concat()),
            Some(WireFault::Missing(first, last)) if touches(first, last) => Some(request.refusal(exception::ADDRESS)),
            Some(WireFault::ReadAtMost(most)) if request.range.is_some_and(|(_, count)| count > most) => {
                Some(request.refusal(exception::VALUE))
            }
            Some(WireFault::Missing(..) | WireFault::ReadAtMost(_)) => reply,
            Some(WireFault::Slow(delay)) => {
                tokio::time::sleep(delay).await;
                reply
            }
            Some(WireFault::HoldWriteReplies) => reply.filter(|_| !request.is_write()),
            Some(WireFault::Silent) => None,
            Some(WireFault::Exception(code)) => Some(request.refusal(code)),
            Some(WireFault::Garbage) => reply.map(|reply| garbled(reply, garbage, request.transaction.is_some())),
            Some(WireFault::HalfOpen) => std::future::pending().await,
        };
        Sent { bytes, close: fault == Some(WireFault::CloseAfterReply) }
    }
}

/// A reply that is none, one kind after the other.
fn garbled(mut reply: Vec<u8>, number: usize, tcp: bool) -> Vec<u8> {
    match number % 3 {
        0 => reply[0] ^= 0x55,
        // One register less, with lengths that fit.
        1 if tcp && reply.len() > 11 => {
            reply.truncate(reply.len() - 2);
            reply[5] -= 2;
            reply[8] -= 2;
        }
        _ => {
            reply.iter_mut().enumerate().for_each(|(place, byte)| *byte = byte.wrapping_mul(31) ^ (place as u8 | 0x80))
        }
    }
    reply
}
