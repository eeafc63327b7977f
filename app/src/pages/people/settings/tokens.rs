//! Tokens of programs: which there are, making one, which is shown once, and ending them. For admins.

use crate::components::{Card, Chip, Tone};
use crate::derived::Derived;
use crate::pages::asked::{Asked, UNRECORDED, date_time};
use crate::session::{Copy, OwnPassword, PeopleForm, Session};
use api::people::{TokenEntry, TokensResponse};
use domain::people::Scope;
use domain::people::action::Action;
use leptos::prelude::*;

/// The card.
#[component]
pub(super) fn Tokens() -> impl IntoView {
    let session = Session::expect();
    let listed = session.could(Action::ListPeople);
    let asked = Asked::<TokensResponse>::at(Derived::new(move || listed.get().then(|| "/api/v1/tokens".to_owned())));
    // It is nowhere else, and gone with the page.
    let new = RwSignal::new(None::<String>);
    view! {
        <Show when=move || listed.get()>
            <Card title="Tokens of programs" class="span-6 tokens" id="tokens">
                <div role="status">
                    {move || new.get().map(|token| view! {
                        <div class="token-new">
                            <p><b>"The new token, shown this once"</b></p>
                            <p><code>{token.clone()}</code></p>
                            <p class="token-ways">
                                <Copy text=token label="Copy the token" />
                                <button type="button" class="button" on:click=move |_| new.set(None)>"I have kept it"</button>
                            </p>
                            <p class="note">"A program sends it as Authorization: Bearer \u{2026}"</p>
                        </div>
                    })}
                </div>
                {move || asked.shown(move |answer| {
                    if answer.tokens.is_empty() {
                        return view! { <p class="note">"No program has a token."</p> }.into_any();
                    }
                    let rows = answer.tokens.into_iter().map(|token| row(token, asked));
                    view! { <ul class="people-list">{rows.collect_view()}</ul> }.into_any()
                })}
                <details class="people-more">
                    <summary>"Make a token"</summary>
                    <PeopleForm what="add-token" submit="Make the token" fields=&["name", "scope", "days"] done=move |done: crate::session::Done| {
                        new.set(done.token);
                        asked.again();
                    }>
                        <label class="labelled">
                            <span class="field-label">"Name of the program"</span>
                            <input class="field" name="name" required=true autocomplete="off" autocapitalize="none" spellcheck="false" />
                        </label>
                        <label class="labelled">
                            <span class="field-label">"What it may do"</span>
                            <select class="field" name="scope">
                                {Scope::ALL.map(|scope| view! { <option value=scope.word()>{meaning(scope)}</option> })}
                            </select>
                        </label>
                        <label class="labelled">
                            <span class="field-label">"Good for so many days"</span>
                            <input class="field" name="days" type="number" inputmode="numeric" min="1" max="3650" value="90" required=true />
                        </label>
                        <OwnPassword action=Action::ManageTokens />
                    </PeopleForm>
                </details>
            </Card>
        </Show>
    }
    .into_any()
}

fn meaning(scope: Scope) -> &'static str {
    match scope {
        Scope::Read => "read",
        Scope::Control => "read and control, as an operator",
    }
}

fn row(token: TokenEntry, asked: Asked<TokensResponse>) -> AnyView {
    let TokenEntry { id, ended, name, prefix, scope, made_by, ends, used, .. } = token;
    let over = ends.0.0 as f64 / 1e3 <= js_sys::Date::now();
    let used = used.map_or("never used".to_owned(), |used| format!("last used {}", date_time(used.0)));
    let until = if over { "It ended" } else { "Good until" };
    view! {
        <li>
            <div class="people-what">
                <p>
                    <b>{name.clone()}</b> " " <span class="chip">{scope.0.word()}</span>
                    {over.then(|| view! { " " <Chip tone=Tone::Warning>"Over"</Chip> })}
                    {ended.then(|| view! { " " <Chip>"Ended"</Chip> })}
                </p>
                <p class="note">
                    "Begins with " <code>{prefix}</code> {format!(". {until} {}; {used}. Made by {made_by}", date_time(ends.0))}
                </p>
                {ended.then(|| view! { <p class="note">{UNRECORDED}</p> })}
            </div>
            <details class="people-row">
                <summary><span class="note">"End"</span></summary>
                <PeopleForm what="end-token" submit="End the token" label=format!("End the token {name}") fixed=vec![("id", id.to_string())] button="button button-danger" done=move |_| asked.again()>
                    <OwnPassword action=Action::ManageTokens />
                </PeopleForm>
            </details>
        </li>
    }
    .into_any()
}
