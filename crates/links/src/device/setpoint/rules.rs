//! What every setpoint must satisfy, whatever kind of link has it: one table of rules. Pure.
//!
//! A rule says which key is wrong, why, and what to write instead. What only one kind of device can know comes in as
//! [`Held`].

use domain::plain::one_line;
use domain::write::{Setpoint, Wear};
use std::time::Duration;

/// The longest lease that can be configured, s: the longest that 16 bits can say to a SunSpec device.
const LONGEST_LEASE: Duration = Duration::from_secs(65_534);
/// Two floats of 32 bits are the same to us if they differ by less, as a share of the value.
pub const FLOAT_TELLS_APART: f64 = 1e-6;

/// The longest name, label and unit, characters.
const LONGEST_NAME: usize = 64;
const LONGEST_LABEL: usize = 80;
const LONGEST_UNIT: usize = 16;

/// What the device makes of the value that a setpoint sets, as far as it is known before anything is connected.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Held {
    /// The unit that the device has it in; empty if that is not known.
    pub unit: String,
    /// The values that mean something to it; `None` where only the unit can tell.
    pub range: Option<(f64, f64)>,
    /// The values that it can tell apart.
    pub grid: Option<Grid>,
    /// Where it has a float of 32 bits: the offset of its values.
    pub float_offset: Option<f64>,
    /// Whether it gives a value up by itself.
    pub lease: HeldLease,
}

/// Numbers of a device: whole multiples of `resolution`, and `offset`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Grid {
    /// The distance between two, above 0.
    pub resolution: f64,
    /// The value of the number 0.
    pub offset: f64,
}

/// Whether a device gives a value up that is not written again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HeldLease {
    /// As the configuration says.
    #[default]
    Configured,
    /// Never.
    Never,
    /// Always, after this time.
    Always(Duration),
}

/// What is wrong with which key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// The key.
    pub key: &'static str,
    /// Why, and what to write.
    pub words: String,
}

/// One rule: the key that it is about, and what is wrong with it.
type Rule = (&'static str, fn(&Setpoint, &Held) -> Option<String>);

/// Every rule. A later one may take for granted what an earlier one demands.
const RULES: &[Rule] = &[
    ("name", name),
    ("label", |setpoint, _| one_line(&setpoint.label, LONGEST_LABEL)),
    ("unit", |setpoint, _| one_line(&setpoint.unit, LONGEST_UNIT)),
    ("unit", |setpoint, _| unit_letters(&setpoint.unit)),
    ("unit", unit),
    ("min", |setpoint, _| finite(setpoint.min)),
    ("max", |setpoint, _| finite(setpoint.max)),
    ("min", order),
    ("step", step),
    ("min", |setpoint, held| within(setpoint.min, setpoint, held)),
    ("max", |setpoint, held| within(setpoint.max, setpoint, held)),
    ("step", step_on_grid),
    ("step", step_of_float),
    ("min", min_on_grid),
    ("lease_s", flash_without_lease),
    ("lease_s", lease),
];

/// Holds a setpoint against every rule.
///
/// # Errors
/// The first that it breaks.
pub fn checked(setpoint: Setpoint, held: &Held) -> Result<Setpoint, Wrong> {
    let wrong = RULES.iter().find_map(|(key, rule)| rule(&setpoint, held).map(|words| Wrong { key, words }));
    wrong.map_or(Ok(setpoint), Err)
}

/// The lowest and the highest value that a quantity can have, by its unit and what else is written for it. A unit that is
/// not here has no bounds. Capitals count only where they tell two of these apart: `v` is a `V`.
const QUANTITIES: &[(&[&str], f64, f64)] = &[
    (&["%", "percent", "pct", "per cent", "prozent"], 0.0, 100.0),
    (&["mV", "millivolt", "millivolts"], -10_000.0, 10_000.0),
    (&["V", "volt", "volts", "Vdc", "Vac", "V DC", "V AC"], -2_000.0, 2_000.0),
    (&["kV"], -50.0, 50.0),
    (&["mA"], -10_000_000.0, 10_000_000.0),
    (&["A", "amp", "amps", "ampere", "amperes", "Adc", "Aac", "A DC", "A AC"], -10_000.0, 10_000.0),
    (&["W", "VA", "var", "VAr", "watt", "watts"], -1e8, 1e8),
    (&["kW", "kVA", "kvar", "kVAr", "kilowatt", "kilowatts"], -1e5, 1e5),
    (&["MW", "MVA", "Mvar"], -100.0, 100.0),
    (&["°C", "degC", "deg C", "deg.C", "Celsius", "C", "Cel", "° C"], -60.0, 200.0),
    (&["Hz", "hertz"], 0.0, 500.0),
    (&["Ah"], 0.0, 1e6),
    (&["Wh"], 0.0, 1e9),
    (&["kWh"], 0.0, 1e6),
    (&["MWh"], 0.0, 1_000.0),
    (&["ms"], 0.0, 8.64e7),
    (&["s", "sec", "secs", "second", "seconds"], 0.0, 604_800.0),
    (&["min", "mins", "minute", "minutes"], 0.0, 10_080.0),
    (&["h", "hour", "hours", "hr", "hrs"], 0.0, 168.0),
];

fn physical(unit: &str) -> Option<(f64, f64)> {
    let found = QUANTITIES.iter().find(|(units, ..)| units.contains(&unit));
    let alike = || QUANTITIES.iter().find(|(units, ..)| units.iter().any(|known| known.eq_ignore_ascii_case(unit)));
    found.or_else(alike).map(|(_, low, high)| (*low, *high))
}

/// A device's unit as it would be written here: without what cannot be seen, in letters of ASCII where they look so.
pub fn plain_unit(text: &str) -> String {
    let mut plain = String::new();
    for letter in text.chars() {
        match letter {
            '℃' => plain.push_str("°C"),
            // The wide forms, as in "％".
            '\u{FF01}'..='\u{FF5E}' => plain.extend(char::from_u32(u32::from(letter) - 0xFEE0)),
            '\u{3000}' | '\u{A0}' => plain.push(' '),
            letter if letter.is_ascii_graphic() || letter == ' ' || OTHER_LETTERS.contains(letter) => {
                plain.push(letter)
            }
            letter if letter.is_alphanumeric() => plain.push(letter),
            _ => {}
        }
    }
    plain.trim().to_owned()
}

/// Letters of units that ASCII does not have: both signs of ohm and of micro.
const OTHER_LETTERS: &str = "°ΩΩµμ·²³";

/// A unit that only looks like one that has bounds would have none.
fn unit_letters(unit: &str) -> Option<String> {
    let is_good = |letter: char| letter.is_ascii_graphic() || letter == ' ' || OTHER_LETTERS.contains(letter);
    let fits = unit.chars().all(is_good) && unit.trim() == unit;
    let known: Vec<&str> = QUANTITIES.iter().filter_map(|(units, ..)| units.first().copied()).collect();
    let words = || {
        format!(
            "`unit` has a letter that cannot be in one, or a space at an end: write {}, or its like",
            known.join(", ")
        )
    };
    (!fits).then(words)
}

fn name(setpoint: &Setpoint, _: &Held) -> Option<String> {
    let letters = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = (1..=LONGEST_NAME).contains(&setpoint.name.len()) && setpoint.name.chars().all(letters);
    let words = "`name` is made of small letters, digits and hyphens";
    (!fits).then(|| format!("{words}, 1 to {LONGEST_NAME} of them, such as \"minimum-soc\""))
}

fn unit(setpoint: &Setpoint, held: &Held) -> Option<String> {
    let differs = !held.unit.is_empty() && setpoint.unit != held.unit && setpoint.unit != plain_unit(&held.unit);
    let (given, unit) = (&setpoint.unit, &held.unit);
    differs.then(|| format!("the device has it in {unit}, and values are not converted: `unit` cannot be \"{given}\""))
}

fn finite(value: f64) -> Option<String> {
    (!value.is_finite()).then(|| "`min` and `max` are numbers".to_owned())
}

fn order(setpoint: &Setpoint, _: &Held) -> Option<String> {
    let words = || format!("`min` must be below `max`: {} is not below {}", setpoint.min, setpoint.max);
    (setpoint.min >= setpoint.max).then(words)
}

fn step(setpoint: &Setpoint, _: &Held) -> Option<String> {
    let Setpoint { min, max, step, .. } = setpoint;
    let fits = step.is_finite() && *step > 0.0 && *step <= (max - min) * (1.0 + 1e-9);
    (!fits)
        .then(|| format!("`step` must be above 0, and lead from `min` to another value up to `max`: {step} does not"))
}

fn within(value: f64, setpoint: &Setpoint, held: &Held) -> Option<String> {
    let (low, high) = held.range.or_else(|| physical(&setpoint.unit))?;
    let slack = 1e-6 * low.abs().max(high.abs());
    let (space, unit) = (if setpoint.unit.is_empty() { "" } else { " " }, &setpoint.unit);
    let words = || format!("{value}{space}{unit} cannot be: {} is {low} to {high}{space}{unit}", setpoint.sets);
    (!(low - slack..=high + slack).contains(&value)).then(words)
}

fn step_on_grid(setpoint: &Setpoint, held: &Held) -> Option<String> {
    let Grid { resolution, .. } = held.grid?;
    let words = |what: &str| {
        let (sets, step) = (&setpoint.sets, setpoint.step);
        format!("{sets} has steps of {resolution}: a `step` of {step} is {what}; write a multiple of {resolution}")
    };
    if setpoint.step < resolution * (1.0 - 1e-6) {
        return Some(words("finer"));
    }
    (!is_multiple(setpoint.step, resolution)).then(|| words("between two of them"))
}

/// Else two values of the range would be one number to the device.
fn step_of_float(setpoint: &Setpoint, held: &Held) -> Option<String> {
    let offset = held.float_offset?;
    let end = setpoint.min.abs().max(setpoint.max.abs());
    let number = (setpoint.min - offset).abs().max((setpoint.max - offset).abs());
    let finest = 2.0 * (FLOAT_TELLS_APART * end).max(f64::from(f32::EPSILON) * number);
    let words = || {
        let (sets, step) = (&setpoint.sets, setpoint.step);
        format!(
            "{sets} is a float of 32 bits, which cannot tell {step} apart at {end}: write a `step` of {finest} or more"
        )
    };
    (setpoint.step < finest).then(words)
}

/// Else the value that is written for a wish is another than the one that was promised, and is taken for a refusal.
fn min_on_grid(setpoint: &Setpoint, held: &Held) -> Option<String> {
    let Grid { resolution, offset } = held.grid?;
    let below = ((setpoint.min - offset) / resolution).floor() * resolution + offset;
    let words = || {
        let (sets, min, above) = (&setpoint.sets, setpoint.min, below + resolution);
        format!("{sets} cannot have {min}: it has steps of {resolution}; {below} or {above} can be `min`")
    };
    (!is_multiple(setpoint.min - offset, resolution)).then(words)
}

/// Whether a number is a whole multiple, but for what arithmetic leaves.
fn is_multiple(number: f64, of: f64) -> bool {
    let times = number / of;
    (times - times.round()).abs() <= 1e-6 * times.abs().max(1.0)
}

fn flash_without_lease(setpoint: &Setpoint, _: &Held) -> Option<String> {
    let words = "a value with a lease is sent again and again, and memory of `wear` \"flash\" bears few writes: leave \
                 `lease_s` (and `every_ms`) out, or choose what the device does not store";
    (setpoint.wear == Wear::Flash && setpoint.lease.is_some()).then(|| words.to_owned())
}

fn lease(setpoint: &Setpoint, held: &Held) -> Option<String> {
    let sets = &setpoint.sets;
    let longest = match (held.lease, setpoint.lease) {
        (HeldLease::Never, Some(_)) => {
            return Some(format!("{sets} stays until it is written again: it has no `lease_s`"));
        }
        (HeldLease::Always(longest), None) => {
            let s = longest.as_secs();
            return Some(format!("the device gives {sets} up after {s} s: write `lease_s`, of 1 to {s}"));
        }
        (HeldLease::Always(longest), Some(_)) => longest,
        _ => LONGEST_LEASE,
    };
    let outside = setpoint.lease.is_some_and(|lease| !(1..=longest.as_secs()).contains(&lease.as_secs()));
    outside.then(|| format!("`lease_s` is 1 to {} s for {sets}", longest.as_secs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> (Setpoint, Held) {
        let setpoint = Setpoint {
            name: "minimum-soc".into(),
            label: "Reserve".into(),
            sets: "register 7".into(),
            words: Vec::new(),
            unit: "%".into(),
            min: 10.0,
            max: 50.0,
            step: 1.0,
            wear: Wear::Volatile,
            lease: None,
        };
        (setpoint, Held { grid: Some(Grid { resolution: 0.1, offset: 0.0 }), ..Held::default() })
    }

    #[test]
    fn every_rule_refuses_what_breaks_it_and_says_what_to_do() {
        type Change = fn(&mut Setpoint, &mut Held);
        let s = Duration::from_secs;
        assert_eq!(checked(good().0, &good().1), Ok(good().0));
        let table: &[(Change, &str, &str)] = &[
            (|s, _| s.name = String::new(), "name", "1 to 64 of them"),
            (|s, _| s.name = "a".repeat(65), "name", "1 to 64 of them"),
            (|s, _| s.name = "a b".into(), "name", "small letters, digits and hyphens"),
            (|s, _| s.label = "a".repeat(81), "label", "at most 80"),
            (|s, _| s.label = "a\nb".into(), "label", "of one line"),
            (|s, _| s.unit = "x".repeat(17), "unit", "at most 16"),
            (|s, h| (s.unit, h.unit) = ("kW".into(), "%".into()), "unit", "the device has it in %"),
            (|s, _| s.min = f64::NAN, "min", "are numbers"),
            (|s, _| s.max = f64::INFINITY, "max", "are numbers"),
            (|s, _| s.min = 50.0, "min", "50 is not below 50"),
            (|s, _| s.min = 60.0, "min", "60 is not below 50"),
            (|s, _| s.step = 0.0, "step", "must be above 0"),
            (|s, _| s.step = f64::NAN, "step", "must be above 0"),
            (|s, _| s.step = 41.0, "step", "41 does not"),
            (|s, _| s.max = 500.0, "max", "500 % cannot be: register 7 is 0 to 100 %"),
            (|s, _| s.min = -1.0, "min", "-1 % cannot be"),
            (|s, _| (s.unit, s.max) = ("Hz".into(), 501.0), "max", "is 0 to 500 Hz"),
            (|s, h| (s.unit, h.range) = (String::new(), Some((1.0, 2.0))), "min", "10 cannot be: register 7 is 1 to 2"),
            (|s, _| s.step = 0.05, "step", "a `step` of 0.05 is finer; write a multiple of 0.1"),
            (|s, _| s.step = 0.25, "step", "between two of them"),
            (
                |s, h| (s.unit, s.max, s.step, h.grid, h.float_offset) = (String::new(), 1e6, 1.0, None, Some(0.0)),
                "step",
                "cannot tell 1 apart at 1000000: write a `step` of 2 or more",
            ),
            (|s, h| (h.grid, s.step, h.float_offset) = (None, 0.5, Some(-1e7)), "step", "cannot tell 0.5 apart"),
            (|s, _| (s.unit, s.max) = ("v".into(), 2_001.0), "max", "is -2000 to 2000 v"),
            (|s, _| (s.unit, s.max) = ("Volt".into(), 2_001.0), "max", "2001 Volt cannot be"),
            (|s, _| (s.unit, s.max) = ("Pct".into(), 101.0), "max", "is 0 to 100 Pct"),
            (|s, _| (s.unit, s.max) = ("C".into(), 201.0), "max", "is -60 to 200 C"),
            (|s, _| s.unit = " %".into(), "unit", "a space at an end: write %, mV, V"),
            (|s, _| s.unit = "% ".into(), "unit", "a space at an end"),
            (|s, _| s.unit = " ".into(), "unit", "a space at an end"),
            (|s, _| s.unit = "％".into(), "unit", "a letter that cannot be in one"),
            (|s, _| s.unit = "\u{200F}%".into(), "unit", "a letter that cannot be in one"),
            (|s, _| s.unit = "\u{410}".into(), "unit", "a letter that cannot be in one"),
            (|s, _| s.unit = "%\t".into(), "unit", "of one line"),
            (
                |s, h| (s.min, h.grid) = (10.5, Some(Grid { resolution: 1.0, offset: 0.0 })),
                "min",
                "10 or 11 can be `min`",
            ),
            (|s, h| h.grid = Some(Grid { resolution: 1.0, offset: s.min + 0.5 }), "min", "9.5 or 10.5 can be `min`"),
            (|s, _| (s.wear, s.lease) = (Wear::Flash, Some(Duration::from_secs(60))), "lease_s", "bears few writes"),
            (|s, _| s.lease = Some(Duration::ZERO), "lease_s", "`lease_s` is 1 to 65534 s"),
            (|s, _| s.lease = Some(Duration::from_secs(65_535)), "lease_s", "`lease_s` is 1 to 65534 s"),
            (
                |s, h| (s.lease, h.lease) = (Some(Duration::from_secs(5)), HeldLease::Never),
                "lease_s",
                "has no `lease_s`",
            ),
            (|_, h| h.lease = HeldLease::Always(Duration::from_secs(60)), "lease_s", "up after 60 s: write `lease_s`"),
            (
                |s, h| (s.lease, h.lease) = (Some(Duration::from_secs(61)), HeldLease::Always(Duration::from_secs(60))),
                "lease_s",
                "`lease_s` is 1 to 60 s",
            ),
        ];
        for (change, key, says) in table {
            let (mut setpoint, mut held) = good();
            change(&mut setpoint, &mut held);
            let wrong = checked(setpoint, &held).unwrap_err();
            assert!(wrong.key == *key && wrong.words.contains(says), "{says}: {wrong:?}");
        }
        for rule in RULES {
            assert!(table.iter().any(|(_, key, _)| *key == rule.0), "{} has no test", rule.0);
        }
        let (setpoint, held) = good();
        let held = Held { lease: HeldLease::Always(s(60)), ..held };
        assert!(checked(Setpoint { lease: Some(s(60)), ..setpoint }, &held).is_ok());
    }

    #[test]
    fn a_devices_unit_is_written_as_ours_are() {
        for (held, unit) in
            [(" % ", "%"), ("％", "%"), ("℃", "°C"), ("\u{200F}kW", "kW"), ("1/min", "1/min"), ("\u{1}V", "V")]
        {
            assert_eq!(plain_unit(held), unit, "{held}");
            let (setpoint, known) = good();
            let setpoint = Setpoint { unit: unit.into(), ..setpoint };
            assert!(checked(setpoint, &Held { unit: held.into(), ..known }).is_ok(), "{held}");
        }
    }

    #[test]
    fn a_range_that_the_device_says_counts_before_that_of_the_unit() {
        let (setpoint, held) = good();
        let rate = Setpoint { min: -100.0, ..setpoint };
        assert!(checked(rate.clone(), &held).is_err());
        assert!(checked(rate, &Held { range: Some((-100.0, 100.0)), ..held }).is_ok());
    }
}
