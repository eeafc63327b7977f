//! The points that a system's devices have of their own, beside the catalogue that all systems share.

use domain::spec::SystemSpec;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which system.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DevicesRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
}

/// The points of a system's devices, in the order in which the live stream has them. In the binary form: a list of
/// [`domain::point::DevicePoint`].
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DevicesResponse {
    /// The system's id.
    pub system: String,
    /// The points; empty if no device has any of its own.
    pub device_points: Vec<DevicePointResponse>,
}

/// The points of devices that only a system's history knows: no device has them any more. In the binary form: the names.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct KeptDevicesResponse {
    /// The system's id.
    pub system: String,
    /// Their stable names, in their order, as far as the newest thirty sealed days and the running day know them.
    pub names: Vec<String>,
}

/// A point of a device.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct DevicePointResponse {
    /// Its stable name, with the link before it: `gpu/3/power`.
    pub path: String,
    /// The unit's symbol; empty for a bare number.
    pub unit: &'static str,
    /// The step of its digits, in its unit.
    pub resolution: f32,
    /// How old a value may be before it is stale, s.
    pub max_age_s: f32,
    /// A lower value raises an alarm; null if none does.
    pub alarm_below: Option<f64>,
    /// A higher value raises an alarm; null if none does.
    pub alarm_above: Option<f64>,
}

impl DevicesResponse {
    /// The device points of a system.
    pub fn of(spec: &SystemSpec) -> DevicesResponse {
        let points = spec.device_points.iter().map(|point| DevicePointResponse {
            path: point.path.clone(),
            unit: point.unit.symbol(),
            resolution: point.resolution,
            max_age_s: point.max_age.as_secs_f32(),
            alarm_below: point.limits.low.map(short),
            alarm_above: point.limits.high.map(short),
        });
        DevicesResponse { system: spec.id.clone(), device_points: points.collect() }
    }
}

/// The shortest number that is this one: 0.1, and not 0.10000000149.
fn short(limit: f32) -> f64 {
    limit.to_string().parse().unwrap_or(limit.into())
}
