//! Any stretch of the session, drawn from as few points as the picture has pixels.

use super::columns::{chart, column, flow, statistics};
use super::{instant, traces};
use crate::run::Demo;
use crate::session::Session;
use api::history::{EventMark, HistoryRequest, HistoryResponse};
use domain::alarm::AlarmChange;
use domain::point::PointId;
use domain::reading::CellQuantity;
use domain::series::{Series, Table, Trace};
use domain::telemetry::LEADING;
use domain::time::Utc;

pub(super) fn answer(demo: &Demo, asked: &HistoryRequest) -> Result<HistoryResponse, String> {
    let session = demo.find(asked.system.as_deref())?;
    let to_ms = instant("to", asked.to.as_deref(), demo.now_ms() + 1)?;
    let from_ms = instant("from", asked.from.as_deref(), to_ms - 86_400_000)?;
    if from_ms >= to_ms {
        return Err("from must be before to".to_owned());
    }
    let (mut points, mut cells) = (Vec::new(), Vec::new());
    match &asked.points {
        None => points.extend(LEADING),
        Some(list) => {
            for (name, trace) in traces(list, &session.spec)? {
                match trace {
                    Trace::Point(point) => points.push(point),
                    Trace::Cell(..) | Trace::Device(_) => cells.push((name, trace)),
                }
            }
        }
    }
    let width = asked.width.unwrap_or(1_000).clamp(1, 4_096);
    let rows = session.rows(from_ms, to_ms);
    let (table, step_ms) = chart(&rows, &points, width);
    let cells = cell_curves(session, (from_ms, to_ms), &cells, width);
    let of_cells = cells
        .series
        .iter()
        .map(|series| statistics(&series.values.iter().map(|value| value.unwrap_or(f32::NAN)).collect::<Vec<_>>()));
    let in_range = |at: Utc| (from_ms..to_ms).contains(&at.0.div_euclid(1_000));
    Ok(HistoryResponse {
        table,
        step_ms: step_ms as u64,
        cell_step_ms: 0,
        tier: if step_ms == 0 { "every row" } else { "counted from rows" }.to_owned(),
        rows: rows.len() as u64,
        whole: session.rows.front().zip(session.rows.back()).map(|(first, last)| (first.at(), last.at())),
        statistics: points.iter().map(|point| statistics(&column(&rows, *point))).chain(of_cells).collect(),
        cells,
        flow: flow(&rows),
        points: known_points(session),
        events: (session.events.iter().filter(|event| in_range(event.at.utc)))
            .map(|event| EventMark {
                at: event.at.utc,
                began: matches!(event.change, AlarmChange::Raised(_)),
                severity: event.change.alarm().severity(),
                words: event.words.clone(),
            })
            .collect(),
        left_out: String::new(),
    })
}

/// Paths of the points that have a past.
fn known_points(session: &Session) -> Vec<String> {
    let known = |point: &&PointId| session.rows.iter().any(|row| !row.get(**point).is_nan());
    PointId::ALL.iter().filter(known).map(|point| point.spec().path.to_owned()).collect()
}

/// Readings of single cells and device points, not more than are drawn.
fn cell_curves(session: &Session, (from_ms, to_ms): (i64, i64), cells: &[(String, Trace)], width: usize) -> Table {
    let series = cells.iter().map(|(name, trace)| {
        let device = match trace {
            Trace::Device(number) => session.spec.device_points.get(usize::from(*number)),
            _ => None,
        };
        Series {
            name: name.clone(),
            unit: device.map_or(trace.unit(), |point| point.unit),
            resolution: match (device, trace) {
                (Some(point), _) => point.resolution,
                (None, Trace::Cell(CellQuantity::Voltage, _)) => 0.000_1,
                (None, _) => 0.01,
            },
            values: Vec::new(),
        }
    });
    let mut table = Table { at: Vec::new(), series: series.collect() };
    if cells.is_empty() {
        return table;
    }
    let apart_ms = (to_ms - from_ms) / (2 * width as i64);
    let mut next_ms = i64::MIN;
    session.play(from_ms, to_ms, |snapshot| {
        let at_ms = snapshot.now.utc.0.div_euclid(1_000);
        if at_ms < next_ms {
            return;
        }
        next_ms = at_ms + apart_ms;
        table.at.push(snapshot.now.utc);
        for (series, (_, trace)) in table.series.iter_mut().zip(cells) {
            let sample = match trace {
                Trace::Point(point) => snapshot.point(*point),
                Trace::Cell(quantity, cell) => snapshot.cell(*quantity, (*cell).into()),
                Trace::Device(number) => snapshot.state.devices.sample((*number).into(), snapshot.now.mono),
            };
            series.values.push(sample.ok());
        }
    });
    table
}
