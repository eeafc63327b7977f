//! Accounts: who has one, adding, changing, removing. For admins.

use crate::components::Card;
use crate::derived::Derived;
use crate::pages::asked::{Asked, date_time};
use crate::session::{OwnPassword, PasswordField, PeopleForm, Session};
use api::people::{UserEntry, UsersResponse};
use domain::people::Role;
use domain::people::action::Action;
use leptos::prelude::*;

/// The card.
#[component]
pub(super) fn Users() -> impl IntoView {
    let session = Session::expect();
    let listed = session.could(Action::ListPeople);
    let asked = Asked::<UsersResponse>::at(Derived::new(move || listed.get().then(|| "/api/v1/users".to_owned())));
    view! {
        <Show when=move || listed.get()>
            <Card title="Accounts" class="span-6 users" id="users">
                {move || asked.shown(move |answer| {
                    let rows = answer.users.into_iter().map(|user| row(user, asked));
                    view! { <ul class="people-list">{rows.collect_view()}</ul> }.into_any()
                })}
                <details class="people-more">
                    <summary>"Add an account"</summary>
                    <PeopleForm what="add-user" submit="Add the account" fields=&["name", "role", "password"] done=move |_| asked.again()>
                        <label class="labelled">
                            <span class="field-label">"Name"</span>
                            <input class="field" name="name" required=true autocomplete="off" autocapitalize="none" spellcheck="false" />
                        </label>
                        <RoleField chosen=Role::Viewer />
                        <PasswordField name="password" label="Password" autocomplete="new-password" hint="12 characters at least. They can change it later." />
                        <OwnPassword action=Action::ManageUsers />
                    </PeopleForm>
                </details>
            </Card>
        </Show>
    }
    .into_any()
}

#[component]
fn RoleField(chosen: Role) -> impl IntoView {
    let option = |role: Role| view! { <option value=role.word() selected=role == chosen>{role.word()}</option> };
    view! {
        <label class="labelled">
            <span class="field-label">"Role"</span>
            <select class="field" name="role">{Role::ALL.map(option)}</select>
        </label>
    }
}

fn row(user: UserEntry, asked: Asked<UsersResponse>) -> AnyView {
    let UserEntry { name, role, made, made_by } = user;
    let fixed = || vec![("name", name.clone())];
    view! {
        <li>
            <details class="people-row">
                <summary>
                    <span class="people-what"><b>{name.clone()}</b> " " <span class="chip">{role.0.word()}</span></span>
                    <span class="note">"Change"</span>
                </summary>
                <p class="note">{format!("Made {} by {made_by}", date_time(made.0))}</p>
                <PeopleForm what="change-user" submit="Change the role" label=format!("Change the role of {name}") fixed=fixed() fields=&["role"] done=move |_| asked.again()>
                    <RoleField chosen=role.0 />
                    <OwnPassword action=Action::ManageUsers />
                </PeopleForm>
                <PeopleForm what="change-user" submit="Set the password" label=format!("Set the password of {name}") fixed=fixed() fields=&["password"] done=move |_| asked.again()>
                    <PasswordField name="password" label="New password" autocomplete="new-password" hint="12 characters at least. Their sessions end." />
                    <OwnPassword action=Action::ManageUsers />
                </PeopleForm>
                <details class="people-more">
                    <summary>{format!("Remove {name}")}</summary>
                    <p class="note">"The sessions of this account, and the tokens that it made, end with it."</p>
                    <PeopleForm
                        what="remove-user"
                        submit="Remove the account"
                        label=format!("Remove the account of {name}")
                        fixed=fixed()
                        button="button button-danger"
                        done=move |_| asked.again()
                    >
                        <OwnPassword action=Action::ManageUsers />
                    </PeopleForm>
                </details>
            </details>
        </li>
    }
    .into_any()
}
