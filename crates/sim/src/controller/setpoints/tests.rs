use super::Setpoint::{ChargeLimit, DischargeLimit, GridSetpoint, MinimumSoc, Mode as ModeOf, Reserve, Run};
use super::*;
use WriteFault::*;

fn setpoints(faults: &[LabFault]) -> Setpoints {
    let mut setpoints = Setpoints::new(20.0);
    faults.iter().for_each(|fault| setpoints.set_fault(*fault, true));
    setpoints
}

fn writes(fault: WriteFault) -> Setpoints {
    setpoints(&[LabFault::Writes(fault)])
}

/// What it goes by and what it says.
fn both(setpoints: &Setpoints, setpoint: Setpoint) -> (f32, f32) {
    (setpoints.value(setpoint), setpoints.told().value(setpoint))
}

#[test]
fn values_within_their_range_are_taken_and_others_change_nothing() {
    for (setpoint, default, good, bad) in [
        (Reserve, 20.0, [10.0, 33.3, 50.0], [9.9, 50.1]),
        (DischargeLimit, 150e3, [0.0, 80_500.0, 250e3], [-1.0, 250_001.0]),
        (ChargeLimit, 50e3, [0.0, 12e3, 250e3], [-0.1, f32::INFINITY]),
        (ModeOf, 1.0, [0.0, 1.0, 0.0], [-1.0, 2.0]),
        (Run, 1.0, [0.0, 1.0, 0.0], [2.0, f32::NAN]),
        (MinimumSoc, 20.0, [0.0, 35.0, 100.0], [-0.1, 100.1]),
        (GridSetpoint, 0.0, [-1_500.0, 0.0, 32e3], [-32_001.0, 32_001.0]),
    ] {
        let mut setpoints = setpoints(&[]);
        assert_eq!(both(&setpoints, setpoint), (default, default));
        for value in bad {
            assert_eq!(setpoints.set(setpoint, value, None), Err(Refusal::Value), "{setpoint:?} {value}");
            assert_eq!(setpoints.value(setpoint), default);
        }
        for value in good {
            assert_eq!(setpoints.set(setpoint, value, None), Ok(()));
            assert_eq!(both(&setpoints, setpoint), (value, value), "{setpoint:?}");
        }
    }
}

#[test]
fn a_limit_returns_to_its_default_unless_it_is_set_again_and_the_rest_stays() {
    let mut setpoints = setpoints(&[]);
    for (setpoint, value) in [(Reserve, 30.0), (DischargeLimit, 40e3), (ModeOf, 0.0), (Run, 0.0)] {
        setpoints.set(setpoint, value, None).unwrap();
    }
    setpoints.set(ChargeLimit, 10e3, Some(2.0)).unwrap();
    let after = |setpoints: &mut Setpoints, seconds: f32| {
        (0..(seconds * 5.0) as usize).for_each(|_| setpoints.step(0.2));
        Setpoint::OF_PACK.map(|setpoint| setpoints.value(setpoint))
    };
    assert_eq!(after(&mut setpoints, 1.0), [30.0, 40e3, 10e3, 0.0, 0.0]);
    assert!((setpoints.told().left_s(DischargeLimit) - 59.0).abs() < 0.3 && setpoints.is_held(ChargeLimit));
    assert_eq!(after(&mut setpoints, 2.0), [30.0, 40e3, 50e3, 0.0, 0.0]);
    assert_eq!(after(&mut setpoints, 50.0)[1], 40e3);
    setpoints.set(DischargeLimit, 40e3, None).unwrap();
    assert_eq!(after(&mut setpoints, 58.0)[1], 40e3, "it was renewed");
    assert_eq!(after(&mut setpoints, 3.0), [30.0, 150e3, 50e3, 0.0, 0.0]);
    assert_eq!((setpoints.told().left_s(DischargeLimit), setpoints.is_held(DischargeLimit)), (0.0, false));
    setpoints.set(DischargeLimit, 40e3, Some(1e6)).unwrap();
    assert_eq!(setpoints.told().left_s(DischargeLimit), LEASE_MAX_S);
    setpoints.release(DischargeLimit).unwrap();
    assert_eq!(setpoints.value(DischargeLimit), 150e3);
}

#[test]
fn who_refuses_takes_nothing() {
    for (fault, refusal) in [(Refused, Refusal::Value), (LocalControl, Refusal::Local), (Dropped, Refusal::Dropped)] {
        let mut setpoints = writes(fault);
        assert_eq!(setpoints.set(Reserve, 30.0, None), Err(refusal));
        assert_eq!(setpoints.release(DischargeLimit), Err(refusal));
        assert_eq!(both(&setpoints, Reserve), (20.0, 20.0));
        assert_eq!((setpoints.told().local, setpoints.manner().drops), (fault == LocalControl, fault == Dropped));
        setpoints.set_fault(LabFault::Writes(fault), false);
        assert_eq!(setpoints.set(Reserve, 30.0, None), Ok(()), "{fault:?} is over");
    }
}

#[test]
fn who_ignores_clamps_or_lies_confirms_all_the_same() {
    for (fault, setpoint, value, goes_by, says) in [
        (Ignored, DischargeLimit, 40e3, 150e3, 150e3),
        (Clamped, DischargeLimit, 200e3, 120e3, 120e3),
        (Clamped, DischargeLimit, 100e3, 100e3, 100e3),
        (Clamped, Reserve, 45.0, 35.0, 35.0),
        (Unanswered, DischargeLimit, 40e3, 40e3, 40e3),
        (OneStepOff, DischargeLimit, 40e3, 40e3, 41e3),
        (OneStepOff, DischargeLimit, 250e3, 250e3, 249e3),
        (OneStepOff, Reserve, 30.0, 30.0, 31.0),
        (OneStepOff, Run, 1.0, 1.0, 0.0),
    ] {
        let mut setpoints = writes(fault);
        assert_eq!(setpoints.set(setpoint, value, None), Ok(()));
        assert_eq!(both(&setpoints, setpoint), (goes_by, says), "{fault:?} {setpoint:?}");
        assert_eq!(setpoints.manner().keeps_silent, fault == Unanswered);
    }
}

#[test]
fn who_is_late_takes_it_later_and_a_wrong_value_is_refused_at_once() {
    let mut setpoints = setpoints(&[LabFault::LateWrites(2), LabFault::LateWrites(3)]);
    assert!(setpoints.manner().late_s > 3.0, "it is answered once it is taken");
    assert_eq!(setpoints.set(DischargeLimit, 300e3, None), Err(Refusal::Value));
    assert_eq!(setpoints.set(DischargeLimit, 40e3, Some(9.0)), Ok(()));
    (0..14).for_each(|_| setpoints.step(0.2));
    assert_eq!(setpoints.value(DischargeLimit), 150e3);
    (0..2).for_each(|_| setpoints.step(0.2));
    let left_s = setpoints.told().left_s(DischargeLimit);
    assert!(setpoints.value(DischargeLimit) == 40e3 && (8.7..=9.0).contains(&left_s), "{left_s} s from then on");
}

#[test]
fn who_forgets_has_the_old_value_again_after_5_s_renewed_or_not() {
    let mut setpoints = writes(Forgotten);
    setpoints.set(Reserve, 30.0, None).unwrap();
    setpoints.set(Reserve, 40.0, None).unwrap();
    for _ in 0..24 {
        setpoints.set(DischargeLimit, 40e3, None).unwrap();
        setpoints.step(0.2);
    }
    assert_eq!((setpoints.value(Reserve), setpoints.value(DischargeLimit)), (40.0, 40e3));
    (0..2).for_each(|_| setpoints.step(0.2));
    assert_eq!((setpoints.value(Reserve), setpoints.value(DischargeLimit)), (20.0, 150e3));
}

#[test]
fn the_lowest_limit_counts() {
    let mut setpoints = setpoints(&[]);
    setpoints.set(DischargeLimit, 100e3, None).unwrap();
    for (bms_w, discharge_w, charge_w) in [(230e3, 100e3, 50e3), (80e3, 80e3, 50e3), (30e3, 30e3, 30e3)] {
        let bms = Limits { discharge_a: 280.0, charge_a: 140.0, discharge_w: bms_w, charge_w: bms_w };
        assert_eq!(setpoints.narrow(bms), Limits { discharge_w, charge_w, ..bms });
    }
}
