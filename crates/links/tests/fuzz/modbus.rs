//! Modbus: frames among the noise of a serial line, and the chain of models of a SunSpec device.

use crate::targets::plausible;
use domain::topology::Topology;
use links::bus::modbus::rtu;
use links::bus::modbus::{ReadRegisters, Reply};
use links::device::registers::{Area, Poll};
use links::device::sign::Sign;
use links::device::sunspec::SunSpec;
use links::device::sunspec::layout::Walk;
use testkit::Target;

/// What a gateway sends after a request for three registers of unit 17.
pub(crate) struct Rtu;

const ASKED: ReadRegisters = ReadRegisters { unit: 17, area: Area::Holding, address: 0x6B, count: 3 };

fn framed(body: &[u8]) -> Vec<u8> {
    [body, &rtu::crc(body).to_le_bytes()].concat()
}

impl Target for Rtu {
    fn name(&self) -> &'static str {
        "rtu"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let good = framed(&[17, 3, 6, 0xAE, 0x41, 0x56, 0x52, 0x43, 0x40]);
        let other = framed(&[18, 3, 6, 0, 1, 0, 2, 0, 3]);
        let echo = rtu::frame_of(&ASKED.into());
        let noise = [0xFF, 17, 3, 6, 0x7F, 17, 0x83, 0, 17, 3, 250].to_vec();
        vec![
            good.clone(),
            framed(&[17, 0x83, 2]),
            [echo.as_slice(), &good].concat(),
            [noise.as_slice(), &good].concat(),
            [b"Welcome\r\n".as_slice(), &echo, &noise, &good, &noise].concat(),
            [good.as_slice(), &other].concat(),
            other,
        ]
    }

    fn take(&self, input: &[u8]) -> bool {
        let found = [false, true].map(|any_unit| rtu::find(input, &ASKED.into(), any_unit));
        for reply in found.iter().flatten().flatten() {
            let (reply, end) = reply;
            assert!(*end <= input.len());
            if let Reply::Words(words) = reply {
                // Whatever was taken for the answer has its checksum right before its end.
                assert_eq!(words.len(), usize::from(ASKED.count));
                let frame = &input[end - 11..*end];
                assert_eq!(rtu::crc(&frame[..9]).to_le_bytes(), frame[9..]);
            }
        }
        found.iter().any(|reply| matches!(reply, Ok(Some(_))))
    }
}

/// The registers of a device behind its marker.
pub(crate) struct Chain;

/// Where its first model is.
const FIRST: u16 = 40_002;

fn bytes(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

fn model(id: u16, length: u16) -> Vec<u16> {
    let values = (0..length).map(|at| if at % 7 == 5 { 0xFFFE } else { at * 31 });
    [id, length].into_iter().chain(values).collect()
}

impl Target for Chain {
    fn name(&self) -> &'static str {
        "sunspec"
    }

    fn seeds(&self) -> Vec<Vec<u8>> {
        let end = vec![0xFFFF, 0];
        let mut cells = model(805, 42 + 16);
        // String and module from 1, four cells.
        cells[2..5].copy_from_slice(&[1, 1, 4]);
        let whole = [model(1, 66), model(802, 62), model(803, 58), cells, end.clone()].concat();
        let storage = [model(1, 66), model(64_999, 3), model(124, 24), end.clone()].concat();
        let odd = [model(1, 65), model(802, 61), model(802, 62), end].concat();
        [whole, storage, odd, model(802, 62)].map(|words| bytes(&words)).to_vec()
    }

    fn take(&self, input: &[u8]) -> bool {
        let words: Vec<u16> = input.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
        let at = |address: u16| usize::from(address.wrapping_sub(FIRST));
        let mut walk = Walk::new(FIRST);
        let mut steps = 0;
        while let Some(&[id, length]) = words.get(at(walk.next)..at(walk.next).saturating_add(2)) {
            steps += 1;
            assert!(steps <= 1_000, "the chain has no end");
            if !walk.take(id, length) {
                break;
            }
        }
        let layout = walk.end();
        let mut read = false;
        for topology in [Topology::NONE, Topology::new(1, 1, 4)] {
            let Ok(layout) = layout.clone().fit(&topology) else { continue };
            let device = SunSpec::new(topology, Sign::DischargePositive);
            device.set_layout(layout.clone());
            let mut poll = Poll::default();
            for model in &layout.models {
                let from = at(model.address).min(words.len());
                let until = (from + model.registers() as usize).min(words.len());
                read |= device.decode(model, &words[from..until], &mut poll).is_ok();
                device.lost(model, &mut poll);
            }
            device.finish(&mut poll);
            plausible(&poll.readings);
        }
        read
    }
}
