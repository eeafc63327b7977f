//! What the page says of a control and of a command, and when nothing can be commanded. Pure.

use crate::format::{self, THIN};
use crate::source::NO_SERVER;
use ::api::control::{CommandResponse, ControlResponse, ControlState};
use ::api::people::SessionResponse;
use domain::control::{ControlKind, Later, StateKind};
use domain::people::{Denied, Role, SERVER, action::Action};
use domain::spec::control::admitted;
use domain::time::Utc;
use domain::words::Words as _;

/// Why nothing can be commanded here now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Bar {
    /// The page shows the past.
    Past,
    /// The server cannot be reached.
    Away,
    /// It is not known what can be commanded, and why.
    Unknown(String),
    /// The system has no controls, and why.
    ReadOnly(String),
    /// Accounts or commands cannot be kept.
    Unusable(String),
    /// Nobody has an account yet.
    NoAccounts,
    /// Nobody is signed in.
    SignIn,
    /// Who is signed in may not.
    Viewer(String),
    /// Who is signed in has done nothing for long.
    Idle(String),
    /// Control is not armed; whether who looks may arm it.
    Disarmed {
        /// Whether they are an admin.
        admin: bool,
    },
    /// What guards every command does not hold for any control, and why.
    Held(Vec<String>),
}

impl Bar {
    /// The first reason why nothing can be commanded; `None` if something can. `failed` is why the last look failed.
    pub(super) fn of(
        past: bool,
        away: bool,
        failed: Option<&str>,
        controls: Option<&ControlResponse>,
        session: Option<&SessionResponse>,
    ) -> Option<Bar> {
        if past {
            return Some(Bar::Past);
        }
        if away {
            return Some(Bar::Away);
        }
        if let Some(why) = failed {
            return Some(Bar::Unknown(why.to_owned()));
        }
        let Some(controls) = controls else { return Some(Bar::Unknown(String::new())) };
        if !controls.read_only.is_empty() {
            return Some(Bar::ReadOnly(controls.read_only.clone()));
        }
        let Some(session) = session else { return Some(Bar::Unknown(String::new())) };
        if let Some(why) = &session.unusable {
            return Some(Bar::Unusable(why.clone()));
        }
        let role = |role: &Option<::api::json::Word<Role>>| role.map(|word| word.0);
        let (now, account) = (role(&session.role), role(&session.account_role));
        let name = session.name.clone().unwrap_or_default();
        match (now, account) {
            _ if !session.accounts => Some(Bar::NoAccounts),
            (_, None) => Some(Bar::SignIn),
            (_, Some(Role::Viewer)) => Some(Bar::Viewer(name)),
            (None | Some(Role::Viewer), Some(_)) => Some(Bar::Idle(name)),
            (Some(role), _) if !controls.armed => Some(Bar::Disarmed { admin: role == Role::Admin }),
            _ => held_for_all(&controls.controls).map(Bar::Held),
        }
    }

    /// Why, and what to do, in a sentence or two.
    pub(super) fn words(&self) -> String {
        match self {
            Bar::Past => {
                "You are looking at the past: what was set then, and what was commanded until then. Nothing can \
                          be commanded in the past."
                    .to_owned()
            }
            Bar::Away => format!("{NO_SERVER}: the values below are the last that came, and nothing can be commanded."),
            Bar::Unknown(why) if why.is_empty() => "Asking what can be commanded.".to_owned(),
            Bar::Unknown(why) => format!("What can be commanded is not known: {why}."),
            Bar::ReadOnly(why) => format!("This system is read-only: {why}."),
            Bar::Unusable(why) => format!("Nothing can be commanded: {why}."),
            Bar::NoAccounts => {
                "Nobody has an account here yet, so nothing can be commanded. Make the first admin with \
                                the token that the server wrote on its console when it started."
                    .to_owned()
            }
            Bar::SignIn => "To command, sign in as an operator. The page can be read without it.".to_owned(),
            Bar::Viewer(name) => {
                format!(
                    "You are signed in as {name}, a viewer: you see all readings and command nothing. An admin can make you an operator."
                )
            }
            Bar::Idle(name) => format!(
                "You are signed in as {name} and have done nothing for a while. Give your password again to command."
            ),
            Bar::Disarmed { admin: true } => {
                "Control is not armed, so nothing is sent. You can arm it in Settings.".to_owned()
            }
            Bar::Disarmed { admin: false } => {
                "Control is not armed, so nothing is sent. An admin arms it in Settings.".to_owned()
            }
            Bar::Held(why) => format!("Control is armed, but nothing can be commanded now: {}.", why.join("; ")),
        }
    }

    /// Where to go about it: address and name.
    pub(super) fn way(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Bar::NoAccounts => Some(("/sign-in?to=/control", "Make the first account")),
            Bar::SignIn => Some(("/sign-in?to=/control", "Sign in")),
            Bar::Disarmed { admin: true } => Some(("/settings", "Go to Settings")),
            _ => None,
        }
    }

    /// Its tone: whether it is a fault, or only how things are.
    pub(super) fn tone(&self) -> &'static str {
        match self {
            Bar::Away | Bar::Unusable(_) => "critical",
            Bar::Unknown(why) if !why.is_empty() => "critical",
            Bar::Past | Bar::Disarmed { .. } | Bar::Idle(_) | Bar::Held(_) => "warning",
            _ => "notice",
        }
    }
}

/// Why no command at all is possible, each reason once: some interlock that guards every command stands against each of the
/// controls. `None` if one of them can be moved at least to the safe side.
fn held_for_all(controls: &[ControlState]) -> Option<Vec<String>> {
    let mut told = Vec::new();
    for control in controls {
        let mut against = control.interlocks.iter().filter(|lock| !lock.only_wider && !lock.blocked.is_empty());
        let why = &against.next()?.blocked;
        if !told.contains(why) {
            told.push(why.clone());
        }
    }
    (!told.is_empty()).then_some(told)
}

/// How the values of a control are shown and typed: W as kW where they are large.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Scale {
    /// So many of the control's unit are one that is shown.
    pub(super) factor: f64,
    /// The unit that is shown.
    pub(super) unit: &'static str,
}

impl Scale {
    /// That of a control.
    pub(super) fn of(control: &ControlState) -> Scale {
        match &control.unit[..] {
            "W" if control.max.abs().max(control.min.abs()) >= 10e3 => Scale { factor: 1e3, unit: "kW" },
            "W" => Scale { factor: 1.0, unit: "W" },
            "%" => Scale { factor: 1.0, unit: "%" },
            _ => Scale { factor: 1.0, unit: "" },
        }
    }

    /// A value as it is typed: `120`, `12.5`.
    pub(super) fn typed(self, value: f64) -> String {
        trim(value / self.factor)
    }

    /// What was typed, as a value of the control.
    pub(super) fn read(self, text: &str) -> Option<f64> {
        let text = text.trim().replace(',', ".");
        text.parse::<f64>().ok().filter(|value| value.is_finite()).map(|value| value * self.factor)
    }
}

/// A number with no more digits than it needs, at most three after the point.
fn trim(value: f64) -> String {
    domain::decimal::fixed(value, 3).trimmed().to_string()
}

/// The kind of a control.
pub(super) fn kind(control: &ControlState) -> Option<ControlKind> {
    ControlKind::from_key(&control.control)
}

/// A value of a control in words: `120 kW`, `Max ROI`.
pub(super) fn words(control: &ControlState, value: f64) -> String {
    let words = kind(control).map_or_else(|| value.to_string(), |kind| kind.words(value));
    format::typeset(&words)
}

/// What a value does at once that its name does not say, in a sentence: that standby opens the contactors.
pub(super) fn acts_words(control: &ControlState, value: f64) -> Option<String> {
    let acts = kind(control)?.acts(value)?;
    Some(format!("{} {acts}.", words(control, value)))
}

/// What stands there now in words.
pub(super) fn present_words(control: &ControlState) -> String {
    control.present.map_or_else(|| format::NONE.to_owned(), |value| words(control, value))
}

/// What stands in the field of a control before anything is typed: what is set; nothing if that is not known.
pub(super) fn field_text(control: &ControlState) -> String {
    control.present.map_or_else(String::new, |present| Scale::of(control).typed(present))
}

/// A typed value at a step of the control, or why it cannot be.
///
/// # Errors
/// What is asked for, in words.
pub(super) fn admit(control: &ControlState, text: &str) -> Result<f64, String> {
    let scale = Scale::of(control);
    let range = || format!("{} to {}", words(control, control.min), words(control, control.max));
    let value = scale.read(text).ok_or_else(|| format!("Give a number from {}", range()))?;
    if value < control.min - 1e-9 || value > control.max + 1e-9 {
        return Err(format!("Give a number from {}", range()));
    }
    Ok(at_step(control, value))
}

/// What is said of a typed value that lies between two steps: what it is taken as. `None` if it lies at one.
pub(super) fn taken_words(control: &ControlState, text: &str, to: f64) -> Option<String> {
    let typed = Scale::of(control).read(text)?;
    let off = (typed - to).abs() > control.step.max(1e-6) * 1e-6;
    off.then(|| format!("In steps of {}: taken as {}.", words(control, control.step), words(control, to)))
}

/// The nearest step of a control that is not less safe, as the server takes it.
pub(super) fn at_step(control: &ControlState, value: f64) -> f64 {
    let value = value.clamp(control.min, control.max);
    let wider = |value, before| control.is_wider(value, before);
    admitted(value, (control.min, control.max), control.step.max(1e-6), wider).unwrap_or(value)
}

/// Whether two values of a control are the same at its step.
pub(super) fn same(control: &ControlState, a: f64, b: f64) -> bool {
    (a - b).abs() < control.step.max(1e-6) / 2.0
}

/// A change that somebody thinks of.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    /// The control as it was seen.
    pub(super) control: ControlState,
    /// The value that is wanted.
    pub(super) to: f64,
}

impl Change {
    /// Whether the device has this value already.
    pub(super) fn is_none(&self) -> bool {
        self.control.present.is_some_and(|present| same(&self.control, present, self.to))
    }

    /// Whether it is less safe than what is there.
    pub(super) fn widens(&self) -> bool {
        self.control.widens(self.to)
    }

    /// Whether it is, if it stands for so long, s; `None` until another command.
    pub(super) fn widens_for(&self, hold_s: Option<u64>) -> bool {
        self.control.widens_for(self.to, hold_s)
    }

    /// What does not hold of what must hold for it.
    pub(super) fn blocked(&self, hold_s: Option<u64>) -> Vec<&::api::control::InterlockState> {
        let widens = self.widens_for(hold_s);
        let guards = |interlock: &&::api::control::InterlockState| widens || !interlock.only_wider;
        self.control.interlocks.iter().filter(guards).filter(|interlock| !interlock.blocked.is_empty()).collect()
    }

    /// Whether only who may widen may ask for it: it is less safe, at once or in the end.
    pub(super) fn is_for_who_may_widen(&self, hold_s: Option<u64>) -> bool {
        self.widens_for(hold_s) || self.later(hold_s) == Later::Returns
    }

    fn later(&self, hold_s: Option<u64>) -> Later {
        self.control.later(self.to, hold_s)
    }

    /// What it means, in one sentence or two.
    pub(super) fn direction(&self, hold_s: Option<u64>) -> String {
        let words = match (self.is_none(), self.widens(), self.later(hold_s)) {
            (_, false, Later::StaysLonger) => "This stands longer than what is set now, which is less safe.",
            (_, false, Later::Returns) => {
                let safe = words(&self.control, self.control.safe);
                return format!("Less safe in the end: {safe} return when its time is over.");
            }
            (true, ..) => "The device has this value already.",
            (false, true, _) => "This is less safe than now.",
            (false, false, Later::EndsWithin(within)) => {
                let within = format::duration(within.as_secs_f32());
                return format!(
                    "This is towards the safe side. It ends with the time of what is set now, in {within}."
                );
            }
            (false, false, Later::AsSafe) => "This is towards the safe side.",
        };
        words.to_owned()
    }
}

/// Whether the password has to be given once more for it.
pub(super) fn needs_password(widens: bool, session: Option<&SessionResponse>) -> bool {
    widens && session.is_some_and(|session| session.step_up_left_s == 0)
}

/// Whether the server has refused only for want of the password.
pub(super) fn wants_password(why: &str) -> bool {
    why == Denied::StepUp(Action::Widen.rule().words).to_string()
}

/// The safe values that differ from what is set: control, now, then.
pub(super) fn safe_changes(controls: &[ControlState]) -> Vec<Change> {
    let change = |control: &ControlState| Change { control: control.clone(), to: control.safe };
    // What is safer still stays as it is.
    let kept = |change: &Change| !change.is_none() && (change.control.present.is_none() || !change.widens());
    controls.iter().map(change).filter(kept).collect()
}

/// The lower limit that is offered at once: half of what is set, at a step.
pub(super) fn lower(control: &ControlState) -> Option<f64> {
    let present = control.present?;
    let half = at_step(control, present / 2.0);
    (half < present).then_some(half)
}

/// How old what was read back is, s; `None` if nothing ever was. `since_s` is how long ago the answer came.
pub(super) fn age_s(control: &ControlState, now: Utc, since_s: f32) -> Option<f32> {
    control.read_at.map(|at| (now.0 - at.0) as f32 / 1e6 + since_s)
}

/// Why a value could not be read back. The answer of a link to a read is the same as to a write: it was not sent.
pub(super) fn unread_words(why: &str) -> String {
    why.strip_prefix("not sent: ").map_or_else(|| why.to_owned(), |why| format!("not read: {why}"))
}

/// When a value was read back, and why not since. One that was read too long ago is not told as a value any more.
pub(super) fn read_words(is_known: bool, why: &str, age_s: f32) -> String {
    let read = if is_known { "read back" } else { "not known now, last read" };
    let read = format!("{read} {}", format::ago(age_s));
    if why.is_empty() { read } else { format!("{why}; {read}") }
}

/// How well the value that the device has is known: `known`, `old` if it could not be read for a while or the page has lost
/// the server, or `unknown`.
pub(super) fn knowledge(control: &ControlState, age_s: Option<f32>, away: bool) -> &'static str {
    /// A value that can no longer be read is in doubt when it is older than this, s: two reads have failed by then.
    const OLD_S: f32 = 10.0;
    match (control.present, age_s) {
        (None, _) => "unknown",
        (Some(_), _) if away => "old",
        (Some(_), Some(age_s)) if age_s > OLD_S && !control.unreadable.is_empty() => "old",
        (Some(_), _) => "known",
    }
}

/// Whether the words below the marks of the value now and of the safe value would stand on each other.
pub(super) fn marks_close(control: &ControlState) -> bool {
    /// Two words need so much of the width of a slider on a small phone.
    const ROOM: f64 = 0.13;
    let span = (control.max - control.min).max(1e-9);
    control.present.is_some_and(|present| (present - control.safe).abs() / span < ROOM)
}

/// What a state of a command means for who looks: `pending`, `good`, `doubt`, `bad` or `over`.
pub(super) fn tone(state: &str) -> &'static str {
    use StateKind::*;
    match StateKind::from_word(state) {
        Ok(Requested | Journalled | Sent | Echoed) => "pending",
        Ok(Confirmed | Effective | Unchanged) => "good",
        Ok(Unconfirmable | NoEffect | Unknown | OneStepOff) => "doubt",
        Ok(Superseded | ChangedAtDevice | LeaseEnded) => "over",
        Ok(Refused | Clamped | Ignored | Rejected | NotSent | Expired) | Err(_) => "bad",
    }
}

/// Whether there may be more to come of a command: it is under way, not known, or confirmed and its effect is not seen yet.
pub(super) fn goes_on(command: &CommandResponse, now: Utc) -> bool {
    /// Within this time an effect is to be seen, µs.
    const EFFECT_US: i64 = 65 * 1_000_000;
    let more = match StateKind::from_word(&command.state) {
        // What is not known yet may be, as soon as the device answers or lets go of what it had.
        Ok(StateKind::Unknown | StateKind::Unconfirmable | StateKind::OneStepOff) => true,
        Ok(StateKind::Confirmed) => {
            ControlKind::from_key(&command.control).is_some_and(|kind| !kind.spec().effect.1.is_zero())
        }
        _ => false,
    };
    command.under_way || more && now.0 - command.at.0 < EFFECT_US
}

/// What is left of the writes of a day.
pub(super) fn writes_words(control: &ControlState) -> String {
    let kept = if control.stored_in_flash { "flash memory, which wears out" } else { "memory that does not wear out" };
    format!(
        "{} of {} writes in 24{THIN}h, {} ever; {kept}",
        format::count(control.writes_24h.into()),
        format::count(control.writes_24h_max.into()),
        format::count(control.writes_total),
    )
}

/// What is on its way to a control; else how it came to the value that it has: without the instant, and the instant.
pub(super) fn changed_words(control: &ControlState) -> (String, Option<Utc>) {
    if let Some(command) = control.command.as_ref().filter(|command| command.under_way) {
        return (format!("{} of {} is on its way: {}", command.value_words, command.by, command.words), None);
    }
    match &control.changed {
        None => ("no change is known".to_owned(), None),
        Some(changed) => (
            match &changed.how[..] {
                "command" if changed.by == SERVER => "returned by the server when its time was over".to_owned(),
                "command" => format!("changed by {}", changed.by),
                "lease" => "returned by itself".to_owned(),
                _ => "changed at the device".to_owned(),
            },
            Some(changed.at),
        ),
    }
}

/// What has come while somebody looked at `seen`, and what the device has now: `None` if nothing has.
pub(super) fn meanwhile_words(seen: &ControlState, now: &ControlState) -> Option<String> {
    if seen.revision == now.revision {
        return None;
    }
    let came = match now.latest.as_ref().filter(|latest| Some(*latest) != seen.latest.as_ref()) {
        None => "The server was started again meanwhile".to_owned(),
        Some(latest) => {
            let value = words(now, latest.value);
            match &latest.how[..] {
                "command" => format!("{} has commanded {value} meanwhile", latest.by),
                "lease" => format!("The device has returned to {value} by itself meanwhile"),
                _ => format!("It was changed at the device meanwhile, to {value}"),
            }
        }
    };
    Some(format!("{came}: it is {} now.", present_words(now)))
}

/// How the command ended that ended last, or came to nothing, if none has followed it; and when.
pub(super) fn ended_words(control: &ControlState) -> Option<(String, Utc)> {
    let ended = control.ended.as_ref()?;
    Some((format!("{} of {}: {}", ended.value_words, ended.by, ended.words), ended.at))
}

/// How long a value stands, and what the device does then, `passed_s` after that was told: without the server a lease ends
/// by itself.
pub(super) fn standing_words(control: &ControlState, passed_s: f32) -> Option<String> {
    let left = |left_s: u64| left_s.saturating_sub(passed_s.max(0.0) as u64);
    let safe = || words(control, control.safe);
    let hold = control.holds_for_s.map(left).map(|left_s| match (left_s, &control.cannot_return[..]) {
        (0, "") => format!("its time is over, {} returns", safe()),
        (0, why) => format!("its time is over, and {} cannot return yet: {why}", safe()),
        (left_s, _) => format!("for {} more, then {}", format::duration(left_s as f32), safe()),
    });
    let to = || control.returns_to.map_or_else(|| "its own value".to_owned(), |to| words(control, to));
    // Packtwin renews only what was commanded from here.
    let ours = control.command.as_ref().is_some_and(|command| stands(&command.state));
    let lease = match (control.lease_s, &control.not_renewed[..], control.returns_in_s.map(left)) {
        (Some(lease_s), "", _) if ours => Some(format!(
            "renewed while Packtwin runs; without it the device returns to {} after {}",
            to(),
            format::duration(lease_s as f32)
        )),
        (Some(_), why, Some(0)) if !why.is_empty() => {
            Some(format!("{why}; the device has returned to {} by itself, unless something renewed it", to()))
        }
        (Some(_), why, Some(left_s)) if !why.is_empty() => {
            let within = format::duration(left_s as f32);
            Some(format!("{why}; the device returns to {} by itself within {within}", to()))
        }
        (Some(_), why, None) if !why.is_empty() => Some(format!("{why}; the device returns to {} by itself", to())),
        _ => None,
    };
    match (hold, lease) {
        (Some(hold), Some(lease)) => Some(format!("{hold}; {lease}")),
        (hold, lease) => hold.or(lease),
    }
}

/// Whether the value of a command in this state stands on its device.
fn stands(state: &str) -> bool {
    StateKind::from_word(state).is_ok_and(StateKind::stands)
}

#[cfg(test)]
mod tests;
