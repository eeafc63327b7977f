//! The last ten minutes of a cell: what the server remembers, then every frame.

use super::super::view::{CellsView, figure};
use crate::charts::line::{Band, Line, LineChart, LineChartView, Room, TimeAxis, ValueAxis, ValueRange};
use crate::charts::theme::SeriesColor;
use crate::derived::Derived;
use crate::fetch::{self, FetchError, SingleFlight};
use crate::live::Recent;
use crate::pages::map_quantity::MapQuantity;
use domain::limits::Limits;
use domain::reading::CellQuantity;
use domain::series::{Table, Trace};
use domain::twin::Snapshot;
use leptos::prelude::*;

/// How far back, s.
const SPAN_S: f64 = 600.0;
/// Of each second the lowest and the highest value are drawn: finer than a pixel of these small charts.
const STEP_S: f64 = 1.0;
const HEIGHT_PX: u32 = 140;
/// Axes span at least this much, so that noise is not blown up: mV and °C.
const LEAST_MV: f64 = 20.0;
const LEAST_C: f64 = 2.0;

/// A tick as wide as those of a cell's voltage: both charts have the same edges.
const WIDEST_TICK: &str = "0\u{202f}000";

/// Voltage and temperature of `cell` over the last ten minutes.
#[component]
pub(super) fn Trend(
    /// What the page shows.
    view: CellsView,
    /// The cell, from 0.
    cell: usize,
) -> impl IntoView {
    let live = view.live;
    let recent = RwSignal::new(Recent::<2>::new(SPAN_S));
    let failed = RwSignal::new(None::<FetchError>);
    let flight = SingleFlight::default();
    let fetch = move || {
        flight.ask(move || {
            let (past, until) = (live.past.get_untracked(), live.until());
            let path =
                format!("/api/v1/series?system={}&cell={cell}&seconds={}{until}", live.system().id, SPAN_S as u32);
            async move {
                let answer = fetch::get::<Table>(path).await;
                failed.set(answer.as_ref().err().cloned());
                answer.map(|table| {
                    recent.update(|recent| {
                        if past {
                            *recent = Recent::new(SPAN_S);
                        }
                        recent.fill_from(&table, CellQuantity::ALL.map(|quantity| Trace::Cell(quantity, cell as u16)))
                    });
                })
            }
        });
    };
    live.on_return(move || flight.ask_lost());
    // Grown by every frame, drawn once a second. After a gap (a hidden tab draws no frames) the server is asked again.
    Effect::new(move |second: Option<i64>| {
        let snapshot = live.snapshot.get();
        let at_s = snapshot.now.utc.0 as f64 / 1e6;
        if recent.try_update_untracked(|recent| recent.push(at_s, values(&snapshot, cell))) == Some(true) {
            fetch();
        }
        if second != Some(at_s as i64) {
            recent.notify();
        }
        at_s as i64
    });
    let limits = live.system().limits;
    let cursor = RwSignal::new(None);
    let curve = move |by: MapQuantity| {
        let end = if live.past.get() { "then" } else { "now" };
        recent.with(|recent| chart(recent, &view.name(cell), by, &limits, end))
    };
    let voltage = Derived::new(move || curve(MapQuantity::Voltage));
    let temperature = Derived::new(move || curve(MapQuantity::Temperature));
    let label = move |quantity: &str| format!("{quantity} of cell {}, last 10 minutes", view.name(cell));
    view! {
        <h3 class="trend-title">"Last 10 minutes: voltage and temperature"</h3>
        <LineChartView id="cell-voltage" chart=voltage label=label("Voltage") height_px=HEIGHT_PX cursor />
        <LineChartView id="cell-temperature" chart=temperature label=label("Temperature") height_px=HEIGHT_PX cursor />
        <p class="note" role="status">
            {move || failed.get().map(|why| format!("{why}. The curves grow from now on."))}
        </p>
    }
}

fn values(snapshot: &Snapshot, cell: usize) -> [Option<f32>; 2] {
    CellQuantity::ALL.map(|quantity| snapshot.cell(quantity, cell).ok())
}

fn chart(recent: &Recent<2>, name: &str, by: MapQuantity, limits: &Limits, end: &str) -> LineChart {
    let to = recent.newest_s().unwrap_or(SPAN_S);
    let time = TimeAxis { from: to - SPAN_S, to, end: end.to_owned() };
    let below = |low: f32, least: f64| Band {
        low: least,
        high: f64::from(low),
        name: format!("below {}", figure(by, low)),
        color: SeriesColor::Critical,
    };
    let above = |high: f32, most: f64| Band {
        low: f64::from(high),
        high: most,
        name: format!("above {}", figure(by, high)),
        color: SeriesColor::Critical,
    };
    let (column, color, unit, least, factor) = match by {
        MapQuantity::Temperature => (CellQuantity::Temperature, SeriesColor::Temperature, "°C", LEAST_C, 1.0),
        MapQuantity::Voltage | MapQuantity::Deviation => {
            (CellQuantity::Voltage, SeriesColor::Voltage, "mV", LEAST_MV, 1_000.0)
        }
    };
    let bands = match by {
        MapQuantity::Temperature => {
            let limits = limits.temperature_warning_c;
            vec![below(limits.low, -60.0), above(limits.high, 200.0)]
        }
        MapQuantity::Voltage | MapQuantity::Deviation => {
            let limits = limits.cell_voltage_warning_v;
            vec![below(limits.low, 0.0), above(limits.high, 6.0)]
        }
    };
    let scaled = |band: Band| Band { low: band.low * factor, high: band.high * factor, ..band };
    let mut segments = recent.segments(column as usize, STEP_S);
    segments.iter_mut().flatten().for_each(|(_, value)| *value *= factor);
    LineChart {
        time,
        y: ValueAxis { unit, range: ValueRange::Fit(least) },
        lines: vec![Line { label: name.to_owned(), color, segments }],
        bands: bands.into_iter().map(scaled).collect(),
        room: Some(Room { tick: WIDEST_TICK, name: name.to_owned() }),
        ..LineChart::default()
    }
}
