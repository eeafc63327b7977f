//! What holds for every page and must not be missed: the server is away, a page could not be opened, history is not kept.
//! It stands between the status bar and the page.

use crate::address::Navigation;
use crate::components::LocalTime;
use crate::derived::Derived;
use crate::fetch::NO_SERVER;
use crate::format;
use crate::live::{Live, instant};
use crate::pages;
use crate::playback::span;
use crate::source::DEMO;
use crate::whose;
use leptos::prelude::*;

/// The notices; nothing, mostly.
#[component]
pub(super) fn Notices() -> impl IntoView {
    let live = Live::expect();
    let navigation = Navigation::expect();
    let lost = live.lost();
    let unopened = Derived::new(move || navigation.unopened());
    let storage = live.map(|snapshot| snapshot.site.storage.clone());
    let last = live.last_utc();
    let day = move || span::day_unless_today(last.get().0 as f64 / 1e3);
    // The address asks for an instant that only the server has.
    let asked = Derived::new(move || instant(&navigation.at()).filter(|_| !live.past.get()));
    let for_s = move || format!(" for {}", format::duration(live.page_age_s.get()));
    let page = move || {
        let place = unopened.with(|at| at.as_ref().and_then(pages::place));
        place.map_or("The page", |place| pages::PAGES[place].name)
    };
    let (untold, outdated, site) = (untold(&live), live.outdated(), live.site());
    view! {
        {DEMO.then(|| view! {
            <p class="notice" data-tone="notice">
                <b>"Demo: a simulation in this browser."</b>
                " Nothing is sent, and nothing is kept."
            </p>
        })}
        <div role="alert">
            {move || lost.get().then(|| view! {
                <p class="notice" data-tone="critical">
                    <b>{NO_SERVER}<span aria-hidden="true">{for_s}</span>"."</b>
                    {move || asked.get().map(|at| {
                        let day = span::local_day(at.0 as f64 / 1e3);
                        view! {
                            <span>
                                "The past needs the server: "{day}" "<LocalTime utc=Derived::fixed(at) />
                                " is shown when it is back."
                            </span>
                        }
                    })}
                    {move || match live.past.get() {
                        true => view! {
                            <span>"This instant was loaded before. The rest of the past needs the server; it is tried again by itself."</span>
                        }
                        .into_any(),
                        false => view! {
                            <span>"Last values of "{day}" "<LocalTime utc=last />". They grow old; it is tried again by itself."</span>
                        }
                        .into_any(),
                    }}
                </p>
            })}
            {move || match untold.get() {
                (0, _) => None,
                (count, place) => {
                    let of = site.systems.get(place).filter(|_| place != live.place()).map(|system| &*system.name);
                    let alarms = whose::href("/alarms", place, &site);
                    // On that very page it leads nowhere.
                    let here = move || place == live.place() && navigation.at().path() == pages::alarms::PATH;
                    let button = view! { <a class="button" href=alarms hidden=here>"See alarms"</a> };
                    Some(notice("critical", untold_words(count, of, outdated.get()), button.into_any()))
                }
            }}
            {move || unopened.with(Option::is_some).then(|| {
                let words = format!("{} was not opened: {}.", page(), NO_SERVER.to_ascii_lowercase());
                let again = view! {
                    <button type="button" class="button" on:click=move |_| navigation.try_again()>"Try again"</button>
                };
                notice("warning", words, again.into_any())
            })}
            {move || storage.with(|why| {
                let words = || format!("History is not being kept: {why}.");
                (!why.is_empty()).then(|| notice("warning", words(), " Live values go on.".into_any()))
            })}
        </div>
    }
    .into_any()
}

/// One notice: what is so, and what stands after it.
fn notice(tone: &'static str, words: String, after: AnyView) -> AnyView {
    view! {
        <p class="notice" data-tone=tone>
            <b>{words}</b>
            {after}
        </p>
    }
    .into_any()
}

/// How many critical alarms of the site nobody has acknowledged or put aside, and the place of a system that has some: of
/// this one, if it does.
pub(crate) fn untold(live: &Live) -> Derived<(usize, usize)> {
    let own = live.place();
    live.map(move |snapshot| {
        let counts = &snapshot.site.unacknowledged;
        let has = |place: &usize| counts.get(*place).is_some_and(|count| *count > 0);
        let place = if has(&own) { own } else { (0..counts.len()).find(has).unwrap_or_default() };
        (counts.iter().map(|count| usize::from(*count)).sum(), place)
    })
}

/// How many critical alarms nobody has acknowledged, as a sentence. `of` is the system to look at first, if that is another
/// one than the page's; without the server, `outdated`, it is told as what was.
fn untold_words(count: usize, of: Option<&str>, outdated: bool) -> String {
    let (s, are) = match (count, outdated) {
        (1, false) => ("", "is"),
        (1, true) => ("", "was"),
        (_, false) => ("s", "are"),
        (_, true) => ("s", "were"),
    };
    let of = of.map_or_else(String::new, |of| format!(": see {of}"));
    let then = if outdated { " when the connection was lost" } else { "" };
    format!("{count} critical alarm{s} {are} not acknowledged{then}{of}.")
}

#[cfg(test)]
mod tests {
    use super::untold_words;

    #[test]
    fn what_is_not_acknowledged_is_told_as_what_was_without_the_server_and_names_another_system() {
        for (count, of, outdated, words) in [
            (1, None, false, "1 critical alarm is not acknowledged."),
            (2, Some("House"), false, "2 critical alarms are not acknowledged: see House."),
            (1, None, true, "1 critical alarm was not acknowledged when the connection was lost."),
            (2, None, true, "2 critical alarms were not acknowledged when the connection was lost."),
        ] {
            assert_eq!(untold_words(count, of, outdated), words);
        }
    }
}
