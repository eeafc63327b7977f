//! The page Settings: the own account, and who may do what here.
//!
//! Read [`roles`] and [`agent`] (pure), then the cards.

mod account;
mod agent;
mod arming;
mod roles;
mod security;
mod sessions;
mod tokens;
mod users;

use super::PeopleWays;
use crate::components::EmptyState;
use crate::pages::asked::Together;
use crate::session::DEMO_KNOWS_NOBODY;
use crate::source::DEMO;
use account::Account;
use arming::ArmingCard;
use leptos::prelude::*;
use roles::Roles;
use security::Security;
use sessions::Sessions;
use tokens::Tokens;
use users::Users;

/// The page Settings.
#[component]
pub(super) fn SettingsPage() -> impl IntoView {
    if DEMO {
        return view! {
            <h1 class="visually-hidden">"Settings"</h1>
            <EmptyState title="The demo knows nobody" advice=DEMO_KNOWS_NOBODY />
            <Roles />
        }
        .into_any();
    }
    super::unknown::follow();
    view! {
        <h1 class="visually-hidden">"Settings"</h1>
        <PeopleWays here=super::SETTINGS />
        <Together>
            <Account />
            <ArmingCard />
            <Sessions />
            <Users />
            <Tokens />
            <Security />
            <Roles />
        </Together>
    }
    .into_any()
}
