//! The controller's own register map, as it is set over Modbus. Pure.
//!
//! | holding register | what | step |
//! |---|---|---|
//! | 0 | backup reserve, 10 to 50 %; stored | 0.1 % |
//! | 1 | peak discharge limit, 0 to 250 kW; back to 150 kW after 60 s without another write | 0.1 kW |
//! | 2 | peak charge limit, 0 to 250 kW; back to 50 kW likewise | 0.1 kW |
//! | 3 | mode: 0 Max Safety, 1 Max ROI; stored | |
//! | 4 | 0 standby, 1 run | |
//! | 5, 6 | how long the limits are still held; only read | 1 s |
//! | 7 | 1 under local control: nothing is taken; only read | |
//! | 8-15 | serial number; only read | |
//!
//! Functions 3, 6 and 16. A value that cannot be is exception 3, a register that is only read exception 2, local control
//! exception 4. A write of several registers is taken whole or not at all.

use super::setpoints::{Refusal, Setpoint, Setpoints, Told};
use crate::registers::{Answer, Question, Registers, Taken, Write, exception, text, u16_of};

/// Steps of a register in one unit of the setpoint, by address.
const PER_UNIT: [f32; 5] = [10.0, 0.01, 0.01, 1.0, 1.0];

/// What the map says.
pub fn answer(told: &Told, serial: &str, question: &Question) -> Answer {
    let mut words: Vec<u16> = Setpoint::OF_PACK
        .iter()
        .zip(PER_UNIT)
        .map(|(setpoint, per_unit)| u16_of(told.value(*setpoint), per_unit))
        .collect();
    let left = |setpoint| u16_of(told.left_s(setpoint).ceil(), 1.0);
    words.extend([left(Setpoint::DischargeLimit), left(Setpoint::ChargeLimit), u16::from(told.local)]);
    words.extend(text::<8>(serial));
    Registers::new(0, words).answer(question)
}

/// Sets what a write says.
///
/// # Errors
/// The exception code with which it is refused; nothing has changed.
pub fn take(setpoints: &mut Setpoints, write: &Write) -> Taken {
    let mut trial = setpoints.clone();
    for (place, word) in (usize::from(write.address)..).zip(&write.words) {
        let (Some(setpoint), Some(per_unit)) = (Setpoint::OF_PACK.get(place), PER_UNIT.get(place)) else {
            return Err(exception::ADDRESS);
        };
        trial.set(*setpoint, f32::from(*word) / per_unit, None).map_err(code)?;
    }
    *setpoints = trial;
    Ok(())
}

/// How a refusal is said over Modbus. A connection that is gone says nothing.
pub(crate) fn code(refusal: Refusal) -> u8 {
    match refusal {
        Refusal::Value => exception::VALUE,
        Refusal::Local | Refusal::Dropped => exception::FAILURE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registers::READ_HOLDING;
    use domain::lab::{LabFault, WriteFault};

    fn read(setpoints: &Setpoints, address: u16, count: u16) -> Answer {
        let question = Question { unit: 1, function: READ_HOLDING, address, count };
        answer(&setpoints.told(), "PT-00000001", &question)
    }

    #[test]
    fn what_is_written_is_read_back_and_a_write_is_taken_whole_or_not_at_all() {
        let mut setpoints = Setpoints::new(20.0);
        assert_eq!(read(&setpoints, 0, 8), Ok(vec![200, 1_500, 500, 1, 1, 0, 0, 0]));
        let mut write = |address, words: &[u16]| {
            let taken = take(&mut setpoints, &Write { unit: 1, address, words: words.to_vec() });
            (taken, read(&setpoints, 0, 5).unwrap())
        };
        for (address, words, taken, then) in [
            (0, &[255][..], Ok(()), [255, 1_500, 500, 1, 1]),
            (1, &[805, 0], Ok(()), [255, 805, 0, 1, 1]),
            (3, &[0, 0], Ok(()), [255, 805, 0, 0, 0]),
            (3, &[2], Err(3), [255, 805, 0, 0, 0]),
            (0, &[300, 2_501], Err(3), [255, 805, 0, 0, 0]),
            (4, &[1, 7], Err(2), [255, 805, 0, 0, 0]),
            (u16::MAX, &[1, 7], Err(2), [255, 805, 0, 0, 0]),
        ] {
            assert_eq!(write(address, words), (taken, then.to_vec()), "{words:?} to {address}");
        }
        assert_eq!(read(&setpoints, 5, 3), Ok(vec![60, 60, 0]));
        assert_eq!(
            read(&setpoints, 8, 6),
            Ok([*b"PT", *b"-0", *b"00", *b"00", *b"00", *b"1\0"].map(u16::from_be_bytes).into())
        );
        assert_eq!((read(&setpoints, 8, 8).map(|words| words.len()), read(&setpoints, 9, 8)), (Ok(8), Err(2)));
    }

    #[test]
    fn every_refusal_has_its_exception() {
        for (fault, refused) in [(WriteFault::Refused, 3), (WriteFault::LocalControl, 4), (WriteFault::Dropped, 4)] {
            let mut setpoints = Setpoints::new(20.0);
            setpoints.set_fault(LabFault::Writes(fault), true);
            let taken = take(&mut setpoints, &Write { unit: 1, address: 1, words: vec![400] });
            assert_eq!((taken, read(&setpoints, 1, 1)), (Err(refused), Ok(vec![1_500])));
            assert_eq!(read(&setpoints, 7, 1), Ok(vec![u16::from(fault == WriteFault::LocalControl)]));
        }
    }
}
