//! The controls of a site while it runs: what each is set to, which commands are under way, and what follows.
//!
//! ```text
//! command --> decide --> Step::Journal --(durable)--> Input::Journalled --> Step::Write --> receipts
//! time    --> present values are read back, leases renewed, holds ended, effects looked at (`keep.rs`)
//! ```
//!
//! A command that waits for its link when another takes its place is withdrawn: it is over when the link has said that
//! nothing of it was sent, or that it was.
//!
//! Nothing is sent that is not journalled, nothing is called confirmed that was not read back, and after a restart
//! nothing is sent again: what was under way is read back first, and what was confirmed before is renewed only once the
//! device was seen to have it still.

mod keep;
#[cfg(test)]
mod tests;

use super::decide::{Change, ChangedBy, ComingEnd, Command, CommandId, Decision, Known, Refusal, decide};
use super::fruitless::Fruitless;
use super::interlock::Situation;
use super::ledger::{Ledger, Towards};
use super::state::{CommandReceipt, CommandState};
use crate::audit::Entry;
use crate::spec::SiteSpec;
use crate::spec::control::ControlSpec;
use crate::spec::control_kind::ControlKind;
use crate::time::{Mono, Now, Utc};
use crate::topology::SystemIdx;
use crate::twin::Site;
use crate::write::{Receipt, Replaces, Withdrawal, WriteId, WriteOutcome, WriteRequest};
use std::collections::VecDeque;
use std::time::Duration;

/// How many commands that are over are remembered by their ids; the journal remembers all.
const REMEMBERED: usize = 256;
/// A value that was read back longer ago than this is not known any more.
const PRESENT_FOR: Duration = Duration::from_secs(30);

/// What follows for a command, for the runtime to carry out.
#[derive(Clone, Debug)]
pub enum Step {
    /// It is to be made durable; [`Desk::journalled`] is told when it is.
    Journal(CommandReceipt),
    /// A link is to write, or to read what it has written.
    Write(WriteRequest),
    /// A link is not to send what it was given, if it has not yet.
    Withdraw(Withdrawal),
    /// What has become of it.
    Receipt(CommandReceipt),
    /// Of one that is not recorded: it was asked for again and nothing of it is new, or it was turned away.
    Again(CommandReceipt),
    /// What the audit is to have besides.
    Audit(Entry),
}

/// Whether anything may be commanded at all, and who has said so.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Arming {
    /// Whether control is armed.
    pub armed: bool,
    /// Who has armed or disarmed it; empty if nobody ever has.
    pub by: String,
    /// When.
    pub at: Utc,
}

/// A value that was read back from a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReadBack {
    /// The value, in the unit of the control.
    pub value: f64,
    /// When it was read.
    pub at: Now,
}

/// What a journal says of a control before this start.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ControlPast {
    /// The number of its setting.
    pub revision: u64,
    /// How often it was written.
    pub ledger: Ledger,
    /// How it came to the value that it had last.
    pub changed: Option<Change>,
}

/// The command that a control followed before this start.
#[derive(Clone, Debug, PartialEq)]
pub struct PastCommand {
    /// The command, its value at a step.
    pub command: Command,
    /// What was known of it last: it was under way, or its value stood.
    pub state: CommandState,
    /// How long its value has stood already.
    pub stood_for: Duration,
}

/// One control of one system.
#[derive(Clone, Debug)]
pub struct Control {
    /// Its system.
    pub system: SystemIdx,
    /// How it is configured.
    pub spec: ControlSpec,
    /// The number of its setting: another one means that it was changed.
    pub revision: u64,
    /// What the device had when it was read last.
    pub present: Option<ReadBack>,
    /// Why it could not be read last; empty if it could.
    pub unreadable: String,
    /// How it came to the value that was read back last; `None` if that is not known.
    pub changed: Option<Change>,
    /// What has come last since this start: a command, whatever has become of it, or a change at the device.
    pub latest: Option<Change>,
    /// How often it was written.
    pub ledger: Ledger,
    /// The command whose value stands or is on its way, with its state.
    pub standing: Option<Standing>,
    /// The command that ended last, or came to nothing, while nothing has followed.
    pub ended: Option<CommandReceipt>,
    /// When the device returns to its own value unless it hears the value again; at the latest, after a restart.
    returns_at: Option<Mono>,
    /// Writes that are counted since these instants, and of which it is not known yet what becomes of them. Also those of
    /// commands that were replaced meanwhile: a burst of commands counts as what it is.
    counted: Vec<(WriteId, Mono)>,
    /// Commands that were replaced, and by whom, while they waited for their link.
    leaving: Vec<(Standing, String)>,
    /// The read that is under way, and when the next one is due.
    reading: Option<WriteId>,
    read_due: Mono,
}

/// The command that a control follows.
#[derive(Clone, Debug, PartialEq)]
pub struct Standing {
    /// The command, its value already at a step.
    pub command: Command,
    /// What has become of it.
    pub state: CommandState,
    /// When that was known.
    pub at: Now,
    /// The value that the device had before, if it was known.
    pub before: Option<f64>,
    /// Whether it is wider than what was there before.
    pub widens: bool,
    /// Its write; `None` before it is journalled, and after a restart.
    write: Option<WriteId>,
    /// When the value is renewed on a device that would else forget it, and when it forgets it.
    renew: Option<(Mono, Mono)>,
    /// When its time is over.
    pub holds_until: Option<Mono>,
    /// The safest value that the device may have had when it was asked, if one was known: what is safer still has come
    /// since then, and is not written over.
    replaces: Option<f64>,
    /// Why the safe value cannot return yet, though its time is over; empty if it can.
    pub cannot_return: String,
    /// How often the safe value was written in vain since then, and when it is tried again.
    returns: (u32, Option<Mono>),
    /// Whether that was told.
    told_cannot_return: bool,
    /// Whether it was confirmed before this start, and is renewed as soon as the device is seen to have it still.
    resumes: bool,
    /// Until when its effect is to be seen.
    effect_by: Option<Mono>,
    /// What stood before: it stands on if this comes to nothing.
    replaced: Option<Box<Standing>>,
}

/// The controls of a site.
#[derive(Clone, Debug, Default)]
pub struct Desk {
    controls: Vec<Control>,
    arming: Arming,
    /// Commands that are over, newest last.
    over: VecDeque<CommandReceipt>,
    next_write: u64,
    fruitless: Fruitless,
}

impl Desk {
    /// The controls of a site that has just been started.
    pub fn new(site: &SiteSpec) -> Desk {
        let systems = site
            .systems
            .iter()
            .zip(0..)
            .flat_map(|(system, idx)| system.controls.iter().map(move |spec| (SystemIdx(idx), spec.clone())));
        let control = |(system, spec)| Control {
            system,
            spec,
            revision: 0,
            present: None,
            unreadable: String::new(),
            changed: None,
            latest: None,
            ledger: Ledger::default(),
            standing: None,
            ended: None,
            returns_at: None,
            counted: Vec::new(),
            leaving: Vec::new(),
            reading: None,
            read_due: Mono(0),
        };
        Desk { controls: systems.map(control).collect(), ..Desk::default() }
    }

    /// Takes what the journal says of a control. Nothing is sent again: what the device has is read first. A value that was
    /// confirmed is renewed only if the device has it still, and stands for what is left of its time.
    pub fn restore(
        &mut self,
        system: SystemIdx,
        kind: ControlKind,
        past: ControlPast,
        followed: Option<PastCommand>,
        now: Now,
    ) {
        let Some(control) = self.find_mut(system, kind) else { return };
        (control.revision, control.ledger, control.changed) = (past.revision, past.ledger, past.changed);
        control.standing = followed.map(|PastCommand { command, state, stood_for }| {
            let hold = command.hold.filter(|_| state.stands());
            let holds_until = hold.map(|hold| now.mono + hold.saturating_sub(stood_for));
            let resumes = state.stands();
            Standing { holds_until, resumes, ..Standing::new(command, state, now, None, false) }
        });
        // When it was written last is not known: before this start.
        control.returns_at = control.standing.as_ref().and(control.spec.lease).map(|lease| now.mono + lease);
    }

    /// Arms or disarms control. What stands is not renewed while it is disarmed, and what still waits for its link does not
    /// move a control away from the safe side any more.
    pub fn arm(&mut self, arming: Arming) -> Vec<Step> {
        self.arming = arming;
        if self.arming.armed {
            return Vec::new();
        }
        let standing = self.controls.iter().filter_map(|control| Some((control, control.standing.as_ref()?)));
        let wider =
            standing.filter(|(control, standing)| standing.widens || !control.spec.is_safe(standing.command.value));
        wider.filter_map(|(control, standing)| control.withdrawal(standing, "control was disarmed", true)).collect()
    }

    /// Whether control is armed, and who has said so.
    pub fn arming(&self) -> &Arming {
        &self.arming
    }

    /// Every control, in the order of the site.
    pub fn controls(&self) -> &[Control] {
        &self.controls
    }

    /// The control of this kind.
    pub fn find(&self, system: SystemIdx, kind: ControlKind) -> Option<&Control> {
        self.controls.iter().find(|control| (control.system, control.spec.kind) == (system, kind))
    }

    fn find_mut(&mut self, system: SystemIdx, kind: ControlKind) -> Option<&mut Control> {
        self.controls.iter_mut().find(|control| (control.system, control.spec.kind) == (system, kind))
    }

    /// Takes a command.
    pub fn command(&mut self, site: &Site, command: Command, now: Now) -> Vec<Step> {
        if let Some(known) = self.known(&command.id) {
            return vec![Step::Again(known)];
        }
        let decided = self.decide(site, &command, now);
        let decision = match (decided, self.fruitless.wait(&command.by, now.mono)) {
            (Ok(decision), None) => decision,
            // It is heard whatever came before, once.
            (Ok(decision), _) if decision.tightens => decision,
            (Ok(decision), _) if decision.towards == Towards::Safety && !self.is_coming_to_safety(&command) => decision,
            (Err(why), None) => {
                self.fruitless.count(&command.by, now.mono);
                let receipt = CommandReceipt::new(command, now, CommandState::Refused(why), None);
                return vec![Step::Receipt(self.forget(receipt))];
            }
            (decided, Some(wait)) => {
                self.fruitless.turn_away(&command.by, now);
                // Who wants the safe value is told what stands against it.
                let why = decided.err().filter(|_| self.wants_safety(&command)).unwrap_or(Refusal::TurnedAway(wait));
                let state = CommandState::Refused(why);
                return vec![Step::Again(CommandReceipt::new(command, now, state, None))];
            }
        };
        let command = Command { value: decision.value, hold: decision.hold, ..command };
        let waits = self.find(command.system, command.control).and_then(|control| control.standing.as_ref());
        // Who replaces what was not sent yet makes it come to nothing.
        if waits.is_some_and(|it| matches!(it.state, CommandState::Requested | CommandState::Journalled)) {
            self.fruitless.count(&command.by, now.mono);
        }
        let Some(control) = self.find_mut(command.system, command.control) else { return Vec::new() };
        let before = control.known_value(now.mono);
        let stood = control.stood();
        let replaces = control.safest(before);
        let replaced: Vec<Step> = control.supersede(&command.by.name, now).collect();
        control.revision += 1;
        control.latest = Some(Change::of(&command));
        control.ended = None;
        let receipt = CommandReceipt::new(command.clone(), now, CommandState::Requested, before);
        let standing = Standing::new(command, CommandState::Requested, now, before, decision.towards == Towards::Wider);
        control.standing = Some(Standing { replaced: stood.map(Box::new), replaces, ..standing });
        for step in &replaced {
            if let Step::Receipt(over) = step {
                self.forget(over.clone());
            }
        }
        replaced.into_iter().chain([Step::Journal(receipt)]).collect()
    }

    /// Whether the value is at least as safe as the safe one.
    fn wants_safety(&self, command: &Command) -> bool {
        let spec = self.find(command.system, command.control).map(|control| &control.spec);
        spec.is_some_and(|spec| spec.admit(command.value).is_ok_and(|value| spec.is_safe(value)))
    }

    /// Whether a value that is safe is on its way already.
    fn is_coming_to_safety(&self, command: &Command) -> bool {
        let control = self.find(command.system, command.control);
        let coming = control.and_then(|control| Some((&control.spec, control.standing.as_ref()?)));
        coming.is_some_and(|(spec, it)| it.state.is_under_way() && spec.is_safe(it.command.value))
    }

    fn decide(&self, site: &Site, command: &Command, now: Now) -> Result<Decision, Refusal> {
        let system = site.systems.get(usize::from(command.system.0)).ok_or(Refusal::NoSystem)?;
        if !self.controls.iter().any(|control| control.system == command.system) {
            return Err(Refusal::ReadOnly);
        }
        let control = self.find(command.system, command.control);
        let control = control.ok_or(Refusal::NoControl(command.control.spec().key))?;
        let link = site.links.get(usize::from(control.spec.link.0)).ok_or(Refusal::ReadOnly)?;
        let situation = Situation { system, link, armed: self.arming.armed, now };
        let ends = control.ends(&situation);
        let known = Known {
            situation,
            ends: &ends,
            present: control.known_value(now.mono),
            on_its_way: control.on_its_way(),
            stands: control.standing.as_ref().filter(|it| it.state.stands()).map(|it| it.command.value),
            revision: control.revision,
            latest: control.latest.as_ref(),
            ledger: &control.ledger,
        };
        decide(&control.spec, command, &known)
    }

    /// Takes that a command is on the disk, or why it is not; only now may it go to its link.
    pub fn journalled(&mut self, id: &CommandId, done: Result<(), String>, now: Now) -> Vec<Step> {
        let (write, is_armed) = (self.next_write(), self.arming.armed);
        let Some(control) = self.under_way(|standing| standing.command.id == *id && standing.write.is_none()) else {
            return Vec::new();
        };
        let Some(standing) = &mut control.standing else { return Vec::new() };
        if standing.state != CommandState::Requested {
            return Vec::new();
        }
        let state = match done {
            Err(why) => CommandState::Refused(Refusal::CannotRecord(why)),
            // It was disarmed while the disk took its time.
            Ok(()) if !is_armed => CommandState::NotSent("control was disarmed meanwhile".to_owned()),
            Ok(()) if standing.command.expires < now.mono => CommandState::Expired,
            Ok(()) => CommandState::Journalled,
        };
        if state != CommandState::Journalled {
            return self.end(id, state, now);
        }
        (standing.state, standing.at) = (state.clone(), now);
        standing.write = Some(write);
        let receipt = standing.receipt(now, state);
        let request = control.request(write);
        if request.is_some() {
            control.ledger.count(now.mono);
            control.counted.push((write, now.mono));
        }
        [Some(Step::Receipt(receipt)), request.map(Step::Write)].into_iter().flatten().collect()
    }

    /// Takes a step of a write or of a read.
    pub fn told(&mut self, receipt: Receipt) -> Vec<Step> {
        let Receipt { id, at, outcome } = receipt;
        if let Some(control) = self.controls.iter_mut().find(|control| control.reading == Some(id)) {
            return control.was_read(outcome, at).into_iter().map(Step::Receipt).collect();
        }
        self.controls.iter_mut().for_each(|control| control.account(id, &outcome));
        let steps = self.told_of_write(id, outcome, at);
        for step in &steps {
            if let Step::Receipt(receipt) = step
                && receipt.state.kind().is_fruitless()
            {
                self.fruitless.count(&receipt.command.by, at.mono);
            }
        }
        steps
    }

    fn told_of_write(&mut self, id: WriteId, outcome: WriteOutcome, at: Now) -> Vec<Step> {
        if let Some(left) = self.controls.iter_mut().find_map(|control| control.left(id, &outcome, at)) {
            return left.into_iter().map(|receipt| Step::Receipt(self.forget(receipt))).collect();
        }
        let found = self.under_way(|standing| standing.write == Some(id));
        let Some(control) = found else { return Vec::new() };
        let receipt = control.was_written(outcome, at);
        let Some(receipt) = receipt else { return Vec::new() };
        // Of what may have been heard, the device is asked until it is too late for it.
        let followed = matches!(receipt.state, CommandState::Unknown(_));
        if !receipt.state.is_under_way() && !receipt.state.stands() && !followed {
            return self.end(&receipt.command.id.clone(), receipt.state, at);
        }
        vec![Step::Receipt(receipt)]
    }

    /// Gives up every command that is not recorded yet, because nobody will send it any more. What may have been heard is
    /// read back after the next start.
    pub fn give_up(&mut self, now: Now) -> Vec<Step> {
        let standing = self.controls.iter_mut().filter_map(|control| control.standing.take());
        let waiting = standing.filter(|standing| standing.state == CommandState::Requested);
        let not_sent = || CommandState::NotSent("the server stopped before it was recorded".to_owned());
        let over = waiting.map(|standing| Step::Receipt(standing.receipt(now, not_sent())));
        over.chain(self.fruitless.sums(now, true).into_iter().map(Step::Audit)).collect()
    }

    /// What became of the command with this id, if it is remembered.
    fn known(&self, id: &CommandId) -> Option<CommandReceipt> {
        let standing = self.controls.iter().flat_map(|control| {
            let leaving = control.leaving.iter().map(|(standing, _)| standing);
            control.standing.iter().chain(leaving)
        });
        let standing = standing
            .filter(|standing| standing.command.id == *id)
            .map(|standing| standing.receipt(standing.at, standing.state.clone()));
        standing.chain(self.over.iter().filter(|receipt| receipt.command.id == *id).cloned()).next()
    }

    fn under_way(&mut self, which: impl Fn(&Standing) -> bool) -> Option<&mut Control> {
        self.controls.iter_mut().find(|control| control.standing.as_ref().is_some_and(&which))
    }

    /// The command is over: the control follows none any more.
    fn end(&mut self, id: &CommandId, state: CommandState, now: Now) -> Vec<Step> {
        let Some(control) = self.under_way(|standing| standing.command.id == *id) else { return Vec::new() };
        let Some(standing) = control.standing.take() else { return Vec::new() };
        // A renewal that still waits.
        let withdrawn = control.withdrawal(&standing, "its time is over", true);
        let receipt = standing.receipt(now, state);
        let again = match receipt.state.kind().came_to_nothing() {
            true => control.stand_again(standing, now),
            false => None,
        };
        // Why the end of a time is not there yet is told with what stands until then.
        if !control.returned_in_vain(&receipt) {
            control.ended = Some(receipt.clone());
        }
        let told = [Some(self.forget(receipt)), again].into_iter().flatten().map(Step::Receipt);
        withdrawn.into_iter().chain(told).collect()
    }

    /// Keeps a command that is over among those that are remembered.
    fn forget(&mut self, receipt: CommandReceipt) -> CommandReceipt {
        if self.over.len() == REMEMBERED {
            self.over.pop_front();
        }
        self.over.push_back(receipt.clone());
        receipt
    }

    fn next_write(&mut self) -> WriteId {
        self.next_write += 1;
        WriteId(self.next_write)
    }
}

impl Standing {
    /// A command that nothing is known of yet.
    fn new(command: Command, state: CommandState, at: Now, before: Option<f64>, widens: bool) -> Standing {
        let (write, renew, holds_until, effect_by, replaced) = (None, None, None, None, None);
        let (cannot_return, told_cannot_return, resumes) = (String::new(), false, false);
        let (replaces, returns) = (None, (0, None));
        Standing {
            command,
            state,
            at,
            before,
            widens,
            write,
            renew,
            holds_until,
            replaces,
            returns,
            cannot_return,
            told_cannot_return,
            resumes,
            effect_by,
            replaced,
        }
    }

    /// A step of it.
    pub fn receipt(&self, at: Now, state: CommandState) -> CommandReceipt {
        let reached = Some(self.state.kind()).filter(|reached| *reached != state.kind());
        CommandReceipt { reached, ..CommandReceipt::new(self.command.clone(), at, state, self.before) }
    }

    /// It stands in this state: its times begin, unless they run already.
    fn stands_as(&mut self, state: CommandState, spec: &ControlSpec, at: Now) {
        (self.state, self.at) = (state, at);
        self.holds_until = self.holds_until.or(self.command.hold.map(|hold| at.mono + hold));
        self.effect_by = Some(at.mono + spec.kind.spec().effect.1);
    }
}

impl Control {
    /// What the device has, if it was read lately, in the unit of the control.
    pub fn known_value(&self, now: Mono) -> Option<f64> {
        self.present.filter(|present| now.since(present.at.mono) <= PRESENT_FOR).map(|present| present.value)
    }

    /// The value of its command, while it is not known what becomes of it.
    fn on_its_way(&self) -> Option<f64> {
        let open =
            |standing: &&Standing| standing.state.is_under_way() || matches!(standing.state, CommandState::Unknown(_));
        self.standing.as_ref().filter(open).map(|standing| standing.command.value)
    }

    /// The safest value that the device may have: what was read, and what was on its way to it.
    fn safest(&self, before: Option<f64>) -> Option<f64> {
        let before = before?;
        let open = self.standing.as_ref().filter(|standing| !standing.state.stands());
        let on_their_way =
            open.map(|standing| standing.command.value).into_iter().chain(open.and_then(|it| it.replaces));
        Some(on_their_way.fold(before, |safest, value| if self.spec.widens(safest, value) { value } else { safest }))
    }

    /// The write of the command that it follows.
    fn request(&self, id: WriteId) -> Option<WriteRequest> {
        let standing = self.standing.as_ref()?;
        Some(WriteRequest {
            id,
            link: self.spec.link,
            setpoint: self.spec.setpoint.clone(),
            value: Some(self.spec.to_setpoint(standing.command.value)),
            lease: self.spec.lease,
            replaces: standing
                .replaces
                .map_or(Replaces::Anything, |before| self.spec.replaces(standing.command.value, before)),
            deadline: standing.command.expires,
        })
    }

    /// Its command makes room for one of `by`. One that waits for its link is withdrawn, and over when the link has said
    /// what became of it. Of one that was sent it is not known whether it was heard: the new value is written after it.
    fn supersede(&mut self, by: &str, now: Now) -> impl Iterator<Item = Step> + use<> {
        let standing = self.standing.take();
        let withdrawn =
            standing.as_ref().and_then(|standing| self.withdrawal(standing, "another command took its place", false));
        let over = standing.and_then(|standing| match standing.state {
            CommandState::Journalled if standing.write.is_some() => {
                self.leaving.push((standing, by.to_owned()));
                None
            }
            _ => Some(Step::Receipt(standing.receipt(now, CommandState::Superseded(by.to_owned())))),
        });
        withdrawn.into_iter().chain(over)
    }

    /// Takes back what a command has given to its link, if that may still wait there: its write, or a renewal.
    fn withdrawal(&self, standing: &Standing, why: &'static str, also_begun: bool) -> Option<Step> {
        let renewed = self.spec.lease.is_some() && standing.state.stands();
        let id = standing.write.filter(|_| renewed || standing.state == CommandState::Journalled)?;
        Some(Step::Withdraw(Withdrawal { id, link: self.spec.link, why, also_begun }))
    }

    /// Takes what became of the write of a command that was replaced: that it was sent is told before its end.
    fn left(&mut self, id: WriteId, outcome: &WriteOutcome, at: Now) -> Option<Vec<CommandReceipt>> {
        let place = self.leaving.iter().position(|(standing, _)| standing.write == Some(id))?;
        let (mut standing, by) = self.leaving.remove(place);
        let sent = (!outcome.is_nothing_sent()).then(|| standing.receipt(at, CommandState::Sent));
        if sent.is_some() {
            standing.state = CommandState::Sent;
        }
        let over = standing.receipt(at, CommandState::Superseded(by));
        Some(sent.into_iter().chain([over]).collect())
    }

    /// What stands now, for whatever takes its place: of commands that are still on their way, what stood before them.
    fn stood(&self) -> Option<Standing> {
        match &self.standing {
            Some(standing) if standing.state.stands() => Some(Standing { replaced: None, ..standing.clone() }),
            Some(standing) => standing.replaced.as_deref().cloned(),
            None => None,
        }
    }

    /// The command `ended` has changed nothing: what stood before stands on, and is read at once.
    fn stand_again(&mut self, ended: Standing, now: Now) -> Option<CommandReceipt> {
        self.read_due = now.mono;
        self.standing = ended.replaced.map(|stood| *stood);
        let standing = self.standing.as_mut()?;
        standing.at = now;
        Some(standing.receipt(now, standing.state.clone()))
    }

    /// What was to return to the safe value came to nothing: why, for as long as that is tried again. Whether it is so.
    fn returned_in_vain(&mut self, receipt: &CommandReceipt) -> bool {
        let Some(standing) = &mut self.standing else { return false };
        let in_vain = receipt.command.id.0.starts_with(&format!("{}.end", standing.command.id.0));
        if in_vain {
            standing.cannot_return = receipt.state.to_string();
        }
        in_vain
    }

    /// Keeps the count of its writes right: what ends before it was sent is taken back.
    fn account(&mut self, id: WriteId, outcome: &WriteOutcome) {
        let Some(place) = self.counted.iter().position(|(counted, _)| *counted == id) else { return };
        if outcome.is_nothing_sent() {
            self.ledger.take_back(self.counted[place].1);
        }
        // The connection may break before a byte of what is on its way is out.
        if outcome.is_final() {
            self.counted.remove(place);
        }
    }

    /// Takes a step of the write of its command.
    fn was_written(&mut self, outcome: WriteOutcome, at: Now) -> Option<CommandReceipt> {
        let outcome = in_unit(&self.spec, outcome);
        let has = outcome.value();
        let before = self.present;
        if let Some(value) = has {
            self.present = Some(ReadBack { value, at });
            self.unreadable.clear();
        }
        let spec = &self.spec;
        let standing = self.standing.as_mut()?;
        let value = standing.command.value;
        let renewal = standing.state.stands();
        let state = match outcome {
            // A renewal says nothing new while the device has the value.
            WriteOutcome::Sent | WriteOutcome::Echoed if renewal => return None,
            _ if renewal && has.is_some_and(|has| spec.accepts(value, has)) => return self.renewed(at),
            WriteOutcome::Unconfirmable if renewal => return self.renewed(at),
            // The device has the value until its lease is over, and may answer, or be less busy, before.
            _ if renewal && has.is_none() && standing.renew.is_some_and(|(_, over)| at.mono < over) => return None,
            other if renewal => match has {
                Some(has) => self.lost(has),
                None => self.not_renewed_any_more(&format!("it could not be renewed: {other}")),
            },
            WriteOutcome::Read(has) => {
                let has = spec.kind.words(has);
                CommandState::NotSent(format!("the device has {has} since then, which is safer than what was known"))
            }
            WriteOutcome::Clamped(has) if spec.is_beside(value, has) => CommandState::OneStepOff(has),
            outcome => standing.state.after(outcome)?,
        };
        let standing = self.standing.as_mut()?;
        let receipt = standing.receipt(at, state.clone());
        match &state {
            // Nobody knows what the device has now: it is asked at once.
            CommandState::Unknown(_) | CommandState::LeaseEnded(_, None) => {
                (self.present, self.read_due) = (None, at.mono);
            }
            state if state.stands() && !renewal => {
                standing.stands_as(state.clone(), &self.spec, at);
                standing.renew = self.spec.renewal(at.mono);
                self.returns_at = self.spec.lease.map(|lease| at.mono + lease);
            }
            state if state.is_under_way() => (standing.state, standing.at) = (state.clone(), at),
            _ => {}
        }
        if let CommandState::Unknown(_) = state {
            (standing.state, standing.at) = (state.clone(), at);
        }
        match (&state, has) {
            // What it was given; that the device says a number beside it is told by its state.
            (CommandState::Confirmed(_) | CommandState::OneStepOff(_), _) => {
                self.changed = Some(Change::of(&receipt.command));
            }
            (_, Some(has)) => self.settle(has, before, at),
            _ => {}
        }
        if let CommandState::Clamped(_) = state {
            self.returns_at = self.spec.lease.map(|lease| at.mono + lease);
        }
        Some(receipt)
    }

    /// The device has heard the value once more.
    fn renewed(&mut self, at: Now) -> Option<CommandReceipt> {
        self.standing.as_mut()?.renew = self.spec.renewal(at.mono);
        self.returns_at = self.spec.lease.map(|lease| at.mono + lease);
        None
    }

    /// What becomes of a command that stood, on a device that has another value now.
    fn lost(&self, has: f64) -> CommandState {
        let words = self.spec.kind.words(has);
        let leased = self.spec.lease.is_some();
        match leased && self.standing.as_ref().is_some_and(|standing| standing.resumes) {
            true => {
                let why = format!(
                    "not held any more: it was not renewed while Packtwin was down, and the device had {words} then"
                );
                CommandState::LeaseEnded(why, Some(has))
            }
            false if self.spec.is_return(has) => CommandState::LeaseEnded(
                format!("not held any more: the device had returned to {words} by itself"),
                Some(has),
            ),
            false => CommandState::ChangedAtDevice(has),
        }
    }

    /// The end of a command that is not renewed any more, and what the device does then.
    fn not_renewed_any_more(&self, why: &str) -> CommandState {
        let to = self.spec.returns_to.map(|to| self.spec.kind.words(to));
        // The words are kept: within how many seconds is told apart, as long as it is so.
        let then = to.map_or_else(String::new, |to| format!(", so that the device returns to {to} by itself"));
        CommandState::LeaseEnded(format!("not renewed any more{then}. The reason then: {why}"), None)
    }

    /// Keeps how the control came to a value that was read, unless it is the one that is known. `before` is what was read
    /// before: what has not moved since was changed by nobody, whatever was wanted.
    fn settle(&mut self, value: f64, before: Option<ReadBack>, at: Now) {
        let before = before.map(|before| before.value);
        let known = self.changed.as_ref().map(|changed| changed.value).or(before);
        let is_known = |known: Option<f64>| known.is_some_and(|known| self.spec.is_same(known, value));
        if known.is_none() || is_known(known) || is_known(before) {
            return;
        }
        let was_held = matches!(&self.changed, Some(Change { by: ChangedBy::Command(_), .. }));
        let by = if was_held && self.spec.is_return(value) { ChangedBy::Lease } else { ChangedBy::Device };
        let change = Change { by, at: at.utc, value };
        self.revision += 1;
        (self.changed, self.latest, self.returns_at) = (Some(change.clone()), Some(change), None);
    }

    /// How the value that stands comes to an end by itself: its time is over, or the device lets go of it because nobody
    /// renews it.
    pub fn ends(&self, situation: &Situation<'_>) -> Vec<ComingEnd> {
        let now = situation.now;
        let left = |at: Mono| at.since(now.mono);
        let standing = self.standing.as_ref();
        let held = standing.and_then(|standing| {
            let until = standing.command.hold.map(|hold| standing.at.mono + hold);
            standing.holds_until.or(until)
        });
        let held = held.map(|at| ComingEnd { to: self.spec.safe, within: Some(left(at)) });
        let is_renewed = standing.is_some_and(|standing| standing.state.is_under_way() || standing.state.stands())
            && self.not_renewed(situation).is_none();
        let to = self.spec.returns_to.unwrap_or(self.spec.safe);
        let within = self.returns_at.map(left);
        let let_go = (self.spec.lease.is_some() && !is_renewed).then_some(ComingEnd { to, within });
        held.into_iter().chain(let_go).collect()
    }

    /// Why the value that the device holds is not renewed, as a clause; `None` if it is renewed, or is no value that it
    /// would give up. And when the device returns to its own.
    pub fn not_renewed(&self, situation: &Situation<'_>) -> Option<(String, Option<Mono>)> {
        let now = situation.now.mono;
        let returns_at = self.returns_at.filter(|at| now < *at);
        self.spec.lease?;
        let why = match &self.standing {
            Some(standing) if standing.state.stands() => match keep::renewable(self, standing, situation) {
                _ if standing.renew.is_none() => "not renewed since the restart".to_owned(),
                Ok(()) => return None,
                Err((_, why)) => format!("not renewed: {why}"),
            },
            None if returns_at.is_some() => "not renewed any more".to_owned(),
            _ => return None,
        };
        Some((why, returns_at))
    }
}

/// An outcome in the unit of the control.
fn in_unit(spec: &ControlSpec, outcome: WriteOutcome) -> WriteOutcome {
    use WriteOutcome::*;
    match outcome {
        Read(value) => Read(spec.of_setpoint(value)),
        Unchanged(value) => Unchanged(spec.of_setpoint(value)),
        Confirmed(value) => Confirmed(spec.of_setpoint(value)),
        Clamped(value) => Clamped(spec.of_setpoint(value)),
        Ignored(value) => Ignored(spec.of_setpoint(value)),
        other => other,
    }
}
