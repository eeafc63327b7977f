//! The forms of pages: what each does, and what it needs. They do what the API does, by the same functions.

use super::super::AppState;
use super::super::cookie;
use super::super::leave::Connected;
use super::super::problem::Problem;
use super::changes::{self, own_session};
use crate::people::{Asker, Refused, SignedIn, SignsInFrom};
use api::people::{PasswordRequest, SetupRequest, SignInRequest, UserChangeRequest, UserRequest};
use axum::http::HeaderValue;
use domain::people::action::Action;
use domain::people::authorize;
use domain::plain::{quoted, shown};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The fields of a form.
pub(in crate::http) type Fields = HashMap<String, String>;

/// What a form asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    SignIn,
    SetUp,
    SignOut,
    StepUp,
    ChangePassword,
    EndSession,
    AddUser,
    ChangeUser,
    RemoveUser,
    AddToken,
    EndToken,
    Arm,
    Disarm,
}

/// Every one: its word, and what somebody needs for it, as the row of the API has it.
const WHAT: [(What, &str, Option<Action>); 13] = [
    (What::SignIn, "sign-in", None),
    (What::SetUp, "set-up", None),
    (What::SignOut, "sign-out", None),
    (What::StepUp, "step-up", Some(Action::OwnAccount)),
    (What::ChangePassword, "change-password", Some(Action::OwnAccount)),
    (What::EndSession, "end-session", Some(Action::OwnAccount)),
    (What::AddUser, "add-user", Some(Action::ManageUsers)),
    (What::ChangeUser, "change-user", Some(Action::ManageUsers)),
    (What::RemoveUser, "remove-user", Some(Action::ManageUsers)),
    (What::AddToken, "add-token", Some(Action::ManageTokens)),
    (What::EndToken, "end-token", Some(Action::ManageTokens)),
    (What::Arm, "arm", Some(Action::Arm)),
    (What::Disarm, "disarm", Some(Action::Disarm)),
];

/// What was done.
#[derive(Debug)]
pub(in crate::http) struct Done {
    /// A sentence about it. It does not begin with a name: names stay as they are written, and sentences begin with a
    /// capital.
    pub(in crate::http) words: String,
    /// A new token of a program.
    pub(in crate::http) token: Option<String>,
}

/// Who sends a form, and from where.
pub(in crate::http) struct Sender {
    pub(in crate::http) asker: Asker,
    pub(in crate::http) connected: Connected,
    pub(in crate::http) from: SignsInFrom,
    /// What becomes of their cookie: also when the form itself is refused after their password was right.
    pub(in crate::http) cookie: Option<HeaderValue>,
}

impl Sender {
    /// They have just given the right password.
    fn is(&mut self, signed_in: SignedIn) {
        self.cookie = cookie::set(&signed_in.secret, self.connected.secure, self.connected.port);
        self.asker = signed_in.asker;
    }
}

/// Does what a form says.
///
/// # Errors
/// They may not, a field is wrong, or it cannot be done now.
pub(in crate::http) async fn act(
    app: &AppState,
    sender: &mut Sender,
    what: &str,
    mut fields: Fields,
) -> Result<Done, Problem> {
    let found = WHAT.iter().find(|(_, word, _)| *word == what);
    let (what, _, needs) = found.ok_or_else(|| Problem::not_found(format!("no form here does {}", quoted(what))))?;
    let people = &app.people;
    if let Some(password) = fields.remove("own_password") {
        sender.connected.unread()?;
        let session = own_session(&sender.asker)?;
        sender.is(people.step_up(session, password, sender.from.clone()).await?);
    }
    if let Some(action) = needs {
        authorize(&sender.asker.who, *action).map_err(Refused::Denied)?;
    }
    // What has a password or a token in it, is not sent where others read it.
    if !matches!(what, What::SignOut | What::EndSession | What::RemoveUser | What::EndToken | What::Disarm) {
        sender.connected.unread()?;
    }
    let (asker, from) = (sender.asker.clone(), sender.from.clone());
    let mut token = None;
    let words = match what {
        What::SignIn => {
            let asked: SignInRequest = read(fields)?;
            let old = asker.session.map(|(session, _)| session);
            sender.is(people.sign_in(asked.name, asked.password.0, from, old).await?);
            format!("you are signed in as {}", sender.asker.who.name)
        }
        What::SetUp => {
            let asked: SetupRequest = read(fields)?;
            sender.is(people.set_up(asked.token.0, (asked.name, asked.password.0), from).await?);
            format!("you are signed in as {}, the first admin", sender.asker.who.name)
        }
        What::SignOut => {
            people.ask(move |people| people.sign_out(&asker)).await?;
            sender.cookie = cookie::clear(sender.connected.secure, sender.connected.port);
            "you are signed out".to_owned()
        }
        // The password was in `own_password`.
        What::StepUp if sender.cookie.is_none() => return Err(Problem::bad_parameter("`own_password` is missing")),
        What::StepUp => "your password is right".to_owned(),
        What::ChangePassword => {
            let asked: PasswordRequest = read(fields)?;
            let passwords = (asked.old.0, asked.new.0);
            sender.is(people.change_password(own_session(&asker)?, passwords, from).await?);
            "your password is another one now; your other sessions have ended".to_owned()
        }
        What::EndSession => {
            changes::end_session(app, asker, id(&fields)?).await?;
            "the session has ended".to_owned()
        }
        What::AddUser => {
            let asked: UserRequest = read(fields)?;
            let words =
                format!("the account of {} is made, as {}", asked.name.to_ascii_lowercase(), asked.role.0.word());
            changes::add_user(app, asker, asked).await?;
            words
        }
        What::ChangeUser => {
            let name = take(&mut fields, "name")?;
            let asked: UserChangeRequest = read(fields)?;
            let words = match asked.role {
                Some(role) => format!("the role of {name} is {} now; their sessions have ended", role.0.word()),
                None => format!("the password of {name} is another one now; their sessions have ended"),
            };
            changes::change_user(app, asker, name, asked).await?;
            words
        }
        What::RemoveUser => {
            let name = take(&mut fields, "name")?;
            changes::remove_user(app, asker, name.clone()).await?;
            format!("the account of {name} is gone, with its sessions and the tokens that it made")
        }
        What::AddToken => {
            let made = changes::add_token(app, asker, read(fields)?).await?;
            token = Some(made.token);
            format!("the token {} is made, and shown this once", made.kept.name)
        }
        What::EndToken => {
            changes::end_token(app, asker, id(&fields)?).await?;
            "the token is worth nothing now".to_owned()
        }
        What::Arm => {
            changes::arm(app, asker, true).await?;
            "control is armed: operators may command".to_owned()
        }
        What::Disarm => match changes::arm(app, asker, false).await?.recorded {
            true => "control is disarmed: nobody can command".to_owned(),
            false => "control is disarmed: nobody can command. This is in force, but not recorded yet".to_owned(),
        },
    };
    Ok(Done { words, token })
}

/// A field, taken out of the others.
fn take(fields: &mut Fields, name: &str) -> Result<String, Problem> {
    fields.remove(name).ok_or_else(|| Problem::bad_parameter(format!("`{name}` is missing")))
}

/// The number of what is ended.
fn id(fields: &Fields) -> Result<i64, Problem> {
    let text = fields.get("id").map_or("", String::as_str);
    text.parse().map_err(|_| Problem::bad_parameter(format!("id: {} is no number", quoted(text))))
}

/// The fields as the API has them in JSON: texts, and what is a number there.
fn read<T: DeserializeOwned>(fields: Fields) -> Result<T, Problem> {
    let value = |(name, text): (String, String)| match (name.as_str(), text.parse::<u32>()) {
        ("days", Ok(number)) => (name, Value::from(number)),
        _ => (name, Value::from(text)),
    };
    let object: Map<String, Value> = fields.into_iter().map(value).collect();
    // The words of the reader may quote what was typed, and that may be a password.
    serde_json::from_value(Value::Object(object)).map_err(|error| {
        let words = domain::plain::words(&error.to_string());
        let known = words.starts_with('`') || words.contains("there is");
        Problem::bad_parameter(if known { words } else { format!("a field cannot be read: {}", shown(&words)) })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::operations::{Method, Needs, OPERATIONS};
    use api::people::TokenRequest;

    #[test]
    fn a_form_needs_what_the_api_needs() {
        let row = |method: Method, path: &str| {
            let row = OPERATIONS.iter().find(|row| row.method == method && row.path == path).expect(path);
            match row.needs {
                Needs::Nothing => None,
                Needs::Leave(action) => Some(action),
            }
        };
        for (what, word, needs) in WHAT {
            let expected = match what {
                What::SignIn => row(Method::Post, "/api/v1/session"),
                What::SetUp => row(Method::Post, "/api/v1/setup"),
                What::SignOut => row(Method::Delete, "/api/v1/session"),
                What::StepUp => row(Method::Post, "/api/v1/session/step-up"),
                What::ChangePassword => row(Method::Post, "/api/v1/password"),
                What::EndSession => row(Method::Delete, "/api/v1/sessions/{id}"),
                What::AddUser => row(Method::Post, "/api/v1/users"),
                What::ChangeUser => row(Method::Post, "/api/v1/users/{name}"),
                What::RemoveUser => row(Method::Delete, "/api/v1/users/{name}"),
                What::AddToken => row(Method::Post, "/api/v1/tokens"),
                What::EndToken => row(Method::Delete, "/api/v1/tokens/{id}"),
                // There the body says which of both, and arming is asked for again.
                What::Arm => Some(Action::Arm),
                What::Disarm => row(Method::Post, "/api/v1/arming"),
            };
            assert_eq!(needs, expected, "{word}");
        }
    }

    #[test]
    fn fields_are_read_as_the_api_reads_them_and_no_password_is_in_the_words() {
        let fields = |pairs: &[(&str, &str)]| pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let token: TokenRequest = read(fields(&[("name", "planner"), ("scope", "read"), ("days", "30")])).unwrap();
        assert_eq!((token.name.as_str(), token.days), ("planner", 30));
        for (wrong, words) in [
            (&[("name", "p"), ("scope", "root"), ("days", "30")][..], "there is no scope"),
            (&[("name", "p"), ("scope", "read")], "`days` is missing"),
            (&[("name", "p"), ("scope", "read"), ("days", "many")], "cannot be read"),
            (&[("name", "p"), ("scope", "read"), ("days", "1"), ("more", "x")], "`more` is not known here"),
        ] {
            let said = read::<TokenRequest>(fields(wrong)).unwrap_err();
            assert!(said.detail().contains(words), "{}", said.detail());
        }
        let said = read::<UserRequest>(fields(&[("name", "x"), ("password", "lamp tractor")])).unwrap_err();
        assert!(!said.detail().contains("tractor"), "{}", said.detail());
    }
}
