//! Who is signed in, accounts, sessions, tokens of programs, and the audit of what was done.
//!
//! Passwords and tokens are asked for and shown once; nothing here answers one that is kept.

use crate::json::{Timestamp, Word};
use domain::people::action::Action;
use domain::people::{Came, Denied, Requester, Role, Scope, authorize};
use domain::wire::Wire;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What nobody shall read in a log: a password, a token.
#[derive(Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub struct Hidden(pub String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// Who wants to sign in.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// The name of the account.
    #[schemars(example = &"mara")]
    pub name: String,
    /// Its password.
    #[schemars(example = &"lamp tractor mild seven")]
    pub password: Hidden,
}

/// The password once more, for what needs it; and to have one's rights again after having done nothing for long.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepUpRequest {
    /// The password of the account.
    #[schemars(example = &"lamp tractor mild seven")]
    pub password: Hidden,
}

/// The first admin of a site that has no account yet.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SetupRequest {
    /// What the server has written on its console when it started.
    #[schemars(example = &"abcde-fghij-kmnpq-rstuv")]
    pub token: Hidden,
    /// The name of the account.
    #[schemars(example = &"mara")]
    pub name: String,
    /// Its password: 12 characters at least.
    #[schemars(example = &"lamp tractor mild seven")]
    pub password: Hidden,
}

/// A new password for the own account. Its other sessions end.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordRequest {
    /// The password until now.
    #[schemars(example = &"lamp tractor mild seven")]
    pub old: Hidden,
    /// The one from now on: 12 characters at least.
    #[schemars(example = &"seven mild tractor lamp")]
    pub new: Hidden,
}

/// Who is signed in, and what is possible.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct SessionResponse {
    /// The name of the account or of the token; null for nobody.
    pub name: Option<String>,
    /// What they may do now; null for nothing. A viewer, also of an operator who has done nothing for 30 minutes.
    pub role: Option<Word<Role>>,
    /// What they may do when they give their password again; null for nobody.
    pub account_role: Option<Word<Role>>,
    /// How long they have that role yet if they do nothing, s; null for nobody and for tokens.
    pub rights_left_s: Option<u64>,
    /// How long what needs the password once more may be done, s.
    pub step_up_left_s: u64,
    /// Whether this site can be looked at without signing in.
    pub reading_open: bool,
    /// Whether there is any account; without one, nothing can be commanded.
    pub accounts: bool,
    /// Whether the first admin can be made now, with the token on the server's console.
    pub setup_open: bool,
    /// Whether control is armed: without that, nobody can command.
    pub armed: bool,
    /// Why nobody can sign in or command at all, in words; null if all is well.
    pub unusable: Option<String>,
}

impl SessionResponse {
    /// Whether they may do something now, as the server decides it. Only the server's answer counts: meanwhile their
    /// session may have ended.
    ///
    /// # Errors
    /// Why not.
    pub fn may(&self, action: Action) -> Result<(), Denied> {
        let role = self.role.map(|Word(role)| role);
        let came = match (&self.name, self.accounts) {
            (Some(_), _) => Came::Page,
            (None, false) => Came::Unclaimed,
            (None, true) => Came::Anonymous,
        };
        let (name, stepped_up) = (self.name.clone().unwrap_or_default(), self.step_up_left_s > 0);
        authorize(&Requester { name, role, came, stepped_up, address: None }, action)
    }

    /// Whether they had more rights, and lost them by doing nothing for long: the password brings them back.
    pub fn has_lapsed(&self) -> bool {
        self.account_role.map(|Word(role)| role) > self.role.map(|Word(role)| role)
    }
}

/// Which sessions.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionsRequest {
    /// Those of everybody, for admins; else one's own.
    #[serde(default)]
    #[schemars(example = false)]
    pub all: bool,
}

/// Sessions, the one that was used last first.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct SessionsResponse {
    /// The sessions.
    pub sessions: Vec<SessionEntry>,
}

/// A session of a page.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct SessionEntry {
    /// Its number.
    pub id: i64,
    /// The account's name.
    pub name: String,
    /// Whether it is the one that asks.
    pub own: bool,
    /// Whether it has ended, which is in force but could not be recorded yet.
    pub ended: bool,
    /// When the password was given.
    pub begun: Timestamp,
    /// When its person last did something, to the minute.
    pub seen: Timestamp,
    /// From where.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// A new account.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserRequest {
    /// Its name: letters, digits and `.-_@`; it is kept in small letters.
    #[schemars(example = &"timo")]
    pub name: String,
    /// What its person may do.
    #[schemars(example = Word(Role::Operator))]
    pub role: Word<Role>,
    /// Its password: 12 characters at least.
    #[schemars(example = &"nine lamps of the east hall")]
    pub password: Hidden,
}

/// What is changed of an account. Its sessions end.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChangeRequest {
    /// The role from now on.
    #[schemars(example = Word(Role::Viewer))]
    pub role: Option<Word<Role>>,
    /// The password from now on.
    pub password: Option<Hidden>,
}

/// Every account, by name.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct UsersResponse {
    /// The accounts.
    pub users: Vec<UserEntry>,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct UserEntry {
    /// Its name.
    pub name: String,
    /// What its person may do.
    pub role: Word<Role>,
    /// When it was made.
    pub made: Timestamp,
    /// By whom.
    pub made_by: String,
}

/// A new token for a program.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenRequest {
    /// Its name, for people and the audit.
    #[schemars(example = &"planner")]
    pub name: String,
    /// What it is good for.
    #[schemars(example = Word(Scope::Read))]
    pub scope: Word<Scope>,
    /// After so many days it is worth nothing.
    #[schemars(range(min = 1, max = 3650), example = 90)]
    pub days: u32,
}

/// A token, shown this once.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct NewTokenResponse {
    /// What the program sends, as `Authorization: Bearer ...`. It cannot be shown again.
    pub token: String,
    /// What is kept of it.
    #[serde(flatten)]
    pub kept: TokenEntry,
}

/// Every token, by name.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct TokensResponse {
    /// The tokens.
    pub tokens: Vec<TokenEntry>,
}

/// What is kept of a token.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct TokenEntry {
    /// Its number.
    pub id: i64,
    /// Whether it was ended, which is in force but could not be recorded yet.
    pub ended: bool,
    /// Its name.
    pub name: String,
    /// How it begins, to tell it from others.
    pub prefix: String,
    /// What it is good for.
    pub scope: Word<Scope>,
    /// When it was made.
    pub made: Timestamp,
    /// By whom.
    pub made_by: String,
    /// From when on it is worth nothing.
    pub ends: Timestamp,
    /// When it was last used, to the minute; null if never.
    pub used: Option<Timestamp>,
}

/// Whether operators may command.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ArmingRequest {
    /// Whether they may. An operator can say no, an admin yes.
    #[schemars(example = false)]
    pub armed: bool,
}

/// Whether operators may command.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct ArmingResponse {
    /// Whether they may.
    pub armed: bool,
    /// Since when; null if nobody ever said.
    pub since: Option<Timestamp>,
    /// By whom; null if nobody ever said.
    pub by: Option<String>,
    /// Whether this is recorded. Disarming is in force at once, and is recorded as soon as the disk takes it.
    pub recorded: bool,
}

/// Which entries of the audit: the newest, if nothing is said.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditRequest {
    /// Those before the one with this number: `next` of the page before.
    pub before: Option<i64>,
    /// How many; 100 if not given.
    #[schemars(range(min = 1, max = 500), example = 20)]
    pub limit: Option<i64>,
    /// Of this account or token.
    #[schemars(example = &"mara")]
    pub who: Option<String>,
    /// Of this action.
    #[schemars(example = &"signed-in")]
    pub action: Option<String>,
    /// Of this system.
    pub system: Option<String>,
    /// From this instant on: RFC 3339, a date, or ms since 1970.
    #[schemars(example = &"2026-11-20")]
    pub from: Option<String>,
    /// Before this instant.
    pub to: Option<String>,
}

/// Which entries are written into a file: all of them, if nothing is said.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditLinesRequest {
    /// Of this account or token.
    #[schemars(example = &"mara")]
    pub who: Option<String>,
    /// Of this action.
    #[schemars(example = &"signed-in")]
    pub action: Option<String>,
    /// Of this system.
    pub system: Option<String>,
    /// From this instant on: RFC 3339, a date, or ms since 1970.
    #[schemars(example = &"2026-11-20")]
    pub from: Option<String>,
    /// Before this instant.
    pub to: Option<String>,
}

/// A page is a part of what the file would have. (serde cannot both flatten a struct and refuse unknown names.)
impl From<AuditRequest> for AuditLinesRequest {
    fn from(page: AuditRequest) -> AuditLinesRequest {
        let AuditRequest { before: _, limit: _, who, action, system, from, to } = page;
        AuditLinesRequest { who, action, system, from, to }
    }
}

/// What the chain is held against.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuditChainRequest {
    /// An end of the chain, `number:hash`, that was noted elsewhere before: the chain must still have it.
    pub noted: Option<String>,
}

/// Whether the audit is what was written.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct AuditChainResponse {
    /// How many entries there are.
    pub entries: i64,
    /// The end of the chain, as `number:hash`.
    pub head: String,
    /// The first place where it does not hold, in words; null if it holds from its begin to its end.
    pub broken: Option<String>,
}

/// Entries of the audit, newest first.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct AuditResponse {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// For `before` of the next page; null if there is none.
    pub next: Option<i64>,
    /// The end of the chain, as `number:hash`. Noted elsewhere, it shows later that nothing was cut off or written anew.
    pub head: String,
}

/// An entry of the audit. What it has nothing of is null. Texts are as they were given: whoever shows them escapes them.
#[derive(Clone, Debug, PartialEq, Wire, Serialize, JsonSchema)]
pub struct AuditEntry {
    /// Its number, from 1.
    pub seq: i64,
    /// SHA-256 of the hash before it and the entry's canonical JSON.
    pub hash: String,
    /// When; null, as all else, if somebody has changed the entry so that it cannot be read.
    pub at: Option<Timestamp>,
    /// Who.
    pub who: Option<String>,
    /// Their role then.
    pub role: Option<Word<Role>>,
    /// How they came: `page`, `token`, `console`, `server`, `anonymous`.
    pub came: Option<String>,
    /// From where.
    pub address: Option<String>,
    /// What was done.
    pub action: Option<String>,
    /// The system that it is about.
    pub system: Option<String>,
    /// What of it, or who.
    pub subject: Option<String>,
    /// What it was before.
    pub old: Option<String>,
    /// What it is to be.
    pub new: Option<String>,
    /// What was said beforehand that would follow.
    pub prediction: Option<String>,
    /// What became of it.
    pub result: Option<String>,
    /// What the device itself said afterwards.
    pub read_back: Option<String>,
    /// Anything else.
    pub detail: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_knows_what_its_person_may() {
        let session = |name: Option<&str>, role, account_role: Option<Role>, step_up_left_s| SessionResponse {
            name: name.map(str::to_owned),
            role: Some(Word(role)),
            account_role: account_role.map(Word),
            rights_left_s: None,
            step_up_left_s,
            reading_open: true,
            accounts: true,
            setup_open: false,
            armed: false,
            unusable: None,
        };
        let admin = session(Some("mara"), Role::Admin, Some(Role::Admin), 0);
        let idle = session(Some("mara"), Role::Viewer, Some(Role::Admin), 0);
        let nobody = session(None, Role::Viewer, None, 0);
        let unclaimed = SessionResponse { accounts: false, ..nobody.clone() };
        for (who, action, expected) in [
            (&admin, Action::Disarm, Ok(())),
            (&admin, Action::Arm, Err(Denied::StepUp("arm control"))),
            (&SessionResponse { step_up_left_s: 1, ..admin.clone() }, Action::Arm, Ok(())),
            (&nobody, Action::Read, Ok(())),
            (&nobody, Action::UseLab, Err(Denied::SignIn("use the lab"))),
            (&unclaimed, Action::UseLab, Ok(())),
            (&unclaimed, Action::Tighten, Err(Denied::SignIn("change a setpoint in the safe direction"))),
        ] {
            assert_eq!(who.may(action), expected, "{action:?}");
            assert_eq!(&SessionResponse::from_bytes(&who.to_bytes()).unwrap(), who);
        }
        assert!(matches!(idle.may(Action::Disarm), Err(Denied::Role { .. })) && idle.has_lapsed());
        assert!(!admin.has_lapsed() && !nobody.has_lapsed());
    }

    #[test]
    fn a_password_is_in_no_log_and_a_role_is_one_of_ours() {
        let body = r#"{"name":"mara","role":"operator","password":"lamp tractor mild seven"}"#;
        let asked: UserRequest = serde_json::from_str(body).unwrap();
        assert_eq!((asked.role, &asked.password.0[..]), (Word(Role::Operator), "lamp tractor mild seven"));
        assert!(!format!("{asked:?}").contains("tractor"));
        let why = serde_json::from_str::<UserRequest>(&body.replace("operator", "root")).unwrap_err().to_string();
        assert!(why.contains("there is no role \"root\"; there is viewer, operator, admin"), "{why}");
    }
}
