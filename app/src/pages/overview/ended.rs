//! What stands and is no problem now, because somebody shelved it; and what ended in the last 24 hours before the instant
//! on the page: asked for when the page is hydrated, again when an alarm begins or ends, and when the page goes to another
//! instant.

use crate::components::{LocalTime, SeverityMark};
use crate::derived::Derived;
use crate::fetch::{self, FetchError, SingleFlight};
use crate::format::{self, THIN};
use crate::live::{Live, address_of};
use crate::problem::shelved;
use crate::{address::Address, whose};
use ::api::history::{EventMark, HistoryResponse};
use domain::alarm::Severity;
use domain::point::PointId;
use domain::time::Utc;
use leptos::prelude::*;
use std::time::Duration;

crate::lazy_page!(CHUNK, ended, Ended);

/// How far back it looks, µs.
const DAY_US: i64 = 24 * 3_600 * 1_000_000;
/// So many are listed.
const LISTED: usize = 20;
/// What is asked is asked again after this: what ended this moment reaches the history within two seconds.
const WRITTEN: Duration = Duration::from_secs(3);
/// Time that goes on further than this at once is a jump, µs.
const JUMP_US: i64 = 60 * 1_000_000;
/// Time that goes back further than this is a jump, µs.
const AHEAD_US: i64 = 1_000_000;

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
    /// What began and ended in the day; and when the record begins, if that is within the time asked about.
    Seen(Vec<EventMark>, Option<Utc>),
    Failed(FetchError),
}

/// What is shown.
#[derive(Clone, Debug, PartialEq)]
enum List {
    Under,
    Unknown(FetchError),
    /// Nothing is over; and when the record begins, if that is within the day.
    Nothing(Option<Utc>),
    Over(Vec<Over>),
}

impl List {
    /// What is shown at `now`. That nothing ended holds only while the server can say so: `outdated` is whether it is away.
    fn of(look: &Look, now: Utc, outdated: bool) -> List {
        let (events, begin) = match look {
            Look::Under => return List::Under,
            Look::Failed(why) => return List::Unknown(why.clone()),
            Look::Seen(events, begin) => (events, *begin),
        };
        match over(events, now) {
            over if !over.is_empty() => List::Over(over),
            _ if outdated => List::Unknown(FetchError::NoServer),
            _ => List::Nothing(begin),
        }
    }
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
    let again = StoredValue::new(None::<TimeoutHandle>);
    let stop = move || _ = again.try_update_value(Option::take).flatten().map(|again| again.clear());
    on_cleanup(stop);
    let ask_twice = move || {
        flight.ask(move || ask(live, look));
        stop();
        let later = set_timeout_with_handle(move || flight.ask(move || ask(live, look)), WRITTEN);
        again.set_value(later.ok());
    };
    Effect::new(move |_| {
        active.track();
        quarter.track();
        untrack(ask_twice);
    });
    Effect::new(move |before: Option<Utc>| {
        let now = live.snapshot.with(|snapshot| snapshot.now.utc);
        if before.is_some_and(|before| jumped(before, now)) {
            untrack(ask_twice);
        }
        now
    });
    // What ended while the server was away is not told by a change of what is active.
    live.on_return(ask_twice);
    let outdated = live.outdated();
    let list = Derived::new(move || {
        let now = live.snapshot.with(|snapshot| snapshot.now.utc);
        look.with(|look| List::of(look, now, outdated.get()))
    });
    let list = move || match list.get() {
        List::Under => view! { <p class="note">"Asking what ended in the last 24 hours"</p> }.into_any(),
        List::Unknown(why) => {
            view! { <p class="note">{format!("What ended in the last 24 hours is not known. {why}.")}</p> }.into_any()
        }
        List::Nothing(None) => view! { <p class="note">"Nothing ended in the last 24 hours"</p> }.into_any(),
        List::Nothing(Some(begin)) => {
            view! { <p class="note">"Nothing ended. Recorded since " <LocalTime utc=begin /></p> }.into_any()
        }
        List::Over(over) => {
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
    let aside = live.map(shelved);
    let alarms = Address::parse(&live.href("/alarms")).with("state", Some("shelved"));
    view! {
        <p class="note" hidden=move || aside.get() == 0>
            <a href=alarms>{move || format!("{} shelved", aside.get())}</a>
        </p>
        {list}
    }
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
        Ok(stretch) => Look::Seen(stretch.events.clone(), begins(stretch.whole, to)),
        Err(why) => Look::Failed(why.clone()),
    });
    answer.map(drop)
}

/// When the record begins, if that is within the day before `to`. What is not recorded at all begins now.
fn begins(whole: Option<(Utc, Utc)>, to: Utc) -> Option<Utc> {
    let begin = whole.map_or(to, |(begin, _)| begin);
    (begin.0 > to.0 - DAY_US).then_some(begin)
}

/// Whether the page went to another instant: time went back, or further on than it goes by itself. The page's own clock,
/// which runs while no frame comes, may be a little ahead of the next one.
fn jumped(before: Utc, now: Utc) -> bool {
    before.0 - now.0 > AHEAD_US || now.0 - before.0 > JUMP_US
}

/// What ended among `events` in the day before `now`, newest first; what ended several times is one.
fn over(events: &[EventMark], now: Utc) -> Vec<Over> {
    // What ended with this very snapshot lies within, too.
    let day = now.0 - DAY_US..=now.0 + AHEAD_US;
    let mut over: Vec<Over> = Vec::new();
    for event in events.iter().rev().filter(|event| !event.began && day.contains(&event.at.0)) {
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
        let at = |s: i64| -> Vec<_> {
            let over = over(&events, Utc(s * 1_000_000));
            over.into_iter().map(|o| (o.words, o.at.0 / 1_000_000, o.times)).collect()
        };
        let cell = |mv: u32, s, times| (format!("Cell 7.12 at {mv} mV, limit 2850 mV"), s, times);
        let meter = || ("Grid meter is silent".to_owned(), 3, 1);
        assert_eq!(at(10), [cell(2905, 5, 2), meter()]);
        // What ended later than the instant shown had not ended then.
        assert_eq!(at(3), [meter(), cell(2901, 2, 1)]);
        assert_eq!(at(0), []);
        assert_eq!(at(86_404), [cell(2905, 5, 1)], "of the day before, no more");
    }

    #[test]
    fn that_nothing_ended_is_not_known_without_the_server_and_what_ended_stays_so() {
        let end =
            EventMark { at: Utc(5), began: false, severity: Severity::Warning, words: "Grid meter is silent".into() };
        let seen = |events: &[EventMark]| Look::Seen(events.to_vec(), Some(Utc(1)));
        let now = Utc(10);
        assert_eq!(List::of(&seen(&[]), now, false), List::Nothing(Some(Utc(1))));
        assert_eq!(List::of(&seen(&[]), now, true), List::Unknown(FetchError::NoServer));
        for outdated in [false, true] {
            assert!(
                matches!(List::of(&seen(std::slice::from_ref(&end)), now, outdated), List::Over(over) if over.len() == 1)
            );
        }
        assert_eq!(List::of(&Look::Under, now, true), List::Under);
    }

    #[test]
    fn another_instant_is_told_from_time_that_goes_on() {
        for (before_s, now_s, jump) in
            [(10, 10, false), (10, 11, false), (10, 44, false), (10, 9, false), (10, 8, true), (10, 71, true)]
        {
            assert_eq!(jumped(Utc(before_s * 1_000_000), Utc(now_s * 1_000_000)), jump, "{before_s} to {now_s}");
        }
    }
}
