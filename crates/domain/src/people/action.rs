//! What can be asked for, and who may: one table.

use super::{Role, Scope};

/// Something that needs leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Looks at the site: pages, API, live stream, questions to the history.
    Read,
    /// Does something to simulated devices.
    UseLab,
    /// Starts, stops and removes recordings of frames.
    Record,
    /// Says that they have seen alarms.
    AcknowledgeAlarms,
    /// Releases latched alarms, having looked at what they warned of.
    ResetAlarms,
    /// Puts alarms aside for a time, and takes them back.
    ShelveAlarms,
    /// Reads the audit.
    ReadAudit,
    /// Lets every setpoint go back to its safe value.
    SafeValues,
    /// Changes a setpoint in the safe direction, or stops.
    Tighten,
    /// Changes a setpoint in the other direction.
    Widen,
    /// Lets nobody command any more.
    Disarm,
    /// Lets operators command.
    Arm,
    /// Looks after the own account: its sessions, its password.
    OwnAccount,
    /// Sees who has accounts, sessions and tokens.
    ListPeople,
    /// Ends sessions of others.
    EndSessions,
    /// Adds, changes and removes accounts.
    ManageUsers,
    /// Makes and ends tokens.
    ManageTokens,
}

/// Who may do something.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// What it is, after "may".
    pub words: &'static str,
    /// The least role of a person who is signed in.
    pub least: Role,
    /// Whether such a person must have given their password in the last minutes.
    pub step_up: bool,
    /// Whether it needs no account where reading is open.
    pub anonymous: bool,
    /// Whether it needs none on the machine itself while there is none.
    pub unclaimed: bool,
    /// The least scope of a program's token; `None` if no token is good for it.
    pub token: Option<Scope>,
    /// Whether the server may do it by itself.
    pub server: bool,
}

/// For signed-in people only, until a line of the table says more.
const fn for_people(words: &'static str, least: Role) -> Rule {
    Rule { words, least, step_up: false, anonymous: false, unclaimed: false, token: None, server: false }
}

/// What is commanded: by people, by programs, and by the planner.
const fn command(words: &'static str) -> Rule {
    Rule { token: Some(Scope::Control), server: true, ..for_people(words, Role::Operator) }
}

/// What changes nothing at a real battery: it needs no account while there is none.
const fn house(words: &'static str) -> Rule {
    Rule { unclaimed: true, token: Some(Scope::Control), ..for_people(words, Role::Operator) }
}

/// What an admin does with their password.
const fn step_up(words: &'static str) -> Rule {
    Rule { step_up: true, ..for_people(words, Role::Admin) }
}

impl Action {
    /// All of them.
    pub const ALL: [Action; 17] = [
        Action::Read,
        Action::UseLab,
        Action::Record,
        Action::AcknowledgeAlarms,
        Action::ResetAlarms,
        Action::ShelveAlarms,
        Action::ReadAudit,
        Action::SafeValues,
        Action::Tighten,
        Action::Widen,
        Action::Disarm,
        Action::Arm,
        Action::OwnAccount,
        Action::ListPeople,
        Action::EndSessions,
        Action::ManageUsers,
        Action::ManageTokens,
    ];

    /// Who may do it.
    ///
    /// A token widens without a password: making it needed one, and it ends.
    pub const fn rule(self) -> Rule {
        match self {
            Action::Read => Rule {
                anonymous: true,
                token: Some(Scope::Read),
                server: true,
                ..for_people("look at this site", Role::Viewer)
            },
            Action::UseLab => house("use the lab"),
            Action::Record => house("record frames"),
            Action::AcknowledgeAlarms => house("acknowledge alarms"),
            Action::ResetAlarms => house("reset alarms"),
            Action::ShelveAlarms => house("shelve alarms"),
            Action::ReadAudit => for_people("read the audit", Role::Operator),
            Action::SafeValues => command("return to safe values"),
            Action::Tighten => command("change a setpoint in the safe direction"),
            Action::Widen => Rule { step_up: true, ..command("widen a limit") },
            Action::Disarm => Rule { server: false, ..command("disarm control") },
            Action::Arm => step_up("arm control"),
            Action::OwnAccount => for_people("look after an account of their own", Role::Viewer),
            Action::ListPeople => for_people("see accounts, sessions and tokens", Role::Admin),
            Action::EndSessions => for_people("end the sessions of others", Role::Admin),
            Action::ManageUsers => step_up("add, change or remove accounts"),
            Action::ManageTokens => step_up("make or end tokens"),
        }
    }
}
