//! "Are there problems?" One place, one answer.

use crate::components::{Card, LocalTime, SeverityMark};
use crate::derived::Derived;
use crate::format::{self, sentence};
use crate::icons::{Glyph, Icon};
use crate::live::Live;
use crate::problem::{Problem, problems, verdict};
use domain::alarm::RuleIdx;
use leptos::prelude::*;

/// What is wrong, since when, and what to do; or that nothing is.
#[component]
pub(super) fn Problems() -> impl IntoView {
    let live = Live::expect();
    let (site, spec) = (live.site(), live.system());
    let verdict = live.map({
        let spec = spec.clone();
        move |moment| verdict(moment, &spec)
    });
    let list = live.map(move |moment| problems(moment, &site, &spec));
    let rules =
        Derived::new(move || list.with(|list| list.iter().map(|problem| problem.rule).collect::<Vec<RuleIdx>>()));
    let state =
        Derived::new(move || match (verdict.with(|v| v.well), list.with(|list| list.first().map(|p| p.severity))) {
            (true, _) => "well",
            (false, Some(severity)) => severity.word(),
            (false, None) => "unknown",
        });
    view! {
        <Card title="Problems" class="problems" id="problems">
            <div class="verdict" data-state=state role="status">
                <span class="verdict-mark">
                    <Icon glyph=Derived::new(move || if verdict.with(|v| v.well) { Glyph::Check } else { Glyph::Question }) />
                </span>
                <p class="verdict-words">{move || verdict.with(|v| v.words.clone())}</p>
                <p class="note">{move || verdict.with(|v| v.detail.clone())}</p>
            </div>
            <ul class="problem-list" tabindex="0" aria-label="Active problems" hidden=move || list.with(Vec::is_empty)>
                <For each=move || rules.get() key=|rule| rule.0 let:rule>
                    <Row rule list />
                </For>
            </ul>
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
    let first = problem.get_untracked();
    let page = first.as_ref().map_or("/cells", |p| p.page);
    let since = Derived::new(move || problem.with(|p| p.as_ref().map(|p| p.since).unwrap_or_default()));
    view! {
        <li class="problem">
            {first.map(|p| view! { <SeverityMark severity=p.severity /> })}
            <div>
                <p class="problem-words">
                    <a href=live.href(page)>{say(|p| format!("{}{}", p.words, p.others))}</a>
                </p>
                <p class="note">
                    {say(|p| format!("{}, since ", p.severity.word()))}
                    <LocalTime utc=since />
                    {say(|p| format!(" ({}). ", format::duration(p.for_s)))}
                    {say(|p| if p.signal_lost { "Signal lost: it cannot be known whether it is over. ".to_owned() } else { String::new() })}
                    {say(|p| sentence(p.advice))}
                </p>
            </div>
        </li>
    }
}
