//! The status bar: which system this is, whether anything is wrong, how fresh it is.

use super::systems::Systems;
use crate::boot::own_person;
use crate::components::{Chip, DeferChunk, LocalTime, SeverityMark, ThemeSwitch, Tone};
use crate::derived::Derived;
use crate::fetch::NO_SERVER;
use crate::hydration::DeferHydration;
use crate::icons::{Glyph, Icon};
use crate::install;
use crate::live::{Connection, Live};
use crate::playback::span::local_day;
use crate::problem::{count_words, tally, verdict};
use crate::reading::LinksKnown;
use crate::source::DEMO;
use domain::alarm::Severity;
use domain::link::LinkState;
use domain::spec::SiteSpec;
use domain::twin::Snapshot;
use leptos::prelude::*;

/// The bar at the top of every page.
#[component]
pub(super) fn StatusBar() -> impl IntoView {
    let live = Live::expect();
    let system = live.system();
    view! {
        <header class="status-bar">
            <Systems />
            <span class="status-bar-space"></span>
            {system.simulated.then(|| view! { <span class="simulation">"SIM"<span>"ULATION"</span></span> })}
            <DeferHydration><WorstAlarm /></DeferHydration>
            <DeferHydration><LinkHealth /></DeferHydration>
            <DeferHydration><PageLink /></DeferHydration>
            <span class="chip status-bar-clock" title="Time of the newest frame, here">
                <LocalTime utc=live.last_utc() />
            </span>
            <DeferChunk chunk=&install::CHUNK class="install-offer" />
            <ThemeSwitch />
            <PersonLink />
        </header>
    }
    .into_any()
}

/// Who is signed in, and the way to their account; or to signing in. It stays as the document was made: whoever signs in
/// or out gets another one.
#[component]
fn PersonLink() -> impl IntoView {
    let name = own_person();
    // Signing in is a document of its own.
    let signs_in = name.is_none() && !DEMO;
    let href = if signs_in { "/sign-in".to_owned() } else { Live::expect().href("/settings") };
    let label = match &name {
        Some(name) => format!("{name}: account and settings"),
        None if signs_in => "Sign in".to_owned(),
        None => "Settings".to_owned(),
    };
    view! {
        <a class="icon-button person" href=href rel=signs_in.then_some("external") title=label.clone() aria-label=label>
            <Icon glyph=Glyph::Person />
            <span class="person-name" aria-hidden="true">{name}</span>
        </a>
    }
    .into_any()
}

/// How many problems the system has, and the worst; or that it is not known.
#[component]
fn WorstAlarm() -> impl IntoView {
    let live = Live::expect();
    let (site, system) = (live.site(), live.system());
    let href = format!("{}#problems", live.href("/"));
    let outdated = live.outdated();
    let worst = live.map({
        let (site, system) = (site.clone(), system.clone());
        move |snapshot| tally(snapshot, &site, &system)
    });
    let ok = live.map(move |snapshot| {
        let verdict = verdict(snapshot, &site, &system);
        (verdict.ok, verdict.words)
    });
    let words = Derived::new(move || match worst.get() {
        (_, _) if outdated.get() => "Problems not known".to_owned(),
        // No alarm is good news only while the battery reports.
        (problems, None) => ok.with(|(ok, words)| if *ok { count_words(problems) } else { words.clone() }),
        (problems, Some(severity)) => format!("{}, {}", count_words(problems), severity.word()),
    });
    let tone = move || match worst.get().1 {
        _ if outdated.get() => Tone::Warning,
        None if ok.with(|(ok, _)| *ok) => Tone::Neutral,
        None => Tone::Warning,
        Some(Severity::Notice) => Tone::Notice,
        Some(Severity::Warning) => Tone::Warning,
        Some(Severity::Critical) => Tone::Critical,
    };
    view! {
        <a class="chip status-bar-alarm" href=href data-tone=move || tone().name()>
            {move || worst.get().1.map(|severity| view! { <SeverityMark severity /> })}
            <span class="status-bar-words">{words}</span>
        </a>
    }
}

/// How many links deliver, or how many do not.
#[component]
fn LinkHealth() -> impl IntoView {
    let live = Live::expect();
    let site = live.site();
    let (health, known) = (live.map(move |snapshot| LinksAtOnce::of(&site, snapshot)), live.links_known());
    let tone = Derived::new(move || match (known.get(), health.get()) {
        (LinksKnown::Yes, health) if health.all_up() => Tone::Good,
        (LinksKnown::Yes, _) => Tone::Warning,
        _ => Tone::Neutral,
    });
    let words = Derived::new(move || match known.get() {
        LinksKnown::Yes => health.get().words(),
        _ => "Links not known".to_owned(),
    });
    view! {
        <a class="status-bar-links" href=live.href("/links")>
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
}

impl LinksAtOnce {
    fn of(site: &SiteSpec, snapshot: &Snapshot) -> LinksAtOnce {
        let now = snapshot.now.mono;
        let delivers = |(spec, status): &(&domain::link::LinkSpec, &domain::link::LinkStatus)| {
            status.state == LinkState::Up && status.age_s(now).is_some_and(|age| age <= spec.silent_after.as_secs_f32())
        };
        LinksAtOnce { up: site.links.iter().zip(&snapshot.links).filter(delivers).count(), all: site.links.len() }
    }

    fn all_up(self) -> bool {
        self.up == self.all
    }

    /// `5 of 5 links`, or `2 of 5 links silent`.
    fn words(self) -> String {
        let LinksAtOnce { up, all } = self;
        if self.all_up() { format!("{up} of {all} links") } else { format!("{} of {all} links silent", all - up) }
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
    let lost = live.lost();
    let words = Derived::new(move || match live.connection.get() {
        Connection::Reconnecting { .. } => NO_SERVER,
        Connection::Live | Connection::Connecting if live.past.get() => "The past",
        Connection::Connecting => "Connecting",
        Connection::Live => "Live",
    });
    // The day is the reader's: the browser alone knows it.
    let alive = crate::hydration::alive();
    let utc = live.map(|snapshot| snapshot.now.utc);
    let day = Derived::new(move || match alive.get() && live.past.get() && !lost.get() {
        true => format!(", {}", local_day(utc.get().0 as f64 / 1e3)),
        false => String::new(),
    });
    let dated = move || day.with(|day| !day.is_empty()).then(|| view! { <span class="status-bar-day">{day}</span> });
    view! {
        <span class="status-bar-live" role="status" data-lost=move || lost.get().to_string()>
            <Chip tone dot=true>
                <span class="status-bar-words">{words}{dated}</span>
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
            only_settings: false,
        };
        let site = SiteSpec { links: vec![link.clone(), link], ..SiteSpec::default() };
        let status = |at_us| LinkStatus { state: LinkState::Up, last_at: Some(Mono(at_us)), ..LinkStatus::default() };
        let mut snapshot = Snapshot { links: vec![status(9_800_000), status(8_000_000)], ..Snapshot::default() };
        snapshot.now.mono = Mono(10_000_000);
        assert_eq!(LinksAtOnce::of(&site, &snapshot), LinksAtOnce { up: 1, all: 2 });
        assert_eq!(LinksAtOnce::of(&site, &snapshot).words(), "1 of 2 links silent");
        assert_eq!(LinksAtOnce { up: 2, all: 2 }.words(), "2 of 2 links");
    }
}
