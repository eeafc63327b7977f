use super::*;
use crate::controller::report::Report;
use crate::sunspec::{BASE, BATTERY, STORAGE, address_of, registers};
use domain::lab::{LabFault, WriteFault};
use domain::topology::Topology;

struct Door {
    set: Setpoints,
    gateway: Gateway,
    plate: Nameplate,
}

impl Door {
    fn new(faults: &[LabFault]) -> Door {
        let topology = Topology::new(1, 2, 3);
        let mut set = Setpoints::new(20.0);
        faults.iter().for_each(|fault| set.set_fault(*fault, true));
        Door { set, gateway: Gateway::default(), plate: Nameplate { serial: "S".into(), topology, capacity_ah: 280.0 } }
    }

    fn address(&self, model: u16, at: u16) -> u16 {
        address_of(&self.plate, model).unwrap() + at
    }

    fn write(&mut self, model: u16, at: u16, words: &[u16]) -> Taken {
        let write = Write { unit: 1, address: self.address(model, at), words: words.to_vec() };
        take(&mut self.set, &mut self.gateway, &self.plate, &write)
    }

    fn read(&self, model: u16, at: u16) -> u16 {
        let report =
            Report { cell_mv: vec![None; 6], cell_c: vec![None; 6], setpoints: self.set.told(), ..Report::default() };
        registers(&report, &self.gateway, &self.plate)[usize::from(self.address(model, at) - BASE)]
    }

    fn seconds(&mut self, seconds: u16) {
        (0..seconds * 5).for_each(|_| self.set.step(0.2));
    }
}

#[test]
fn models_are_where_the_chain_says() {
    let door = Door::new(&[]);
    assert_eq!((door.read(BATTERY, 0), door.read(STORAGE, 0), door.read(STORAGE, 1)), (802, 124, 24));
    assert_eq!((door.read(STORAGE, 2), door.read(STORAGE, 18)), (25_000, 1), "250 kW");
    assert_eq!((door.read(STORAGE, 12), door.read(STORAGE, 13), door.read(STORAGE, 5)), (6_000, 2_000, 0));
}

#[test]
fn a_reserve_is_one_whichever_point_sets_it() {
    let mut door = Door::new(&[]);
    assert_eq!(door.write(BATTERY, RESERVE_MIN, &[3_050]), Ok(()));
    assert_eq!((door.read(BATTERY, RESERVE_MIN), door.read(STORAGE, RESERVE)), (3_050, 3_050));
    assert_eq!(door.write(STORAGE, RESERVE, &[1_000]), Ok(()));
    assert_eq!(door.set.value(Setpoint::Reserve), 10.0);
    for word in [999, 5_001, NOTHING] {
        assert_eq!(door.write(BATTERY, RESERVE_MIN, &[word]), Err(3), "{word}");
    }
    assert_eq!(door.read(BATTERY, RESERVE_MIN), 1_000);
}

#[test]
fn a_limit_waits_for_its_bit_is_held_for_its_time_and_goes_with_its_bit() {
    let mut door = Door::new(&[]);
    assert_eq!(door.write(STORAGE, REVERT, &[10]), Ok(()));
    assert_eq!(door.write(STORAGE, 12, &[4_000]), Ok(()));
    assert_eq!((door.read(STORAGE, 12), door.set.value(Setpoint::DischargeLimit)), (4_000, 150e3), "it waits");
    assert_eq!(door.write(STORAGE, MODE, &[0b10]), Ok(()));
    assert_eq!((door.read(STORAGE, MODE), door.set.value(Setpoint::DischargeLimit)), (0b10, 100e3));
    door.seconds(6);
    assert_eq!(door.write(STORAGE, 12, &[2_000]), Ok(()));
    door.seconds(6);
    assert_eq!((door.read(STORAGE, 12), door.set.value(Setpoint::DischargeLimit)), (2_000, 50e3), "renewed");
    door.seconds(5);
    assert_eq!((door.read(STORAGE, 12), door.read(STORAGE, MODE)), (6_000, 0), "its time is over");

    assert_eq!(door.write(STORAGE, 12, &[3_000, 800]), Ok(()));
    assert_eq!(door.write(STORAGE, MODE, &[0b11]), Ok(()));
    assert_eq!((door.set.value(Setpoint::DischargeLimit), door.set.value(Setpoint::ChargeLimit)), (75e3, 20e3));
    assert_eq!(door.write(STORAGE, MODE, &[0b10]), Ok(()));
    assert_eq!((door.set.value(Setpoint::DischargeLimit), door.set.value(Setpoint::ChargeLimit)), (75e3, 50e3));
    for (at, word, code) in
        [(12, 10_001, 3), (12, 0x8000, 3), (12, 0xFFFF, 3), (MODE, 4, 3), (REVERT, 601, 3), (2, 1, 2), (8, 1, 2)]
    {
        assert_eq!(door.write(STORAGE, at, &[word]), Err(code), "{word} to {at}");
    }
    assert_eq!(door.write(STORAGE, 24, &[1, 1, 1]), Err(2), "beyond the model");
}

#[test]
fn it_connects_and_disconnects_and_says_who_commands() {
    let mut door = Door::new(&[]);
    assert_eq!((door.read(BATTERY, SET_OPERATION), door.read(BATTERY, LOCAL_REMOTE)), (CONNECT, 0));
    assert_eq!((door.write(BATTERY, SET_OPERATION, &[DISCONNECT]), door.set.runs()), (Ok(()), false));
    assert_eq!(door.write(BATTERY, SET_OPERATION, &[3]), Err(3));
    door.set.set_fault(LabFault::Writes(WriteFault::LocalControl), true);
    assert_eq!(door.write(BATTERY, SET_OPERATION, &[CONNECT]), Err(4));
    assert_eq!((door.read(BATTERY, SET_OPERATION), door.read(BATTERY, LOCAL_REMOTE)), (DISCONNECT, 1));
}

#[test]
fn who_ignores_says_neither_the_value_nor_that_it_counts() {
    let mut door = Door::new(&[LabFault::Writes(WriteFault::Ignored)]);
    for (at, word) in [(REVERT, 10), (12, 4_000), (MODE, 0b10)] {
        assert_eq!(door.write(STORAGE, at, &[word]), Ok(()));
    }
    assert_eq!((door.read(STORAGE, 12), door.read(STORAGE, MODE)), (6_000, 0));
    let mut door = Door::new(&[LabFault::Writes(WriteFault::Clamped)]);
    assert_eq!((door.write(STORAGE, 12, &[9_000]), door.write(STORAGE, MODE, &[0b10])), (Ok(()), Ok(())));
    assert_eq!((door.read(STORAGE, 12), door.read(STORAGE, MODE)), (4_800, 0b10), "120 kW");
}
