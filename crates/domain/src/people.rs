//! Who asks, and what they may do. Pure: time is a parameter, and nothing is kept here.
//!
//! ```text
//! request -> Requester -> authorize(who, action) -> done | Denied, in words
//! ```
//!
//! [`action`] is the table of what can be asked for, [`password`] says which passwords are taken, [`throttle`] how often one
//! may be tried, [`session`] how long who signed in has their rights, [`allowance`] how many orders they may give.

pub mod action;
pub mod allowance;
pub mod password;
pub mod session;
pub mod throttle;

use crate::plain;
use std::net::IpAddr;
use thiserror::Error;

/// What a person may do, each more than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Sees everything.
    Viewer,
    /// And commands within the limits.
    Operator,
    /// And says who may do what.
    Admin,
}

impl Role {
    /// From the least to the most.
    pub const ALL: [Role; 3] = [Role::Viewer, Role::Operator, Role::Admin];

    /// Its word, in storage and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Operator => "operator",
            Role::Admin => "admin",
        }
    }
}

/// What the token of a program is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// To read.
    Read,
    /// To read and to command, as an operator.
    Control,
}

impl Scope {
    /// From the least to the most.
    pub const ALL: [Scope; 2] = [Scope::Read, Scope::Control];

    /// Its word, in storage and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Control => "control",
        }
    }

    /// The role that a program with it has.
    pub fn role(self) -> Role {
        match self {
            Scope::Read => Role::Viewer,
            Scope::Control => Role::Operator,
        }
    }
}

/// How somebody who asks came here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Came {
    /// Without saying who they are.
    Anonymous,
    /// The same, from the machine itself, while nobody has an account yet.
    Unclaimed,
    /// Signed in, with the session of a page.
    Page,
    /// With the token of a program.
    Token(Scope),
    /// With the command line, as one who may write the data folder.
    Console,
    /// Nobody: the server itself wants it.
    Server,
}

impl Came {
    /// Its word, in the audit.
    pub fn word(self) -> &'static str {
        match self {
            Came::Anonymous | Came::Unclaimed => "anonymous",
            Came::Page => "page",
            Came::Token(_) => "token",
            Came::Console => "console",
            Came::Server => "server",
        }
    }
}

/// Who asks for something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requester {
    /// For people and the audit: the name of the account, or of the token.
    pub name: String,
    /// What they may do at most, now; `None` for nothing.
    pub role: Option<Role>,
    /// How they came.
    pub came: Came,
    /// Whether they have given their password in the last minutes ([`session::STEP_UP`]).
    pub stepped_up: bool,
    /// From where; `None` from the machine's own command line or the server.
    pub address: Option<IpAddr>,
}

impl Requester {
    /// Somebody who did not say who they are; `reading_open` if such may read here.
    pub fn anonymous(address: IpAddr, reading_open: bool) -> Requester {
        let role = reading_open.then_some(Role::Viewer);
        Requester { name: String::new(), role, came: Came::Anonymous, stepped_up: false, address: Some(address) }
    }

    /// Somebody on the machine itself while nobody has an account: reads, and plays with simulated devices.
    pub fn unclaimed(address: IpAddr) -> Requester {
        Requester { came: Came::Unclaimed, ..Requester::anonymous(address, true) }
    }

    /// A program with a token of this name.
    pub fn token(name: &str, scope: Scope, address: IpAddr) -> Requester {
        let (name, role) = (name.to_owned(), Some(scope.role()));
        Requester { name, role, came: Came::Token(scope), stepped_up: false, address: Some(address) }
    }

    /// Who uses the command line on the data folder.
    pub fn console() -> Requester {
        let (name, role) = (CONSOLE.to_owned(), Some(Role::Admin));
        Requester { name, role, came: Came::Console, stepped_up: true, address: None }
    }

    /// The server itself, as the planner does.
    pub fn server() -> Requester {
        let (name, role) = (SERVER.to_owned(), Some(Role::Operator));
        Requester { name, role, came: Came::Server, stepped_up: false, address: None }
    }
}

/// Why somebody may not do what they ask for.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Denied {
    /// Nobody knows who they are.
    #[error("sign in first: only a person with an account may {0}")]
    SignIn(&'static str),
    /// Their role is too small.
    #[error("only {} may {what}, and you are {}", role_words(*.needs), .has.map_or("nobody here", role_words))]
    Role {
        /// What they ask for.
        what: &'static str,
        /// The least role for it.
        needs: Role,
        /// Theirs.
        has: Option<Role>,
    },
    /// The scope of their token is too small.
    #[error("a token with the scope \"read\" may not {0}: it needs the scope \"control\"")]
    Scope(&'static str),
    /// No token is good for it.
    #[error("a token may not {0}: a person must sign in for it")]
    NotForTokens(&'static str),
    /// The server may not do it by itself.
    #[error("the server may not {0} by itself")]
    NotForTheServer(&'static str),
    /// They must give their password again.
    #[error("to {0}, give your password once more")]
    StepUp(&'static str),
}

fn role_words(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer",
        Role::Operator => "an operator",
        Role::Admin => "an admin",
    }
}

/// Whether they may do it. What the table does not allow is denied.
///
/// # Errors
/// [`Denied`] says why not, and what it needs.
pub fn authorize(who: &Requester, action: action::Action) -> Result<(), Denied> {
    let rule = action.rule();
    let (what, has) = (rule.words, who.role);
    let role = if has >= Some(rule.least) { Ok(()) } else { Err(Denied::Role { what, needs: rule.least, has }) };
    match who.came {
        Came::Console => role,
        Came::Anonymous => match has {
            Some(_) if rule.anonymous => Ok(()),
            _ => Err(Denied::SignIn(what)),
        },
        Came::Unclaimed if rule.anonymous || rule.unclaimed => Ok(()),
        Came::Unclaimed => Err(Denied::SignIn(what)),
        Came::Token(scope) => match rule.token {
            None => Err(Denied::NotForTokens(what)),
            Some(needs) if scope < needs => Err(Denied::Scope(what)),
            Some(_) => role,
        },
        Came::Server if rule.server => role,
        Came::Server => Err(Denied::NotForTheServer(what)),
        Came::Page => match role {
            Ok(()) if rule.step_up && !who.stepped_up => Err(Denied::StepUp(what)),
            role => role,
        },
    }
}

/// A name that an account or a token cannot have.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BadName {
    /// It has other signs, or too many.
    #[error("{} cannot be a name here: use 1 to 32 letters, digits, and . - _ @ between them", plain::quoted(.0))]
    Signs(String),
    /// It would say of what a person does that Packtwin itself has done it.
    #[error("the name {0:?} is Packtwin's own: choose another")]
    Own(&'static str),
}

/// The name under which the server acts by itself, in commands and in the audit.
pub const SERVER: &str = "server";
/// The name of whoever uses the command line on the machine.
const CONSOLE: &str = "console";
/// What nobody is called, in alarms and in the audit.
const ANONYMOUS: &str = "anonymous";

/// The name, if it is one of Packtwin's own: an account from before they were kept free may have it.
pub fn own_name(name: &str) -> Option<&'static str> {
    [SERVER, CONSOLE, ANONYMOUS].into_iter().find(|own| *own == name)
}

/// Checks the name of an account or a token that is to be made.
///
/// # Errors
/// As [`known_name`], or it is one of Packtwin's own.
pub fn account_name(text: &str) -> Result<String, BadName> {
    let name = known_name(text)?;
    own_name(&name).map_or(Ok(name), |own| Err(BadName::Own(own)))
}

/// Checks the name of an account or a token that may be there. Names are in small letters: two that differ in that only are
/// one.
///
/// # Errors
/// It has no 1 to 32 characters, or others than letters, digits and `.-_@`, or does not begin with a letter or digit.
pub fn known_name(text: &str) -> Result<String, BadName> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@');
    let begins = text.starts_with(|c: char| c.is_ascii_alphanumeric());
    match begins && text.len() <= 32 && text.chars().all(plain) {
        true => Ok(text.to_ascii_lowercase()),
        // What is echoed is bounded.
        false => Err(BadName::Signs(text.chars().take(40).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::action::Action;
    use super::*;
    use std::net::Ipv4Addr;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    fn person(role: Role, stepped_up: bool) -> Requester {
        Requester { name: "mara".into(), role: Some(role), came: Came::Page, stepped_up, address: Some(HERE) }
    }

    /// The whole decision: each line an action, each column somebody who asks. `y` may, `-` may not, `s` after their
    /// password.
    #[test]
    fn who_may_do_what() {
        let columns = [
            Requester::anonymous(HERE, false),
            Requester::anonymous(HERE, true),
            Requester::unclaimed(HERE),
            Requester::token("logger", Scope::Read, HERE),
            Requester::token("planner", Scope::Control, HERE),
            Requester::server(),
            person(Role::Viewer, true),
            person(Role::Operator, false),
            person(Role::Operator, true),
            person(Role::Admin, false),
            person(Role::Admin, true),
            Requester::console(),
        ];
        let table = [
            // anonymous, reading open, unclaimed, read, control, server, viewer, operator, stepped up, admin, stepped up, console
            (Action::Read, "-yyyyyyyyyyy"),
            (Action::UseLab, "--y-y--yyyyy"),
            (Action::Record, "--y-y--yyyyy"),
            (Action::AcknowledgeAlarms, "--y-y--yyyyy"),
            (Action::ResetAlarms, "--y-y--yyyyy"),
            (Action::ShelveAlarms, "--y-y--yyyyy"),
            (Action::ReadAudit, "-------yyyyy"),
            (Action::SafeValues, "----yy-yyyyy"),
            (Action::Tighten, "----yy-yyyyy"),
            (Action::Widen, "----yy-sysyy"),
            (Action::Disarm, "----y--yyyyy"),
            (Action::Arm, "---------syy"),
            (Action::OwnAccount, "------yyyyyy"),
            (Action::ListPeople, "---------yyy"),
            (Action::EndSessions, "---------yyy"),
            (Action::ManageUsers, "---------syy"),
            (Action::ManageTokens, "---------syy"),
        ];
        assert_eq!(table.map(|(action, _)| action), Action::ALL);
        for (action, expected) in table {
            let found: String = (columns.iter())
                .map(|who| match authorize(who, action) {
                    Ok(()) => 'y',
                    Err(Denied::StepUp(_)) => 's',
                    Err(_) => '-',
                })
                .collect();
            assert_eq!(found, expected, "{action:?}");
        }
    }

    #[test]
    fn who_may_not_is_told_why_and_what_it_needs() {
        let nobody = Requester { role: None, ..person(Role::Viewer, false) };
        for (who, action, words) in [
            (
                Requester::anonymous(HERE, false),
                Action::Read,
                "sign in first: only a person with an account may look at this site",
            ),
            (
                person(Role::Viewer, true),
                Action::Tighten,
                "only an operator may change a setpoint in the safe direction, and you are a viewer",
            ),
            (nobody, Action::Read, "only a viewer may look at this site, and you are nobody here"),
            (
                Requester::token("logger", Scope::Read, HERE),
                Action::Tighten,
                "a token with the scope \"read\" may not change a setpoint in the safe direction: it needs the scope \
                 \"control\"",
            ),
            (
                Requester::token("planner", Scope::Control, HERE),
                Action::ManageUsers,
                "a token may not add, change or remove accounts: a person must sign in for it",
            ),
            (person(Role::Admin, false), Action::Arm, "to arm control, give your password once more"),
            (Requester::server(), Action::Arm, "the server may not arm control by itself"),
        ] {
            assert_eq!(authorize(&who, action).unwrap_err().to_string(), words);
        }
    }

    #[test]
    fn names_are_plain_and_in_small_letters() {
        for (text, name) in [
            ("mara", Some("mara")),
            ("Mara.K@hall-2", Some("mara.k@hall-2")),
            ("7", Some("7")),
            // Under these Packtwin itself acts.
            ("server", None),
            ("Console", None),
            // And this is said of nobody.
            ("Anonymous", None),
            (&"x".repeat(32), Some(&*"x".repeat(32))),
            ("", None),
            ("-mara", None),
            ("mara k", None),
            ("<script>", None),
            ("ｍara", None),
            ("m\u{0}", None),
            (&"x".repeat(33), None),
        ] {
            assert_eq!(account_name(text).ok().as_deref(), name, "{text:?}");
        }
        // An account of before may have such a name: it is not locked out.
        assert_eq!(known_name("Server").ok().as_deref(), Some("server"));
        assert!(known_name("<script>").is_err() && own_name("server").is_some() && own_name("mara").is_none());
        let why = account_name(&"<b>".repeat(1_000)).unwrap_err().to_string();
        assert!(why.len() < 150, "{why}");
    }
}
