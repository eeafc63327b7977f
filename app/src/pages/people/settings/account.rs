//! The own account: who is signed in, signing out, another password.

use super::super::unknown;
use crate::components::Card;
use crate::derived::Derived;
use crate::live::Live;
use crate::session::{OwnPassword, PATH, PasswordField, PeopleForm, Session};
use api::people::SessionResponse;
use domain::people::action::Action;
use leptos::prelude::*;

/// The card.
#[component]
pub(super) fn Account() -> impl IntoView {
    let session = Session::expect();
    let lost = Live::expect().lost();
    // What is counted down every few seconds must not draw the forms anew.
    let who = Derived::new(move || session.now.with(|now| now.as_ref().map(Standing::of)));
    view! {
        <Card title="Your account" class="span-5 account" id="account">
            <p class="people-failed" role="alert" hidden=move || who.with(Option::is_none) || session.failed.with(Option::is_none)>
                {move || session.failed.get()}
            </p>
            {move || match who.get() {
                None => view! { <p class="note" role="status">{move || unknown::words(lost.get(), session.failed.get())}</p> }.into_any(),
                Some(Standing::Nobody { accounts, unusable }) => nobody(accounts, unusable),
                Some(Standing::Person { name, role, lapsed }) => person(name, role, lapsed),
            }}
        </Card>
    }
    .into_any()
}

/// What the card says of who is signed in.
#[derive(Clone, Debug, PartialEq)]
enum Standing {
    Nobody { accounts: bool, unusable: Option<String> },
    Person { name: String, role: &'static str, lapsed: bool },
}

impl Standing {
    fn of(session: &SessionResponse) -> Standing {
        match (&session.name, session.account_role) {
            (Some(name), Some(role)) => {
                Standing::Person { name: name.clone(), role: role.0.word(), lapsed: session.has_lapsed() }
            }
            _ => Standing::Nobody { accounts: session.accounts, unusable: session.unusable.clone() },
        }
    }
}

fn nobody(accounts: bool, unusable: Option<String>) -> AnyView {
    let (words, way) = if accounts {
        ("Nobody is signed in on this page: it can look, and change nothing.", "Sign in")
    } else {
        ("Nobody has an account here yet. Until somebody has, nothing can be commanded.", "Make the first account")
    };
    view! {
        <p>{unusable.unwrap_or_else(|| words.to_owned())}</p>
        <p class="people-go"><a class="button button-primary" href="/sign-in" rel="external">{way}</a></p>
    }
    .into_any()
}

fn person(name: String, role: &'static str, lapsed: bool) -> AnyView {
    let session = Session::expect();
    let off = Live::expect().needs_server();
    view! {
        <div class="account-head">
            <p class="account-name"><b>{name.clone()}</b> " " <span class="chip">{role}</span></p>
            // Posted by the browser: the whole document is another one then.
            <form method="post" action=PATH>
                <input type="hidden" name="what" value="sign-out" />
                <button type="submit" class="button" disabled=move || off.get().is_some() title=off>"Sign out"</button>
            </form>
        </div>
        <p class="note" hidden=move || off.get().is_none()>"Only the server can sign you out: as soon as it is back."</p>
        {lapsed.then(|| view! {
            <p class="people-lapsed" role="status">
                "You did nothing here for 30 minutes, or gave your password 12 hours ago. You can look; to change something, give your password again."
            </p>
            <PeopleForm what="step-up" submit="Go on" done=move |_| session.look()>
                <PasswordField name="own_password" label="Your own password" autocomplete="current-password" />
            </PeopleForm>
        })}
        <details class="people-more">
            <summary>"Change your password"</summary>
            <PeopleForm what="change-password" submit="Change the password" fields=&["old", "new"] done=move |_| session.look()>
                // Password managers want to know whose it is.
                <input type="text" hidden=true autocomplete="username" value=name.clone() />
                <PasswordField name="old" label="Password until now" autocomplete="current-password" />
                <PasswordField name="new" label="New password" autocomplete="new-password" hint="12 characters at least. Your other sessions end." />
                <OwnPassword action=Action::OwnAccount />
            </PeopleForm>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use api::json::Word;
    use domain::people::Role;

    #[test]
    fn the_card_knows_who_is_there_and_who_has_lost_their_rights() {
        let nobody = SessionResponse {
            name: None,
            role: Some(Word(Role::Viewer)),
            account_role: None,
            rights_left_s: None,
            step_up_left_s: 0,
            reading_open: true,
            accounts: true,
            setup_open: false,
            armed: false,
            unusable: None,
        };
        assert_eq!(Standing::of(&nobody), Standing::Nobody { accounts: true, unusable: None });
        let timo = SessionResponse { name: Some("timo".into()), account_role: Some(Word(Role::Operator)), ..nobody };
        let expected = |lapsed| Standing::Person { name: "timo".into(), role: "operator", lapsed };
        assert_eq!(Standing::of(&timo), expected(true));
        assert_eq!(Standing::of(&SessionResponse { role: Some(Word(Role::Operator)), ..timo }), expected(false));
    }
}
