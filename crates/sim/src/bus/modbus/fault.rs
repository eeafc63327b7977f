//! Faults of a Modbus device on the wire, on demand.

use super::frame::Request;
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

    /// What goes out instead of `reply`; `None` for nothing.
    pub(super) async fn spoil(&self, request: &Request, reply: Option<Vec<u8>>) -> Option<Vec<u8>> {
        let (fault, garbage) = self.next();
        match fault {
            None => reply,
            Some(WireFault::Slow(delay)) => {
                tokio::time::sleep(delay).await;
                reply
            }
            Some(WireFault::Silent) => None,
            Some(WireFault::Exception(code)) => Some(request.refusal(code)),
            Some(WireFault::Garbage) => reply.map(|reply| garbled(reply, garbage, request.transaction.is_some())),
            Some(WireFault::HalfOpen) => std::future::pending().await,
        }
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
