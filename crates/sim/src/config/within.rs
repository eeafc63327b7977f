//! Numbers of a site file that must lie within limits. NaN lies in none.

pub(super) fn percent<'de, D: serde::Deserializer<'de>>(input: D) -> Result<f32, D::Error> {
    within(input, 0.0, 100.0)
}

pub(super) fn ambient<'de, D: serde::Deserializer<'de>>(input: D) -> Result<f32, D::Error> {
    let (low, high) = domain::lab::AMBIENT_RANGE_C;
    within(input, low, high)
}

pub(super) fn positive<'de, D: serde::Deserializer<'de>>(input: D) -> Result<f32, D::Error> {
    within(input, 0.1, 100_000.0)
}

fn within<'de, D: serde::Deserializer<'de>>(input: D, low: f32, high: f32) -> Result<f32, D::Error> {
    let value = <f32 as serde::Deserialize>::deserialize(input)?;
    if (low..=high).contains(&value) {
        Ok(value)
    } else {
        Err(serde::de::Error::custom(format_args!("{value} is not a number from {low} to {high}")))
    }
}

pub(super) fn hour<'de, D: serde::Deserializer<'de>>(input: D) -> Result<Option<f32>, D::Error> {
    within(input, 0.0, 24.0).map(Some)
}

pub(super) fn scale<'de, D: serde::Deserializer<'de>>(input: D) -> Result<f32, D::Error> {
    within(input, 1.0, 1_000.0)
}
