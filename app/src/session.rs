//! Who is signed in and what they may do, for the pages on which something is changed; and how they change it.
//!
//! Only such pages ask for it, so it is no part of a first visit. The server decides again with each request.

mod action;
mod copy;
mod form;
mod password;

pub use action::{Done, PATH, PeopleAction, people_action};
pub use copy::Copy;
pub use form::{Answer, PeopleForm};
pub use password::{OwnPassword, PasswordField};

use crate::actions::ActionError;
use crate::derived::Derived;
use crate::fetch;
use crate::source::DEMO;
use api::people::SessionResponse;
use domain::people::Denied;
use domain::people::action::Action;
use leptos::prelude::*;
use leptos::task::spawn_local;
use std::collections::HashMap;
use std::time::Duration;

/// Rights end by doing nothing, and elsewhere: it is asked so often whether they are still there.
const EVERY: Duration = Duration::from_secs(15);

/// Gives the password once more, for what needs it; the rights of who did nothing for long come back.
///
/// # Errors
/// It is wrong, was tried too often, or the server cannot be reached.
pub async fn step_up(password: String) -> Result<(), ActionError> {
    let fields = HashMap::from([("own_password".to_owned(), password)]);
    people_action("step-up".to_owned(), fields).await.map(|_| ())
}

/// Said on a page that has no server.
pub const DEMO_KNOWS_NOBODY: &str = "The demo runs in this browser and knows nobody: there are no accounts, and nothing can be commanded. Install Packtwin to sign in";

/// Whether somebody may do something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum May {
    /// It is not known yet.
    Unknown,
    /// They may.
    Yes,
    /// They may when they have given their password once more.
    AfterPassword,
    /// They may not, and why.
    No(String),
}

/// Whether the server cannot be reached now: what is told to it is off. A context.
#[derive(Clone, Copy)]
pub struct Away(pub Derived<bool>);

/// The session of this page. A context: [`Session::expect`].
#[derive(Clone, Copy)]
pub struct Session {
    /// Who is signed in; none until it is known.
    pub now: RwSignal<Option<SessionResponse>>,
    /// Why it could not be asked last, in words.
    pub failed: RwSignal<Option<String>>,
}

impl Session {
    /// Begins with what is known, asks for it now and again as long as the component is there, and puts it into its context.
    pub fn follow(first: Option<SessionResponse>) -> Session {
        let session = Session { now: RwSignal::new(first), failed: RwSignal::new(None) };
        provide_context(session);
        let timer = StoredValue::new(None::<IntervalHandle>);
        Effect::new(move |_| {
            session.look();
            let again = move || {
                if !document().hidden() {
                    session.look();
                }
            };
            timer.set_value(set_interval_with_handle(again, EVERY).ok());
        });
        on_cleanup(move || {
            if let Some(Some(timer)) = timer.try_get_value() {
                timer.clear();
            }
        });
        session
    }

    /// The session that the page follows.
    #[allow(clippy::expect_used, reason = "a component outside of such a page is a programming error")]
    pub fn expect() -> Session {
        use_context().expect("the page follows the session")
    }

    /// Asks the server again: something has changed.
    pub fn look(self) {
        if DEMO {
            self.failed.set(Some(DEMO_KNOWS_NOBODY.to_owned()));
            return;
        }
        spawn_local(async move {
            let answer = fetch::get::<SessionResponse>("/api/v1/session".to_owned()).await;
            self.failed.try_set(answer.as_ref().err().map(ToString::to_string));
            if let Ok(now) = answer
                && self.now.try_with_untracked(|before| before.as_ref() != Some(&now)) == Some(true)
            {
                self.now.try_set(Some(now));
            }
        });
    }

    /// Whether they may do something. The reader runs again when that changes.
    pub fn may(self, action: Action) -> May {
        self.now.with(|known| known.as_ref().map_or(May::Unknown, |known| of(known, action)))
    }

    /// Whether they may, or may after their password: the form for it can be shown.
    pub fn could(self, action: Action) -> Derived<bool> {
        Derived::new(move || matches!(self.may(action), May::Yes | May::AfterPassword))
    }

    /// Whether anybody has an account here.
    pub fn accounts(self) -> bool {
        self.now.with(|known| known.as_ref().is_some_and(|known| known.accounts))
    }

    /// The name of who is signed in; none for nobody.
    pub fn name(self) -> Option<String> {
        self.now.with(|known| known.as_ref().and_then(|known| known.name.clone()))
    }
}

/// Whether the person of a session may do something. Who has lost their rights by doing nothing has them again after
/// their password.
fn of(known: &SessionResponse, action: Action) -> May {
    match known.may(action) {
        Ok(()) => May::Yes,
        Err(Denied::StepUp(_)) => May::AfterPassword,
        Err(Denied::Role { needs, .. })
            if known.has_lapsed() && known.account_role.is_some_and(|role| role.0 >= needs) =>
        {
            May::AfterPassword
        }
        // To sign in is no advice where nobody can.
        Err(_) if known.name.is_none() && !known.accounts => {
            May::No("nobody has an account here yet, and until somebody has, nothing can be commanded".to_owned())
        }
        Err(denied) => May::No(denied.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::json::Word;
    use domain::people::Role;

    #[test]
    fn who_did_nothing_for_long_may_again_after_their_password_and_no_more_than_before() {
        let operator = SessionResponse {
            name: Some("timo".into()),
            role: Some(Word(Role::Operator)),
            account_role: Some(Word(Role::Operator)),
            rights_left_s: Some(1_800),
            step_up_left_s: 0,
            reading_open: true,
            accounts: true,
            setup_open: false,
            armed: true,
            unusable: None,
        };
        let idle = SessionResponse { role: Some(Word(Role::Viewer)), ..operator.clone() };
        assert_eq!(of(&operator, Action::Tighten), May::Yes);
        assert_eq!(of(&operator, Action::Widen), May::AfterPassword);
        assert_eq!(of(&idle, Action::Tighten), May::AfterPassword);
        for who in [&operator, &idle] {
            assert!(matches!(of(who, Action::Arm), May::No(words) if words.contains("only an admin")));
        }
        let nobody = SessionResponse { name: None, account_role: None, accounts: false, ..idle };
        assert!(matches!(of(&nobody, Action::Tighten), May::No(words) if words.contains("nobody has an account")));
    }
}
