//! Faults of a CAN bus on its way to the reader, on demand. Pure: packets come in, what is sent instead goes out.

use std::sync::{Arc, Mutex, PoisonError};

/// What goes wrong between the controller's frames and the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CanFault {
    /// The CAN controller of the sender leaves the bus: it reports that, and nothing follows. When the fault ends it
    /// reports its restart.
    BusOff,
    /// Packets of a sweep arrive in reverse order.
    Reordered,
    /// Every packet arrives twice.
    Duplicated,
    /// Packets that are none: cut off, of another version, with more frames announced than there are, in turn.
    Garbage,
    /// Nothing is sent.
    Silent,
}

/// Identifiers of error frames, as Linux writes them: flag and error class.
const BUS_OFF: u32 = 0x2000_0040;
const RESTARTED: u32 = 0x2000_0100;

/// A bus's fault, shared with its sender.
#[derive(Clone, Debug, Default)]
pub(crate) struct CanFaults(Arc<Mutex<Option<CanFault>>>);

impl CanFaults {
    /// Brings a fault about, or ends it.
    pub(crate) fn set(&self, fault: Option<CanFault>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }

    /// The fault now.
    pub(crate) fn now(&self) -> Option<CanFault> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a faulty bus does to sweep after sweep.
#[derive(Debug, Default)]
pub(crate) struct Spoiler {
    before: Option<CanFault>,
    garbage: usize,
}

impl Spoiler {
    /// What goes out instead of a sweep's packets. An error frame takes the next sequence number.
    pub(crate) fn spoil(
        &mut self,
        fault: Option<CanFault>,
        mut packets: Vec<Vec<u8>>,
        sequence: &mut u8,
    ) -> Vec<Vec<u8>> {
        let before = std::mem::replace(&mut self.before, fault);
        match fault {
            Some(CanFault::BusOff | CanFault::Silent) => {
                // What is not sent has no number.
                *sequence = sequence.wrapping_sub(packets.len() as u8);
                let starts = fault == Some(CanFault::BusOff) && before != fault;
                if starts { vec![error_frame(BUS_OFF, sequence)] } else { Vec::new() }
            }
            None if before == Some(CanFault::BusOff) => {
                let first = sequence.wrapping_sub(packets.len() as u8);
                let mut number = first;
                let restarted = error_frame(RESTARTED, &mut number);
                for packet in &mut packets {
                    packet[2] = number;
                    number = number.wrapping_add(1);
                }
                *sequence = number;
                packets.insert(0, restarted);
                packets
            }
            None => packets,
            Some(CanFault::Reordered) => {
                packets.reverse();
                packets
            }
            Some(CanFault::Duplicated) => packets.into_iter().flat_map(|packet| [packet.clone(), packet]).collect(),
            Some(CanFault::Garbage) => {
                packets.iter_mut().for_each(|packet| self.garble(packet));
                packets
            }
        }
    }

    fn garble(&mut self, packet: &mut Vec<u8>) {
        self.garbage += 1;
        match self.garbage % 3 {
            0 => packet.truncate(packet.len() * 2 / 3),
            1 => packet[0] ^= 0x55,
            _ => packet[3] = 0xFF,
        }
    }
}

/// A packet with one error frame.
fn error_frame(id: u32, sequence: &mut u8) -> Vec<u8> {
    let mut packet = vec![2, 0, *sequence, 0, 1];
    packet.extend(id.to_be_bytes());
    packet.extend([8, 0, 0, 0, 0, 0, 0, 0, 0]);
    *sequence = sequence.wrapping_add(1);
    packet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_in_order_through_bus_off_and_silence() {
        let (mut spoiler, mut next) = (Spoiler::default(), 0_u8);
        let mut sent = Vec::new();
        use CanFault::{BusOff, Silent};
        for fault in [None, Some(BusOff), Some(BusOff), None, Some(Silent), None] {
            let packets = vec![vec![2, 0, next, 0, 0], vec![2, 0, next.wrapping_add(1), 0, 0]];
            next = next.wrapping_add(2);
            sent.push(spoiler.spoil(fault, packets, &mut next));
        }
        let numbers: Vec<Vec<u8>> = sent.iter().map(|sweep| sweep.iter().map(|packet| packet[2]).collect()).collect();
        assert_eq!(numbers, [vec![0, 1], vec![2], vec![], vec![3, 4, 5], vec![], vec![6, 7]]);
        assert_eq!(sent[1][0][5..9], BUS_OFF.to_be_bytes());
        assert_eq!(sent[3][0][5..9], RESTARTED.to_be_bytes());
    }

    #[test]
    fn packets_are_turned_doubled_and_garbled() {
        let sweep = || vec![vec![2, 0, 0, 0, 0, 9], vec![2, 0, 1, 0, 0, 9]];
        let spoil = |fault| Spoiler::default().spoil(Some(fault), sweep(), &mut 2);
        assert_eq!(spoil(CanFault::Reordered), [sweep()[1].clone(), sweep()[0].clone()]);
        assert_eq!(spoil(CanFault::Duplicated).len(), 4);
        let garbage = spoil(CanFault::Garbage);
        assert!(garbage.iter().zip(sweep()).all(|(bad, good)| *bad != good), "{garbage:?}");
    }
}
