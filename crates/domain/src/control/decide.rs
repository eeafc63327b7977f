//! Whether a command may be carried out now. Limits first, wishes after.
//!
//! The order is that of the questions a person would ask: who are you, is it a value that can be, has somebody been
//! faster, may it be now, was it written too often.

use super::interlock::{Situation, check};
use super::ledger::{Ledger, TooOften, Towards};
use crate::people::action::Action;
use crate::people::{Denied, Requester, authorize};
use crate::point::PointId;
use crate::reading::NoData;
use crate::spec::control::ControlSpec;
use crate::spec::control_kind::ControlKind;
use crate::time::{Mono, Utc, rfc3339};
use crate::topology::SystemIdx;
use crate::write::BadValue;
use std::time::Duration;
use thiserror::Error;

/// What who asks gave the command to tell it from all others: asked again, it is the same command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandId(pub String);

/// A control of a system is to get another value.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// By which it is known.
    pub id: CommandId,
    /// The system.
    pub system: SystemIdx,
    /// What is commanded.
    pub control: ControlKind,
    /// The wanted value, in the unit of the control.
    pub value: f64,
    /// For how long the value is to stand, then the safe value returns; `None` if until another command.
    pub hold: Option<Duration>,
    /// Who asks.
    pub by: Requester,
    /// When it was asked.
    pub at: Utc,
    /// It is not sent after this.
    pub expires: Mono,
    /// The number of the control's setting that was seen when it was decided.
    pub revision: u64,
}

/// How a control came to a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// Who or what has changed it.
    pub by: ChangedBy,
    /// When: of a command when it was asked, else when it was first read.
    pub at: Utc,
    /// The value, in the unit of the control.
    pub value: f64,
}

/// Who or what has changed a control.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangedBy {
    /// A command of this account, or of the server.
    Command(String),
    /// Not a command from here.
    Device,
    /// The device has returned to its own value, because what it held was not renewed.
    Lease,
}

impl Change {
    /// The change that a command asks for.
    pub fn of(command: &Command) -> Change {
        Change { by: ChangedBy::Command(command.by.name.clone()), at: command.at, value: command.value }
    }

    /// That it came since somebody looked, in words.
    fn since_you_looked(&self, kind: ControlKind) -> String {
        let (value, at) = (kind.words(self.value), moment(self.at));
        match &self.by {
            ChangedBy::Command(by) => format!("{by} has commanded {value} since you looked, at {at}"),
            ChangedBy::Device => format!("it was changed at the device since you looked, to {value}, at {at}"),
            ChangedBy::Lease => format!("the device has returned to {value} by itself since you looked, at {at}"),
        }
    }
}

/// Why a command is refused. Nothing was sent.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum Refusal {
    /// The site has no such system.
    #[error("there is no such system")]
    NoSystem,
    /// Nothing of the system can be commanded.
    #[error("the system is read-only: no control is configured for it")]
    ReadOnly,
    /// The system has other controls, but not this one.
    #[error("the system has no control `{0}`")]
    NoControl(&'static str),
    /// Who asks may not.
    #[error(transparent)]
    Denied(#[from] Denied),
    /// The value cannot be.
    #[error(transparent)]
    Value(#[from] BadValue),
    /// It is to stand for too short or too long a time.
    #[error("a value stands for 10 s to 24 h, not for {0} s")]
    Hold(u64),
    /// Somebody was faster, or the device: who, what and when, whatever has become of it; the kind has the words for the
    /// value.
    #[error("{}", .0.since_you_looked(*.1))]
    Changed(Change, ControlKind),
    /// Nothing is known to have come since; the number of the setting is one of before this start. What it has now, in words.
    #[error("the server was started again since you looked: {0} now")]
    StartedAgain(String),
    /// An interlock does not hold: its id, and why.
    #[error("{1}")]
    Interlock(&'static str, String),
    /// The BMS allows less: this much, in words.
    #[error("the battery's own limit is lower now: {0}")]
    BeyondBms(String),
    /// It was written too often.
    #[error(transparent)]
    TooOften(#[from] TooOften),
    /// Too many commands of the account came to nothing; how long to wait. Such a command is not recorded.
    #[error("too many of your commands came to nothing: wait {:.0} s", .0.as_secs_f32().ceil())]
    TurnedAway(Duration),
    /// It cannot be recorded, so it is not sent.
    #[error("the command cannot be recorded: {0}")]
    CannotRecord(String),
    /// The confirmation came too late.
    #[error("the confirmation came too late: ask again")]
    Expired,
}

/// An instant in a sentence, to the second.
fn moment(at: Utc) -> String {
    let text = rfc3339(at);
    let seconds = text.split_once('.').map_or(&*text, |(seconds, _)| seconds);
    format!("{} UTC", seconds.replace('T', " "))
}

/// What is known of a control when a command for it arrives.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// What interlocks look at.
    pub situation: Situation<'a>,
    /// The value that was read back last, if it is fresh, in the unit of the control.
    pub present: Option<f64>,
    /// The value of a command of which it is not known yet what becomes of it.
    pub on_its_way: Option<f64>,
    /// The value of a command that stands as far as is known, also on a device that cannot be read.
    pub stands: Option<f64>,
    /// How the value that stands comes to an end by itself.
    pub ends: &'a [ComingEnd],
    /// The number of the present setting.
    pub revision: u64,
    /// What has come last, since this start: a command, whatever has become of it, or a change at the device.
    pub latest: Option<&'a Change>,
    /// How often it was written.
    pub ledger: &'a Ledger,
}

/// How a value that stands comes to its end without a command.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ComingEnd {
    /// The value after it.
    pub to: f64,
    /// When, at the latest; none if that is not known.
    pub within: Option<Duration>,
}

/// What a command leads to later, whatever its value is now.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Later {
    /// To nothing that is less safe than without it.
    AsSafe,
    /// To the safe value when its time is over, which is less safe than what the device has now. What guards wider values
    /// is looked at then; but who asks for it must be allowed to.
    Returns,
    /// It keeps something less safe that would come back to the safe side by itself: that is to widen.
    StaysLonger,
    /// It is safer than what is there, and takes its place at once; but for no longer than what is there would have
    /// stayed.
    EndsWithin(Duration),
}

impl Later {
    /// What a command of `value` held for `hold` leads to, where the device has `present` and what it has `ends` by itself.
    pub fn of(
        value: f64,
        hold: Option<Duration>,
        present: Option<f64>,
        safe: f64,
        ends: &[ComingEnd],
        is_wider: impl Fn(f64, f64) -> bool,
    ) -> Later {
        let tightens = present.is_some_and(|present| is_wider(present, value));
        let is_put_off = |end: &&ComingEnd| {
            let lasts_longer = hold.is_none_or(|hold| end.within.is_none_or(|within| hold > within));
            lasts_longer && is_wider(value, end.to) && is_wider(value, safe)
        };
        // What may end at any moment ends soon.
        let put_off = ends.iter().filter(is_put_off).map(|end| end.within.unwrap_or(HOLD.0)).min();
        let returns_wider = hold.is_some() && present.is_none_or(|present| is_wider(safe, present));
        match put_off {
            Some(within) if tightens => Later::EndsWithin(within),
            Some(_) => Later::StaysLonger,
            None if returns_wider => Later::Returns,
            None => Later::AsSafe,
        }
    }
}

/// A command that may be carried out.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decision {
    /// The value that is sent: the nearest step, in the unit of the control.
    pub value: f64,
    /// For how long it stands at the most; none: until another command.
    pub hold: Option<Duration>,
    /// Where it leads.
    pub towards: Towards,
    /// Whether it makes the system safer than what it has and what is on its way. That comes to an end by itself, and is
    /// heard however often somebody asks.
    pub tightens: bool,
}

/// How long a value may be asked to stand.
const HOLD: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(24 * 3_600));

/// Whether `command` may be carried out now.
///
/// # Errors
/// It may not, and why: the first reason in the order of the questions.
pub fn decide(control: &ControlSpec, command: &Command, known: &Known<'_>) -> Result<Decision, Refusal> {
    authorize(&command.by, Action::Tighten)?;
    let value = control.admit(command.value)?;
    let is_wider = |value, than| control.widens(value, than);
    let later = Later::of(value, command.hold, known.present, control.safe, known.ends, is_wider);
    // What is not known counts as the safe value, or as the widest that there is: whichever asks for more proof. What
    // another has commanded a moment ago is not made wider unseen, whether it has arrived or not.
    let widens = match known.present {
        Some(present) => control.widens(value, present),
        None => !control.is_safe(value) || value != control.safe,
    } || known.on_its_way.is_some_and(|coming| control.widens(value, coming))
        || later == Later::StaysLonger;
    if widens || later == Later::Returns {
        authorize(&command.by, Action::Widen)?;
    }
    if let Some(hold) = command.hold.filter(|hold| !(HOLD.0..=HOLD.1).contains(hold)) {
        return Err(Refusal::Hold(hold.as_secs()));
    }
    if command.expires < known.situation.now.mono {
        return Err(Refusal::Expired);
    }
    // Towards the safe side it does not matter what was seen before.
    if widens && command.revision != known.revision {
        let has = || {
            known.present.map_or("it is not known what the device has".to_owned(), |has| {
                format!("it has {}", control.kind.words(has))
            })
        };
        let latest = known.latest.map(|change| Refusal::Changed(change.clone(), control.kind));
        return Err(latest.unwrap_or_else(|| Refusal::StartedAgain(has())));
    }
    check(control, &known.situation, widens).map_err(|(id, why)| Refusal::Interlock(id, why))?;
    if widens {
        within_bms(control, value, &known.situation)?;
    }
    let towards = towards(control, value, widens, known);
    known.ledger.admit(&control.budget, towards, known.situation.now.mono)?;
    let is_tighter = |than: f64| control.widens(than, value);
    let tightens = known.present.is_some_and(is_tighter) && known.on_its_way.is_none_or(is_tighter);
    let hold = if let Later::EndsWithin(within) = later { Some(within) } else { command.hold };
    Ok(Decision { value, hold, towards, tightens })
}

/// Where a write of `value` leads.
fn towards(control: &ControlSpec, value: f64, widens: bool, known: &Known<'_>) -> Towards {
    let is_safe = |value: f64| control.is_safe(value);
    let is_there = known.present.or(known.stands).is_some_and(is_safe) && known.on_its_way.is_none_or(is_safe);
    match (widens, is_safe(value) && !is_there) {
        (true, _) => Towards::Wider,
        (false, true) => Towards::Safety,
        (false, false) => Towards::Safer,
    }
}

/// Whether a wider value lies within what the BMS allows now.
fn within_bms(control: &ControlSpec, value: f64, situation: &Situation<'_>) -> Result<(), Refusal> {
    let (power_max, current_max) = match control.kind {
        ControlKind::DischargeLimit => (PointId::SopDischarge, PointId::DischargeCurrentMax),
        ControlKind::ChargeLimit => (PointId::SopCharge, PointId::ChargeCurrentMax),
        _ => return Ok(()),
    };
    let point = |point| situation.system.state.points.sample(point, situation.now.mono);
    let by_current = || Ok(point(current_max)? * point(PointId::Voltage)?);
    match point(power_max).or_else(|why| if why == NoData::NotPresent { by_current() } else { Err(why) }) {
        Ok(allowed_w) if value <= f64::from(allowed_w) => Ok(()),
        Ok(allowed_w) => Err(Refusal::BeyondBms(control.kind.words(f64::from(allowed_w)))),
        // A battery that says neither has no limit that could be widened.
        Err(NoData::NotPresent) => Ok(()),
        Err(why) => {
            Err(Refusal::Interlock("bms-limit", format!("the battery's own limit is not known: {}", why.words())))
        }
    }
}
