//! The tiles: voltage, current, power, headroom, cell spread, temperatures; of a house also the sun and what its inverter
//! makes of the battery.

use super::energy::IDLE_W;
use crate::components::Reading;
use crate::derived::Derived;
use crate::format;
use crate::live::Live;
use crate::problem::standing;
use crate::reading::{Shown, made_of_rows, newest_stats, of_how_many};
use domain::alarm::Watch;
use domain::cells::ColumnStats;
use domain::derived::{Allowed, Binds, allowed};
use domain::energy::IDLE_A;
use domain::last_value::PowerFrom;
use domain::point::PointId;
use domain::reading::{CellQuantity, NoData};
use domain::spec::{SystemKind, SystemSpec};
use domain::twin::Snapshot;
use leptos::prelude::*;

/// Over how long the voltage's change is told, s.
const CHANGE_S: f64 = 10.0;

/// Whose alarms a tile is marked with.
const VOLTAGE: [Watch; 3] = [Watch::PackVoltage, Watch::VoltageOff, Watch::BusSag];
const CURRENT: [Watch; 2] = [Watch::ChargeCurrent, Watch::DischargeCurrent];
const POWER: [Watch; 2] = [Watch::ChargeLimitUse, Watch::DischargeLimitUse];
const CELL_VOLTAGE: [Watch; 3] = [Watch::CellSpread, Watch::CellVoltageLow, Watch::CellVoltageHigh];
const HEAT: [Watch; 6] = [
    Watch::CellTemperatureHigh,
    Watch::CellTemperatureLow,
    Watch::ChargeHottest,
    Watch::ChargeColdest,
    Watch::DischargeHottest,
    Watch::DischargeColdest,
];

/// The row of tiles. A system without cells has no tiles for them.
#[component]
pub(super) fn Tiles() -> impl IntoView {
    let live = Live::expect();
    let spec = live.system();
    let capacity_ah = spec.capacity_ah;
    let change = Derived::new(move || live.profile.with(|p| p.change(PointId::Voltage, CHANGE_S)).map(format::volts));
    let bus = live.map(|snapshot| snapshot.point(PointId::BusVoltage).map(format::volts).ok());
    let voltage_words = Derived::new(move || {
        let bus = bus.get().map_or_else(String::new, |bus| format!("bus {bus}"));
        let change =
            change.get().map_or_else(String::new, |change| format!("{} in 10{}s", change.signed(), format::THIN));
        two_lines(&bus, &change)
    });
    let current_words = live.map(move |snapshot| {
        snapshot.point(PointId::Current).map_or_else(
            |_| String::new(),
            |a| two_lines(direction(a, IDLE_A), &format::c_rate(a, capacity_ah).to_string()),
        )
    });
    let power_words = live.map(|snapshot| {
        let limit = bound(snapshot)
            .map_or_else(|_| String::new(), |of| format!("limit {}", format::kilowatts_whole(of.most_w)));
        let derived = snapshot.state.points.power_from() == PowerFrom::Derived;
        // The second line has room for one of both; that it is derived is said of a power without a limit.
        let second = if derived && limit.is_empty() { "voltage \u{d7} current".to_owned() } else { limit };
        snapshot.point(PointId::Power).map_or_else(|_| String::new(), |w| two_lines(direction(w, IDLE_W), &second))
    });
    let headroom = live.map(|snapshot| {
        let inputs = [PointId::Power, if takes(snapshot) { PointId::SopCharge } else { PointId::SopDischarge }];
        Shown::derived(snapshot, headroom_w(snapshot), &inputs, format::kilowatts_whole)
    });
    let limit_words = live.map(|snapshot| limit_words(snapshot).unwrap_or_default());
    let has_cells = spec.topology.cells() > 0;
    view! {
        <div class="tiles">
            <section class="card tile" aria-label="Voltage">
                <Reading label="Voltage" value=live.shown(PointId::Voltage) note=voltage_words alarm=live.map(|m| standing(m, &VOLTAGE)) />
            </section>
            <section class="card tile" aria-label="Current">
                <Reading label="Current" value=live.map(|m| Shown::point_as(m, PointId::Current, |a| format::amperes(a.abs()))) note=current_words alarm=live.map(|m| standing(m, &CURRENT)) />
            </section>
            <section class="card tile" aria-label="Battery power">
                <Reading label="Battery power" value=live.map(|m| Shown::point_as(m, PointId::Power, |w| format::kilowatts(w.abs()))) note=power_words alarm=live.map(|m| standing(m, &POWER)) />
            </section>
            {if spec.kind == SystemKind::Home {
                view! { <HomeTiles /> }.into_any()
            } else {
                view! {
                    <section class="card tile" aria-label="Headroom">
                        <Reading label="Headroom" value=headroom note=limit_words alarm=live.map(|m| standing(m, &[Watch::SopUse])) />
                    </section>
                }
                    .into_any()
            }}
            {has_cells.then(|| view! { <CellTiles /> })}
        </div>
    }
    .into_any()
}

#[component]
fn CellTiles() -> impl IntoView {
    let live = Live::expect();
    let spec = live.system();
    let spread_words = live.map({
        let spec = spec.clone();
        move |m| spread_words(m, &spec)
    });
    let hottest = live.map(|m| Shown::cells(m, CellQuantity::Temperature, |s| format::celsius(s.max)));
    let heat_words = live.map(move |m| heat_words(m, &spec));
    view! {
        <section class="card tile" aria-label="Cell spread">
            <Reading label="Cell spread" value=live.map(spread) note=spread_words alarm=live.map(|m| standing(m, &CELL_VOLTAGE)) />
        </section>
        <section class="card tile" aria-label="Hottest cell">
            <Reading label="Hottest cell" value=hottest note=heat_words alarm=live.map(|m| standing(m, &HEAT)) />
        </section>
    }
}

#[component]
fn HomeTiles() -> impl IntoView {
    let live = Live::expect();
    let estimate_words = live.map(|snapshot| apart_words(snapshot).unwrap_or_default());
    view! {
        <section class="card tile" aria-label="Temperature">
            <Reading label="Temperature" value=live.shown(PointId::Temperature) alarm=live.map(|m| standing(m, &HEAT)) />
        </section>
        <section class="card tile" aria-label="Solar">
            <Reading label="Solar" value=live.map(|m| Shown::point_as(m, PointId::SolarPower, format::kilowatts)) />
        </section>
        <section class="card tile" aria-label="Inverter's estimate">
            <Reading label="Inverter's estimate" value=live.shown(PointId::InverterSoc) note=estimate_words alarm=live.map(|m| standing(m, &[Watch::InverterSocMove])) />
        </section>
    }
}

/// How far the inverter's estimate of the charge lies from the battery's own: `2.4 points below the battery's`.
fn apart_words(snapshot: &Snapshot) -> Result<String, NoData> {
    let apart = snapshot.point(PointId::InverterSoc)? - snapshot.point(PointId::Soc)?;
    let side = if apart < 0.0 { "below" } else { "above" };
    Ok(two_lines("of the charge", &format!("{} points {side} the battery's", format::fixed(apart.abs(), 1))))
}

/// Direction of battery current or power in words; below `idle` it is none.
pub(super) fn direction(value: f32, idle: f32) -> &'static str {
    match value {
        v if v > idle => "discharging",
        v if v < -idle => "charging",
        _ => "idle",
    }
}

/// Power that is left in the present direction before what binds there, W.
fn headroom_w(snapshot: &Snapshot) -> Result<f32, NoData> {
    let power_w = snapshot.point(PointId::Power)?;
    Ok((bound(snapshot)?.most_w - power_w.abs()).max(0.0))
}

/// What binds in the present direction.
fn bound(snapshot: &Snapshot) -> Result<Allowed, NoData> {
    snapshot.point(PointId::Power)?;
    allowed(&snapshot.state.points, !takes(snapshot), snapshot.now.mono)
}

/// Whether the battery is charged now; else, when it is idle too, its limits are those of discharging.
fn takes(snapshot: &Snapshot) -> bool {
    snapshot.point(PointId::Power).is_ok_and(|w| w < -IDLE_W)
}

/// What binds, and how much of it is used: `of 75 kW for discharge`, `as set, 61 % in use`.
fn limit_words(snapshot: &Snapshot) -> Result<String, NoData> {
    let way = if takes(snapshot) { "charge" } else { "discharge" };
    let Allowed { most_w, by, unknown } = bound(snapshot)?;
    let by = match by {
        _ if unknown.is_some() => "by BMS, set limit unknown",
        Binds::Bms => "by BMS",
        Binds::Limit => "as set",
        Binds::Reserve => "at the reserve",
        Binds::Standby => "in standby",
    };
    let used = match (unknown, most_w) {
        (None, 1.0..) => {
            format!(", {} in use", format::percent_whole(100.0 * snapshot.point(PointId::Power)?.abs() / most_w))
        }
        _ => String::new(),
    };
    Ok(two_lines(&format!("of {} for {way}", format::kilowatts_whole(most_w)), &format!("{by}{used}")))
}

/// A remark of two lines: tiles reserve room for both.
fn two_lines(first: &str, second: &str) -> String {
    format!("{first}\n{second}")
}

/// The furthest that two cells are apart. Where cells are means of their minute, what the BMS said of its extremes then.
fn spread(snapshot: &Snapshot) -> Shown {
    match reported_extremes(snapshot) {
        Some((low, high)) if made_of_rows(snapshot) => {
            let inputs = [PointId::CellVoltageMin, PointId::CellVoltageMax];
            Shown::derived(snapshot, Ok(high - low), &inputs, format::millivolts)
        }
        _ => Shown::cells(snapshot, CellQuantity::Voltage, |stats| format::millivolts(stats.spread())),
    }
}

/// Lowest and highest cell voltage as the BMS says, V.
fn reported_extremes(snapshot: &Snapshot) -> Option<(f32, f32)> {
    Some((snapshot.point(PointId::CellVoltageMin).ok()?, snapshot.point(PointId::CellVoltageMax).ok()?))
}

/// The lowest and the highest cell with their names: `min 2 981, cell 7.12`, `max 3 019, cell 3.4`.
fn spread_words(snapshot: &Snapshot, spec: &SystemSpec) -> String {
    let extreme = |name: &str, volts: f32, cell: Option<usize>| {
        let cell = cell.map_or_else(String::new, |cell| format!(", cell {}", spec.topology.cell_name(cell)));
        format!("{name} {}{cell}", format::millivolts(volts).number)
    };
    if let (true, Some((low, high))) = (made_of_rows(snapshot), reported_extremes(snapshot)) {
        let place = |point| {
            let cell = snapshot.point(point).ok()? as usize;
            (cell < spec.topology.cells()).then_some(cell)
        };
        let (low_at, high_at) = (place(PointId::CellVoltageMinAt), place(PointId::CellVoltageMaxAt));
        return two_lines(&extreme("min", low, low_at), &extreme("max", high, high_at));
    }
    newest_stats(snapshot.state.cells.column(CellQuantity::Voltage), snapshot.now.mono).map_or_else(
        String::new,
        |stats| {
            let words = two_lines(
                &extreme("min", stats.min, Some(stats.min_at)),
                &extreme("max", stats.max, Some(stats.max_at)),
            );
            with_missing(words, &stats, spec)
        },
    )
}

/// Which cell is hottest and how warm the coldest is: `cell 7.12, limit 45`, `coldest 24.1, cell 1.3`.
fn heat_words(snapshot: &Snapshot, spec: &SystemSpec) -> String {
    newest_stats(snapshot.state.cells.column(CellQuantity::Temperature), snapshot.now.mono).map_or_else(
        String::new,
        |stats| {
            let cell = |cell| spec.topology.cell_name(cell);
            let limit = format::fixed(spec.limits.temperature_warning_c.high, 0);
            let words = two_lines(
                &format!("cell {}, limit {limit}", cell(stats.max_at)),
                &format!("coldest {}, cell {}", format::celsius(stats.min).number, cell(stats.min_at)),
            );
            with_missing(words, &stats, spec)
        },
    )
}

/// A third line where cells are missing, of which any may be further out.
fn with_missing(words: String, stats: &ColumnStats, spec: &SystemSpec) -> String {
    match of_how_many(stats.fresh, spec.topology.cells()) {
        of if of.is_empty() => words,
        of => two_lines(&words, &of),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reading::Freshness;
    use crate::sample::{snapshot, spec};
    use domain::time::Mono;

    #[test]
    fn cells_are_summed_up_with_their_names() {
        let mut snapshot = snapshot();
        let now = snapshot.now.mono;
        snapshot.state.cells.column_mut(CellQuantity::Voltage).set(131, Ok(2.981), now);
        let words = spread_words(&snapshot, &spec());
        assert!(words.starts_with("min 2\u{202f}981, cell 7.12\nmax 3\u{202f}2"), "{words}");
        assert!(spread(&snapshot).is_fresh());
    }

    #[test]
    fn figures_of_all_cells_say_of_how_many_when_some_are_missing() {
        let mut snapshot = snapshot();
        let lines =
            |m: &Snapshot| [spread_words(m, &spec()), heat_words(m, &spec())].map(|words| words.lines().count());
        assert_eq!(lines(&snapshot), [2, 2], "all are there");
        for quantity in CellQuantity::ALL {
            for cell in 100..260 {
                snapshot.state.cells.column_mut(quantity).set(cell, Err(NoData::Error), snapshot.now.mono);
            }
        }
        for words in [spread_words(&snapshot, &spec()), heat_words(&snapshot, &spec())] {
            assert_eq!(words.lines().last(), Some("of 100 of 260 cells"), "{words}");
        }
        let known = [spread_words(&snapshot, &spec()), heat_words(&snapshot, &spec())];
        snapshot.now = snapshot.now + std::time::Duration::from_secs(60);
        assert_eq!(
            [spread_words(&snapshot, &spec()), heat_words(&snapshot, &spec())],
            known,
            "also when they are stale"
        );
    }

    #[test]
    fn where_cells_are_means_the_spread_is_what_the_bms_said() {
        let mut snapshot = Snapshot { links: Vec::new(), ..snapshot() };
        assert_eq!(spread(&snapshot).freshness, Freshness::Mean, "it said nothing");
        let now = snapshot.now.mono;
        for (point, value) in
            [(PointId::CellVoltageMin, 3.190), (PointId::CellVoltageMax, 3.210), (PointId::CellVoltageMinAt, 131.0)]
        {
            snapshot.state.points.set(point, Ok(value), now);
        }
        assert_eq!(spread(&snapshot).number(), "20");
        let words = spread_words(&snapshot, &spec()).replace(format::THIN, " ");
        assert_eq!(words, two_lines("min 3 190, cell 7.12", "max 3 210"));
    }

    #[test]
    fn the_inverters_estimate_is_held_against_the_batterys() {
        let mut snapshot = snapshot();
        assert!(apart_words(&snapshot).is_err(), "there is none");
        for (estimate, words) in [(69.0, "2.4 points below the battery's"), (73.0, "1.6 points above the battery's")] {
            snapshot.state.points.set(PointId::InverterSoc, Ok(estimate), snapshot.now.mono);
            assert_eq!(apart_words(&snapshot), Ok(two_lines("of the charge", words)));
        }
    }

    #[test]
    fn a_spread_that_is_old_is_still_there_with_its_age() {
        let mut snapshot = snapshot();
        snapshot.now.mono = Mono(snapshot.now.mono.0 + 60_000_000);
        let old = spread(&snapshot);
        assert!(matches!(old.freshness, Freshness::Stale { age_s } if age_s > 60.0) && old.figure.is_some(), "{old:?}");
    }

    #[test]
    fn headroom_says_what_binds() {
        let mut snapshot = snapshot();
        let now = snapshot.now.mono;
        for (point, value) in [(PointId::Power, 60_000.0), (PointId::SopDischarge, 233_000.0), (PointId::Soc, 71.4)] {
            snapshot.state.points.set(point, Ok(value), now);
        }
        for (point, value, left, words) in [
            (PointId::DischargeLimitSet, 250_000.0, 173_000.0, "of 233 kW for discharge\nby BMS, 26 % in use"),
            (PointId::DischargeLimitSet, 75_000.0, 15_000.0, "of 75 kW for discharge\nas set, 80 % in use"),
            (PointId::ChargeLimitSet, 0.0, 15_000.0, "of 75 kW for discharge\nas set, 80 % in use"),
            (PointId::ReserveSet, 80.0, 0.0, "of 0 kW for discharge\nat the reserve"),
            (PointId::RunSet, 0.0, 0.0, "of 0 kW for discharge\nin standby"),
        ] {
            snapshot.state.points.set(point, Ok(value), now);
            assert_eq!(headroom_w(&snapshot), Ok(left), "{point:?}");
            assert_eq!(limit_words(&snapshot).unwrap().replace(format::THIN, " "), words, "{point:?}");
        }
        let mut lost = snapshot.clone();
        lost.now = lost.now + std::time::Duration::from_secs(40);
        for (point, value) in [(PointId::Power, 60_000.0), (PointId::SopDischarge, 233_000.0)] {
            lost.state.points.set(point, Ok(value), lost.now.mono);
        }
        let words = limit_words(&lost).unwrap().replace(format::THIN, " ");
        assert_eq!(words, "of 233 kW for discharge\nby BMS, set limit unknown");
    }

    #[test]
    fn an_idle_battery_keeps_the_headroom_of_discharging_whatever_its_noise() {
        let mut snapshot = snapshot();
        for (power, charged) in [(10.0, false), (0.0, false), (-10.0, false), (-IDLE_W, false), (-150.0, true)] {
            snapshot.state.points.set(PointId::Power, Ok(power), snapshot.now.mono);
            assert_eq!(takes(&snapshot), charged, "{power} W");
            let words = limit_words(&snapshot).unwrap();
            assert_eq!(words.contains("for charge"), charged, "{words}");
        }
    }

    #[test]
    fn headroom_is_counted_in_the_direction_of_power() {
        let mut snapshot = snapshot();
        let now = snapshot.now.mono;
        for (power, left) in [(142_000.0, 91_000.0), (-40_000.0, 60_000.0), (240_000.0, 0.0)] {
            snapshot.state.points.set(PointId::Power, Ok(power), now);
            snapshot.state.points.set(PointId::SopDischarge, Ok(233_000.0), now);
            snapshot.state.points.set(PointId::SopCharge, Ok(100_000.0), now);
            assert_eq!(headroom_w(&snapshot), Ok(left));
            let way = if power < 0.0 { "of 100 kW for charge\nby BMS, 40 % in use" } else { "of 233 kW for discharge" };
            let words = limit_words(&snapshot).unwrap().replace(format::THIN, " ");
            assert!(words.starts_with(way), "{words}");
        }
    }
}
