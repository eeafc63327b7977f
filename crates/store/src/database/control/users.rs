//! Accounts.

use super::{Done, Tables, role};
use crate::database::sql::control as sql;
use crate::people::User;
use domain::people::Role;
use domain::time::Utc;
use domain::words::Words as _;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

fn user(row: &SqliteRow) -> sqlx::Result<User> {
    Ok(User {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        role: role(row.try_get(2)?)?,
        password: row.try_get(3)?,
        made: Utc(row.try_get(4)?),
        made_by: row.try_get(5)?,
    })
}

impl Tables<'_> {
    /// Every account, by name.
    pub fn users(&mut self) -> Done<Vec<User>> {
        Ok(self.0.all(sql::USERS.plain(), user)?)
    }

    /// The account of this name, in small letters.
    pub fn user(&mut self, name: &str) -> Done<Option<User>> {
        Ok(self.0.first(sql::USER.bind(name), user)?)
    }

    /// Whether there is any account.
    pub fn any_user(&mut self) -> Done<bool> {
        Ok(self.0.number(sql::ANY_USER.plain())? != 0)
    }

    /// How many accounts are an admin's.
    pub fn admins(&mut self) -> Done<i64> {
        Ok(self.0.number(sql::ADMINS.plain())?)
    }

    /// Makes an account; the password is hashed already. Ask before whether the name is taken.
    pub fn add_user(&mut self, name: &str, role: Role, password: &str, made: Utc, by: &str) -> Done<()> {
        let named = sql::ADD_USER.bind(name).bind(role.as_word());
        self.0.run(named.bind(password).bind(made.0).bind(by))?;
        Ok(())
    }

    /// Gives an account another role. Its sessions are another matter.
    pub fn set_role(&mut self, id: i64, role: Role) -> Done<()> {
        self.0.run(sql::SET_ROLE.bind(id).bind(role.as_word()))?;
        Ok(())
    }

    /// Gives an account another password, hashed already.
    pub fn set_password(&mut self, id: i64, password: &str) -> Done<()> {
        self.0.run(sql::SET_PASSWORD.bind(id).bind(password))?;
        Ok(())
    }

    /// Removes an account with its sessions.
    pub fn remove_user(&mut self, id: i64) -> Done<()> {
        self.0.run(sql::DELETE_USER.bind(id))?;
        Ok(())
    }
}
