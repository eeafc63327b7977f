//! What the journal says of the time before this start.
//!
//! Nothing is sent: what was under way is read back, and is then confirmed or unknown. What stood stands still, until it is
//! read back as something else, or its hold is over.

use anyhow::{Context as _, Result};
use domain::control::{
    Arming, Change, Command, CommandId, CommandReceipt, CommandState, ControlKind, ControlPast, Desk, Ledger,
};
use domain::people::{Came, Requester};
use domain::spec::{SiteSpec, SystemIdx};
use domain::time::Now;
use std::time::Duration;
use store::{CommandRow, Control};

/// Budgets look back so far.
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Hands the desk what the journal has. Commands that this site can no longer read back are returned as unknown.
///
/// # Errors
/// The journal cannot be read.
pub(crate) fn restore(desk: &mut Desk, site: &SiteSpec, journal: &Control, now: Now) -> Result<Vec<CommandReceipt>> {
    let armed = journal.read(|tables| tables.armed()).context("read whether control is armed")?;
    if let Some((armed, setting)) = armed {
        desk.arm(Arming { armed, by: setting.by, at: setting.at });
    }
    let mut lost = Vec::new();
    let mut under_way: Vec<(CommandReceipt, String)> = Vec::new();
    for row in journal.read(|tables| tables.commands_under_way()).context("read the commands under way")? {
        let system = row.system.clone();
        under_way.extend(receipt(row, site, now).map(|receipt| (receipt, system)));
    }
    for (idx, system) in site.systems.iter().enumerate() {
        for control in &*system.controls {
            let key = control.kind.spec().key;
            let read = journal.read(|tables| {
                let (recent, ever) = tables.writes(&system.id, key, now.utc - DAY)?;
                Ok((recent, ever, tables.last_change(&system.id, key)?))
            });
            let (recent, ever, changed) = read.context("read what was written")?;
            let past = ControlPast {
                // Above all that anybody has seen, also of changes at the device, which are not kept.
                revision: u64::try_from(now.utc.0 / 1_000_000).unwrap_or_default(),
                ledger: Ledger::restored(recent, ever, now),
                changed: changed.as_ref().map(|row| Change { by: row.who.clone(), at: row.asked, value: row.value }),
            };
            let stood = changed.map(|row| standing(journal, &row, site, now)).transpose()?.flatten();
            // Of several, the newest says what the device should have; the others were replaced by it.
            let own = |(receipt, id): &mut (CommandReceipt, String)| {
                *id == system.id && receipt.command.control == control.kind
            };
            let mut own: Vec<CommandReceipt> = under_way.extract_if(.., own).map(|(receipt, _)| receipt).collect();
            let newest = own.pop();
            lost.extend(own.into_iter().map(|receipt| unknown(receipt, "another command followed it", now)));
            let newest = newest.map(|receipt| (receipt.command, receipt.state, None));
            desk.restore(SystemIdx(idx as u8), control.kind, past, newest.or(stood), now);
        }
    }
    let gone = under_way.into_iter().map(|(receipt, _)| receipt);
    lost.extend(gone.map(|receipt| unknown(receipt, "the site file has no such control any more", now)));
    Ok(lost)
}

/// The command whose confirmed value stood at the end, with what is left of its hold.
fn standing(
    journal: &Control,
    confirmed: &CommandRow,
    site: &SiteSpec,
    now: Now,
) -> Result<Option<(Command, CommandState, Option<Duration>)>> {
    let row = journal.read(|tables| tables.command(&confirmed.id)).context("read what stood")?;
    let Some(row) = row else { return Ok(None) };
    let words = |begin: &str| row.last.words.strip_prefix(begin).unwrap_or_default().to_owned();
    let state = match row.last.state.as_str() {
        "unchanged" | "confirmed" => CommandState::Confirmed(row.value),
        "unconfirmable" => CommandState::Unconfirmable,
        "effective" => CommandState::Effective(words("effective: ")),
        "no-effect" => CommandState::NoEffect(words("confirmed, but not followed: ")),
        _ => return Ok(None),
    };
    let held = Duration::from_micros(u64::try_from(now.utc.0 - confirmed.last.at.0).unwrap_or_default());
    Ok(receipt(row, site, now).map(|receipt| {
        let left = receipt.command.hold.map(|hold| hold.saturating_sub(held));
        (receipt.command, state, left)
    }))
}

fn unknown(receipt: CommandReceipt, why: &str, now: Now) -> CommandReceipt {
    let words = format!("the server was started again meanwhile, and {why}");
    CommandReceipt { at: now, state: CommandState::Unknown(words), ..receipt }
}

/// The command of a row; `None` for a system or a kind of control that this program does not know.
fn receipt(row: CommandRow, site: &SiteSpec, now: Now) -> Option<CommandReceipt> {
    let state = match row.last.state.as_str() {
        "sent" => CommandState::Sent,
        "echoed" => CommandState::Echoed,
        _ => CommandState::Journalled,
    };
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
    Some(CommandReceipt { command, at: now, state, before: row.before })
}
