//! "Are there problems?" One place, one answer: what is wrong here, what follows from it, what is wrong with the other
//! systems of the site, and what ended in the last 24 hours.

use super::ended;
use crate::alive::alive;
use crate::api::NO_SERVER;
use crate::components::{Card, LocalTime, SeverityMark};
use crate::derived::Derived;
use crate::format::{self, sentence};
use crate::icons::{Glyph, Icon};
use crate::live::Live;
use crate::pages::cells::choice::Choice;
use crate::problem::{Problem, STORAGE, Seen, problems, tally, verdict};
use crate::whose;
use domain::alarm::RuleIdx;
use domain::twin::Health;
use leptos::prelude::*;
use leptos::task::spawn_local;

/// What is wrong, since when, and what to do; or that nothing is.
#[component]
pub(super) fn Problems() -> impl IntoView {
    let live = Live::expect();
    let (site, spec) = (live.site(), live.system());
    let lost = live.lost();
    let verdict = live.map({
        let (site, spec) = (site.clone(), spec.clone());
        move |moment| verdict(moment, &site, &spec)
    });
    let worst = live.map({
        let (site, spec) = (site.clone(), spec.clone());
        move |moment| tally(moment, &site, &spec).1
    });
    let list = live.map({
        let site = site.clone();
        move |moment| problems(moment, &site, &spec)
    });
    let storage = live.map(|moment| moment.site.storage.clone());
    let rules =
        Derived::new(move || list.with(|list| list.iter().map(|problem| problem.rule).collect::<Vec<RuleIdx>>()));
    let well = Derived::new(move || !lost.get() && verdict.with(|v| v.well));
    let state = Derived::new(move || match (well.get(), worst.get()) {
        (true, _) => "well",
        _ if lost.get() => "unknown",
        (false, Some(severity)) => severity.word(),
        (false, None) => "unknown",
    });
    let words = move || if lost.get() { NO_SERVER.to_owned() } else { verdict.with(|v| v.words.clone()) };
    let detail = move || match (lost.get(), list.with(Vec::len)) {
        (false, _) => verdict.with(|v| v.detail.clone()),
        (true, 0) => "What is wrong now is not known.".to_owned(),
        (true, _) => "What is wrong now is not known. The list is the last that came.".to_owned(),
    };
    let others = (0..site.systems.len()).filter(|place| *place != live.place());
    let others = others.map(|place| view! { <Other place /> }).collect_view();
    view! {
        <Card title="Problems" class="problems" id="problems">
            <div class="verdict" data-state=state role="status">
                <span class="verdict-mark">
                    <Icon glyph=Derived::new(move || if well.get() { Glyph::Check } else { Glyph::Question }) />
                </span>
                <p class="verdict-words">{words}</p>
                <p class="note">{detail}</p>
            </div>
            <div class="problem-lists" tabindex="0" role="group" aria-label="Problems of the site">
                <ul class="problem-list" aria-label="Active problems" hidden=move || list.with(Vec::is_empty)>
                    <For each=move || rules.get() key=|rule| rule.0 let:rule>
                        <Row rule list />
                    </For>
                </ul>
                <div class="problem" hidden=move || storage.with(String::is_empty)>
                    <SeverityMark severity=STORAGE />
                    <div>
                        <p class="problem-words">"History is not being kept"</p>
                        <p class="note">{move || format!("{}. Live values go on.", sentence(&storage.get()))}</p>
                    </div>
                </div>
                {others}
                <EndedPlace />
            </div>
        </Card>
    }
}

/// One line of the list. It reads its own problem, so that a changed value does not draw the list again.
#[component]
fn Row(rule: RuleIdx, list: Derived<Vec<Problem>>) -> impl IntoView {
    let live = Live::expect();
    let problem = Derived::with_last(move |last: Option<&Option<Problem>>| {
        let found = list.with(|list| list.iter().find(|problem| problem.rule == rule).cloned());
        // A row outlives its problem for a moment: it keeps what it said.
        found.or_else(|| last.cloned().flatten())
    });
    let say = move |words: fn(&Problem) -> String| {
        Derived::new(move || problem.with(|p| p.as_ref().map(words).unwrap_or_default()))
    };
    let seen = Derived::new(move || problem.with(|p| p.as_ref().map(|p| p.seen.clone())));
    let href = Derived::new(move || seen.with(|seen| seen.as_ref().map(|seen| address(seen, &live))));
    let severity = Derived::new(move || problem.with(|p| p.as_ref().map(|p| p.severity)));
    let since = Derived::new(move || problem.with(|p| p.as_ref().map(|p| p.since).unwrap_or_default()));
    let effects = Derived::new(move || problem.with(|p| p.as_ref().map(|p| p.effects.clone()).unwrap_or_default()));
    view! {
        <li class="problem">
            {move || severity.get().map(|severity| view! { <SeverityMark severity /> })}
            <div>
                <p class="problem-words">
                    <a href=href>{say(|p| format!("{}{}", p.words, p.others))}</a>
                </p>
                <ul class="problem-effects note" aria-label="What follows from it" hidden=move || effects.with(Vec::is_empty)>
                    {move || effects.get().into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}
                </ul>
                <p class="note">
                    {say(|p| format!("{}, since ", sentence(p.severity.word())))}
                    <LocalTime utc=since />
                    {say(|p| format!(" ({}). ", format::duration(p.for_s)))}
                    {say(|p| if p.signal_lost { "Signal lost: it cannot be known whether it is over. ".to_owned() } else { String::new() })}
                    {say(|p| sentence(p.advice))}
                </p>
            </div>
        </li>
    }
}

/// The address where a problem is seen.
fn address(seen: &Seen, live: &Live) -> String {
    match seen {
        Seen::Cell(cell) => {
            Choice { cell: Some(*cell), ..Choice::default() }.address(&live.href("/cells"), &live.system().topology)
        }
        Seen::Cells => live.href("/cells"),
        Seen::Link(id) => {
            let base = live.href("/links");
            let mark = if base.contains('?') { '&' } else { '?' };
            format!("{base}{mark}link={id}")
        }
        Seen::Trends => live.href("/trends"),
        Seen::Home => live.href("/home"),
    }
}

/// How another system of the site does, if anything is wrong there.
#[component]
fn Other(place: usize) -> impl IntoView {
    let live = Live::expect();
    let site = live.site();
    let name = site.systems.get(place).map_or_else(String::new, |system| system.name.clone());
    let href = format!("{}#problems", whose::href("/", place, &site));
    let health = live.map(move |moment| moment.site.systems.get(place).copied());
    let wrong = move || matches!(health.get(), Some(Health::Alarm(_) | Health::Unknown));
    let words = move || match health.get() {
        Some(Health::Alarm(severity)) => format!(": {}. See its problems.", severity.word()),
        _ => ": nothing is known of it now.".to_owned(),
    };
    let mark = move || match health.get() {
        Some(Health::Alarm(severity)) => Some(view! { <SeverityMark severity /> }),
        _ => None,
    };
    view! {
        <p class="problem problem-other" hidden=move || !wrong()>
            {mark}
            <span><a href=href rel="external">{name}</a>{words}</span>
        </p>
    }
    .into_any()
}

/// The place of what ended. Its code is a chunk that is loaded when the page has come alive.
#[component]
fn EndedPlace() -> impl IntoView {
    let there = RwSignal::new(false);
    Effect::new(move |_| {
        spawn_local(async move {
            alive().await;
            if ended::CHUNK.load().await.is_ok() {
                there.try_set(true);
            }
        });
    });
    view! { <div class="ended">{move || there.get().then(|| ended::CHUNK.view().map(|view| view())).flatten()}</div> }
        .into_any()
}
