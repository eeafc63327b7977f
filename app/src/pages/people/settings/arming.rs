//! Whether operators and programs may command. An admin arms with their password; whoever may command disarms at once.

use crate::components::{Card, Chip, Tone};
use crate::derived::Derived;
use crate::live::Live;
use crate::pages::asked::{Asked, UNRECORDED, date_time};
use crate::session::{May, OwnPassword, PeopleForm, Session};
use api::control::ControlResponse;
use api::people::{ArmingResponse, SessionResponse};
use domain::people::action::Action;
use leptos::prelude::*;

/// The card.
#[component]
pub(super) fn ArmingCard() -> impl IntoView {
    let session = Session::expect();
    // Who arms elsewhere is seen in the session.
    let armed = Derived::new(move || session.now.with(|now| now.as_ref().map(|now: &SessionResponse| now.armed)));
    let asked = Asked::<ArmingResponse>::at(Derived::new(|| Some("/api/v1/arming".to_owned())));
    Effect::new(move |_| {
        armed.track();
        asked.again();
    });
    let live = Live::expect();
    let (away, past) = (live.lost(), live.past);
    let systems = live.site().systems.clone();
    let controls = systems.into_iter().map(|system| {
        let path = format!("/api/v1/control?system={}", system.id);
        Asked::<ControlResponse>::at(Derived::new(move || Some(path.clone())))
    });
    let controls = controls.collect::<Vec<_>>();
    // Known only when every system has answered.
    let nothing = Derived::new(move || {
        controls.iter().all(|asked| matches!(asked.get(), Some(Ok(seen)) if !seen.read_only.is_empty()))
    });
    let disarm = Derived::new(move || session.may(Action::Disarm));
    let arm = Derived::new(move || session.may(Action::Arm));
    let done = move |_| asked.again();
    view! {
        <Card title="Control" class="span-7 arming" id="arming">
            {move || asked.shown(move |answer| {
                let (tone, state) = if answer.armed { (Tone::Warning, "Armed") } else { (Tone::Neutral, "Disarmed") };
                let (tone, words) = match (away.get(), past.get()) {
                    (true, _) => (Tone::Neutral, format!("{state} when the server was last heard of")),
                    (false, true) => (tone, format!("{state} now, not in the past that is shown")),
                    (false, false) => (tone, state.to_owned()),
                };
                let since = match (answer.since, answer.by) {
                    (Some(since), Some(by)) => format!("By {by}, {}", date_time(since.0)),
                    _ => "Nobody has armed it yet.".to_owned(),
                };
                let meaning = if answer.armed {
                    "Operators, and programs with a token for control, may command the batteries."
                } else {
                    "Nobody can command the batteries, neither people nor programs."
                };
                view! {
                    <p class="arming-state"><Chip tone dot=true>{words}</Chip> <span class="note">{since}</span></p>
                    <p>{meaning}</p>
                    {(!answer.recorded).then(|| view! { <p class="note">{UNRECORDED}</p> })}
                    {move || nothing.get().then(|| view! {
                        <p class="note">"Nothing can be commanded here, armed or not: no system has a [[control]] in the site file. The manual has a page about it, \u{201c}Let Packtwin control\u{201d}."</p>
                    })}
                    {move || match (answer.armed, disarm.get(), arm.get()) {
                        (true, May::Yes, _) => view! {
                            <PeopleForm what="disarm" submit="Disarm control" button="button button-primary" done />
                        }
                        .into_any(),
                        (true, May::AfterPassword, _) => view! {
                            <PeopleForm what="disarm" submit="Disarm control" done><OwnPassword action=Action::Disarm /></PeopleForm>
                        }
                        .into_any(),
                        (false, _, May::Yes | May::AfterPassword) => view! {
                            <PeopleForm what="arm" submit="Arm control" done><OwnPassword action=Action::Arm /></PeopleForm>
                        }
                        .into_any(),
                        (true, May::No(why), _) | (false, _, May::No(why)) => {
                            view! { <p class="note">{format!("{}.", crate::format::sentence(&why))}</p> }.into_any()
                        }
                        _ => ().into_any(),
                    }}
                }
                .into_any()
            })}
        </Card>
    }
    .into_any()
}
