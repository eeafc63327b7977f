//! Interlocks: what must hold before a control may be moved. A new one is one row here.
//!
//! Most of them guard only against a wider value. What makes a system safer is always possible as long as the device can
//! be reached and control is armed. What is not known counts as the worst case.

use crate::alarm::Severity;
use crate::derived::{ERROR_MODE, contactors};
use crate::limits::Band;
use crate::link::{LinkState, LinkStatus};
use crate::point::PointId;
use crate::reading::{CellQuantity, NoData, Sample};
use crate::spec::control::ControlSpec;
use crate::spec::control_kind::ControlKind;
use crate::time::Now;
use crate::twin::System;

/// What interlocks look at.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The system that is commanded.
    pub system: &'a System,
    /// The link to the device that is set.
    pub link: &'a LinkStatus,
    /// Whether an admin has armed control.
    pub armed: bool,
    /// The instant.
    pub now: Now,
}

/// Which commands an interlock guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guards {
    /// Every command.
    All,
    /// Only those that move away from the safe side.
    Wider,
}

/// One row of the table.
#[derive(Clone, Copy)]
pub struct Interlock {
    /// Its name in the API and in the audit.
    pub id: &'static str,
    /// What it asks for, for people.
    pub label: &'static str,
    /// Which commands it guards.
    pub guards: Guards,
    /// Whether it holds; else why not.
    holds: fn(&ControlSpec, &Situation<'_>) -> Result<(), String>,
}

/// Every interlock.
pub const INTERLOCKS: &[Interlock] = &[
    Interlock { id: "armed", label: "Control is armed", guards: Guards::All, holds: armed },
    Interlock { id: "link", label: "The device answers", guards: Guards::All, holds: link },
    Interlock { id: "remote", label: "The device is under remote control", guards: Guards::All, holds: remote },
    Interlock { id: "inputs", label: "The readings it depends on are fresh", guards: Guards::Wider, holds: inputs },
    Interlock { id: "alarms", label: "No critical alarm", guards: Guards::Wider, holds: alarms },
    Interlock { id: "mode", label: "The controller has no error", guards: Guards::Wider, holds: mode },
    Interlock { id: "contactors", label: "The battery is connected", guards: Guards::Wider, holds: connected },
    Interlock { id: "temperature", label: "Cells at a working temperature", guards: Guards::Wider, holds: temperature },
];

/// An interlock with what it says now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The interlock's id.
    pub id: &'static str,
    /// What it asks for, for people.
    pub label: &'static str,
    /// Which commands it guards.
    pub guards: Guards,
    /// Why it does not hold; `None` if it does.
    pub blocked: Option<String>,
}

/// What every interlock says of a control now.
pub fn verdicts<'a>(control: &'a ControlSpec, situation: &'a Situation<'a>) -> impl Iterator<Item = Verdict> + 'a {
    INTERLOCKS.iter().map(move |interlock| Verdict {
        id: interlock.id,
        label: interlock.label,
        guards: interlock.guards,
        blocked: (interlock.holds)(control, situation).err(),
    })
}

/// Whether a control may be moved, to a wider value or not.
///
/// # Errors
/// The first interlock that does not hold, with its reason.
pub(super) fn check(
    control: &ControlSpec,
    situation: &Situation<'_>,
    wider: bool,
) -> Result<(), (&'static str, String)> {
    let mut rows = INTERLOCKS.iter().filter(|interlock| wider || interlock.guards == Guards::All);
    rows.try_for_each(|interlock| (interlock.holds)(control, situation).map_err(|why| (interlock.id, why)))
}

impl Situation<'_> {
    fn point(&self, point: PointId) -> Sample {
        self.system.state.points.sample(point, self.now.mono)
    }

    /// A point that not every battery has: `None` if this one has never had it, the worst case if it is lost.
    fn if_known(&self, point: PointId) -> Result<Option<f32>, String> {
        match self.point(point) {
            Ok(value) => Ok(Some(value)),
            Err(NoData::NotPresent) => Ok(None),
            Err(why) => Err(missing(point, why)),
        }
    }
}

fn missing(point: PointId, why: NoData) -> String {
    format!("{} not known: {}", point.is(), why.words())
}

fn armed(_: &ControlSpec, situation: &Situation<'_>) -> Result<(), String> {
    if situation.armed { Ok(()) } else { Err("control is not armed: an admin arms it in Settings".to_owned()) }
}

fn link(_: &ControlSpec, situation: &Situation<'_>) -> Result<(), String> {
    match situation.link.state {
        LinkState::Up => Ok(()),
        state => Err(format!("the link to the device is {}", state.word())),
    }
}

fn remote(_: &ControlSpec, situation: &Situation<'_>) -> Result<(), String> {
    match situation.if_known(PointId::LocalControl)? {
        Some(local) if local > 0.5 => Err("somebody has switched the device to local control".to_owned()),
        _ => Ok(()),
    }
}

fn inputs(control: &ControlSpec, situation: &Situation<'_>) -> Result<(), String> {
    let mut inputs = control.kind.spec().inputs.iter();
    inputs.try_for_each(|point| situation.point(*point).map(drop).map_err(|why| missing(*point, why)))
}

fn alarms(_: &ControlSpec, situation: &Situation<'_>) -> Result<(), String> {
    let alarms = situation.system.alarms.active();
    let critical = alarms.iter().filter(|alarm| alarm.severity() == Severity::Critical);
    match critical.count() {
        0 => Ok(()),
        1 => Err("a critical alarm is active".to_owned()),
        many => Err(format!("{many} critical alarms are active")),
    }
}

fn mode(_: &ControlSpec, situation: &Situation<'_>) -> Result<(), String> {
    match situation.if_known(PointId::ControllerMode)? {
        Some(mode) if mode as u8 == ERROR_MODE => Err("the controller reports an error".to_owned()),
        _ => Ok(()),
    }
}

fn connected(control: &ControlSpec, situation: &Situation<'_>) -> Result<(), String> {
    // Running is what connects it; a reserve is kept also while it is not.
    if !matches!(control.kind, ControlKind::DischargeLimit | ControlKind::ChargeLimit | ControlKind::GridSetpoint) {
        return Ok(());
    }
    match situation.if_known(PointId::Contactors)?.map(contactors) {
        None | Some("closed") => Ok(()),
        Some(state) => Err(format!("the contactors are not closed: {state}")),
    }
}

fn temperature(control: &ControlSpec, situation: &Situation<'_>) -> Result<(), String> {
    let limits = &situation.system.spec.limits;
    let band = match control.kind {
        ControlKind::ChargeLimit => limits.charge_temperature_c,
        ControlKind::DischargeLimit | ControlKind::Run => limits.discharge_temperature_c,
        _ => return Ok(()),
    };
    let cells = situation.system.state.cells.column(CellQuantity::Temperature).stats(situation.now.mono);
    let points = [PointId::CellTemperatureMin, PointId::CellTemperatureMax, PointId::Temperature];
    let mut known: Vec<f32> = cells.map(|cells| vec![cells.min, cells.max]).unwrap_or_default();
    for point in points {
        known.extend(situation.if_known(point).ok().flatten());
    }
    match known.iter().find(|celsius| !band.contains(**celsius)) {
        _ if known.is_empty() => Err("the temperature of the battery is not known".to_owned()),
        Some(celsius) => Err(outside(*celsius, band)),
        None => Ok(()),
    }
}

fn outside(celsius: f32, band: Band) -> String {
    format!("the battery is at {celsius:.1} °C, not between {:.0} and {:.0} °C", band.low, band.high)
}
