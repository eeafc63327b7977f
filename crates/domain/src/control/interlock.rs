//! Interlocks: what must hold before a control may be moved. A new one is one row here.
//!
//! Most of them guard only against a wider value. What makes a system safer is always possible as long as the device can
//! be reached and control is armed. What is not known counts as the worst case; a reading that this system does not have at
//! all asks for nothing, and neither does one that has nothing to do with the control. That a reading is none of the system's
//! is known only while those who would say it are heard: else it may be one that is lost.

use crate::alarm::{Severity, Watch};
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
    holds: fn(&ControlSpec, &Situation<'_>) -> Held,
}

/// Whether an interlock holds, else why not; `None` where it asks for nothing: its reading has nothing to do with the
/// control, or this system does not have it.
type Held = Option<Result<(), String>>;

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

/// What every interlock says of a control now; those that ask for nothing say nothing.
pub fn verdicts<'a>(control: &'a ControlSpec, situation: &'a Situation<'a>) -> impl Iterator<Item = Verdict> + 'a {
    INTERLOCKS.iter().filter_map(move |interlock| {
        let held = (interlock.holds)(control, situation)?;
        let Interlock { id, label, guards, .. } = *interlock;
        Some(Verdict { id, label, guards, blocked: held.err() })
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
    rows.try_for_each(|interlock| match (interlock.holds)(control, situation) {
        Some(Err(why)) => Err((interlock.id, why)),
        _ => Ok(()),
    })
}

impl Situation<'_> {
    fn point(&self, point: PointId) -> Sample {
        self.system.state.points.sample(point, self.now.mono)
    }

    /// What a point that not every system has says; the worst case if it is lost. `None` if this system has none, which is
    /// known while those who would say it are `heard`.
    fn if_had(&self, point: PointId, heard: bool, ask: impl FnOnce(f32) -> Result<(), String>) -> Held {
        match self.point(point) {
            Ok(value) => Some(ask(value)),
            Err(NoData::NotPresent) if heard => None,
            Err(why) => Some(Err(missing(point, why))),
        }
    }

    /// Whether the device that is set answers.
    fn device_answers(&self) -> bool {
        self.link.state == LinkState::Up
    }

    /// Whether the battery itself says anything: not only the meters around it.
    fn battery_is_heard(&self) -> bool {
        let cells = self.system.state.cells.column(CellQuantity::Voltage);
        BATTERY.iter().any(|point| self.point(*point).is_ok()) || cells.stats(self.now.mono).is_some()
    }

    /// Whether no cell is heard although some have come, or may come: by a link that is up, or by one that is silent.
    fn cells_are_lost(&self) -> bool {
        let System { state, alarms, cells_due, .. } = self.system;
        let cells = state.cells.column(CellQuantity::Voltage);
        let had = || cells.samples(self.now.mono).any(|sample| sample != Err(NoData::NotPresent));
        let silent = || {
            alarms.active().iter().filter_map(|alarm| alarm.rule.rule()).any(|rule| rule.watch == Watch::LinkSilence)
        };
        let may_come = || self.system.spec.topology.cells() > 0 && (cells_due.is_some() || silent());
        cells.stats(self.now.mono).is_none() && (had() || may_come())
    }
}

/// What every battery says of itself, some of it.
const BATTERY: [PointId; 4] = [PointId::Voltage, PointId::Current, PointId::Power, PointId::Soc];

fn missing(point: PointId, why: NoData) -> String {
    format!("{} not known: {}", point.is(), why.words())
}

fn armed(_: &ControlSpec, situation: &Situation<'_>) -> Held {
    let why = || "control is not armed: an admin arms it in Settings".to_owned();
    Some(situation.armed.then_some(()).ok_or_else(why))
}

fn link(_: &ControlSpec, situation: &Situation<'_>) -> Held {
    let why = || format!("the link to the device is {}", situation.link.state.word());
    Some(situation.device_answers().then_some(()).ok_or_else(why))
}

/// The device itself says it: what makes the system safer does not wait for a battery that is not heard.
fn remote(_: &ControlSpec, situation: &Situation<'_>) -> Held {
    situation.if_had(PointId::LocalControl, situation.device_answers(), |local| match local > 0.5 {
        true => Err("somebody has switched the device to local control".to_owned()),
        false => Ok(()),
    })
}

fn inputs(control: &ControlSpec, situation: &Situation<'_>) -> Held {
    let inputs = control.kind.spec().inputs;
    let mut known = inputs.iter().map(|point| situation.point(*point).map(drop).map_err(|why| missing(*point, why)));
    (!inputs.is_empty()).then(|| known.try_for_each(|known| known))
}

/// Lost data raises no alarm of what it would have said: without the battery's own values nobody knows of any.
fn alarms(_: &ControlSpec, situation: &Situation<'_>) -> Held {
    let alarms = situation.system.alarms.active();
    let critical = alarms.iter().filter(|alarm| alarm.severity() == Severity::Critical);
    Some(match critical.count() {
        0 if !situation.battery_is_heard() => Err("alarms are not known: the battery is silent".to_owned()),
        0 if situation.cells_are_lost() => Err("alarms are not known: no cell is heard".to_owned()),
        0 => Ok(()),
        1 => Err("a critical alarm is active".to_owned()),
        many => Err(format!("{many} critical alarms are active")),
    })
}

fn mode(_: &ControlSpec, situation: &Situation<'_>) -> Held {
    let heard = situation.device_answers() && situation.battery_is_heard();
    situation.if_had(PointId::ControllerMode, heard, |mode| match mode as u8 == ERROR_MODE {
        true => Err("the controller reports an error".to_owned()),
        false => Ok(()),
    })
}

fn connected(control: &ControlSpec, situation: &Situation<'_>) -> Held {
    // Running is what connects it; a reserve is kept also while it is not.
    if !matches!(control.kind, ControlKind::DischargeLimit | ControlKind::ChargeLimit | ControlKind::GridSetpoint) {
        return None;
    }
    situation.if_had(PointId::Contactors, situation.battery_is_heard(), |bits| match contactors(bits) {
        "closed" => Ok(()),
        state => Err(format!("the contactors are not closed: {state}")),
    })
}

fn temperature(control: &ControlSpec, situation: &Situation<'_>) -> Held {
    let limits = &situation.system.spec.limits;
    let band = match control.kind {
        ControlKind::ChargeLimit => limits.charge_temperature_c,
        ControlKind::DischargeLimit | ControlKind::Run => limits.discharge_temperature_c,
        _ => return None,
    };
    let cells = situation.system.state.cells.column(CellQuantity::Temperature).stats(situation.now.mono);
    let points = [PointId::CellTemperatureMin, PointId::CellTemperatureMax, PointId::Temperature];
    let mut known: Vec<f32> = cells.map(|cells| vec![cells.min, cells.max]).unwrap_or_default();
    known.extend(points.into_iter().filter_map(|point| situation.point(point).ok()));
    Some(match known.iter().find(|celsius| !band.contains(**celsius)) {
        _ if known.is_empty() => Err("the temperature of the battery is not known".to_owned()),
        Some(celsius) => Err(outside(*celsius, band)),
        None => Ok(()),
    })
}

fn outside(celsius: f32, band: Band) -> String {
    format!("the battery is at {celsius:.1} °C, not between {:.0} and {:.0} °C", band.low, band.high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::Wanted;
    use crate::engine::tests::{at, site};
    use crate::link::LinkIdx;
    use crate::spec::control::tests::setpoint;
    use crate::twin::Site;

    /// What stands in "What must hold": `+` holds, `?` is not known, `-` does not hold, and what asks for nothing is not
    /// there.
    fn shown(kind: ControlKind, had: &[(PointId, f32)], link: LinkState, s: f32) -> String {
        let device = match kind {
            ControlKind::Reserve => setpoint("%", 10.0, 50.0, 1.0),
            _ => setpoint("W", 0.0, 200e3, 1e3),
        };
        let control = ControlSpec::new(kind, LinkIdx(0), &device, &Wanted::default()).unwrap();
        let mut twin = Site::new(site());
        for (point, value) in had {
            twin.systems[0].state.points.take(*point, Ok(*value), at(1.0).mono);
        }
        let link = LinkStatus { state: link, ..LinkStatus::default() };
        let situation = Situation { system: &twin.systems[0], link: &link, armed: true, now: at(s) };
        let sign = |blocked: Option<String>| match blocked {
            None => "+",
            Some(why) if why.contains("not known") => "?",
            Some(_) => "-",
        };
        let rows = verdicts(&control, &situation).map(|verdict| format!("{}{}", sign(verdict.blocked), verdict.id));
        rows.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn what_cannot_be_known_is_not_ticked_and_what_a_system_does_not_have_is_not_asked_for() {
        use LinkState::{Silent, Up};
        use PointId::{Contactors, ControllerMode, GridPower, LocalControl, Power, Soc, Temperature};
        let house = &[(Soc, 71.0), (Power, 2e3)][..];
        let full = &[(Power, 40e3), (LocalControl, 0.0), (ControllerMode, 2.0), (Contactors, 3.0), (Temperature, 25.0)];
        let (now, later) = (1.0, 100.0);
        for (kind, had, link, s, expected) in [
            (ControlKind::Reserve, house, Up, now, "+armed +link +inputs +alarms"),
            // It fell silent, or was never heard by this process: nothing of it is known, not even what it has.
            (ControlKind::Reserve, house, Silent, later, "+armed -link ?remote ?inputs ?alarms ?mode"),
            (ControlKind::Reserve, &[], Silent, now, "+armed -link ?remote ?inputs ?alarms ?mode"),
            (
                ControlKind::DischargeLimit,
                full,
                Up,
                now,
                "+armed +link +remote +inputs +alarms +mode +contactors +temperature",
            ),
            (
                ControlKind::DischargeLimit,
                full,
                Silent,
                later,
                "+armed -link ?remote ?inputs ?alarms ?mode ?contactors ?temperature",
            ),
            // The meters around a battery do not speak for it; the device that is set does for itself.
            (
                ControlKind::DischargeLimit,
                &[(GridPower, 1e3)],
                Up,
                now,
                "+armed +link ?inputs ?alarms ?mode ?contactors ?temperature",
            ),
        ] {
            assert_eq!(shown(kind, had, link, s), expected, "{kind:?} {had:?} after {s} s");
        }
    }

    #[test]
    fn no_critical_alarm_is_not_known_while_cells_that_came_are_lost() {
        let device = setpoint("%", 10.0, 50.0, 1.0);
        let control = ControlSpec::new(ControlKind::Reserve, LinkIdx(0), &device, &Wanted::default()).unwrap();
        let mut twin = Site::new(site());
        let link = LinkStatus { state: LinkState::Up, ..LinkStatus::default() };
        twin.systems[0].state.cells.column_mut(CellQuantity::Voltage).set(0, Ok(3.3), at(1.0).mono);
        for (s, holds) in [(1.0, true), (60.0, false)] {
            twin.systems[0].state.points.take(PointId::Soc, Ok(70.0), at(s).mono);
            let situation = Situation { system: &twin.systems[0], link: &link, armed: true, now: at(s) };
            assert_eq!(check(&control, &situation, true).is_ok(), holds, "after {s} s");
            assert!(check(&control, &situation, false).is_ok(), "what is safer is always possible");
        }
    }
}
