//! The points of a system's devices: their list from the server, how it is searched, and how a value of one is shown.
//! Links lists them, Trends draws them.

use crate::fetch::{self, FetchError, SingleFlight};
use crate::format::{self, Figure};
use crate::live::Live;
use crate::reading::Shown;
use domain::point::{DevicePoint, Unit};
use domain::twin::Snapshot;
use leptos::prelude::*;
use std::sync::Arc;
use std::time::Duration;

/// The list, once it is there.
#[derive(Clone, Copy)]
pub(super) struct DevicePoints {
    /// The points, in the order of the live stream. Empty until the server has told them.
    pub(super) all: RwSignal<Arc<Vec<DevicePoint>>>,
    /// Why there is no list.
    pub(super) failed: RwSignal<Option<FetchError>>,
}

impl DevicePoints {
    /// Asks for the points of the page's system; again when the server is back, if it had no answer.
    pub(super) fn follow() -> DevicePoints {
        let points = DevicePoints { all: RwSignal::default(), failed: RwSignal::new(None) };
        let live = Live::expect();
        let flight = SingleFlight::with_rest(Duration::ZERO);
        live.on_return(move || flight.ask_lost());
        let path = format!("/api/v1/devices?system={}", live.system().id);
        Effect::new(move |_| {
            let path = path.clone();
            flight.ask(move || {
                let path = path.clone();
                async move {
                    let answer = fetch::get::<Vec<DevicePoint>>(path).await;
                    points.failed.set(answer.as_ref().err().cloned());
                    answer.map(|all| points.all.set(Arc::new(all)))
                }
            });
        });
        points
    }
}

/// The numbers of the points whose names have every word of `search`, in any order; all of them if it is empty.
pub(super) fn found(points: &[DevicePoint], search: &str) -> Vec<usize> {
    points.iter().enumerate().filter(|(_, point)| fits(&point.path, search)).map(|(number, _)| number).collect()
}

/// Whether a name has every word of `search`, in any order, without regard to case.
pub(super) fn fits(name: &str, search: &str) -> bool {
    let name = name.to_ascii_lowercase();
    search.split_whitespace().all(|word| name.contains(&word.to_ascii_lowercase()))
}

/// What names end with whose values are in a unit that points are not kept in.
const UNITS: [(&str, &str); 6] =
    [("_hz", "Hz"), ("_kwh", "kWh"), ("_mwh", "MWh"), ("_wh", "Wh"), ("_ah", "Ah"), ("_kohm", "k\u{3a9}")];

/// The unit that a name ends with, `Hz` of `frequency_hz`; empty if it says none.
pub(super) fn unit_of_name(name: &str) -> &'static str {
    let name = name.to_ascii_lowercase();
    UNITS.iter().find(|(end, _)| name.ends_with(end)).map_or("", |(_, unit)| *unit)
}

/// A value with the digits that its step says anything about. A bare number has the unit that its point's name says.
pub(super) fn figure(unit: Unit, name: &str, resolution: f32, value: f32) -> Figure {
    let unit = if unit == Unit::Number { unit_of_name(name) } else { unit.symbol() };
    let decimals = [1.0, 0.1, 0.01, 0.001].iter().position(|step| resolution > step * 0.99).unwrap_or(4);
    Figure { number: format::fixed(value, decimals), unit }
}

/// What a snapshot has of the point with this number.
pub(super) fn shown(snapshot: &Snapshot, number: usize, point: &DevicePoint) -> Shown {
    let (devices, now) = (&snapshot.state.devices, snapshot.now.mono);
    let last = devices.last_value(number).last();
    Shown::new(devices.sample(number, now), last, now, |value| figure(point.unit, &point.path, point.resolution, value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_found_by_words_of_their_names_and_shown_with_their_digits() {
        let point = |path: &str| DevicePoint {
            path: path.to_owned(),
            unit: Unit::Watt,
            resolution: 1.0,
            max_age: Duration::from_secs(3),
            limits: Default::default(),
        };
        let points = [point("hall/gpu/3/power"), point("hall/gpu/30/power"), point("south/fan")];
        for (search, expected) in [
            ("", vec![0, 1, 2]),
            ("gpu/3/", vec![0]),
            ("power hall", vec![0, 1]),
            ("  Fan ", vec![2]),
            ("fan power", vec![]),
        ] {
            assert_eq!(found(&points, search), expected, "{search:?}");
        }
        for (resolution, expected) in
            [(10.0, "412 W"), (1.0, "412 W"), (0.5, "412.3 W"), (0.1, "412.3 W"), (0.01, "412.26 W")]
        {
            let text = figure(Unit::Watt, "hall/gpu/3/power", resolution, 412.26).to_string().replace('\u{202f}', " ");
            assert_eq!(text, expected, "{resolution}");
        }
    }

    #[test]
    fn a_bare_number_has_the_unit_that_its_name_ends_with() {
        for (name, unit) in [
            ("grid-meter/frequency_hz", "Hz"),
            ("Imported_kWh", "kWh"),
            ("hall/phase_a", ""),
            ("soc_min", ""),
            ("fan", ""),
        ] {
            assert_eq!(figure(Unit::Number, name, 0.01, 50.02).unit, unit, "{name}");
        }
    }
}
