//! "Are there problems?" One place, one answer: what is wrong here, what follows from it, what is wrong with the other
//! systems of the site, and what ended in the last 24 hours.
//!
//! A problem is one line, so that many are seen at once. What follows from it and what to do unfolds below the line.

use super::ended;
use crate::components::{Card, DeferChunk, LocalTime, SeverityMark};
use crate::derived::Derived;
use crate::fetch::NO_SERVER;
use crate::format::{self, sentence};
use crate::icons::{Glyph, Icon};
use crate::live::Live;
use crate::pages::cells::choice::Choice;
use crate::problem::{Problem, STORAGE, Seen, problems, tally, verdict};
use crate::whose;
use domain::alarm::Severity;
use domain::twin::Health;
use leptos::prelude::*;

/// So many problems are listed at once, and all that are critical; the others after a click.
const LISTED: usize = 6;

/// What is wrong, since when, and what to do; or that nothing is.
#[component]
pub(super) fn Problems() -> impl IntoView {
    let live = Live::expect();
    let (site, spec) = (live.site(), live.system());
    let outdated = live.outdated();
    let verdict = live.map({
        let (site, spec) = (site.clone(), spec.clone());
        move |snapshot| verdict(snapshot, &site, &spec)
    });
    let worst = live.map({
        let (site, spec) = (site.clone(), spec.clone());
        move |snapshot| tally(snapshot, &site, &spec).1
    });
    let list = live.map({
        let site = site.clone();
        move |snapshot| problems(snapshot, &site, &spec)
    });
    let storage = live.map(|snapshot| snapshot.site.storage.clone());
    let all = RwSignal::new(false);
    let more = Derived::new(move || list.with(|list| more(list.iter().map(|problem| problem.severity))));
    let more_words = move || if all.get() { "Show fewer".to_owned() } else { format!("{} more", more.get()) };
    let keys =
        Derived::new(move || list.with(|list| list.iter().map(|problem| problem.key.clone()).collect::<Vec<_>>()));
    let ok = Derived::new(move || !outdated.get() && verdict.with(|v| v.ok));
    let state = Derived::new(move || match (ok.get(), worst.get()) {
        (true, _) => "ok",
        _ if outdated.get() => "unknown",
        (false, Some(severity)) => severity.word(),
        (false, None) => "unknown",
    });
    let words = move || if outdated.get() { NO_SERVER.to_owned() } else { verdict.with(|v| v.words.clone()) };
    let detail = move || match (outdated.get(), list.with(Vec::len)) {
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
                    <Icon glyph=Derived::new(move || if ok.get() { Glyph::Check } else { Glyph::Question }) />
                </span>
                <p class="verdict-words">{words}</p>
                <p class="note">{detail}</p>
            </div>
            <div class="problem-lists" tabindex="0" role="group" aria-label="Problems of the site">
                <ul class="problem-list" aria-label="Active problems" hidden=move || list.with(Vec::is_empty)>
                    <For each=move || keys.get() key=|key| key.clone() let:key>
                        <Row key list all />
                    </For>
                </ul>
                <button
                    type="button"
                    class="problem-more"
                    hidden=move || more.get() == 0
                    aria-expanded=move || all.get().to_string()
                    on:click=move |_| all.update(|all| *all = !*all)
                >
                    {more_words}
                </button>
                <div class="problem problem-storage" hidden=move || storage.with(String::is_empty)>
                    <SeverityMark severity=STORAGE />
                    <div>
                        <p class="problem-words">"History is not being kept"</p>
                        <p class="note">{move || format!("{}. Live values go on.", sentence(&storage.get()))}</p>
                    </div>
                </div>
                {others}
                <DeferChunk chunk=&ended::CHUNK class="ended" />
            </div>
        </Card>
    }
}

/// How many of these, worst first, are not listed at once.
fn more(severities: impl Iterator<Item = Severity>) -> usize {
    severities.enumerate().filter(|(place, severity)| is_spare(*place, *severity)).count()
}

/// Whether a problem at this place of the list can wait for a click.
fn is_spare(place: usize, severity: Severity) -> bool {
    place >= LISTED && severity != Severity::Critical
}

/// One line of the list, and what unfolds below it. It reads its own problem, so that a changed value does not draw the
/// list again.
#[component]
fn Row(
    /// That of its problem.
    key: String,
    list: Derived<Vec<Problem>>,
    /// Whether the list is shown whole.
    all: RwSignal<bool>,
) -> impl IntoView {
    let live = Live::expect();
    let details = format!("problem-{key}");
    let key = StoredValue::new(key);
    let place = move |list: &Vec<Problem>| key.with_value(|key| list.iter().position(|problem| problem.key == *key));
    let problem = Derived::with_last(move |last: Option<&Option<Problem>>| {
        let found = list.with(|list| place(list).map(|place| list[place].clone()));
        // A row outlives its problem for a moment: it keeps what it said.
        found.or_else(|| last.cloned().flatten())
    });
    let text = move |words: fn(&Problem) -> String| {
        Derived::new(move || problem.with(|p| p.as_ref().map(words).unwrap_or_default()))
    };
    let seen = Derived::new(move || problem.with(|p| p.as_ref().map(|p| p.seen.clone())));
    let href = Derived::new(move || seen.with(|seen| seen.as_ref().map(|seen| address(seen, &live))));
    let severity = Derived::new(move || problem.with(|p| p.as_ref().map(|p| p.severity)));
    let spare = Derived::new(move || {
        let place = list.with(place);
        let severity = severity.get().unwrap_or(Severity::Critical);
        !all.get() && place.is_some_and(|place| is_spare(place, severity))
    });
    let open = RwSignal::new(false);
    let words = text(|p| better_first(format!("{}{}", p.words, p.others)));
    let since = Derived::new(move || problem.with(|p| p.as_ref().map(|p| p.since).unwrap_or_default()));
    // It stands still while the server is away: whether the problem still stands is not known then.
    let now = live.last_utc();
    let age = Derived::new(move || format::duration((now.get().0 - since.get().0).max(0) as f32 / 1e6));
    let effects = Derived::new(move || problem.with(|p| p.as_ref().map(|p| p.effects.clone()).unwrap_or_default()));
    view! {
        <li class="problem" hidden=spare data-open=move || open.get().to_string()>
            <p class="problem-line">
                {move || severity.get().map(|severity| view! { <SeverityMark severity /> })}
                <a class="problem-words" href=href title=words>{words}</a>
                <span class="problem-age note">{age}</span>
                <button
                    type="button"
                    class="problem-unfold"
                    aria-label=move || format!("More about: {}", words.get())
                    aria-expanded=move || open.get().to_string()
                    aria-controls=details.clone()
                    on:click=move |_| open.update(|open| *open = !*open)
                >
                    <Icon glyph=Glyph::Down />
                </button>
            </p>
            <div id=details class="problem-details note" hidden=move || !open.get()>
                <ul class="problem-effects" aria-label="What follows from it" hidden=move || effects.with(Vec::is_empty)>
                    {move || effects.get().into_iter().map(|words| view! { <li>{words}</li> }).collect_view()}
                </ul>
                <p>
                    {text(|p| format!("{}, since ", sentence(p.severity.word())))}
                    <LocalTime utc=since />
                    " (" {age} "). "
                    {text(|p| if p.signal_lost { "Signal lost: it cannot be known whether it is over. ".to_owned() } else { String::new() })}
                    {text(|p| format!("{}.", sentence(p.advice)))}
                </p>
            </div>
        </li>
    }
}

/// What a line says first is what stays where it has no room for its end: that a value is better now.
fn better_first(words: String) -> String {
    match words.split_once(" (at its worst; better now)") {
        Some((worst, others)) => format!("Better now, was: {worst}{others}"),
        None => words,
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
    let health = live.map(move |snapshot| snapshot.site.systems.get(place).copied());
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
            <span><a href=href>{name}</a>{words}</span>
        </p>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn that_a_value_is_better_now_is_said_before_what_may_be_cut() {
        for (words, told) in [
            ("Grid meter is silent", "Grid meter is silent"),
            ("97 % in use (at its worst; better now), and 2 more", "Better now, was: 97 % in use, and 2 more"),
        ] {
            assert_eq!(better_first(words.to_owned()), told);
        }
    }

    #[test]
    fn all_critical_problems_are_listed_whatever_their_number() {
        use Severity::{Critical, Warning};
        let of = |critical: usize, warnings: usize| {
            more([vec![Critical; critical], vec![Warning; warnings]].concat().into_iter())
        };
        for (critical, warnings, hidden) in [(0, 0, 0), (0, 6, 0), (0, 9, 3), (5, 6, 5), (6, 6, 6), (8, 3, 3)] {
            assert_eq!(of(critical, warnings), hidden, "{critical} critical and {warnings} warnings");
        }
    }
}
