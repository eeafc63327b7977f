//! Decimal numbers in text.
//!
//! What people type, what style sheets say and what pages print has a few digits. The general conversions of the standard
//! library bring 30 KB of tables and code into a page; these are exact for such numbers and bring none.

use std::fmt;

/// Powers of ten that an `f64` holds exactly, as far as they are needed.
const TENS: [f64; 16] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15];

/// The number that `text` writes: `-12.5`, `+3`, `.25`. `None` if it is not a plain decimal number, or has more than 15
/// digits (leading zeros count).
pub fn parse(text: &str) -> Option<f64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let count = whole.len() + part.len();
    if count == 0 || count >= TENS.len() {
        return None;
    }
    let mut mantissa = 0u64;
    for digit in whole.bytes().chain(part.bytes()) {
        mantissa = mantissa * 10 + u64::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    // Both are exact, so the quotient is the nearest number.
    let value = mantissa as f64 / TENS[part.len()];
    Some(if text.starts_with('-') { -value } else { value })
}

/// `value` with so many digits (at most 6) after the point, for style sheets, addresses and forms: `-0.25`. Never `-0`;
/// numbers beyond 9e12 are cut there, and what is not a number is 0.
pub fn fixed(value: f64, decimals: u8) -> Fixed {
    let decimals = decimals.min(6);
    Fixed { scaled: (value * TENS[decimals as usize]).round().clamp(-9e18, 9e18) as i64, decimals }
}

/// A number with a fixed count of digits after the point; made by [`fixed`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    scaled: i64,
    decimals: u8,
}

impl Fixed {
    /// The same number without zeros at its end: `12.50` is `12.5`, `3.0` is `3`.
    pub fn trimmed(mut self) -> Fixed {
        while self.decimals > 0 && self.scaled % 10 == 0 {
            self.scaled /= 10;
            self.decimals -= 1;
        }
        self
    }
}

impl fmt::Display for Fixed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10u64.pow(self.decimals.into());
        let (whole, part) = (self.scaled.unsigned_abs() / unit, self.scaled.unsigned_abs() % unit);
        let sign = if self.scaled < 0 { "-" } else { "" };
        match self.decimals {
            0 => write!(f, "{sign}{whole}"),
            decimals => write!(f, "{sign}{whole}.{part:0width$}", width = decimals.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn plain_decimals_are_read_and_nothing_else() {
        for (text, value) in [
            ("0", Some(0.0)),
            ("-12.5", Some(-12.5)),
            ("+3", Some(3.0)),
            (".25", Some(0.25)),
            ("7.", Some(7.0)),
            ("000000000000001", Some(1.0)),
            ("0000000000000001", None),
            ("", None),
            (".", None),
            ("-", None),
            ("1e3", None),
            ("1,5", None),
            ("--1", None),
            ("1.2.3", None),
            ("NaN", None),
            ("\u{0661}", None),
        ] {
            assert_eq!(parse(text), value, "{text:?}");
        }
    }

    #[test]
    fn digits_after_the_point_are_as_many_as_asked_for() {
        for (value, decimals, text, trimmed) in [
            (0.0, 0, "0", "0"),
            (-0.0004, 3, "0.000", "0"),
            (-0.25, 4, "-0.2500", "-0.25"),
            (99.96, 1, "100.0", "100"),
            (33.333_333, 4, "33.3333", "33.3333"),
            (f64::NAN, 2, "0.00", "0"),
        ] {
            assert_eq!(fixed(value, decimals).to_string(), text);
            assert_eq!(fixed(value, decimals).trimmed().to_string(), trimmed);
        }
    }

    proptest! {
        #[test]
        fn it_reads_what_the_standard_library_reads(text in "[+-]?[0-9]{1,8}(\\.[0-9]{0,7})?") {
            prop_assert_eq!(parse(&text), text.parse::<f64>().ok());
        }

        #[test]
        fn what_is_written_is_read(scaled in -999_999_999i64..999_999_999, decimals in 0u8..=6) {
            let value = scaled as f64 / TENS[decimals as usize];
            prop_assert_eq!(parse(&fixed(value, decimals).to_string()), Some(value));
        }
    }
}
