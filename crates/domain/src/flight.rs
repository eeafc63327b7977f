//! The flight check: what a command would bring, before it is sent, and how right that was afterwards. Pure.
//!
//! Here is what is said of it; `sim::flight` runs the twin forward and makes it. Times count from the instant of the check.
//! What cannot be known is an [`Unknown`] with its reason, never zero.

mod codec;
mod course;
mod score;
mod words;

pub use course::{Course, Measured};
pub use score::{Score, Sides, Verdict};

use crate::limits::Chemistry;
use crate::point::PointId;
use crate::reading::NoData;
use crate::wire::Wire;

/// Nothing is looked at further ahead than this, s.
pub const HORIZON_MAX_S: f32 = 24.0 * 3_600.0;

/// What the controller works towards.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Wire)]
pub enum Mode {
    /// The battery is kept for a failure of the grid: it shaves no peaks.
    MaxSafety,
    /// The battery shaves peaks down to the reserve.
    #[default]
    MaxRoi,
}

/// The values of a system's controls, as they are or as they are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Wire)]
pub struct Controls {
    /// Backup reserve: the state of charge at which peak shaving ends, %.
    pub reserve_pct: f32,
    /// The most that the battery may give, W, not negative; `None` where nothing limits it but the BMS.
    pub discharge_limit_w: Option<f32>,
    /// The most that the battery may take, W, not negative; `None` where nothing limits it but the BMS.
    pub charge_limit_w: Option<f32>,
    /// What the controller works towards.
    pub mode: Mode,
    /// Whether the battery works; else it stands by and carries no power.
    pub running: bool,
}

impl Controls {
    /// A battery that works in Max ROI with this reserve, %, and no limits but those of its BMS.
    pub fn with_reserve(reserve_pct: f32) -> Controls {
        Controls { reserve_pct, discharge_limit_w: None, charge_limit_w: None, mode: Mode::MaxRoi, running: true }
    }
}

/// What the load does from now on, W, not negative.
#[derive(Clone, Debug, PartialEq, Wire)]
pub enum LoadProfile {
    /// The mean of the last minutes goes on. Where bursts go above the grid cap and the mean does not, [`Self::Repeated`]
    /// tells more.
    Held,
    /// This power.
    Constant(f32),
    /// Bursts that come at even times, the first one now.
    Bursts {
        /// Power between them.
        base_w: f32,
        /// Power during them.
        burst_w: f32,
        /// Time from one to the next, s, above 0.
        every_s: f32,
        /// How long each takes, s.
        lasting_s: f32,
    },
    /// A recorded load, after whose end nothing is looked at.
    Recorded {
        /// Mean power of each step.
        load_w: Vec<f32>,
        /// Length of a step, s, above 0.
        step_s: f32,
    },
    /// A recorded load, such as that of the last minutes, again and again.
    Repeated {
        /// Mean power of each step.
        load_w: Vec<f32>,
        /// Length of a step, s, above 0.
        step_s: f32,
    },
}

/// What the battery does.
#[derive(Clone, Copy, Debug, PartialEq, Wire)]
pub enum Dispatch {
    /// It covers what the load takes above this grid power, W, and recharges when there is room.
    PeakShaving {
        /// The grid cap, W; a Victron ESS calls it the grid setpoint.
        grid_cap_w: f32,
    },
    /// The grid is lost: it carries the whole load, and the reserve may be used.
    Backup,
}

/// What is to be run forward.
#[derive(Clone, Debug, PartialEq, Wire)]
pub struct Plan {
    /// What the load does.
    pub load: LoadProfile,
    /// What the battery does. How long a backup lasts is answered in any case.
    pub dispatch: Dispatch,
    /// How far is looked ahead, s; at most [`HORIZON_MAX_S`].
    pub horizon_s: f32,
}

/// A value, or why it cannot be known.
pub type Known<T> = Result<T, Unknown>;

/// Why something cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Wire)]
pub enum Unknown {
    /// There is no good and fresh value of a point without which nothing can be said.
    Point(PointId, NoData),
    /// There is no model of cells of this chemistry.
    Chemistry(Chemistry),
    /// The rated capacity is not above 0.
    Capacity,
    /// The load profile has a power that is negative or no number, or a time that is not above 0; or the horizon is none.
    Plan,
    /// A wanted value that is no number, or a grid cap that is none.
    Controls,
    /// It is not said what the building may draw from the grid.
    GridCap,
}

/// Why a run forward ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Wire)]
pub enum End {
    /// It does not, within the time that was looked at.
    Horizon,
    /// The state of charge is down to the reserve.
    Reserve,
    /// Nothing is left.
    Empty,
    /// The load needs more than the discharge limit.
    DischargeLimit,
    /// The load needs more than the BMS allows.
    BmsPower,
    /// The load needs more than the highest current of the pack.
    CurrentLimit,
    /// This cell is down to its lowest allowed voltage; `None` stands for the mean cell, where cells are not seen.
    CellVoltage(Option<u16>),
    /// This cell is beyond the temperatures for discharging; `None` as before.
    CellTemperature(Option<u16>),
    /// The battery stands by.
    Standby,
    /// In Max Safety peaks are not shaved.
    Mode,
}

/// How long something lasts.
#[derive(Clone, Copy, Debug, PartialEq, Wire)]
pub struct Lasts {
    /// Minutes from now; of [`End::Horizon`] as far as was looked.
    pub minutes: f32,
    /// What ends it.
    pub end: End,
}

/// How long the battery alone carries the whole load, if the grid fails now.
#[derive(Clone, Copy, Debug, PartialEq, Wire)]
pub struct Backup {
    /// Until the state of charge is down to the reserve, min; `None` if it ends before, or is not reached.
    pub to_reserve_min: Option<f32>,
    /// Until it cannot any more: the reserve is what is kept for this.
    pub lasts: Lasts,
}

/// An extreme of a cell during a run.
#[derive(Clone, Copy, Debug, PartialEq, Wire)]
pub struct CellExtreme {
    /// Which, from 0; `None` stands for the mean cell, where cells are not seen.
    pub cell: Option<u16>,
    /// The value, V or °C.
    pub value: f32,
    /// When, minutes from now.
    pub at_min: f32,
}

/// The run at an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Wire)]
pub struct CurvePoint {
    /// Minutes from the check.
    pub at_min: f32,
    /// State of charge as the BMS will say it, %.
    pub soc_pct: f32,
    /// Mean battery power since the point before, W, discharge positive.
    pub battery_w: f32,
    /// Lowest cell voltage since the point before, V.
    pub lowest_v: f32,
    /// Temperature of the hottest cell, °C.
    pub hottest_c: f32,
}

/// What comes of one set of control values.
#[derive(Clone, Debug, PartialEq, Wire)]
pub struct Outlook {
    /// How long the battery covers the load above the grid cap; where the grid is lost, the whole load.
    pub training: Known<Lasts>,
    /// How long it carries the whole load without the grid.
    pub backup: Known<Backup>,
    /// The lowest cell voltage until the training ends, V.
    pub lowest_cell: Known<CellExtreme>,
    /// The highest cell temperature until then, °C.
    pub hottest_cell: Known<CellExtreme>,
    /// Energy at the terminals until the reserve is reached, at the mean power above the cap, Wh; 0 below the reserve.
    pub energy_above_floor_wh: Known<f32>,
    /// Power that could be given for 30 s now, beyond the most that the load profile needs, W; negative where it is short.
    pub headroom_w: Known<f32>,
    /// The run until the training ends: every minute of the first two hours, every five after them.
    pub curve: Vec<CurvePoint>,
}

/// What had to be assumed because it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Wire)]
pub enum Assumption {
    /// No cell is seen: one mean cell stands for all of them.
    MeanCell(NoData),
    /// So many cells are not seen: each is taken for a mean one.
    CellsMissing(u16),
    /// The current is not known: the cells are taken to be at rest.
    AtRest(NoData),
    /// The current of the last minutes is not known: the present one is taken to have flowed for long.
    Settled,
    /// No temperature is known: this one is assumed, °C.
    Temperature(f32),
    /// The air is taken to be as warm as the cells, °C.
    Air(f32),
    /// The health is not known: the capacity is taken to be the rated one.
    Health(NoData),
    /// What the BMS allows is not known: the usual limits of such cells are taken.
    BmsPower(NoData),
    /// Sun is not counted on.
    NoSun,
    /// The model does not explain the voltage of so many cells; the furthest is off by so much, V. It is taken to stay so.
    Unexplained {
        /// How many cells.
        cells: u16,
        /// The largest difference, V.
        worst_v: f32,
    },
    /// The contactors are open: they are taken to be closed.
    ContactorsClosed,
}

/// The answer of a flight check.
#[derive(Clone, Debug, PartialEq, Wire)]
pub struct FlightCheck {
    /// If nothing is done.
    pub present: Outlook,
    /// With the command.
    pub wanted: Outlook,
    /// What had to be assumed.
    pub assumptions: Vec<Assumption>,
    /// The mean load that was assumed until the horizon, W.
    pub load_w: Known<f32>,
}
