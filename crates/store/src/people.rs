//! What `control.db` keeps of people and programs, as it is handed in and out.

use domain::people::{Role, Scope};
use domain::time::Utc;

/// SHA-256 of what a browser or a program keeps: who reads the file cannot sign in with it.
pub type Secret = [u8; 32];

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Its number.
    pub id: i64,
    /// Its name, in small letters.
    pub name: String,
    /// What its person may do.
    pub role: Role,
    /// The password, hashed: a PHC string.
    pub password: String,
    /// When it was made.
    pub made: Utc,
    /// By whom.
    pub made_by: String,
}

/// The session of a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its number: not its secret.
    pub id: i64,
    /// The account's number.
    pub user_id: i64,
    /// The account's name.
    pub name: String,
    /// The account's role.
    pub role: Role,
    /// When the password was given last.
    pub begun: Utc,
    /// When its person last did something, to the minute.
    pub seen: Utc,
    /// From where.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// The token of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number.
    pub id: i64,
    /// Its name, in small letters.
    pub name: String,
    /// How it begins, to tell it from others.
    pub prefix: String,
    /// What it is good for.
    pub scope: Scope,
    /// When it was made.
    pub made: Utc,
    /// By whom.
    pub made_by: String,
    /// From when on it is worth nothing.
    pub ends: Utc,
    /// When it was last used, to the minute.
    pub used: Option<Utc>,
}

/// A setting, since when, and by whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// Its value.
    pub value: String,
    /// Since when.
    pub at: Utc,
    /// By whom.
    pub by: String,
}
