//! Settings that people change while the server runs: each with since when, and by whom.

use super::{Done, Tables};
use crate::database::sql::control as sql;
use crate::people::Setting;
use domain::time::Utc;
use sqlx::Row as _;
use std::time::Duration;

/// Whether control is armed: `1`.
const ARMED: &str = "armed";
/// How long the server has run, all its runs together, microseconds.
const RAN: &str = "ran";

impl Tables<'_> {
    /// Whether operators may command, since when, by whom; `None` if nobody ever said. Everything but a plain yes is no.
    pub fn armed(&mut self) -> Done<Option<(bool, Setting)>> {
        let setting = self.0.first(sql::SETTING.bind(ARMED), |row| {
            Ok(Setting { value: row.try_get(0)?, at: Utc(row.try_get(1)?), by: row.try_get(2)? })
        })?;
        Ok(setting.map(|setting| (setting.value == "1", setting)))
    }

    /// Says whether operators may command.
    pub fn arm(&mut self, armed: bool, at: Utc, by: &str) -> Done<()> {
        self.0.run(sql::PUT_SETTING.bind(ARMED).bind(if armed { "1" } else { "0" }).bind(at.0).bind(by))?;
        Ok(())
    }

    /// Notes how long the server has run; [`Tables::ran`] has it.
    pub fn keep_ran(&mut self, ran: Duration, at: Utc) -> Done<()> {
        self.0.run(sql::PUT_SETTING.bind(RAN).bind(ran.as_micros().to_string()).bind(at.0).bind("server"))?;
        Ok(())
    }
}
