//! The status strip: which system this is, whether anything is wrong, how fresh it is.

use crate::address::Navigation;
use crate::alive::Later;
use crate::components::{Chip, LocalTime, SeverityMark, ThemeSwitch, Tone};
use crate::derived::Derived;
use crate::format;
use crate::live::{Connection, Live};
use crate::problem::{broken_rules, count_words, verdict};
use domain::alarm::Severity;
use domain::link::LinkState;
use domain::spec::{SiteSpec, SystemSpec};
use domain::twin::Moment;
use leptos::prelude::*;

/// The strip at the top of every page.
#[component]
pub(super) fn Strip() -> impl IntoView {
    let live = Live::expect();
    let system = live.system();
    view! {
        <header class="strip">
            <SystemName />
            <span class="strip-space"></span>
            {system.simulated.then(|| view! { <span class="simulation">"SIMULATION"</span> })}
            <Later><WorstAlarm /></Later>
            <Later><StorageHealth /></Later>
            <Later><LinkHealth /></Later>
            <Later><PageLink /></Later>
            <span class="chip strip-clock" title="Time of the newest frame, here">
                <LocalTime utc=live.map(|moment| moment.now.utc) />
            </span>
            <ThemeSwitch />
        </header>
    }
    .into_any()
}

/// Site and system; where the site has several systems, the way to the others.
#[component]
fn SystemName() -> impl IntoView {
    let live = Live::expect();
    let navigation = Navigation::expect();
    let (site, system, place) = (live.site(), live.system(), live.place());
    let others = (site.systems.len() > 1).then(|| {
        let link = |(i, other): (usize, &SystemSpec)| {
            let current = (i == place).then_some("page");
            let href = format!("/?system={}", other.id);
            view! {
                <a href=move || navigation.carrying(&href) rel="external" aria-current=current>
                    {other.name.clone()}
                </a>
            }
        };
        let links = site.systems.iter().enumerate().map(link).collect_view();
        view! {
            <nav class="system-switch" aria-label="Systems">
                {links}
            </nav>
        }
    });
    let facts = facts(&system);
    let name = if others.is_some() { site.name.clone() } else { format!("{} \u{b7} {}", site.name, system.name) };
    view! {
        <p class="system-name">{name}</p>
        {others}
        <p class="system-facts note">{facts}</p>
    }
}

/// What kind of system this is: `260 cells, 13 modules, 233 kWh`.
fn facts(system: &SystemSpec) -> String {
    let energy = format::kilowatts_whole(system.energy_wh()).number;
    match system.topology.cells() {
        0 => format!("{energy}{}kWh", format::THIN),
        cells => {
            let (cells, modules) = (format::count(cells as u64), system.topology.modules());
            format!("{cells} cells, {modules} modules, {energy}{}kWh", format::THIN)
        }
    }
}

#[component]
fn WorstAlarm() -> impl IntoView {
    let live = Live::expect();
    let system = live.system();
    let verdict = live.map(move |moment| verdict(moment, &system));
    let worst = live.map(|moment| (moment.alarms.iter().map(|a| a.severity()).max(), broken_rules(moment).len()));
    let href = format!("{}#problems", live.href("/"));
    let words = Derived::new(move || match worst.get() {
        // No alarm is good news only while the cells report.
        (None, problems) => verdict.with(|v| if v.well { count_words(problems) } else { v.words.clone() }),
        (Some(severity), problems) => format!("{}, {}", count_words(problems), severity.word()),
    });
    let tone = move || match worst.get().0 {
        None if verdict.with(|v| v.well) => Tone::Neutral,
        None => Tone::Warning,
        Some(Severity::Notice) => Tone::Notice,
        Some(Severity::Warning) => Tone::Warning,
        Some(Severity::Critical) => Tone::Critical,
    };
    view! {
        <a class="chip strip-alarm" href=href data-tone=move || tone().name()>
            {move || worst.get().0.map(|severity| view! { <SeverityMark severity /> })}
            <span class="strip-words">{words}</span>
        </a>
    }
}

/// What is wrong with the disk or the files of history: the worst of it, all of it on asking. Nothing while all is well.
#[component]
fn StorageHealth() -> impl IntoView {
    let live = Live::expect();
    let troubles = live.map(|moment| moment.site.storage.clone());
    let worst = Derived::new(move || troubles.with(|all| all.first().map(|trouble| trouble.kind)));
    let title = move || troubles.with(|all| all.iter().map(|t| t.words.as_str()).collect::<Vec<_>>().join("\n"));
    let words = move || worst.get().map_or("", |kind| kind.title());
    let tone = move || worst.get().map_or("neutral", |kind| kind.severity().word());
    view! {
        <span class="chip strip-storage" role="status" data-tone=tone title=title hidden=move || worst.get().is_none()>
            {words}
        </span>
    }
}

/// How many links deliver, and how old the oldest of their readings is.
#[component]
fn LinkHealth() -> impl IntoView {
    let live = Live::expect();
    let site = live.site();
    let health = live.map(move |moment| LinksAtOnce::of(&site, moment));
    let tone = Derived::new(move || match health.get() {
        LinksAtOnce { known: false, .. } => Tone::Neutral,
        health if health.all_up() => Tone::Good,
        _ => Tone::Warning,
    });
    let words = Derived::new(move || {
        let health = health.get();
        if !health.known {
            return "Links not known".to_owned();
        }
        let age = health.age_s.map_or_else(String::new, |age_s| format!(", {}", format::age(age_s)));
        format!("{} of {} links{age}", health.up, health.all)
    });
    view! {
        <a class="strip-links" href=live.href("/links")>
            <Chip tone dot=true>
                {words}
            </Chip>
        </a>
    }
}

/// The site's links in one line.
#[derive(Clone, Copy, Debug, PartialEq)]
struct LinksAtOnce {
    up: usize,
    all: usize,
    /// Whether the moment says anything of links: one of the past may not.
    known: bool,
    /// Age of the oldest last reading, s.
    age_s: Option<f32>,
}

impl LinksAtOnce {
    fn of(site: &SiteSpec, moment: &Moment) -> LinksAtOnce {
        let now = moment.now.mono;
        let delivers = |(spec, status): &(&domain::link::LinkSpec, &domain::link::LinkStatus)| {
            status.state == LinkState::Up && status.age_s(now).is_some_and(|age| age <= spec.silent_after.as_secs_f32())
        };
        LinksAtOnce {
            up: site.links.iter().zip(&moment.links).filter(delivers).count(),
            all: site.links.len(),
            known: site.links.is_empty() || !moment.links.is_empty(),
            age_s: moment.links.iter().filter_map(|status| status.age_s(now)).reduce(f32::max),
        }
    }

    fn all_up(self) -> bool {
        self.up == self.all
    }
}

/// The page's own link to the server. Apart from the age of the sources: this one says whether the page can know.
#[component]
fn PageLink() -> impl IntoView {
    let live = Live::expect();
    let tone = Derived::new(move || match live.connection.get() {
        Connection::Live | Connection::Connecting if live.past.get() => Tone::Warning,
        Connection::Connecting => Tone::Neutral,
        Connection::Live => Tone::Good,
        Connection::Reconnecting { .. } => Tone::Critical,
    });
    let lost = move || matches!(live.connection.get(), Connection::Reconnecting { .. });
    let words = Derived::new(move || match live.connection.get() {
        Connection::Live | Connection::Connecting if live.past.get() => "The past".to_owned(),
        Connection::Connecting => "Connecting".to_owned(),
        Connection::Live => "Live".to_owned(),
        Connection::Reconnecting { .. } => format!("No server, {}", format::age(live.page_age_s.get())),
    });
    view! {
        <span class="strip-live" role="status" data-lost=move || lost().to_string()>
            <Chip tone dot=true>
                <span class="strip-words">{words}</span>
            </Chip>
        </span>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::link::{LinkSpec, LinkStatus};
    use domain::spec::SystemIdx;
    use domain::time::Mono;
    use std::time::Duration;

    #[test]
    fn a_link_that_is_up_but_too_old_does_not_count() {
        let link = LinkSpec {
            id: "bms".into(),
            name: "Controller".into(),
            protocol: "CAN".into(),
            device: String::new(),
            address: "127.0.0.1:20000".into(),
            system: SystemIdx(0),
            silent_after: Duration::from_secs(1),
        };
        let site = SiteSpec { links: vec![link.clone(), link], ..SiteSpec::default() };
        let status = |at_us| LinkStatus { state: LinkState::Up, last_at: Some(Mono(at_us)), ..LinkStatus::default() };
        let mut moment = Moment { links: vec![status(9_800_000), status(8_000_000)], ..Moment::default() };
        moment.now.mono = Mono(10_000_000);
        assert_eq!(LinksAtOnce::of(&site, &moment), LinksAtOnce { up: 1, all: 2, known: true, age_s: Some(2.0) });
    }
}
