//! A `[[simulator]]` table of a house.

use super::local;
use super::within::{ambient, hour, percent, positive, scale};
use crate::home::HomeSpec;
use serde::Deserialize;
use std::net::SocketAddr;

/// How a simulated house is configured. What is left out is that of the demo.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct HomeConfig {
    /// The system that is simulated: its id in the site file.
    pub system: String,
    /// Where the Cerbo GX listens for Modbus TCP; port 0 takes any free one.
    #[serde(default = "gx")]
    pub gx: SocketAddr,
    /// Where the inverter's gateway listens for Modbus TCP; port 0 takes any free one.
    #[serde(default = "inverter")]
    pub inverter: SocketAddr,
    /// Where a gateway listens that passes the inverter's serial bytes on as they are. There is none if not given.
    #[serde(default)]
    pub inverter_rtu: Option<SocketAddr>,
    /// The same seed gives the same cells, weather and household, and the devices' serial numbers.
    #[serde(default = "seed")]
    pub seed: u64,
    /// Rated capacity of the whole bank, Ah, above 0.
    #[serde(default = "capacity_ah", deserialize_with = "positive")]
    pub capacity_ah: f32,
    /// State of charge at the start, 0 to 100 %.
    #[serde(default = "soc_pct", deserialize_with = "percent")]
    pub soc_pct: f32,
    /// Air temperature around the bank at the start, -20 to 55 °C.
    #[serde(default = "ambient_c", deserialize_with = "ambient")]
    pub ambient_c: f32,
    /// The inverter leaves this much in the battery, by its own estimate, 0 to 100 %.
    #[serde(default = "reserve_pct", deserialize_with = "percent")]
    pub reserve_pct: f32,
    /// Time of day at the start, 0 to 24 hours after midnight; that of the machine's clock, in UTC, if not given.
    #[serde(default, deserialize_with = "hour")]
    pub start_hour: Option<f32>,
    /// How much faster than real time it runs, 1 to 1000.
    #[serde(default = "time_scale", deserialize_with = "scale")]
    pub time_scale: f32,
}

impl HomeConfig {
    /// The hardware address of the GX, by which it is known.
    pub fn mac(&self) -> String {
        format!("c0619a{:06x}", self.seed & 0xFF_FFFF)
    }

    /// The serial number of the inverter.
    pub fn serial(&self) -> String {
        format!("21{:08}", self.seed % 100_000_000)
    }

    /// The house that this describes, if it begins at `clock_h` hours after midnight unless configured otherwise.
    pub fn house(&self, clock_h: f32) -> HomeSpec {
        HomeSpec {
            capacity_ah: self.capacity_ah,
            soc_pct: self.soc_pct,
            ambient_c: self.ambient_c,
            floor_pct: self.reserve_pct,
            start_h: self.start_hour.unwrap_or(clock_h),
            seed: self.seed,
        }
    }
}

fn gx() -> SocketAddr {
    local(15_030)
}

fn inverter() -> SocketAddr {
    local(15_031)
}

fn seed() -> u64 {
    HomeSpec::default().seed
}

fn capacity_ah() -> f32 {
    HomeSpec::default().capacity_ah
}

fn soc_pct() -> f32 {
    HomeSpec::default().soc_pct
}

fn ambient_c() -> f32 {
    HomeSpec::default().ambient_c
}

fn reserve_pct() -> f32 {
    HomeSpec::default().floor_pct
}

fn time_scale() -> f32 {
    1.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_table_is_the_demo_and_a_wrong_one_says_what_is_wrong() {
        let config: HomeConfig = toml::from_str("system = \"home\"\nstart_hour = 18\nsoc_pct = 50").unwrap();
        assert_eq!((config.gx.port(), config.inverter.port(), config.time_scale), (15_030, 15_031, 1.0));
        assert_eq!(config.house(3.0), HomeSpec { start_h: 18.0, soc_pct: 50.0, ..HomeSpec::default() });
        let by_clock: HomeConfig = toml::from_str("system = \"home\"").unwrap();
        assert_eq!(by_clock.house(3.0).start_h, 3.0);
        for (text, says) in [
            ("seed = 7", "missing field `system`"),
            ("system = \"home\"\ncan_to = \"127.0.0.1:1\"", "unknown field `can_to`"),
            ("system = \"home\"\nstart_hour = 25", "25 is not a number from 0 to 24"),
            ("system = \"home\"\ntime_scale = 0", "0 is not a number from 1 to 1000"),
        ] {
            let error = toml::from_str::<HomeConfig>(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
