//! Placeholder until people are merged.
#![allow(missing_docs)]
use thiserror::Error;
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    Viewer,
    Operator,
    Admin,
}
#[derive(Clone, Debug, PartialEq)]
pub struct Requester {
    pub name: String,
    pub role: Role,
    pub stepped_up: bool,
    pub server: bool,
}
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Command,
    Widen,
}
#[derive(Clone, Debug, Error, PartialEq)]
#[error("{0}")]
pub struct Denied(pub String);
pub fn authorize(who: &Requester, action: Action) -> Result<(), Denied> {
    if who.server {
        return Ok(());
    }
    if who.role < Role::Operator {
        return Err(Denied("viewers cannot command".into()));
    }
    if action == Action::Widen && !who.stepped_up {
        return Err(Denied("enter your password again".into()));
    }
    Ok(())
}
impl Requester {
    pub fn server() -> Requester {
        Requester { name: "Packtwin".into(), role: Role::Operator, stepped_up: false, server: true }
    }
}
