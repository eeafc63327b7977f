//! What ended in the last 24 hours: asked for when the page is hydrated, and again when an alarm begins or ends.

use crate::components::{LocalTime, SeverityMark};
use crate::fetch::{self, FetchError, SingleFlight};
use crate::format::{self, THIN};
use crate::live::{Live, address_of};
use crate::{address::Address, whose};
use ::api::history::{EventMark, HistoryResponse};
use domain::alarm::Severity;
use domain::point::PointId;
use domain::time::Utc;
use leptos::prelude::*;

crate::lazy_page!(CHUNK, ended, Ended);

/// How far back it looks, µs.
const DAY_US: i64 = 24 * 3_600 * 1_000_000;
/// So many are listed.
const LISTED: usize = 20;

/// An alarm that is over.
#[derive(Clone, Debug, PartialEq)]
struct Over {
    severity: Severity,
    words: String,
    /// When it ended last.
    at: Utc,
    /// How often it ended in the day.
    times: usize,
}

/// How the asking goes.
#[derive(Clone, PartialEq)]
enum Look {
    Under,
    /// What is over; and when the record begins, if that is within the time asked about.
    Seen(Vec<Over>, Option<Utc>),
    Failed(FetchError),
}

/// The list.
#[component]
pub fn Ended() -> impl IntoView {
    let live = Live::expect();
    let look = RwSignal::new(Look::Under);
    let flight = SingleFlight::default();
    let active = live.map(|snapshot| {
        snapshot.alarms.iter().map(|alarm| (alarm.rule.0, alarm.subject, alarm.since)).collect::<Vec<_>>()
    });
    // Of the past, what had ended by then: asked again each quarter of an hour of it.
    let quarter = live.map(|snapshot| snapshot.now.utc.0.div_euclid(900 * 1_000_000));
    Effect::new(move |_| {
        active.track();
        quarter.track();
        flight.ask(move || ask(live, look));
    });
    // What ended while the server was away is not told by a change of what is active.
    live.on_return(move || flight.ask(move || ask(live, look)));
    let list = move || match look.get() {
        Look::Under => view! { <p class="note">"Asking what ended in the last 24 hours"</p> }.into_any(),
        Look::Failed(why) => {
            view! { <p class="note">{format!("What ended in the last 24 hours is not known. {why}.")}</p> }.into_any()
        }
        Look::Seen(over, None) if over.is_empty() => {
            view! { <p class="note">"Nothing ended in the last 24 hours"</p> }.into_any()
        }
        Look::Seen(over, Some(begin)) if over.is_empty() => {
            view! { <p class="note">"Nothing ended. Recorded since " <LocalTime utc=begin /></p> }.into_any()
        }
        Look::Seen(over, _) => {
            let more = over.len().saturating_sub(LISTED);
            let rows = over.into_iter().take(LISTED).map(|over| row(over, &live)).collect_view();
            view! {
                <h3>"Ended in the last 24 hours"</h3>
                <ul>{rows}</ul>
                {(more > 0).then(|| view! { <p class="note">{format!("and {more} more")}</p> })}
            }
            .into_any()
        }
    };
    view! { {list} }
}

/// One that is over; it leads to the instant at which it ended.
fn row(over: Over, live: &Live) -> impl IntoView + use<> {
    let there = Address::parse(&whose::href("/", live.place(), &live.site()));
    let times = match over.times {
        1 => String::new(),
        n => format!(", {n}{THIN}times"),
    };
    view! {
        <li class="problem-over">
            <SeverityMark severity=over.severity />
            <div>
                <a href=address_of(&there, Some(over.at))>{over.words}</a>
                <p class="note">
                    {format!("{}, ended ", format::sentence(over.severity.word()))} <LocalTime utc=over.at /> {times}
                </p>
            </div>
        </li>
    }
}

async fn ask(live: Live, look: RwSignal<Look>) -> Result<(), FetchError> {
    let to = live.snapshot.get_untracked().now.utc;
    // What ended with this very snapshot lies within, too.
    let (from_ms, to_ms) = ((to.0 - DAY_US).div_euclid(1_000), to.0.div_euclid(1_000) + 1_000);
    // The events come with the answer to any question about the stretch; of the curve only a few points.
    let point = PointId::Soc.spec().path;
    let path = format!("/api/v1/history?system={}&points={point}&from={from_ms}&to={to_ms}&width=16", live.system().id);
    let answer = fetch::get::<HistoryResponse>(path).await;
    look.try_set(match &answer {
        Ok(stretch) => Look::Seen(over(&stretch.events), begins(stretch.whole, to)),
        Err(why) => Look::Failed(why.clone()),
    });
    answer.map(drop)
}

/// When the record begins, if that is within the day before `to`. What is not recorded at all begins now.
fn begins(whole: Option<(Utc, Utc)>, to: Utc) -> Option<Utc> {
    let begin = whole.map_or(to, |(begin, _)| begin);
    (begin.0 > to.0 - DAY_US).then_some(begin)
}

/// What ended among `events`, newest first; what ended several times is one.
fn over(events: &[EventMark]) -> Vec<Over> {
    let mut over: Vec<Over> = Vec::new();
    for event in events.iter().rev().filter(|event| !event.began) {
        match over.iter_mut().find(|seen| seen.severity == event.severity && same(&seen.words, &event.words)) {
            Some(seen) => seen.times += 1,
            None => over.push(Over { severity: event.severity, words: event.words.clone(), at: event.at, times: 1 }),
        }
    }
    over
}

/// Whether both are about the same thing: the words up to the value.
fn same(a: &str, b: &str) -> bool {
    let subject = |words: &str| words.split(" at ").next().map(str::to_owned);
    subject(a) == subject(b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_less_than_a_day_says_when_it_begins() {
        let to = Utc(10 * DAY_US);
        let before = |us: i64| Utc(to.0 - us);
        for (whole, begin) in [
            (Some((before(9 * DAY_US), to)), None),
            (Some((before(DAY_US), to)), None),
            (Some((before(DAY_US / 2), to)), Some(before(DAY_US / 2))),
            (None, Some(to)),
        ] {
            assert_eq!(begins(whole, to), begin, "{whole:?}");
        }
    }

    #[test]
    fn what_ended_several_times_is_told_once_newest_first() {
        let event = |s: i64, began, severity, words: &str| EventMark {
            at: Utc(s * 1_000_000),
            began,
            severity,
            words: words.to_owned(),
        };
        let events = [
            event(1, true, Severity::Critical, "Cell 7.12 at 2840 mV, limit 2850 mV"),
            event(2, false, Severity::Critical, "Cell 7.12 at 2901 mV, limit 2850 mV"),
            event(3, false, Severity::Warning, "Grid meter is silent"),
            event(4, true, Severity::Critical, "Cell 7.12 at 2830 mV, limit 2850 mV"),
            event(5, false, Severity::Critical, "Cell 7.12 at 2905 mV, limit 2850 mV"),
            event(6, true, Severity::Warning, "Bus sags by 6.1 %, limit 5 %"),
        ];
        let over: Vec<_> = over(&events).into_iter().map(|o| (o.words, o.at.0 / 1_000_000, o.times)).collect();
        assert_eq!(
            over,
            [("Cell 7.12 at 2905 mV, limit 2850 mV".to_owned(), 5, 2), ("Grid meter is silent".to_owned(), 3, 1),]
        );
    }
}
