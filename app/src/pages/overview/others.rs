//! The other systems of the site, live beside this one: what is wrong in each, how much is in it and which way its power
//! flows. Each is followed by a stream of its own, as long as the card is there.

use super::energy::IDLE_W;
use super::tiles::direction;
use crate::components::{Reading, SeverityMark};
use crate::fetch::FetchError;
use crate::format;
use crate::live::{Live, Start, as_received};
use crate::problem::{count_words, problems, verdict};
use crate::reading::Shown;
use crate::whose;
use domain::alarm::Severity;
use domain::point::PointId;
use domain::spec::{SiteSpec, SystemSpec};
use domain::twin::Snapshot;
use leptos::prelude::*;
use leptos::task::spawn_local;

crate::lazy_page!(CHUNK, others, Others);

/// How the asking for the first snapshot goes.
#[derive(Clone)]
enum Look {
    Under,
    Seen(Start),
    Failed(FetchError),
}

/// The systems. In playback there is nothing: their streams are of the present.
#[component]
pub fn Others() -> impl IntoView {
    let live = Live::expect();
    let (site, here) = (live.site(), live.place());
    let others = move || {
        let places = (0..site.systems.len()).filter(|place| *place != here);
        places.map(|place| view! { <Other place /> }).collect_view()
    };
    let list = move || match live.past.get() {
        true => view! { <p class="note">"Other systems are shown in the present only."</p> }.into_any(),
        false => view! { <ul>{others()}</ul> }.into_any(),
    };
    view! { {list} }
}

/// One of them, by its place in the site.
#[component]
fn Other(place: usize) -> impl IntoView {
    let live = Live::expect();
    let site = live.site();
    let name = site.systems.get(place).map_or_else(String::new, |system| system.name.clone());
    let href = whose::href("/", place, &site);
    let look = RwSignal::new(Look::Under);
    let ask = move || {
        if matches!(look.get_untracked(), Look::Seen(_)) {
            return;
        }
        let site = live.site();
        spawn_local(async move {
            let start = Start::ask(&site, place, None).await;
            look.try_set(start.map_or_else(Look::Failed, Look::Seen));
        });
    };
    ask();
    live.on_return(ask);
    let values = move || match look.get() {
        Look::Under => view! { <p class="note">"Asking for its values"</p> }.into_any(),
        Look::Failed(why) => view! { <p class="note">{format!("Its values are not known. {why}.")}</p> }.into_any(),
        Look::Seen(start) => view! { <Values start /> }.into_any(),
    };
    view! {
        <li>
            <h3><a href=href>{name}</a></h3>
            {values}
        </li>
    }
}

/// How it does: the worst severity, and how many problems there are with the worst of them; without any, what is known of
/// its battery.
fn standing(snapshot: &Snapshot, site: &SiteSpec, system: &SystemSpec) -> (Option<Severity>, String) {
    let problems = problems(snapshot, site, system);
    match problems.first() {
        Some(worst) => {
            let words = format!("{}: {}{}", count_words(problems.len()), worst.words, worst.others);
            (Some(worst.severity), words)
        }
        // Trouble with the storage is the site's, and told above.
        None if !snapshot.site.storage.is_empty() => (None, count_words(0)),
        None => (None, verdict(snapshot, site, system).words),
    }
}

/// How it does, what is in it, and which way power flows.
#[component]
fn Values(start: Start) -> impl IntoView {
    let live = Live::follow_beside(Live::expect().site(), start);
    let (site, system, lost) = (live.site(), live.system(), live.lost());
    // Without the server the page's own clock makes all of it stale: judged is what was known when it last came.
    let standing = live.map(move |snapshot| match lost.get() {
        true => standing(&as_received(snapshot, live.page_age_s.get()), &site, &system),
        false => standing(snapshot, &site, &system),
    });
    let mark = move || standing.with(|(severity, _)| severity.map(|severity| view! { <SeverityMark severity /> }));
    let state = move || match lost.get() {
        true => standing.with(|(_, words)| format!("Last known: {words}")),
        false => standing.with(|(_, words)| words.clone()),
    };
    let power = live.map(|snapshot| Shown::point_as(snapshot, PointId::Power, |w| format::kilowatts(w.abs())));
    let words = live.map(|snapshot| snapshot.point(PointId::Power).map_or("", |w| direction(w, IDLE_W)).to_owned());
    view! {
        <p class="note">{mark} " " {state}</p>
        <Reading label="State of charge" value=live.shown(PointId::Soc) />
        <Reading label="Battery power" value=power note=words />
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::{site, snapshot, spec};
    use domain::alarm::{Alarm, RULES, RuleIdx, Subject};
    use domain::link::LinkIdx;

    #[test]
    fn the_worst_problem_of_another_system_is_told_with_their_number() {
        let mut snapshot = snapshot();
        let of = |snapshot: &Snapshot| standing(snapshot, &site(), &spec());
        assert_eq!(of(&snapshot), (None, "260 cells healthy".to_owned()));
        let alarm = |id: &str, subject, value| {
            let rule = RuleIdx(RULES.iter().position(|rule| rule.id == id).unwrap() as u8);
            let since = snapshot.now.utc;
            Alarm {
                rule,
                subject,
                since,
                value,
                worst: value,
                signal_lost: false,
                chattering: false,
                standing: Default::default(),
            }
        };
        let alarms = vec![
            alarm("cell.voltage.low", Subject::Cell(131), 2.8),
            alarm("link.silent", Subject::Link(LinkIdx(1)), 9.0),
        ];
        snapshot.alarms = alarms;
        let words = "2 problems: Cell 7.12 at 2800 mV, limit 2850 mV";
        assert_eq!(of(&snapshot), (Some(Severity::Critical), words.to_owned()));
        snapshot.alarms.clear();
        snapshot.now = snapshot.now + std::time::Duration::from_secs(60);
        assert_eq!(of(&snapshot), (None, "No cell reports".to_owned()), "silence is not health");
        assert_eq!(of(&as_received(&snapshot, 60.0)), (None, "260 cells healthy".to_owned()), "as it was last known");
    }
}
