//! What the simulation is doing, as a message.

use super::{LabFault, LabState, LoadMode, SimDevice};
use crate::wire::{Reader, Wire, WireError, Writer};

const LOAD_AUTO: u8 = 0;
const LOAD_FIXED: u8 = 1;

const WEAK_CELL: u8 = 0;
const HOT_CELL: u8 = 1;
const DEAD_NODE: u8 = 2;
const SILENT_LINK: u8 = 3;

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
