//! What values and sources of a house mean, in words. Pure.

use crate::components::Tone;
use crate::format::{self, Figure, sentence};
use crate::reading::LinksKnown;
use domain::energy::{BatteryState, IDLE_A, IDLE_W};
use domain::limits::Limits;
use domain::link::{LinkSpec, LinkState, LinkStatus};
use domain::point::PointId;
use domain::reading::{NoData, Sample};
use domain::time::Mono;
use domain::twin::Snapshot;

/// Two states of charge closer than this agree, points.
pub(super) const ALIGNED_POINTS: f32 = 2.0;

/// A short judgement and its colour.
pub(super) type Judged = (&'static str, Tone);

/// Whether a voltage is as it should be.
pub(super) fn voltage(v: f32, limits: &Limits) -> Judged {
    if limits.normal_voltage_v.contains(v) { ("Normal", Tone::Good) } else { ("Check", Tone::Warning) }
}

/// Direction of a battery's current, discharge positive.
pub(super) fn current(a: f32) -> Judged {
    direction(a, IDLE_A)
}

/// Direction of a battery's power, discharge positive.
pub(super) fn power(w: f32) -> Judged {
    direction(w, IDLE_W)
}

fn direction(value: f32, idle: f32) -> Judged {
    let word = match BatteryState::of(value, idle) {
        BatteryState::Discharging => "Discharging",
        BatteryState::Charging => "Charging",
        BatteryState::Idle => "Idle",
    };
    (word, Tone::Neutral)
}

/// Whether a temperature is as it should be.
pub(super) fn temperature(c: f32, limits: &Limits) -> Judged {
    let optimal = limits.optimal_temperature_c;
    match c {
        c if c < optimal.low => ("Cold", Tone::Notice),
        c if c > optimal.high => ("Warm", Tone::Warning),
        _ => ("Optimal", Tone::Good),
    }
}

/// Direction of the grid's power, import positive.
pub(super) fn grid(w: f32) -> &'static str {
    match w {
        w if w >= IDLE_W => "importing",
        w if w <= -IDLE_W => "exporting",
        _ => "idle",
    }
}

/// A temperature in °F.
pub(super) fn fahrenheit(c: f32) -> Figure {
    Figure { number: format::fixed(c * 1.8 + 32.0, 1), unit: "°F" }
}

/// Why there is no value of a point, where it should stand. `never` is what it means that none ever came from a source
/// that was reached: a device that lacks it either does not send it or says each time that there is none. Whether it was
/// `reached` is not known of a past that was not kept.
pub(super) fn missing(
    snapshot: &Snapshot,
    point: PointId,
    why: NoData,
    never: &'static str,
    reached: Option<bool>,
) -> &'static str {
    match why {
        NoData::NotPresent if reached.is_none() => "Not recorded",
        NoData::NotPresent if reached == Some(false) => "Source not reached since the start",
        NoData::NotPresent => never,
        NoData::Error if snapshot.state.points.last_value(point).last().is_none() => never,
        NoData::Timeout => "No answer in time",
        NoData::Stale => "Stale",
        NoData::OutOfRange => "Out of range",
        NoData::Error => "Its device has no value",
    }
}

/// How a source does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SourceWords {
    /// When it last delivered: `2 s ago`, `has never answered`.
    pub(super) age: String,
    /// Whether it delivers.
    pub(super) healthy: bool,
    /// The same in a word or two.
    pub(super) state: &'static str,
    /// What is wrong and what to do; empty if nothing is.
    pub(super) advice: String,
}

/// What is said of a source of which it is not known what it does; `None` if it is known.
pub(super) fn unknown_source(
    spec: &LinkSpec,
    status: &LinkStatus,
    known: LinksKnown,
    now: Mono,
) -> Option<SourceWords> {
    let name = &spec.name;
    let (age, advice) = match known {
        LinksKnown::Yes => return None,
        LinksKnown::NoServer => (
            status.last_at.map_or_else(String::new, |at| format::ago(now.seconds_since(at))),
            format!("No connection to the server: what {name} does now is not known."),
        ),
        LinksKnown::NotKept => (String::new(), format!("What {name} did at this instant was not kept.")),
    };
    Some(SourceWords { age, healthy: false, state: "Not known", advice })
}

/// What is said of a source at `now`, of which `silent` says that what it should bring does not come.
pub(super) fn source(spec: &LinkSpec, status: &LinkStatus, silent: Option<&str>, now: Mono) -> SourceWords {
    let late = status.last_at.is_some_and(|at| now.since(at) > spec.silent_after);
    let delivers = status.state == LinkState::Up && !late;
    let healthy = delivers && silent.is_none();
    let age = match status.last_at {
        Some(at) => format::ago(now.seconds_since(at)),
        None => "has never answered".to_owned(),
    };
    let (name, address) = (&spec.name, &spec.address);
    let why = match status.state {
        _ if healthy => String::new(),
        _ if delivers => String::new(),
        _ if !status.reason.is_empty() => sentence(&format::quoted(&status.reason)),
        LinkState::Idle | LinkState::Connecting if spec.listens() => {
            format!("Listening on {address}; nothing has arrived")
        }
        LinkState::Idle | LinkState::Connecting => format!("Waiting for the first answer of {address}"),
        LinkState::Down => format!("{address} cannot be reached"),
        LinkState::WrongDevice => "Another device answers than the one expected".to_owned(),
        LinkState::Ended => "The recording has been played to its end".to_owned(),
        LinkState::Up | LinkState::Silent => format!("{name} has gone quiet"),
    };
    let advice = match status.state {
        _ if healthy => String::new(),
        _ if delivers => format!("{name} answers, but {}. Check what is connected to it.", silent.unwrap_or_default()),
        LinkState::Ended => why,
        _ => format!("{why}. Check power, network and address of {name}; it is tried again by itself."),
    };
    SourceWords { age, healthy, state: if healthy { "Healthy" } else { "Check connection" }, advice }
}

/// How far two states of charge are apart, and what that means.
pub(super) fn apart(victron: Sample, inverter: Sample) -> Result<(f32, Judged), NoData> {
    // As far apart as they are shown: rounded values that differ by 2.0 are not called aligned.
    let points = ((victron? - inverter?).abs() * 10.0).round() / 10.0;
    let judged =
        if points < ALIGNED_POINTS { ("Readings aligned", Tone::Good) } else { ("Check calibration", Tone::Notice) };
    Ok((points, judged))
}

/// The name of a battery's source that is a Victron GX.
pub(super) const VICTRON: &str = "Victron";

/// The name of the battery's own source, which says its charge and its current.
pub(super) fn shunt(link: Option<&LinkSpec>) -> String {
    if link.is_some_and(LinkSpec::is_victron) { VICTRON } else { "Battery" }.to_owned()
}

/// Why two states of charge, with their names, cannot be compared.
pub(super) fn not_compared(both: [(&str, Sample); 2]) -> String {
    match both {
        [(_, Err(_)), (_, Err(_))] => "No SOC is known now".to_owned(),
        [(name, Err(_)), _] | [_, (name, Err(_))] => format!("No SOC of {name} to compare with"),
        _ => String::new(),
    }
}

/// An inverter's short name, from that of its link: `Sol-Ark` of `Sol-Ark inverter`.
pub(super) fn inverter(link: Option<&str>) -> String {
    link.map_or("Inverter", |name| name.trim_end_matches(" inverter")).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::limits::Chemistry;
    use domain::spec::SystemIdx;
    use std::time::Duration;

    #[test]
    fn values_are_judged_at_the_limits_of_their_system() {
        let lead = Limits::of(Chemistry::LeadAcid, 24, 200.0);
        assert_eq!((voltage(49.0, &lead).0, voltage(47.0, &lead).0), ("Normal", "Check"));
        let limits = Limits::of(Chemistry::Lfp, 16, 280.0);
        for (v, word) in [(51.99, "Check"), (52.0, "Normal"), (58.0, "Normal"), (58.01, "Check")] {
            assert_eq!(voltage(v, &limits).0, word, "{v} V");
        }
        for (a, word) in [(0.5, "Discharging"), (0.4, "Idle"), (-0.4, "Idle"), (-0.5, "Charging")] {
            assert_eq!(current(a).0, word, "{a} A");
        }
        for (w, word) in [(25.0, "Discharging"), (0.0, "Idle"), (-25.0, "Charging")] {
            assert_eq!(power(w).0, word, "{w} W");
        }
        for (c, word) in [(14.9, "Cold"), (15.0, "Optimal"), (30.0, "Optimal"), (30.1, "Warm")] {
            assert_eq!(temperature(c, &limits).0, word, "{c} °C");
        }
        assert_eq!((grid(500.0), grid(-500.0), grid(3.0)), ("importing", "exporting", "idle"));
        assert_eq!(fahrenheit(25.9).to_string(), "78.6\u{202f}°F");
        assert_eq!(fahrenheit(-40.0).to_string(), "\u{2212}40.0\u{202f}°F");
    }

    #[test]
    fn a_sensor_that_never_had_a_value_is_told_from_one_that_lost_it() {
        let (mut snapshot, sensor) = (Snapshot::default(), PointId::Temperature);
        let words = |snapshot: &Snapshot| {
            missing(snapshot, sensor, snapshot.point(sensor).unwrap_err(), "No sensor", Some(true))
        };
        assert_eq!(words(&snapshot), "No sensor");
        for (reached, words) in [(Some(false), "Source not reached since the start"), (None, "Not recorded")] {
            let never = missing(&snapshot, sensor, NoData::NotPresent, "No sensor", reached);
            assert_eq!(never, words, "nobody knows whether it has one");
        }
        snapshot.state.points.set(sensor, Err(NoData::Error), Mono::START);
        assert_eq!(words(&snapshot), "No sensor", "as a GX says it, at every poll");
        snapshot.state.points.set(sensor, Ok(25.9), Mono::START);
        snapshot.state.points.set(sensor, Err(NoData::Error), Mono::START);
        assert_eq!(words(&snapshot), "Its device has no value");
        snapshot.state.points.set(sensor, Err(NoData::Timeout), Mono::START);
        assert_eq!(words(&snapshot), "No answer in time");
    }

    #[test]
    fn each_failure_of_a_source_has_its_own_words() {
        let spec = LinkSpec {
            id: "cerbo".into(),
            name: "Cerbo GX".into(),
            protocol: "Modbus TCP".into(),
            device: "Victron battery".into(),
            address: "10.0.0.2:502".into(),
            system: SystemIdx(0),
            silent_after: Duration::from_secs(2),
            only_settings: false,
        };
        let now = Mono(100_000_000);
        let last = Some(Mono(98_000_000));
        for (state, last_at, reason, age, healthy, expected) in [
            (LinkState::Up, last, "", "2 s ago", true, ""),
            (LinkState::Up, Some(Mono(40_000_000)), "", "60 s ago", false, "Cerbo GX has gone quiet"),
            (LinkState::Silent, last, "", "2 s ago", false, "Cerbo GX has gone quiet"),
            (LinkState::Down, last, "", "2 s ago", false, "10.0.0.2:502 cannot be reached"),
            (LinkState::Down, last, "no answer within 1s", "2 s ago", false, "No answer within 1s. Check power"),
            (LinkState::Connecting, None, "", "has never answered", false, "Waiting for the first answer"),
            (LinkState::WrongDevice, last, "", "2 s ago", false, "Another device"),
        ] {
            let status = LinkStatus { state, last_at, reason: reason.into(), ..LinkStatus::default() };
            let words = source(&spec, &status, None, now);
            let said = words.age.replace(format::THIN, " ");
            assert_eq!((said.as_str(), words.healthy), (age, healthy), "{state:?}");
            assert!(
                words.advice.contains(expected) && words.advice.is_empty() == healthy,
                "{state:?}: {}",
                words.advice
            );
        }
    }

    #[test]
    fn a_source_is_not_blamed_for_what_is_not_known() {
        let spec = LinkSpec { name: "Cerbo GX".into(), ..crate::sample::site().links[1].clone() };
        let status = LinkStatus { state: LinkState::Up, last_at: Some(Mono(60_000_000)), ..LinkStatus::default() };
        let advice_of = |known| unknown_source(&spec, &status, known, Mono(100_000_000));
        assert_eq!(advice_of(LinksKnown::Yes), None);
        for (known, age, expected) in [
            (LinksKnown::NoServer, "40 s ago", "No connection to the server"),
            (LinksKnown::NotKept, "", "at this instant was not kept"),
        ] {
            let words = advice_of(known).unwrap();
            let said = words.age.replace(format::THIN, " ");
            assert_eq!((said.as_str(), words.healthy, words.state), (age, false, "Not known"));
            assert!(words.advice.contains(expected) && !words.advice.contains("Check"), "{}", words.advice);
        }
    }

    #[test]
    fn a_source_that_answers_without_its_battery_is_not_healthy() {
        let spec = LinkSpec {
            name: "Cerbo GX".into(),
            silent_after: Duration::from_secs(2),
            only_settings: false,
            ..crate::sample::site().links[0].clone()
        };
        let status = LinkStatus { state: LinkState::Up, last_at: Some(Mono(99_000_000)), ..LinkStatus::default() };
        let words = source(&spec, &status, Some("the battery does not"), Mono(100_000_000));
        assert!(!words.healthy);
        assert_eq!(words.advice, "Cerbo GX answers, but the battery does not. Check what is connected to it.");
    }

    #[test]
    fn two_states_of_charge_agree_under_two_points() {
        for (victron, inverter, points, words) in [
            (60.0, 58.1, 1.9, "Readings aligned"),
            (60.0, 58.0, 2.0, "Check calibration"),
            (60.0, 58.04, 2.0, "Check calibration"),
            (58.0, 61.5, 3.5, "Check calibration"),
        ] {
            let (apart, judged) = apart(Ok(victron), Ok(inverter)).unwrap();
            assert!((apart - points).abs() < 1e-4 && judged.0 == words, "{victron} {inverter}: {apart} {judged:?}");
        }
        assert_eq!(apart(Ok(60.0), Err(NoData::Stale)), Err(NoData::Stale));
        let names = |a, b| not_compared([("Battery", a), ("Sol-Ark", b)]);
        assert_eq!(names(Ok(60.0), Err(NoData::NotPresent)), "No SOC of Sol-Ark to compare with");
        assert_eq!(names(Err(NoData::Stale), Ok(60.0)), "No SOC of Battery to compare with");
        assert_eq!(names(Err(NoData::Stale), Err(NoData::Stale)), "No SOC is known now");
        assert_eq!(shunt(Some(&crate::sample::site().links[0])), "Battery", "not every house has a Victron");
        assert_eq!((inverter(Some("Sol-Ark inverter")), inverter(None)), ("Sol-Ark".into(), "Inverter".into()));
    }
}
