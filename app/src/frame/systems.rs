//! Site and system; where the site has several systems, the way to the others, each with its worst alarm. The button of
//! the switch has the mark of the system that is shown, and apart from it the worst mark of the others.

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
    let here = live.place();
    let own = live.map(move |snapshot| snapshot.site.systems.get(here).copied());
    let others = live.map(move |snapshot| worst_of_others(&snapshot.site.systems, here));
    let links = (0..site.systems.len()).map(|place| view! { <Way place /> }).collect_view();
    view! {
        <p class="system-name">{site.name.clone()}</p>
        <button type="button" class="system-choice" popovertarget="systems">
            <span class="system-choice-name">{system.name.clone()}</span>
            <span class="system-own"><HealthMark health=own /></span>
            <span class="system-others" hidden=move || !is_wrong(others.get())>
                <span class="system-others-word">"other"</span>
                <HealthMark health=others />
            </span>
            <span class="visually-hidden">"choose a system"</span>
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
    let health = live.map(move |snapshot| snapshot.site.systems.get(place).copied());
    view! {
        <a href=href aria-current=current>
            {name} <HealthMark health />
        </a>
    }
    .into_any()
}

/// The fields of an address that mean the same for every system: a time, a scale, a colour; not cells and points.
const SHARED: [&str; 11] =
    ["last", "from", "to", "against", "map", "hours", "range", "exact", "by", "scale", "palette"];

/// The address of the page at `here`, but of another system, with what was chosen on it.
fn beside(here: &Address, place: usize, site: &SiteSpec) -> String {
    let shown = site.systems.get(place).is_some_and(|system| crate::whose::has(here.path(), system));
    if !shown {
        return crate::whose::href("/", place, site);
    }
    let there = crate::whose::href(here.path(), place, site);
    SHARED.iter().fold(there, |there, name| match here.field(name) {
        Some(value) => Address::parse(&there).with(name, Some(&value)),
        None => there,
    })
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

/// The worst state of a system beside that at `here`; `None` without another.
fn worst_of_others(systems: &[Health], here: usize) -> Option<Health> {
    let others = systems.iter().enumerate().filter(|(place, _)| *place != here);
    others.map(|(_, health)| *health).max_by_key(|health| rank(*health))
}

/// Whether there is anything to say of a system.
fn is_wrong(health: Option<Health>) -> bool {
    matches!(health, Some(Health::Alarm(_) | Health::Unknown))
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
            let (cells, modules) =
                (format::counted(cells, "cell"), format::counted(system.topology.modules(), "module"));
            format!("{cells}, {modules}, {energy}{}kWh", format::THIN)
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
    fn the_button_tells_this_system_from_the_others() {
        use Health::{Alarm, NoAlarm, Unknown};
        let (critical, warning) = (Alarm(Severity::Critical), Alarm(Severity::Warning));
        for (systems, here, others, shown) in [
            (vec![NoAlarm, critical], 0, Some(critical), true),
            (vec![NoAlarm, critical], 1, Some(NoAlarm), false),
            (vec![warning, Unknown, critical], 2, Some(warning), true),
            (vec![NoAlarm, Unknown], 0, Some(Unknown), true),
            (vec![critical], 0, None, false),
        ] {
            assert_eq!(worst_of_others(&systems, here), others);
            assert_eq!(is_wrong(others), shown);
        }
    }

    #[test]
    fn the_switch_stays_on_the_page_if_the_other_system_has_it() {
        let house = SystemSpec { id: "home".into(), kind: SystemKind::Home, topology: Topology::NONE, ..spec() };
        let site = SiteSpec { systems: vec![spec(), house], ..SiteSpec::default() };
        for (here, place, there) in [
            ("/trends?last=600&points=load_power", 1, "/trends?system=home&last=600"),
            ("/cells?cell=7.12", 1, "/?system=home"),
            ("/home", 0, "/"),
            ("/", 1, "/?system=home"),
        ] {
            assert_eq!(beside(&Address::parse(here), place, &site), there, "{here}");
        }
    }
}
