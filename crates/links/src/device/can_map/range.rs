//! Which values of a signal are believed: those that its DBC file declares, others that the map names, or all.

use crate::device::dbc::{Encoding, Signal};
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// `range` of a map's entry.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RangeRule {
    /// `range = "ignore"`: the declared range does not count.
    Ignore,
    /// `range = [0, 1000]`: these count instead, in the point's unit, inclusive.
    Own(f64, f64),
}

/// The values that are believed, in the target's unit, inclusive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Believed {
    pub(crate) low: f64,
    pub(crate) high: f64,
    /// Whether the DBC file says so, and not the map.
    pub(crate) declared: bool,
}

impl RangeRule {
    /// The values of `signal` that are believed, in the target's unit, which is `value * scale + offset`; `None` if all
    /// are. Half a step more is let through, as tools round the bounds that they write.
    pub(super) fn believed(rule: Option<RangeRule>, signal: &Signal, scale: f64, offset: f64) -> Option<Believed> {
        match (rule, signal.range) {
            (Some(RangeRule::Ignore), _) | (None, None) => None,
            (Some(RangeRule::Own(low, high)), _) => Some(Believed { low, high, declared: false }),
            (None, Some((low, high))) => {
                let (a, b) = (low * scale + offset, high * scale + offset);
                let step = match signal.encoding {
                    Encoding::Unsigned | Encoding::Signed => signal.factor * scale,
                    Encoding::Float32 | Encoding::Float64 => a.abs().max(b.abs()) * 1e-6,
                };
                let half = step.abs() / 2.0;
                Some(Believed { low: a.min(b) - half, high: a.max(b) + half, declared: true })
            }
        }
    }
}

impl<'de> Deserialize<'de> for RangeRule {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RangeRule, D::Error> {
        struct Rule;

        impl<'de> Visitor<'de> for Rule {
            type Value = RangeRule;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"ignore\", or the lowest and the highest value, such as [0, 1000]")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<RangeRule, E> {
                match word {
                    "ignore" => Ok(RangeRule::Ignore),
                    _ => Err(E::invalid_value(serde::de::Unexpected::Str(word), &self)),
                }
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<RangeRule, A::Error> {
                match (seq.next_element::<f64>()?, seq.next_element::<f64>()?, seq.next_element::<f64>()?) {
                    (Some(low), Some(high), None) if low < high => Ok(RangeRule::Own(low, high)),
                    _ => Err(A::Error::custom("`range` is the lowest and the highest value, such as [0, 1000]")),
                }
            }
        }
        deserializer.deserialize_any(Rule)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct File {
        range: RangeRule,
    }

    #[test]
    fn a_rule_is_a_word_or_two_bounds() {
        let read = |text: &str| toml::from_str::<File>(&format!("range = {text}")).map(|file| file.range);
        assert_eq!(read("\"ignore\""), Ok(RangeRule::Ignore));
        assert_eq!(read("[-5, 1.5]"), Ok(RangeRule::Own(-5.0, 1.5)));
        for wrong in ["\"all\"", "[1]", "[2, 1]", "[1, 2, 3]", "7"] {
            assert!(read(wrong).unwrap_err().to_string().contains("such as [0, 1000]"), "{wrong}");
        }
    }
}
