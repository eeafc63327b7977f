//! The page Analysis: questions about the past that are ready to be asked, and free SQL.
//!
//! Read [`query`] (asking and what came of it), [`question`] (a card), [`editor`] (SQL), then the parts of an answer:
//! [`answer`], [`bars`], [`curves`], [`table`], [`words`].

mod answer;
mod bars;
mod curves;
mod editor;
mod query;
mod question;
mod table;
mod words;

use crate::address::{Address, Leave, Navigation};
use crate::components::{AddressNote, EmptyState, PageStyle, Segmented};
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use crate::source::DEMO;
use editor::Editor;
use leptos::prelude::*;
use question::QuestionCard;

crate::lazy_page!(CHUNK, analysis, AnalysisPage);

/// How it looks. It is no part of the first load.
const STYLE: &str = include_str!("../../../style/pages/analysis.css");

/// The ready questions: id in the API, title, what a person should know.
const QUESTIONS: [(&str, &str, &str); 5] = [
    ("energy", "Total energy", "Through the battery; each reading counts until the next one"),
    ("hourly-current", "Current by hour of the day", "Mean by your local time; discharge is positive"),
    ("sags", "Sag velocity and the worst sags", "Sags of the pack voltage, deepest first"),
    ("headroom", "Use of the discharge limit", "Power drawn against the limit that the BMS gave"),
    ("cells", "Ranking of the cells", "How much of the time each was the lowest of all"),
];

/// How far back the questions look: hours, 0 for all.
const RANGES: [(u32, &str); 4] = [(24, "24 h"), (168, "7 days"), (720, "30 days"), (0, "All")];

/// What the questions are about.
#[derive(Clone, Copy, Debug, PartialEq)]
struct About {
    hours: u32,
    exact: bool,
}

impl About {
    /// What the address says; what cannot be chosen is as at first.
    fn of(address: &Address) -> About {
        let asked = address.field("range").and_then(|text| text.parse().ok());
        let hours = asked.filter(|asked| RANGES.iter().any(|(hours, _)| hours == asked)).unwrap_or(RANGES[0].0);
        About { hours, exact: address.field("exact").is_some_and(|text| text == "true") }
    }

    /// What is said of a range in the address that cannot be chosen.
    fn wrong(address: &Address) -> Option<String> {
        let asked = address.field("range")?;
        let known = asked.parse().is_ok_and(|asked: u32| RANGES.iter().any(|(hours, _)| *hours == asked));
        (!known).then(|| {
            let asked = if asked.is_empty() { String::new() } else { format!("a range of {asked} hours") };
            format::not_a_choice(&asked, &RANGES.map(|(_, words)| words), RANGES[0].1)
        })
    }

    /// The address that says this.
    fn address(self, here: &Address) -> String {
        let range = (self.hours != RANGES[0].0).then(|| self.hours.to_string());
        let there = Address::parse(&here.with("range", range.as_deref()));
        there.with("exact", self.exact.then_some("true"))
    }
}

/// The page Analysis.
#[component]
pub fn AnalysisPage() -> impl IntoView {
    if DEMO {
        return view! { <NoAnalysis /> }.into_any();
    }
    let navigation = Navigation::expect();
    let past = Live::expect().past;
    let about = Derived::new(move || About::of(&navigation.at()));
    let choose = move |change: &dyn Fn(&mut About)| {
        let here = navigation.here();
        let mut about = About::of(&here);
        change(&mut about);
        navigation.go(&about.address(&here), Leave::Step);
    };
    let sql = RwSignal::new(editor::FIRST.to_owned());
    let cards = QUESTIONS.map(|(id, title, note)| view! { <QuestionCard id title note about sql /> });
    view! {
        <PageStyle css=STYLE />
        <h1 class="visually-hidden">"Analysis"</h1>
        <AddressNote words=Derived::new(move || About::wrong(&navigation.at())) />
        <p class="note" role="status" hidden=move || !past.get()>
            "Analysis always looks back from the present, not from the instant of the past that the other pages show."
        </p>
        <div class="analysis-controls">
            <Segmented
                name="range"
                legend="How far back"
                options=RANGES.to_vec()
                value=Derived::new(move || about.get().hours)
                choose=move |chosen| choose(&|about| about.hours = chosen)
            />
            <label class="analysis-exact">
                <input
                    type="checkbox"
                    prop:checked=move || about.get().exact
                    on:change=move |event| {
                        let checked = event_target_checked(&event);
                        choose(&|about| about.exact = checked);
                    }
                />
                <span>"Exact: read every row (slower)"</span>
            </label>
        </div>
        <div class="grid analysis-questions">{cards.into_iter().collect_view()}</div>
        <Editor sql />
    }
    .into_any()
}

/// In the place of the page, where there is no server.
#[component]
fn NoAnalysis() -> impl IntoView {
    let advice = "Questions and SQL look into a history on a disk: install Packtwin to ask them. Trends and playback show \
                  what this page has seen.";
    view! {
        <h1 class="visually-hidden">"Analysis"</h1>
        <EmptyState title="Analysis needs a server" advice />
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_is_kept_in_the_address() {
        for (about, there) in [
            (About { hours: 24, exact: false }, "/analysis?system=racks"),
            (About { hours: 0, exact: false }, "/analysis?system=racks&range=0"),
            (About { hours: 720, exact: true }, "/analysis?system=racks&range=720&exact=true"),
        ] {
            let address = about.address(&Address::parse("/analysis?exact=true&system=racks&range=168"));
            assert_eq!((address.as_str(), About::of(&Address::parse(&address))), (there, about));
        }
        let wrong = Address::parse("/analysis?range=7");
        assert_eq!(About::of(&wrong).hours, 24);
        let words = "The address asks for a range of 7 hours. There are 24 h, 7 days, 30 days and all; 24 h is shown.";
        assert_eq!(About::wrong(&wrong).as_deref(), Some(words));
        for right in ["/analysis", "/analysis?range=0"] {
            assert_eq!(About::wrong(&Address::parse(right)), None, "{right}");
        }
    }
}
