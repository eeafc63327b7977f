//! A `[[simulator]]` table of a site file.

mod home;
mod within;

pub use home::HomeConfig;

use crate::plant::PlantSpec;
#[cfg(feature = "sockets")]
use crate::rig::{Rig, RigError};
use domain::topology::Topology;
use serde::Deserialize;
use std::net::SocketAddr;
use within::{ambient, percent, positive};

/// A simulated system of one of the kinds that there are.
#[derive(Clone, Debug, PartialEq)]
pub enum SimulatorConfig {
    /// A pack under an AI load.
    Pack(RigConfig),
    /// A house.
    Home(HomeConfig),
}

impl SimulatorConfig {
    /// The kinds as a site file writes them; the first if it writes none.
    pub const KINDS: [&str; 2] = ["pack", "home"];

    /// The system that is simulated: its id in the site file.
    pub fn system(&self) -> &str {
        match self {
            SimulatorConfig::Pack(config) => &config.system,
            SimulatorConfig::Home(config) => &config.system,
        }
    }

    #[cfg(feature = "sockets")]
    /// Starts it; a pack has cells arranged as `topology`.
    ///
    /// # Errors
    /// [`RigError`] names the device and its address; nothing keeps running.
    pub async fn start(&self, topology: Topology) -> Result<Rig, RigError> {
        match self {
            SimulatorConfig::Pack(config) => Rig::start(config, topology).await,
            SimulatorConfig::Home(config) => Rig::start_home(config).await,
        }
    }
}

/// How a simulated pack is configured. What is left out is that of the demo.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
pub struct RigConfig {
    /// The system that is simulated: its id in the site file, which gives the topology.
    pub system: String,
    /// Where the controller sends its cannelloni packets.
    #[serde(default = "can_to")]
    pub can_to: SocketAddr,
    /// Where the grid meter listens; port 0 takes any free one.
    #[serde(default = "grid_meter")]
    pub grid_meter: SocketAddr,
    /// Where the AI load's meter listens; port 0 takes any free one.
    #[serde(default = "load_meter")]
    pub load_meter: SocketAddr,
    /// Where the controller listens for Modbus TCP, to be set; port 0 takes any free one. It does not if not given.
    #[serde(default)]
    pub controller: Option<SocketAddr>,
    /// Where the controller's SunSpec gateway listens; port 0 takes any free one. There is none if not given.
    #[serde(default)]
    pub sunspec: Option<SocketAddr>,
    /// The same seed gives the same cells, load and noise, and the controller's serial number.
    #[serde(default = "seed")]
    pub seed: u64,
    /// Rated capacity of a cell, Ah, above 0.
    #[serde(default = "capacity_ah", deserialize_with = "positive")]
    pub capacity_ah: f32,
    /// State of charge at the start, 0 to 100 %.
    #[serde(default = "soc_pct", deserialize_with = "percent")]
    pub soc_pct: f32,
    /// Air temperature at the start, -20 to 55 °C.
    #[serde(default = "ambient_c", deserialize_with = "ambient")]
    pub ambient_c: f32,
    /// Peak shaving keeps the grid under this, kW, above 0.
    #[serde(default = "grid_cap_kw", deserialize_with = "positive")]
    pub grid_cap_kw: f32,
    /// Peak shaving leaves this much in the battery, 0 to 100 %, until somebody sets another reserve.
    #[serde(default = "reserve_pct", deserialize_with = "percent")]
    pub reserve_pct: f32,
}

impl RigConfig {
    /// The serial number of the controller and of its gateway.
    pub fn serial(&self) -> String {
        format!("PT-{:08}", self.seed)
    }

    /// The plant that this describes, with cells arranged as `topology`.
    pub fn plant(&self, topology: Topology) -> PlantSpec {
        PlantSpec {
            topology,
            capacity_ah: self.capacity_ah,
            soc_pct: self.soc_pct,
            ambient_c: self.ambient_c,
            grid_cap_w: self.grid_cap_kw * 1e3,
            reserve_pct: self.reserve_pct,
            seed: self.seed,
        }
    }
}

/// A port of this machine.
fn local(port: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], port))
}

fn can_to() -> SocketAddr {
    local(20_000)
}

fn grid_meter() -> SocketAddr {
    local(15_020)
}

fn load_meter() -> SocketAddr {
    local(15_021)
}

fn seed() -> u64 {
    PlantSpec::default().seed
}

fn capacity_ah() -> f32 {
    PlantSpec::default().capacity_ah
}

fn soc_pct() -> f32 {
    PlantSpec::default().soc_pct
}

fn ambient_c() -> f32 {
    PlantSpec::default().ambient_c
}

fn grid_cap_kw() -> f32 {
    PlantSpec::default().grid_cap_w / 1e3
}

fn reserve_pct() -> f32 {
    PlantSpec::default().reserve_pct
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_table_is_the_demo_and_a_wrong_one_says_what_is_wrong() {
        let config: RigConfig = toml::from_str("system = \"hv\"\nseed = 7\nsoc_pct = 50").unwrap();
        assert_eq!((config.seed, config.soc_pct, config.can_to.port()), (7, 50.0, 20_000));
        let plant = config.plant(Topology::new(1, 13, 20));
        assert_eq!(plant, PlantSpec { seed: 7, soc_pct: 50.0, ..PlantSpec::default() });
        for (text, says) in [
            ("seed = 7", "missing field `system`"),
            ("system = \"hv\"\ncolour = 1", "unknown field `colour`"),
            ("system = \"hv\"\nsoc_pct = 140", "140 is not a number from 0 to 100"),
            ("system = \"hv\"\ncapacity_ah = nan", "NaN is not a number from 0.1 to 100000"),
            ("system = \"hv\"\ncan_to = \"localhost\"", "invalid socket address"),
        ] {
            let error = toml::from_str::<RigConfig>(text).unwrap_err().to_string();
            assert!(error.contains(says), "{error}");
        }
    }
}
