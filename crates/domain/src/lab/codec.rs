//! What the simulation is doing, as a message.

use super::{LabFault, LabState, LoadMode, PackFault, SimDevice};
use crate::wire::{Reader, Wire, WireError, Writer};

const LOAD_AUTO: u8 = 0;
const LOAD_FIXED: u8 = 1;

const WEAK_CELL: u8 = 0;
const HOT_CELL: u8 = 1;
const DEAD_NODE: u8 = 2;
const SILENT_LINK: u8 = 3;
const HIGH_CELL: u8 = 4;
const LOW_CELL: u8 = 5;
const FROZEN_CELL: u8 = 6;
const SLOW_NODE: u8 = 7;
const PACK: u8 = 8;
const WRONG_ESTIMATE: u8 = 9;

impl Wire for LabState {
    fn write(&self, w: &mut Writer) {
        match self.load {
            LoadMode::Auto => w.u8(LOAD_AUTO),
            LoadMode::Fixed(power_w) => {
                w.u8(LOAD_FIXED);
                w.f32(power_w);
            }
        }
        w.option(self.burst, |w, (power_w, seconds)| {
            w.f32(power_w);
            w.f32(seconds);
        });
        w.f32(self.ambient_c);
        self.faults.write(w);
    }

    fn read(r: &mut Reader<'_>) -> Result<LabState, WireError> {
        Ok(LabState {
            load: match r.u8()? {
                LOAD_AUTO => LoadMode::Auto,
                LOAD_FIXED => LoadMode::Fixed(r.f32()?),
                _ => return Err(r.invalid("a load mode")),
            },
            burst: r.option(|r| Ok((r.f32()?, r.f32()?)))?,
            ambient_c: r.f32()?,
            faults: Wire::read(r)?,
        })
    }
}

impl Wire for LabFault {
    fn write(&self, w: &mut Writer) {
        let (kind, place) = match *self {
            LabFault::WeakCell(cell) => (WEAK_CELL, cell),
            LabFault::HotCell(cell) => (HOT_CELL, cell),
            LabFault::DeadNode(node) => (DEAD_NODE, node),
            LabFault::SilentLink(device) => (SILENT_LINK, device as u16),
            LabFault::HighCell(cell) => (HIGH_CELL, cell),
            LabFault::LowCell(cell) => (LOW_CELL, cell),
            LabFault::FrozenCell(cell) => (FROZEN_CELL, cell),
            LabFault::SlowNode(node) => (SLOW_NODE, node),
            LabFault::Pack(fault) => (PACK, fault as u16),
            LabFault::WrongEstimate => (WRONG_ESTIMATE, 0),
        };
        w.u8(kind);
        w.varint(u64::from(place));
    }

    fn read(r: &mut Reader<'_>) -> Result<LabFault, WireError> {
        let kind = r.u8()?;
        let place = r.number::<u16>("a cell, node or device")?;
        match kind {
            WEAK_CELL => Ok(LabFault::WeakCell(place)),
            HOT_CELL => Ok(LabFault::HotCell(place)),
            DEAD_NODE => Ok(LabFault::DeadNode(place)),
            SILENT_LINK => SimDevice::ALL
                .get(place as usize)
                .map(|device| LabFault::SilentLink(*device))
                .ok_or_else(|| r.invalid("a device")),
            HIGH_CELL => Ok(LabFault::HighCell(place)),
            LOW_CELL => Ok(LabFault::LowCell(place)),
            FROZEN_CELL => Ok(LabFault::FrozenCell(place)),
            SLOW_NODE => Ok(LabFault::SlowNode(place)),
            PACK => PackFault::ALL
                .get(usize::from(place))
                .map(|(fault, ..)| LabFault::Pack(*fault))
                .ok_or_else(|| r.invalid("a fault of a pack")),
            WRONG_ESTIMATE => Ok(LabFault::WrongEstimate),
            _ => Err(r.invalid("a fault")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lab_round_trips_and_no_part_of_it_does() {
        let mut faults = vec![LabFault::WeakCell(131), LabFault::HotCell(259), LabFault::DeadNode(12)];
        faults.extend(SimDevice::ALL.map(LabFault::SilentLink));
        faults.extend([LabFault::HighCell(1), LabFault::LowCell(2), LabFault::FrozenCell(3), LabFault::SlowNode(4)]);
        faults.push(LabFault::WrongEstimate);
        faults.extend(PackFault::ALL.map(|(fault, ..)| LabFault::Pack(fault)));
        for lab in [
            LabState::default(),
            LabState { load: LoadMode::Fixed(180_000.0), burst: Some((240_000.0, 12.5)), ambient_c: -5.0, faults },
        ] {
            let bytes = lab.to_bytes();
            assert_eq!(LabState::from_bytes(&bytes).as_ref(), Ok(&lab));
            for len in 0..bytes.len() {
                assert!(LabState::from_bytes(&bytes[..len]).is_err(), "the first {len} bytes");
            }
        }
    }

    #[test]
    fn every_device_is_sent_by_its_place() {
        for (place, device) in SimDevice::ALL.into_iter().enumerate() {
            assert_eq!(device as usize, place);
        }
    }
}
