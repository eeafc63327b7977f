//! Tokens of programs.

use super::{Done, Tables, scope};
use crate::database::sql::control as sql;
use crate::people::{Secret, Token};
use domain::people::Scope;
use domain::time::Utc;
use domain::words::Words as _;
use sqlx::Row as _;
use sqlx::sqlite::SqliteRow;

fn token(row: &SqliteRow) -> sqlx::Result<Token> {
    Ok(Token {
        id: row.try_get(0)?,
        name: row.try_get(1)?,
        prefix: row.try_get(2)?,
        scope: scope(row.try_get(3)?)?,
        made: Utc(row.try_get(4)?),
        made_by: row.try_get(5)?,
        ends: Utc(row.try_get(6)?),
        used: row.try_get::<Option<i64>, _>(7)?.map(Utc),
    })
}

impl Tables<'_> {
    /// Every token, by name.
    pub fn tokens(&mut self) -> Done<Vec<Token>> {
        Ok(self.0.all(sql::TOKENS.plain(), token)?)
    }

    /// The token with this secret, whether it has ended or not.
    pub fn token(&mut self, secret: &Secret) -> Done<Option<Token>> {
        Ok(self.0.first(sql::TOKEN.bind(secret.as_slice()), token)?)
    }

    /// Makes a token, and returns its number; `None` if the name is taken.
    pub fn add_token(
        &mut self,
        (name, scope): (&str, Scope),
        (prefix, secret): (&str, &Secret),
        (made, by): (Utc, &str),
        ends: Utc,
    ) -> Done<Option<i64>> {
        let add = sql::ADD_TOKEN.bind(name).bind(prefix).bind(secret.as_slice()).bind(scope.as_word());
        Ok(self.0.first(add.bind(made.0).bind(by).bind(ends.0), |row| row.try_get(0))?)
    }

    /// Notes that a token was used.
    pub fn use_token(&mut self, id: i64, used: Utc) -> Done<()> {
        self.0.run(sql::USE_TOKEN.bind(id).bind(used.0))?;
        Ok(())
    }

    /// Ends a token; false if there is none.
    pub fn end_token(&mut self, id: i64) -> Done<bool> {
        Ok(self.0.run(sql::DELETE_TOKEN.bind(id))? > 0)
    }

    /// Ends the tokens that somebody made; returns their names.
    pub fn end_tokens_by(&mut self, name: &str) -> Done<Vec<String>> {
        Ok(self.0.all(sql::DELETE_TOKENS_BY.bind(name), |row| row.try_get(0))?)
    }
}
