//! Sessions of pages, and from where accounts were used.

use super::{Done, Tables, role};
use crate::database::sql::control as sql;
use crate::people::{Secret, Session};
use domain::time::Utc;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

/// Sessions of one account at most: a new one ends the one that was not used for longest.
const SESSIONS_MAX: i64 = 20;
/// So many addresses are remembered of an account.
const FAMILIAR_MAX: i64 = 20;

/// Of which account a session is, when its password was given, from where and by which browser.
type Begins<'a> = (i64, Utc, (&'a str, &'a str));

fn session(row: &SqliteRow) -> sqlx::Result<Session> {
    Ok(Session {
        id: row.try_get(0)?,
        user_id: row.try_get(1)?,
        name: row.try_get(2)?,
        role: role(row.try_get(3)?)?,
        begun: Utc(row.try_get(4)?),
        seen: Utc(row.try_get(5)?),
        address: row.try_get(6)?,
        agent: row.try_get(7)?,
    })
}

impl Tables<'_> {
    /// Every session, the one that was used last first.
    pub fn sessions(&mut self) -> Done<Vec<Session>> {
        Ok(self.0.all(sql::SESSIONS.plain(), session)?)
    }

    /// The session with this secret.
    pub fn session(&mut self, secret: &Secret) -> Done<Option<Session>> {
        Ok(self.0.first(sql::SESSION.bind(secret.as_slice()), session)?)
    }

    /// The session with this number.
    pub fn session_by_id(&mut self, id: i64) -> Done<Option<Session>> {
        Ok(self.0.first(sql::SESSION_BY_ID.bind(id), session)?)
    }

    /// Begins a session, of whom, when and from where, and returns its number.
    pub fn add_session(&mut self, secret: &Secret, (user_id, begun, (address, agent)): Begins<'_>) -> Done<i64> {
        let add = sql::ADD_SESSION.bind(secret.as_slice()).bind(user_id).bind(begun.0);
        let id = self.0.number(add.bind(address).bind(agent))?;
        self.0.run(sql::KEEP_NEWEST_SESSIONS.bind(user_id).bind(SESSIONS_MAX))?;
        self.is_used_at(user_id, begun, address)?;
        Ok(id)
    }

    /// The password of a session was given again: it begins anew under another secret. False if it has ended.
    pub fn renew_session(
        &mut self,
        id: i64,
        secret: &Secret,
        (user_id, begun, (address, agent)): Begins<'_>,
    ) -> Done<bool> {
        let renew = sql::RENEW_SESSION.bind(id).bind(secret.as_slice()).bind(user_id).bind(begun.0);
        let goes_on = self.0.run(renew.bind(address).bind(agent))? > 0;
        if goes_on {
            self.is_used_at(user_id, begun, address)?;
        }
        Ok(goes_on)
    }

    fn is_used_at(&mut self, user_id: i64, at: Utc, address: &str) -> Done<()> {
        self.0.run(sql::PUT_FAMILIAR.bind(user_id).bind(address).bind(at.0))?;
        self.0.run(sql::KEEP_NEWEST_FAMILIAR.bind(user_id).bind(FAMILIAR_MAX))?;
        Ok(())
    }

    /// Notes that a session was used.
    pub fn see_session(&mut self, id: i64, seen: Utc) -> Done<()> {
        self.0.run(sql::SEE_SESSION.bind(id).bind(seen.0))?;
        Ok(())
    }

    /// Ends a session; false if there is none.
    pub fn end_session(&mut self, id: i64) -> Done<bool> {
        Ok(self.0.run(sql::DELETE_SESSION.bind(id))? > 0)
    }

    /// Ends the sessions of an account, but for one; returns how many.
    pub fn end_sessions_of(&mut self, user_id: i64, but: Option<i64>) -> Done<u64> {
        Ok(self.0.run(sql::DELETE_SESSIONS_OF.bind(user_id).bind(but.unwrap_or(0)))?)
    }

    /// Forgets sessions that began before; returns how many.
    pub fn forget_sessions(&mut self, before: Utc) -> Done<u64> {
        Ok(self.0.run(sql::DELETE_OLD_SESSIONS.bind(before.0))?)
    }

    /// Whether an account was used from this address.
    pub fn is_familiar(&mut self, name: &str, address: &str) -> Done<bool> {
        Ok(self.0.number(sql::IS_FAMILIAR.bind(name).bind(address))? != 0)
    }
}
