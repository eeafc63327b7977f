//! What a control needs as time passes: its value read back, its lease renewed, its hold ended, its effect looked at.

use super::super::decide::Refusal;
use super::super::effect::{Followed, followed};
use super::super::interlock::{Situation, check};
use super::{Command, CommandId, CommandReceipt, CommandState, Control, Desk, ReadBack, Step};
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
                Keep::Renew => outputs.extend(control.renew(write, now)),
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
        let may = match self.decide(site, &command, now) {
            // That a device is away is said elsewhere.
            Err(Refusal::Interlock("link", _)) => return Vec::new(),
            decided => decided.is_ok(),
        };
        let standing = self.find_mut(command.system, command.control).and_then(|control| control.standing.as_mut());
        let Some(standing) = standing else { return Vec::new() };
        if !may && std::mem::replace(&mut standing.cannot_return, true) {
            return Vec::new();
        }
        self.command(site, command, now)
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
        let Some(standing) = &mut self.standing else { return Keep::Nothing };
        if standing.state == CommandState::Requested && standing.command.expires < now.mono {
            return Keep::Over(CommandState::Expired);
        }
        if !standing.state.stands() {
            return Keep::Nothing;
        }
        if standing.holds_until.is_some_and(|until| until <= now.mono) {
            return Keep::Return;
        }
        if let Some((_, over)) = standing.renew.filter(|(at, _)| *at <= now.mono) {
            let widens = !self.spec.is_safe(standing.command.value);
            return match check(&self.spec, situation, widens) {
                Ok(()) => Keep::Renew,
                // Nobody gives it up: the device has it until the end, and may be heard again before.
                Err(("link", _)) if now.mono < over => Keep::Nothing,
                Err((_, why)) => Keep::Over(CommandState::LeaseEnded(format!("it is not renewed: {why}"))),
            };
        }
        let looked_at = matches!(standing.state, CommandState::Confirmed(_) | CommandState::Unchanged(_));
        let Some(by) = standing.effect_by.filter(|_| looked_at) else { return Keep::Nothing };
        let state = match followed(&self.spec, standing.command.value, &situation.system.state, now.mono) {
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
        let mut request = self.request(write)?;
        request.deadline = now.mono + lease / 2;
        Some(Step::Write(request))
    }

    /// The command by which the server itself returns to the safe value. Nobody who asks may use a point in an id.
    fn back_to_safe(&self, now: Now) -> Option<Command> {
        let ended = self.standing.as_ref()?;
        let end = if ended.cannot_return { "end-at-last" } else { "end" };
        Some(Command {
            id: CommandId(format!("{}.{end}", ended.command.id.0)),
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
        let (link, setpoint) = (self.spec.link, self.spec.setpoint.clone());
        Some(WriteRequest { id, link, setpoint, value: None, lease: None, deadline: now.mono + READ_FOR })
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
        let same = |one: f64, other: f64| (one - other).abs() <= self.spec.step / 2.0;
        let Some(standing) = &self.standing else {
            // Nobody here has changed it: the people at the device have.
            if before.is_some_and(|before| !same(before.value, value)) {
                self.changed_on_device();
            }
            return None;
        };
        let standing = standing.clone();
        let wanted = same(value, standing.command.value);
        let state = match &standing.state {
            // It was under way when the server started.
            state if state.is_under_way() && standing.write.is_none() && *state != CommandState::Requested => {
                match wanted {
                    true => CommandState::Confirmed(value),
                    false => CommandState::Unknown(format!(
                        "the server was started again meanwhile; the device has {}",
                        self.spec.kind.words(value)
                    )),
                }
            }
            // It was heard after all, or is not yet.
            CommandState::Unknown(_) if wanted => CommandState::Confirmed(value),
            CommandState::Unknown(_) if at.mono < standing.command.expires => return None,
            CommandState::Unknown(why) => {
                CommandState::Unknown(format!("{why}; the device has {}", self.spec.kind.words(value)))
            }
            state if state.stands() && !wanted => {
                let now = self.spec.kind.words(value);
                self.changed_on_device();
                match self.spec.lease {
                    Some(_) => CommandState::LeaseEnded(format!("the device has returned to {now}")),
                    None => CommandState::Superseded(format!("somebody at the device, to {now}")),
                }
            }
            _ => return None,
        };
        match &mut self.standing {
            Some(standing) if state.stands() => {
                // How much of its lease is left is not known: it is renewed at once. Nothing is sent after a restart.
                if standing.write.is_some() {
                    standing.renew = self.spec.renewal(at.mono).map(|(_, over)| (at.mono, over));
                }
                (standing.state, standing.at) = (state.clone(), at);
                standing.holds_until = standing.command.hold.map(|hold| at.mono + hold);
                standing.effect_by = Some(at.mono + self.spec.kind.spec().effect.1);
            }
            // What stood before may stand on: the next read says so.
            place => {
                *place = None;
                if matches!(state, CommandState::Unknown(_)) {
                    let _ = self.stand_again(standing.clone(), at);
                }
            }
        }
        Some(standing.receipt(at, state))
    }

    fn changed_on_device(&mut self) {
        self.revision += 1;
        self.changed = None;
    }
}
