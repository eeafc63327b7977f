//! Points of SunSpec models that can be set: from a value to registers. Pure.
//!
//! A scale factor is a register of the device, so what the registers must say is known only once the model has been
//! read. A rate of model 124 is a share of `WChaMax`, counts only while its bit of `StorCtl_Mod` is set, and is given up by
//! the device itself after `InOutWRte_RvrtTms` seconds: that is its lease.

use super::layout::Model;
use super::models::{BATTERY, STORAGE};
use super::{NOTHING, NOTHING_SIGNED, decode};
use crate::device::registers::Writable;
use crate::device::setpoint::{self, Complaint, Grid, Held, HeldLease, SetpointEntry};
use domain::write::{Setpoint, Terms};
use std::time::Duration;

/// A point that can be written.
#[derive(Debug)]
struct Settable {
    model: u16,
    /// Its name in the model.
    name: &'static str,
    /// Offsets count from the id register. The value:
    at: u16,
    signed: bool,
    /// Its scale factor; 0 without.
    factor: u16,
    unit: &'static str,
    /// The values that the model gives a meaning.
    range: (f64, f64),
    /// The seconds after which the device gives its value up; 0 if it does not.
    revert: u16,
    /// The bit of `StorCtl_Mod` without which it does not count; 0 if it counts always.
    mode_bit: u16,
}

/// Offsets of `WChaMax` in model 124 and of its scale factor.
const FULL_SCALE: (u16, u16) = (2, 18);
/// Offset of `StorCtl_Mod` there.
const STORAGE_MODE: u16 = 5;
/// Offset of `InOutWRte_RvrtTms` there.
const REVERT: u16 = 15;

/// By this share the device's power of 100 % may differ from the site's.
const FULL_SCALE_TOLERANCE: f64 = 0.01;
/// What a rate is while nothing limits it, %.
const UNLIMITED: f64 = 100.0;

/// A percentage, and one that has a sign: of 124's rates a negative one asks for the other direction.
const PERCENT: (f64, f64) = (0.0, 100.0);
const SIGNED_PERCENT: (f64, f64) = (-100.0, 100.0);

const fn row(model: u16, name: &'static str, at: u16, factor: u16, unit: &'static str, range: (f64, f64)) -> Settable {
    Settable { model, name, at, signed: false, factor, unit, range, revert: 0, mode_bit: 0 }
}

const fn rate(name: &'static str, at: u16, mode_bit: u16) -> Settable {
    Settable { signed: true, revert: REVERT, mode_bit, ..row(STORAGE, name, at, 25, "%", SIGNED_PERCENT) }
}

/// Every point that can be set. What the numbers of 802's commands mean: 1 connect, 2 disconnect; 1 stopped, 2 standby,
/// 3 started.
const SETTABLE: &[Settable] = &[
    row(STORAGE, "WChaMax", 2, 18, "W", (0.0, 1e8)),
    row(STORAGE, "StorCtl_Mod", STORAGE_MODE, 0, "", (0.0, 3.0)),
    row(STORAGE, "MinRsvPct", 7, 21, "%", PERCENT),
    rate("OutWRte", 12, 0b10),
    rate("InWRte", 13, 0b01),
    row(STORAGE, "ChaGriSet", 17, 0, "", (0.0, 1.0)),
    row(BATTERY, "SoCRsvMax", 9, 56, "%", PERCENT),
    row(BATTERY, "SoCRsvMin", 10, 56, "%", PERCENT),
    row(BATTERY, "SetOp", 50, 0, "", (1.0, 2.0)),
    row(BATTERY, "SetInvState", 51, 0, "", (1.0, 3.0)),
];

/// A setpoint of a device that describes itself.
#[derive(Clone, Debug)]
pub struct ModelSetpoint {
    /// What it is to those who set it.
    pub setpoint: Setpoint,
    point: &'static Settable,
}

/// Registers that are written for one value, in this order.
#[derive(Clone, Debug, PartialEq)]
pub struct Steps {
    /// What is written before the value: for how long it is held, s.
    pub hold: Option<(u16, u16)>,
    /// The value.
    pub writable: Writable,
    /// What is set after it, so that it counts.
    pub switch: Option<Switch>,
}

/// A bit without which a value is not in force.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Switch {
    /// The register that has it.
    pub address: u16,
    /// Its place there.
    pub bit: u16,
    /// What the device has while it is off, whatever the register of the value says.
    pub at_rest: f64,
}

impl Switch {
    /// Whether it is on.
    pub fn is_on(&self, word: u16) -> bool {
        word & self.bit != 0
    }
}

impl Settable {
    /// What is known of it before the device has told its scale factor.
    fn held(&self) -> Held {
        Held {
            unit: self.unit.to_owned(),
            range: Some(self.range),
            // Codes and bits have none: they are whole numbers.
            grid: (self.factor == 0).then_some(Grid { resolution: 1.0, offset: 0.0 }),
            lease: if self.revert == 0 { HeldLease::Never } else { HeldLease::Configured },
            float_offset: None,
        }
    }
}

impl ModelSetpoint {
    /// The setpoint of an entry whose `sets` is model and name: `802.SoCRsvMin`.
    ///
    /// # Errors
    /// There is no such point, or it cannot be set so.
    pub fn new(entry: &SetpointEntry) -> Result<ModelSetpoint, Complaint> {
        entry.without_can_keys()?;
        let (sets, span) = (entry.sets.get_ref(), entry.sets.span());
        let named = |point: &&Settable| *sets == format!("{}.{}", point.model, point.name);
        let point = SETTABLE.iter().find(named).ok_or_else(|| {
            let known: Vec<String> = SETTABLE.iter().map(|point| format!("{}.{}", point.model, point.name)).collect();
            (span.clone(), format!("`{sets}` cannot be set; there is {}", known.join(", ")))
        })?;
        Ok(ModelSetpoint { setpoint: entry.setpoint(&point.held())?, point })
    }

    /// The model that has it.
    pub fn model(&self) -> u16 {
        self.point.model
    }

    /// What is written to set it, on a device whose model has these words.
    ///
    /// # Errors
    /// In words: the device has not got the point, its scale factor cannot be or is too coarse, it cannot hold a value for
    /// a time, or it means another power by 100 % than the site.
    pub fn steps(&self, model: &Model, words: &[u16], lease: Option<Duration>, terms: &Terms) -> Result<Steps, String> {
        let Settable { name, at, signed, factor, revert, mode_bit, .. } = *self.point;
        let word = |at: u16| words.get(usize::from(at)).copied();
        let lacks = |name: &str| format!("the device has no {name} in its model {}", model.id);
        let nothing = if signed { NOTHING_SIGNED } else { NOTHING };
        if word(at).is_none_or(|word| word == nothing) {
            return Err(lacks(name));
        }
        let scale = match factor {
            0 => 1.0,
            _ => decode::scale(word(factor).ok_or_else(|| lacks(name))?)
                .ok_or_else(|| format!("the device gives {name} no scale factor that can be"))?,
        };
        let told = Held { grid: Some(Grid { resolution: scale, offset: 0.0 }), ..self.point.held() };
        setpoint::checked(self.setpoint.clone(), &told).map_err(|wrong| wrong.words)?;
        let sentinel = if signed { f64::from(i16::MIN) } else { f64::from(u16::MAX) };
        let address = |at: u16| model.address.saturating_add(at);
        let writable = Writable::in_one_register(self.setpoint.clone(), address(at), signed, scale, sentinel);
        if let Some(site_w) = terms.full_scale_w.filter(|_| mode_bit != 0) {
            same_full_scale(words, site_w)?;
        }
        let hold = match lease {
            None => None,
            Some(_) if word(revert).is_none_or(|word| word == NOTHING) || revert == 0 => {
                return Err(format!("the device cannot give {name} up by itself: a value would stay for ever"));
            }
            Some(lease) => Some((address(revert), lease.as_secs().clamp(1, u64::from(NOTHING) - 1) as u16)),
        };
        let switch = match (mode_bit, word(STORAGE_MODE)) {
            (0, _) => None,
            (_, None | Some(NOTHING)) => return Err(lacks("StorCtl_Mod")),
            (bit, Some(_)) => {
                let at_rest = terms.returns_to.unwrap_or(UNLIMITED);
                Some(Switch { address: address(STORAGE_MODE), bit, at_rest })
            }
        };
        Ok(Steps { hold, writable, switch })
    }
}

/// Refuses a device that means another power by 100 % than the site. One that does not say it is believed to mean the same.
fn same_full_scale(words: &[u16], site_w: f64) -> Result<(), String> {
    let (at, factor) = FULL_SCALE;
    let word = |at: u16| words.get(usize::from(at)).copied();
    let Some(number) = word(at).filter(|word| *word != NOTHING) else { return Ok(()) };
    let step_w = word(factor).and_then(decode::scale).ok_or("the device gives WChaMax no scale factor that can be")?;
    let device_w = f64::from(number) * step_w;
    if (device_w - site_w).abs() <= step_w.max(FULL_SCALE_TOLERANCE * site_w) {
        return Ok(());
    }
    let kw = |watts: f64| (watts / 10.0).round() / 100.0;
    Err(format!(
        "the device says that 100 % is {} kW (124.WChaMax), the site file {} kW (`full_scale_w`): nothing is set until \
         both say the same",
        kw(device_w),
        kw(site_w)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn entry(sets: &str, more: &str) -> SetpointEntry {
        toml::from_str(&format!(
            "name = \"limit\"\nsets = \"{sets}\"\nmin = 0\nmax = 100\nstep = 1\nwear = \"volatile\"\n{more}"
        ))
        .unwrap()
    }

    fn setpoint(sets: &str, more: &str) -> ModelSetpoint {
        ModelSetpoint::new(&entry(sets, more)).unwrap()
    }

    const MODEL: Model = Model { id: 124, address: 40_100, length: 24 };

    /// Model 124 with a scale factor of the rates, and a control mode.
    fn storage(factor: i16, mode: u16) -> Vec<u16> {
        let mut words = vec![0; 26];
        (words[0], words[1], words[5], words[25]) = (124, 24, mode, factor as u16);
        words
    }

    #[test]
    fn a_rate_is_scaled_held_for_its_lease_and_switched_on() {
        let limit = setpoint("124.OutWRte", "lease_s = 120");
        let lease = Some(Duration::from_secs(90));
        for (factor, words) in [(0, 45), (-1, 450), (-2, 4_500)] {
            let steps = limit.steps(&MODEL, &storage(factor, 0), lease, &Terms::default()).unwrap();
            let switch = Switch { address: 40_105, bit: 0b10, at_rest: 100.0 };
            assert_eq!((steps.hold, steps.switch), (Some((40_115, 90)), Some(switch)));
            assert_eq!((steps.writable.address, steps.writable.words(45.0)), (40_112, Ok(vec![words])));
        }
        assert_eq!(limit.setpoint.lease, Some(Duration::from_secs(120)));
        // Switched off, it has what the site says that it has by itself.
        let terms = Terms { returns_to: Some(60.0), ..Terms::default() };
        let steps = limit.steps(&MODEL, &storage(0, 0), lease, &terms).unwrap();
        assert_eq!(steps.switch.map(|switch| switch.at_rest), Some(60.0));
    }

    #[test]
    fn a_device_that_means_another_power_by_100_percent_is_refused() {
        let lease = Some(Duration::from_secs(90));
        let told = |sets: &str, lease, (number, factor): (u16, u16)| {
            let mut words = storage(0, 0);
            (words[2], words[18]) = (number, factor);
            let terms = Terms { full_scale_w: Some(250e3), ..Terms::default() };
            setpoint(sets, "").steps(&MODEL, &words, lease, &terms).err().unwrap_or_default()
        };
        let other = |kw: &str| format!("the device says that 100 % is {kw} kW (124.WChaMax), the site file 250 kW");
        for (number, factor, says) in [
            (25_000, 1, String::new()),
            (25_240, 1, String::new()),
            (24_760, 1, String::new()),
            // In steps of 100 kW.
            (3, 5, String::new()),
            (50_000, 1, other("500")),
            (25_260, 1, other("252.6")),
            (25_000, 0, other("25")),
            (0, 1, other("0")),
            (25_000, 0x8000, "no scale factor that can be".into()),
            (25_000, 11, "no scale factor that can be".into()),
            (NOTHING, 0x8000, String::new()),
        ] {
            for sets in ["124.OutWRte", "124.InWRte"] {
                let told = told(sets, lease, (number, factor));
                assert!(told.contains(&says) && told.is_empty() == says.is_empty(), "{number} {factor}: {told}");
            }
            // A reserve is no share of a power.
            assert_eq!(told("124.MinRsvPct", None, (number, factor)), "");
        }
    }

    #[test]
    fn what_the_device_lacks_or_counts_too_coarsely_is_refused_in_words() {
        let limit = setpoint("124.OutWRte", "lease_s = 120");
        let lease = Some(Duration::from_secs(90));
        let with = |at: usize, word: u16| {
            let mut words = storage(0, 0);
            words[at] = word;
            limit.steps(&MODEL, &words, lease, &Terms::default()).unwrap_err()
        };
        for (at, word, says) in [
            (12, 0x8000, "the device has no OutWRte in its model 124"),
            (25, 0x8000, "no scale factor that can be"),
            (25, 11, "no scale factor that can be"),
            (25, 1, "124.OutWRte has steps of 10: a `step` of 1 is finer"),
            (15, 0xFFFF, "cannot give OutWRte up by itself"),
            (5, 0xFFFF, "no StorCtl_Mod"),
        ] {
            assert!(with(at, word).contains(says), "{}", with(at, word));
        }
        assert!(limit.steps(&MODEL, &storage(0, 0)[..20], lease, &Terms::default()).is_err(), "cut off");
        for (sets, more, says) in [
            ("124.InBatV", "", "`124.InBatV` cannot be set; there is 124.WChaMax"),
            ("802.SoCRsvMin", "lease_s = 5", "has no `lease_s`"),
            ("802.SoCRsvMin", "every_ms = 5", "`every_ms` is for a CAN bus only"),
            ("802.SoCRsvMin", "unit = \"kW\"", "values are not converted"),
            ("124.OutWRte", "lease_s = 0", "`lease_s` is 1 to 65534 s"),
            ("124.OutWRte", "lease_s = 65535", "`lease_s` is 1 to 65534 s"),
            ("802.SetOp", "", "0 cannot be: 802.SetOp is 1 to 2"),
        ] {
            let error = ModelSetpoint::new(&entry(sets, more)).unwrap_err().1;
            assert!(error.contains(says), "{error}");
        }
        for point in SETTABLE {
            let mut beyond = entry(&format!("{}.{}", point.model, point.name), "");
            *beyond.min.get_mut() = point.range.0;
            *beyond.max.get_mut() = point.range.1;
            assert!(ModelSetpoint::new(&beyond).is_ok(), "{point:?}");
            *beyond.max.get_mut() = point.range.1 * 1.1;
            assert!(ModelSetpoint::new(&beyond).unwrap_err().1.contains("cannot be"), "{point:?}");
        }
    }

    proptest! {
        /// Whatever scale factor a device has, the register means a value of the range, within half a step of the wish.
        #[test]
        fn no_value_outside_of_the_range_is_ever_encoded(
            factor in -12_i16..12, point in 0..SETTABLE.len(), from in 0.0_f64..1.0, to in 0.0_f64..1.0,
            step in 1.0_f64..50.0, value in prop_oneof![any::<f64>(), -900.0..900.0],
        ) {
            let point = &SETTABLE[point];
            let scale = if point.factor > 0 { 10_f64.powi(factor.into()) } else { 1.0 };
            let (low, high) = point.range;
            let on_grid = |part: f64| ((low + part * (high - low)) / scale).round() * scale;
            let (min, max) = (on_grid(from.min(to)), on_grid(from.max(to)));
            let (span, step) = (max - min, step.round() * scale);
            let setpoint = Setpoint { min, max, step, unit: point.unit.into(), ..setpoint("124.OutWRte", "").setpoint };
            let limit = ModelSetpoint { setpoint, point };
            let mut words = vec![0_u16; 64];
            (words[0], words[1]) = (point.model, 62);
            if point.factor > 0 {
                words[usize::from(point.factor)] = factor as u16;
            }
            let model = Model { id: point.model, address: 40_000, length: 62 };
            let Ok(steps) = limit.steps(&model, &words, None, &Terms::default()) else { return Ok(()) };
            let Ok(words) = steps.writable.words(value) else { return Ok(()) };
            let [word] = words.as_slice() else { panic!("{words:?}") };
            prop_assert!(*word != if point.signed { 0x8000 } else { 0xFFFF }, "not implemented");
            let raw = if point.signed { f64::from(*word as i16) } else { f64::from(*word) };
            let meant = if point.factor > 0 { raw * 10_f64.powi(factor.into()) } else { raw };
            let slack = 1e-6 * (1.0 + min.abs() + span);
            prop_assert!((min - slack..=min + span + slack).contains(&meant), "{} becomes {}", value, meant);
            prop_assert!((meant - value).abs() <= 2.0 * step + slack, "{} becomes {}", value, meant);
        }
    }
}
