//! The battery as a Victron GX says it. Signs are Victron's: charging is positive. Instants are whole seconds.

use crate::json::digits_of;
use domain::energy::{BatteryState, battery_state};
use domain::time::{Utc, rfc3339};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is asked of the last hours.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct HistoryQuery {
    /// How far back, h; 24 if not given.
    #[schemars(range(min = 1, max = 72), example = 24)]
    pub hours: Option<u32>,
    /// The most readings; 100 if not given.
    #[schemars(range(min = 1, max = 1000), example = 100)]
    pub limit: Option<u32>,
}

/// The newest reading.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "VictronCurrent")]
pub struct CurrentResponse {
    /// `success`.
    pub status: Success,
    /// The reading.
    pub data: CurrentReading,
    /// Now, s since 1970 with milliseconds.
    pub timestamp: f64,
}

/// What there is if it went well.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Success {
    /// It went well.
    #[default]
    Success,
}

/// The newest reading and where it is from.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "VictronCurrentReading")]
pub struct CurrentReading {
    /// The installation at Victron's cloud; null if that is not said.
    pub installation_id: Option<String>,
    /// The reading.
    #[serde(flatten)]
    pub reading: BatteryReading,
}

/// One reading. A value that is not there is null.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "VictronReading")]
pub struct BatteryReading {
    /// When it was taken: RFC 3339 in UTC, whole seconds.
    #[schemars(example = &"2025-10-12T22:48:19Z")]
    pub timestamp: String,
    /// State of charge, %.
    pub soc: Option<f64>,
    /// Voltage, V.
    pub voltage: Option<f64>,
    /// Current, A, charging positive.
    pub current: Option<f64>,
    /// Power, W, charging positive.
    pub power: Option<f64>,
    /// What the battery does, by its current or else by its power.
    pub state: Option<ReadingState>,
    /// Temperature, °C.
    pub temperature: Option<f64>,
}

/// What the battery does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ReadingState {
    /// Current flows out of it.
    Discharging,
    /// Current flows into it.
    Charging,
    /// It rests.
    Idle,
}

/// Readings of the last hours.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "VictronHistory")]
pub struct HistoryResponse {
    /// `success`.
    pub status: Success,
    /// How many readings there are.
    pub count: usize,
    /// How far back was asked, h.
    pub hours: u32,
    /// The readings, oldest first, evenly from the first to the last.
    pub data: Vec<BatteryReading>,
}

/// How the link to the GX does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "VictronHealthResponse")]
pub struct HealthResponse {
    /// `success`.
    pub status: Success,
    /// How it does.
    pub data: Health,
}

/// How the link to the GX does.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "VictronHealth")]
pub struct Health {
    /// Whether it is asked.
    pub poller_running: bool,
    /// When it was last asked; null before that.
    pub last_poll_attempt: Option<String>,
    /// When values last came; null before that.
    pub last_successful_poll: Option<String>,
    /// Attempts that failed since.
    pub consecutive_failures: u32,
    /// Whether the link is up and its values are fresh.
    pub is_healthy: bool,
    /// Readings of the last 24 hours.
    pub readings_count_24h: usize,
    /// Requests to Victron's cloud within the last hour.
    pub api_requests_this_hour: u16,
    /// The most requests of an hour; null for a link that is not limited.
    pub rate_limit_max: Option<u16>,
}

/// An error of these addresses.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(rename = "VictronFailure")]
pub struct FailureResponse {
    /// `error`.
    pub status: Failed,
    /// What is wrong and what to do.
    pub error: String,
}

/// What there is if it went wrong.
#[derive(Clone, Copy, Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum Failed {
    /// It went wrong.
    #[default]
    Error,
}

impl BatteryReading {
    /// Charge %, voltage V, current A, power W and temperature °C at an instant, in our signs, of a battery of this nominal
    /// voltage, V.
    pub fn of(at: Utc, values: [Option<f32>; 5], nominal_v: f32) -> BatteryReading {
        let [soc, voltage, current, power, temperature] = values;
        BatteryReading {
            timestamp: whole_seconds(at),
            soc: rounded(soc, 2),
            voltage: rounded(voltage, 2),
            current: rounded(current.map(|a| -a), 2),
            power: rounded(power.map(|w| -w), 1),
            state: battery_state(voltage, current, power, nominal_v).map(|state| match state {
                BatteryState::Discharging => ReadingState::Discharging,
                BatteryState::Charging => ReadingState::Charging,
                BatteryState::Idle => ReadingState::Idle,
            }),
            temperature: rounded(temperature, 1),
        }
    }
}

fn rounded(value: Option<f32>, digits: i32) -> Option<f64> {
    // Adding zero makes a plain one of a negative zero.
    value.map(|value| digits_of(value.into(), digits) + 0.0)
}

/// RFC 3339 in UTC, to the second.
pub fn whole_seconds(at: Utc) -> String {
    rfc3339(Utc(at.0.div_euclid(1_000_000) * 1_000_000)).replace(".000Z", "Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_plain_zero() {
        let reading = BatteryReading::of(Utc(0), [None, None, Some(0.0), Some(0.0), None], 51.2);
        let text = serde_json::to_string(&reading).unwrap();
        assert!(text.contains("\"current\":0.0") && text.contains("\"state\":\"idle\""), "{text}");
    }
}
