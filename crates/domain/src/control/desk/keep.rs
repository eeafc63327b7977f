//! What a control needs as time passes: its value read back, its lease renewed, its hold ended, its effect looked at.

use super::super::decide::{Change, Refusal};
use super::super::effect::{Followed, followed};
use super::super::interlock::{Situation, check};
use super::{Command, CommandId, CommandReceipt, CommandState, Control, Desk, ReadBack, Standing, Step};
use crate::audit::Entry;
use crate::people::Requester;
use crate::spec::control::RENEW_AGAIN;
use crate::time::Now;
use crate::topology::SystemIdx;
use crate::twin::Site;
use crate::write::{WriteId, WriteOutcome, WriteRequest};
use std::time::Duration;

/// How often a control is read while nothing happens.
const READ_EVERY: Duration = Duration::from_secs(5);
/// A read is given up after this.
const READ_FOR: Duration = Duration::from_secs(5);
/// A command of the server itself is sent within this time, or not at all.
const SAFE_WITHIN: Duration = Duration::from_secs(30);

impl Desk {
    /// Does what is due for the controls of one system.
    pub fn cycle(&mut self, site: &Site, system: SystemIdx, now: Now) -> Vec<Step> {
        let mut outputs: Vec<Step> = self.fruitless.sums(now, false).into_iter().map(Step::Audit).collect();
        let mut returns = Vec::new();
        for place in 0..self.controls.len() {
            if self.controls[place].system != system {
                continue;
            }
            let (write, read) = (self.next_write(), self.next_write());
            let (Some(control), Some(twin)) = (self.controls.get_mut(place), site.systems.get(usize::from(system.0)))
            else {
                continue;
            };
            let Some(link) = site.links.get(usize::from(control.spec.link.0)) else { continue };
            let situation = Situation { system: twin, link, armed: self.arming.armed, now };
            let mut ended = None;
            match control.keep(&situation) {
                Keep::Nothing => {}
                Keep::Told(receipt) => outputs.push(Step::Receipt(receipt)),
                Keep::Renew => {
                    outputs.extend(control.resumed(&twin.spec.id, now).map(Step::Audit));
                    outputs.extend(control.renew(write, now));
                }
                Keep::Over(state) => ended = Some(state),
                Keep::Return => returns.extend(control.back_to_safe(now)),
            }
            outputs.extend(control.read_if_due(read, now, &situation).map(Step::Write));
            if let (Some(state), Some(id)) =
                (ended, self.controls[place].standing.as_ref().map(|standing| standing.command.id.clone()))
            {
                outputs.extend(self.end(&id, state, now));
            }
        }
        for command in returns {
            outputs.extend(self.give_back(site, command, now));
        }
        outputs
    }

    /// The server's own return to a safe value. What stands against it is told once; it is tried until it may be.
    fn give_back(&mut self, site: &Site, command: Command, now: Now) -> Vec<Step> {
        let refused = self.decide(site, &command, now).err();
        let standing = self.find_mut(command.system, command.control).and_then(|control| control.standing.as_mut());
        let Some(standing) = standing else { return Vec::new() };
        standing.cannot_return = refused.as_ref().map(ToString::to_string).unwrap_or_default();
        // That a device is away is said elsewhere.
        let is_silent = matches!(refused, Some(Refusal::Interlock("link", _)));
        if is_silent || refused.is_some() && std::mem::replace(&mut standing.told_cannot_return, true) {
            return Vec::new();
        }
        let (tries, _) = standing.returns;
        standing.returns = (tries + 1, Some(now.mono + RETURN_AGAIN * 2_u32.pow(tries.min(6))));
        self.command(site, command, now)
    }
}

/// Whether a value that stands may be renewed now.
///
/// # Errors
/// It may not: the id of the interlock, and why.
pub(super) fn renewable(
    control: &Control,
    standing: &Standing,
    situation: &Situation<'_>,
) -> Result<(), (&'static str, String)> {
    let widens = !control.spec.is_safe(standing.command.value);
    // What waits for the way back to a value that would be wider now is held; what is wider itself is let go of.
    if widens && standing.is_over(situation) {
        let safe = control.spec.kind.words(control.spec.safe);
        return Err((OVER, format!("its time is over, and {safe} could not be written: {}", standing.cannot_return)));
    }
    check(&control.spec, situation, widens)
}

/// A return to the safe value that came to nothing is tried again after this, then after twice the time, up to 64 times.
const RETURN_AGAIN: Duration = Duration::from_secs(5);

/// In place of an interlock's id: the time of a command is over.
const OVER: &str = "hold";

impl Standing {
    /// Whether its time is over.
    fn is_over(&self, situation: &Situation<'_>) -> bool {
        self.holds_until.is_some_and(|until| until <= situation.now.mono)
    }
}

/// What is due for a control.
enum Keep {
    Nothing,
    /// Its effect was seen, or was not.
    Told(CommandReceipt),
    /// Its lease is to be renewed.
    Renew,
    /// Its command is over.
    Over(CommandState),
    /// Its hold is over: the safe value returns, also where the device would return to one of its own.
    Return,
}

impl Control {
    fn keep(&mut self, situation: &Situation<'_>) -> Keep {
        let now = situation.now;
        let Some(standing) = &self.standing else { return Keep::Nothing };
        if standing.state == CommandState::Requested && standing.command.expires < now.mono {
            return Keep::Over(CommandState::Expired);
        }
        if !standing.state.stands() {
            return Keep::Nothing;
        }
        let is_over = standing.is_over(situation);
        // After a restart it is read first: what has been changed at the device meanwhile stands.
        if is_over && standing.resumes && self.present.is_none() && self.unreadable.is_empty() {
            return Keep::Nothing;
        }
        let may_return = standing.returns.1.is_none_or(|at| at <= now.mono);
        if is_over && standing.cannot_return.is_empty() && may_return {
            return Keep::Return;
        }
        if let Some((_, over)) = standing.renew.filter(|(at, _)| *at <= now.mono) {
            match renewable(self, standing, situation) {
                Ok(()) => return Keep::Renew,
                // Nobody gives it up: the device has it until the end, and may be heard again before.
                Err(("link" | OVER, _)) if now.mono < over => {}
                Err((_, why)) => {
                    return Keep::Over(self.not_renewed_any_more(&why));
                }
            }
        }
        if is_over && may_return {
            return Keep::Return;
        }
        let Some(standing) = &mut self.standing else { return Keep::Nothing };
        let looked_at = matches!(standing.state, CommandState::Confirmed(_) | CommandState::Unchanged(_));
        let Some(by) = standing.effect_by.filter(|_| looked_at) else { return Keep::Nothing };
        let state =
            match followed(&self.spec, standing.command.value, standing.before, &situation.system.state, now.mono) {
                // It was so before, without this command.
                Followed::Yes(_) if matches!(standing.state, CommandState::Unchanged(_)) => {
                    standing.effect_by = None;
                    return Keep::Nothing;
                }
                Followed::Yes(seen) => CommandState::Effective(seen),
                Followed::No(seen) if by <= now.mono => CommandState::NoEffect(seen),
                Followed::Unknown(_) if by <= now.mono => {
                    standing.effect_by = None;
                    return Keep::Nothing;
                }
                _ => return Keep::Nothing,
            };
        standing.effect_by = None;
        (standing.state, standing.at) = (state.clone(), now);
        Keep::Told(standing.receipt(now, state))
    }

    /// Writes the standing value again, so that the device keeps it.
    fn renew(&mut self, write: WriteId, now: Now) -> Option<Step> {
        let lease = self.spec.lease?;
        let standing = self.standing.as_mut()?;
        standing.write = Some(write);
        standing.renew = standing.renew.map(|(_, over)| (now.mono + lease / RENEW_AGAIN, over));
        let replaces = self.spec.renews(standing.command.value);
        let request = self.request(write)?;
        Some(Step::Write(WriteRequest { replaces, deadline: now.mono + lease / 2, ..request }))
    }

    /// What the audit is told when a value is renewed for the first time after a restart: it is no command that is sent
    /// again.
    fn resumed(&mut self, system: &str, now: Now) -> Option<Entry> {
        let standing = self.standing.as_mut().filter(|standing| standing.resumes)?;
        standing.resumes = false;
        let words = |value: f64| self.spec.kind.words(value);
        Some(Entry {
            system: Some(system.to_owned()),
            subject: Some(self.spec.kind.spec().key.to_owned()),
            new: Some(words(standing.command.value)),
            result: Some(
                match self.present.is_some_and(|present| !self.spec.is_same(present.value, standing.command.value)) {
                    true => "renewed after a restart: the device had a value one step beside",
                    false => "renewed after a restart: the device still had the value",
                }
                .to_owned(),
            ),
            read_back: self.present.map(|present| words(present.value)),
            detail: Some(format!("command {}", standing.command.id.0)),
            ..Entry::of(&Requester::server(), now.utc, "command-renewed")
        })
    }

    /// The command by which the server itself returns to the safe value. Nobody who asks may use a point in an id.
    fn back_to_safe(&self, now: Now) -> Option<Command> {
        let ended = self.standing.as_ref()?;
        // Each try is a command of its own, also after a restart.
        let end = match ended.returns {
            (0, _) => String::new(),
            _ => format!("-{}", now.utc.0 / 1_000_000),
        };
        Some(Command {
            id: CommandId(format!("{}.end{end}", ended.command.id.0)),
            value: self.spec.safe,
            hold: None,
            by: Requester::server(),
            at: now.utc,
            expires: now.mono + SAFE_WITHIN,
            revision: self.revision,
            ..ended.command.clone()
        })
    }

    /// The next look at what the device has, if one is due and the link can answer.
    fn read_if_due(&mut self, id: WriteId, now: Now, situation: &Situation<'_>) -> Option<WriteRequest> {
        let busy =
            self.standing.as_ref().is_some_and(|standing| standing.state.is_under_way() && standing.write.is_some());
        if self.read_due > now.mono || busy || situation.link.state != crate::link::LinkState::Up {
            return None;
        }
        self.read_due = now.mono + READ_EVERY;
        self.reading = Some(id);
        Some(WriteRequest::new(id, self.spec.link, &self.spec.setpoint, None, now.mono + READ_FOR))
    }

    /// Takes what was read; what follows for the command that it follows.
    pub(super) fn was_read(&mut self, outcome: WriteOutcome, at: Now) -> Option<CommandReceipt> {
        self.reading = None;
        let value = match outcome {
            WriteOutcome::Read(value) => self.spec.of_setpoint(value),
            other => {
                self.unreadable = other.to_string();
                return None;
            }
        };
        self.unreadable.clear();
        // A read that was overtaken by a write is of the time before.
        if self.present.is_some_and(|present| at.mono < present.at.mono) {
            return None;
        }
        let before = self.present.replace(ReadBack { value, at });
        let Some(standing) = self.standing.clone() else {
            self.settle(value, before, at);
            return None;
        };
        let state = self.seen_as(&standing, value, at);
        if state.as_ref().unwrap_or(&standing.state).stands() {
            self.resume(at);
        }
        // What the device has comes from this command if it stands, whatever was before.
        match &state {
            Some(state) if state.stands() => self.changed = Some(Change::of(&standing.command)),
            None if standing.state.stands() => {}
            _ => self.settle(value, before, at),
        }
        let state = state?;
        let receipt = standing.receipt(at, state.clone());
        match &mut self.standing {
            Some(standing) if state.stands() => {
                // How much of its lease is left is not known: it is renewed at once. What was under way at a restart is
                // not sent again.
                if standing.write.is_some() && !standing.state.stands() {
                    standing.renew = self.spec.renewal(at.mono).map(|(_, over)| (at.mono, over));
                    self.returns_at = standing.renew.map(|(_, over)| over);
                }
                standing.stands_as(state, &self.spec, at);
            }
            // What stood before may stand on: the next read says so.
            place => {
                *place = None;
                match state {
                    CommandState::Unknown(_) => drop(self.stand_again(standing, at)),
                    _ => self.ended = Some(receipt.clone()),
                }
            }
        }
        Some(receipt)
    }

    /// What becomes of its command by a value that was read; `None` if nothing does.
    fn seen_as(&self, standing: &Standing, value: f64, at: Now) -> Option<CommandState> {
        let wanted = standing.command.value;
        let has = || self.spec.kind.words(value);
        // What it had before the command says nothing of it.
        let has_moved =
            standing.state.stands() || standing.before.is_none_or(|before| !self.spec.is_same(before, value));
        let reached = match self.spec.accepts(wanted, value) {
            true if self.spec.is_same(wanted, value) => Some(CommandState::Confirmed(value)),
            true if has_moved => Some(CommandState::OneStepOff(value)),
            _ => None,
        };
        match (&standing.state, reached) {
            // It was under way when the server started.
            (state, reached)
                if state.is_under_way() && standing.write.is_none() && *state != CommandState::Requested =>
            {
                let unknown = || format!("the server was started again meanwhile; the device has {}", has());
                Some(reached.unwrap_or_else(|| CommandState::Unknown(unknown())))
            }
            // It was heard after all, or is not yet.
            (CommandState::Unknown(_), Some(reached)) => Some(reached),
            (CommandState::Unknown(_), None) if at.mono < standing.command.expires => None,
            (CommandState::Unknown(why), None) => {
                Some(CommandState::Unknown(format!("{why}; the device has {}", has())))
            }
            // Once is enough to say so: a device may waver between both.
            (CommandState::OneStepOff(_), Some(_)) => None,
            (state, Some(CommandState::OneStepOff(value))) if state.stands() => Some(CommandState::OneStepOff(value)),
            (state, None) if state.stands() && self.spec.is_beside(wanted, value) && self.spec.lease.is_some() => {
                let why = format!(
                    "the device reported {}, which is wider than the {} that was set",
                    has(),
                    self.spec.kind.words(wanted)
                );
                Some(self.not_renewed_any_more(&why))
            }
            (state, None) if state.stands() => Some(self.lost(value)),
            _ => None,
        }
    }

    /// A value that was confirmed before a restart is on the device still: it is renewed, at once.
    fn resume(&mut self, at: Now) {
        let Some(lease) = self.spec.lease else { return };
        let waits = |standing: &&mut Standing| standing.resumes && standing.renew.is_none();
        if let Some(standing) = self.standing.as_mut().filter(waits) {
            standing.renew = Some((at.mono, at.mono + lease));
        }
    }
}
