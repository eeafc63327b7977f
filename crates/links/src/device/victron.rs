//! A Victron GX as it describes itself: values by service, instance and D-Bus path. Its MQTT broker and the VRM cloud
//! both speak in these; [`gx`] makes readings of them.
//!
//! ```text
//! MQTT topic and payload --topic--.
//!                                 +--> (row, instance, value, time) --Gx--> readings, by the time of their values
//! VRM's JSON --------------vrm----'
//! ```

pub mod gx;
pub(crate) mod rows;
pub mod setpoint;
pub mod topic;
pub mod vrm;

pub use gx::Gx;
pub use rows::{ROWS, Row, Service};

use crate::ages::Ages;
use crate::describe::Describe;
use crate::device::unit;
use crate::text;
use domain::link::DecodedValue;
use domain::reading::Target;
use serde_json::Value;
use std::time::Duration;

/// The path under which a GX names the battery that it goes by: `com.victronenergy.battery/512`.
pub const ACTIVE_BATTERY: &str = "ActiveBatteryService";
/// The same in VRM.
pub const ACTIVE_BATTERY_CODE: &str = "abs";

/// What a JSON value says for a quantity: a number, also as text, or `None` for none. An invalid value of the D-Bus is
/// written as `null`, `""`, `[]` or `{}`, depending on the firmware.
///
/// # Errors
/// It is something else.
pub fn number(value: &Value) -> Result<Option<f64>, NotANumber> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => Ok(None),
        Value::Number(number) => number.as_f64().map(Some).ok_or(NotANumber),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => text.trim().parse().map(Some).map_err(|_| NotANumber),
        _ => Err(NotANumber),
    }
}

/// A value of a quantity that is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotANumber;

/// The table, for people who look at raw values. A slot is a row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct GxTable;

impl Describe for GxTable {
    fn key(&self, slot: usize) -> String {
        ROWS.get(slot).map_or_else(|| "requests".to_owned(), |row| format!("{}/{}", row.service.name(), row.path))
    }

    fn name(&self, slot: usize) -> String {
        ROWS.get(slot).map_or("Requests in the last hour", |row| row.point.spec().name).to_owned()
    }

    fn decoded(&self, slot: usize, raw: &[u8]) -> Vec<DecodedValue> {
        let Some(row) = ROWS.get(slot) else { return budget(raw).into_iter().collect() };
        let value: Value = serde_json::from_slice(raw).unwrap_or_default();
        let value = value.get("value").unwrap_or(&value);
        let text = match number(value) {
            Ok(Some(value)) => {
                format!("{} {}", text::number(row.ours(value), 2), unit::symbol(Target::Point(row.point)))
            }
            _ => "no value".to_owned(),
        };
        vec![DecodedValue { name: row.point.spec().path.to_owned(), text: text.trim_end().to_owned() }]
    }

    fn ages(&self, usual: Duration) -> Ages {
        Ages::of(ROWS.iter().map(|row| row.point), false, usual)
    }
}

/// The slot of a link that counts its requests: how many it made in the last hour, and how many it may.
pub(crate) const REQUESTS: usize = ROWS.len();

/// The bytes of that slot.
pub(crate) fn requests_raw(used: u16, limit: u16) -> [u8; 4] {
    let ([a, b], [c, d]) = (used.to_be_bytes(), limit.to_be_bytes());
    [a, b, c, d]
}

fn budget(raw: &[u8]) -> Option<DecodedValue> {
    let &[a, b, c, d] = raw else { return None };
    let text = format!("{} of {}", u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Some(DecodedValue { name: "used of the budget".to_owned(), text })
}
