//! Frames from a report, by the layout table.

use super::layout::{Message, Signal};
use crate::controller::report::Report;

/// A classic CAN frame with an 11-bit id and 8 data bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    /// 11-bit CAN id.
    pub id: u16,
    /// Its data.
    pub data: [u8; 8],
}

/// One sweep: every frame of every message, in the layout's order.
pub fn sweep(messages: &[Message], report: &Report) -> Vec<Frame> {
    let mut frames = Vec::new();
    for message in messages.iter().filter(|message| (message.sent)(report)) {
        for (mux, signals) in message.frames.iter().enumerate() {
            let mux = if message.mux.is_some() { (mux as u64) << 56 } else { 0 };
            let word = signals.iter().fold(mux, |word, signal| word | placed(signal, signal.raw(report)));
            frames.push(Frame { id: message.id, data: word.to_be_bytes() });
        }
    }
    frames
}

/// The raw value shifted to the signal's place in the frame's word.
fn placed(signal: &Signal, raw: i64) -> u64 {
    let mask = (1_u64 << signal.bits) - 1;
    (raw as u64 & mask) << (signal.high_bit + 1 - signal.bits)
}
