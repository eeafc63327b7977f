//! Numbers, ages and times as people read them.
//!
//! Every quantity becomes a [`Figure`]: a number and its unit, apart, because pages draw them in different sizes. Minus is
//! U+2212, thousands and units stand behind a narrow no-break space, and rounding works on integers, which keeps the
//! float printer out of the hot path and the page small.

use domain::decimal;
use domain::point::{PointId, Unit};
use domain::time::Utc;
use std::fmt;

/// Narrow no-break space: between thousands, and before a unit.
pub const THIN: char = '\u{202f}';
/// Minus sign.
pub const MINUS: char = '\u{2212}';
/// What stands where there is no value.
pub const NONE: &str = "\u{2014}";

/// A number with its unit. `Display` writes both: `779.6 V`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figure {
    /// The digits: `3 201`.
    pub number: String,
    /// The unit's symbol: `mV`. Empty for a bare number.
    pub unit: &'static str,
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.number)?;
        if !self.unit.is_empty() {
            write!(f, "{THIN}{}", self.unit)?;
        }
        Ok(())
    }
}

impl Figure {
    /// The same figure with `+` before a number that has no minus and is not zero.
    pub fn signed(mut self) -> Figure {
        let zero = self.number.chars().all(|c| matches!(c, '0' | '.'));
        if !zero && !self.number.starts_with(MINUS) {
            self.number.insert(0, '+');
        }
        self
    }
}

/// `value` with `decimals` (0 to 4) digits after the point, thousands apart. Never `-0`.
pub fn fixed(value: f32, decimals: usize) -> String {
    let plain = decimal::fixed(value.into(), decimals.min(4) as u8).to_string();
    let (sign, digits) = match plain.strip_prefix('-') {
        Some(digits) => (Some(MINUS), digits),
        None => (None, plain.as_str()),
    };
    let whole = digits.find('.').unwrap_or(digits.len());
    let mut text: String = sign.into_iter().collect();
    text.push_str(&grouped(&digits[..whole]));
    text.push_str(&digits[whole..]);
    text
}

/// `words` with a capital at its start, if that is an ASCII letter.
pub fn sentence(words: &str) -> String {
    let mut words = words.to_owned();
    if let Some(first) = words.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    words
}

/// Words of the server as the page writes them: a true minus before a number, and number and unit kept together.
pub fn typeset(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    let (mut before, mut rest) = (' ', words.chars());
    while let Some(letter) = rest.next() {
        let after = rest.as_str();
        let of_unit = |unit: &str| {
            after.strip_prefix(unit).is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphanumeric()))
        };
        text.push(match letter {
            '-' if !before.is_alphanumeric() && after.starts_with(|next: char| next.is_ascii_digit()) => '\u{2212}',
            ' ' if before.is_ascii_digit()
                && ["kWh", "Wh", "kW", "W", "%", "V", "mV", "A", "Hz"].into_iter().any(of_unit) =>
            {
                THIN
            }
            letter => letter,
        });
        before = letter;
    }
    text
}

/// Words of the server for people: what stands between backticks, as programs write it, between quotation marks.
pub fn quoted(words: &str) -> String {
    let mut text = String::new();
    for (n, part) in words.split('`').enumerate() {
        match n {
            0 => {}
            n if n % 2 == 1 => text.push('\u{201c}'),
            _ => text.push('\u{201d}'),
        }
        text.push_str(part);
    }
    text
}

/// A whole number, thousands apart: `12 960 000`.
pub fn count(n: u64) -> String {
    grouped(&n.to_string())
}

/// Digits with their thousands apart.
fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(THIN);
        }
        text.push(digit);
    }
    text
}

fn figure(value: f32, decimals: usize, unit: &'static str) -> Figure {
    Figure { number: fixed(value, decimals), unit }
}

/// Pack voltage, V: `779.6 V`.
pub fn volts(v: f32) -> Figure {
    figure(v, 1, "V")
}

/// Cell voltage or a difference of them, given in V: `3 201 mV`.
pub fn millivolts(v: f32) -> Figure {
    figure(v * 1_000.0, 0, "mV")
}

/// Current, A: `182.1 A`.
pub fn amperes(a: f32) -> Figure {
    figure(a, 1, "A")
}

/// Power, given in W: `142.03 kW`.
pub fn kilowatts(w: f32) -> Figure {
    figure(w / 1_000.0, 2, "kW")
}

/// Power to a whole kilowatt, given in W, for notes and limits: `150 kW`.
pub fn kilowatts_whole(w: f32) -> Figure {
    figure(w / 1_000.0, 0, "kW")
}

/// Energy, given in Wh: `119.8 kWh`.
pub fn kilowatt_hours(wh: f32) -> Figure {
    figure(wh / 1_000.0, 1, "kWh")
}

/// Temperature, °C: `34.1 °C`.
pub fn celsius(c: f32) -> Figure {
    figure(c, 1, "°C")
}

/// Share, %: `71.4 %`.
pub fn percent(pct: f32) -> Figure {
    figure(pct, 1, "%")
}

/// Share to a whole percent: `68 %`.
pub fn percent_whole(pct: f32) -> Figure {
    figure(pct, 0, "%")
}

/// Current over capacity: `0.65 C`. Not negative.
pub fn c_rate(current_a: f32, capacity_ah: f32) -> Figure {
    figure(current_a.abs() / capacity_ah.max(f32::EPSILON), 2, "C")
}

/// The value of a point the way its unit is usually read.
pub fn point(point: PointId, value: f32) -> Figure {
    match point {
        PointId::CellVoltageMin | PointId::CellVoltageMax => millivolts(value),
        PointId::InsulationKohm => figure(value, 0, "kΩ"),
        _ => match point.spec().unit {
            Unit::Volt => volts(value),
            Unit::Ampere => amperes(value),
            Unit::Watt => kilowatts(value),
            Unit::Celsius => celsius(value),
            Unit::Percent => percent(value),
            Unit::Number => figure(value, 0, ""),
        },
    }
}

/// How old something is: `0.2 s`, `12 s`, `3 min`, `2 h`, `5 d`.
pub fn age(seconds: f32) -> String {
    match seconds.max(0.0) {
        s if s < 9.95 => format!("{}{THIN}s", fixed(s, 1)),
        s if s < 100.0 => format!("{}{THIN}s", fixed(s, 0)),
        s if s < 5_970.0 => format!("{}{THIN}min", fixed(s / 60.0, 0)),
        s if s < 172_800.0 => format!("{}{THIN}h", fixed(s / 3_600.0, 0)),
        s => format!("{}{THIN}d", fixed(s / 86_400.0, 0)),
    }
}

/// An age for places where a number that changes five times a second would only disturb: `< 1 s` while fresh, then whole
/// seconds.
pub fn calm_age(seconds: f32) -> String {
    match seconds {
        s if s < 1.0 => format!("<{THIN}1{THIN}s"),
        s if s < 9.95 => format!("{}{THIN}s", fixed(s, 0)),
        s => age(s),
    }
}

/// How long ago something was, as every page says it: `< 1 s ago`, `12 s ago`, `3 min ago`.
pub fn ago(seconds: f32) -> String {
    format!("{} ago", calm_age(seconds))
}

/// What is said of an address that asks for what cannot be chosen: what there is, as the page calls it, and what is shown.
pub fn not_a_choice(asked: &str, choices: &[&str], shown: &str) -> String {
    let asked = if asked.is_empty() { "nothing" } else { asked };
    let (last, others) = choices.split_last().map_or(("", choices), |(last, others)| (*last, others));
    let last = last.to_ascii_lowercase();
    format!("The address asks for {asked}. There are {} and {last}; {shown} is shown.", others.join(", "))
}

/// So many things, by their name in the singular: `1 module`, `13 modules`.
pub fn counted(n: usize, thing: &str) -> String {
    format!("{} {thing}{}", count(n as u64), if n == 1 { "" } else { "s" })
}

/// How long something lasts, to two units: `48 s`, `52 min`, `3 h 12 min`, `2 d 4 h`.
pub fn duration(seconds: f32) -> String {
    let s = seconds.max(0.0) as u64;
    let two = |big: u64, unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{big}{THIN}{unit}"),
        _ => format!("{big}{THIN}{unit} {small}{THIN}{small_unit}"),
    };
    match s {
        0..=99 => format!("{s}{THIN}s"),
        100..=5_999 => format!("{}{THIN}min", (s + 30) / 60),
        6_000..=172_799 => two(s / 3_600, "h", s % 3_600 / 60, "min"),
        _ => two(s / 86_400, "d", s % 86_400 / 3_600, "h"),
    }
}

/// How far the reader's clock is ahead of UTC at an instant, UTC in s. Browser only.
pub fn local_offset_s(at_s: f64) -> i32 {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(at_s * 1e3));
    -(date.get_timezone_offset() * 60.0) as i32
}

/// An instant to the second where the reader's time zone is not known: `2026-11-30 14:32:07 UTC`.
#[cfg(feature = "ssr")]
pub fn utc_time(utc: Utc) -> String {
    let text = domain::time::rfc3339(utc);
    format!("{} {} UTC", &text[..10], &text[11..19])
}

/// Time of day where the browser is, `14:32:07`. Browser only: the server does not know the reader's time zone, so a
/// page calls it after mount and reserves the width before. See [`crate::components::LocalTime`].
pub fn local_time(utc: Utc) -> String {
    let date = js_sys::Date::new(&wasm_bindgen::JsValue::from_f64(utc.0 as f64 / 1_000.0));
    let two = |n: u32| if n < 10 { format!("0{n}") } else { n.to_string() };
    format!("{}:{}:{}", two(date.get_hours()), two(date.get_minutes()), two(date.get_seconds()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_are_for_programs() {
        for (words, text) in [
            ("run `cargo xtask run`, or `pip`", "run \u{201c}cargo xtask run\u{201d}, or \u{201c}pip\u{201d}"),
            ("`days` is missing", "\u{201c}days\u{201d} is missing"),
            ("none", "none"),
            ("", ""),
        ] {
            assert_eq!(quoted(words), text);
        }
    }

    #[test]
    fn the_words_of_the_server_are_set_as_all_numbers_are() {
        for (words, set) in [
            ("-5 kW", "\u{2212}5\u{202f}kW"),
            ("clamped: the device has -12.5 kW", "clamped: the device has \u{2212}12.5\u{202f}kW"),
            ("grid-setpoint of 2026-11-30, 5 Watts", "grid-setpoint of 2026-11-30, 5 Watts"),
            ("15 %", "15\u{202f}%"),
        ] {
            assert_eq!(typeset(words), set);
        }
    }

    #[test]
    fn numbers_are_grouped_rounded_and_signed() {
        for (value, decimals, text) in [
            (0.0, 0, "0"),
            (-0.04, 1, "0.0"),
            (-21.44, 1, "\u{2212}21.4"),
            (779.65, 0, "780"),
            (999.96, 1, "1\u{202f}000.0"),
            (12_960_000.0, 0, "12\u{202f}960\u{202f}000"),
            (0.05, 2, "0.05"),
            (-0.5, 2, "\u{2212}0.50"),
        ] {
            assert_eq!(fixed(value, decimals), text);
        }
    }

    #[test]
    fn quantities_carry_their_unit() {
        for (figure, text) in [
            (millivolts(3.201), "3\u{202f}201\u{202f}mV"),
            (kilowatts(-142_034.0), "\u{2212}142.03\u{202f}kW"),
            (c_rate(-182.0, 280.0), "0.65\u{202f}C"),
            (point(PointId::CellVoltageMin, 2.981), "2\u{202f}981\u{202f}mV"),
            (point(PointId::ControllerMode, 7.0), "7"),
            (volts(1.5).signed(), "+1.5\u{202f}V"),
            (volts(-1.5).signed(), "\u{2212}1.5\u{202f}V"),
            (volts(0.0).signed(), "0.0\u{202f}V"),
        ] {
            assert_eq!(figure.to_string(), text);
        }
    }

    #[test]
    fn ages_and_durations_change_their_unit_without_a_jump() {
        for (seconds, text) in [
            (0.2, "0.2 s"),
            (9.94, "9.9 s"),
            (9.96, "10 s"),
            (99.0, "99 s"),
            (180.0, "3 min"),
            (7_200.0, "2 h"),
            (432_000.0, "5 d"),
        ] {
            assert_eq!(age(seconds), text.replace(' ', "\u{202f}"));
        }
        for (seconds, text) in [(0.4, "<_1_s ago"), (2.9, "3_s ago"), (62.0, "62_s ago"), (7_200.0, "2_h ago")] {
            assert_eq!(ago(seconds), text.replace('_', "\u{202f}"));
        }
        for (seconds, text) in
            [(48.0, "48_s"), (3_120.0, "52_min"), (11_520.0, "3_h 12_min"), (7_200.0, "2_h"), (187_200.0, "2_d 4_h")]
        {
            assert_eq!(duration(seconds), text.replace('_', "\u{202f}"));
        }
    }
}
