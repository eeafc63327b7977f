//! Who may do what, as the server decides it: the table of actions, for people to read.

use crate::components::Card;
use domain::people::action::{Action, Rule};
use domain::people::{Role, Scope};
use leptos::prelude::*;

/// Somebody who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Who {
    /// Nobody that is known, where reading is open.
    Nobody,
    /// Who is signed in.
    Person(Role),
    /// A program.
    Token(Scope),
}

const COLUMNS: [(Who, &str); 6] = [
    (Who::Nobody, "Not signed in"),
    (Who::Person(Role::Viewer), "Viewer"),
    (Who::Person(Role::Operator), "Operator"),
    (Who::Person(Role::Admin), "Admin"),
    (Who::Token(Scope::Read), "Token: read"),
    (Who::Token(Scope::Control), "Token: control"),
];

/// What is said of it: that they may, may after their password, or may not.
fn verdict(rule: &Rule, who: Who) -> &'static str {
    match who {
        Who::Nobody if rule.anonymous => "if reading is open",
        Who::Person(role) if role >= rule.least && rule.step_up => "with password",
        Who::Person(role) if role >= rule.least => "yes",
        Who::Token(scope) if rule.token.is_some_and(|needs| scope >= needs) => "yes",
        _ => "no",
    }
}

/// The table.
#[component]
pub(super) fn Roles() -> impl IntoView {
    let heads = COLUMNS.map(|(_, name)| view! { <th scope="col">{name}</th> });
    let rows = Action::ALL.map(|action| {
        let rule = action.rule();
        let cells = COLUMNS.map(|(who, name)| {
            let verdict = verdict(&rule, who);
            view! {
                <td data-verdict=verdict.split(' ').next()>
                    <span class="roles-who" aria-hidden="true">{name}</span>
                    <span>{verdict}</span>
                </td>
            }
        });
        view! { <tr><th scope="row">{crate::format::sentence(rule.words)}</th>{cells}</tr> }
    });
    view! {
        <Card title="What each role may do" class="span-12 roles" id="roles">
            <div class="people-table" tabindex="0" role="group" aria-label="What each role may do">
                <table>
                    <thead><tr><td></td>{heads}</tr></thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
            <p class="note">"While nobody has an account, the machine itself may use the lab, record frames, and acknowledge, reset and shelve alarms without one. Nobody commands without an account or a token."</p>
        </Card>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::people::{Came, Denied, Requester, authorize};

    /// The table says what [`authorize`] does.
    #[test]
    fn what_the_table_says_is_what_the_server_does() {
        let here = "127.0.0.1".parse().unwrap();
        for action in Action::ALL {
            for (who, _) in COLUMNS {
                let requester = match who {
                    Who::Nobody => Requester::anonymous(here, true),
                    Who::Token(scope) => Requester::token("x", scope, here),
                    Who::Person(role) => Requester {
                        name: "x".into(),
                        role: Some(role),
                        came: Came::Page,
                        stepped_up: false,
                        address: Some(here),
                    },
                };
                let expected = match (authorize(&requester, action), who) {
                    (Ok(()), Who::Nobody) => "if reading is open",
                    (Ok(()), _) => "yes",
                    (Err(Denied::StepUp(_)), _) => "with password",
                    (Err(_), _) => "no",
                };
                assert_eq!(verdict(&action.rule(), who), expected, "{action:?} {who:?}");
            }
        }
    }
}
