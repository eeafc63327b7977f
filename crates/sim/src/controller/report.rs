//! What the controller says of the pack: the values behind one sweep of CAN frames.
//!
//! It is what was measured and estimated, not what is true: offsets, noise, quantisation and dead nodes are in it.

use super::limits::Limits;
use super::setpoints::Told;

/// Everything that one sweep of the controller's frames carries.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Cell voltages, mV; `None` where the cell's node does not answer.
    pub cell_mv: Vec<Option<u16>>,
    /// Cell temperatures, °C; `None` where the cell's node does not answer.
    pub cell_c: Vec<Option<i8>>,
    /// AFE nodes, one per module.
    pub nodes: Vec<NodeReport>,
    /// Lowest and highest cell voltage; `None` when no cell is measured.
    pub voltage_extremes: Option<Extremes>,
    /// Lowest and highest cell temperature; `None` when no cell is measured.
    pub temperature_extremes: Option<Extremes>,
    /// Voltage before the contactors, V.
    pub battery_v: f32,
    /// Voltage behind the contactors, V.
    pub bus_v: f32,
    /// Pack current, A, discharge positive.
    pub current_a: f32,
    /// Pack power, W, discharge positive.
    pub power_w: f32,
    /// What may be drawn and charged now.
    pub limits: Limits,
    /// Estimated state of charge, %, 0 to 100.
    pub soc_pct: f32,
    /// State of health, %, 0 to 100.
    pub soh_pct: f32,
    /// Energy left down to empty, Wh.
    pub energy_wh: f32,
    /// State of the state machine.
    pub mode: Mode,
    /// Contactor feedback.
    pub contactors: Contactors,
    /// Contactor command: what the feedback should say.
    pub contactors_command: Contactors,
    /// Events that the controller calls alarms, as bits of [`domain::bms::EVENTS`].
    pub alarms: u32,
    /// Events that it calls warnings, as the same bits.
    pub warnings: u32,
    /// Whether something needs a look: a node is delayed or lost, or a cell is beyond its working limits.
    pub warning: bool,
    /// Whether current flows into the pack.
    pub charging: bool,
    /// Whether any cell is being balanced.
    pub balancing: bool,
    /// Insulation resistance to earth, kΩ.
    pub insulation_kohm: f32,
    /// Air temperature around the pack, °C.
    pub ambient_c: f32,
    /// What it says of its setpoints.
    pub setpoints: Told,
}

/// The lowest and the highest of the measured cells.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extremes {
    /// Lowest value, mV or °C.
    pub min: f32,
    /// Its cell, from 0.
    pub min_at: u16,
    /// Highest value, mV or °C.
    pub max: f32,
    /// Its cell, from 0.
    pub max_at: u16,
}

impl Extremes {
    /// The extremes of the values that are there; the first cell wins a tie.
    pub fn of(values: impl Iterator<Item = Option<f32>>) -> Option<Extremes> {
        let mut extremes: Option<Extremes> = None;
        for (cell, value) in values.enumerate() {
            let (Some(value), Ok(cell)) = (value, u16::try_from(cell)) else { continue };
            let e = extremes.get_or_insert(Extremes { min: value, min_at: cell, max: value, max_at: cell });
            if value < e.min {
                (e.min, e.min_at) = (value, cell);
            }
            if value > e.max {
                (e.max, e.max_at) = (value, cell);
            }
        }
        extremes
    }
}

/// How one AFE node of the daisy chain answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeReport {
    /// Whether it answers.
    pub state: NodeState,
    /// Time since its last answer was asked for, ms.
    pub delay_ms: u16,
    /// Answers that were missing or failed their check since the start; stops at 65,535.
    pub errors: u16,
}

/// Whether an AFE node answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum NodeState {
    /// It answers in time.
    #[default]
    Working = 0,
    /// Its last answer is late.
    Delayed = 1,
    /// It does not answer.
    Lost = 2,
}

impl NodeState {
    /// Every state with its word in the DBC file.
    pub const WORDS: [(NodeState, &'static str); 3] =
        [(NodeState::Working, "working"), (NodeState::Delayed, "delayed"), (NodeState::Lost, "lost")];
}

/// State of the controller, with the codes of the foxBMS state message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    /// Contactors open, waiting.
    #[default]
    Standby = 5,
    /// The bus is raised through the precharge resistor.
    Precharge = 6,
    /// Contactors closed.
    Normal = 7,
    /// Something is wrong that stops a real pack. The simulated one goes on, so that it can be watched.
    Error = 10,
}

/// Contactor feedback: true is closed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Contactors {
    /// Main contactor of the plus side.
    pub main_plus: bool,
    /// Main contactor of the minus side.
    pub main_minus: bool,
    /// Precharge contactor.
    pub precharge: bool,
}

impl Contactors {
    /// As a bit field: bit 0 main plus, bit 1 main minus, bit 2 precharge.
    pub fn bits(self) -> u8 {
        u8::from(self.main_plus) | u8::from(self.main_minus) << 1 | u8::from(self.precharge) << 2
    }
}
