//! One group of the list. It reads its own part, so that a changed value does not draw the list again, nor what somebody types.

use super::form::AlarmForm;
use super::model::{self, Group, SHELVES, Section};
use super::state::Desk;
use crate::components::{LocalTime, SeverityWord};
use crate::derived::Derived;
use crate::format::{self, sentence};
use crate::pages::when::When;
use ::api::alarms::AlarmResponse;
use domain::alarm::{NAMED_MOST, REASON_MAX};
use domain::time::Utc;
use leptos::{ev, prelude::*};

/// So many alarms of a group are listed; of more it is said how many there are.
const LISTED: usize = 20;
/// At most so many are named in one form: what the server reads at once.
const NAMED: usize = if NAMED_MOST < 500 { NAMED_MOST } else { 500 };

/// One group.
#[component]
pub(super) fn Row(desk: Desk, key: String) -> impl IntoView {
    let found = move |groups: &Option<Vec<Group>>| groups.iter().flatten().find(|group| group.key() == key).cloned();
    let group = Derived::with_last(move |last: Option<&Option<Group>>| {
        // A row outlives its group for a moment: it keeps what it said.
        desk.groups.with(&found).or_else(|| last.cloned().flatten())
    });
    let text = move |of: fn(&Group) -> String| {
        Derived::new(move || group.with(|group| group.as_ref().map(of).unwrap_or_default()))
    };
    let severity = Derived::new(move || group.with(|group| group.as_ref().map(|group| group.severity)));
    let section = Derived::new(move || group.with(|group| group.as_ref().map_or(Section::Over, |group| group.section)));
    let words = text(Group::words);
    let since = Derived::new(move || group.with(|group| group.as_ref().and_then(Group::since)));
    let ended = Derived::new(move || group.with(|group| group.as_ref().and_then(Group::over)));
    let seen_by = Derived::new(move || group.with(|group| group.as_ref().and_then(Group::seen_by)));
    let now = desk.live.last_utc();
    // The age of one that is over is how long it stood.
    let for_s = Derived::new(move || group.with(|group| group.as_ref().and_then(|group| group.stood_s(now.get()))));
    let shelf = Derived::new(move || group.with(|group| group.as_ref()?.first()?.shelved.clone()));
    let marks = Derived::new(move || group.with(|group| group.as_ref().map(Group::marks).unwrap_or_default()));
    let at = |at: Option<Utc>| Derived::new(move || at.unwrap_or_default());
    view! {
        <li class="alarm" data-section=move || section.get().word() data-severity=move || severity.get().map(|of| of.word())>
            <div class="alarm-head">
                {move || severity.get().map(|severity| view! { <SeverityWord severity /> })}
                <span class="chip alarm-state">{move || sentence(section.get().word())}</span>
                {move || marks.get().into_iter().map(|words| view! { <span class="alarm-mark">{words}</span> }).collect_view()}
            </div>
            <h3 class="alarm-words">{words}{text(Group::others)}</h3>
            <p class="alarm-facts note">
                {move || since.get().map(|since| view! { <span>"Since " <When utc=at(Some(since)) /> {move || for_s.get().map(|s| format!(" ({})", format::duration(s)))}</span> })}
                {move || ended.get().filter(|_| section.get() >= Section::Over).map(|ended| view! { <span>"Over since " <When utc=at(Some(ended)) /></span> })}
                {move || seen_by.get().filter(|(by, _)| !by.is_empty()).map(|(by, seen)| view! { <span>"Acknowledged by " {by} ", " <When utc=at(Some(seen)) /></span> })}
                {move || shelf.get().filter(|shelf| !shelf.by.is_empty()).map(|shelf| view! { <span>"Shelved by " {shelf.by} " until " <When utc=at(Some(shelf.until)) /> ": " {shelf.why}</span> })}
            </p>
            <dl class="alarm-advice">
                <div><dt>"What to do"</dt><dd>{text(|group| group.first().map(|of| format!("{}.", sentence(&of.advice))).unwrap_or_default())}</dd></div>
                <div><dt>"If nothing is done"</dt><dd>{text(|group| group.first().map(|of| format!("{}.", sentence(&of.consequence))).unwrap_or_default())}</dd></div>
            </dl>
            <Actions desk group words />
            <Parts desk group />
        </li>
    }
    .into_any()
}

/// The names of some of a group, and what stands on the button for so many.
fn named(group: Derived<Option<Group>>, of: fn(&Group) -> Vec<&AlarmResponse>) -> (Derived<String>, Derived<usize>) {
    let some = move |group: &Group| {
        let some = of(group);
        (model::named(&some[..some.len().min(NAMED)]), some.len())
    };
    let both = Derived::new(move || group.with(|group| group.as_ref().map(some).unwrap_or_default()));
    (Derived::new(move || both.with(|both| both.0.clone())), Derived::new(move || both.with(|both| both.1)))
}

/// `Acknowledge`, `Acknowledge 3`, or `Acknowledge the first 500 of 6 400`.
fn button_words(verb: &'static str, count: Derived<usize>) -> Derived<String> {
    Derived::new(move || match count.get() {
        0 | 1 => verb.to_owned(),
        n if n > NAMED => format!("{verb} the first {NAMED} of {}", format::count(n as u64)),
        n => format!("{verb} all {n}"),
    })
}

/// What can be done about it.
#[component]
fn Actions(desk: Desk, group: Derived<Option<Group>>, words: Derived<String>) -> impl IntoView {
    let (unseen, unseen_count) = named(group, Group::unacknowledged);
    let (latched, latched_count) = named(group, Group::latched);
    let (off_shelf, off_shelf_count) = named(group, |group| group.shelved(false));
    let (on_shelf, on_shelf_count) = named(group, |group| group.shelved(true));
    // What stands on a button begins what is said of it.
    let about = move |submit: Derived<String>| Derived::new(move || format!("{}: {}", submit.get(), words.get()));
    let [acknowledge, reset, unshelve, shelve] = [
        button_words("Acknowledge", unseen_count),
        button_words("Reset", latched_count),
        button_words("Take off the shelf", on_shelf_count),
        button_words("Shelve", off_shelf_count),
    ];
    let of = Derived::new(move || format!(": {}", words.get()));
    let past = desk.live.past;
    let off = move || desk.off.with(Option::is_some).then_some("true");
    let open = move |event: ev::MouseEvent| {
        if desk.off.with_untracked(Option::is_some) {
            event.prevent_default();
        }
    };
    let waits = Derived::new(move || {
        group.with(|group| {
            let latched = |of: &AlarmResponse| of.latching && !of.active && of.acknowledged.is_none();
            group.as_ref().is_some_and(|group| group.alarms.iter().any(latched))
        })
    });
    view! {
        <div class="alarm-actions" hidden=past>
            <div hidden=move || unseen_count.get() == 0>
                <AlarmForm desk what="acknowledge" alarms=unseen submit=acknowledge label=about(acknowledge) button="button button-primary" />
            </div>
            <div hidden=move || latched_count.get() == 0>
                <AlarmForm desk what="reset" alarms=latched submit=reset label=about(reset) />
            </div>
            <div hidden=move || on_shelf_count.get() == 0>
                <AlarmForm desk what="unshelve" alarms=on_shelf submit=unshelve label=about(unshelve) />
            </div>
            <details class="alarm-shelve" hidden=move || off_shelf_count.get() == 0>
                <summary class="button" aria-disabled=off on:click=open>"Shelve\u{2026}"<span class="visually-hidden">{of}</span></summary>
                <AlarmForm desk what="shelve" alarms=off_shelf submit=shelve label=about(shelve)>
                    <label class="labelled">
                        <span class="field-label">"For"</span>
                        <select class="field" name="lasts_s">
                            {SHELVES.map(|(lasts_s, words)| view! { <option value=lasts_s.to_string()>{words}</option> })}
                        </select>
                    </label>
                    <label class="labelled alarm-why">
                        <span class="field-label">"Why"</span>
                        <input class="field" name="why" required=true maxlength=REASON_MAX.to_string() autocomplete="off" />
                        <span class="field-hint">"For whoever comes next. It hides the alarm, and changes nothing else."</span>
                    </label>
                </AlarmForm>
            </details>
            <p class="note" hidden=move || !waits.get()>"It latches: acknowledge it, then reset it."</p>
        </div>
    }
    .into_any()
}

/// Its alarms one by one, where there are several, and what follows from them.
#[component]
fn Parts(desk: Desk, group: Derived<Option<Group>>) -> impl IntoView {
    let counts = Derived::new(move || {
        group.with(|group| group.as_ref().map_or((0, 0), |group| (group.alarms.len(), group.effects.len())))
    });
    let summary = Derived::new(move || match counts.get() {
        (alarms, 0) => format!("{} alarms one by one", format::count(alarms as u64)),
        (1, effects) => format!("What follows from it: {}", format::counted(effects, "alarm")),
        (alarms, effects) => {
            let [alarms, effects] = [alarms, effects].map(|n| format::count(n as u64));
            format!("{alarms} alarms one by one, and {effects} that follow from them")
        }
    });
    view! {
        <details class="alarm-more" hidden=move || counts.get().0 <= 1 && counts.get().1 == 0>
            <summary>{summary}</summary>
            <div hidden=move || counts.get().0 <= 1>
                <PartList desk group of=|group| &group.alarms label="One by one" />
            </div>
            <div hidden=move || counts.get().1 == 0>
                <h4>"What follows from it"</h4>
                <PartList desk group of=|group| &group.effects label="What follows from it" />
            </div>
        </details>
    }
    .into_any()
}

/// Some of its alarms, the first of them one by one.
#[component]
fn PartList(
    desk: Desk,
    group: Derived<Option<Group>>,
    /// Which.
    of: fn(&Group) -> &Vec<AlarmResponse>,
    label: &'static str,
) -> impl IntoView {
    let list = Derived::new(move || {
        group
            .with(|group| group.as_ref().map(|group| of(group).iter().take(LISTED).cloned().collect::<Vec<_>>()))
            .unwrap_or_default()
    });
    let more = Derived::new(move || {
        group.with(|group| group.as_ref().map_or(0, |group| of(group).len().saturating_sub(LISTED)))
    });
    let keys =
        Derived::new(move || list.with(|list| list.iter().map(|alarm| model::named(&[alarm])).collect::<Vec<_>>()));
    view! {
        <ul class="alarm-parts" aria-label=label>
            <For each=move || keys.get() key=|key| key.clone() let:key>
                <Part desk list key />
            </For>
            <li class="note" hidden=move || more.get() == 0>{move || format!("and {} more", format::count(more.get() as u64))}</li>
        </ul>
    }
    .into_any()
}

/// One alarm of a group.
#[component]
fn Part(desk: Desk, list: Derived<Vec<AlarmResponse>>, key: String) -> impl IntoView {
    let name = Derived::fixed(key.clone());
    let alarm = Derived::with_last(move |last: Option<&Option<AlarmResponse>>| {
        let found = list.with(|list| list.iter().find(|alarm| model::named(&[alarm]) == key).cloned());
        found.or_else(|| last.cloned().flatten())
    });
    let words = Derived::new(move || alarm.with(|alarm| alarm.as_ref().map(model::words).unwrap_or_default()));
    let severity = Derived::new(move || alarm.with(|alarm| alarm.as_ref().map(|alarm| alarm.severity.0)));
    let since = Derived::new(move || alarm.with(|alarm| alarm.as_ref().and_then(|alarm| alarm.since)));
    let can = Derived::new(move || {
        let open = alarm.with(|alarm| alarm.as_ref().is_some_and(|of| of.acknowledged.is_none() && of.since.is_some()));
        open && !desk.live.past.get()
    });
    let label = Derived::new(move || format!("Acknowledge: {}", words.get()));
    view! {
        <li>
            {move || severity.get().map(|severity| view! { <SeverityWord severity /> })}
            <span class="alarm-part-words">{words}</span>
            {move || since.get().map(|since| view! { <span class="note">"since " <LocalTime utc=since /></span> })}
            <div hidden=move || !can.get()><AlarmForm desk what="acknowledge" alarms=name submit="Acknowledge" label /></div>
        </li>
    }
    .into_any()
}
