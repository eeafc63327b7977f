//! How instants, words and digits are written in JSON, and in the binary form.

use domain::time::{Utc, rfc3339};
use domain::wire::{Reader, Wire, WireError, Writer};
use domain::words::Words;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;

/// An instant: RFC 3339 in UTC with milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp(pub Utc);

impl Timestamp {
    /// The instant `at_ms` milliseconds after 1970-01-01 UTC.
    pub fn of_ms(at_ms: i64) -> Timestamp {
        Timestamp(Utc(at_ms.saturating_mul(1_000)))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&rfc3339(self.0))
    }
}

impl JsonSchema for Timestamp {
    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "An instant: RFC 3339 in UTC with milliseconds.",
            "type": "string", "format": "date-time", "examples": ["2026-11-21T13:04:05.678Z"],
        })
    }
}

impl Wire for Timestamp {
    fn write(&self, w: &mut Writer) {
        self.0.write(w);
    }

    fn read(r: &mut Reader<'_>) -> Result<Timestamp, WireError> {
        Utc::read(r).map(Timestamp)
    }
}

/// A value of an enum, by its word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<T>(pub T);

impl<T: Words> Serialize for Word<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.as_word())
    }
}

/// The place of the value among all of them: new ones go to the end.
impl<T: Words> Wire for Word<T> {
    fn write(&self, w: &mut Writer) {
        let place = T::VALUES.iter().position(|value| *value == self.0);
        w.u8(place.and_then(|place| u8::try_from(place).ok()).unwrap_or(u8::MAX));
    }

    fn read(r: &mut Reader<'_>) -> Result<Word<T>, WireError> {
        let place = usize::from(r.u8()?);
        T::VALUES.get(place).map(|value| Word(*value)).ok_or_else(|| r.invalid(T::WHAT))
    }
}

impl<'de, T: Words> Deserialize<'de> for Word<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Word<T>, D::Error> {
        let word = Cow::<'de, str>::deserialize(deserializer)?;
        T::from_word(&word).map(Word).map_err(serde::de::Error::custom)
    }
}

impl<T: Words> JsonSchema for Word<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        T::WHAT.into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let words: Vec<&str> = T::VALUES.iter().map(|value| value.as_word()).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}

/// A number with the digits that its `step` deserves.
pub fn rounded(value: f32, step: f32) -> f64 {
    let digits = (-f64::from(step).log10()).ceil().clamp(0.0, 6.0) as i32;
    digits_of(value.into(), digits)
}

/// A number with so many digits after the point.
pub(crate) fn digits_of(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

/// What no reading is, `null`.
pub fn known(value: f32) -> Option<f64> {
    Some(f64::from(value)).filter(|value| !value.is_nan())
}

/// Writes an instant as a [`Timestamp`].
pub(crate) fn timestamp<S: Serializer>(at: &Utc, serializer: S) -> Result<S::Ok, S::Error> {
    Timestamp(*at).serialize(serializer)
}

/// As [`timestamp`].
pub(crate) fn maybe_timestamp<S: Serializer>(at: &Option<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    at.map(Timestamp).serialize(serializer)
}

/// Writes a number with three digits after the point.
pub(crate) fn thousandths<S: Serializer>(value: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(digits_of(f64::from(*value), 3))
}

/// As [`thousandths`].
pub(crate) fn maybe_thousandths<S: Serializer>(value: &Option<f32>, serializer: S) -> Result<S::Ok, S::Error> {
    value.map(|value| digits_of(value.into(), 3)).serialize(serializer)
}

/// Writes a text, and an empty one as `null`.
pub(crate) fn maybe_words<S: Serializer>(words: &str, serializer: S) -> Result<S::Ok, S::Error> {
    Some(words).filter(|words| !words.is_empty()).serialize(serializer)
}

/// Writes something in another shape.
pub(crate) fn shaped<S: Serializer, T, J: Serialize + for<'a> From<&'a T>>(
    of: &T,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    J::from(of).serialize(serializer)
}

/// Writes each thing of a list in another shape.
pub(crate) fn each_shaped<S: Serializer, T, J: Serialize + for<'a> From<&'a T>>(
    of: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(of.iter().map(J::from))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_digits_of_their_step() {
        for (value, step, text) in
            [(71.439, 0.1, "71.4"), (3.2009, 0.001, "3.201"), (182_049.6, 1.0, "182050.0"), (0.1 + 0.2, 0.0001, "0.3")]
        {
            assert_eq!(serde_json::json!(rounded(value, step)).to_string(), text);
        }
    }
}
