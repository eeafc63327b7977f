//! What was expected of a command when it was taken, and how right that was. Nothing of it is changed or removed.

use super::{Done, Tables};
use crate::commands::Prediction;
use crate::database::sql::control as sql;
use domain::time::Utc;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;
use std::collections::HashMap;

/// A prediction, from the column `first` on.
fn prediction(row: &SqliteRow, first: usize) -> sqlx::Result<Prediction> {
    let scored: Option<i64> = row.try_get(first + 3)?;
    Ok(Prediction {
        made: Utc(row.try_get(first)?),
        due: Utc(row.try_get(first + 1)?),
        prediction: row.try_get(first + 2)?,
        scored: scored.map(Utc).zip(row.try_get(first + 4)?),
    })
}

impl Tables<'_> {
    /// Keeps what is expected of a command that is kept; once.
    pub fn add_prediction(&mut self, command: &str, made: Utc, due: Utc, prediction: &str) -> Done<()> {
        self.0.run(sql::ADD_PREDICTION.bind(command).bind(made.0).bind(due.0).bind(prediction))?;
        Ok(())
    }

    /// Keeps how right it was; once.
    pub fn add_score(&mut self, command: &str, scored: Utc, score: &str) -> Done<()> {
        self.0.run(sql::ADD_SCORE.bind(command).bind(scored.0).bind(score))?;
        Ok(())
    }

    /// What was expected of a command, and how right that was.
    pub fn prediction(&mut self, command: &str) -> Done<Option<Prediction>> {
        Ok(self.0.first(sql::PREDICTION.bind(command), |row| prediction(row, 0))?)
    }

    /// The same of each command that [`Tables::commands`] gives for the same question, by its id.
    pub fn predictions(&mut self, system: Option<&str>, before: Utc, most: i64) -> Done<HashMap<String, Prediction>> {
        let asked = sql::PREDICTIONS.bind(system).bind(before.0).bind(most);
        Ok(self.0.all(asked, |row| Ok((row.try_get(0)?, prediction(row, 1)?)))?.into_iter().collect())
    }

    /// The command whose prediction is to be held against what was measured next, and when.
    pub fn next_prediction(&mut self) -> Done<Option<(String, Utc)>> {
        let read = |row: &SqliteRow| Ok((row.try_get(0)?, Utc(row.try_get(1)?)));
        Ok(self.0.first(sql::NEXT_PREDICTION.plain(), read)?)
    }

    /// When the next command of a system was asked after an instant that may have reached a device, besides this one.
    pub fn next_command(&mut self, system: &str, besides: &str, after: Utc) -> Done<Option<Utc>> {
        let read = |row: &SqliteRow| row.try_get::<Option<i64>, _>(0);
        let asked = self.0.first(sql::NEXT_COMMAND.bind(system).bind(besides).bind(after.0), read)?;
        Ok(asked.flatten().map(Utc))
    }
}
