//! What must hold before a control is moved, and what does not.

use super::state::Desk;
use crate::components::Card;
use crate::derived::Derived;
use crate::icons::{Glyph, Icon};
use ::api::control::ControlResponse;
use leptos::prelude::*;

/// One condition over all controls.
#[derive(Clone, Debug, PartialEq)]
struct Held {
    label: String,
    only_wider: bool,
    /// Why it does not hold, each reason once; and for which controls, if not for all.
    blocked: Vec<(String, Vec<String>)>,
}

/// How a condition is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Holds {
    Yes,
    No,
    /// The server is away.
    Unknown,
}

impl Holds {
    fn of(held: &Held, away: bool) -> Self {
        match (away, held.blocked.is_empty()) {
            (true, _) => Self::Unknown,
            (false, true) => Self::Yes,
            (false, false) => Self::No,
        }
    }

    /// Its word for the style, its sign, and what is said of it.
    fn shown(self) -> (&'static str, Option<Glyph>, &'static str) {
        match self {
            Self::Yes => ("true", Some(Glyph::Check), ": holds"),
            Self::No => ("false", Some(Glyph::Close), ": does not hold"),
            Self::Unknown => ("unknown", None, ": not known now"),
        }
    }
}

/// What is said of all of them.
fn summary(all: &[Held], away: bool) -> String {
    match all.iter().filter(|held| !held.blocked.is_empty()).count() {
        _ if away => "not known without the server".to_owned(),
        0 => "all hold".to_owned(),
        1 => format!("1 of {} does not hold", all.len()),
        n => format!("{n} of {} do not hold", all.len()),
    }
}

/// The conditions in their order.
fn held(seen: &ControlResponse) -> Vec<Held> {
    let mut all: Vec<(String, Held)> = Vec::new();
    for control in &seen.controls {
        for interlock in &control.interlocks {
            if !all.iter().any(|(id, _)| *id == interlock.id) {
                let held =
                    Held { label: interlock.label.clone(), only_wider: interlock.only_wider, blocked: Vec::new() };
                all.push((interlock.id.clone(), held));
            }
            let Some((_, held)) = all.iter_mut().find(|(id, _)| *id == interlock.id) else { continue };
            if interlock.blocked.is_empty() {
                continue;
            }
            match held.blocked.iter_mut().find(|(why, _)| *why == interlock.blocked) {
                Some((_, of)) => of.push(control.label.clone()),
                None => held.blocked.push((interlock.blocked.clone(), vec![control.label.clone()])),
            }
        }
    }
    all.into_iter().map(|(_, held)| held).collect()
}

/// The card.
#[component]
pub(super) fn Interlocks(desk: Desk) -> impl IntoView {
    let all = Derived::new(move || desk.seen.with(|seen| seen.as_ref().map(held).unwrap_or_default()));
    let controls = Derived::new(move || desk.seen.with(|seen| seen.as_ref().map_or(0, |seen| seen.controls.len())));
    // What held when the server was last heard of may hold no more.
    let away = desk.live.lost();
    let note = Derived::new(move || all.with(|all| summary(all, away.get())));
    let row = move |held: Held| {
        let holds = Holds::of(&held, away.get());
        let (word, glyph, said) = holds.shown();
        let why = held.blocked.into_iter().filter(|_| holds == Holds::No).map(|(why, of)| {
            let of = if of.len() < controls.get_untracked() { format!(" ({})", of.join(", ")) } else { String::new() };
            view! { <p class="control-why">{format!("{}{of}.", crate::format::sentence(&why))}</p> }
        });
        view! {
            <li class="control-held" data-holds=word>
                {match glyph {
                    Some(glyph) => view! { <Icon glyph /> }.into_any(),
                    None => view! { <span class="icon" aria-hidden="true">{crate::format::NONE}</span> }.into_any(),
                }}
                <div>
                    <p>{held.label} <span class="visually-hidden">{said}</span></p>
                    {why.collect_view()}
                </div>
                <span class="note">{if held.only_wider { "for less safe values" } else { "for every command" }}</span>
            </li>
        }
    };
    // A system without controls has nothing that must hold.
    let any = Derived::new(move || !all.with(Vec::is_empty));
    move || {
        any.get().then(|| {
            view! {
                <Card title="What must hold" note class="control-interlocks">
                    <ul>{move || all.get().into_iter().map(row).collect_view()}</ul>
                </Card>
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::api::control::{ControlState, InterlockState};

    #[test]
    fn a_reason_is_told_once_with_the_controls_that_it_is_about() {
        let lock = |id: &str, blocked: &str| InterlockState {
            id: id.into(),
            label: id.into(),
            only_wider: id != "link",
            blocked: blocked.into(),
        };
        let control = |label: &str, inputs: &str| ControlState {
            label: label.into(),
            interlocks: vec![lock("link", "the link is down"), lock("inputs", inputs), lock("mode", "")],
            ..ControlState::default()
        };
        let seen = ControlResponse {
            controls: vec![control("A", "charge is stale"), control("B", "")],
            ..ControlResponse::default()
        };
        let told = held(&seen);
        let blocked = |n: usize| told[n].blocked.clone();
        assert_eq!(told.len(), 3);
        assert_eq!(blocked(0), [("the link is down".to_owned(), vec!["A".to_owned(), "B".to_owned()])]);
        assert_eq!(blocked(1), [("charge is stale".to_owned(), vec!["A".to_owned()])]);
        assert!(blocked(2).is_empty() && told[2].only_wider && !told[0].only_wider);
        assert_eq!(summary(&told, false), "2 of 3 do not hold");
        assert_eq!(
            told.iter().map(|held| Holds::of(held, false)).collect::<Vec<_>>(),
            [Holds::No, Holds::No, Holds::Yes]
        );
        // Without the server nothing is said to hold.
        assert_eq!(summary(&told, true), "not known without the server");
        assert!(told.iter().all(|held| Holds::of(held, true) == Holds::Unknown));
    }
}
