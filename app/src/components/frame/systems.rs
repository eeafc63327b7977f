//! Site and system; where the site has several systems, the way to the others, each with its worst alarm.

use crate::address::{Address, Navigation};
use crate::components::SeverityMark;
use crate::derived::Derived;
use crate::format;
use crate::icons::{Glyph, Icon};
use crate::live::Live;
use domain::alarm::Severity;
use domain::spec::{SiteSpec, SystemSpec};
use domain::twin::Health;
use leptos::prelude::*;

/// The name of the system, or the switch between those of the site. Where there is little room the switch is a list
/// that opens below its button.
#[component]
pub(super) fn Systems() -> impl IntoView {
    let live = Live::expect();
    let (site, system) = (live.site(), live.system());
    let facts = facts(&system);
    if site.systems.len() < 2 {
        return view! {
            <p class="system-name">{format!("{} \u{b7} {}", site.name, system.name)}</p>
            <p class="system-facts note">{facts}</p>
        }
        .into_any();
    }
    let worst = live.map(|moment| moment.site.systems.iter().copied().max_by_key(|health| rank(*health)));
    let links = (0..site.systems.len()).map(|place| view! { <Way place /> }).collect_view();
    view! {
        <p class="system-name">{site.name.clone()}</p>
        <button type="button" class="system-choice" popovertarget="systems" aria-label=format!("{}: choose a system", system.name)>
            <span class="system-choice-name">{system.name.clone()}</span>
            <HealthMark health=Derived::new(move || worst.get()) />
            <Icon glyph=Glyph::Down />
        </button>
        <nav id="systems" class="system-switch" popover="auto" aria-label="Systems">
            {links}
        </nav>
        <p class="system-facts note">{facts}</p>
    }
    .into_any()
}

/// The way to one system: this page of it, if it has one, else its overview.
#[component]
fn Way(place: usize) -> impl IntoView {
    let live = Live::expect();
    let navigation = Navigation::expect();
    let site = live.site();
    let name = site.systems.get(place).map_or_else(String::new, |system| system.name.clone());
    let current = (place == live.place()).then_some("page");
    let href = move || navigation.carrying(&beside(&navigation.at(), place, &site));
    let health = live.map(move |moment| moment.site.systems.get(place).copied());
    view! {
        <a href=href rel="external" aria-current=current>
            {name} <HealthMark health />
        </a>
    }
    .into_any()
}

/// The address of the page at `here`, but of another system.
fn beside(here: &Address, place: usize, site: &SiteSpec) -> String {
    let shown = site.systems.get(place).is_some_and(|system| crate::whose::has(here.path(), system));
    crate::whose::href(if shown { here.path() } else { "/" }, place, site)
}

/// Shape and word of a system's worst alarm; nothing where no alarm is active or where it is not known how it does.
#[component]
fn HealthMark(health: Derived<Option<Health>>) -> impl IntoView {
    let severity = move || match health.get() {
        Some(Health::Alarm(severity)) => Some(severity),
        _ => None,
    };
    let silent = move || health.get() == Some(Health::Unknown);
    view! {
        {move || severity().map(|severity| view! { <SeverityMark severity /> <span class="system-state" data-severity=severity.word()>{severity.word()}</span> })}
        {move || silent().then(|| view! { <Icon glyph=Glyph::Question /> <span class="system-state">"no data"</span> })}
    }
    .into_any()
}

/// Worse states are higher.
fn rank(health: Health) -> u8 {
    match health {
        Health::NoAlarm => 0,
        Health::Unknown => 1,
        Health::Alarm(Severity::Notice) => 2,
        Health::Alarm(Severity::Warning) => 3,
        Health::Alarm(Severity::Critical) => 4,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sample::spec;
    use domain::spec::SystemKind;
    use domain::topology::Topology;

    #[test]
    fn the_switch_stays_on_the_page_if_the_other_system_has_it() {
        let house = SystemSpec { id: "home".into(), kind: SystemKind::Home, topology: Topology::NONE, ..spec() };
        let site = SiteSpec { systems: vec![spec(), house], ..SiteSpec::default() };
        for (here, place, there) in [
            ("/trends?range=1h", 1, "/trends?system=home"),
            ("/cells?cell=7.12", 1, "/?system=home"),
            ("/home", 0, "/"),
            ("/", 1, "/?system=home"),
        ] {
            assert_eq!(beside(&Address::parse(here), place, &site), there, "{here}");
        }
    }
}
