//! The setpoints as a table.

/// Something that can be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setpoint {
    /// State of charge below which peaks are not shaved, %. Stored.
    Reserve,
    /// The most that the battery gives, W. Held for a time.
    DischargeLimit,
    /// The most that the battery takes, W. Held for a time.
    ChargeLimit,
    /// What the controller works towards: 0 Max Safety, 1 Max ROI. Stored.
    Mode,
    /// 0 standby, 1 run.
    Run,
    /// Of a house: state of charge below which the battery gives nothing, %. Stored.
    MinimumSoc,
    /// Of a house: power from the grid, W. Held for a time.
    GridSetpoint,
}

/// What is known of a setpoint. Numbers in its unit.
pub(super) struct Row {
    pub(super) min: f32,
    pub(super) max: f32,
    /// What one who lies is off by.
    pub(super) step: f32,
    /// How long a value is held, s, if nothing else is said; `None` if it stays.
    pub(super) lease_s: Option<f32>,
    pub(super) default: f32,
    /// The highest value of one who keeps to a narrower range.
    pub(super) narrow_max: f32,
}

/// By [`Setpoint`], in its order.
#[rustfmt::skip]
const ROWS: [Row; 7] = [
    Row { min: 10.0, max: 50.0, step: 1.0, lease_s: None, default: 20.0, narrow_max: 35.0 },
    Row { min: 0.0, max: 250e3, step: 1e3, lease_s: Some(60.0), default: 150e3, narrow_max: 120e3 },
    Row { min: 0.0, max: 250e3, step: 1e3, lease_s: Some(60.0), default: 50e3, narrow_max: 25e3 },
    Row { min: 0.0, max: 1.0, step: 1.0, lease_s: None, default: 1.0, narrow_max: 1.0 },
    Row { min: 0.0, max: 1.0, step: 1.0, lease_s: None, default: 1.0, narrow_max: 1.0 },
    Row { min: 0.0, max: 100.0, step: 1.0, lease_s: None, default: 20.0, narrow_max: 60.0 },
    Row { min: -32e3, max: 32e3, step: 10.0, lease_s: Some(60.0), default: 0.0, narrow_max: 1e3 },
];

impl Setpoint {
    /// Every setpoint.
    pub(super) const ALL: [Setpoint; 7] = [
        Setpoint::Reserve,
        Setpoint::DischargeLimit,
        Setpoint::ChargeLimit,
        Setpoint::Mode,
        Setpoint::Run,
        Setpoint::MinimumSoc,
        Setpoint::GridSetpoint,
    ];

    /// Those of a pack's controller. A house's GX has the others.
    pub const OF_PACK: [Setpoint; 5] =
        [Setpoint::Reserve, Setpoint::DischargeLimit, Setpoint::ChargeLimit, Setpoint::Mode, Setpoint::Run];

    pub(super) fn row(self) -> &'static Row {
        &ROWS[self as usize]
    }
}
