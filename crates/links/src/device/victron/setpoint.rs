//! Values of a Victron GX that can be set over its MQTT broker: the topics and payloads of a write. Pure.
//!
//! ```text
//! R/<portal>/<service>/<instance>/<path>                  asks for the value
//! W/<portal>/<service>/<instance>/<path>  {"value": x}    sets it
//! N/<portal>/<service>/<instance>/<path>  {"value": x}    says which one there is
//! ```
//!
//! What is below `settings` is stored in flash; `hub4/0/Overrides/Setpoint` is the grid setpoint that is not, and that
//! the GX gives up after 60 s. (The Modbus registers 2700 and 2716 are the same two.)

use super::number;
use crate::device::setpoint::{Complaint, Held, HeldLease, SetpointEntry};
use domain::write::{BadValue, Setpoint, Wear};
use serde_json::Value;
use std::time::Duration;

/// After which time a GX gives up what is below `hub4/0/Overrides`.
const OVERRIDES_LAST: Duration = Duration::from_secs(60);

/// A setpoint of a GX.
#[derive(Clone, Debug)]
pub struct GxSetpoint {
    /// What it is to those who set it.
    pub setpoint: Setpoint,
    /// Service, instance and path: `settings/0/Settings/CGwacs/AcPowerSetPoint`.
    path: String,
}

/// What a message says of a setpoint; `None` without a value.
pub type Said = Option<f64>;

impl GxSetpoint {
    /// The setpoint of an entry whose `sets` is service, instance and path.
    ///
    /// # Errors
    /// It is no path, or its wear is not that of the service.
    pub fn new(entry: &SetpointEntry) -> Result<GxSetpoint, Complaint> {
        entry.without_can_keys()?;
        let (path, span) = (entry.sets.get_ref(), entry.sets.span());
        let parts: Vec<&str> = path.split('/').collect();
        let letters = |part: &&str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_path = parts.len() >= 3 && parts[1].parse::<u32>().is_ok() && parts.iter().all(letters);
        if !is_path {
            let words = "is not service, instance and path, such as \"settings/0/Settings/CGwacs/AcPowerSetPoint\"";
            return Err((span, format!("`{path}` {words}")));
        }
        // The GX knows it by one spelling, and so does the check that no two setpoints overwrite one another.
        if let Some(number) = parts[1].parse::<u32>().ok().filter(|number| number.to_string() != parts[1]) {
            return Err((span, format!("`{path}`: the instance `{}` is written {number}", parts[1])));
        }
        let lease = match parts[0] {
            "hub4" if parts.contains(&"Overrides") => HeldLease::Always(OVERRIDES_LAST),
            "settings" => HeldLease::Never,
            _ => HeldLease::Configured,
        };
        let setpoint = entry.setpoint(&Held { lease, ..Held::default() })?;
        if parts[0] == "settings" && setpoint.wear == Wear::Volatile {
            return Err((span, format!("`{path}` is stored at each write: its `wear` is \"flash\"")));
        }
        Ok(GxSetpoint { setpoint, path: path.clone() })
    }

    /// The topic under which the GX says which value it has.
    pub fn notified(&self, portal: &str) -> String {
        format!("N/{portal}/{}", self.path)
    }

    /// The topic that asks the GX to say it.
    pub fn read_topic(&self, portal: &str) -> String {
        format!("R/{portal}/{}", self.path)
    }

    /// The topic that sets it.
    pub fn write_topic(&self, portal: &str) -> String {
        format!("W/{portal}/{}", self.path)
    }

    /// The payload that sets it to `value`, or to its nearest step, and that step.
    ///
    /// # Errors
    /// The value is outside of the range.
    pub fn payload(&self, value: f64) -> Result<(Vec<u8>, f64), BadValue> {
        let admitted = self.setpoint.admit(value)?;
        // Some values of a GX are whole numbers, and take no other.
        let whole = admitted.fract() == 0.0 && admitted.abs() < 2_f64.powi(53);
        let number = if whole { Value::from(admitted as i64) } else { Value::from(admitted) };
        Ok((serde_json::json!({ "value": number }).to_string().into_bytes(), admitted))
    }

    /// What a message says of it, if it is about it.
    pub fn said(&self, portal: &str, topic: &str, payload: &[u8]) -> Option<Said> {
        if topic != self.notified(portal) {
            return None;
        }
        let payload: Value = serde_json::from_slice(payload).ok()?;
        // "nan" is a number to a parser of texts.
        number(payload.get("value")?).ok().map(|value| value.filter(|value| value.is_finite()))
    }

    /// Whether two values are the same: a GX keeps doubles, some of them as floats.
    pub fn is_same(one: f64, other: f64) -> bool {
        (one - other).abs() <= 1e-6 * one.abs().max(other.abs()).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::mqtt::packet::{self, Packet};
    use proptest::prelude::*;

    fn entry(sets: &str, wear: &str, more: &str) -> SetpointEntry {
        let text = format!(
            "name = \"grid\"\nsets = \"{sets}\"\nmin = -5000\nmax = 5000\nstep = 0.5\nwear = \"{wear}\"\n{more}"
        );
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn topics_and_payloads() {
        let grid = GxSetpoint::new(&entry("hub4/0/Overrides/Setpoint", "volatile", "lease_s = 60")).unwrap();
        assert_eq!(grid.write_topic("c0"), "W/c0/hub4/0/Overrides/Setpoint");
        assert_eq!(grid.read_topic("c0"), "R/c0/hub4/0/Overrides/Setpoint");
        for (value, payload) in [(-1_500.2, r#"{"value":-1500}"#), (0.6, r#"{"value":0.5}"#), (-0.0, r#"{"value":0}"#)]
        {
            assert_eq!(grid.payload(value).unwrap().0, payload.as_bytes());
        }
        assert!(grid.payload(5_000.1).is_err() && grid.payload(f64::NAN).is_err());
        for (topic, payload, said) in [
            ("N/c0/hub4/0/Overrides/Setpoint", r#"{"value": -1500.0}"#, Some(Some(-1_500.0))),
            ("N/c0/hub4/0/Overrides/Setpoint", r#"{"value": null}"#, Some(None)),
            ("N/c0/hub4/0/Overrides/Setpoint", r#"{"value": []}"#, Some(None)),
            ("N/c0/hub4/0/Overrides/Setpoint", "", None),
            ("N/c0/hub4/0/Overrides/Setpoint", "-1500", None),
            ("N/d1/hub4/0/Overrides/Setpoint", r#"{"value": 1}"#, None),
            ("N/c0/hub4/0/Overrides/Setpoints", r#"{"value": 1}"#, None),
        ] {
            assert_eq!(grid.said("c0", topic, payload.as_bytes()), said, "{topic} {payload}");
        }
        for (sets, lease, says) in [
            ("hub4/0/Overrides/Setpoint", 61, "`lease_s` is 1 to 60 s"),
            ("settings/0/Settings/CGwacs/AcPowerSetPoint", 60, "has no `lease_s`"),
        ] {
            let error = GxSetpoint::new(&entry(sets, "volatile", &format!("lease_s = {lease}"))).unwrap_err().1;
            assert!(error.contains(says), "{error}");
        }
        for (sets, wear, says) in [
            ("hub4/00/Overrides/Setpoint", "volatile", "the instance `00` is written 0"),
            ("settings/0/Settings/CGwacs/AcPowerSetPoint", "volatile", "its `wear` is \"flash\""),
            (
                "hub4/0/Overrides/Setpoint",
                "volatile",
                "the device gives hub4/0/Overrides/Setpoint up after 60 s: write",
            ),
            ("settings/x/A", "flash", "not service, instance and path"),
            ("settings/0", "flash", "not service, instance and path"),
            ("hub4/0/+", "volatile", "not service, instance and path"),
            ("/hub4/0/A", "volatile", "not service, instance and path"),
        ] {
            let error = GxSetpoint::new(&entry(sets, wear, "")).unwrap_err().1;
            assert!(error.contains(says), "{error}");
        }
    }

    proptest! {
        /// Whatever the wish, the packet that is sent carries a number of the range.
        #[test]
        fn no_value_outside_of_the_range_is_ever_encoded(
            min in -40_000.0_f64..40_000.0, span in 0.0_f64..80_000.0, step in 0.001_f64..500.0,
            value in prop_oneof![any::<f64>(), -90_000.0..90_000.0],
        ) {
            let grid = GxSetpoint::new(&entry("hub4/0/Overrides/Setpoint", "volatile", "lease_s = 60")).unwrap();
            let grid = GxSetpoint { setpoint: Setpoint { min, max: min + span, step, ..grid.setpoint }, ..grid };
            let Ok((payload, _)) = grid.payload(value) else { return Ok(()) };
            let bytes = packet::publish(&grid.write_topic("c0"), &payload);
            let Ok(Packet::Publish { payload, .. }) = packet::read(&bytes) else { panic!("{bytes:?}") };
            // Read as text, without our code.
            let text = std::str::from_utf8(payload).unwrap();
            let meant: f64 = text.strip_prefix("{\"value\":").unwrap().strip_suffix('}').unwrap().parse().unwrap();
            prop_assert!((min..=min + span).contains(&meant), "{} becomes {}", value, meant);
            prop_assert!((meant - value).abs() <= step, "{} becomes {}", value, meant);
        }
    }
}
