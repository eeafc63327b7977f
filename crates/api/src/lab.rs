//! The lab of a simulated system. Its commands and state are [`domain::lab`]'s; in the binary form the state is
//! [`LabState`] itself.

use domain::lab::{LabState, LoadMode};
use domain::topology::Topology;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which simulated system.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub struct LabRequest {
    /// The system's id; the first one that is simulated if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
}

/// What is done to the simulation: the fields of a form. Which other fields an `action` needs is said with each.
#[derive(Clone, Debug, JsonSchema)]
pub struct LabCommandForm {
    /// The system's id; the first one that is simulated if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// What is done.
    #[schemars(example = LabAction::Burst)]
    pub action: LabAction,
    /// Of `load` and `burst`: power, kW, to 400, of a house to 20.
    #[schemars(range(min = 0, max = 400), example = 240)]
    pub kw: Option<f32>,
    /// Of `burst`: length, s. Of the fault `late-writes`: how late, s, to 60.
    #[schemars(range(min = 1, max = 600), example = 30)]
    pub seconds: Option<f32>,
    /// Of `ambient`: air temperature around the pack, °C.
    #[schemars(range(min = -20, max = 55))]
    pub celsius: Option<f32>,
    /// Of `inject` and `clear`: the name of a fault. A wrong one is answered with all names.
    pub fault: Option<String>,
    /// Of a fault of a cell: its name or its number from 0.
    pub cell: Option<String>,
    /// Of a fault of an AFE node: its number from 1.
    pub node: Option<u16>,
    /// Of the fault `silent-link`: the device.
    pub device: Option<String>,
}

/// What is done to the simulation.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum LabAction {
    /// The load bursts and trains by itself.
    LoadAuto,
    /// A constant load.
    Load,
    /// A burst of the load.
    Burst,
    /// Another air temperature.
    Ambient,
    /// A fault begins.
    Inject,
    /// A fault ends.
    Clear,
    /// All faults end.
    ClearAll,
}

/// What the simulation is doing.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct LabResponse {
    /// What the load does.
    pub load: Load,
    /// The burst that is running; null if none is.
    pub burst: Option<Burst>,
    /// Air temperature around the pack, °C.
    pub ambient_c: f64,
    /// Injected faults in words, oldest first.
    pub faults: Vec<String>,
}

/// What the load does.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(tag = "mode", rename_all = "lowercase")]
pub enum Load {
    /// Idle, bursts and training runs by themselves.
    Auto,
    /// A constant load.
    Fixed {
        /// Its power, W.
        power_w: f64,
    },
}

/// A burst of the load.
#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
pub struct Burst {
    /// Its power, W.
    pub power_w: f64,
    /// How much of it is left, s.
    pub left_s: f64,
}

impl LabResponse {
    /// The state of the simulation of a system with these cells.
    pub fn of(state: &LabState, topology: &Topology) -> LabResponse {
        LabResponse {
            load: match state.load {
                LoadMode::Auto => Load::Auto,
                LoadMode::Fixed(power_w) => Load::Fixed { power_w: power_w.into() },
            },
            burst: state.burst.map(|(power_w, left_s)| Burst { power_w: power_w.into(), left_s: left_s.into() }),
            ambient_c: state.ambient_c.into(),
            faults: state.faults.iter().map(|fault| fault.words(topology)).collect(),
        }
    }
}
