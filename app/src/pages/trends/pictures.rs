//! From a stretch of the past to charts: one for each kind of quantity, over one time. Pure.

use super::against::Other;
use crate::charts::line::{Band, Line, LineChart, Mark, Room, TimeAxis, ValueAxis, ValueRange};
use crate::charts::theme::SeriesColor;
use ::api::history::HistoryResponse;
use domain::alarm::Severity;
use domain::limits;
use domain::point::{PointId, Unit};
use domain::series::{Series, Table};
use domain::spec::{SystemKind, SystemSpec};

/// A kind of quantity: what shares an axis.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Axis {
    /// Charge and health, %.
    Percent,
    /// Power, kW.
    Power,
    /// Voltage of a whole battery, V.
    Voltage,
    /// Voltage of a cell, V.
    CellVoltage,
    /// Current, A.
    Current,
    /// Temperature, °C.
    Temperature,
    /// One quantity of devices, by what their points call it, in one unit: the 480 V of a grid and the 24 V of a fan are
    /// neither the voltage of the battery nor each other's.
    Devices(Unit, String),
}

impl Axis {
    /// What a sign means, where a battery has one; else empty.
    pub fn sign_words(&self) -> &'static str {
        match self {
            Axis::Power => "battery above 0 discharging, below 0 charging",
            Axis::Current => "above 0 discharging, below 0 charging",
            _ => "",
        }
    }
}

/// What is known of an axis.
struct AxisSpec {
    axis: Axis,
    name: &'static str,
    unit: &'static str,
    /// From the point's unit to the axis's.
    factor: f64,
    /// The axis spans at least this.
    least: f64,
    points: &'static [PointId],
}

/// Every axis with its points, in the order of the page; a point is on one.
static AXES: [AxisSpec; 6] = [
    axis(
        Axis::Power,
        "Power",
        "kW",
        1e-3,
        1.0,
        &[
            PointId::LoadPower,
            PointId::GridPower,
            PointId::SolarPower,
            PointId::Power,
            PointId::SopDischarge,
            PointId::SopCharge,
            PointId::InverterBatteryPower,
            PointId::DischargeLimitSet,
            PointId::ChargeLimitSet,
            PointId::GridSetpointSet,
        ],
    ),
    axis(
        Axis::Voltage,
        "Voltage",
        "V",
        1.0,
        0.5,
        &[PointId::Voltage, PointId::BusVoltage, PointId::InverterBatteryVoltage],
    ),
    axis(
        Axis::Current,
        "Current",
        "A",
        1.0,
        1.0,
        &[PointId::Current, PointId::ChargeCurrentMax, PointId::DischargeCurrentMax],
    ),
    axis(
        Axis::Percent,
        "Charge",
        "%",
        1.0,
        1.0,
        &[PointId::Soc, PointId::InverterSoc, PointId::Soh, PointId::ReserveSet, PointId::MinimumSocSet],
    ),
    axis(Axis::CellVoltage, "Cell voltage", "V", 1.0, 0.01, &[PointId::CellVoltageMin, PointId::CellVoltageMax]),
    axis(
        Axis::Temperature,
        "Temperature",
        "\u{b0}C",
        1.0,
        1.0,
        &[PointId::CellTemperatureMax, PointId::CellTemperatureMin, PointId::Temperature, PointId::Ambient],
    ),
];

const fn axis(
    axis: Axis,
    name: &'static str,
    unit: &'static str,
    factor: f64,
    least: f64,
    points: &'static [PointId],
) -> AxisSpec {
    AxisSpec { axis, name, unit, factor, least, points }
}

/// The quantities that can be drawn, in the order of the page.
pub fn drawable() -> impl Iterator<Item = PointId> {
    AXES.iter().flat_map(|axis| axis.points.iter().copied())
}

/// The name of a quantity of this kind of system.
pub fn name(point: PointId, kind: SystemKind) -> &'static str {
    match point {
        PointId::LoadPower => kind.load_name(),
        PointId::Power => "Battery",
        _ => point.spec().name,
    }
}

/// Neighbours on an axis are told apart; what has a colour of its own has it.
fn color(point: PointId, place: usize) -> SeriesColor {
    match point {
        PointId::LoadPower => SeriesColor::Load,
        PointId::GridPower => SeriesColor::Grid,
        PointId::SolarPower => SeriesColor::Solar,
        PointId::Power => SeriesColor::Discharge,
        PointId::Current => SeriesColor::Current,
        PointId::Voltage | PointId::CellVoltageMin => SeriesColor::Voltage,
        PointId::CellTemperatureMax | PointId::Temperature => SeriesColor::Temperature,
        PointId::Soc => SeriesColor::Accent,
        _ => [SeriesColor::Charge, SeriesColor::Load, SeriesColor::Grid][place % 3],
    }
}

/// The cells of a chart, in the order in which they were chosen.
const CELL_COLORS: [SeriesColor; 6] = [
    SeriesColor::Discharge,
    SeriesColor::Charge,
    SeriesColor::Grid,
    SeriesColor::Current,
    SeriesColor::Solar,
    SeriesColor::Load,
];

/// The cell of a series such as `cells/7.12/voltage`.
pub fn cell_of(name: &str) -> &str {
    name.split('/').nth(1).unwrap_or(name)
}

/// One chart: its name and what it shows.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// `Power`.
    pub name: String,
    /// What it shows.
    pub chart: LineChart,
}

/// The axes of the device points in an answer: one for each quantity and unit, in the order in which they were chosen.
pub fn device_axes(stretch: &HistoryResponse) -> Vec<Axis> {
    let mut axes = Vec::new();
    for axis in stretch.cells.series.iter().filter(|series| is_device(series)).map(axis_of) {
        if !axes.contains(&axis) {
            axes.push(axis);
        }
    }
    axes
}

/// Whether a series beside the points is a device point; else it is a cell.
pub fn is_device(series: &Series) -> bool {
    !series.name.starts_with("cells/")
}

/// The axis of a device point.
fn axis_of(series: &Series) -> Axis {
    Axis::Devices(series.unit, quantity(&series.name).to_owned())
}

/// What a device calls the quantity of a point: the end of its name without a number, so that `gpu/3/power` and
/// `gpu/4/power`, and `voltage_l1` and `voltage_l2`, share an axis.
fn quantity(name: &str) -> &str {
    let end = name.rsplit('/').next().unwrap_or(name);
    let bare = end.trim_end_matches(|c: char| c.is_ascii_digit());
    let bare = if bare.len() < end.len() { bare.strip_suffix("_l").unwrap_or(bare) } else { bare };
    match bare.trim_end_matches('_') {
        "" => end,
        bare => bare,
    }
}

/// How device points in this unit are drawn: the factor to the unit of the axis, its symbol, and the least that the axis
/// spans. Power is in kW where the highest, `most`, would be hard to read in W.
fn device_scale(unit: Unit, most: f32) -> (f64, &'static str, f64) {
    match unit {
        Unit::Watt if most >= 10_000.0 => (1e-3, "kW", 1.0),
        Unit::Watt | Unit::Celsius | Unit::Percent => (1.0, unit.symbol(), 1.0),
        Unit::Volt => (1.0, unit.symbol(), 0.5),
        Unit::Ampere | Unit::Number => (1.0, unit.symbol(), 0.1),
    }
}

/// What a device point is called beside its line: its name, or the end of a long one, as there is little room; all of it
/// nevertheless if points of two links end alike.
fn device_label(name: &str, stretch: &HistoryResponse) -> String {
    const MOST: usize = 18;
    fn within_device(name: &str) -> &str {
        name.split_once('/').map_or(name, |(_, tail)| tail)
    }
    if name.chars().count() <= MOST {
        return name.to_owned();
    }
    let tail = within_device(name);
    let alike = |series: &&Series| is_device(series) && within_device(&series.name) == tail;
    if stretch.cells.series.iter().filter(alike).count() > 1 {
        return name.to_owned();
    }
    let letters = tail.chars().count();
    if letters <= MOST {
        tail.to_owned()
    } else {
        tail.chars().skip(letters + 1 - MOST).fold("\u{2026}".to_owned(), |text, c| text + c.encode_utf8(&mut [0; 4]))
    }
}

/// The axes that `points`, cells if there are any, and device points need: those of the catalogue in the order of the page,
/// then those of devices.
pub fn axes(points: &[PointId], cells: bool, devices: &[Axis]) -> Vec<Axis> {
    let of_cells = |axis: &Axis| cells && matches!(axis, Axis::CellVoltage | Axis::Temperature);
    let needed =
        AXES.iter().filter(|spec| of_cells(&spec.axis) || spec.points.iter().any(|point| points.contains(point)));
    needed.map(|spec| spec.axis.clone()).chain(devices.iter().cloned()).collect()
}

/// Name, unit, factor to it, and the least that an axis spans; and the points of the catalogue that are on it.
fn about(axis: &Axis, stretch: &HistoryResponse) -> (String, &'static str, f64, f64, &'static [PointId]) {
    if let Axis::Devices(unit, quantity) = axis {
        let mine = stretch.cells.series.iter().filter(|series| is_device(series) && axis_of(series) == *axis);
        let most = mine.flat_map(|series| series.values.iter().flatten()).fold(0.0, |most: f32, v| most.max(v.abs()));
        let (factor, symbol, least) = device_scale(*unit, most);
        return (format!("Devices: {quantity}"), symbol, factor, least, &[]);
    }
    match AXES.iter().find(|about| about.axis == *axis) {
        Some(AxisSpec { name, unit, factor, least, points, .. }) => ((*name).to_owned(), unit, *factor, *least, points),
        None => (String::new(), "", 1.0, 1.0, &[]),
    }
}

/// The chart of one axis over `window` (UTC in s), told by a clock `offset_s` ahead of UTC, over that of another time.
pub(super) fn picture(
    axis: &Axis,
    stretch: &HistoryResponse,
    other: Option<&Other>,
    window: (f64, f64),
    offset_s: i32,
    spec: &SystemSpec,
) -> Picture {
    let (title, symbol, factor, least, of_axis) = about(axis, stretch);
    let unit = match axis {
        Axis::CellVoltage => Some(Unit::Volt),
        Axis::Temperature => Some(Unit::Celsius),
        _ => None,
    };
    let lines = |stretch: &HistoryResponse, window: (f64, f64), after: &str| -> Vec<Line> {
        let mine = stretch.table.series.iter().filter_map(|series| {
            let point = PointId::from_path(&series.name)?;
            of_axis.iter().position(|known| *known == point).map(|place| (place, point, series))
        });
        let points = mine.map(|(place, point, series)| Line {
            label: format!("{}{after}", name(point, spec.kind)),
            color: color(point, place),
            segments: segments(&stretch.table, series, stretch.step_ms, window, factor),
        });
        let beside = || stretch.cells.series.iter();
        let devices = beside().filter(|series| is_device(series) && axis_of(series) == *axis);
        let devices = devices.enumerate().map(|(place, series)| Line {
            label: format!("{}{after}", device_label(&series.name, stretch)),
            color: CELL_COLORS[(CELL_COLORS.len() - 1) - place % CELL_COLORS.len()],
            segments: segments(&stretch.cells, series, stretch.cell_step_ms, window, factor),
        });
        let cells = beside().filter(|series| !is_device(series) && Some(series.unit) == unit);
        let cells = cells.enumerate().map(|(place, series)| Line {
            label: format!("{}{after}", cell_of(&series.name)),
            color: CELL_COLORS[place % CELL_COLORS.len()],
            segments: segments(&stretch.cells, series, stretch.cell_step_ms, window, factor),
        });
        points.chain(cells).chain(devices).collect()
    };
    let others = other.map_or_else(Vec::new, |Other { stretch, earlier_s, words }| {
        let mut others = lines(stretch, (window.0 - earlier_s, window.1 - earlier_s), &format!(", {words}"));
        let points = others.iter_mut().flat_map(|line| &mut line.segments).flatten();
        points.for_each(|(at_s, _)| *at_s += earlier_s);
        others
    });
    Picture {
        name: title,
        chart: LineChart {
            time: TimeAxis { from: window.0, to: window.1, end: String::new() },
            y: ValueAxis { unit: symbol, range: ValueRange::Fit(least) },
            lines: lines(stretch, window, ""),
            others,
            bands: bands(axis, spec),
            marks: marks(stretch, window),
            clock: Some(offset_s),
            zero: None,
            room: Some(Room { tick: WIDEST_TICK, name: widest_name(stretch, spec.kind) }),
        },
    }
}

/// A tick as wide as the ticks of nearly all charts.
const WIDEST_TICK: &str = "0\u{202f}000.0";

/// The longest name of all lines of the page.
fn widest_name(stretch: &HistoryResponse, kind: SystemKind) -> String {
    let points = stretch.table.series.iter().filter_map(|series| PointId::from_path(&series.name));
    let points = points.map(|point| name(point, kind).to_owned());
    let label = |series: &Series| match is_device(series) {
        true => device_label(&series.name, stretch),
        false => cell_of(&series.name).to_owned(),
    };
    let names = points.chain(stretch.cells.series.iter().map(label));
    names.max_by_key(|name| name.chars().count()).unwrap_or_default()
}

/// What is safe, where it is known.
fn bands(axis: &Axis, spec: &SystemSpec) -> Vec<Band> {
    let band = |band: limits::Band, name: &str, color| {
        vec![Band { low: band.low.into(), high: band.high.into(), name: name.to_owned(), color }]
    };
    let limits = &spec.limits;
    match (axis, spec.kind) {
        (Axis::Voltage, SystemKind::Home) => band(limits.normal_voltage_v, "safe", SeriesColor::Charge),
        (Axis::Temperature, SystemKind::Home) => band(limits.optimal_temperature_c, "optimal", SeriesColor::Charge),
        (Axis::CellVoltage, _) => band(limits.cell_voltage_warning_v, "safe", SeriesColor::Charge),
        (Axis::Percent, _) => band(limits::Band::new(0.0, spec.reserve_pct), "reserve", SeriesColor::Warning),
        _ => Vec::new(),
    }
}

/// Alarms that began in the window, but no more than can be told apart.
fn marks(stretch: &HistoryResponse, window: (f64, f64)) -> Vec<Mark> {
    const MOST: usize = 40;
    let began = stretch.events.iter().rev().filter(|event| event.began);
    let mark = began.map(|event| Mark {
        at: event.at.0 as f64 / 1e6,
        name: String::new(),
        color: match event.severity {
            Severity::Critical => SeriesColor::Critical,
            Severity::Warning => SeriesColor::Warning,
            Severity::Notice => SeriesColor::Accent,
        },
    });
    mark.filter(|mark| (window.0..=window.1).contains(&mark.at)).take(MOST).collect()
}

/// With more steps than this only the extremes of each are drawn.
const DENSE_STEPS: f64 = 500.0;

/// A curve as (UTC s, value), cut where there was no data, and at the edges of the window.
fn segments(table: &Table, series: &Series, step_ms: u64, window: (f64, f64), factor: f64) -> Vec<Vec<(f64, f64)>> {
    let gap_s = gap_s(table, step_ms);
    let mut all: Vec<Vec<(f64, f64)>> = Vec::new();
    let mut last: Option<(f64, f64)> = None;
    // Where steps are hardly wider than the line, their ends say nothing beside their extremes, and cost as much to draw.
    let dense = step_ms > 0 && (window.1 - window.0) * 1e3 > DENSE_STEPS * step_ms as f64;
    for (row, (at, value)) in table.at.iter().zip(&series.values).enumerate() {
        if dense && matches!(row % 4, 0 | 3) {
            continue;
        }
        let at_s = at.0 as f64 / 1e6;
        let Some(value) = value.map(|value| f64::from(value) * factor) else {
            last = None;
            continue;
        };
        let before = last.replace((at_s, value)).filter(|(before_s, _)| at_s - before_s <= gap_s && at_s > *before_s);
        let joined = before.and_then(|before| clipped(before, (at_s, value), window));
        match (before, joined) {
            (Some(before), Some((start, end))) => {
                // Goes on where the last piece ended, unless that one ended outside.
                let open = all.last_mut().filter(|segment| segment.last() == Some(&start) && start == before);
                match open {
                    Some(segment) => segment.push(end),
                    None => all.push(vec![start, end]),
                }
            }
            (Some(_), None) => {}
            (None, _) if (window.0..=window.1).contains(&at_s) => all.push(vec![(at_s, value)]),
            (None, _) => {}
        }
    }
    all
}

/// The part of a straight line that lies in the window.
fn clipped(a: (f64, f64), b: (f64, f64), (from_s, to_s): (f64, f64)) -> Option<((f64, f64), (f64, f64))> {
    if b.0 <= from_s || a.0 >= to_s {
        return None;
    }
    let at = |s: f64| (s, a.1 + (b.1 - a.1) * (s - a.0) / (b.0 - a.0));
    Some((if a.0 < from_s { at(from_s) } else { a }, if b.0 > to_s { at(to_s) } else { b }))
}

/// Rows further apart than this have a gap between them, s.
fn gap_s(table: &Table, step_ms: u64) -> f64 {
    if step_ms > 0 {
        // Values of one step to those of the next; a step without any is told as such.
        return step_ms as f64 / 1e3;
    }
    let mut steps: Vec<i64> = table.at.windows(2).take(100).map(|pair| pair[1].0 - pair[0].0).collect();
    crate::order::sort_by(&mut steps, |a, b| a < b);
    let usual_us = steps.get(steps.len() / 2).copied().unwrap_or(0);
    (3.0 * usual_us as f64 / 1e6).max(1.5)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::time::Utc;

    fn stretch(at_s: &[f64], values: &[Option<f32>], step_ms: u64) -> HistoryResponse {
        let series =
            Series { name: "battery/soc".into(), unit: Unit::Percent, resolution: 0.1, values: values.to_vec() };
        let at = at_s.iter().map(|s| Utc((s * 1e6) as i64)).collect();
        HistoryResponse { table: Table { at, series: vec![series] }, step_ms, ..HistoryResponse::default() }
    }

    fn drawn(stretch: &HistoryResponse, window: (f64, f64)) -> Vec<Vec<(f64, f64)>> {
        let spec = crate::sample::site().systems[0].clone();
        picture(&Axis::Percent, stretch, None, window, 0, &spec).chart.lines[0].segments.clone()
    }

    #[test]
    fn a_line_ends_at_gaps_and_at_the_edges_of_the_window() {
        let some = |values: &[f32]| values.iter().map(|v| Some(*v)).collect::<Vec<_>>();
        let even = stretch(&[0.0, 1.0, 2.0, 3.0, 4.0], &some(&[0.0, 10.0, 20.0, 30.0, 40.0]), 0);
        assert_eq!(drawn(&even, (0.5, 2.5)), [vec![(0.5, 5.0), (1.0, 10.0), (2.0, 20.0), (2.5, 25.0)]]);
        assert_eq!(drawn(&even, (1.2, 1.4))[0].len(), 2);
        let gap = stretch(&[0.0, 1.0, 2.0, 9.0, 10.0, 11.0], &some(&[1.0, 1.0, 1.0, 2.0, 2.0, 2.0]), 0);
        assert_eq!(drawn(&gap, (0.0, 20.0)).iter().map(Vec::len).collect::<Vec<_>>(), [3, 3]);
        let missing = stretch(&[0.0, 1.0, 2.0, 3.0], &[Some(1.0), None, Some(3.0), Some(4.0)], 0);
        assert_eq!(drawn(&missing, (0.0, 20.0)), [vec![(0.0, 1.0)], vec![(2.0, 3.0), (3.0, 4.0)]]);
        assert!(drawn(&even, (50.0, 60.0)).is_empty());
    }

    #[test]
    fn of_many_steps_the_extremes_are_drawn_and_a_missing_one_is_a_gap() {
        let steps: Vec<f64> = (0..600).filter(|k| *k != 300).map(f64::from).collect();
        let at: Vec<f64> = steps.iter().flat_map(|k| [0.0, 0.333, 0.666, 0.999].map(|place| k + place)).collect();
        let values: Vec<Option<f32>> = steps.iter().flat_map(|_| [5.0, 1.0, 9.0, 5.0].map(Some)).collect();
        let drawn = drawn(&stretch(&at, &values, 1_000), (0.0, 600.0));
        assert_eq!(drawn.iter().map(Vec::len).collect::<Vec<_>>(), [600, 598]);
        assert!(drawn.iter().flatten().all(|(_, value)| *value != 5.0), "no peak is lost, and nothing else is drawn");
    }

    #[test]
    fn device_points_have_axes_of_their_own_by_quantity_and_are_named_by_the_end_of_their_name() {
        let series = |name: &str, unit| Series {
            name: name.into(),
            unit,
            resolution: 1.0,
            values: vec![Some(480.0), Some(481.0)],
        };
        let stretch = HistoryResponse {
            table: Table {
                at: vec![Utc(0), Utc(60_000_000)],
                series: vec![Series::of(PointId::Voltage, vec![Some(860.0); 2])],
            },
            cells: Table {
                at: vec![Utc(0), Utc(60_000_000)],
                series: vec![
                    series("cells/1.1/voltage", Unit::Volt),
                    series("gpu-hall/gpu/3/power", Unit::Watt),
                    series("south/a_name_that_is_far_too_long", Unit::Number),
                    series("grid-meter/voltage", Unit::Volt),
                    series("south-hall-2/fan/speed", Unit::Percent),
                    series("north-hall-2/fan/speed", Unit::Percent),
                ],
            },
            step_ms: 60_000,
            cell_step_ms: 60_000,
            ..HistoryResponse::default()
        };
        let spec = crate::sample::site().systems[0].clone();
        let drawn = |axis: &Axis| {
            let lines = picture(axis, &stretch, None, (0.0, 100.0), 0, &spec).chart.lines;
            lines.into_iter().map(|line| (line.label, line.segments[0][0].1)).collect::<Vec<_>>()
        };
        let of = |unit, quantity: &str| Axis::Devices(unit, quantity.to_owned());
        let (voltage, speed) = (of(Unit::Volt, "voltage"), of(Unit::Percent, "speed"));
        let long = of(Unit::Number, "a_name_that_is_far_too_long");
        let devices = device_axes(&stretch);
        assert_eq!(devices, [of(Unit::Watt, "power"), long.clone(), voltage.clone(), speed.clone()]);
        // 860 V of the battery do not press 480 V of the grid flat, nor the other way round.
        assert_eq!(drawn(&Axis::Voltage), [("Voltage".to_owned(), 860.0)]);
        assert_eq!(drawn(&voltage), [("grid-meter/voltage".to_owned(), 480.0)]);
        assert_eq!(drawn(&devices[0]), [("gpu/3/power".to_owned(), 480.0)]);
        assert_eq!(drawn(&Axis::CellVoltage), [("1.1".to_owned(), 480.0)]);
        assert_eq!(drawn(&long), [("\u{2026}t_is_far_too_long".to_owned(), 480.0)]);
        let both = drawn(&speed).into_iter().map(|(label, _)| label).collect::<Vec<_>>();
        assert_eq!(both, ["south-hall-2/fan/speed", "north-hall-2/fan/speed"]);
        assert_eq!(picture(&speed, &stretch, None, (0.0, 100.0), 0, &spec).name, "Devices: speed");
    }

    #[test]
    fn points_of_one_quantity_share_an_axis_in_a_unit_that_can_be_read() {
        for (name, expected) in [
            ("hall/gpu/3/power", "power"),
            ("grid-meter/frequency_hz", "frequency_hz"),
            ("meter/voltage_l1", "voltage"),
            ("meter/voltage_l1_l2", "voltage_l1"),
            ("rack/fan_2", "fan"),
            ("rack/12", "12"),
            ("fan", "fan"),
        ] {
            assert_eq!(quantity(name), expected, "{name}");
        }
        for (unit, most, scale) in [
            (Unit::Watt, 412.0, (1.0, "W", 1.0)),
            (Unit::Watt, 250e3, (1e-3, "kW", 1.0)),
            (Unit::Number, 60.0, (1.0, "", 0.1)),
        ] {
            assert_eq!(device_scale(unit, most), scale, "{unit:?} {most}");
        }
    }

    #[test]
    fn another_time_is_moved_onto_this_one_and_named() {
        let now = stretch(&[100.0, 101.0], &[Some(1.0), Some(2.0)], 0);
        let earlier = stretch(&[39.0, 40.0, 41.0], &[Some(5.0), Some(6.0), Some(7.0)], 0);
        let other = Other { stretch: std::sync::Arc::new(earlier), earlier_s: 60.0, words: "a day before" };
        let spec = crate::sample::site().systems[0].clone();
        let chart = picture(&Axis::Percent, &now, Some(&other), (100.0, 101.0), 0, &spec).chart;
        assert_eq!(chart.lines[0].segments, [vec![(100.0, 1.0), (101.0, 2.0)]]);
        assert_eq!(chart.others[0].segments, [vec![(100.0, 6.0), (101.0, 7.0)]]);
        assert_eq!(chart.others[0].label, format!("{}, a day before", chart.lines[0].label));
        assert_eq!(chart.others[0].color, chart.lines[0].color, "the same quantity has the same colour");
    }

    #[test]
    fn all_charts_of_the_page_share_their_time_axis() {
        let of = |point: PointId, value| Series::of(point, vec![Some(value); 2]);
        let stretch = HistoryResponse {
            table: Table {
                at: vec![Utc(0), Utc(1_000_000)],
                series: vec![of(PointId::LoadPower, 250e3), of(PointId::Soc, 7.0), of(PointId::Voltage, 832.0)],
            },
            ..HistoryResponse::default()
        };
        let spec = crate::sample::site().systems[0].clone();
        let edges = [Axis::Power, Axis::Percent, Axis::Voltage].map(|axis| {
            let chart = picture(&axis, &stretch, None, (0.0, 60.0), 0, &spec).chart;
            let layout = crate::charts::line::layout::Layout::new(
                &chart,
                crate::charts::line::layout::Size { width: 1_200.0, height: 200.0 },
                12.0,
            );
            (layout.left.round(), layout.right.round())
        });
        assert!(edges.iter().all(|edge| *edge == edges[0]), "{edges:?}");
    }

    #[test]
    fn every_axis_has_its_points_and_no_point_two() {
        let all: Vec<PointId> = drawable().collect();
        assert!(all.iter().enumerate().all(|(place, point)| !all[..place].contains(point)));
        assert_eq!(axes(&[PointId::Soc, PointId::LoadPower], false, &[]), [Axis::Power, Axis::Percent]);
        assert_eq!(axes(&[PointId::Soc], true, &[]), [Axis::Percent, Axis::CellVoltage, Axis::Temperature]);
        assert!(axes(&[PointId::Contactors], false, &[]).is_empty());
        assert_eq!(
            axes(&[PointId::Soc], false, &[Axis::Devices(Unit::Watt, "power".to_owned())]),
            [Axis::Percent, Axis::Devices(Unit::Watt, "power".to_owned())]
        );
    }

    #[test]
    fn cells_are_lines_of_their_own_on_the_axis_of_their_quantity() {
        let of = |name: &str, unit, value| Series {
            name: name.into(),
            unit,
            resolution: 1e-4,
            values: vec![Some(value); 2],
        };
        let stretch = HistoryResponse {
            cells: Table {
                at: vec![Utc(0), Utc(60_000_000)],
                series: vec![
                    of("cells/7.12/voltage", Unit::Volt, 3.2),
                    of("cells/7.12/temperature", Unit::Celsius, 25.0),
                ],
            },
            cell_step_ms: 60_000,
            ..HistoryResponse::default()
        };
        let spec = crate::sample::site().systems[0].clone();
        for (axis, value) in [(Axis::CellVoltage, 3.2_f32), (Axis::Temperature, 25.0)] {
            let chart = picture(&axis, &stretch, None, (0.0, 60.0), 0, &spec).chart;
            assert_eq!((chart.lines.len(), chart.lines[0].label.as_str()), (1, "7.12"));
            assert_eq!(chart.lines[0].segments, [vec![(0.0, f64::from(value)), (60.0, f64::from(value))]]);
        }
        assert!(picture(&Axis::Voltage, &stretch, None, (0.0, 60.0), 0, &spec).chart.lines.is_empty());
    }
}
