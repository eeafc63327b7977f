//! The Cerbo GX: services with their registers, each behind a unit identifier of its own. Pure.
//!
//! It has a battery monitor and a grid meter; the inverter is not Victron's, so that there is no VE.Bus service, and the
//! house's consumption is only what the meter sees coming in. As on a real GX: what a service does not know is 0,
//! reserved registers are 0xFFFF, charging is positive, a unit without the service that is asked for is exception 10, a
//! register that is in no list is exception 2.

use super::{Home, SERIES, STRINGS};
use crate::controller::setpoints::{Refusal, Setpoint};
use crate::registers::{
    Answer, Question, READ_HOLDING, READ_INPUT, Registers, Taken, Write, exception, s16_of, s32_of, text, u16_of,
};

/// Unit of the GX itself.
pub const SYSTEM: u8 = 100;
/// Unit of the battery: that of a BMS on the CAN port.
pub const BATTERY: u8 = 225;
/// Unit of the grid meter.
pub const GRID: u8 = 30;

/// Registers of the inverter/chargers that it would know.
const VEBUS: [(u16, usize); 5] = [(3, 3), (12, 3), (23, 3), (31, 1), (33, 1)];
/// The grid setpoint in memory, W in 32 bits; the minimum state of charge, 0.1 %, which is stored.
const GRID_SETPOINT: u16 = 2716;
const MINIMUM_SOC: u16 = 2901;
/// Function codes that write.
const WRITES: [u8; 2] = [6, 16];
/// Below this a battery is idle, A.
const IDLE_A: f32 = 1.0;
/// Longest time to go that is told, s: ten days.
const TO_GO_MAX_S: f32 = 864_000.0;
const RESERVED: u16 = 0xFFFF;

/// What the GX answers. `serial` is its MAC address, 12 digits.
///
/// # Errors
/// The exception code of a real one.
pub fn answer(home: &Home, serial: &str, question: &Question) -> Answer {
    match question.function {
        READ_HOLDING | READ_INPUT => {}
        function if WRITES.contains(&function) => return Err(exception::ADDRESS),
        _ => return Err(exception::FUNCTION),
    }
    question.check_count()?;
    let services = [
        (Some(SYSTEM), system(home, serial)),
        (Some(SYSTEM), settings(home)),
        (Some(BATTERY), battery(home)),
        (Some(GRID), grid(home)),
        (None, nothing(&VEBUS)),
    ];
    // The register says which service is meant, then the unit whose.
    let service = services.iter().find(|(_, registers)| registers.has(question.address));
    match service {
        None => Err(exception::ADDRESS),
        // Unit 0 is the GX as well.
        Some((unit, registers)) if *unit == Some(question.unit) || (*unit, question.unit) == (Some(SYSTEM), 0) => {
            registers.read(question.address, question.count).ok_or(exception::ADDRESS)
        }
        Some(_) => Err(exception::NO_PATH),
    }
}

/// Sets what others may set, as a GX does: whole items of its settings, one at a time.
///
/// # Errors
/// The exception code of a real one; 10 too where the value may not be, and 2 where writing is switched off on the GX.
pub fn take(home: &mut Home, write: &Write) -> Taken {
    let (setpoint, value) = match (write.address, write.words.as_slice()) {
        (MINIMUM_SOC | GRID_SETPOINT, _) if !matches!(write.unit, SYSTEM | 0) => return Err(exception::NO_PATH),
        (MINIMUM_SOC, [tenths]) => (Setpoint::MinimumSoc, f32::from(*tenths) / 10.0),
        (GRID_SETPOINT, [high, low]) => {
            let watts = (u32::from(*high) << 16 | u32::from(*low)) as i32;
            (Setpoint::GridSetpoint, watts as f32)
        }
        _ => return Err(exception::ADDRESS),
    };
    home.setpoints.set(setpoint, value, None).map_err(|refusal| match refusal {
        Refusal::Value | Refusal::Dropped => exception::NO_PATH,
        Refusal::Local => exception::ADDRESS,
    })
}

/// com.victronenergy.settings, as far as others set it here.
fn settings(home: &Home) -> Registers {
    let told = home.setpoints().told();
    let mut r = Registers::default();
    r.add(GRID_SETPOINT, s32_of(told.value(Setpoint::GridSetpoint), 1.0));
    r.add(MINIMUM_SOC, [u16_of(told.value(Setpoint::MinimumSoc), 10.0)]);
    r
}

/// Registers that are known, of a service that is not there.
fn nothing(runs: &[(u16, usize)]) -> Registers {
    let mut registers = Registers::default();
    runs.iter().for_each(|(base, count)| registers.add(*base, vec![0; *count]));
    registers
}

/// What a battery monitor says.
struct Battery {
    voltage_v: f32,
    /// Charging positive, as Victron has it.
    current_a: f32,
    power_w: f32,
    consumed_ah: f32,
    to_go: u16,
}

impl Battery {
    fn of(home: &Home) -> Battery {
        let (voltage_v, current_a) = (home.bank().voltage_v(), -home.bank().current_a());
        let (left_ah, out_a) = (home.capacity_ah() * home.shunt().soc_pct() / 100.0, -current_a);
        // In steps of 100 s; 0 while it charges.
        let to_go_s = if out_a > IDLE_A { (left_ah / out_a * 3_600.0).min(TO_GO_MAX_S) } else { 0.0 };
        Battery {
            voltage_v,
            current_a,
            power_w: -home.battery_w(),
            consumed_ah: home.shunt().consumed_ah(),
            to_go: u16_of(to_go_s, 0.01),
        }
    }
}

/// com.victronenergy.system.
fn system(home: &Home, serial: &str) -> Registers {
    let b = Battery::of(home);
    let legs = legs_w(home.grid_w());
    let used = legs.map(|w| w.max(0.0));
    let mut r = Registers::default();
    r.add(800, text::<6>(serial));
    r.add(806, [0, 0]);
    r.add(808, [0; 9]); // sun on output, input and genset: none of Victron's
    r.add(817, used.map(|w| u16_of(w, 1.0)));
    r.add(820, legs.map(|w| s16_of(w, 1.0)));
    r.add(823, [0; 3]);
    r.add(826, [1]); // active input: grid
    r.add(840, [u16_of(b.voltage_v, 10.0), s16_of(b.current_a, 10.0), s16_of(b.power_w, 1.0)]);
    r.add(843, [u16_of(home.shunt().soc_pct(), 1.0), state(b.current_a)]);
    r.add(845, [u16_of(b.consumed_ah, 10.0), b.to_go]);
    r.add(847, [RESERVED; 3]);
    r.add(850, [0, 0]); // sun on the DC side
    r.add(855, [0]);
    r.add(860, [s16_of(b.power_w, 1.0)]); // all that goes through the DC system
    r.add(865, [0; 2]);
    r.add(868, [0; 34]); // inverter/charger, and sun by phases, 32 bits each
    r.add(902, used.map(|w| s32_of(w, 1.0)).concat());
    r.add(908, legs.map(|w| s32_of(w, 1.0)).concat());
    r.add(914, [0; 6]);
    r
}

/// com.victronenergy.battery.
fn battery(home: &Home) -> Registers {
    let b = Battery::of(home);
    let cells = home.bank().cells();
    let [low_v, high_v] = extremes(cells.voltage_v.iter().copied());
    let [cold_c, hot_c] = extremes((0..cells.len()).map(|cell| cells.terminal_c(cell)));
    let energy = home.energy();
    let mut r = Registers::default();
    r.add(256, s32_of(b.power_w, 1.0));
    r.add(258, [s16_of(b.power_w, 1.0), u16_of(b.voltage_v, 100.0), 0, s16_of(b.current_a, 10.0)]);
    r.add(262, [s16_of(home.temperature_c(), 10.0), 0, 0, u16_of(b.consumed_ah, 10.0)]);
    r.add(266, [u16_of(home.shunt().soc_pct(), 10.0)]);
    r.add(267, [0; 14]); // alarms, relay
    r.add(281, [0; 20]); // history: not kept
    r.add(301, [kwh(energy.discharged.total_wh, 10.0), kwh(energy.charged.total_wh, 10.0), b.to_go]);
    r.add(304, [u16_of(99.0, 10.0), u16_of(home.charge_voltage_v(), 10.0), u16_of(f32::from(SERIES) * 2.8, 10.0)]);
    r.add(307, [u16_of(super::CURRENT_MAX_A, 10.0); 2]);
    r.add(309, [u16_of(home.capacity_ah(), 10.0)]);
    r.add(310, [0; 8]);
    r.add(318, [s16_of(cold_c, 10.0), s16_of(hot_c, 10.0)]);
    r.add(320, [0; 10]);
    r.add(330, s32_of(b.consumed_ah, 1.0));
    r.add(1_282, [9, 0, 1, u16::from(cells.balancing.contains(&true))]); // running
    r.add(1_286, [STRINGS, STRINGS, 1, SERIES]);
    r.add(1_290, [u16_of(low_v, 100.0), u16_of(high_v, 100.0)]);
    r.add(1_292, [0; 5]);
    r.add(1_297, [1, 1, 0]); // may charge, may discharge
    r.add(1_300, [0; 2]);
    r.add(1_302, [0, STRINGS, 0, 0]);
    r
}

/// com.victronenergy.grid.
fn grid(home: &Home) -> Registers {
    let legs = legs_w(home.grid_w());
    let (volts, energy) = ([VOLTS, VOLTS, 0.0], home.energy());
    let mut r = Registers::default();
    r.add(2_600, legs.map(|w| s16_of(w, 1.0)));
    let pairs = volts.iter().zip(legs).flat_map(|(v, w)| [u16_of(*v, 10.0), s16_of(w / VOLTS, 10.0)]);
    r.add(2_616, pairs.collect::<Vec<_>>());
    r.add(2_634, s32_of(energy.bought.total_wh as f32 / 1e3, 100.0));
    r.add(2_636, s32_of(energy.sold.total_wh as f32 / 1e3, 100.0));
    r.add(2_638, legs.map(|w| s32_of(w, 1.0)).concat());
    r.add(2_644, [u16_of(60.0, 100.0)]);
    r
}

/// Voltage of a leg, V.
const VOLTS: f32 = 120.0;

/// A power on the two legs of a split-phase house, W; there is no third.
fn legs_w(power_w: f32) -> [f32; 3] {
    // Whole watts that add up.
    let first = (power_w * 0.5).round();
    [first, power_w.round() - first, 0.0]
}

/// 0 idle, 1 charging, 2 discharging.
fn state(charge_a: f32) -> u16 {
    match charge_a {
        a if a > IDLE_A => 1,
        a if a < -IDLE_A => 2,
        _ => 0,
    }
}

/// Lowest and highest.
fn extremes(values: impl Iterator<Item = f32>) -> [f32; 2] {
    values.fold([f32::MAX, f32::MIN], |[low, high], value| [low.min(value), high.max(value)])
}

/// Energy in steps of `1 / per_kwh` kWh; it wraps as a real counter does.
fn kwh(energy_wh: f64, per_kwh: f64) -> u16 {
    (energy_wh / 1e3 * per_kwh) as u64 as u16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::home::HomeSpec;
    use domain::lab::{LabCommand, LabFault, LoadMode, SimDevice, WriteFault};

    fn ask(home: &Home, unit: u8, function: u8, address: u16, count: u16) -> Answer {
        answer(home, "c0619ab00001", &Question { unit, function, address, count })
    }

    #[test]
    fn services_answer_behind_their_units_with_victrons_exceptions() {
        let home = Home::new(&HomeSpec::default());
        for (unit, function, address, count, expected) in [
            (100, 3, 840, 10, Ok(())),
            (0, 4, 840, 7, Ok(())),
            (100, 3, 800, 27, Ok(())),
            (100, 3, 902, 18, Ok(())),
            (225, 3, 256, 76, Ok(())),
            (225, 4, 1_282, 24, Ok(())),
            (30, 3, 2_638, 7, Ok(())),
            (225, 3, 840, 1, Err(10)), // the system service is not behind the battery's unit
            (226, 3, 266, 1, Err(10)), // no such battery
            (227, 3, 31, 1, Err(10)),  // no VE.Bus device
            (100, 3, 840, 13, Err(2)), // 852 is a hole
            (100, 3, 99, 1, Err(2)),
            (225, 6, 280, 1, Err(2)), // nothing can be written
            (225, 16, 280, 1, Err(2)),
            (100, 3, 840, 0, Err(3)),
            (100, 3, 840, 126, Err(3)),
            (225, 1, 280, 1, Err(1)),
        ] {
            let got = ask(&home, unit, function, address, count);
            assert_eq!(
                got.clone().map(|words| assert_eq!(words.len(), usize::from(count))),
                expected,
                "{unit} {address}: {got:?}"
            );
        }
    }

    #[test]
    fn what_is_set_is_read_back_and_followed_and_the_grid_setpoint_returns_unless_it_is_renewed() {
        // At night nothing comes from the sun.
        let mut home = Home::new(&HomeSpec { start_h: 23.0, ..HomeSpec::default() });
        home.apply(LabCommand::Load(LoadMode::Fixed(2_000.0)));
        let write = |home: &mut Home, unit: u8, address: u16, words: &[u16]| {
            take(home, &Write { unit, address, words: words.to_vec() })
        };
        for (unit, address, words, code) in [
            (225, 2_901, vec![300], 10),   // not the settings' unit
            (100, 2_901, vec![1_001], 10), // above 100 %
            (100, 2_716, vec![1, 0], 10),  // 65 kW
            (100, 2_716, vec![0], 2),      // half of it
            (100, 2_700, vec![100], 2),    // no such register here
            (100, 840, vec![0], 2),
        ] {
            assert_eq!(write(&mut home, unit, address, &words), Err(code), "{unit} {address}");
        }
        let run = |home: &mut Home, seconds: usize| (0..seconds).for_each(|_| home.step(1.0));
        run(&mut home, 20);
        assert!(home.grid_w().abs() < 1.0, "the battery carries the house: {} W", home.grid_w());
        for watts in [800_i32, -1_500, 4_000] {
            let bits = watts as u32;
            write(&mut home, 100, 2_716, &[(bits >> 16) as u16, bits as u16]).unwrap();
            run(&mut home, 20);
            assert!((home.grid_w() - watts as f32).abs() < 1.0, "{watts} W: {} W", home.grid_w());
            assert_eq!(ask(&home, 100, 3, 2_716, 2), Ok(s32_of(watts as f32, 1.0).to_vec()));
        }
        run(&mut home, 39);
        assert!((home.grid_w() - 4_000.0).abs() < 1.0, "it is still held");
        run(&mut home, 10);
        assert!(home.grid_w().abs() < 1.0, "nobody has renewed it: {} W", home.grid_w());
        assert_eq!(ask(&home, 100, 3, 2_716, 2), Ok(vec![0, 0]));

        // Above what the inverter believes that is left: it stops, and stays so.
        let above = (home.estimate().soc_pct() + 5.0).round() * 10.0;
        write(&mut home, 100, 2_901, &[above as u16]).unwrap();
        run(&mut home, 100);
        assert!(home.battery_w() < 1.0 && home.grid_w() > 1_900.0, "{} W, {} W", home.battery_w(), home.grid_w());
        assert_eq!(ask(&home, 100, 3, 2_901, 1), Ok(vec![above as u16]));
        write(&mut home, 100, 2_901, &[100]).unwrap();
        run(&mut home, 20);
        assert!(home.battery_w() > 1_900.0 && home.grid_w().abs() < 1.0);
    }

    #[test]
    fn the_gx_takes_writes_wrongly_on_demand() {
        let soc = |home: &mut Home, words: u16| {
            let taken = take(home, &Write { unit: 100, address: 2_901, words: vec![words] });
            (taken, ask(home, 100, 3, 2_901, 1).unwrap()[0])
        };
        for (fault, taken, reads) in [
            (WriteFault::Refused, Err(10), 300),
            (WriteFault::Ignored, Ok(()), 300),
            (WriteFault::OneStepOff, Ok(()), 810),
            (WriteFault::Clamped, Ok(()), 600),
            (WriteFault::Unanswered, Ok(()), 800),
            (WriteFault::LocalControl, Err(2), 300),
        ] {
            let mut home = Home::new(&HomeSpec::default());
            home.apply(LabCommand::Inject(LabFault::Writes(fault)));
            assert_eq!(soc(&mut home, 800), (taken, reads), "{fault:?}");
            assert_eq!(home.manner(SimDevice::Gx).keeps_silent, fault == WriteFault::Unanswered);
            assert_eq!(home.lab_state().faults, [LabFault::Writes(fault)]);
            home.apply(LabCommand::ClearAll);
            assert_eq!(soc(&mut home, 500), (Ok(()), 500), "{fault:?} is over");
        }
    }

    #[test]
    fn the_battery_is_told_twice_and_charging_is_positive() {
        // Dusk: the house lives on the battery.
        let mut home = Home::new(&HomeSpec { start_h: 20.5, ..HomeSpec::default() });
        home.step(60.0);
        let (coarse, fine) = (ask(&home, 100, 3, 840, 7).unwrap(), ask(&home, 225, 3, 256, 11).unwrap());
        assert!(home.battery_w() > 500.0);
        assert!((f32::from(fine[3]) / 100.0 - home.bank().voltage_v()).abs() < 0.006);
        assert!((f32::from(fine[5] as i16) / 10.0 + home.bank().current_a()).abs() < 0.06);
        assert!((f32::from(fine[2] as i16) + home.battery_w()).abs() < 0.6);
        assert_eq!(fine[..2], [0xFFFF, fine[2]], "power is the same in 32 bits");
        assert!((f32::from(fine[10]) / 10.0 - home.shunt().soc_pct()).abs() < 0.06);
        assert_eq!((u16::from(coarse[4] == 2), coarse[3]), (1, (f32::from(fine[10]) / 10.0).round() as u16));
        assert!(coarse[6] > 0, "a discharging battery has a time to go");
        assert_eq!(ask(&home, 100, 3, 847, 3), Ok(vec![0xFFFF; 3]));
    }
}
