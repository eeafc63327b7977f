//! What of a system can be commanded, what is asked of it, and what becomes of a command.

use crate::flight::CommandFlight;
use crate::json::{Timestamp, maybe_timestamp, timestamp};
use domain::control::{
    Arming, Change, ChangedBy, ComingEnd, CommandReceipt, Control, ControlKind, Guards, Later, Situation, verdicts,
};
use domain::spec::SystemSpec;
use domain::spec::control_kind::Safer;
use domain::time::{Now, Utc};
use domain::twin::Site;
use domain::wire::Wire;
use domain::words::Words as _;
use domain::write::Wear;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Which system.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ControlRequest {
    /// The system's id; the first one if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
}

/// A command: a control is to get another value.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandRequest {
    /// What tells this command from all others: asked again with the same, nothing is done twice. Letters, digits and
    /// hyphens, at most 64: a UUID.
    #[schemars(example = &"018f2c1e-7c1a-7b3e-9d51-0a2f6c1b7e44")]
    pub id: String,
    /// The system's id.
    #[schemars(example = &"hv")]
    pub system: String,
    /// What is commanded.
    #[schemars(example = &"discharge-limit")]
    pub control: String,
    /// The wanted value, in the unit of the control: %, W; of a choice its number.
    #[schemars(example = 120_000)]
    pub value: f64,
    /// The `revision` of the control that was seen when this was decided. Another one means that somebody was faster.
    #[schemars(example = 7)]
    pub revision: u64,
    /// For how long the value is to stand, s, 10 to 86400; then the safe value returns. Until another command if not given.
    #[serde(default)]
    pub hold_s: Option<u64>,
}

/// A system is to return to its safe values.
#[derive(Clone, Debug, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SafeValuesRequest {
    /// As of a command: the begin of the ids of the commands that this becomes, as `ID.discharge-limit`.
    #[schemars(example = &"018f2c1e-7c1a-7b3e-9d51-0a2f6c1b7e44")]
    pub id: String,
    /// The system's id.
    #[schemars(example = &"hv")]
    pub system: String,
}

/// Which commands, newest first.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CommandsRequest {
    /// Of this system; of all if not given.
    #[schemars(example = &"hv")]
    pub system: Option<String>,
    /// Asked before this instant; the newest if not given.
    pub before: Option<String>,
    /// So many at most; 50 if not given.
    #[schemars(range(min = 1, max = 500))]
    pub limit: Option<i64>,
}

/// Commands with what has become of each.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct CommandsResponse {
    /// The commands.
    pub commands: Vec<CommandResponse>,
    /// Whether there are older ones.
    pub more: bool,
}

/// A command with each of its steps.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct CommandHistoryResponse {
    /// The command, with its last step.
    pub command: CommandResponse,
    /// Its steps, oldest first.
    pub steps: Vec<CommandStepResponse>,
    /// What was predicted when it was taken, and how right that was; null if nothing was.
    pub flight: Option<CommandFlight>,
}

/// A step of a command.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct CommandStepResponse {
    /// When it was known.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub at: Utc,
    /// The state in one word.
    pub state: String,
    /// The state in a sentence.
    pub words: String,
}

/// The controls of a system.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct ControlResponse {
    /// The system's id.
    pub system: String,
    /// Now.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub timestamp: Utc,
    /// Whether an admin has armed control; nothing is commanded before.
    pub armed: bool,
    /// Who has armed or disarmed it; empty if nobody ever has.
    pub armed_by: String,
    /// When; null if nobody ever has.
    #[serde(serialize_with = "maybe_timestamp")]
    #[schemars(with = "Option<Timestamp>")]
    pub armed_at: Option<Utc>,
    /// Why nothing of the system can be commanded; empty if something can.
    pub read_only: String,
    /// What can be commanded.
    pub controls: Vec<ControlState>,
    /// How many steps of commands were recorded since the server started, of all systems: when it is another number,
    /// `/api/v1/commands` has something new.
    pub recorded: u64,
}

/// A control of a system.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct ControlState {
    /// What is commanded: `discharge-limit`.
    pub control: String,
    /// Its name for people.
    pub label: String,
    /// Unit of its values; empty for a choice.
    pub unit: String,
    /// The lowest value that may be commanded.
    pub min: f64,
    /// The highest.
    pub max: f64,
    /// Values are multiples of this above the lowest.
    pub step: f64,
    /// The value to which the system returns.
    pub safe: f64,
    /// In which direction a value is safer: `higher`, `lower`, or `nearer` to the safe value.
    pub safer: String,
    /// Its values with their names; empty if it is a number.
    pub choices: Vec<Choice>,
    /// What the device has, as it was read back; null if that is not known now.
    pub present: Option<f64>,
    /// When it was read; null if it never was.
    #[serde(serialize_with = "maybe_timestamp")]
    #[schemars(with = "Option<Timestamp>")]
    pub read_at: Option<Utc>,
    /// Why it could not be read last; empty if it could.
    pub unreadable: String,
    /// The number of the setting: another one after each change.
    pub revision: u64,
    /// How it came to the value that the device has; null if that is not known. It names who only if the value that was read
    /// back is what their command has set.
    pub changed: Option<ChangeState>,
    /// What has come last since the server started: a command, whatever has become of it, or a change at the device; null
    /// if nothing has.
    pub latest: Option<ChangeState>,
    /// The command whose value stands or is on its way; null if there is none.
    pub command: Option<CommandResponse>,
    /// The command that ended last, with its end: its value does not stand any more, or it came to nothing; null if none has,
    /// or another one was taken since.
    pub ended: Option<CommandResponse>,
    /// For how long the device holds a value that is not renewed, s; null if it stays.
    pub lease_s: Option<u64>,
    /// The value to which the device returns then by itself; null if it stays.
    pub returns_to: Option<f64>,
    /// Why the value that the device holds is not renewed now: a clause; empty if it is, or needs not be.
    pub not_renewed: String,
    /// Within how many seconds the device returns by itself, of a value that is not renewed; null if that is not known.
    pub returns_in_s: Option<u64>,
    /// For how long the value stands yet, s; null if until another command. 0: its time is over.
    pub holds_for_s: Option<u64>,
    /// Why the safe value does not return yet, though the time is over; empty if it does.
    pub cannot_return: String,
    /// Whether the device stores the value in memory that bears a limited number of writes.
    pub stored_in_flash: bool,
    /// Writes in the last 24 hours.
    pub writes_24h: u32,
    /// The most that it may have.
    pub writes_24h_max: u32,
    /// All writes, ever.
    pub writes_total: u64,
    /// What must hold before it is moved.
    pub interlocks: Vec<InterlockState>,
}

/// A value with its name.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct Choice {
    /// The value.
    pub value: f64,
    /// Its name.
    pub label: String,
}

/// How a control came to a value.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct ChangeState {
    /// `command`; `device`, if it was no command from here; `lease`, if the device has returned to its own value because what
    /// it held was not renewed.
    pub how: String,
    /// Whose command it was; empty if it was none.
    pub by: String,
    /// When: of a command when it was asked, else when it was first read.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub at: Utc,
    /// The value.
    pub value: f64,
}

/// What must hold before a control is moved.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct InterlockState {
    /// Its name for programs.
    pub id: String,
    /// What it asks for.
    pub label: String,
    /// Whether it guards only against a value that is less safe.
    pub only_wider: bool,
    /// Why it does not hold; empty if it does.
    pub blocked: String,
}

/// A command and what has become of it.
#[derive(Clone, Debug, Default, PartialEq, Wire, Serialize, JsonSchema)]
pub struct CommandResponse {
    /// By which it is known.
    pub id: String,
    /// The system's id.
    pub system: String,
    /// What is commanded.
    pub control: String,
    /// The value, at a step of the control.
    pub value: f64,
    /// The value in words: `120 kW`.
    pub value_words: String,
    /// Who has asked.
    pub by: String,
    /// When it was asked.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub asked_at: Utc,
    /// When its state was known.
    #[serde(serialize_with = "timestamp")]
    #[schemars(with = "Timestamp")]
    pub at: Utc,
    /// Its state in one word: `requested`, `refused`, `journalled`, `sent`, `echoed`, `unchanged`, `confirmed`,
    /// `one-step-off`, `clamped`, `ignored`, `unconfirmable`, `effective`, `no-effect`, `rejected`, `not-sent`, `unknown`,
    /// `superseded`, `changed-at-device`, `expired`, `lease-ended`.
    pub state: String,
    /// Its state in a sentence.
    pub words: String,
    /// Whether it is still to be seen what becomes of it on the device.
    pub under_way: bool,
    /// What was predicted when it was taken, in a few words; empty if nothing was, and within `controls`.
    pub prediction: String,
    /// How right that was, in a sentence; empty before it was held against what was measured, and within `controls`.
    pub score: String,
}

impl CommandResponse {
    /// A step of a command of a system with this id.
    pub fn of(receipt: &CommandReceipt, system: &str) -> CommandResponse {
        let CommandReceipt { command, at, state, .. } = receipt;
        CommandResponse {
            id: command.id.0.clone(),
            system: system.to_owned(),
            control: command.control.spec().key.to_owned(),
            value: command.value,
            value_words: command.control.words(command.value),
            by: command.by.name.clone(),
            asked_at: command.at,
            at: at.utc,
            state: state.word().to_owned(),
            words: receipt.words(),
            under_way: state.is_under_way(),
            prediction: String::new(),
            score: String::new(),
        }
    }
}

impl ControlResponse {
    /// The controls of a system of a site, as they are now.
    pub fn of(site: &Site, spec: &SystemSpec, controls: &[Control], arming: &Arming, now: Now) -> ControlResponse {
        let index = site.spec.systems.iter().position(|system| system.id == spec.id);
        let own = controls.iter().filter(|control| Some(usize::from(control.system.0)) == index);
        let state = |control: &Control| ControlState::of(site, spec, control, arming, now);
        let controls: Vec<ControlState> = own.map(state).collect();
        let read_only = match controls.is_empty() {
            true => "no [[control]] of the site file names this system".to_owned(),
            false => String::new(),
        };
        ControlResponse {
            system: spec.id.clone(),
            timestamp: now.utc,
            armed: arming.armed,
            armed_by: arming.by.clone(),
            armed_at: (!arming.by.is_empty()).then_some(arming.at),
            read_only,
            controls,
            recorded: 0,
        }
    }
}

impl ControlState {
    /// Whether `value` lies further from the safe side than what the device has now. What is not known counts as the safe
    /// value or as the widest that there is, whichever asks for more.
    pub fn widens(&self, value: f64) -> bool {
        self.present.map_or(value != self.safe, |present| self.is_wider(value, present))
    }

    /// Whether a command of `value`, held for `hold_s` seconds or until another one, is less safe than what is there: also
    /// one that keeps a value for longer which would come back to the safe side by itself.
    pub fn widens_for(&self, value: f64, hold_s: Option<u64>) -> bool {
        self.widens(value) || self.later(value, hold_s) == Later::StaysLonger
    }

    /// What such a command leads to later, whatever its value is now.
    pub fn later(&self, value: f64, hold_s: Option<u64>) -> Later {
        let end = |to, within_s: Option<u64>| ComingEnd { to, within: within_s.map(Duration::from_secs) };
        let held = self.holds_for_s.map(|left_s| end(self.safe, Some(left_s)));
        let to = self.returns_to.unwrap_or(self.safe);
        let let_go = (!self.not_renewed.is_empty()).then(|| end(to, self.returns_in_s));
        let ends: Vec<ComingEnd> = held.into_iter().chain(let_go).collect();
        let hold = hold_s.map(Duration::from_secs);
        Later::of(value, hold, self.present, self.safe, &ends, |value, than| self.is_wider(value, than))
    }

    /// Whether `value` lies further from the safe side than `before`.
    pub fn is_wider(&self, value: f64, before: f64) -> bool {
        let safer = Safer::from_word(&self.safer).unwrap_or(Safer::Nearer);
        safer.is_wider(value, before, self.safe)
    }

    fn of(site: &Site, system: &SystemSpec, control: &Control, arming: &Arming, now: Now) -> ControlState {
        let (spec, kind) = (&control.spec, control.spec.kind.spec());
        let twin = site.systems.get(usize::from(control.system.0));
        let link = site.links.get(usize::from(spec.link.0));
        let situation = twin.zip(link).map(|(system, link)| Situation { system, link, armed: arming.armed, now });
        let interlocks = situation.iter().flat_map(|situation| {
            verdicts(spec, situation).map(|verdict| InterlockState {
                id: verdict.id.to_owned(),
                label: verdict.label.to_owned(),
                only_wider: verdict.guards == Guards::Wider,
                blocked: verdict.blocked.unwrap_or_default(),
            })
        });
        let standing = control.standing.as_ref();
        let command = standing
            .map(|standing| CommandResponse::of(&standing.receipt(standing.at, standing.state.clone()), &system.id));
        let holds_until = standing.and_then(|standing| standing.holds_until);
        let not_renewed = situation.as_ref().and_then(|situation| control.not_renewed(situation));
        let returns_at = not_renewed.as_ref().and_then(|(_, at)| *at);
        // What is known from before a restart is said once the device was read.
        let changed = control.changed.as_ref().filter(|_| control.present.is_some());
        ControlState {
            control: kind.key.to_owned(),
            label: kind.label.to_owned(),
            unit: kind.unit.to_owned(),
            min: spec.min,
            max: spec.max,
            step: spec.step,
            safe: spec.safe,
            safer: kind.safer.word().to_owned(),
            choices: choices(spec.kind),
            present: control.known_value(now.mono),
            read_at: control.present.map(|present| present.at.utc),
            unreadable: control.unreadable.clone(),
            revision: control.revision,
            changed: changed.map(ChangeState::of),
            latest: control.latest.as_ref().map(ChangeState::of),
            command,
            ended: control.ended.as_ref().map(|ended| CommandResponse::of(ended, &system.id)),
            lease_s: spec.lease.map(|lease| lease.as_secs()),
            returns_to: spec.returns_to,
            not_renewed: not_renewed.map(|(why, _)| why).unwrap_or_default(),
            returns_in_s: returns_at.map(|at| at.since(now.mono).as_secs()),
            holds_for_s: holds_until.map(|until| until.since(now.mono).as_secs()),
            cannot_return: standing.map(|standing| standing.cannot_return.clone()).unwrap_or_default(),
            stored_in_flash: spec.wear == Wear::Flash,
            writes_24h: control.ledger.today(now.mono),
            writes_24h_max: spec.budget.per_day,
            writes_total: control.ledger.total(),
            interlocks: interlocks.collect(),
        }
    }
}

impl ChangeState {
    fn of(change: &Change) -> ChangeState {
        let (how, by) = match &change.by {
            ChangedBy::Command(by) => ("command", by.clone()),
            ChangedBy::Device => ("device", String::new()),
            ChangedBy::Lease => ("lease", String::new()),
        };
        ChangeState { how: how.to_owned(), by, at: change.at, value: change.value }
    }
}

fn choices(kind: ControlKind) -> Vec<Choice> {
    let choices = kind.spec().choices.iter();
    choices.map(|(value, label)| Choice { value: *value, label: (*label).to_owned() }).collect()
}
