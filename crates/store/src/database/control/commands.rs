//! The journal of commands: what was asked, and what became of it, step by step. Nothing of it is changed or removed.

use super::{Done, Tables};
use crate::commands::{CommandRow, CommandStep};
use crate::database::sql::control as sql;
use domain::control::PastWrite;
use domain::time::Utc;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::time::Duration;

fn step(row: &SqliteRow, first: usize) -> sqlx::Result<CommandStep> {
    Ok(CommandStep {
        at: Utc(row.try_get(first)?),
        state: row.try_get(first + 1)?,
        words: row.try_get(first + 2)?,
        read_back: row.try_get(first + 3)?,
    })
}

fn command(row: &SqliteRow) -> sqlx::Result<CommandRow> {
    Ok(CommandRow {
        id: row.try_get(0)?,
        system: row.try_get(1)?,
        control: row.try_get(2)?,
        value: row.try_get(3)?,
        before: row.try_get(4)?,
        hold_s: row.try_get(5)?,
        revision: row.try_get(6)?,
        who: row.try_get(7)?,
        asked: Utc(row.try_get(8)?),
        last: step(row, 9)?,
    })
}

impl Tables<'_> {
    /// Adds a step of a command, and the command itself if it is its first one; `ran` as [`Tables::ran`] has it.
    pub fn add_command_step(&mut self, of: &CommandRow, ran: Duration) -> Done<()> {
        let add = sql::ADD_COMMAND.bind(&of.id).bind(&of.system).bind(&of.control).bind(of.value).bind(of.before);
        self.0.run(add.bind(of.hold_s).bind(of.revision).bind(&of.who).bind(of.asked.0))?;
        let CommandStep { at, state, words, read_back } = &of.last;
        let step = sql::ADD_COMMAND_STEP.bind(&of.id).bind(at.0).bind(state).bind(words).bind(*read_back);
        self.0.run(step.bind(us(ran)))?;
        Ok(())
    }

    /// The command with this id, with its last step.
    pub fn command(&mut self, id: &str) -> Done<Option<CommandRow>> {
        Ok(self.0.first(sql::COMMAND.bind(id), command)?)
    }

    /// The steps of a command, oldest first.
    pub fn command_steps(&mut self, id: &str) -> Done<Vec<CommandStep>> {
        Ok(self.0.all(sql::COMMAND_STEPS.bind(id), |row| step(row, 0))?)
    }

    /// Up to `most` commands that were asked before an instant, newest first; of one system, if it is named.
    pub fn commands(&mut self, system: Option<&str>, before: Utc, most: i64) -> Done<Vec<CommandRow>> {
        Ok(self.0.all(sql::COMMANDS.bind(system).bind(before.0).bind(most), command)?)
    }

    /// The commands that are under way, or whose values stand: in the order of their last steps.
    pub fn commands_open(&mut self) -> Done<Vec<CommandRow>> {
        Ok(self.0.all(sql::COMMANDS_OPEN.plain(), command)?)
    }

    /// The step by which a control came to another value last, as far as the device said so.
    pub fn last_change(&mut self, system: &str, control: &str) -> Done<Option<CommandRow>> {
        Ok(self.0.first(sql::LAST_CHANGE.bind(system).bind(control), command)?)
    }

    /// The writes of a control of the last `span`, oldest first, and how many there were ever; `ran` and `now` are the
    /// present. What was recorded and of which nothing more is known counts.
    pub fn writes(
        &mut self,
        (system, control): (&str, &str),
        span: Duration,
        (ran, now): (Duration, Utc),
    ) -> Done<(Vec<PastWrite>, u64)> {
        let write = |row: &SqliteRow| {
            let ran: Option<i64> = row.try_get(1)?;
            Ok(PastWrite {
                at: Utc(row.try_get(0)?),
                ran: ran.map(|us| Duration::from_micros(us.max(0).unsigned_abs())),
            })
        };
        let asked = sql::WRITES.bind(system).bind(control).bind((now - span).0).bind(us(ran.saturating_sub(span)));
        let recent = self.0.all(asked, write)?;
        let ever = self.0.number(sql::WRITES_EVER.bind(system).bind(control))?;
        Ok((recent, ever.unsigned_abs()))
    }

    /// How long the server has run, all its runs together, as far as it is kept.
    pub fn ran(&mut self) -> Done<Duration> {
        Ok(Duration::from_micros(self.0.number(sql::RAN.plain())?.max(0).unsigned_abs()))
    }
}

fn us(time: Duration) -> i64 {
    i64::try_from(time.as_micros()).unwrap_or(i64::MAX)
}
