//! What the journal says of the time before this start.
//!
//! Nothing is sent: what was under way is read back, and is then confirmed or unknown. A value that stood stands on, for
//! what is left of its time.

use anyhow::{Context as _, Result};
use domain::control::{
    Arming, Change, ChangedBy, Command, CommandId, CommandReceipt, CommandState, ControlKind, ControlPast, Desk,
    Ledger, PastCommand, StateKind,
};
use domain::people::{Came, Requester};
use domain::spec::control::ControlSpec;
use domain::spec::{SiteSpec, SystemIdx};
use domain::time::Now;
use domain::words::Words as _;
use std::time::Duration;
use store::{CommandRow, CommandStep, Control};

/// Budgets look back so far.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Hands the desk what the journal has; `ran` is how long the server has run, all its runs together. Commands that this site can no longer read back are returned as unknown.
///
/// # Errors
/// The journal cannot be read.
pub(crate) fn restore(
    desk: &mut Desk,
    site: &SiteSpec,
    journal: &Control,
    ran: Duration,
    now: Now,
) -> Result<Vec<CommandReceipt>> {
    let armed = journal.read(|tables| tables.armed()).context("read whether control is armed")?;
    if let Some((armed, setting)) = armed {
        desk.arm(Arming { armed, by: setting.by, at: setting.at });
    }
    let mut lost = Vec::new();
    let mut open: Vec<(CommandReceipt, String)> = Vec::new();
    for row in journal.read(|tables| tables.commands_open()).context("read the commands that are not over")? {
        let system = row.system.clone();
        open.extend(receipt(row, site, now).map(|receipt| (receipt, system)));
    }
    for (idx, system) in site.systems.iter().enumerate() {
        for control in &*system.controls {
            let key = control.kind.spec().key;
            let read = journal.read(|tables| {
                let (recent, ever) = tables.writes((&system.id, key), DAY, (ran, now.utc))?;
                Ok((recent, ever, tables.last_change(&system.id, key)?))
            });
            let (recent, ever, changed) = read.context("read what was written")?;
            let past = ControlPast {
                // Above all that anybody has seen, also of changes at the device, which are not kept.
                revision: u64::try_from(now.utc.0 / 1_000_000).unwrap_or_default(),
                ledger: Ledger::restored(recent, ever, ran, now),
                changed: changed.and_then(|row| change(row, control)),
            };
            // Of several, the newest says what the device should have; the others were replaced by it.
            let own = |(receipt, id): &mut (CommandReceipt, String)| {
                *id == system.id && receipt.command.control == control.kind
            };
            let mut own: Vec<CommandReceipt> = open.extract_if(.., own).map(|(receipt, _)| receipt).collect();
            let newest = own.pop();
            let by = newest.as_ref().map(|newest| newest.command.by.name.clone()).unwrap_or_default();
            lost.extend(own.into_iter().map(|receipt| match receipt.state.stands() {
                true => {
                    let reached = Some(receipt.state.kind());
                    CommandReceipt { at: now, state: CommandState::Superseded(by.clone()), reached, ..receipt }
                }
                false => unknown(receipt, "another command followed it", now),
            }));
            let followed = match newest {
                Some(CommandReceipt { command, state, .. }) => {
                    let stood_for = stood_for(journal, &command, now)?;
                    Some(PastCommand { command, state, stood_for })
                }
                None => None,
            };
            desk.restore(SystemIdx(idx as u8), control.kind, past, followed, now);
        }
    }
    let gone = open.into_iter().map(|(receipt, _)| receipt);
    lost.extend(gone.map(|receipt| unknown(receipt, "the site file has no such control any more", now)));
    Ok(lost)
}

/// For how long the value of a command has stood: since the first step that said so, whatever was seen of it later.
fn stood_for(journal: &Control, command: &Command, now: Now) -> Result<Duration> {
    let steps = journal.read(|tables| tables.command_steps(&command.id.0)).context("read the steps of a command")?;
    let stands = |step: &&CommandStep| StateKind::from_word(&step.state).is_ok_and(StateKind::stands);
    let since = steps.iter().find(stands).map_or(now.utc, |step| step.at);
    // A clock that was set back must not make the time longer than it was to be.
    Ok(Duration::from_micros(now.utc.0.saturating_sub(since.0).max(0).unsigned_abs()))
}

/// How a control came to the value that was read back last, by the step that says so.
fn change(row: CommandRow, control: &ControlSpec) -> Option<Change> {
    let value = row.last.read_back?;
    let (by, at, value) = match StateKind::from_word(&row.last.state) {
        Ok(StateKind::Confirmed | StateKind::OneStepOff) => (ChangedBy::Command(row.who), row.asked, row.value),
        Ok(StateKind::LeaseEnded) if control.is_return(value) => (ChangedBy::Lease, row.last.at, value),
        _ => (ChangedBy::Device, row.last.at, value),
    };
    Some(Change { by, at, value })
}

fn unknown(receipt: CommandReceipt, why: &str, now: Now) -> CommandReceipt {
    let words = format!("the server was started again meanwhile, and {why}");
    let reached = Some(receipt.state.kind());
    CommandReceipt { at: now, state: CommandState::Unknown(words), reached, ..receipt }
}

/// The command of a row; `None` for a system or a kind of control that this program does not know.
fn receipt(row: CommandRow, site: &SiteSpec, now: Now) -> Option<CommandReceipt> {
    let read_back = row.last.read_back.unwrap_or(row.value);
    let state = match StateKind::from_word(&row.last.state) {
        Ok(StateKind::Sent) => CommandState::Sent,
        Ok(StateKind::Echoed) => CommandState::Echoed,
        Ok(StateKind::Unchanged) => CommandState::Unchanged(read_back),
        Ok(StateKind::OneStepOff) => CommandState::OneStepOff(read_back),
        Ok(StateKind::Unconfirmable) => CommandState::Unconfirmable,
        Ok(kind) if kind.stands() => {
            CommandState::of_effect(&row.last.words).unwrap_or(CommandState::Confirmed(read_back))
        }
        _ => CommandState::Journalled,
    };
    let at = Now { utc: row.last.at, mono: now.mono };
    let command = Command {
        id: CommandId(row.id),
        system: site.find_system(&row.system)?.0,
        control: ControlKind::from_key(&row.control)?,
        value: row.value,
        hold: row.hold_s.and_then(|s| u64::try_from(s).ok()).map(Duration::from_secs),
        by: Requester { name: row.who, role: None, came: Came::Server, stepped_up: false, address: None },
        at: row.asked,
        expires: now.mono,
        revision: u64::try_from(row.revision).unwrap_or_default(),
    };
    Some(CommandReceipt::new(command, at, state, row.before))
}
